"""The light that a photo has by itself, measured once."""

from __future__ import annotations

import threading

from landscape.light.measured import MeasuredLights
from landscape.light.own_style import style_distances
from landscape.masks.matte import Matte
from landscape.photo.read import Photo

SIDE = 320
"""Long side in pixels at which light is measured."""


class OwnLight:
    """Measures the light of one photo when it is first asked for; from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._found: dict[str, float] | None = None

    def distances(self, photo: Photo, matte: Matte, lights: MeasuredLights | None) -> dict[str, float]:
        """How far the photo's light is from each style; empty without measured lights."""
        if lights is None:
            return {}
        with self._lock:
            if self._found is None:
                small = photo.resized(SIDE)
                fitting = matte.resized(small.height, small.width)
                self._found = style_distances(small.pixels, fitting.sky, fitting.water, lights)
            return self._found


def nearest(distances: dict[str, float]) -> str | None:
    """The style that a photo's own light is nearest to; None where nothing is known."""
    return min(distances, key=lambda style: distances[style], default=None)
