"""A sky that travels: what is carried on the compositor's grid, and from where on the ring at every moment."""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np
import numpy.typing as npt

from landscape.compose.carried import CarriedLayers, Picture
from landscape.compose.plates import Plate
from landscape.compose.region import STILL_BLUR, Region
from landscape.compose.sky_backdrop import find_backdrop
from landscape.compose.sky_canvas import SkyPlan, draw, halo, rows_above
from landscape.images.filters import blur, fill, smoothstep
from landscape.images.grid import Grid, with_ring
from landscape.images.pixels import Array
from landscape.light.relight import change_light
from landscape.motion.samples import Sample, folded
from landscape.motion.travel import SkyMotion
from landscape.settings import MotionSettings

Pixels = npt.NDArray[np.uint8]

_FEATHER = 0.01
"""Distance from the visible sky, in photo widths, over which the photo's own continuation gives way to the ring's."""
_CONTROL = 128
"""Columns of the grid on which weights and turbulence are found."""
_GROWTH = 0.25
"""How much thicker or thinner, at most, clouds get where the generator draws more or less of them."""
_LEAST_SPREAD = 4.0
"""Least deviation of the generator's clouds, in grey levels, that counts as one."""
_DARKEST = 12.0
"""Keeps ratios of light, 0 to 255, finite."""
_DIMMING = (0.35, 1.6)
"""How much darker and lighter than its place on the ring a place in the sky makes clouds."""


@dataclass(frozen=True)
class SkyCanvas:
    """A photo's sky as a ring at one size.

    Attributes:
        plan: How the sky goes on.
        backdrop: (h, w, 3) light that stays in place, on the grid, 0 to 255.
        relief: (h', w', 4) the ring's colours on the grid minus the backdrop's, and the backdrop's light there.
        drawn: (h', w') what the generator's picture of the photo shows of the ring's clouds.
        detail: (H', W', 4) the ring's detail at full size, 128 for none.
        above: Rows of the relief above the photo.
    """

    plan: SkyPlan
    backdrop: Array = field(repr=False)
    relief: Array = field(repr=False)
    drawn: Array = field(repr=False)
    detail: Pixels = field(repr=False)
    above: int


def draw_canvas(
    plan: SkyPlan, region: Region, plate: Plate, share: Array, reconstruction: Array, grid: Grid
) -> SkyCanvas:
    """Draw a ring at the size of a photo.

    Where the sky is seen, the ring is the region and the plate, so that frame 0 is the photo.

    Args:
        plan: The plan of the photo's sky.
        region: The sky on the grid.
        plate: The sky at full size.
        share: (h, w) share of the sky in each pixel of the grid.
        reconstruction: (R, R, 3) the generator's picture of the photo, 0 to 255.
        grid: Grid over the full-size photo.
    """
    bottom, width = region.window[1], share.shape[1]
    above = rows_above(plan.arrangement, width)
    backdrop = find_backdrop(region.base, share > 0.5) if (share > 0.5).any() else region.still
    relief = np.dstack([region.base - backdrop, backdrop.mean(axis=2)])[:bottom].astype(np.float32)
    ring = draw(plan.arrangement, relief, above)
    if plate.luminaries is not None:
        # The halo of the sun is no cloud: it stays in place with the backdrop.
        relief[..., :3] *= 1 - halo(_whole(plate.luminaries.glow, region, grid), width)[..., None]
    ring[above:, :width] += _near(share[:bottom] > 0, width)[..., None] * (relief - ring[above:, :width])
    backdrop = backdrop.copy()
    backdrop[:bottom] = region.base[:bottom] - ring[above:, :width, :3]
    ring[above:, :width, 3] = backdrop[:bottom].mean(axis=2)

    clouds = region.grid.square(_clouds(reconstruction, region))[:bottom]
    drawn = draw(plan.arrangement, clouds.reshape(bottom, width, 1), above)[..., 0]
    drawn[above:, :width] = clouds.reshape(bottom, width)

    scale = grid.scale
    rows, columns = grid.pixels(region.window)
    image = np.full((bottom * scale, width * scale, 4), 128, np.uint8)
    image[rows, columns] = plate.detail
    detail = draw(plan.arrangement, image, above * scale)
    inside = detail[above * scale :][rows, columns]
    near = _near(plate.alpha > 0, width * scale)
    inside[...] = cv2.blendLinear(np.ascontiguousarray(plate.detail), np.ascontiguousarray(inside), near, 1 - near)
    return SkyCanvas(plan, backdrop, ring, drawn, detail, above)


def _clouds(generated: Array, region: Region) -> Array:
    """What a generator's frame (R, R, 3) shows of clouds: the light beside what is around it, about -2 to 2, (R, R, 1).

    It is measured by its spread, so that another light leaves it what it is.
    """
    light = fill(generated, region.inside).mean(axis=2)
    rest = light - blur(light, STILL_BLUR * len(light))
    spread = float(rest[region.inside > 0.5].std()) if (region.inside > 0.5).any() else 0.0
    return np.asarray(np.clip(rest / (spread + _LEAST_SPREAD), -2, 2), np.float32)[..., None]


def _whole(glow: Pixels, region: Region, grid: Grid) -> Array:
    """The light (h, w) of what shines, on the grid from the photo's top to where the sky ends, 0 to 255."""
    top, bottom, left, right = region.window
    light = cv2.resize(glow[..., :3].mean(axis=2), (right - left, bottom - top), interpolation=cv2.INTER_AREA)
    whole = np.zeros((bottom, grid.columns), np.float32)
    whole[top:bottom, left:right] = light
    return whole


def _near(seen: npt.NDArray[np.bool_], width: int) -> Array:
    """1 where the sky is seen, falling off to 0 with the distance from there, (h, w)."""
    if seen.all():
        return np.ones(seen.shape, np.float32)
    distance = cv2.distanceTransform((~seen).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_3)
    return np.asarray(1 - smoothstep(distance, 0.0, max(1.5, _FEATHER * width)), np.float32)


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
                gain *= 1 + np.float32(_GROWTH * self._change) * np.tanh(clouds[part] - before)
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
        return with_ring(self.region.grid.square(_clouds(generated, self.region)), self.region.window)

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
