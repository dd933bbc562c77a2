"""Thin dark things before the sky that masks miss: trunks, masts, wires.

They grow out of what stands still, which tells them from dark clouds, and are much darker than the sky beside them.
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from landscape.images.filters import resize
from landscape.images.pixels import Array

_SIDE = 1024
"""Long side in pixels at which they are looked for."""
_THICKEST = 0.014
"""Width of the thickest as a fraction of the long side."""
_DARKER = (40.0, 0.3)
"""Least difference from the sky's luminance, 0 to 255, and as a fraction of it."""
_LONGEST_SIDE = 0.015
"""Least length as a fraction of the long side."""
_SLENDER = 0.4
"""Largest ratio of width and length."""


def reduce_sky(photo: npt.NDArray[np.uint8], sky: Array) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.bool_]]:
    """A photo and its sky at the size at which things before the sky are looked for.

    Args:
        photo: (H, W, 3) uint8.
        sky: (H, W) share of the sky, in [0, 1].

    Returns:
        The photo (h, w, 3), 1024 px at most, and which of its pixels are the sky's.
    """
    scale = min(1.0, _SIDE / max(photo.shape))
    size = tuple(max(1, round(side * scale)) for side in photo.shape[:2])
    return resize(photo, *size), resize(np.asarray(sky, np.float32), *size) > 0.5


def find_attachments(photo: npt.NDArray[np.uint8], sky: Array) -> Array | None:
    """Find thin dark things that stand before the sky.

    Args:
        photo: (H, W, 3) uint8.
        sky: (H, W) share of the sky, in [0, 1].

    Returns:
        (H, W) in [0, 1], 1 on such things, or None where there are none.
    """
    small, region = reduce_sky(photo, sky)
    light = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY)
    if region.all() or not region.any():
        return None
    long_side = max(light.shape)
    reach = 2 * max(1, round(_THICKEST * long_side / 2)) + 1
    around = cv2.morphologyEx(light, cv2.MORPH_CLOSE, np.ones((reach, reach), np.uint8))
    darker = cv2.subtract(around, light)
    thin = ((darker > _DARKER[0]) & (darker > _DARKER[1] * around) & region).astype(np.uint8)
    count, labels = cv2.connectedComponents(thin, connectivity=8)
    still = cv2.dilate((~region).astype(np.uint8), np.ones((5, 5), np.uint8))
    touching = np.unique(labels[(still > 0) & (thin > 0)])
    kept = np.zeros(count, np.float32)
    for label in touching:
        y, x = np.nonzero(labels == label)
        _, sides, _ = cv2.minAreaRect(np.stack([x, y], axis=1).astype(np.float32))
        length, breadth = max(sides) + 1, min(sides) + 1
        # Branches and leaning trunks fill little of the rectangle around them.
        slender = min(breadth, len(x) / length) <= _SLENDER * length
        kept[label] = float(slender and length >= _LONGEST_SIDE * long_side)
    kept[0] = 0
    if not kept.any():
        return None
    found = cv2.dilate(kept[labels], np.ones((3, 3), np.uint8))
    return resize(found, *sky.shape)
