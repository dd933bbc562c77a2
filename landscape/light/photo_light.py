"""The light of one photo: what each style makes of its sky, water and land, computed once and mixed over time."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from landscape.images.filters import blur
from landscape.images.grid import GridWindow, with_ring
from landscape.images.pixels import Array
from landscape.light.land_light import DAYLIGHT, Land, sky_in_land
from landscape.light.measured import MeasuredLight, MeasuredLights
from landscape.light.mixes import Mix
from landscape.light.region_light import RegionLight, Surroundings, mixed
from landscape.light.relight import StaticLight
from landscape.light.sky_frame import SkyFrame
from landscape.light.sky_light import sky_maps, to_rgb
from landscape.light.sky_variety import sky_lightness

_REFLECTED = (0.92, 0.62)
"""Part of the sky's light that water mirrors at the horizon and before one's feet (Fresnel, and its waves)."""
_NO_SKY = 1e6
"""Brightness of the sky above water that mirrors none."""
_LAMPLIT, _LAMP_GLOW = (26.0, 10.0), 1 / 60
"""L of land from which lamps stay as light as they were, and fully do; reach of their glow in widths."""


@dataclass(frozen=True)
class Picture:
    """A photo on its grid.

    Attributes:
        colours: (h, w, 3), 0 to 255.
        still: (h, w, 3) the colours of what stands still, without those of what moves before it.
        sky: (h, w) share of the sky.
        water: (h, w) share of the water.
        static: (h, w) share of what stands still.
        windows: Where the moving parts are: ``sky``, ``water``.
        sun_side: Where the sun is seen along the horizon, 0 to 1; None where it is not.
    """

    colours: Array = field(repr=False)
    still: Array = field(repr=False)
    sky: Array = field(repr=False)
    water: Array = field(repr=False)
    static: Array = field(repr=False)
    windows: dict[str, GridWindow]
    sun_side: float | None = None


@dataclass(frozen=True)
class SceneLight:
    """A mix of lights of a photo.

    Attributes:
        mix: The styles.
        sky: Light of the moving sky.
        water: Light of the moving water.
        land: Gain and offset of what stands still, (h, w, 3) each on the grid.
        stars: How bright stars are, 0 to 1.
        sun: How much of a sun is seen, 0 to 1.
    """

    mix: Mix
    sky: RegionLight | None
    water: RegionLight | None
    land: tuple[Array, Array] = field(repr=False)
    stars: float
    sun: float


class PhotoLight:
    """What styles make of a photo; any thread may ask."""

    def __init__(
        self, picture: Picture, static: StaticLight, measured: MeasuredLights, sun_side: float | None = None
    ) -> None:
        """Look at a photo.

        Args:
            picture: The photo on its grid.
            static: Carries light over to what stands still at full size.
            measured: The styles.
            sun_side: Where the sun is along the horizon, 0 (left) to 1; found in the photo if None.
        """
        self._picture, self._static, self._measured = picture, static, measured
        self.asked = sun_side
        self._frame = SkyFrame.of(picture.colours, picture.sky)
        self._own = None if self._frame is None else sky_lightness(picture.colours, picture.sky, self._frame)
        found = picture.sun_side if self._frame is None or picture.sun_side is not None else self._frame.sun_side
        self.sun_side = sun_side if sun_side is not None else 0.5 if found is None else found
        self._water = SkyFrame.of(picture.colours, picture.water) if "water" in picture.windows else None
        frozen = np.where(picture.sky > 0.5, np.minimum(picture.static, picture.sky), 0)
        ground = np.asarray(np.clip(picture.static - frozen, 0, 1), np.float32)
        seen_through = sky_in_land(picture.still, ground, picture.colours, picture.sky)
        self._still_sky = np.asarray(np.maximum(frozen, seen_through)[..., None], np.float32)
        self._land = Land.of(picture.still, ground, picture.colours, picture.sky)
        self._wet = (
            None if self._water is None else Land.of(picture.colours, picture.water, picture.colours, picture.sky)
        )
        self._known: dict[str, SceneLight] = {}
        self._last: SceneLight | None = None
        self._lock = threading.Lock()

    def mixed(self, mix: Mix) -> SceneLight:
        """The light of a mix of styles."""
        with self._lock:
            if self._last is None or self._last.mix != mix:
                self._last = self._mixed(mix)
            return self._last

    def _mixed(self, mix: Mix) -> SceneLight:
        lights = [(self._styled(style), weight) for style, weight in mix]
        if len(lights) == 1 and lights[0][1] >= 1:
            return lights[0][0]
        own = 1 - min(sum(weight for _, weight in lights), 1.0)
        gain = np.float32(own) + sum(np.float32(weight) * light.land[0] for light, weight in lights)
        offset = sum(np.float32(weight) * light.land[1] for light, weight in lights)
        return SceneLight(
            mix,
            _mixed_region([(light.sky, weight) for light, weight in lights]),
            _mixed_region([(light.water, weight) for light, weight in lights]),
            (np.asarray(gain, np.float32), np.asarray(offset, np.float32)),
            sum(weight * light.stars for light, weight in lights),
            own + sum(weight * light.sun for light, weight in lights),
        )

    def _styled(self, style: str) -> SceneLight:
        if style not in self._known:
            self._known[style] = self._under(style, self._measured.of(style))
        return self._known[style]

    def _under(self, style: str, measured: MeasuredLight) -> SceneLight:
        picture, frame = self._picture, self._frame
        whole = None if frame is None else self._sky(measured, frame, (0, len(frame.elevation), 0, len(frame.across)))
        horizon = None if whole is None or frame is None else _at_horizon(whole.middle, frame)
        lit = picture.still if self._land is None else self._land.under(measured, horizon)
        gain, offset = self._lamplit(measured, *self._static.transfer(lit))
        if whole is not None and self._still_sky.any():
            inner = (slice(1, -1), slice(1, -1))
            above, kept = (part[inner] for part in whole.relit(np.pad(picture.still, ((1, 1), (1, 1), (0, 0)), "edge")))
            gain = gain + self._still_sky * (kept - gain)
            offset = offset + self._still_sky * (above - kept * picture.still - offset)
        sky = (
            None
            if frame is None or "sky" not in picture.windows
            else self._sky(measured, frame, picture.windows["sky"])
        )
        return SceneLight(((style, 1.0),), sky, self._mirror(measured), (gain, offset), measured.stars, measured.sun)

    def _sky(self, measured: MeasuredLight, frame: SkyFrame, window: GridWindow) -> RegionLight:
        middle, slope, bend = (with_ring(part, window) for part in sky_maps(measured, frame, self.sun_side, self._own))
        return RegionLight(_around(frame, window), middle, slope, bend, measured.sky_colour)

    def _mirror(self, measured: MeasuredLight) -> RegionLight | None:
        """The light of the water, which mirrors the sky and else is lit as land is."""
        picture, water = self._picture, self._water
        if water is None:
            return None
        window = picture.windows["water"]
        ground, around = (self._factor(measured, self._wet, picture.water), _around(water, window))
        if self._frame is None:
            nothing, level = (np.zeros((1, 1, 3), np.float32), np.full((1, 1), _NO_SKY, np.float32))
            return RegionLight(around, nothing, nothing, nothing, 0.0, ground, level)
        rows = np.arange(len(water.elevation), dtype=np.float32)
        top = float(np.flatnonzero(water.elevation <= 1)[0])
        reach = 1 / max(float(self._frame.elevation[0] - self._frame.elevation[1]), 1e-6)
        mirrored = np.clip((rows - top) / reach, 0, 1)
        above = self._frame.base.mean(axis=1)
        light = np.interp(mirrored, self._frame.elevation[::-1], above[::-1])
        level = np.maximum(np.repeat(light[:, None], len(water.across), axis=1), 20).astype(np.float32)
        share = (_REFLECTED[0] + (_REFLECTED[1] - _REFLECTED[0]) * mirrored)[:, None, None].astype(np.float32)
        maps = sky_maps(measured, water, self.sun_side, self._own, mirrored)
        middle, slope, bend = (with_ring(share * part, window) for part in maps)
        level = with_ring(level, window)
        return RegionLight(around, middle, slope, bend, measured.sky_colour, ground, level)

    def _factor(self, measured: MeasuredLight, land: Land | None, share: Array) -> Array:
        """How a style changes the mean colour of land, (3,) factors."""
        inside = share > 0.5
        if land is None or not inside.any():
            return np.full(3, min(measured.land["L"] / DAYLIGHT, 1.0), np.float32)
        lit, own = (part[inside].mean(axis=0) for part in (land.under(measured, None), to_rgb(land.lab)))
        return np.asarray(np.clip((lit + 1) / (own + 1), 0.02, 4), np.float32)

    def _lamplit(self, measured: MeasuredLight, gain: Array, offset: Array) -> tuple[Array, Array]:
        """Let lamps and windows stay as light as they were where the land gets dark, and glow."""
        dark = np.clip((_LAMPLIT[0] - measured.land["L"]) / (_LAMPLIT[0] - _LAMPLIT[1]), 0, 1)
        if self._land is None or dark == 0 or not self._land.lamps.any():
            return gain, offset
        lamps = np.float32(dark) * self._land.lamps[..., None]
        light = self._land.lamps[..., None] * self._picture.still
        glow = np.float32(dark) * blur(light, max(1.0, _LAMP_GLOW * light.shape[1]))
        return gain + lamps * (1 - gain), offset * (1 - lamps) + glow


def _mixed_region(lights: Sequence[tuple[RegionLight | None, float]]) -> RegionLight | None:
    known = [(light, weight) for light, weight in lights if light is not None]
    return mixed(known) if known else None


def _around(frame: SkyFrame, window: GridWindow) -> Surroundings:
    return Surroundings(with_ring(frame.base, window), with_ring(frame.colour, window), frame.spread)


def _at_horizon(middle: Array, frame: SkyFrame) -> Array:
    """The colours (w, 3) of a sky's window with its ring at the lower end of the sky."""
    row = int(np.clip(np.searchsorted(-frame.elevation, 0.0), 0, len(frame.elevation) - 1))
    return np.asarray(middle[row + 1, 1:-1], np.float32)
