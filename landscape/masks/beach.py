"""Beaches: ground beside water that waves run up, by its shape and its look."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from landscape.images.filters import blur, resize, smoothstep
from landscape.images.pixels import Array
from landscape.masks.sizes import work_size

_SIDE = 448
"""Long side in pixels at which the ground is looked at."""
_WIDE = 0.25
"""Ground at least so wide, in widths, is a beach; what is narrower stands on it, or in the water."""
_FINE, _AROUND = 2.0, 3.0
"""Blur that takes the grain of sand away, and over which it is measured, in pixels of that picture."""
_ROUGH = (0.034, 0.05)
"""Deviation of light, 0 to 1, from which ground is likely to be, and is, planks or rocks instead of sand or pebbles."""
_LIT = 0.4
"""Light of ground of which that is meant: darker ground deviates less, in proportion."""
_DARK = (0.08, 0.16)
"""Light, 0 to 1, from which ground is likely to be, and is, more than an outline or the frame of a picture."""


def find_beach(photo: npt.NDArray[np.uint8], water: Array) -> Array:
    """Find the beaches in a photo.

    Args:
        photo: (H, W, 3) uint8 RGB.
        water: (h, w) share of the water in each cell of a coarse grid, in [0, 1].

    Returns:
        (h, w) how much each cell is a beach, in [0, 1]: ground that is wide, goes on to the photo's lower border, and
        is neither rough nor dark; up to a cell into the water.
    """
    below = _below(water <= 0.5)
    if not below.any():
        return below
    light = resize(photo, *work_size(*photo.shape[:2], longest=_SIDE)).mean(axis=2, dtype=np.float32)
    light = np.asarray(light / 255, np.float32)
    rough = np.sqrt(np.maximum(blur((light - blur(light, _FINE)) ** 2, _AROUND), 0))
    mean = blur(light, _AROUND)
    rough = rough * np.float32(_LIT) / np.clip(mean, _DARK[0], np.float32(_LIT))
    sand = (1 - smoothstep(rough, *_ROUGH)) * smoothstep(mean, *_DARK)
    # A beach goes on under the water's edge.
    return cv2.dilate(below * resize(sand, *below.shape), np.ones((3, 3), np.uint8))


def _below(ground: npt.NDArray[np.bool_]) -> Array:
    """Cells of ground that is wide and goes on to the lower border, (h, w), 0 or 1."""
    width = ground.shape[1]
    # Ground goes on beside the photo.
    beside = np.pad(ground.astype(np.uint8), ((0, 0), (width, width)), mode="edge")
    wide = cv2.morphologyEx(beside, cv2.MORPH_OPEN, np.ones((1, round(_WIDE * width) + 1), np.uint8))[:, width:-width]
    _, parts = cv2.connectedComponents(wide, connectivity=4)
    return np.isin(parts, np.unique(parts[-1][parts[-1] > 0])).astype(np.float32)
