"""Trees and bushes before the sky whose twigs and leaves the mask gives to the sky, where they would be carried away.

They are narrow, dark, and grow out of what stands still. Streaks of cloud near the horizon are as dark and as thin, but
they lie flat: what is narrow from left to right is no streak.
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from landscape.images.filters import masked_blur
from landscape.images.pixels import Array
from landscape.masks.attachments import reduce_sky

_WIDEST = 0.01
"""Width of the widest as a fraction of the long side; crowns are made of narrower ones."""
_HIGHEST = 0.08
"""How far from what stands still they are looked for, as a fraction of the long side."""
_OPEN_SKY = (0.025, 0.15)
"""Distances from what stands still, as fractions of the long side, at which clouds are like those beside a tree."""
_USUAL = 98
"""Percentile of how dark narrow things are in the open sky: clouds."""
_LEAST = 8.0
"""Least darkness of twigs against the sky beside them, 0 to 255: less is noise."""
_DARKER = (0.9, 1.5)
"""Darkness of what may be, and what surely is, a twig, as ratios to the usual one."""
_SURE_SHARE = 0.15
"""Share of sure pixels that a tree has at least."""
_LEAST_HEIGHT = 0.006
"""Least height of a tree above the mask's edge as a fraction of the long side; the edge itself is refined later."""
_GROUND = 0.03
"""Blur, as a fraction of the long side, by which the ground's luminance is learnt."""
_LEAST_CONTRAST = 30.0
"""Least difference of the luminance of sky and ground, 0 to 255."""


def find_twigs(photo: npt.NDArray[np.uint8], sky: Array) -> Array | None:
    """Find trees that the mask gives to the sky.

    Args:
        photo: (H, W, 3) uint8.
        sky: (H, W) share of the sky, in [0, 1].

    Returns:
        (H, W) in [0, 1], how much of the sky they hide: as much as they are darker than it, in units of the difference
        of sky and ground. None where there are none.
    """
    height, width = photo.shape[:2]
    light, region = reduce_sky(photo, sky)
    if region.all() or not region.any():
        return None
    inside, side = region.astype(np.uint8), max(light.shape)
    across = np.ones((1, 2 * max(2, round(_WIDEST * side / 2)) + 1), np.uint8)
    beside = cv2.morphologyEx(light, cv2.MORPH_CLOSE, across)
    darker = cv2.subtract(beside, light) * inside
    distance = cv2.distanceTransform(inside, cv2.DIST_L2, cv2.DIST_MASK_5) / side
    open_sky = darker[(distance > _OPEN_SKY[0]) & (distance < _OPEN_SKY[1])]
    if not open_sky.size:
        return None
    usual = max(float(np.percentile(open_sky, _USUAL)), _LEAST / _DARKER[1])
    perhaps, sure = ((darker > ratio * usual) & (distance < _HIGHEST) & region for ratio in _DARKER)
    trees = cv2.morphologyEx(perhaps.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
    count, labels, figures, _ = cv2.connectedComponentsWithStats(trees, connectivity=8)
    kept = np.zeros(count, bool)
    kept[np.unique(labels[(cv2.dilate(1 - inside, np.ones((5, 5), np.uint8)) > 0) & (trees > 0)])] = True
    kept &= np.bincount(labels[sure], minlength=count) > _SURE_SHARE * figures[:, cv2.CC_STAT_AREA]
    kept &= figures[:, cv2.CC_STAT_HEIGHT] > _LEAST_HEIGHT * side
    kept[0] = False
    if not kept.any():
        return None
    ground = masked_blur(light[..., None].astype(np.float32), 1 - inside.astype(np.float32), _GROUND * side)[..., 0]
    hidden = np.clip(darker / np.maximum(beside - ground, _LEAST_CONTRAST), 0, 1)
    found = hidden * cv2.dilate(kept[labels].astype(np.float32), np.ones((3, 3), np.uint8))
    return np.asarray(cv2.resize(found, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)
