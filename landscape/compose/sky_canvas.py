"""A photo's sky as a ring at one size: what is carried, and what stays in place behind it."""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np
import numpy.typing as npt

from landscape.compose.plates import Plate
from landscape.compose.region import STILL_BLUR, Region, carried_light
from landscape.compose.sky_backdrop import find_backdrop
from landscape.compose.sky_drawing import STRIP, draw, rows_above
from landscape.compose.sky_plan import SkyPlan, halo
from landscape.images.filters import blur, fill, resize, smoothstep
from landscape.images.grid import Grid
from landscape.images.pixels import Array, Pixels

_FEATHER = 0.01
"""Distance from the visible sky, in photo widths, over which the photo's own continuation gives way to the ring's."""
_LEAST_SPREAD = 4.0
"""Least deviation of the generator's clouds, in grey levels, that counts as one."""


@dataclass(frozen=True)
class SkyCanvas:
    """A photo's sky as a ring at one size.

    Attributes:
        plan: How the sky goes on.
        backdrop: (h, w, 3) light that stays in place, on the grid, 0 to 255.
        relief: (h', w', 4) the ring's colours on the grid minus the backdrop's, and the backdrop's light there.
        drawn: (h', w') what the generator's picture of the photo shows of the ring's clouds.
        first: (R, R, 1) the same of the photo, as the generator draws it.
        detail: (H', W', 4) the ring's detail at full size, 128 for none.
        above: Rows of the relief above the photo.
    """

    plan: SkyPlan
    backdrop: Array = field(repr=False)
    relief: Array = field(repr=False)
    drawn: Array = field(repr=False)
    first: Array = field(repr=False)
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

    first = clouds_of(reconstruction, region)
    clouds = region.grid.square(first)[:bottom]
    drawn = draw(plan.arrangement, clouds.reshape(bottom, width, 1), above)[..., 0]
    drawn[above:, :width] = clouds.reshape(bottom, width)

    scale = grid.scale
    rows, columns = grid.pixels(region.window)
    image = np.full((bottom * scale, width * scale, 4), 128, np.uint8)
    image[rows, columns] = plate.detail
    detail = draw(plan.arrangement, image, above * scale)
    inside = detail[above * scale :][rows, columns]
    away = _away(plate.alpha > 0)
    for start in range(0, len(away), STRIP):
        part = slice(start, start + STRIP)
        near = _fading(away[part], width * scale)
        own, others = (np.ascontiguousarray(pixels[part]) for pixels in (plate.detail, inside))
        inside[part] = cv2.blendLinear(own, others, near, 1 - near)
    return SkyCanvas(plan, backdrop, ring, drawn, first, detail, above)


def clouds_of(generated: Array, region: Region) -> Array:
    """What a generator's frame (R, R, 3) shows of clouds: the light beside what is around it, about -2 to 2, (R, R, 1).

    It is measured by its spread, so that another light leaves it what it is.
    """
    inside = resize(region.inside, *generated.shape[:2])
    light = fill(carried_light(generated)[..., None], inside)[..., 0]
    rest = light - blur(light, STILL_BLUR * len(light))
    spread = float(rest[inside > 0.5].std()) if (inside > 0.5).any() else 0.0
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
    return _fading(_away(seen), width)


def _away(seen: npt.NDArray[np.bool_]) -> Array:
    """Distance in pixels from where the sky is seen, (h, w)."""
    if seen.all():
        return np.zeros(seen.shape, np.float32)
    return np.asarray(cv2.distanceTransform((~seen).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_3), np.float32)


def _fading(away: Array, width: int) -> Array:
    """1 at no distance, 0 from a small part of the photo's width in pixels on."""
    return np.asarray(1 - smoothstep(away, 0.0, max(1.5, _FEATHER * width)), np.float32)
