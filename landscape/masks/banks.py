"""Where a river comes from, told by its banks and its texture: what runs alongside it meets it on the horizon.

Lines along a river, banks as well as streaks and foam, lie on the plane under the horizon. One that rises to a point of
the horizon goes there; a level one runs past the viewer. Each bit of them has a vote on which way the river lies.
"""

from __future__ import annotations

import math

import cv2
import numpy as np
import numpy.typing as npt

from landscape.images.filters import resize
from landscape.images.pixels import Array

_SIDE = 480
"""Long side in pixels at which texture is looked at."""
_FOCAL = 1.0
"""Focal length in widths."""
_SLOPE, _GRAIN = 11.0, 1.0
"""Blurs in pixels over which a bank's slope and that of a streak are measured; rocks smaller than that are no banks."""
_BELOW = 0.1
"""How far below the horizon the far end of the water is taken to lie, in widths."""
_SEEN = 0.01
"""Part of a row of the picture that is water from the far end of the water on."""
_ABOVE = 0.6
"""How far above a picture whose whole upper edge is water the horizon lies, in widths."""
_AHEAD, _TEXTURE = 0.02, 0.3
"""What speaks for a river that comes straight to the viewer, and how much texture that lies one way counts, in squared
widths of bank."""
_FARTHEST = 20.0
"""Widths to the side beyond which it does not matter where a river comes from."""


def find_source(photo: npt.NDArray[np.uint8], water: Array) -> tuple[float, float]:
    """Find the point of the horizon from which a river comes.

    Args:
        photo: (H, W, 3) uint8 RGB.
        water: (H, W) share of the water, in [0, 1].

    Returns:
        x in widths and y in heights; far to a side where the river runs past the viewer.
    """
    scale = min(1.0, _SIDE / max(water.shape))
    height, width = (max(8, round(side * scale)) for side in water.shape)
    wet = np.clip(resize(np.asarray(water, np.float32), height, width), 0, 1)
    # Hills hide the horizon of the sky; water that is far away ends a little below it.
    filled = np.flatnonzero((wet > 0.5).mean(axis=1) > _SEEN)
    top = float(filled[0]) / height if len(filled) else 0.5
    horizon = top - _ABOVE * float(wet[0].mean()) * width / height
    below = ((np.arange(height, dtype=np.float32) + 0.5 - horizon * height) / width + _BELOW)[:, None]
    aside = ((np.arange(width, dtype=np.float32) + 0.5) / width - 0.5)[None, :]
    bank = _gradient(wet, _SLOPE)
    ahead, across = _votes(bank, np.hypot(*bank) * np.maximum(below, 0) / width, below, aside)
    light = resize(photo, height, width).astype(np.float32).mean(axis=2)
    inner = cv2.erode((wet > 0.9).astype(np.uint8), np.ones((7, 7), np.uint8))
    grain = _gradient(light, _GRAIN)
    power = (grain[0] ** 2 + grain[1] ** 2) * inner
    streaks = _votes(grain, power * np.float32(_TEXTURE / (float(power.sum()) + 1e-6)), below, aside)
    angle = 0.5 * math.atan2(across + streaks[1], ahead + streaks[0] + _AHEAD)
    return 0.5 + float(np.clip(_FOCAL * math.tan(angle), -_FARTHEST, _FARTHEST)), horizon


def _gradient(image: Array, sigma: float) -> tuple[Array, Array]:
    smooth = cv2.GaussianBlur(image, (0, 0), sigma, borderType=cv2.BORDER_REPLICATE)
    gx, gy = (
        cv2.Sobel(smooth, cv2.CV_32F, *axes, scale=1 / 8, borderType=cv2.BORDER_REPLICATE) for axes in ((1, 0), (0, 1))
    )
    return np.asarray(gx, np.float32), np.asarray(gy, np.float32)


def _votes(gradient: tuple[Array, Array], weight: Array, below: Array, aside: Array) -> tuple[float, float]:
    """Sum of the doubled angles of lines across gradients, as forth and back are alike: straight ahead, to the side."""
    gx, gy = gradient
    # A step (-gy, gx) in the picture leads so far to the right, and away from the viewer, on the plane.
    right, away = -gy * below - aside * gx, -_FOCAL * gx
    share = weight / np.maximum(right**2 + away**2, 1e-12)
    return float((share * (away**2 - right**2)).sum()), float((share * 2 * away * right).sum())
