"""What a photo tells of how its water goes: its kinds, and the current."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from landscape.images.filters import resize
from landscape.images.pixels import Array, Pixels
from landscape.masks.beach import find_beach
from landscape.masks.mirror import Mirror, find_mirror
from landscape.masks.water_kinds import Waters, find_waters
from landscape.motion.current import Survey, cells_of, survey
from landscape.motion.water_course import find_course
from landscape.settings import MotionSettings


@dataclass(frozen=True)
class Flowing:
    """The water of a photo without its motion, the same for frames of all sizes.

    Attributes:
        waters: Its parts and their kinds.
        course: Which way it runs by its shape, (h, w, 2).
        mirror: How it mirrors what lies above it, as far as it is a mirror.
        beach: How much waves run up what lies beside it, (h, w) in [0, 1].
    """

    waters: Waters = field(repr=False)
    course: Array = field(repr=False)
    mirror: Mirror
    beach: Array = field(repr=False)

    @classmethod
    def of(cls, photo: Pixels, share: Array, sky: Array) -> Flowing:
        """Look at a photo.

        Args:
            photo: (H, W, 3) uint8 RGB.
            share: (H, W) share of the water that moves, in [0, 1].
            sky: (H, W) share of the sky, in [0, 1].
        """
        mirror = find_mirror(photo, share)
        waters = find_waters(photo, share, sky, mirror.likeness, *cells_of(*share.shape))
        return cls(waters, find_course(waters.share > 0.5, waters.source), mirror, find_beach(photo, waters.share))

    def survey(self, horizon: float, waves: float = 180.0) -> Survey:
        """What the photo tells of its current, without arrows, if waves go this way, see :func:`.current.survey`."""
        streaks = self.waters.streaks
        told = (streaks.direction, streaks.falling, streaks.white)
        return survey(self.waters.share, self.course, *told, horizon, waves, self.beach)

    def kinds(self, motion: MotionSettings) -> Array:
        """How much of the water in each cell is a mirror, runs, and rolls, (h, w, 3), under some settings."""
        return self.waters.shares(motion.kinds)

    def still(self, motion: MotionSettings, rows: int, columns: int) -> Array:
        """How much of each pixel of a grid is a mirror, (rows, columns) in [0, 1]."""
        mirror = self.kinds(motion)[..., 0] * (self.waters.share > 0.5)
        return resize(np.ascontiguousarray(mirror), rows, columns)
