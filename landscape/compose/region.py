"""A moving region (the sky or the water) of a photo without its motion: what is carried, and how far it is trusted."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import cv2
import numpy as np
import numpy.typing as npt

from landscape.compose.separation import (
    fill_colours,
    pure_generator_pixels,
    pure_pixels,
    reflection,
)
from landscape.images.filters import blur, fill, look_up, masked_blur, smoothstep
from landscape.images.grid import Grid, GridWindow
from landscape.images.pixels import Array

STILL_BLUR = 0.12
"""Colours smoother than this fraction of the long side stay in place: the gradient of the sky, the glow of the sun."""
_ERROR_RANGE = (0.008, 0.05)
"""Mean reconstruction error, of colours in [0, 1], where the photo's begin to show and where they show alone."""
_DETAIL_RANGE = (1.0, 6.0)
"""Local contrast of the detail, 0 to 255: from here on it needs the photo's own colours beneath it."""
_RANGE = (1.8, 6.0)
"""The generator's colours go at most so many standard deviations of the photo's, and so much more, from smooth ones:
it may draw a rock into the water where the photo shows none."""
_OTHER = 0.02
"""Share of the region under which a pixel's colour is that of what is not the region."""
_BESIDE = 0.03
"""How far beside water there is room for what runs up a beach, as a fraction of the long side."""
_LEAST_SPREAD = 6.0
"""Least deviation of a region's luminance, 0 to 255, that counts as one of clouds."""
_MEAN = np.array([[1 / 3, 1 / 3, 1 / 3, 0]], np.float32)
"""Takes the mean of the colours."""


@dataclass(frozen=True)
class Region:
    """A moving region without its motion, prepared once.

    Attributes:
        grid: Grid of the smooth parts, over the picture that was analysed.
        window: The part of the grid that holds the region.
        other: (h, w, 3) colours of what is not the region, continued smoothly into it, 0 to 255.
        source: (H, W, 2) where the analysed picture's detail comes from beyond the region, dx, dy in its pixels.
        detail: (H, W) the detail's luminance in the analysed picture.
        base: (h, w, 3) the colours at time 0.
        carried: (h, w, 4) what is carried on the grid: the photo's colours, 0 to 255, minus ``still``, and the weight
            of these colours against the generator's.
        still: (h, w, 3) the photo's colours that stay in place.
        inside: (R, R) generator pixels that belong to the region alone.
        smooth: (R, R, 3) the smooth part of the generator's picture of the photo, without static objects.
        trust: (R, R, 3, 3) factors on the colours by which the generator's frames differ from ``smooth``.
        range: (R, R, 1) how far these colours go at most, 0 to 255.
        prominence: (h, w) factors that turn carried luminance into how much of a cloud it is, about -1 to 1.
    """

    grid: Grid
    window: GridWindow
    other: Array = field(repr=False)
    source: Array = field(repr=False)
    detail: Array = field(repr=False)
    base: Array = field(repr=False)
    carried: Array = field(repr=False)
    still: Array = field(repr=False)
    inside: Array = field(repr=False)
    smooth: Array = field(repr=False)
    trust: Array = field(repr=False)
    range: Array = field(repr=False)
    prominence: Array = field(repr=False)

    def change(self, generated: Array, before: Array) -> Array:
        """How the region's colours change where the generator draws other ones than before, (R, R, 3).

        Args:
            generated: (R, R, 3) what the generator draws of the region, 0 to 255, continued beyond it.
            before: (R, R, 3) its smooth part.
        """
        return _limited(apply_trust(self.trust, generated - before), self.range)

    @property
    def photo_weight(self) -> Array:
        """Weight of the photo's colours at time 0, (h, w)."""
        return self.carried[..., 3]


def make_region(
    photo: npt.NDArray[np.uint8],
    alpha: Array,
    reconstruction: Array,
    grid: Grid,
    *,
    photo_alone: bool = False,
) -> Region | None:
    """Prepare a moving region.

    Args:
        photo: (H, W, 3) uint8.
        alpha: (H, W) share of the region in each pixel, in [0, 1].
        reconstruction: (R, R, 3) the generator's picture of the photo, 0 to 255.
        grid: Grid over the photo.
        photo_alone: Take no colours from the generator but those of the light.

    Returns:
        The region, or None where the region is empty.
    """
    seen = grid.down(alpha) > 0
    if photo_alone:
        reach = 2 * math.ceil(_BESIDE * max(grid.rows, grid.columns)) + 1
        seen = cv2.dilate(seen.astype(np.uint8), np.ones((reach, reach), np.uint8)) > 0
    rows, columns = (np.flatnonzero(seen.max(axis=axis)) for axis in (1, 0))
    valid = pure_pixels(alpha, water=photo_alone)
    if valid is None:
        return None
    pixels, known = fill_colours(photo, valid, grid)
    long_side, resolution = max(grid.rows, grid.columns), reconstruction.shape[0]
    colours = blur(pixels, 0.55 * grid.columns / resolution)
    still = blur(colours, STILL_BLUR * long_side)

    inside = pure_generator_pixels(valid, alpha, resolution)
    filled = fill(reconstruction, inside)
    smooth = blur(filled, STILL_BLUR * resolution)
    trust, share_drawn = _trust(colours - still, grid.square(filled - smooth), known)
    size = (resolution, resolution)
    trust = np.stack(
        [cv2.resize(np.ascontiguousarray(trust[..., row, :]), size, interpolation=cv2.INTER_AREA) for row in range(3)],
        axis=2,
    )
    varied = masked_blur(((colours - still) ** 2).sum(axis=2, keepdims=True), known, STILL_BLUR * long_side)
    varied = cv2.resize(np.sqrt(np.maximum(varied, 0)), size, interpolation=cv2.INTER_AREA)
    limit = _RANGE[0] * varied[..., None] + _RANGE[1]
    drawn = still + grid.square(_limited(apply_trust(trust, filled - smooth), limit))
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
        other=fill_colours(photo, alpha < _OTHER, grid)[0],
        source=source,
        detail=_sample(detail, source),
        base=base,
        carried=carried,
        still=still,
        inside=inside,
        smooth=smooth,
        trust=trust,
        range=limit,
        prominence=_prominence(carried_light(carried)),
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
    sigma = STILL_BLUR * max(known.shape)
    signal, noise = (
        masked_blur((image[..., :, None] * image[..., None, :]).reshape(*known.shape, 9), known, sigma)
        .reshape(*known.shape, 3, 3)
        .astype(np.float64)
        for image in (photo, drawn - photo)
    )
    trust = signal @ np.linalg.inv(signal + noise + np.eye(3))
    passed = np.trace(trust @ signal, axis1=2, axis2=3) / (np.trace(signal, axis1=2, axis2=3) + 1)
    return trust.astype(np.float32), np.clip(passed, 0, 1).astype(np.float32)


def _limited(colours: Array, limit: Array) -> Array:
    """Colours (h, w, 3) around 0, hardly changed while they are small, and never longer than the limit (h, w, 1)."""
    square = np.einsum("hwc,hwc->hw", colours, colours)[..., None]
    return np.asarray(colours / np.sqrt(np.sqrt(1 + (square / limit**2) ** 2)), np.float32)


def apply_trust(matrices: Array, colours: Array) -> Array:
    """Multiply colours (h, w, 3) by matrices (h, w, 3, 3)."""
    return np.asarray(sum(matrices[..., channel] * colours[..., channel, None] for channel in range(3)), np.float32)


def carried_light(carried: Array) -> Array:
    """Mean of the colours of three channels or, of what is carried, of four, (h, w).

    NumPy takes ten times as long for so few channels.
    """
    return cv2.transform(carried, _MEAN)


def _sample(image: Array, offset: Array) -> Array:
    """Sample an image at offsets (H, W, 2) from its pixels."""
    rows, columns = offset.shape[:2]
    x = np.arange(columns, dtype=np.float32)[None, :] + offset[..., 0]
    y = np.arange(rows, dtype=np.float32)[:, None] + offset[..., 1]
    return look_up(image, x, y)


def _prominence(light: Array) -> Array:
    """Factors (h, w) that turn carried luminance (h, w) into how much of a cloud it is.

    Clouds are what is rarer nearby: bright on a clear sky, dark before a sunset.
    """
    powers = blur(np.stack([light, light**2, light**3], axis=2), STILL_BLUR * max(light.shape))
    mean, square, cube = powers[..., 0], powers[..., 1], powers[..., 2]
    spread = np.maximum(np.sqrt(np.maximum(square - mean**2, 0)), _LEAST_SPREAD)
    skewness = (cube - 3 * mean * square + 2 * mean**3) / spread**3
    return np.asarray(np.clip(2 * skewness, -1, 1) / (2 * spread), np.float32)
