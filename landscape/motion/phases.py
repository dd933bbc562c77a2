"""When and how far pictures are carried along the motion before they start anew.

Carrying a photo along a flow for long stretches it and empties its borders. Two phases, half a period apart, carry it
for one period each, centred on no displacement, and relieve each other; regions change phase at different times so
that the picture as a whole does not pulse.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import cv2
import numpy as np
import numpy.typing as npt

from landscape.images.filters import smoothstep
from landscape.images.pixels import Array
from landscape.motion.flow import displacements
from landscape.settings import MotionSettings

_ALONE = 0.2
"""How early a phase is alone, 0 to 0.5: two pictures at once show as ghosts, sudden changes as jumps."""
_TABLE = 17
"""Times at which the displacement within a phase is tabulated."""
_STAGGER = 0.3
"""Largest difference of phase between regions, in periods."""
_COARSE = 4
"""The flow is smooth: it is tabulated on every fourth pixel of the compositor's grid."""
_FARTHEST = 0.5
"""Largest displacement in fractions of the width, for flows that explode."""


@dataclass(frozen=True)
class Phase:
    """One of the two carried pictures at a time.

    Attributes:
        offset: (h, w, 2) float32 dx, dy to the sampled position, in photo pixels.
        weight: (h, w) float32 in [0, 1]; the two phases' weights sum to 1.
    """

    offset: Array
    weight: Array


@dataclass(frozen=True)
class Clock:
    """Displacements and weights of the two phases over time.

    Attributes:
        period: Seconds from one start of a phase to its next, or None when nothing moves.
        loop_seconds: Length of the loop, a whole number of periods, or None.
        table: (n, h, w, 2) offsets in photo pixels at equal steps from half a period before to half a period after.
        stagger: (h, w) differences of phase in periods.
    """

    period: float | None
    loop_seconds: float | None
    table: Array = field(repr=False)
    stagger: Array = field(repr=False)

    def at(self, seconds: float, height: int, width: int) -> tuple[Phase, ...]:
        """The two phases at a time, on a grid of (height, width); at time 0 the first is the still photo alone.

        Where nothing moves, the still photo is the only phase.
        """
        if self.period is None:
            return (Phase(np.zeros((height, width, 2), np.float32), np.ones((height, width), np.float32)),)
        ramp, time = 2.0 * self.period, seconds
        if self.loop_seconds is not None:
            time = seconds % self.loop_seconds
            ramp = min(ramp, self.loop_seconds / 2)
            seconds = min(time, self.loop_seconds - time)
        position = time / self.period + self.stagger * smoothstep(abs(seconds), 0.0, ramp)
        return self._phase(position + 0.5, height, width), self._phase(position + 1.0, height, width)

    def still(self, part: float, height: int, width: int) -> Array:
        """Offsets (height, width, 2) of all pixels at one part, 0 to 1, of a period, without stagger."""
        return self._phase(np.full(self.stagger.shape, part, np.float32), height, width).offset

    def _phase(self, position: Array, height: int, width: int) -> Phase:
        part = np.asarray(position - np.floor(position), np.float32)
        place = part * (len(self.table) - 1)
        first = np.minimum(place.astype(np.intp), len(self.table) - 2)
        rest = (place - first)[..., None]
        rows, columns = np.arange(part.shape[0])[:, None], np.arange(part.shape[1])[None, :]
        offset = self.table[first, rows, columns] * (1 - rest) + self.table[first + 1, rows, columns] * rest
        weight = smoothstep(np.sin(np.pi * part) ** 2, _ALONE, 1 - _ALONE)
        both = np.dstack([offset, weight]).astype(np.float32)
        fine = cv2.resize(both, (width, height), interpolation=cv2.INTER_LINEAR)
        return Phase(fine[..., :2], fine[..., 2])


def make_clock(
    motion: MotionSettings,
    horizon: float,
    region: Array,
    photo_size: tuple[int, int],
    *,
    reach: float,
    shortest: float,
    longest: float = 16.0,
    loop_seconds: float | None = None,
) -> Clock:
    """Choose the period of a region and tabulate its displacements.

    Args:
        motion: Direction, speed and amounts.
        horizon: Fraction of the height.
        region: (h, w) share of the region in each pixel of the compositor's grid.
        photo_size: Height and width of the photo in pixels.
        reach: Displacement, in fractions of the width, at the time when both phases weigh the same, for the fastest
            pixels of the region.
        shortest: Shortest period in seconds; fast flows reach farther instead of pulsing faster.
        longest: Longest period in seconds.
        loop_seconds: Length of the loop; a whole number of periods will fill it.

    Returns:
        The clock.
    """
    height, width = coarse(region.shape)
    to_photo = np.array([photo_size[1] / width, photo_size[0] / height], np.float32)
    inside = cv2.resize(region, (width, height), interpolation=cv2.INTER_AREA) > 0.2
    step = 1 / 30
    velocity = displacements(motion, horizon, np.array([step]), height, width)[0] * to_photo / step
    speeds = np.linalg.norm(velocity[inside], axis=-1) if inside.any() else np.zeros(1)
    speed = float(np.percentile(speeds, 98)) / photo_size[1]
    period = choose_period(speed, loop_seconds, reach=reach, shortest=shortest, longest=longest)
    if period is None:
        return still_clock(loop_seconds)
    table = displacements(motion, horizon, moments(period), height, width) * to_photo
    return tabulated(table, period, loop_seconds, photo_size[1])


def coarse(shape: tuple[int, ...]) -> tuple[int, int]:
    """Rows and columns of the table for a grid of this shape."""
    return max(2, shape[0] // _COARSE), max(2, shape[1] // _COARSE)


def choose_period(
    speed: float, loop_seconds: float | None, *, reach: float, shortest: float, longest: float
) -> float | None:
    """The period of a region whose fastest pixels go so many widths a second; None where nothing moves."""
    if speed < 1e-5:
        return None
    period = min(max(4 * reach / speed, shortest), longest)
    return period if loop_seconds is None else loop_seconds / max(1, round(loop_seconds / period))


def moments(period: float) -> npt.NDArray[np.float64]:
    """The times, in seconds around 0, at which displacements are tabulated."""
    return np.linspace(-period / 2, period / 2, _TABLE)


def tabulated(table: Array, period: float, loop_seconds: float | None, width: int) -> Clock:
    """The clock of displacements (n, h, w, 2) at :func:`moments`, in pixels of a photo of this width."""
    farthest = _FARTHEST * width
    table = np.clip(table, -farthest, farthest).astype(np.float32)
    return Clock(period, loop_seconds, table, _stagger(*table.shape[1:3]))


def still_clock(loop_seconds: float | None) -> Clock:
    """The clock of a region that stands still."""
    return Clock(None, loop_seconds, np.zeros((2, 1, 1, 2), np.float32), np.zeros((1, 1), np.float32))


def _stagger(height: int, width: int) -> Array:
    shape = (max(2, math.ceil(4 * height / max(height, width))), max(2, math.ceil(4 * width / max(height, width))))
    noise: npt.NDArray[np.float64] = np.random.default_rng(20).uniform(-1, 1, shape)
    noise -= noise.mean()
    smooth = cv2.resize(noise.astype(np.float32), (width, height), interpolation=cv2.INTER_CUBIC)
    return np.asarray(np.clip(smooth * _STAGGER, -_STAGGER, _STAGGER), np.float32)
