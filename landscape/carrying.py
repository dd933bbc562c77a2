"""A moving region (the sky or the water) of a photo, carried along the motion without anything that stands still."""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np
import numpy.typing as npt

from landscape.phases import Clock, Phase
from landscape.relighting import change_light
from landscape.ripples import Ripples
from landscape.sampling import Array, Grid, Window, blur, fill, masked_blur, smoothstep, with_ring
from landscape.separation import (
    Border,
    fill_colours,
    find_border,
    pure_generator_pixels,
    pure_pixels,
    reflection,
)

_STILL_BLUR = 0.12
"""Colours smoother than this fraction of the long side stay in place: the gradient of the sky, the glow of the sun."""
_ERROR_RANGE = (0.008, 0.05)
"""Mean reconstruction error, of colours in [0, 1], where the photo's begin to show and where they show alone."""
_DETAIL_RANGE = (1.0, 6.0)
"""Local contrast of the detail, 0 to 255: from here on it needs the photo's own colours beneath it."""
_KEY = 2.0
"""How far clouds and what is between them change phase at different times; 0 fades everything alike."""
_LEAST_SPREAD = 6.0
"""Least deviation of a region's luminance, 0 to 255, that counts as one of clouds."""
_SPARSE = 2
_MEAN = np.array([[1 / 3, 1 / 3, 1 / 3, 0]], np.float32)
MIDDLE = 128.0
"""Stored detail of this value is none."""


@dataclass(frozen=True)
class Layers:
    """What a region looks like at a time, on the grid's window and a ring of one grid pixel around it.

    The region's pixels are ``base + contrast * (weighted mean of the phases' detail - 128)``.

    Attributes:
        base: (h, w, 3) colours, 0 to 255.
        contrast: (h, w, 3) factor on the detail.
        phases: Offsets and weights of the one or two phases.
    """

    base: Array
    contrast: Array
    phases: tuple[Phase, ...]


@dataclass(frozen=True)
class Region:
    """A moving region without its motion, prepared once.

    Attributes:
        grid: Grid of the smooth parts, over the picture that was analysed.
        window: The part of the grid that holds the region.
        border: Colours on both sides of the region's edge.
        source: (H, W, 2) where the analysed picture's detail comes from beyond the region, dx, dy in its pixels.
        detail: (H, W) the detail's luminance in the analysed picture.
        base: (h, w, 3) the colours at time 0.
        carried: (h, w, 4) what is carried on the grid: the photo's colours, 0 to 255, minus ``still``, and the weight
            of these colours against the generator's.
        still: (h, w, 3) the photo's colours that stay in place.
        inside: (R, R) generator pixels that belong to the region alone.
        smooth: (R, R, 3) the smooth part of the generator's picture of the photo, without static objects.
        trust: (R, R, 3, 3) factors on the colours by which the generator's frames differ from ``smooth``.
        prominence: (h, w) factors that turn carried luminance into how much of a cloud it is, about -1 to 1.
    """

    grid: Grid
    window: Window
    border: Border = field(repr=False)
    source: Array = field(repr=False)
    detail: Array = field(repr=False)
    base: Array = field(repr=False)
    carried: Array = field(repr=False)
    still: Array = field(repr=False)
    inside: Array = field(repr=False)
    smooth: Array = field(repr=False)
    trust: Array = field(repr=False)
    prominence: Array = field(repr=False)

    @property
    def photo_weight(self) -> Array:
        """Weight of the photo's colours at time 0, (h, w)."""
        return self.carried[..., 3]


class MovingRegion:
    """A region under one motion."""

    def __init__(self, region: Region, clock: Clock | Ripples, scale: int) -> None:
        """Prepare the motion.

        Args:
            region: The region.
            clock: Phases of its motion, in photo pixels.
            scale: Photo pixels per grid pixel.
        """
        self.region = region
        self._clock = clock
        self._scale = scale
        grid = region.grid
        self._prominence = with_ring(region.prominence, region.window)
        self._likeness = _likeness(region, clock, scale)
        self._part = with_ring(self._likeness, region.window)
        self._still = with_ring(region.still, region.window)
        self._before = with_ring(grid.square(region.smooth), region.window)
        y, x = np.mgrid[: grid.rows, : grid.columns].astype(np.float32)
        self._place = with_ring(np.dstack([x, y]), region.window)

    def layers(self, generated: Array, seconds: float, light_change: bool) -> Layers:
        """The region at a time.

        Args:
            generated: (R, R, 3) generator frame, 0 to 255.
            seconds: Time of the frame.
            light_change: Whether the frame's light differs from the photo's.

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
        filled, before = fill(generated, region.inside), region.smooth
        if light_change:
            before = blur(filled, _STILL_BLUR * filled.shape[0])
            after = with_ring(grid.square(before), region.window)
            lit, still = (change_light(colours, self._before, after) for colours in (carried, still))
            contrast = contrast * np.clip((lit + 4) / (np.clip(carried, 0, 255) + 4), 0, 1.5)
            carried = lit
        change = with_ring(grid.square(_apply(region.trust, filled - before)), region.window)
        drawn = still + change
        return Layers(drawn + moved[..., 3:] * (carried - drawn), contrast, phases)

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
        first, second = (np.clip(_light(picture) * self._prominence, -1, 1) for picture in sampled)
        lead = np.exp(_KEY * (first - second)) * phases[0].weight
        weight = np.asarray(lead / (lead + 1 - phases[0].weight), np.float32)
        blend = cv2.blendLinear(sampled[0], sampled[1], weight, 1 - weight)
        return (Phase(phases[0].offset, weight), Phase(phases[1].offset, 1 - weight)), blend


def make_region(
    photo: npt.NDArray[np.uint8], mask: Array, reconstruction: Array, grid: Grid, *, photo_alone: bool = False
) -> Region | None:
    """Prepare a moving region.

    Args:
        photo: (H, W, 3) uint8.
        mask: (H, W) share of the region in each pixel, in [0, 1].
        reconstruction: (R, R, 3) the generator's picture of the photo, 0 to 255.
        grid: Grid over the photo.
        photo_alone: Take no colours from the generator but those of the light.

    Returns:
        The region, or None where the mask is empty.
    """
    rows, columns = (np.flatnonzero(grid.down(mask).max(axis=axis) > 0) for axis in (1, 0))
    border = find_border(photo, mask, grid)
    alpha = border.matte(photo, mask, grid, grid.whole)
    valid = pure_pixels(alpha)
    if valid is None:
        return None
    pixels, known = fill_colours(photo, valid, grid)
    long_side, resolution = max(grid.rows, grid.columns), reconstruction.shape[0]
    colours = blur(pixels, 0.55 * grid.columns / resolution)
    still = blur(colours, _STILL_BLUR * long_side)

    inside = pure_generator_pixels(valid, alpha, resolution)
    filled = fill(reconstruction, inside)
    smooth = blur(filled, _STILL_BLUR * resolution)
    trust, share_drawn = _trust(colours - still, grid.square(filled - smooth), known)
    size = (resolution, resolution)
    trust = np.stack(
        [cv2.resize(np.ascontiguousarray(trust[..., row, :]), size, interpolation=cv2.INTER_AREA) for row in range(3)],
        axis=2,
    )
    drawn = still + grid.square(_apply(trust, filled - smooth))
    if photo_alone:
        photo_weight = np.ones_like(known)
    else:
        error = masked_blur(np.abs(drawn - colours).mean(axis=2, keepdims=True) / 255, known, long_side / 32)
        fine = ((photo - grid.up(colours)) ** 2).mean(axis=2)
        energy = masked_blur(grid.down(fine * valid)[..., None], known, long_side / 24)
        detailed = smoothstep(np.sqrt(np.maximum(energy[..., 0], 0)), *_DETAIL_RANGE)
        photo_weight = np.maximum(smoothstep(error[..., 0], *_ERROR_RANGE), detailed)
        photo_weight = np.maximum(photo_weight, 1 - share_drawn**2)
    base = drawn + photo_weight[..., None] * (colours - drawn)
    source = reflection(valid)
    detail = np.asarray((photo - grid.up(base)).mean(axis=2), np.float32)
    carried = np.dstack([colours - still, photo_weight]).astype(np.float32)
    return Region(
        grid=grid,
        window=(int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1),
        border=border,
        source=source,
        detail=_sample(detail, source),
        base=base,
        carried=carried,
        still=still,
        inside=inside,
        smooth=smooth,
        trust=trust,
        prominence=_prominence(_light(carried)),
    )


def _trust(photo: Array, drawn: Array, known: Array) -> tuple[Array, Array]:
    """How far the generator's colours can be trusted: a Wiener filter measured on its picture of the photo.

    Along directions of colour in which the photo varies more than the generator errs (white clouds on blue) changes
    pass, along others (odd tints in a clear sky) they are held back.

    Args:
        photo: (h, w, 3) the photo's colours minus their smooth part.
        drawn: (h, w, 3) the same of the generator's picture.
        known: (h, w) pixels to measure.

    Returns:
        (h, w, 3, 3) matrices, and the (h, w) share of the photo's variation that they let pass.
    """
    sigma = _STILL_BLUR * max(known.shape)
    signal, noise = (
        masked_blur((image[..., :, None] * image[..., None, :]).reshape(*known.shape, 9), known, sigma)
        .reshape(*known.shape, 3, 3)
        .astype(np.float64)
        for image in (photo, drawn - photo)
    )
    trust = signal @ np.linalg.inv(signal + noise + np.eye(3))
    passed = np.trace(trust @ signal, axis1=2, axis2=3) / (np.trace(signal, axis1=2, axis2=3) + 1)
    return trust.astype(np.float32), np.clip(passed, 0, 1).astype(np.float32)


def _apply(matrices: Array, colours: Array) -> Array:
    return np.asarray(sum(matrices[..., channel] * colours[..., channel, None] for channel in range(3)), np.float32)


def _light(carried: Array) -> Array:
    """Mean of the colours of what is carried, (h, w); NumPy takes ten times as long for so few channels."""
    return cv2.transform(carried, _MEAN)


def _sample(image: Array, offset: Array) -> Array:
    """Sample an image at offsets (H, W, 2) from its pixels."""
    rows, columns = offset.shape[:2]
    x = np.arange(columns, dtype=np.float32)[None, :] + offset[..., 0]
    y = np.arange(rows, dtype=np.float32)[:, None] + offset[..., 1]
    return _look_up(image, x, y)


def _look_up(image: Array, x: Array, y: Array) -> Array:
    return cv2.remap(image, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)


def _contrast(phases: tuple[Phase, ...], likeness: Array) -> Array:
    """Factor that gives the blend of two phases the contrast of each of them, (h, w, 1)."""
    if len(phases) == 1:
        return np.ones((*likeness.shape, 1), np.float32)
    a, b = phases[0].weight, phases[1].weight
    return np.asarray(1 / np.sqrt(a * a + b * b + 2 * likeness * a * b), np.float32)[..., None]


def _prominence(light: Array) -> Array:
    """Factors (h, w) that turn carried luminance (h, w) into how much of a cloud it is.

    Clouds are what is rarer nearby: bright on a clear sky, dark before a sunset.
    """
    powers = blur(np.stack([light, light**2, light**3], axis=2), _STILL_BLUR * max(light.shape))
    mean, square, cube = powers[..., 0], powers[..., 1], powers[..., 2]
    spread = np.maximum(np.sqrt(np.maximum(square - mean**2, 0)), _LEAST_SPREAD)
    skewness = (cube - 3 * mean * square + 2 * mean**3) / spread**3
    return np.asarray(np.clip(2 * skewness, -1, 1) / (2 * spread), np.float32)


def _likeness(region: Region, clock: Clock | Ripples, scale: int) -> Array:
    """Correlation of the pictures in the middle between two phases, where they weigh the same: colours, detail.

    It varies slowly, so every second grid pixel tells it, and one pixel of detail for each of these.
    """
    grid = region.grid
    if clock.period is None:
        return np.ones((grid.rows, grid.columns, 2), np.float32)
    pair = [clock.still(part, grid.rows, grid.columns)[::_SPARSE, ::_SPARSE] / scale for part in (0.25, 0.75)]
    light = _light(region.carried)
    y, x = np.mgrid[: grid.rows : _SPARSE, : grid.columns : _SPARSE].astype(np.float32)
    likeness = []
    for image, size in ((light, 1), (region.detail, grid.scale)):
        a, b = (_look_up(image, size * (x + dx), size * (y + dy)) for dx, dy in (cv2.split(offset) for offset in pair))
        likeness.append(_correlation(a, b))
    return cv2.resize(np.dstack(likeness), (grid.columns, grid.rows), interpolation=cv2.INTER_LINEAR)


def _correlation(a: Array, b: Array) -> Array:
    smooth = blur(np.dstack([a * b, a * a, b * b]), max(a.shape) / 16) + 1e-3
    return np.asarray(np.clip(smooth[..., 0] / np.sqrt(smooth[..., 1] * smooth[..., 2]), 0, 1), np.float32)
