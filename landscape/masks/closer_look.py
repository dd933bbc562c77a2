"""A closer look at what is no sky, and at the borders of the sky.

At the segmenter's usual size the whole photo is in view, which tells water from sky; thin shores, hills in the haze,
outlines of boats, foam, falls and the ripples of ponds are seen at twice that size alone.
"""

from __future__ import annotations

import cv2
import numpy as np

from landscape.masks.labels import OTHER, SKY

SIDE = 896
"""Long side in pixels of the closer look: twice the segmenter's usual one."""
_HALF = 0.5
"""What the closer look counts for at a border."""
_BELOW = 0.55
"""What it counts for wherever neither look sees sky: with 0.6 sand dunes become water."""
_SKY, _REST = 0.05, 0.02
"""How far from a border it does so in what seemed to be sky, and elsewhere, as a fraction of the long side; at twice
that distance it counts for nothing. What moves by mistake is seen, so hills in the haze are looked for farther."""


def blend_in(soft: np.ndarray, closer: np.ndarray) -> np.ndarray:
    """Take a closer look into account near borders, and where there is water or land.

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
    below = 1 - np.maximum(soft[..., SKY], closer[..., SKY])
    weight = np.maximum(_HALF * near, _BELOW * below)
    return np.asarray(soft + weight[..., None] * (closer - soft), np.float32)
