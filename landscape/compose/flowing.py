"""What a photo tells of how its water goes: its kinds, and the current."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from landscape.images.filters import resize
from landscape.images.pixels import Array, Pixels
from landscape.masks.matte import Matte
from landscape.masks.mirror import Mirror, find_mirror
from landscape.masks.water_kinds import Waters, find_waters
from landscape.motion.current import Survey, cells_of, survey
from landscape.motion.water import WaterClock, make_water_clock
from landscape.settings import MotionSettings


@dataclass(frozen=True)
class Flowing:
    """The water of a photo without its motion.

    Attributes:
        waters: Its parts and their kinds.
        found: What shape and texture tell of its current.
        horizon: Fraction of the height.
        mirror: How it mirrors what lies above it, as far as it is a mirror.
    """

    waters: Waters = field(repr=False)
    found: Survey = field(repr=False)
    horizon: float
    mirror: Mirror

    @classmethod
    def of(cls, photo: Pixels, share: Array, matte: Matte) -> Flowing:
        """Look at a photo.

        Args:
            photo: (H, W, 3) uint8 RGB.
            share: (H, W) share of the water that moves, in [0, 1].
            matte: What moves, of the same size.
        """
        waters = find_waters(photo, share, matte.mirror, *cells_of(*share.shape))
        streaks = waters.streaks
        found = survey(waters.share, streaks.direction, streaks.falling, streaks.white, matte.horizon)
        return cls(waters, found, matte.horizon, find_mirror(photo, share))

    def clock(
        self, motion: MotionSettings, share: Array, photo_size: tuple[int, int], loop_seconds: float | None = None
    ) -> WaterClock:
        """How the water moves under some settings; arguments as of :func:`~landscape.motion.water.make_water_clock`."""
        kinds = self.waters.shares()
        return make_water_clock(self.found, kinds, motion, self.horizon, share, photo_size, loop_seconds)

    def still(self, rows: int, columns: int) -> Array:
        """How much of each pixel of a grid is a mirror, (rows, columns) in [0, 1]."""
        mirror = self.waters.shares()[..., 0] * (self.waters.share > 0.5)
        return resize(np.ascontiguousarray(mirror), rows, columns)
