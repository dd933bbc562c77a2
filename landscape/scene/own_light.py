"""The light that a photo has by itself, measured once."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from landscape.light.measured import MeasuredLights
from landscape.light.own_style import already, style_distances, sun_side_of
from landscape.masks.matte import Matte
from landscape.photo.read import Photo

SIDE = 320
"""Long side in pixels at which light is measured."""


@dataclass(frozen=True)
class OwnLight:
    """What light a photo was taken in.

    Attributes:
        distances: How far it is from each style's real pictures, in their spreads; empty where nothing is known.
        sun_side: Where the sun seems to stand along the horizon, 0 (left) to 1.
    """

    distances: dict[str, float] = field(default_factory=dict)
    sun_side: float = 0.5

    @property
    def nearest(self) -> str | None:
        """The style that it is nearest to."""
        return min(self.distances, key=lambda style: self.distances[style], default=None)

    @property
    def style(self) -> str | None:
        """The style that the photo already has, or None where it has none of them."""
        return already(self.distances) if self.distances else None


class OwnLights:
    """Measures the light of one photo when it is first asked for; from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._found: OwnLight | None = None

    def of(self, photo: Photo, matte: Matte, lights: MeasuredLights | None) -> OwnLight:
        """The light of the photo."""
        if lights is None:
            return OwnLight()
        with self._lock:
            if self._found is None:
                small = photo.resized(SIDE)
                fitting = matte.resized(small.height, small.width)
                distances = style_distances(small.pixels, fitting.sky, fitting.water, lights)
                self._found = OwnLight(distances, sun_side_of(small.pixels, fitting.sky))
            return self._found
