"""A moving region under measured light: its layers relit, and the sun, moon and stars that are seen before it."""

from __future__ import annotations

import dataclasses

import numpy as np

from landscape.compose.carried import CarriedLayers
from landscape.compose.plates import Plate
from landscape.images.grid import Grid, GridWindow
from landscape.images.pixels import Array, Pixels
from landscape.light.photo_light import SceneLight
from landscape.light.stars import clear_sky, star_field

Shining = tuple[Pixels, Array]
"""Light that is added to a region, (H, W, 4) uint8, and the factors on it, (h, w, 4) on the grid with its ring."""


def shining(plate: Plate, before: Array, after: Array, sun: float = 1.0) -> list[Shining]:
    """Sun, moon and stars of the photo.

    Args:
        plate: The sky's plate.
        before: (h, w, 3) the sky's smooth colours in the photo, 0 to 255.
        after: (h, w, 3) the same in a frame.
        sun: How much of a sun is seen at all, 0 to 1.
    """
    if plate.luminaries is None:
        return []
    seen = plate.luminaries.seen(before, after)
    return [(plate.luminaries.glow, seen if plate.luminaries.night or sun == 1 else seen * np.float32(sun))]


def relit(
    layers: CarriedLayers, light: SceneLight, plate: Plate, before: Array, field: Pixels | None, water: bool
) -> tuple[CarriedLayers, list[Shining]]:
    """A region's layers in another light, and what shines before them.

    Args:
        layers: The region in the photo's own light.
        light: The light.
        plate: The region's plate.
        before: (h, w, 3) the region's smooth colours in the photo.
        field: (H, W, 4) uint8, stars over the region's window, where some are seen.
        water: Whether it is water, which has no stars of its own.
    """
    region = light.water if water else light.sky
    if region is None:
        return layers, [] if water else shining(plate, before, layers.base)
    colours, gain = region.relit(layers.base)
    lit = dataclasses.replace(layers, base=colours, contrast=layers.contrast * gain)
    if water:
        return lit, []
    shown = shining(plate, before, colours, light.sun)
    # A photo of the night has stars of its own.
    if field is not None and not (plate.luminaries is not None and plate.luminaries.night):
        shown.append((field, np.repeat(np.float32(light.stars) * clear_sky(layers.base, region.around), 4, axis=2)))
    return lit, shown


def stars_over(grid: Grid, window: GridWindow) -> Pixels:
    """The stars over a window of the grid, (H, W, 4) uint8."""
    rows, columns = grid.pixels(window)
    return np.ascontiguousarray(star_field(rows.stop, grid.width)[rows, columns])
