"""How a sky travels: its pieces go on without end, each rigidly, at the speed of its height.

Carrying a picture along a perspective flow for long shears it into streaks. Its pieces are moved by similarities
instead, which follow the flow at their layer's height (Lagrangian texture advection: Yu, Neyret, Bruneton and
Holzschuch, 2009 and 2011). Sideways they never have to start anew, as the sky closes into a ring; where they grow,
shrink, rise or sink, or where a loop returns, other ones from another place of the ring take over, cloud by cloud at
different times. While they travel, clouds are deformed, grow and thin by slow turbulence that moves along.
"""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass, field

import cv2
import numpy as np

from landscape.images.filters import smoothstep
from landscape.images.pixels import Array
from landscape.motion.drift import Drift, find_drifts
from landscape.motion.pieces import Pieces
from landscape.motion.turbulence import COARSER, Turbulence
from landscape.settings import MotionSettings

_STAGGER, _FADE = 0.25, 0.1
"""Differences of the times at which pieces are replaced, and half the duration of a replacement, in periods."""
_GOLDEN = (math.sqrt(5) - 1) / 2
"""Keeps the places of the ring from which successive pieces come apart."""
_KEY = 3.0
"""How much more of two clouds over one another the more prominent one shows."""
_FAR = 0.25
"""Least size of eddies in parts of the nearest ones."""
_WANDER = ((0.020, 1.37), (0.012, 0.53))
"""Sizes in photo widths, and turns per photo width, of what tells one turn of the ring from the next."""
_SEEN = 0.02
"""Smaller weights are not drawn."""


@dataclass(frozen=True)
class Sample:
    """One picture of the ring that contributes to a frame, in a part of the control grid.

    Attributes:
        rows: Rows of the control grid in which it is seen.
        columns: Columns.
        scale: Factor on positions in the frame.
        x: Added to them, in photo widths; columns of the ring.
        y: The same of rows.
        field: (h, w, 4) further displacement x and y in photo widths, gain and weight on the control grid.
    """

    rows: slice
    columns: slice
    scale: float
    x: float
    y: float
    field: Array = field(repr=False)


class SkyMotion:
    """The motion of one sky; :meth:`at` holds no state and may be asked for any time in any order."""

    def __init__(
        self,
        pieces: Pieces,
        motion: MotionSettings,
        horizon: float,
        size: tuple[float, float],
        ring: tuple[int, int],
        loop_seconds: float | None = None,
        seed: int = 0,
    ) -> None:
        """Prepare the motion.

        Args:
            pieces: The ring's pieces.
            motion: Direction, speed and amounts.
            horizon: Fraction of the photo's height.
            size: Height of the photo and height of the sky from the photo's top, in photo widths.
            ring: Width of the photo and rows above it, in pixels of the ring of the pieces.
            loop_seconds: Period of a loop, or None.
            seed: Seed of the turbulence.
        """
        self._width, self._above = ring
        self._sky = float(size[1])
        self._pieces = pieces
        self._loop = loop_seconds
        self._change = motion.change
        self._length = pieces.number.shape[1] / self._width
        self._drifts = find_drifts(
            motion, horizon, (float(size[0]), self._sky), pieces.number.shape[0] / self._width, loop_seconds
        )
        speeds = np.array([math.hypot(drift.x, drift.y) for drift in self._drifts])
        # What is far away looks small, and so do its eddies.
        self._nearness = np.maximum(speeds / max(float(speeds.max()), 1e-9), _FAR) if speeds.max() > 0 else speeds + 1
        rate = motion.speed * motion.sky
        self._rate = 0.0 if rate == 0 else max(rate, 0.5) ** 0.75
        centres = np.array([drift.row for drift in self._drifts]) * self._width + self._above
        shares = pieces.shares(centres, self._width)
        stagger = np.random.default_rng([seed, 1]).uniform(-1, 1, len(pieces.row)).astype(np.float32)[pieces.number]
        stagger = cv2.GaussianBlur(stagger, (0, 0), 1.0) * _STAGGER
        self._maps = [np.dstack([share, pieces.prominence, stagger]) for share in shares]
        self._spans = [_span(share) for share in shares]
        self._turbulence = Turbulence(pieces.number.shape, self._width, seed)

    def at(self, seconds: float, height: int, width: int) -> list[Sample]:
        """What a frame shows.

        Args:
            seconds: Its time.
            height: Rows of the control grid, which covers the sky from the photo's top to where the sky ends.
            width: Its columns.

        Returns:
            Samples whose weights add up to 1 at every place; at time 0 one place of the ring alone, the photo's.
        """
        if self._loop is not None:
            seconds %= self._loop
        y = (np.arange(height, dtype=np.float32) + np.float32(0.5)) / np.float32(height) * np.float32(self._sky)
        x = (np.arange(width, dtype=np.float32) + np.float32(0.5)) / np.float32(width)
        fields: dict[float, Array] = {}
        left = np.ones((height, width), np.float32)
        result: list[Sample] = []
        # The second place of the ring shows through where the first has gaps.
        for place in (0.0, 0.5):
            rows = np.flatnonzero(left.max(axis=1) >= _SEEN)
            if not len(rows):
                break
            span, found = slice(int(rows[0]), int(rows[-1]) + 1), []
            for layer, drift in enumerate(self._drifts):
                for number in self._phases(drift, seconds):
                    time = seconds if math.isinf(drift.period) else seconds - number * drift.period
                    if time not in fields:
                        fields[time] = self._turbulence.at(time * self._rate, self._change)
                    turn = number if self._loop is None else number % round(self._loop / drift.period)
                    shift = (turn * _GOLDEN + place) % 1.0 * self._length
                    sample = self._sample(layer, number, seconds, time, shift, x, y[span], fields[time])
                    if sample is not None:
                        found.append(dataclasses.replace(sample, rows=_shifted(sample.rows, span.start)))
            left = self._weigh(found, left, place == 0.0, result)
        return self._normalised(result, (height, width))

    @staticmethod
    def _phases(drift: Drift, seconds: float) -> list[int]:
        if math.isinf(drift.period):
            return [0]
        place, reach = seconds / drift.period, 0.5 + _STAGGER + _FADE
        return list(range(math.ceil(place - reach), math.floor(place + reach) + 1))

    def _sample(
        self, layer: int, number: int, seconds: float, time: float, shift: float, x: Array, y: Array, moved: Array
    ) -> Sample | None:
        """A candidate whose field holds displacement, gain, its share of the picture and its prominence."""
        drift, spread = self._drifts[layer], self._spans[layer]
        scale, dx, dy = drift.scale_and_shift(time)
        # Positions go from the frame to the ring: about the layer's centre, then along.
        shift_x = 0.5 + dx - scale * 0.5 + shift
        shift_y = drift.row + dy - scale * drift.row
        at_y = (np.float32(scale) * y + np.float32(shift_y)) * np.float32(self._width) + np.float32(self._above - 0.5)
        rows = np.flatnonzero((at_y > spread[0] - 1) & (at_y < spread[1]))
        if not len(rows):
            return None
        part = slice(int(rows[0]), int(rows[-1]) + 1)
        # From one turn of the ring to the next, its clouds lie a little higher or lower beside one another.
        wander = _wander(scale * x + shift_x)
        at_x = (np.float32(scale) * x + np.float32(shift_x % self._length)) * np.float32(self._width) - np.float32(0.5)
        shape = (part.stop - part.start, len(x))
        across = np.ascontiguousarray(np.broadcast_to(at_x[None], shape))
        down = at_y[part, None] + wander * np.float32(self._width)
        found = cv2.remap(self._maps[layer], across, down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP)
        share = found[..., 0]
        if not math.isinf(drift.period):
            past = np.abs(np.float32(seconds / drift.period - number) + found[..., 2])
            share = share * (1 - smoothstep(past, 0.5 - _FADE, 0.5 + _FADE))
        if float(share.max()) < _SEEN:
            return None
        step = np.float32(1 / COARSER)
        across, down = (across + 0.5) * step - np.float32(0.5), (down + 0.5) * step - np.float32(0.5)
        eddies = cv2.remap(moved, across, down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP)
        eddies[..., :2] *= np.float32(self._nearness[layer])
        eddies[..., 1] += wander
        field = np.dstack([eddies, share, found[..., 1]])
        return Sample(part, slice(0, len(x)), scale, shift_x, shift_y, field)

    @staticmethod
    def _weigh(found: list[Sample], left: Array, first: bool, result: list[Sample]) -> Array:
        """Share out what is left of the picture among candidates; gives what is left then."""
        cover, total = np.zeros_like(left), np.full_like(left, 1e-6)
        keys = []
        for sample in found:
            key = sample.field[..., 3] * np.exp(np.float32(_KEY) * sample.field[..., 4])
            cover[sample.rows] += sample.field[..., 3]
            total[sample.rows] += key
            keys.append(key)
        cover = np.minimum(cover, 1) if first else (cover > 0).astype(np.float32)
        for sample, key in zip(found, keys, strict=True):
            weight = left[sample.rows] * cover[sample.rows] * key / total[sample.rows]
            weight[weight < _SEEN] = 0
            cut = _cut(sample, weight)
            if cut is not None:
                result.append(cut)
        return np.asarray(left * (1 - cover), np.float32)

    @staticmethod
    def _normalised(samples: list[Sample], size: tuple[int, int]) -> list[Sample]:
        total = np.full(size, 1e-6, np.float32)
        for sample in samples:
            total[sample.rows, sample.columns] += sample.field[..., 3]
        for sample in samples:
            sample.field[..., 3] /= total[sample.rows, sample.columns]
        return samples


def _span(share: Array) -> tuple[int, int]:
    """First and last + 1 row of a ring in which a layer has pieces."""
    rows = np.flatnonzero(share.max(axis=1) > 0)
    return (int(rows[0]), int(rows[-1]) + 1) if len(rows) else (0, 0)


def _wander(x: Array) -> Array:
    """Displacement upwards and downwards, in photo widths, at places on the unrolled ring; none near the photo."""
    far = smoothstep(np.abs(x - 0.5), 1.0, 2.5)
    return np.asarray(far * sum(size * np.sin(rate * x + rate) for size, rate in _WANDER), np.float32)


def _shifted(span: slice, by: int) -> slice:
    return slice(span.start + by, span.stop + by)


def _cut(sample: Sample, weight: Array) -> Sample | None:
    """The part of a sample that is seen and what surrounds it, with its final weight."""
    seen = weight > 0
    below, right = np.flatnonzero(seen.any(axis=1)), np.flatnonzero(seen.any(axis=0))
    if not len(below):
        return None
    part = slice(max(0, below[0] - 1), below[-1] + 2), slice(max(0, right[0] - 1), right[-1] + 2)
    field = cv2.merge(
        [*cv2.split(np.ascontiguousarray(sample.field[part][..., :3])), np.ascontiguousarray(weight[part])]
    )
    first = sample.rows.start + part[0].start, sample.columns.start + part[1].start
    rows, columns = (slice(a, a + side) for a, side in zip(first, field.shape[:2], strict=True))
    return Sample(rows, columns, sample.scale, sample.x, sample.y, field)
