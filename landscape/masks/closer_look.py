"""A closer look at the borders of sky and water, and for water that was missed.

At the segmenter's usual size the whole photo is in view, which tells water from sky and gravel from water; thin shores,
hills in the haze, outlines of boats, and many falls, rapids and creeks are seen at twice that size alone.
"""

from __future__ import annotations

import cv2
import numpy as np

from landscape.masks.labels import OTHER, SKY, WATER

SIDE = 896
"""Long side in pixels of the closer look: twice the segmenter's usual one."""
_HALF = 0.5
"""What the closer look counts for at a border."""
_BELOW = 0.55
"""What it counts for where it sees more water and neither look sees sky: with 0.6 sand dunes become water."""
_SKY, _REST = 0.05, 0.02
"""How far from a border it does so in what seemed to be sky, and elsewhere, as a fraction of the long side; at twice
that distance it counts for nothing. What moves by mistake is seen, so hills in the haze are looked for farther."""


def blend_in(soft: np.ndarray, closer: np.ndarray) -> np.ndarray:
    """Take a closer look into account near borders, and where it sees more water.

    Args:
        soft: Probabilities of other, sky and water at the usual size, float32 (H, W, 3).
        closer: Those of the closer look, of the same shape.

    Returns:
        Probabilities of the same shape.
    """
    labels = soft.argmax(axis=2).astype(np.uint8)
    border = cv2.morphologyEx(labels, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)) > OTHER
    near = np.zeros(labels.shape, np.float32)
    if border.any():
        distance = cv2.distanceTransform((~border).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5) / max(labels.shape)
        near = np.clip(2 - distance / np.where(labels == SKY, np.float32(_SKY), np.float32(_REST)), 0, 1)
    below = (1 - np.maximum(soft[..., SKY], closer[..., SKY])) * (closer[..., WATER] > soft[..., WATER])
    weight = np.maximum(_HALF * near, _BELOW * below)
    return np.asarray(soft + weight[..., None] * (closer - soft), np.float32)
