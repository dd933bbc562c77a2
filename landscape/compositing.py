"""Full-size frames from small generator frames and the photo (paper, Super Resolution).

Static parts are the photo's pixels, relit where the light changes. Moving parts are the generator's colours, mixed with
the photo's own colours where the generator's picture of the photo is poor, plus the photo's detail; what comes from
the photo is carried along the motion.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import cv2
import numpy as np
from torch import Tensor

from landscape.carrying import Layers, Region, make_region
from landscape.phases import make_clock
from landscape.relighting import StaticLight
from landscape.sampling import Array, Grid
from landscape.settings import MotionSettings

Pixels = np.ndarray
Upscale = Callable[[Array], Array]
"""Turns a generator frame (3, R, R) into a larger one (3, kR, kR), both float32 in [-1, 1]."""

_GRID_RANGE = (256, 768)
"""Long side of the grid that carries all smooth parts; twice the generator's resolution within it."""
_STRIP = 128
"""Rows composited at once: temporaries stay in the processor's cache and memory stays small at any size."""
_PREVIEW = 768
"""Frames up to this long side are previews: speed counts more than the last bit of sharpness."""
_SKY = {"reach": 0.07, "shortest": 1.6}
_WATER = {"reach": 0.03, "shortest": 1.2}


class MovingMasks(Protocol):
    """What the compositor needs of :class:`landscape.masking.Masks`."""

    @property
    def sky(self) -> Array:
        """(H, W) in [0, 1]."""

    @property
    def water(self) -> Array:
        """(H, W) in [0, 1]."""

    @property
    def freeze(self) -> Array:
        """(H, W) in [0, 1]."""

    @property
    def horizon(self) -> float:
        """Fraction of the height."""


class Compositor:
    """Makes full-size frames of one scene.

    Everything costly happens once here; :meth:`frame` holds no state and may be called for any time in any order.

    Attributes:
        mean_photo_weight: Mean weight of the photo's carried colours in the moving parts, 0 (the generator's colours
            alone) to 1; shrinks as the generator's reconstruction gets better.
    """

    def __init__(
        self,
        photo: Pixels,
        masks: MovingMasks,
        reconstruction: Array | Tensor,
        motion: MotionSettings,
        *,
        loop_seconds: float | None = None,
        generator_only: bool = False,
        upscale: Upscale | None = None,
    ) -> None:
        """Prepare the scene.

        Args:
            photo: (H, W, 3) uint8 RGB at the size of the frames.
            masks: Masks of the same size.
            reconstruction: (3, R, R) float32 in [-1, 1], the generator's frame at time 0 in the photo's light.
            motion: Direction, speed and amounts.
            loop_seconds: Period of a loop, or None.
            generator_only: Show what the generator draws and nothing of the photo.
            upscale: Enlarges generator frames before they are resized, or None.
        """
        self._photo = np.ascontiguousarray(photo)
        self._upscale = upscale
        self._generator_only = generator_only
        first = self._colours(reconstruction)
        height, width = photo.shape[:2]
        target = int(np.clip(2 * first.shape[0], *_GRID_RANGE))
        self._grid = Grid(height, width, max(1, round(max(height, width) / target)))
        self._interpolation = cv2.INTER_LINEAR if max(height, width) <= _PREVIEW else cv2.INTER_CUBIC
        self._regions = [] if generator_only else self._make_regions(masks, first, motion, loop_seconds)
        moving = sum((region.alpha for region in self._regions), np.zeros_like(masks.sky))
        self._light = StaticLight(
            self._grid.down(self._photo), self._grid.down(np.clip(1 - moving, 0, 1)), self._grid.square(first)
        )
        shares = [self._grid.down(region.alpha) for region in self._regions]
        total = float(sum(share.sum() for share in shares))
        weights = sum(float((share * r.photo_weight).sum()) for share, r in zip(shares, self._regions, strict=True))
        self.mean_photo_weight = weights / total if total > 0 else 0.0

    def frame(self, generated: Array | Tensor, seconds: float, light_change: bool = False) -> Pixels:
        """Composite one frame.

        Args:
            generated: (3, R, R) float32 in [-1, 1], the generator's frame.
            seconds: Time of the frame; in a loop any two times a period apart give the same frame.
            light_change: Whether the generator's frame has another light than the photo; without it static pixels are
                the photo's, byte for byte.

        Returns:
            (H, W, 3) uint8 RGB.
        """
        colours = self._colours(generated)
        if self._generator_only:
            return _to_bytes(self._grid.up(self._grid.square(colours)))
        result = self._photo.copy()
        if light_change:
            self._relight(result, *self._light.fit(self._grid.square(colours)))
        for region in self._regions:
            self._composite(result, region, region.layers(colours, seconds, light_change))
        return result

    def _colours(self, frame: Array | Tensor) -> Array:
        array = np.asarray(frame.detach().cpu() if isinstance(frame, Tensor) else frame, np.float32)
        if self._upscale is not None:
            array = np.asarray(self._upscale(array), np.float32)
        return np.ascontiguousarray((np.clip(array, -1, 1).transpose(1, 2, 0) + 1) * 127.5)

    def _make_regions(
        self, masks: MovingMasks, first: Array, motion: MotionSettings, loop_seconds: float | None
    ) -> list[Region]:
        size = (self._grid.height, self._grid.width)
        both = np.maximum(masks.sky + masks.water, 1)
        regions = []
        for mask, limits in ((masks.sky, _SKY), (masks.water, _WATER)):
            alpha = np.asarray((1 - masks.freeze) * mask / both, np.float32)
            clock = make_clock(motion, masks.horizon, self._grid.down(alpha), size, loop_seconds=loop_seconds, **limits)
            region = make_region(self._photo, alpha, first, self._grid, clock)
            if region is not None:
                regions.append(region)
        return regions

    def _strips(self, top: int, bottom: int) -> list[tuple[int, int]]:
        step = max(1, _STRIP // self._grid.scale)
        return [(row, min(row + step, bottom)) for row in range(top, bottom, step)]

    def _relight(self, frame: Pixels, gain: Array, offset: Array) -> None:
        for top, bottom in self._strips(0, self._grid.rows):
            window = (top, bottom, 0, self._grid.columns)
            rows = slice(top * self._grid.scale, bottom * self._grid.scale)
            lit = cv2.multiply(self._grid.up(gain, window), self._photo[rows], dtype=cv2.CV_32F)
            frame[rows] = cv2.add(lit, self._grid.up(offset, window), dtype=cv2.CV_8U)

    def _composite(self, frame: Pixels, region: Region, layers: Layers) -> None:
        """Lay a region over the frame; the frame's own pixels there are kept by what the mask leaves of them."""
        grid, origin = self._grid, layers.origin
        base = layers.base - 128 * layers.contrast
        top, bottom, left, right = region.window
        for first, last in self._strips(top, bottom):
            window = (first, last, left, right)
            rows = slice(first * grid.scale, last * grid.scale)
            columns = slice(left * grid.scale, right * grid.scale)
            detail = _carry(region.detail, layers, grid, window, self._interpolation)
            detail = cv2.multiply(grid.up(layers.contrast, window, origin), detail, dtype=cv2.CV_32F)
            pixels = cv2.add(detail, grid.up(base, window, origin), dtype=cv2.CV_8U)
            share = np.ascontiguousarray(region.alpha[rows, columns])
            below = np.ascontiguousarray(frame[rows, columns])
            frame[rows, columns] = cv2.blendLinear(pixels, below, share, 1 - share)


def _carry(detail: Pixels, layers: Layers, grid: Grid, window: tuple[int, int, int, int], interpolation: int) -> Array:
    a, b = layers.phases
    weight = np.ascontiguousarray(grid.up(a.weight, window, layers.origin))
    height, width = weight.shape
    x = np.arange(window[2] * grid.scale, window[2] * grid.scale + width, dtype=np.float32)[None, :]
    y = np.arange(window[0] * grid.scale, window[0] * grid.scale + height, dtype=np.float32)[:, None]
    sampled = []
    for phase in (a, b):
        dx, dy = cv2.split(grid.up(phase.offset, window, layers.origin))
        sampled.append(cv2.remap(detail, dx + x, dy + y, interpolation, borderMode=cv2.BORDER_REFLECT))
    return cv2.blendLinear(sampled[0], sampled[1], weight, 1 - weight)


def _to_bytes(pixels: Array) -> Pixels:
    return np.clip(np.rint(pixels), 0, 255).astype(np.uint8)
