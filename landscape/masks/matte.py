"""What moves in a photo: how much of every pixel is sky and water, decided once and used at every size.

A pixel is ``sky * S + water * W + (1 - sky - water) * B``, where S and W are the colours of what moves and B those of
what stands still, before or behind them. The picture of the sky S has no sun, moon or stars in it: they are light that
is added to it and stays in place (:class:`landscape.masks.glow.Glow`).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from landscape.images.filters import resize
from landscape.images.pixels import Array
from landscape.masks.glow import Glow
from landscape.masks.labels import OTHER, SKY, WATER

Pixels = npt.NDArray[np.uint8]

STEPS = 65535
"""Shares are multiples of one part in so many, so files of 16 bits hold them exactly."""


@dataclass(frozen=True)
class Matte:
    """What moves in a photo.

    Attributes:
        sky: Share of the sky in each pixel, float32 (H, W) in [0, 1].
        water: Share of the water, float32 (H, W) in [0, 1]; sky and water add up to 1 at most.
        freeze: float32 (H, W) in [0, 1]; 1 stands still whatever it shows.
        horizon: Fraction of the height, downwards; above 1 it lies below the picture.
        certainty: How sure the shares are, float32 (H, W) in [0, 1]; what somebody painted is certain.
        glow: Sun, moon and stars, at a size of its own; or None.
        mirror: How much the water is a mirror of what lies above it, -1 to 1.
    """

    sky: Array = field(repr=False)
    water: Array = field(repr=False)
    freeze: Array = field(repr=False)
    horizon: float
    certainty: Array = field(repr=False)
    glow: Glow | None = None
    mirror: float = 0.0

    @classmethod
    def certain(cls, sky: Array, water: Array, freeze: Array, horizon: float) -> Matte:
        """A matte that somebody made, of planes (H, W); nothing shines or mirrors in it."""
        return cls(sky, water, freeze, horizon, np.broadcast_to(np.float32(1), sky.shape))

    @property
    def moving(self) -> Array:
        """How much each pixel moves, float32 (H, W) in [0, 1]."""
        return np.asarray((1 - self.freeze) * np.clip(self.sky + self.water, 0, 1), np.float32)

    def labels(self) -> npt.NDArray[np.uint8]:
        """The likeliest label of each pixel, uint8 (H, W), without regard to ``freeze``."""
        found = np.where(self.sky >= self.water, np.uint8(SKY), np.uint8(WATER))
        found[np.maximum(self.sky, self.water) < 0.5] = OTHER
        return found

    def resized(self, height: int, width: int) -> Matte:
        """The same matte for another size of the photo, in pixels."""
        if self.sky.shape == (height, width):
            return self
        planes = (_resized(plane, height, width) for plane in (self.sky, self.water, self.freeze, self.certainty))
        sky, water, freeze, certainty = planes
        return Matte(sky, water, freeze, self.horizon, certainty, self.glow, self.mirror)


def _resized(plane: Array, height: int, width: int) -> Array:
    """A plane at another size; one that is a single value everywhere takes no memory."""
    if plane.strides == (0, 0):
        return np.broadcast_to(plane[0, 0], (height, width))
    return resize(plane, height, width)


def in_steps(share: Array) -> Array:
    """A share in [0, 1], rounded to what files hold."""
    return np.asarray(np.rint(np.clip(share, 0, 1) * STEPS) / STEPS, np.float32)
