"""The moving sky in still water: clouds that come and go above do so below, and what else is mirrored stays."""

from __future__ import annotations

import cv2
import numpy as np

from landscape.images.filters import smoothstep
from landscape.images.grid import GridWindow, with_ring
from landscape.images.pixels import Array
from landscape.masks.mirror import Mirror

_FAR, _NEAR = 0.95, 0.6
"""How much of what lies above water shows at the far end of the mirror and at the photo's lower edge: steeper looks
see more of the water itself (Fresnel)."""
_DARKEST = 10.0
"""Keeps ratios of light, 0 to 255, finite."""
_RANGE = (0.5, 1.8)
"""Least and greatest change of the light of a place in the water."""
_SKY = (0.6, 0.95)
"""Share of the sky at the place above from which water begins to mirror it, and mirrors it alone."""


class SkyReflection:
    """How the sky's change from its first moment on changes the light of a mirror."""

    def __init__(
        self, mirror: Mirror, still: Array, sky: Array, window: GridWindow, sky_window: GridWindow, first: Array
    ) -> None:
        """Prepare the mirror.

        Args:
            mirror: Where and how the water mirrors.
            still: (rows, columns) how much of each grid pixel is a mirror, in [0, 1].
            sky: (rows, columns) share of the sky in each grid pixel.
            window: The part of the grid that holds the water.
            sky_window: The part of the grid that holds the sky.
            first: (h + 2, w + 2, 3) the sky's colours at the first moment in its window and a ring around it.
        """
        rows, columns = still.shape
        y = np.arange(rows, dtype=np.float32)[:, None]
        x = np.arange(columns, dtype=np.float32)[None, :]
        line = np.float32(mirror.line * rows - 0.5)
        above = line - (y - line) / np.float32(mirror.stretch)
        at_x, at_y = (np.ascontiguousarray(np.broadcast_to(place, still.shape)) for place in (x, above))
        seen = cv2.remap(sky, at_x, at_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        depth = np.clip((y - line) / max(rows - float(line), 1.0), 0, 1)
        weight = still * smoothstep(seen, *_SKY) * (_FAR + (_NEAR - _FAR) * depth) * ((above < line) & (above > 0))
        self._weight = with_ring(np.asarray(weight, np.float32), window)[..., None]
        # The sky's window begins a ring earlier.
        self._x = with_ring(at_x - np.float32(sky_window[2] - 1), window)
        self._y = with_ring(at_y - np.float32(sky_window[0] - 1), window)
        self._first = first
        self.empty = not self._weight.any()

    def shine(self, sky: Array) -> Array:
        """Factors (h + 2, w + 2, 3) on the light of the water's window and the ring around it.

        Args:
            sky: The sky's colours now, as at the first moment.
        """
        ratio = np.clip((sky + _DARKEST) / (self._first + _DARKEST), *_RANGE)
        mirrored = cv2.remap(ratio, self._x, self._y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        return np.asarray(1 + self._weight * (mirrored - 1), np.float32)
