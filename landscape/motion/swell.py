"""Swell: waves that come in over the plane under the horizon, long ones faster than short ones.

A wave shows by its slope: it shifts what the water shows, and turns it to the light or away from it. Nothing drifts.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import cv2
import numpy as np

from landscape.images.filters import smoothstep
from landscape.images.pixels import Array
from landscape.settings import MotionSettings

_WAVES = ((0.30, 0.25, 1.0), (0.19, -0.45, 0.75), (0.12, 0.6, 0.6), (0.075, -0.15, 0.45))
"""Lengths at the photo's lower edge, in parts of the height under the horizon, headings from the line of sight in
radians, and shares of the height."""
_PERIOD = 3.4
"""Seconds that the longest wave takes to pass, at speed 1; deep water makes the others' the root of their lengths."""
_SHIFT, _LIGHT = 0.0035, 0.035
"""How far a wave shifts what it shows at the lower edge, in widths, and how much it changes its light."""
_SEEN = (3.0, 9.0)
"""Pixels of the grid to a wave between which it begins to be, and is, seen: shorter ones are texture."""
_SWASH = 0.012
"""How far water runs up a shore and back, in widths."""
_SWASH_PERIOD = 4.5
"""Seconds between two waves that run up a shore, at speed 1."""


@dataclass(frozen=True)
class Swell:
    """Waves over time.

    Attributes:
        share: (h, w) how much of them is seen, in [0, 1].
        swash: (h, w, 2) which way they run off a shore, longer the nearer it is; where that is no beach they do not, or
            lines of what stands there would come with them.
        beach: (h, w) how much of each cell is a beach that they run up, in [0, 1].
        strength: Factor on their rate, and up to 1 on their height.
        horizon: Fraction of the height.
        width: Photo width in pixels.
        loop_seconds: Period in which they repeat, or None.
        turn: Radians by which their way is turned clockwise from towards the viewer.
    """

    share: Array = field(repr=False)
    swash: Array = field(repr=False)
    beach: Array = field(repr=False)
    strength: float
    horizon: float
    width: int
    loop_seconds: float | None
    turn: float = 0.0

    def prepared(self, height: int, width: int) -> PreparedSwell:
        """The waves on a grid."""
        y = (np.arange(height, dtype=np.float32)[:, None] + 0.5) / height
        x = (np.arange(width, dtype=np.float32)[None, :] + 0.5) / width - 0.5
        below = max(1 - self.horizon, 0.05)
        depth = np.maximum((y - self.horizon) / below, 1e-3)
        waves, near = [], np.clip(depth, 0, 1)
        for length, ahead, part in _WAVES:
            heading = ahead + self.turn
            # On the plane: Z = 1 / depth away from the viewer, X to the side; dZ / d depth is 1 at the lower edge.
            turn = 2 * math.pi / length
            phase = turn * (math.cos(heading) / depth + math.sin(heading) * (x / below) * (width / height) / depth)
            pixels = length * below * height * depth**2
            seen = np.broadcast_to(smoothstep(pixels, *_SEEN), phase.shape) * np.float32(part)
            waves.append(np.stack([np.cos(phase) * seen, np.sin(phase) * seen]).astype(np.float32))
        share = cv2.resize(self.share, (width, height), interpolation=cv2.INTER_LINEAR)
        swash = cv2.resize(self.swash, (width, height), interpolation=cv2.INTER_LINEAR)
        uneven = 2 * math.pi * (0.9 * x + 0.35 * np.sin(7.0 * x)).astype(np.float32)
        beach = cv2.resize(self.beach, (width, height), interpolation=cv2.INTER_LINEAR)
        swash = swash * (near * beach)[..., None]
        return PreparedSwell(self, waves, share * near, swash if beach.any() else None, uneven)

    def rate(self, period: float) -> float:
        """Waves a second of a wave with this period at speed 1; a whole number of them in a loop."""
        rate = self.strength / period
        return rate if self.loop_seconds is None else max(1, round(rate * self.loop_seconds)) / self.loop_seconds


@dataclass(frozen=True)
class PreparedSwell:
    """Waves on a grid; see :class:`Swell`."""

    swell: Swell
    waves: list[Array] = field(repr=False)
    share: Array = field(repr=False)
    swash: Array | None = field(repr=False)
    uneven: Array = field(repr=False)

    def at(self, seconds: float) -> tuple[Array, Array]:
        """The shift (h, w, 2) of what is shown, in photo pixels, and factors (h, w) on its light; none at time 0."""
        swell, height = self.swell, np.zeros(self.share.shape, np.float32)
        for (length, _, _), (cosine, sine) in zip(_WAVES, self.waves, strict=True):
            past = 2 * math.pi * swell.rate(_PERIOD * math.sqrt(length / _WAVES[0][0])) * seconds
            near, off = np.float32(math.cos(past) - 1), np.float32(math.sin(past))
            height += cosine * near - sine * off
        strength = np.float32(min(swell.strength, 1))
        shown = height * self.share * strength
        shift = np.zeros((*height.shape, 2), np.float32)
        shift[..., 1] = shown * np.float32(_SHIFT * swell.width)
        if self.swash is not None:
            shift += self.swash * self._wash(seconds)[..., None]
        return shift, 1 + np.float32(_LIGHT) * shown

    def run_up(self, seconds: float) -> Array | None:
        """From how far off a beach, (h, w, 2) in photo pixels, water has come onto it; None without a beach."""
        return None if self.swash is None else self.swash * np.maximum(self._wash(seconds), 0)[..., None]

    def _wash(self, seconds: float) -> Array:
        """How far water has run up, (1, w) in photo pixels, against the photo."""
        run = 2 * math.pi * self.swell.rate(_SWASH_PERIOD) * seconds
        reach = np.float32(min(self.swell.strength, 1) * _SWASH * self.swell.width)
        return np.asarray((np.sin(run + self.uneven) - np.sin(self.uneven)) * reach, np.float32)


def make_swell(
    motion: MotionSettings,
    share: Array,
    shore: Array,
    beach: Array,
    horizon: float,
    width: int,
    loop_seconds: float | None = None,
) -> Swell | None:
    """Choose the waves of open water.

    Args:
        motion: Speed and amount of motion in the water, and where waves go.
        share: (h, w) how much of each cell is open water, in [0, 1].
        shore: (h, w, 2) vectors away from the nearest shore, 1 long at most.
        beach: (h, w) how much of each cell is a beach, in [0, 1].
        horizon: Fraction of the height.
        width: Photo width in pixels.
        loop_seconds: Length of the loop, or None.

    Returns:
        The waves; None where there are none.
    """
    strength = motion.speed * motion.water
    if strength <= 0 or not (share > 0.02).any():
        return None
    turn = math.radians(motion.waves - 180)
    return Swell(share, shore * share[..., None], beach, strength, horizon, width, loop_seconds, turn)
