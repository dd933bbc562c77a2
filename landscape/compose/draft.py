"""A scenery under other masks in a fraction of the time, for the first picture after a stroke of the brush."""

from __future__ import annotations

import dataclasses
from typing import Any

import cv2
import numpy as np
from torch import Tensor

from landscape.compose.luminaries import Luminaries
from landscape.compose.plates import cut_plate
from landscape.compose.region import Region
from landscape.compose.scenery import Cut, Part, Scenery
from landscape.images.grid import Grid
from landscape.images.pixels import Array, Pixels
from landscape.masks.matte import Matte


class DraftScenery(Scenery):
    """A photo cut along new masks with the colours that were learnt under the former ones.

    Where a part grew, its smooth colours and reflected detail go on until the photo is taken apart anew; where it
    shrank, the picture is final.
    """

    def __init__(self, former: Scenery, photo: Pixels, matte: Matte, reconstruction: Array | Tensor) -> None:
        """Cut a photo.

        Args:
            former: The scenery of the same photo, at any size.
            photo: (H, W, 3) uint8 RGB at the size of the frames.
            matte: The new matte, at any size.
            reconstruction: (3, R, R) float32 in [-1, 1], the generator's frame at time 0 in the photo's light.
        """
        self._known = {part.water: part for part in former.parts}
        plans = [part.canvas.plan for part in former.parts if part.canvas is not None]
        plan = plans[0] if plans else None
        super().__init__(photo, matte, reconstruction, plan=plan, lights=former.lights)

    def _part(self, cut: Cut) -> Part | None:
        photo, share, water = cut.photo, cut.share, cut.water
        known = self._known.get(water)
        if known is None:
            return super()._part(cut)
        reduced = self.grid.reduce(share)
        rows, columns = (np.flatnonzero(reduced.max(axis=axis) > 0) for axis in (1, 0))
        if not len(rows):
            return None
        window = (int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1)
        region, luminaries = dataclasses.replace(_resampled(known.region, cut.analysed), window=window), None
        if not water and cut.matte.glow is not None:
            photo, luminaries = Luminaries.of(photo, cut.matte.glow)
        plate = cut_plate(self.static, photo, share, cut.above, luminaries, region, self.grid, water)
        return dataclasses.replace(known, region=region, plate=plate, share=reduced)


def _resampled(region: Region, grid: Grid) -> Region:
    """A region's smooth colours on another grid over the same photo."""
    if region.grid == grid:
        return region

    def smooth(*names: str) -> dict[str, Any]:
        size = (grid.columns, grid.rows)
        return {name: cv2.resize(getattr(region, name), size, interpolation=cv2.INTER_AREA) for name in names}

    size = (grid.width, grid.height)
    source = cv2.resize(region.source, size, interpolation=cv2.INTER_AREA)
    return dataclasses.replace(
        region,
        grid=grid,
        source=source * np.float32(grid.width / region.grid.width),
        detail=cv2.resize(region.detail, size, interpolation=cv2.INTER_AREA),
        **smooth("other", "base", "carried", "still", "prominence"),
    )
