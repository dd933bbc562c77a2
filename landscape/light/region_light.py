"""What lights do to colours that move: transforms affine in colour, another one at each place and brightness.

This is the bilateral grid of HDRNet (Gharbi et al., 2017), whose brightness is a parabola through three knots. It is
sliced by the brightness of the moving picture, so clouds are lit where they are.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from landscape.images.filters import smoothstep
from landscape.images.pixels import Array
from landscape.light.sky_frame import brightness

_GAIN = (0.06, 1.5)
"""Range of the factor on a photo's own fine contrast."""
_MOST = 2.0
"""Deviations farther out count as this much."""
_MIRRORS = (0.2, 0.85)
"""Brightness of water against the sky above from which it begins to mirror that, and not its depth, and does."""
_TINT = 24.0
"""Local colours, 0 to 255, count no farther: beyond is what is no sky."""


@dataclass(frozen=True)
class Surroundings:
    """What a region's colours are compared with, on the window of the region.

    Attributes:
        base: (h, w) smooth brightness, 0 to 255.
        colour: (h, w, 3) smooth colour less its brightness.
        spread: Deviation from the smooth brightness that counts as one.
    """

    base: Array = field(repr=False)
    colour: Array = field(repr=False)
    spread: float


@dataclass(frozen=True)
class RegionLight:
    """Lights of a region, mixed.

    Attributes:
        around: What the colours are compared with.
        middle: (h, w, 3) colours of what is as light as its surroundings, 0 to 255.
        slope: (h, w, 3) change of colour for each spread of deviation.
        bend: (h, w, 3) the same for its square.
        colour: Part of the photo's own local colours that is kept.
        ground: For water: (3,) factors on the photo's colours where it mirrors nothing; None for the sky.
        mirrored: For water: (h, w) brightness of the sky that it mirrors, 0 to 255.
        own: Part of the photo's own light that is left, 0 to 1.
    """

    around: Surroundings
    middle: Array = field(repr=False)
    slope: Array = field(repr=False)
    bend: Array = field(repr=False)
    colour: float
    ground: Array | None = field(default=None, repr=False)
    mirrored: Array | None = field(default=None, repr=False)
    own: float = 0.0

    def relit(self, colours: Array) -> tuple[Array, Array]:
        """Relight a picture of the region.

        Args:
            colours: (h, w, 3), 0 to 255.

        Returns:
            The colours, and the factor on their fine contrast, (h, w, 3) each.
        """
        light, around = brightness(colours), self.around
        deviation = np.clip((light - around.base) * np.float32(1 / around.spread), -_MOST, _MOST)[..., None]
        bent = deviation * self.bend
        lit = self.middle + deviation * (self.slope + bent)
        lit += np.float32(self.colour) * np.clip(colours - light[..., None] - around.colour, -_TINT, _TINT)
        gain = np.clip((self.slope + 2 * bent) * np.float32(1 / around.spread), *_GAIN)
        if self.ground is not None and self.mirrored is not None:
            share = smoothstep(0.5 * (light + around.base) / self.mirrored, *_MIRRORS)[
                ..., None
            ]  # ripples are no edges
            ground = self.ground * colours
            lit = ground + share * (lit - ground)
            gain = self.ground + share * (gain - self.ground)
        if self.own > 0:
            lit += np.float32(self.own) * (colours - lit)
            gain = gain + np.float32(self.own) * (1 - gain)
        return np.asarray(lit, np.float32), np.asarray(gain, np.float32)


def mixed(lights: Sequence[tuple[RegionLight, float]]) -> RegionLight:
    """Mix lights of one region; what their weights leave of 1 is the photo's own light."""
    total = max(sum(weight for _, weight in lights), 1e-6)
    shares = [(light, np.float32(weight / total)) for light, weight in lights]

    def sum_of(name: str) -> Any:
        return sum(share * getattr(light, name) for light, share in shares)

    names = ["middle", "slope", "bend", "colour"] + ([] if lights[0][0].ground is None else ["ground"])
    own = 1 - min(total, 1.0)
    return dataclasses.replace(lights[0][0], **{name: sum_of(name) for name in names}, own=own if own > 1e-6 else 0.0)
