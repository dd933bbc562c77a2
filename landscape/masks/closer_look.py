"""A closer look at the borders of sky and water.

At the segmenter's usual size the whole photo is in view, which tells water from sky and gravel from water; thin shores,
hills in the haze and the outlines of boats are seen at twice that size alone.
"""

from __future__ import annotations

import cv2
import numpy as np

from landscape.masks.labels import OTHER, SKY

SIDE = 896
"""Long side in pixels of the closer look: twice the segmenter's usual one."""
_SKY, _REST = (1.0, 0.05), (0.5, 0.02)
"""What the closer look counts for in what seemed to be sky, and elsewhere, at a border, and how far from it, as a
fraction of the long side; at twice that distance it counts for nothing. What moves by mistake is seen, and little is
known for sky by mistake but what is far and hazy."""


def blend_in(soft: np.ndarray, closer: np.ndarray) -> np.ndarray:
    """Take a closer look into account near borders.

    Args:
        soft: Probabilities of other, sky and water at the usual size, float32 (H, W, 3).
        closer: Those of the closer look, of the same shape.

    Returns:
        Probabilities of the same shape.
    """
    labels = soft.argmax(axis=2).astype(np.uint8)
    border = cv2.morphologyEx(labels, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)) > OTHER
    if not border.any():
        return soft
    distance = cv2.distanceTransform((~border).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5) / max(labels.shape)
    in_sky, elsewhere = (weight * np.clip(2 - distance / reach, 0, 1) for weight, reach in (_SKY, _REST))
    weight = np.where(labels == SKY, in_sky, elsewhere)[..., None]
    return np.asarray(soft + weight * (closer - soft), np.float32)
