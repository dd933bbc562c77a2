"""Still water: a mirror ripples in place, as the reflections of what stands still do not drift away."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from landscape.images.pixels import Array
from landscape.motion.phases import Phase
from landscape.settings import MotionSettings

_AMPLITUDE = 0.0022
"""Farthest displacement at the photo's lower edge and full speed, in widths."""
_NEAREST = 0.25
"""Keeps waves near the horizon wide enough to be drawn."""
_WAVES = ((3.0, 1.3, 0.35, 0.55), (4.6, -2.1, 0.52, 0.3), (6.7, 0.8, 0.81, 0.15))
"""Waves over depth, waves over the width, waves a second, and share of the amplitude."""


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
