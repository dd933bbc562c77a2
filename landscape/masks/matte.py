"""What moves in a photo: how much of every pixel is sky and water, decided once and used at every size.

A pixel is ``sky * S + water * W + (1 - sky - water) * B``, where S and W are the colours of what moves and B those of
what stands still, before or behind them. The picture of the sky S has no sun, moon or stars in it: they are light that
is added to it and stays in place (:class:`landscape.masks.glow.Glow`).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from landscape.images.filters import fill, resize, smoothstep
from landscape.images.pixels import Array
from landscape.masks.glow import Glow
from landscape.masks.labels import OTHER, SKY, WATER

Pixels = npt.NDArray[np.uint8]

STEPS = 65535
"""Shares are multiples of one part in so many, so files of 16 bits hold them exactly."""
_PURE = (0.9, 0.99)
"""Shares from which colours begin to be, and are, those of one side alone."""
_SPREAD = 8.0
"""Colours behind a region may leave the range of the pixel's and the other side's colour by so much, 0 to 255."""


@dataclass(frozen=True)
class Matte:
    """What moves in a photo.

    Attributes:
        sky: Share of the sky in each pixel, float32 (H, W) in [0, 1].
        water: Share of the water, float32 (H, W) in [0, 1]; sky and water add up to 1 at most.
        freeze: float32 (H, W) in [0, 1]; 1 stands still whatever it shows.
        horizon: Fraction of the height in [0, 1], downwards.
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
        planes = (resize(plane, height, width) for plane in (self.sky, self.water, self.freeze, self.certainty))
        sky, water, freeze, certainty = planes
        return Matte(sky, water, freeze, self.horizon, certainty, self.glow, self.mirror)


def in_steps(share: Array) -> Array:
    """A share in [0, 1], rounded to what files hold."""
    return np.asarray(np.rint(np.clip(share, 0, 1) * STEPS) / STEPS, np.float32)


def clean_colours(photo: Pixels, share: Array) -> tuple[Pixels, Pixels]:
    """Take a photo apart into a region as if nothing stood before it, and the rest as if the region were not there.

    Args:
        photo: (H, W, 3) uint8, without what shines in the region.
        share: (H, W) share of the region, in [0, 1].

    Returns:
        The region's colours and the others', (H, W, 3) uint8: ``share * region + (1 - share) * rest`` is the photo,
        but where neither is known nearby. Both are continued smoothly where they are hidden.
    """
    pixels = photo.astype(np.float32)
    pure = smoothstep(share, *_PURE)
    region = fill(pixels, pure)
    others = fill(pixels, smoothstep(1 - share, *_PURE))
    mixed = share[..., None]
    rest = (pixels - mixed * region) / np.maximum(1 - mixed, 0.05)
    rest = np.clip(rest, np.minimum(pixels, others) - _SPREAD, np.maximum(pixels, others) + _SPREAD)
    rest += smoothstep(mixed, 0.7, 0.95) * (others - rest)
    # What the clipped rest does not explain belongs to the region.
    left = (pixels - (1 - mixed) * rest) / np.maximum(mixed, 0.05)
    region = np.where(mixed > 0.5, left, region)
    return tuple(np.clip(np.rint(part), 0, 255).astype(np.uint8) for part in (region, rest))  # type: ignore[return-value]
