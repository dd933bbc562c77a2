"""Still water: a mirror ripples in place, as the reflections of what stands still do not drift away."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
import numpy.typing as npt

from landscape.images.grid import Array
from landscape.motion.phases import Phase
from landscape.settings import MotionSettings

_SIDE = 256
"""Long side in pixels at which reflections are looked for."""
_ALIKE = 0.5
"""Correlation of the water with what lies above its line, turned over, from which on it is a mirror."""
_LINES = np.arange(-0.06, 0.0601, 0.005)
"""Where the mirror's line may lie, in heights from the topmost water."""
_STRETCH = (0.85, 1.0, 1.15)
"""A reflection's height in proportion to what it shows; the camera is above the water."""
_FINE, _COARSE = 1.5, 10.0
"""Blurs, in pixels of the small picture, between which the compared detail lies."""
_AMPLITUDE = 0.0022
"""Farthest displacement at the photo's lower edge and full speed, in widths."""
_NEAREST = 0.25
"""Keeps waves near the horizon wide enough to be drawn."""
_WAVES = ((3.0, 1.3, 0.35, 0.55), (4.6, -2.1, 0.52, 0.3), (6.7, 0.8, 0.81, 0.15))
"""Waves over depth, waves over the width, waves a second, and share of the amplitude."""


def mirror_likeness(photo: npt.NDArray[np.uint8], water: Array) -> float:
    """How much water is a mirror of what lies above it.

    Args:
        photo: (H, W, 3) uint8.
        water: (H, W) in [0, 1].

    Returns:
        The best correlation, -1 to 1, of the water with the upper part turned over; 0 where there is too little.
    """
    scale = min(1.0, _SIDE / max(water.shape))
    size = tuple(max(8, round(side * scale)) for side in water.shape[::-1])
    light = cv2.cvtColor(cv2.resize(photo, size, interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2GRAY).astype(np.float32)
    detail = cv2.GaussianBlur(light, (0, 0), _FINE) - cv2.GaussianBlur(light, (0, 0), _COARSE)
    sure = (cv2.resize(np.asarray(water, np.float32), size, interpolation=cv2.INTER_AREA) > 0.9).astype(np.uint8)
    region = cv2.erode(sure, np.ones((5, 5), np.uint8)) > 0
    filled = np.flatnonzero(region.sum(axis=1) > 0.05 * size[0])
    if not len(filled):
        return 0.0
    x, y = (place.astype(np.float32) for place in np.meshgrid(np.arange(size[0]), np.arange(size[1])))
    best = 0.0
    for line in filled[0] + _LINES * size[1]:
        for stretch in _STRETCH:
            above = line - (y - line) / stretch
            both = region & (above >= 0) & (above < line - 1)
            if both.sum() < 0.3 * region.sum() or both.sum() < 100:
                continue
            turned = cv2.remap(detail, x, above.astype(np.float32), cv2.INTER_LINEAR)[both]
            best = max(best, float(np.corrcoef(turned, detail[both])[0, 1]))
    return best


def is_mirror(photo: npt.NDArray[np.uint8], water: Array) -> bool:
    """Whether water is still enough to show what lies above it; arguments as in :func:`mirror_likeness`."""
    return mirror_likeness(photo, water) >= _ALIKE


@dataclass(frozen=True)
class Ripples:
    """Small waves in place of a flow, over time; used like a :class:`landscape.motion.phases.Clock`.

    Attributes:
        strength: Factor on the waves' height and rate.
        top: Where the water begins, as a fraction of the height.
        width: Photo width in pixels.
        loop_seconds: Period in which they repeat, or None.
    """

    strength: float
    top: float
    width: int
    loop_seconds: float | None
    period: None = None

    def at(self, seconds: float, height: int, width: int) -> tuple[Phase, ...]:
        """The one picture at a time, on a grid of (height, width); at time 0 it is the photo."""
        offset = np.zeros((height, width, 2), np.float32)
        if self.strength > 0:
            reach, *waves = _spread(self.top, height, width)
            for (_, _, rate, share), crest in zip(_WAVES, waves, strict=True):
                rate *= self.strength
                if self.loop_seconds is not None:
                    rate = max(1, round(rate * self.loop_seconds)) / self.loop_seconds
                # The wave at this time less that at time 0, by the sum of two angles.
                cosine, sine = crest
                past = 2 * np.pi * rate * seconds
                near, off = np.float32(math.cos(past) - 1), np.float32(math.sin(past))
                offset[..., 0] += np.float32(0.4 * share) * (cosine * near + sine * off)
                offset[..., 1] += np.float32(share) * (sine * near - cosine * off)
            offset *= (np.float32(_AMPLITUDE * self.width * min(self.strength, 2)) * reach)[..., None]
        return (Phase(offset, np.ones((height, width), np.float32)),)

    def still(self, part: float, height: int, width: int) -> Array:
        """Offsets (height, width, 2) at one part of a period: none, as there is only one picture."""
        return np.zeros((height, width, 2), np.float32)


@lru_cache(maxsize=4)
def _spread(top: float, height: int, width: int) -> list[Array]:
    """How high waves get, (h, 1), and cosine and sine of each at time 0, (2, h, w)."""
    y = (np.arange(height, dtype=np.float32)[:, None] + 0.5) / height
    x = (np.arange(width, dtype=np.float32)[None, :] + 0.5) / width - 0.5
    reach = np.clip((y - top) / max(1 - top, 1e-3), 0, 1)
    depth, found = reach + _NEAREST, [reach]
    for number, (over_depth, over_width, _, _) in enumerate(_WAVES):
        turn = 2 * np.pi * (over_depth * np.log(depth) + over_width * x / depth + 0.37 * number)
        found.append(np.stack([np.cos(turn), np.sin(turn)]).astype(np.float32))
    return found


def make_ripples(motion: MotionSettings, share: Array, width: int, loop_seconds: float | None = None) -> Ripples:
    """Choose the ripples of still water.

    Args:
        motion: Speed and amount of motion in the water.
        share: (h, w) share of the water on the compositor's grid.
        width: Photo width in pixels.
        loop_seconds: Length of the loop, or None.
    """
    rows = np.flatnonzero(share.max(axis=1) > 0.5)
    top = rows[0] / len(share) if len(rows) else 0.0
    return Ripples(motion.speed * motion.water, float(top), width, loop_seconds)
