"""Whether water mirrors what lies above its line."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from landscape.images.pixels import Array

_SIDE = 256
"""Long side in pixels at which reflections are looked for."""
_LINES = np.arange(-0.12, 0.0601, 0.0075)
"""Where the mirror's line may lie, in heights from the topmost water: reeds and banks hide where far hills meet it."""
_STRETCH = (0.85, 1.0, 1.15)
"""A reflection's height in proportion to what it shows; the camera is above the water."""
_ALONG = 20.0
"""Blur along rows, in pixels, that tells what goes from side to side."""
_GRAIN = 0.05
"""Variance of grain, in squared grey levels."""
_OWN = 40.0
"""Pixels of the compared detail to one that is independent of the others: few ones are alike by chance."""
_FINE, _COARSE = 1.5, 10.0
"""Blurs, in pixels of the small picture, between which the compared detail lies."""


@dataclass(frozen=True)
class Mirror:
    """How water shows what lies above it.

    Attributes:
        likeness: The best correlation, -1 to 1, of the water with the upper part turned over, less its standard error;
            0 where there is too little to compare.
        line: Where the upper part is turned over, as a fraction of the height.
        stretch: A reflection's height in proportion to what it shows.
    """

    likeness: float
    line: float
    stretch: float


def mirror_likeness(photo: npt.NDArray[np.uint8], water: Array) -> float:
    """How much water is a mirror of what lies above it, -1 to 1; arguments as in :func:`find_mirror`."""
    return find_mirror(photo, water).likeness


def find_mirror(photo: npt.NDArray[np.uint8], water: Array) -> Mirror:
    """Find how water mirrors what lies above it.

    Args:
        photo: (H, W, 3) uint8.
        water: (H, W) in [0, 1].
    """
    scale = min(1.0, _SIDE / max(water.shape))
    size = tuple(max(8, round(side * scale)) for side in water.shape[::-1])
    light = cv2.cvtColor(cv2.resize(photo, size, interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2GRAY).astype(np.float32)
    detail = cv2.GaussianBlur(light, (0, 0), _FINE) - cv2.GaussianBlur(light, (0, 0), _COARSE)
    # Bands from side to side, as sky and sea have, are alike without any mirror.
    detail -= cv2.GaussianBlur(detail, (0, 0), _ALONG, sigmaY=0.1)
    sure = (cv2.resize(np.asarray(water, np.float32), size, interpolation=cv2.INTER_AREA) > 0.9).astype(np.uint8)
    region = cv2.erode(sure, np.ones((5, 5), np.uint8)) > 0
    filled = np.flatnonzero(region.sum(axis=1) > 0.05 * size[0])
    if not len(filled):
        return Mirror(0.0, 0.5, 1.0)
    x, y = (place.astype(np.float32) for place in np.meshgrid(np.arange(size[0]), np.arange(size[1])))
    best = Mirror(0.0, float(filled[0]) / size[1], 1.0)
    for line in filled[0] + _LINES * size[1]:
        for stretch in _STRETCH:
            above = line - (y - line) / stretch
            both = region & (above >= 0) & (above < line - 1)
            if both.sum() < 0.3 * region.sum() or both.sum() < 100:
                continue
            turned = cv2.remap(detail, x, above.astype(np.float32), cv2.INTER_LINEAR)[both]
            likeness = _alike(turned, detail[both])
            if likeness > best.likeness:
                best = Mirror(likeness, float((line + 0.5) / size[1]), float(stretch))
    return best


def _alike(a: Array, b: Array) -> float:
    """Correlation of two rows of pixels less its standard error (Fisher); grain is like nothing."""
    first, second = a - a.mean(), b - b.mean()
    both = float((first * second).mean() / np.sqrt(((first**2).mean() + _GRAIN) * ((second**2).mean() + _GRAIN)))
    return float(np.tanh(np.arctanh(min(both, 0.999)) - 1 / np.sqrt(max(len(a) / _OWN - 3, 1))))
