"""A closer look at the borders of sky and water, and for water that was missed.

At the segmenter's usual size the whole photo is in view, which tells water from sky and gravel from water; thin shores,
hills in the haze, outlines of boats, and many falls, rapids and creeks are seen at twice that size alone.
"""

from __future__ import annotations

import cv2
import numpy as np

from landscape.images.filters import resize, smoothstep
from landscape.masks.labels import OTHER, SKY, WATER
from landscape.masks.sizes import work_size

SIDE = 896
"""Long side in pixels of the closer look: twice the segmenter's usual one."""
_HALF = 0.5
"""What the closer look counts for at a border."""
_BELOW = 0.55
"""What it counts for where it sees more water and neither look sees sky: with 0.6 sand dunes become water."""
_SKY, _REST = 0.05, 0.02
"""How far from a border it does so in what seemed to be sky, and elsewhere, as a fraction of the long side; at twice
that distance it counts for nothing. What moves by mistake is seen, so hills in the haze are looked for farther."""
_STONE, _STONE_SIDE = 0.05, 480
"""What stands in water is no wider than this, as a fraction of the long side, which is so many pixels there."""
_DIP = (0.3, 0.6)
"""How much less water than around it the closer look sees in what may be, and is, a stone; the usual one misses it."""


def blend_in(soft: np.ndarray, closer: np.ndarray) -> np.ndarray:
    """Take a closer look into account near borders, where it sees more water, and where something stands in water.

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
    blended = soft + weight[..., None] * (closer - soft)
    stands = _stones(closer[..., WATER])
    blended *= 1 - stands[..., None]
    blended[..., OTHER] += stands
    return np.asarray(blended, np.float32)


def _stones(water: np.ndarray) -> np.ndarray:
    """How much something small stands in water (H, W) of the closer look, float32 (H, W) in [0, 1]."""
    small = resize(np.ascontiguousarray(water), *work_size(*water.shape, longest=_STONE_SIDE))
    reach = 2 * max(1, round(_STONE * max(small.shape) / 2)) + 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach))
    dip = np.asarray(cv2.morphologyEx(small, cv2.MORPH_CLOSE, disc) - small, np.float32)
    return resize(smoothstep(dip, *_DIP), *water.shape)
