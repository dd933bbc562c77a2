"""Twigs, leaves, reeds and stalks before the sky that the mask gives to the sky, where they would be carried away.

They are darker than the sky around them in some channel, as orange stalks are before blue, and by more than anything in
the open sky is. What is narrow from left to right counts where it grows out of what stands still: streaks of cloud lie
flat. Where the segmenter is in doubt, small things of any shape do, and need not touch it: leaves hang in the air.
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from landscape.images.filters import resize
from landscape.images.pixels import Array
from landscape.masks.sizes import work_size

_SIDE = 1024
"""Long side in pixels at which they are looked for."""
_NARROW, _SMALL = 0.01, 0.03
"""Widths of what grows out of the ground, and of leaves and what else is small, as fractions of the long side."""
_OPEN_SKY = 0.025
"""Distance from what stands still, as a fraction of the long side, from which the sky is open."""
_USUAL = 98
"""Percentile of how dark such things are in the open sky: clouds."""
_LEAST = 5.0
"""Darkness that is never unusual, 0 to 255: noise."""
_DARKER = (1.2, 1.6)
"""Darkness of what may, and surely does, stand before the sky, as ratios to the usual one."""
_DOUBT = 0.08
"""Probability from which the segmenter is in doubt whether something stands."""
_SURE_SHARE, _DOUBTFUL_SHARE = 0.15, 0.3
"""Shares of sure pixels that a thing has at least, and of doubtful ones if it hangs in the air."""
_LEAST_HEIGHT = 0.006
"""Least height above the mask's edge as a fraction of the long side; the edge itself is refined later."""
_HIDDEN = (0.4, 0.75)
"""A thing begins to hide the sky at the first ratio to the usual darkness, and does at the second to its own."""


def find_growth(photo: npt.NDArray[np.uint8], sky: Array, still: Array) -> Array | None:
    """Find small things before the sky that the mask gives to the sky.

    Args:
        photo: (H, W, 3) uint8.
        sky: (H, W) share of the sky, in [0, 1].
        still: (H, W) the segmenter's probability of what stands, in [0, 1].

    Returns:
        (H, W) in [0, 1], how much of the sky they hide. None where there are none.
    """
    size = work_size(*photo.shape[:2], longest=_SIDE)
    small, region = resize(photo, *size), resize(np.asarray(sky, np.float32), *size) > 0.5
    if region.all() or not region.any():
        return None
    inside, side = region.astype(np.uint8), max(region.shape)
    narrow, wide = (2 * max(2, round(width * side / 2)) + 1 for width in (_NARROW, _SMALL))
    doubt = resize(np.asarray(still, np.float32), *region.shape)
    open_sky = (cv2.distanceTransform(inside, cv2.DIST_L2, cv2.DIST_MASK_5) > _OPEN_SKY * side) & (doubt < _DOUBT)
    if not open_sky.any():
        return None
    # Ice that is brighter than the sky is not what is around something in it.
    brightest = cv2.dilate(small * open_sky[..., None], np.ones((4 * wide + 1, 4 * wide + 1), np.uint8))
    small = np.where(brightest > 0, np.minimum(small, brightest), small)
    near_doubt = cv2.dilate(doubt, np.ones((5, 5), np.uint8)) > _DOUBT
    upright = _darkness(small, (1, narrow), open_sky)
    of_any_shape = _darkness(small, (wide, wide), open_sky) * near_doubt
    darker = np.maximum(upright, of_any_shape) * inside
    things = cv2.morphologyEx((darker > _DARKER[0]).astype(np.uint8), cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
    count, labels, figures, _ = cv2.connectedComponentsWithStats(things, connectivity=8)

    def share(pixels: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
        return np.asarray(np.bincount(labels[pixels], minlength=count) / figures[:, cv2.CC_STAT_AREA])

    grown = share((cv2.dilate(1 - inside, np.ones((5, 5), np.uint8)) > 0) & region) > 0
    grown &= figures[:, cv2.CC_STAT_HEIGHT] > _LEAST_HEIGHT * side
    kept = (grown | (share(doubt > _DOUBT) > _DOUBTFUL_SHARE)) & (share(darker > _DARKER[1]) > _SURE_SHARE)
    kept[0] = False
    if not kept.any():
        return None
    found = kept[labels].astype(np.float32)
    hidden, near = np.zeros_like(darker), cv2.dilate(found, np.ones((narrow, narrow), np.uint8))
    for ratio in (upright, of_any_shape):
        # Of what the mask leaves still too: that is as dark as a thing is where it hides all of the sky.
        own = cv2.dilate(ratio * near, np.ones((2 * narrow - 1, 2 * narrow - 1), np.uint8))
        hidden = np.maximum(hidden, (ratio - _HIDDEN[0]) / np.maximum(_HIDDEN[1] * own - _HIDDEN[0], _DARKER[0]))
    hidden = np.minimum(hidden * inside, cv2.dilate(found, np.ones((3, 3), np.uint8)))
    return resize(np.asarray(hidden, np.float32), *sky.shape)


def _darkness(small: npt.NDArray[np.uint8], kernel: tuple[int, int], open_sky: npt.NDArray[np.bool_]) -> Array:
    """How much darker things (h, w) smaller than a kernel are than what is around them, in units of the usual."""
    around = cv2.morphologyEx(small, cv2.MORPH_CLOSE, np.ones(kernel, np.uint8))
    darker = cv2.subtract(around, small).max(axis=2).astype(np.float32)
    return np.asarray(darker / max(float(np.percentile(darker[open_sky], _USUAL)), _LEAST), np.float32)
