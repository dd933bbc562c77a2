"""What a photo shows, taken apart for compositing: what stands still, the sky, the water; independent of the motion."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from torch import Tensor

from landscape.compose.flowing import Flowing
from landscape.compose.lit_region import stars_over
from landscape.compose.luminaries import Luminaries
from landscape.compose.plates import Plate, cut_plate
from landscape.compose.region import Region, make_region
from landscape.compose.sky_canvas import SkyCanvas, draw_canvas
from landscape.compose.sky_plan import SkyPlan, draft_plan
from landscape.images.filters import resize
from landscape.images.grid import Grid
from landscape.images.pixels import Array, Pixels, Upscale
from landscape.light.measured import MeasuredLights
from landscape.light.photo_light import PhotoLight, Picture
from landscape.light.relight import LightModel, StaticLight
from landscape.masks.matte import Matte

_GRID_RANGE = (256, 768)
"""Long side of the grid that carries all smooth parts: within it that of enlarged frames, or twice the generator's."""
_ANALYSED = 2048
"""Long side in pixels at which a photo is analysed at most, which bounds time and memory; frames have any size."""


@dataclass(frozen=True)
class Part:
    """A moving part of a scenery.

    Attributes:
        water: Whether it is water; it is sky else.
        region: What is carried, on the grid.
        plate: What is carried, at full size.
        share: (h, w) share of the part in each grid pixel.
        canvas: The ring from which a sky is carried; None for water and for a sky of a few pixels.
        flowing: What the photo tells of how water goes; None for a sky.
    """

    water: bool
    region: Region = field(repr=False)
    plate: Plate = field(repr=False)
    share: Array = field(repr=False)
    canvas: SkyCanvas | None = field(default=None, repr=False)
    flowing: Flowing | None = field(default=None, repr=False)


class Cut(NamedTuple):
    """What a part is cut from.

    Attributes:
        photo: (H, W, 3) uint8 RGB.
        matte: What moves.
        share: (H, W) share of the part in each pixel.
        above: (H, W) share of what lies in front; None for the front.
        first: (R, R, 3) colours of the generator's frame at time 0.
        analysed: The grid on which the part is learnt.
        water: Whether it is water, or else the sky.
    """

    photo: Pixels
    matte: Matte
    share: Array
    above: Array | None
    first: Array
    analysed: Grid
    water: bool


class Scenery:
    """A photo taken apart, for frames of one size.

    Attributes:
        grid: Grid over the photo.
        horizon: Fraction of the height.
        drawn: (R, R, 3) the generator's picture of the photo, 0 to 255, as it draws it.
        parts: The moving parts from back to front.
        static: (H, W, 4) uint8, what stands still; the photo's pixels but where they are mixed with moving parts.
        light: The model of light changes of what stands still.
        generator_only: Whether nothing of the photo is shown.
        mean_photo_weight: Mean weight of the photo's carried colours in the moving parts, 0 (the generator's colours
            alone) to 1; shrinks as the generator's reconstruction gets better.
    """

    def __init__(
        self,
        photo: Pixels,
        matte: Matte,
        reconstruction: Array | Tensor,
        *,
        generator_only: bool = False,
        upscale: Upscale | None = None,
        plan: SkyPlan | None = None,
        lights: MeasuredLights | None = None,
        flowing: Flowing | None = None,
    ) -> None:
        """Take a photo apart.

        Args:
            photo: (H, W, 3) uint8 RGB at the size of the frames.
            matte: What moves, at any size.
            reconstruction: (3, R, R) float32 in [-1, 1], the generator's frame at time 0 in the photo's light.
            generator_only: Show what the generator draws and nothing of the photo.
            upscale: Enlarges generator frames before they are resized, or None.
            plan: How the sky goes on beyond the photo; a draft of it if None.
            lights: What the styles look like; None leaves light to the generator.
            flowing: What the photo tells of how its water goes; found at this size if None.
        """
        self._upscale = upscale
        self._plan, self._flowing = plan, flowing
        self.generator_only = generator_only
        self.horizon = matte.horizon
        self.drawn, first = self.colours(reconstruction), self.enlarged(reconstruction)
        height, width = photo.shape[:2]
        self.grid, analysed = make_grids(height, width, max(2 * reconstruction.shape[-1], first.shape[0]))
        small = Grid(height, width, self.grid.scale // analysed.scale).reduce(photo)
        self.static = np.dstack([photo, photo[..., :1]])
        # What is of the photo's size and not needed for frames is dropped before the sky's ring is drawn.
        parts = [] if generator_only else self._cut(photo, matte, first, analysed)
        self.parts = [self._with_canvas(part) for part in parts]
        moving = sum((part.share for part in reversed(parts)), np.zeros((analysed.rows, analysed.columns), np.float32))
        cell = max(analysed.rows, analysed.columns) / reconstruction.shape[-1]
        static = np.clip(1 - moving, 0, 1)
        static_light = StaticLight(analysed.down(small), static, analysed.square(first), cell)
        self.light: LightModel = static_light
        self._photo_light: PhotoLight | None = None
        self._stars: Pixels | None = None
        self.lights, self._light_of = lights, (analysed.down(small), matte, static, static_light)
        total = float(sum(part.share.sum() for part in self.parts))
        weights = sum(float((part.share * part.region.photo_weight).sum()) for part in self.parts)
        self.mean_photo_weight = weights / total if total > 0 else 0.0

    def stars(self, part: Part) -> Pixels:
        """Stars over a sky, (H, W, 4) uint8."""
        if self._stars is None:
            self._stars = stars_over(self.grid, part.region.window)
        return self._stars

    def photo_light(self, sun_side: float | None) -> PhotoLight:
        """What the measured lights make of the photo; kept for the last side of the sun.

        Args:
            sun_side: Where the sun stands along the horizon, 0 to 1; None for where the photo has it.
        """
        kept = self._photo_light
        if kept is None or kept.asked != sun_side:
            assert self.lights is not None
            colours, matte, static, light = self._light_of
            still = self.grid.down(self.static[..., :3])
            sky, water = (self.grid.reduce(resize(p, *self.static.shape[:2])) for p in (matte.sky, matte.water))
            picture = Picture(
                colours,
                still,
                sky,
                water,
                static,
                {"water" if part.water else "sky": part.region.window for part in self.parts},
                _side_of(matte),
            )
            kept = self._photo_light = PhotoLight(picture, light, self.lights, sun_side)
        return kept

    def _cut(self, photo: Pixels, matte: Matte, first: Array, analysed: Grid) -> list[Part]:
        """The moving parts from back to front, a sky still without its ring."""
        parts: list[Part] = []
        # What lies in front is cut first, as it hides what is behind.
        above: Array | None = None
        for water, plane in ((True, matte.water), (False, matte.sky)):
            share = resize(plane, *photo.shape[:2])
            if matte.freeze.any():
                share = share * (1 - resize(matte.freeze, *photo.shape[:2]))
            part = self._part(Cut(photo, matte, share, above, first, analysed, water))
            if part is not None:
                parts.insert(0, part)
                above = share
        return parts

    def _part(self, cut: Cut) -> Part | None:
        photo, share, water = cut.photo, cut.share, cut.water
        analysed, first = cut.analysed, cut.first
        step = Grid(self.grid.height, self.grid.width, self.grid.scale // analysed.scale)
        luminaries = None
        if not water and cut.matte.glow is not None:
            photo, luminaries = Luminaries.of(photo, cut.matte.glow)
        region = make_region(step.reduce(photo), step.reduce(share), first, analysed, photo_alone=water)
        if region is None:
            return None
        plate = cut_plate(self.static, photo, share, cut.above, luminaries, region, self.grid, water)
        reduced = self.grid.reduce(share)
        if water:
            return Part(water, region, plate, reduced, flowing=self._flowing or Flowing.of(photo, share, cut.matte.sky))
        return Part(water, region, plate, reduced)

    def _with_canvas(self, part: Part) -> Part:
        """A sky with its ring; water as it is."""
        if part.water:
            return part
        plan = self._plan or draft_plan(part.region.base, part.share)
        if plan is None:
            return dataclasses.replace(part, canvas=None)
        canvas = draw_canvas(plan, part.region, part.plate, part.share, self.drawn, self.grid)
        return dataclasses.replace(part, canvas=canvas)

    @staticmethod
    def colours(frame: Array | Tensor) -> Array:
        """A generator frame (3, R, R) in [-1, 1] as colours (R, R, 3), 0 to 255."""
        return np.ascontiguousarray((np.clip(_numbers(frame), -1, 1).transpose(1, 2, 0) + 1) * 127.5)

    def enlarged(self, frame: Array | Tensor) -> Array:
        """The same, enlarged where there is an upscaler."""
        return self.colours(frame if self._upscale is None else self._upscale(_numbers(frame)))


def _numbers(frame: Array | Tensor) -> Array:
    return np.asarray(frame.detach().cpu() if isinstance(frame, Tensor) else frame, np.float32)


def _side_of(matte: Matte) -> float | None:
    """Where a sun that the photo shows stands, 0 (left) to 1; None without one."""
    if matte.glow is None or matte.glow.night:
        return None
    along = matte.glow.place.sum(axis=0, dtype=np.float64)
    total = float(along.sum())
    return float((along * (np.arange(len(along)) + 0.5)).sum() / total / len(along)) if total > 0 else None


def make_grids(height: int, width: int, side: int) -> tuple[Grid, Grid]:
    """Grids with the same pixels over a photo and over the reduced photo that is analysed.

    Args:
        height: Photo height in pixels.
        width: Photo width in pixels.
        side: Wished long side of the grid in its pixels.

    Returns:
        The grid over the photo and the grid over the photo reduced by the ratio of the grids' scales.
    """
    step = -(-max(height, width) // _ANALYSED)
    target = int(np.clip(side, *_GRID_RANGE))
    small = Grid(-(-height // step), -(-width // step), max(1, round(max(height, width) / step / target)))
    return Grid(height, width, small.scale * step), small
