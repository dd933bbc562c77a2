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

import cv2
import numpy as np

from landscape.images.filters import smoothstep
from landscape.images.pixels import Array
from landscape.motion.drift import Drift, find_drifts
from landscape.motion.pieces import Pieces
from landscape.motion.samples import SEEN, Sample, folded, normalised, shifted, weigh
from landscape.motion.spells import Spell, spells
from landscape.motion.turbulence import COARSER, Turbulence
from landscape.motion.winds import find_winds
from landscape.settings import MotionSettings

_STAGGER, _FADE = 0.25, 0.1
"""Differences of the times at which pieces are replaced, and half the duration of a replacement, in periods."""
_GOLDEN = (math.sqrt(5) - 1) / 2
"""Keeps the places of the ring from which successive pieces come apart."""
_PLACES = ((0.0, False), (1 / 3, False), (2 / 3, True))
"""Places of the ring, in parts of it, which is three widths long: each shows through where those before have gaps
between their pieces, the last one everywhere. Of that little is seen, and it travels as one: parted, it would cut
clouds. All but the first show the ring from right to left, so that what fills gaps is not what comes next."""
_GAP = 0.5
"""So much of a place that pieces leave is filled by these pieces themselves."""
_BEYOND = 0.06
"""Distance, in photo widths, over which pieces end above and below the ring, where it is mirrored."""
_FAR = 0.25
"""Least size of eddies in parts of the nearest ones."""
_BEGUN = 0.05
"""Way of the fastest clouds, in photo widths, on which edges of the sky lose the photo's look."""
_WANDER = ((0.020, 1.37), (0.012, 0.53))
"""Sizes in photo widths, and turns per photo width, of what tells one turn of the ring from the next."""


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
        middle: float = 0.5,
    ) -> None:
        """Prepare the motion.

        Args:
            pieces: The ring's pieces.
            motion: Direction, speed, amounts, and arrows that lie in the sky.
            horizon: Fraction of the photo's height.
            size: Height of the photo and height of the sky from the photo's top, in photo widths.
            ring: Width of the photo and rows above it, in pixels of the ring of the pieces.
            loop_seconds: Period of a loop, or None.
            seed: Seed of the turbulence.
            middle: Column of the sky's middle in photo widths, from which clouds spread where they grow: a sky that is
                seen on one side alone would go to that side as a whole.
        """
        self._middle = middle
        self._width, self._above = ring
        self._sky = float(size[1])
        self._pieces = pieces
        self._loop = loop_seconds
        self._change = motion.change
        self._length, self._height = (side / self._width for side in pieces.number.shape[::-1])
        ring_height = self._height
        drifts = find_drifts(motion, horizon, (float(size[0]), self._sky), ring_height, loop_seconds)
        self._winds = find_winds(motion.arrows, motion, float(size[0]), ring_height, loop_seconds)
        self._layers = len(drifts)
        self._drifts = [*drifts, *self._winds.drifts]
        speeds = np.array([math.hypot(drift.x, drift.y) for drift in self._drifts])
        # What is far away looks small, and so do its eddies.
        self._nearness = np.maximum(speeds / max(float(speeds.max()), 1e-9), _FAR) if speeds.max() > 0 else speeds + 1
        rate = motion.speed * motion.sky
        self._rate = 0.0 if rate == 0 else max(rate, 0.5) ** 0.75
        centres = np.array([drift.row for drift in drifts]) * self._width + self._above
        # A wind carries all pieces alike.
        everywhere = np.ones(pieces.number.shape, np.float32)
        shares = [*pieces.shares(centres, self._width), *(everywhere for _ in self._winds.drifts)]
        stagger = np.random.default_rng([seed, 1]).uniform(-1, 1, len(pieces.row)).astype(np.float32)[pieces.number]
        stagger = cv2.GaussianBlur(stagger, (0, 0), 1.0) * _STAGGER
        rest = [pieces.prominence, stagger, cv2.GaussianBlur(pieces.middles, (0, 0), 1.0) / np.float32(self._width)]
        self._maps = [np.dstack([share, *rest]) for share in shares]
        self._spans = [_span(share) for share in shares]
        self._turbulence = Turbulence(pieces.number.shape, self._width, seed)

    def begun(self, seconds: float) -> float:
        """How much the edges of the sky still look as in the photo, as clouds have not moved yet, in [0, 1]."""
        if self._loop is not None:
            seconds = min(seconds % self._loop, -seconds % self._loop)
        way = max((math.hypot(drift.x, drift.y) + abs(drift.growth) for drift in self._drifts), default=0.0)
        return 1 - float(smoothstep(abs(seconds) * way, 0.0, _BEGUN))

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
        blown = self._blown(x, y)
        fields: dict[float, Array] = {}
        left = np.ones((height, width), np.float32)
        result: list[Sample] = []
        for place, last in _PLACES:
            left = np.maximum(left - _GAP, 0) / np.float32(1 - _GAP)
            rows, columns = (np.flatnonzero(left.max(axis=axis) > 0) for axis in (1, 0))
            if not len(rows):
                break
            part = tuple(slice(int(places[0]), int(places[-1]) + 1) for places in (rows, columns))
            beside, found, empty = x[part[1]], [], left[part] > 0
            for layer, drift in enumerate(self._drifts):
                if last and layer < self._layers and layer != self._layers // 2:
                    continue
                for number in self._phases(drift, seconds):
                    time = seconds if math.isinf(drift.period) else seconds - number * drift.period
                    time = 0.0 if drift.stands else time
                    if time not in fields:
                        fields[time] = self._turbulence.at(time * self._rate, self._change)
                    turn = number if self._loop is None else number % max(1, round(self._loop / drift.period))
                    shift = (turn * _GOLDEN + place) % 1.0 * self._length
                    at = (layer, number, seconds, time, shift)
                    for spell in self._spells(layer, time, beside, turned=place > 0):
                        here = beside, y[part[0]], fields[time], blown[layer][part] * empty
                        sample = self._sample(*at, spell, *here, last=last)
                        if sample is not None:
                            moved = shifted(sample.rows, part[0].start), shifted(sample.columns, part[1].start)
                            found.append(dataclasses.replace(sample, rows=moved[0], columns=moved[1]))
            left = weigh(found, left, result)
        return normalised(result, (height, width))

    @staticmethod
    def _phases(drift: Drift, seconds: float) -> list[int]:
        if math.isinf(drift.period):
            return [0]
        place, reach = seconds / drift.period, 0.5 + _STAGGER + _FADE
        return list(range(math.ceil(place - reach), math.floor(place + reach) + 1))

    def _spells(self, layer: int, time: float, x: Array, *, turned: bool) -> list[Spell]:
        """What a layer shows of the ring at columns x, after a time on its way."""
        scale, dx, _ = self._drifts[layer].scale_and_shift(time)
        low, high = (scale * (float(side) - self._middle) + self._middle + dx for side in (x[0], x[-1]))
        return spells(low, high, layer, (self._length, self._height), turned=turned)

    def _blown(self, x: Array, y: Array) -> Array:
        """How much of each place belongs to each wind, and to the layers what these leave: (layers + winds, h, w)."""
        winds = self._winds.shares(x, y)
        rest = np.broadcast_to(1 - winds.sum(axis=0), (self._layers, len(y), len(x)))
        return np.concatenate([rest, winds])

    def _sample(
        self,
        layer: int,
        number: int,
        seconds: float,
        time: float,
        shift: float,
        spell: Spell,
        x: Array,
        y: Array,
        moved: Array,
        blown: Array,
        *,
        last: bool,
    ) -> Sample | None:
        """A candidate whose field holds displacement, growth, its share of the picture and its prominence."""
        drift, spread = self._drifts[layer], self._spans[layer]
        scale, dx, dy = drift.scale_and_shift(time)
        # Positions go from the frame to the ring: about the layer's centre, then along.
        beside = np.asarray(scale * (x - np.float32(self._middle)), np.float32)
        way = beside + np.float32(self._middle + dx)
        middle = spell.on_ring(self._middle + dx) + shift
        shift_x = middle - scale * self._middle
        shift_y = drift.row + dy - scale * drift.row + spell.rise
        at_y = (np.float32(scale) * y + np.float32(shift_y)) * np.float32(self._width) + np.float32(self._above - 0.5)
        beyond = np.maximum(-at_y, at_y - np.float32(self._pieces.number.shape[0] - 1)) / np.float32(self._width)
        at_y = folded(at_y, self._pieces.number.shape[0])
        reach = sum(size for size, _ in _WANDER) * self._width + 1
        seen = (at_y > spread[0] - reach) & (at_y < spread[1] + reach)
        rows = np.flatnonzero((seen | last) & (blown.max(axis=1) > 0))
        if not len(rows):
            return None
        part = slice(int(rows[0]), int(rows[-1]) + 1)
        # From one turn of the ring to the next, its clouds lie a little higher or lower beside one another.
        wander = _wander(way + shift)
        along = -beside if spell.turned else beside
        at_x = (along + np.float32(middle % self._length)) * np.float32(self._width) - np.float32(0.5)
        shape = (part.stop - part.start, len(x))
        across = np.ascontiguousarray(np.broadcast_to(at_x[None], shape), np.float32)
        down = at_y[part, None] + wander * np.float32(self._width)
        found = cv2.remap(self._maps[layer], across, down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP)
        share = found[..., 0] * (1 - smoothstep(beyond[part, None], 0.0, _BEYOND))
        if not math.isinf(drift.period):
            past = np.abs(np.float32(seconds / drift.period - number) + found[..., 2])
            share = share * (1 - smoothstep(past, 0.5 - _FADE, 0.5 + _FADE))
        if last:
            alone = 1.0 if math.isinf(drift.period) else 1 - smoothstep(abs(seconds / drift.period - number), 0.4, 0.6)
            share = np.full(shape, alone, np.float32)
        share = share * spell.share(way, None if last else found[..., 3])
        share = share * blown[part]
        if float(share.max()) < SEEN:
            return None
        step = np.float32(1 / COARSER)
        across, down = (across + 0.5) * step - np.float32(0.5), (down + 0.5) * step - np.float32(0.5)
        eddies: Array = np.asarray(cv2.remap(moved, across, down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP))
        eddies[..., :2] *= np.float32(self._nearness[layer])
        eddies[..., 1] += wander
        eddies[..., 0] += along - beside  # what a spell turns round
        field = np.dstack([eddies, share, found[..., 1]])
        return Sample(part, slice(0, len(x)), scale, shift_x, shift_y, field)


def _span(share: Array) -> tuple[int, int]:
    """First and last + 1 row of a ring in which a layer has pieces."""
    rows = np.flatnonzero(share.max(axis=1) > SEEN)
    return (int(rows[0]), int(rows[-1]) + 1) if len(rows) else (0, 0)


def _wander(x: Array) -> Array:
    """Displacement upwards and downwards, in photo widths, at places on the unrolled ring; none near the photo."""
    far = smoothstep(np.abs(x - 0.5), 1.0, 2.5)
    return np.asarray(far * sum(size * np.sin(rate * x + rate) for size, rate in _WANDER), np.float32)
