"""A moving region (the sky or the water) of a photo, carried along the motion without anything that stands still."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
import numpy.typing as npt

from landscape.compose.region import STILL_BLUR, Region, carried_light
from landscape.images.filters import blur, fill, look_up
from landscape.images.grid import with_ring
from landscape.images.pixels import Array
from landscape.light.relight import change_light
from landscape.motion.phases import Clock, Phase
from landscape.motion.water import WaterClock

Pixels = npt.NDArray[np.uint8]

_KEY = 2.0
"""How far clouds and what is between them change phase at different times; 0 fades everything alike."""
_SPARSE = 2
"""Every so many grid pixels the likeness of two phases is measured."""
MIDDLE = 128.0
"""Stored detail of this value is none."""


@dataclass(frozen=True)
class Picture:
    """A part of a window in which a region's detail is seen, displaced.

    Attributes:
        rows: Rows of the grid's window and the ring around it.
        columns: Columns.
        place: (h, w, 2) float32 x, y in the pixels of the detail.
        share: (h, w) float32 in [0, 1], what it covers of the pictures before it.
    """

    rows: slice
    columns: slice
    place: Array
    share: Array


@dataclass(frozen=True)
class CarriedLayers:
    """What a region looks like at a time, on the grid's window and a ring of one grid pixel around it.

    The region's pixels are ``base + contrast * (detail - 128)``, where the pictures' detail lies one over another.

    Attributes:
        base: (h, w, 3) colours, 0 to 255.
        contrast: (h, w, 3) factor on the detail.
        pictures: Where the detail comes from.
        plain: The base as it is in the photo's own light, for what mirrors it; or None.
        run_up: (h, w, 2) from where, dx, dy in photo pixels, the region has come over what lies beside it; or None.
        begun: How much edges still look as in the photo, 1 at first, 0 when what is beside them has moved.
    """

    base: Array
    contrast: Array
    pictures: tuple[Picture, ...]
    plain: Array | None = None
    run_up: Array | None = None
    begun: float = 0.0


class MovingRegion:
    """A region under one motion.

    Attributes:
        region: The region.
        detail: (H', W', 4) its detail at full size, 128 for none.
        border: What lies beyond the detail's borders, as OpenCV counts it.
    """

    border = cv2.BORDER_REFLECT

    def __init__(self, region: Region, detail: Pixels, clock: Clock | WaterClock, scale: int) -> None:
        """Prepare the motion.

        Args:
            region: The region.
            detail: (H', W', 4) its detail at full size, in its window.
            clock: Phases of its motion, in photo pixels.
            scale: Photo pixels per grid pixel.
        """
        self.region = region
        self.detail = detail
        window, size = region.window, np.float32(scale)
        sides = (window[3] - window[2], window[1] - window[0])
        places = [(np.arange(-1, side + 1, dtype=np.float32) + 0.5) * size - np.float32(0.5) for side in sides]
        self._places = np.dstack(np.meshgrid(*places))
        self._clock = clock
        self._scale = scale
        grid = region.grid
        self._prominence = with_ring(region.prominence, region.window)
        self._part = with_ring(_likeness(region, clock, scale), region.window)
        self._still = with_ring(region.still, region.window)
        self._alone = bool((region.photo_weight >= 1).all())
        y, x = np.mgrid[: grid.rows, : grid.columns].astype(np.float32)
        self._place = with_ring(np.dstack([x, y]), region.window)

    @cached_property
    def _before(self) -> Array:
        """The smooth colours before a change of light; without one nobody asks for them."""
        return with_ring(self.region.grid.square(self.region.smooth), self.region.window)

    def layers(self, generated: Array, seconds: float, light_change: bool, shine: Array | None = None) -> CarriedLayers:
        """The region at a time.

        Args:
            generated: (R, R, 3) generator frame, 0 to 255, of any size.
            seconds: Time of the frame.
            light_change: Whether the frame's light differs from the photo's.
            shine: (h + 2, w + 2, 3) factors on the region's light in the window and the ring around it; or None.

        Returns:
            The layers to composite.
        """
        region, grid = self.region, self.region.grid
        size = (grid.rows, grid.columns)
        phases = tuple(
            Phase(with_ring(phase.offset, region.window), with_ring(phase.weight, region.window))
            for phase in self._clock.at(seconds, *size)
        )
        phases, moved = self._carry(phases)
        contrast = np.repeat(_contrast(phases, self._part[..., 1]), 3, axis=2)
        still = self._still
        carried = still + _contrast(phases, self._part[..., 0]) * moved[..., :3]
        waves = run_up = None
        if isinstance(self._clock, WaterClock):
            waves, run_up = self._clock.light(seconds), self._clock.run_up(seconds)
            run_up = None if run_up is None else with_ring(run_up, region.window)
        for lit in (shine, None if waves is None else with_ring(waves, region.window)[..., None]):
            if lit is not None:
                carried, contrast = carried * lit, contrast * lit
        whole = slice(0, contrast.shape[0]), slice(0, contrast.shape[1])
        pictures = tuple(
            Picture(*whole, self._places + phase.offset, phase.weight if index else np.ones_like(phase.weight))
            for index, phase in enumerate(phases)
        )
        if self._alone and not light_change:  # nothing that the generator draws is seen
            return CarriedLayers(carried, contrast, pictures, run_up=run_up)
        if generated.shape != region.smooth.shape:
            generated = cv2.resize(generated, region.smooth.shape[1::-1], interpolation=cv2.INTER_CUBIC)
        filled, before = fill(generated, region.inside), region.smooth
        if light_change:
            before = blur(filled, STILL_BLUR * filled.shape[0])
            after = with_ring(grid.square(before), region.window)
            lit, still = (change_light(colours, self._before, after) for colours in (carried, still))
            contrast = contrast * np.clip((lit + 4) / (np.clip(carried, 0, 255) + 4), 0, 1.5)
            carried = lit
        change = with_ring(grid.square(region.change(filled, before)), region.window)
        drawn = still + change
        return CarriedLayers(drawn + moved[..., 3:] * (carried - drawn), contrast, pictures, run_up=run_up)

    def _carry(self, phases: tuple[Phase, ...]) -> tuple[tuple[Phase, ...], Array]:
        """Carry the smooth parts; gives the phases with their final weights, and the blend."""
        sampled = []
        for phase in phases:
            x, y = cv2.split(self._place + phase.offset * np.float32(1 / self._scale))
            sampled.append(cv2.remap(self.region.carried, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT))
        if len(phases) == 1:
            return phases, sampled[0]
        # Two half-transparent clouds are a ghost; a cloud that forms from its core while another shrinks to its own is
        # weather. Where both pictures are alike nothing changes, and weights of 0 and 1 stay what they are.
        first, second = (np.clip(carried_light(picture) * self._prominence, -1, 1) for picture in sampled)
        lead = np.exp(_KEY * (first - second)) * phases[0].weight
        weight = np.asarray(lead / (lead + 1 - phases[0].weight), np.float32)
        blend = cv2.blendLinear(sampled[0], sampled[1], weight, 1 - weight)
        return (Phase(phases[0].offset, weight), Phase(phases[1].offset, 1 - weight)), blend


def _contrast(phases: tuple[Phase, ...], likeness: Array) -> Array:
    """Factor that gives the blend of two phases the contrast of each of them, (h, w, 1)."""
    if len(phases) == 1:
        return np.ones((*likeness.shape, 1), np.float32)
    a, b = phases[0].weight, phases[1].weight
    return np.asarray(1 / np.sqrt(a * a + b * b + 2 * likeness * a * b), np.float32)[..., None]


def _likeness(region: Region, clock: Clock | WaterClock, scale: int) -> Array:
    """Correlation of the pictures in the middle between two phases, where they weigh the same: colours, detail.

    It varies slowly, so every second grid pixel tells it, and one pixel of detail for each of these.
    """
    grid = region.grid
    if clock.period is None:
        return np.ones((grid.rows, grid.columns, 2), np.float32)
    pair = [clock.still(part, grid.rows, grid.columns)[::_SPARSE, ::_SPARSE] / scale for part in (0.25, 0.75)]
    light = carried_light(region.carried)
    y, x = np.mgrid[: grid.rows : _SPARSE, : grid.columns : _SPARSE].astype(np.float32)
    likeness = []
    for image, size in ((light, 1), (region.detail, grid.scale)):
        a, b = (look_up(image, size * (x + dx), size * (y + dy)) for dx, dy in (cv2.split(offset) for offset in pair))
        likeness.append(_correlation(a, b))
    return cv2.resize(np.dstack(likeness), (grid.columns, grid.rows), interpolation=cv2.INTER_LINEAR)


def _correlation(a: Array, b: Array) -> Array:
    smooth = blur(np.dstack([a * b, a * a, b * b]), max(a.shape) / 16) + 1e-3
    return np.asarray(np.clip(smooth[..., 0] / np.sqrt(smooth[..., 1] * smooth[..., 2]), 0, 1), np.float32)
