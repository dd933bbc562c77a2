"""A sky that travels: what is carried on the compositor's grid, and from where on the ring at every moment."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from landscape.compose.carried import CarriedLayers, Picture
from landscape.compose.region import STILL_BLUR, Region
from landscape.compose.sky_canvas import SkyCanvas, clouds_of
from landscape.images.filters import blur, fill
from landscape.images.grid import Grid, with_ring
from landscape.images.pixels import Array
from landscape.light.relight import change_light
from landscape.motion.samples import Sample, folded
from landscape.motion.travel import SkyMotion
from landscape.settings import MotionSettings

Pixels = npt.NDArray[np.uint8]

_CONTROL = 128
"""Columns of the grid on which weights and turbulence are found."""
_GROWTH = 0.25
"""How much thicker or thinner, at most, clouds get where the generator draws more or less of them."""
_DARKEST = 12.0
"""Keeps ratios of light, 0 to 255, finite."""
_DIMMING = (0.35, 1.6)
"""How much darker and lighter than its place on the ring a place in the sky makes clouds."""


class TravellingSky:
    """A sky under one motion; used like a :class:`landscape.compose.carried.MovingRegion`.

    Attributes:
        region: The sky.
        detail: (H', W', 4) the ring's detail at full size, 128 for none.
        border: What lies beyond the detail's borders: the ring's other end.
    """

    border = cv2.BORDER_WRAP

    def __init__(
        self,
        region: Region,
        canvas: SkyCanvas,
        motion: MotionSettings,
        horizon: float,
        grid: Grid,
        loop_seconds: float | None = None,
    ) -> None:
        """Prepare the motion.

        Args:
            region: The sky.
            canvas: Its ring.
            motion: Direction, speed and amounts.
            horizon: Fraction of the photo's height.
            grid: Grid over the full-size photo.
            loop_seconds: Period of a loop, or None.
        """
        self.region = region
        self.detail = canvas.detail
        self._canvas = canvas
        window, columns = region.window, region.grid.columns
        self._columns = columns
        self._change = motion.change if motion.speed * motion.sky > 0 else 0.0
        sky = window[1] / columns
        size = (grid.height / (columns * grid.scale), sky)
        arrangement = canvas.plan.arrangement
        ring = (arrangement.width, arrangement.above)
        self._motion = SkyMotion(canvas.plan.pieces, motion, horizon, size, ring, loop_seconds)
        self._control = (max(4, round(_CONTROL * sky)), _CONTROL)
        # Positions of the window's grid pixels and of the ring of pixels around it, in photo widths.
        self._x = (np.arange(window[2] - 1, window[3] + 1, dtype=np.float32) + 0.5) / np.float32(columns)
        self._y = (np.arange(window[0] - 1, window[1] + 1, dtype=np.float32) + 0.5) / np.float32(columns)
        self._control_x = self._x * _CONTROL - np.float32(0.5)
        self._control_y = self._y * np.float32(self._control[0] / sky) - np.float32(0.5)
        self._backdrop = with_ring(canvas.backdrop, window)
        self._light = cv2.transform(self._backdrop, np.full((1, 3), 1 / 3, np.float32))
        self._scale = grid.scale
        self._before: Array | None = None

    def layers(self, generated: Array, seconds: float, light_change: bool) -> CarriedLayers:
        """The sky at a time; arguments and result as of :meth:`landscape.compose.carried.MovingRegion.layers`."""
        shape = (len(self._y), len(self._x))
        relief, contrast = np.zeros((*shape, 3), np.float32), np.zeros(shape, np.float32)
        total = np.zeros(shape, np.float32)
        clouds = self._grown(generated)
        pictures = []
        for sample in self._motion.at(seconds, *self._control):
            part, field = self._on_grid(sample)
            if not field.size:
                continue
            x = np.float32(sample.scale) * self._x[None, part[1]] + np.float32(sample.x) + field[..., 0]
            y = np.float32(sample.scale) * self._y[part[0], None] + np.float32(sample.y) + field[..., 1]
            place = self._on_ring(x, y)
            found = cv2.remap(self._canvas.relief, *place, cv2.INTER_LINEAR, borderMode=self.border)
            weight = field[..., 3]
            lit = np.clip((self._light[part] + _DARKEST) / (found[..., 3] + _DARKEST), *_DIMMING)
            gain = field[..., 2] * lit * weight
            if clouds is not None:
                before = cv2.remap(self._canvas.drawn, *place, cv2.INTER_LINEAR, borderMode=self.border)
                gain *= 1 + np.float32(_GROWTH * self._change) * np.clip(clouds[part] - before, -1, 1)
            relief[part] += gain[..., None] * found[..., :3]
            contrast[part] += gain
            total[part] += weight
            pictures.append(Picture(part[0], part[1], self._in_detail(x, y), weight))
        norm = 1 / np.maximum(total, 1e-6)
        carried = self._backdrop + relief * norm[..., None]
        gains = np.repeat((contrast * norm)[..., None], 3, axis=2)
        if light_change:
            carried, gains = self._relit(generated, carried, gains)
        return CarriedLayers(carried, gains, tuple(pictures))

    def _on_grid(self, sample: Sample) -> tuple[tuple[slice, slice], Array]:
        """The part of the window's grid in which a sample is seen, and its field there."""
        rows = _within(self._control_y, sample.rows, self._control[0])
        columns = _within(self._control_x, sample.columns, self._control[1])
        shape = (rows.stop - rows.start, columns.stop - columns.start)
        x = np.broadcast_to(self._control_x[None, columns] - np.float32(sample.columns.start), shape)
        y = np.broadcast_to(self._control_y[rows, None] - np.float32(sample.rows.start), shape)
        if not x.size:
            return (rows, columns), np.zeros((*shape, 4), np.float32)
        field = cv2.remap(
            sample.field,
            np.ascontiguousarray(x),
            np.ascontiguousarray(y),
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        )
        return (rows, columns), field

    def _grown(self, generated: Array) -> Array | None:
        """The clouds that the generator draws now, on the window's grid; None where none may change."""
        if self._change == 0:
            return None
        return with_ring(self.region.grid.square(clouds_of(generated, self.region)), self.region.window)

    def _on_ring(self, x: Array, y: Array) -> tuple[Array, Array]:
        """Positions x and y in pixels of the ring on the grid."""
        ring, columns = self._canvas.relief, np.float32(self._columns)
        length = ring.shape[1] / self._columns
        at_x = (x - np.floor(x.min() / length) * np.float32(length)) * columns - np.float32(0.5)
        at_y = self._row(y, self._canvas.above, ring.shape[0], self._columns)
        return at_x, at_y

    def _in_detail(self, x: Array, y: Array) -> Array:
        """Positions (h, w, 2) in pixels of the ring's detail."""
        ring, width = self._canvas.detail, np.float32(self._columns * self._scale)
        length = ring.shape[1] / (self._columns * self._scale)
        at_x = (x - np.floor(x.min() / length) * np.float32(length)) * width - np.float32(0.5)
        at_y = self._row(y, self._canvas.above * self._scale, ring.shape[0], self._columns * self._scale)
        return cv2.merge([at_x, at_y])

    @staticmethod
    def _row(y: Array, above: int, rows: int, width: int) -> Array:
        return np.clip(folded(y * np.float32(width) + np.float32(above - 0.5), rows), 0, rows - 1)

    def _relit(self, generated: Array, carried: Array, gains: Array) -> tuple[Array, Array]:
        region, grid = self.region, self.region.grid
        filled = fill(generated, region.inside)
        if self._before is None:
            self._before = with_ring(grid.square(region.smooth), region.window)
        after = with_ring(grid.square(blur(filled, STILL_BLUR * filled.shape[0])), region.window)
        lit = change_light(carried, self._before, after)
        return lit, gains * np.clip((lit + 4) / (np.clip(carried, 0, 255) + 4), 0, 1.5)


def _within(places: Array, span: slice, cells: int) -> slice:
    """The places, in rising order, at which something that covers some of these cells is seen."""
    first = 0 if span.start == 0 else int(np.searchsorted(places, span.start))
    return slice(first, len(places) if span.stop >= cells else int(np.searchsorted(places, span.stop - 1)))
