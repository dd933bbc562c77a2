"""Water over time: it runs along its current, rolls in waves, or mirrors and ripples, each as much as it does there."""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np

from landscape.images.filters import fill, smoothstep
from landscape.images.pixels import Array
from landscape.motion.current import Survey, solve_current
from landscape.motion.phases import Clock, Phase
from landscape.motion.ripples import Ripples, make_ripples
from landscape.motion.streamlines import current_clock
from landscape.motion.swell import PreparedSwell, make_swell
from landscape.settings import MotionSettings

_LEAST = 0.02
"""Less of a kind of water than this is none."""
_RUN_UP = 0.06
"""How far from a shore, in widths, water still runs up it and back."""


@dataclass(frozen=True)
class WaterClock:
    """Displacements of water over time; used like a :class:`landscape.motion.phases.Clock`.

    Attributes:
        clock: The current.
        ripples: Those of a mirror, and how much of them is seen, (h, w) in [0, 1]; or None.
        swell: Waves; or None.
    """

    clock: Clock
    ripples: tuple[Ripples, Array] | None = field(default=None, repr=False)
    swell: PreparedSwell | None = field(default=None, repr=False)

    @property
    def period(self) -> float | None:
        """Seconds from one start of a phase to its next, or None without a current."""
        return self.clock.period

    def at(self, seconds: float, height: int, width: int) -> tuple[Phase, ...]:
        """The phases at a time, on a grid of (height, width), which is the one they were prepared for."""
        phases = self.clock.at(seconds, height, width)
        shift: Array | None = None
        if self.ripples is not None:
            ripples, share = self.ripples
            shift = ripples.at(seconds, height, width)[0].offset * share[..., None]
        if self.swell is not None:
            waves = self.swell.at(seconds)[0]
            shift = waves if shift is None else shift + waves
        return phases if shift is None else tuple(Phase(phase.offset + shift, phase.weight) for phase in phases)

    def light(self, seconds: float) -> Array | None:
        """Factors (h, w) on the water's light at a time; None where it does not change."""
        return None if self.swell is None else self.swell.at(seconds)[1]

    def run_up(self, seconds: float) -> Array | None:
        """From how far off a beach, (h, w, 2) in photo pixels, waves have come onto it at a time; None without one."""
        return None if self.swell is None else self.swell.run_up(seconds)

    def still(self, part: float, height: int, width: int) -> Array:
        """Offsets (height, width, 2) of the current at one part, 0 to 1, of a period."""
        return self.clock.still(part, height, width)


def make_water_clock(
    found: Survey,
    kinds: Array,
    motion: MotionSettings,
    horizon: float,
    share: Array,
    photo_size: tuple[int, int],
    loop_seconds: float | None = None,
) -> WaterClock:
    """Choose how water moves.

    Args:
        found: What the photo tells of its current.
        kinds: (h, w, 3) how much of it is a mirror, runs, and rolls, in the same cells.
        motion: Speed and amount of motion, arrows.
        horizon: Fraction of the height.
        share: (rows, columns) share of the water on the compositor's grid.
        photo_size: Height and width of the photo in pixels.
        loop_seconds: Length of the loop, or None.
    """
    height, width = share.shape
    mirror, running, rolling = (fill(kinds, np.asarray(found.water > 0.5, np.float32))[..., k] for k in range(3))
    velocity = solve_current(found, running, rolling, motion.arrows) * np.float32(motion.speed * motion.water)
    clock = current_clock(velocity, found.water, share.shape, photo_size, loop_seconds)
    ripples = None
    if motion.speed * motion.water > 0 and float(mirror.max()) > _LEAST:
        seen = cv2.resize(np.ascontiguousarray(mirror), (width, height), interpolation=cv2.INTER_LINEAR)
        ripples = (make_ripples(motion, share, photo_size[1], loop_seconds), seen)
    # Up shores that lie before the water, not behind it.
    rising = (1 - smoothstep(found.distance, 0.0, _RUN_UP)) * smoothstep(-found.away[..., 1], -0.3, 0.5)
    run_up = found.away * rising[..., None]
    swell = make_swell(motion, np.ascontiguousarray(rolling), run_up, found.beach, horizon, photo_size[1], loop_seconds)
    return WaterClock(clock, ripples, None if swell is None else swell.prepared(height, width))
