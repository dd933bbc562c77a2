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
from landscape.motion.samples import Sample, covers, folded
from landscape.motion.travel import SkyMotion
from landscape.settings import MotionSettings

Pixels = npt.NDArray[np.uint8]

_CONTROL = 96
"""Columns of the grid on which weights and turbulence are found."""
_DRAWN = 0.5
"""How much clouds grow, at most, where the generator draws more or less of them."""
_DARKEST = 12.0
"""Keeps ratios of light, 0 to 255, finite."""
_REACH = 3.0
"""Distance, in pixels of that grid, over which the lightest and the darkest of clouds are looked for."""
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
        share: Array,
        loop_seconds: float | None = None,
    ) -> None:
        """Prepare the motion.

        Args:
            region: The sky.
            canvas: Its ring.
            motion: Direction, speed and amounts.
            horizon: Fraction of the photo's height.
            grid: Grid over the full-size photo.
            share: (rows, columns) share of the sky in each of its pixels.
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
        middle = float(np.average((np.arange(columns) + 0.5) / columns, weights=share.sum(axis=0) + 1e-6))
        self._motion = SkyMotion(canvas.plan.pieces, motion, horizon, size, ring, loop_seconds, middle=middle)
        self._control = (max(4, round(_CONTROL * sky)), _CONTROL)
        # Positions of the window's grid pixels and of the ring of pixels around it, in photo widths.
        self._x = (np.arange(window[2] - 1, window[3] + 1, dtype=np.float32) + 0.5) / np.float32(columns)
        self._y = (np.arange(window[0] - 1, window[1] + 1, dtype=np.float32) + 0.5) / np.float32(columns)
        self._control_x = self._x * _CONTROL - np.float32(0.5)
        self._control_y = self._y * np.float32(self._control[0] / sky) - np.float32(0.5)
        self._backdrop = with_ring(canvas.backdrop, window)
        self._scale = grid.scale
        self._before: Array | None = None
        self._prepare_gains(size)

    def _prepare_gains(self, size: tuple[float, float]) -> None:
        """What clouds grow by varies slowly, and is found on the control grid."""
        canvas, (rows, _) = self._canvas, self._control
        self._step = np.float32(_CONTROL / self._columns)
        light = cv2.transform(canvas.relief, np.array([[1 / 3, 1 / 3, 1 / 3, 0]], np.float32))
        reach = 2 * max(1, round(_REACH / float(self._step))) + 1
        kernel = np.ones((reach, reach), np.uint8)
        # Clouds grow along the line of colours that leads from the clear sky to them.
        spread = canvas.relief[..., :3].reshape(-1, 3)
        along = light.ravel() @ spread / max(float(light.ravel() @ light.ravel()), 1e-6)
        self._clouds = np.clip(along, 0, 3).astype(np.float32) if along.any() else np.ones(3, np.float32)
        hints = np.dstack([canvas.relief[..., 3], canvas.drawn, cv2.dilate(light, kernel), cv2.erode(light, kernel)])
        seen = self.region.base[: self.region.window[1]].mean(axis=2)
        self._range = float(seen.min()), float(seen.max())
        height = max(1, round(hints.shape[0] * float(self._step)))
        length = round(hints.shape[1] * float(self._step))
        self._hints = cv2.resize(hints, (length, height), interpolation=cv2.INTER_AREA)
        x = (np.arange(_CONTROL, dtype=np.float32) + 0.5) / np.float32(_CONTROL)
        y = (np.arange(rows, dtype=np.float32) + 0.5) / np.float32(rows) * np.float32(size[1])
        self._widths = np.meshgrid(x, y)
        self._here = self._hint(*self._widths)
        resolution = canvas.first.shape[0]
        self._in_square = x * resolution - 0.5, y / np.float32(size[0]) * resolution - 0.5

    def layers(self, generated: Array, seconds: float, light_change: bool) -> CarriedLayers:
        """The sky at a time; arguments and result as of :meth:`landscape.compose.carried.MovingRegion.layers`."""
        shape = (len(self._y), len(self._x))
        relief = np.zeros((*shape, 4), np.float32)
        told, grown, pictures = np.zeros((*self._control, 4), np.float32), self._grown(generated), []
        samples = self._motion.at(seconds, *self._control)
        for sample, cover in zip(samples, covers(samples, self._control), strict=True):
            told[sample.rows, sample.columns] += self._told(sample, grown)
            part, field = self._on_grid(sample, cover)
            if not field.size:
                continue
            place, share = self._on_ring(sample, part, field), np.ascontiguousarray(field[..., 2])
            found = cv2.remap(self._canvas.relief, *place, cv2.INTER_LINEAR, borderMode=self.border)
            relief[part] = cv2.blendLinear(found, np.ascontiguousarray(relief[part]), share, 1 - share)
            pictures.append(Picture(part[0], part[1], self._in_detail(*place), share))
        contrast, *growth = cv2.split(self._from_control(told, self._control_x, self._control_y))
        clouds = relief[..., :3] if self._change == 0 else self._growing(relief[..., :3], *growth)
        carried = self._backdrop + clouds * contrast[..., None]
        contrast, plain = cv2.merge([contrast] * 3), carried
        if light_change:
            carried, contrast = self._relit(generated, carried, contrast)
        return CarriedLayers(carried, contrast, tuple(pictures), plain, begun=self._motion.begun(seconds))

    def _hint(self, x: Array, y: Array) -> Array:
        """What is where on the ring, (h, w, 4), at positions in photo widths.

        The backdrop's light, the generator's clouds, how far clouds nearby are lighter than the backdrop, and darker.
        """
        hints, columns = self._hints, np.float32(_CONTROL)
        at_x = (x * columns) % np.float32(hints.shape[1]) - np.float32(0.5)
        at_y = folded((y + np.float32(self._canvas.above / self._columns)) * columns - np.float32(0.5), len(hints))
        return cv2.remap(hints, at_x, at_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP)

    def _growing(self, clouds: Array, growth: Array, light: Array, dark: Array) -> Array:
        """Clouds (h, w, 3) whose borders advance where they grow, and draw back where they shrink.

        What is as light as any of the clouds nearby, or as dark as the sky between them, stays what it is, as clouds
        saturate: growth changes what lies between the two.
        """
        span = np.maximum(light - dark, 1)
        share = np.clip((clouds.mean(axis=2) - dark) / span, 0, 1)
        more = growth * share * (1 - share) * span
        return np.asarray(clouds + more[..., None] * self._clouds, np.float32)

    def _told(self, sample: Sample, grown: Array | None) -> Array:
        """What is told of a sample's clouds on its part of the control grid, times its weight, (h, w, 4).

        How strong they are, how much they grow, and how light and how dark it gets nearby.
        """
        part, field = (sample.rows, sample.columns), sample.field
        x, y = (np.float32(sample.scale) * widths[part] for widths in self._widths)
        hint = self._hint(x + np.float32(sample.x) + field[..., 0], y + np.float32(sample.y) + field[..., 1])
        here = self._here[part]
        lit = np.clip((here[..., 0] + _DARKEST) / (hint[..., 0] + _DARKEST), *_DIMMING)
        growth = field[..., 2]
        if grown is not None:
            more = np.clip(grown[part] + here[..., 1] - hint[..., 1], -1, 1)
            growth = np.clip(growth + np.float32(_DRAWN * self._change) * more, -1, 1)
        gain = np.minimum(lit, self._room(here[..., 0], hint))
        return field[..., 3:] * np.dstack([gain, growth, hint[..., 2], hint[..., 3]])

    def _room(self, backdrop: Array, hint: Array) -> Array:
        """The gain at which clouds before a backdrop reach the lightest or the darkest of the photo's sky.

        A cloud that is as light as any gets no lighter at a lighter place: colours would burn out.
        """
        darkest, lightest = self._range
        peak, trough = np.maximum(hint[..., 2], 1), np.minimum(hint[..., 3], -1)
        lighter = np.maximum(lightest, hint[..., 0] + peak) - backdrop
        darker = np.minimum(darkest, hint[..., 0] + trough) - backdrop
        return np.asarray(np.maximum(np.minimum(lighter / peak, darker / trough), _DIMMING[0]), np.float32)

    def _grown(self, generated: Array) -> Array | None:
        """How much more the generator draws of clouds than in its picture of the photo; None where none may change."""
        if self._change == 0:
            return None
        more = clouds_of(generated, self.region)
        if more.shape != self._canvas.first.shape:
            more = cv2.resize(more, self._canvas.first.shape[1::-1], interpolation=cv2.INTER_AREA)
        more = more.reshape(self._canvas.first.shape) - self._canvas.first
        return self._from_control(more[..., 0], *self._in_square)

    @staticmethod
    def _from_control(image: Array, x: Array, y: Array) -> Array:
        """Interpolate a picture to rows y and columns x, which are evenly spaced."""
        steps = [float(axis[-1] - axis[0]) / max(1, len(axis) - 1) for axis in (x, y)]
        matrix = np.array([[steps[0], 0, float(x[0])], [0, steps[1], float(y[0])]])
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        return np.asarray(
            cv2.warpAffine(image, matrix, (len(x), len(y)), flags=flags, borderMode=cv2.BORDER_REPLICATE), np.float32
        )

    def _on_grid(self, sample: Sample, cover: Array) -> tuple[tuple[slice, slice], Array]:
        """The part of the window's grid in which a sample is seen, and its displacement and what it covers there."""
        rows = _within(self._control_y, sample.rows, self._control[0])
        columns = _within(self._control_x, sample.columns, self._control[1])
        x, y = self._control_x[columns] - sample.columns.start, self._control_y[rows] - sample.rows.start
        if not x.size or not y.size:
            return (rows, columns), np.zeros((0, 0, 3), np.float32)
        return (rows, columns), self._from_control(np.dstack([sample.field[..., :2], cover]), x, y)

    def _on_ring(self, sample: Sample, part: tuple[slice, slice], field: Array) -> tuple[Array, Array]:
        """Positions x and y in pixels of the ring on the grid."""
        ring, columns = self._canvas.relief, np.float32(self._columns)
        length = ring.shape[1] / self._columns
        x = np.float32(sample.scale) * self._x[None, part[1]] + np.float32(sample.x % length)
        y = np.float32(sample.scale) * self._y[part[0], None] + np.float32(sample.y)
        at_x = field[..., 0] * columns + (x * columns - np.float32(0.5))
        at_y = field[..., 1] * columns + (y * columns + np.float32(self._canvas.above - 0.5))
        return at_x, np.clip(folded(at_y, ring.shape[0]), 0, ring.shape[0] - 1)

    def _in_detail(self, x: Array, y: Array) -> Array:
        """The same positions (h, w, 2) in pixels of the ring's detail."""
        scale = np.float32(self._scale)
        return cv2.merge([x * scale, y * scale]) + (scale - 1) / 2

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
