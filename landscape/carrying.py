"""A moving region (the sky or the water) of a photo, carried along the motion without anything that stands still."""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np
import numpy.typing as npt

from landscape.phases import Clock, Phase
from landscape.relighting import change_light
from landscape.sampling import Array, Grid, blur, fill, masked_blur, smoothstep
from landscape.separation import pure_generator_pixels, pure_pixels, reflect, strangers

_STILL_BLUR = 0.12
"""Colours smoother than this fraction of the long side stay in place: the gradient of the sky, the glow of the sun."""
_ERROR_RANGE = (0.008, 0.05)
"""Mean reconstruction error, of colours in [0, 1], where the photo's begin to show and where they show alone."""
_DETAIL_RANGE = (1.0, 6.0)
"""Local contrast of the detail, 0 to 255: from here on it needs the photo's own colours beneath it."""
_MIDDLE = 128.0


@dataclass(frozen=True)
class Layers:
    """What a region looks like at a time, on the grid.

    The region's pixels are ``base + contrast * (weighted sum of the phases' detail)``.

    Attributes:
        base: (h, w, 3) colours, 0 to 255.
        contrast: (h, w, 3) factor on the detail.
        phases: Offsets and weights of the two phases.
        origin: Grid row and column where the arrays begin.
    """

    base: Array
    contrast: Array
    phases: tuple[Phase, ...]
    origin: tuple[int, int]


@dataclass(frozen=True)
class Region:
    """A moving region, prepared once.

    Attributes:
        grid: Grid of the smooth parts.
        window: Grid rows and columns that hold the region: first, last + 1, first, last + 1.
        alpha: (H, W) share of the region in each pixel of the frame.
        detail: (H, W, 3) uint8, the photo minus the base at time 0, plus 128.
        carried: (h, w, 4) what is carried on the grid: the photo's colours, 0 to 255, minus ``still``, and the weight
            of these colours against the generator's.
        still: (h, w, 3) the photo's colours that stay in place.
        first_still: (h, w, 3) the smooth part of the generator's picture of the photo, without static objects.
        trust: (h, w, 3, 3) factors on the colours by which the generator's frames differ from ``first_still``.
        inside: (R, R) generator pixels that belong to the region alone.
        clock: Phases over time.
        likeness: (h, w, 2) correlation between the phases, of colours and of detail.
    """

    grid: Grid
    window: tuple[int, int, int, int]
    alpha: Array = field(repr=False)
    detail: npt.NDArray[np.uint8] = field(repr=False)
    carried: Array = field(repr=False)
    still: Array = field(repr=False)
    first_still: Array = field(repr=False)
    trust: Array = field(repr=False)
    inside: Array = field(repr=False)
    clock: Clock = field(repr=False)
    likeness: Array = field(repr=False)

    @property
    def photo_weight(self) -> Array:
        """Weight of the photo's colours at time 0, (h, w)."""
        return self.carried[..., 3]

    def layers(self, generated: Array, seconds: float, light_change: bool) -> Layers:
        """The region at a time.

        Args:
            generated: (R, R, 3) generator frame, 0 to 255.
            seconds: Time of the frame.
            light_change: Whether the frame's light differs from the photo's.

        Returns:
            The layers to composite.
        """
        top, bottom, left, right = self.window
        top, left = max(top - 1, 0), max(left - 1, 0)
        part = (slice(top, bottom + 1), slice(left, right + 1))
        phases = tuple(
            Phase(phase.offset[part], phase.weight[part])
            for phase in self.clock.at(seconds, self.grid.rows, self.grid.columns)
        )
        colours_now, detail_now = (_contrast(phases, self.likeness[part][..., index]) for index in (0, 1))
        sampled = [
            phase.weight[..., None] * _sample(self.carried, phase.offset / self.grid.scale, (top, left))
            for phase in phases
        ]
        moved = sampled[0] + sampled[1]
        carried = self.still[part] + colours_now * moved[..., :3]
        drawn = self.grid.square(fill(generated, self.inside))
        contrast, still, smooth = np.repeat(detail_now, 3, axis=2), self.still[part], self.first_still[part]
        if light_change:
            after = blur(drawn, _STILL_BLUR * max(self.grid.rows, self.grid.columns))[part]
            lit, still = (change_light(colours, smooth, after) for colours in (carried, still))
            contrast = contrast * np.clip((lit + 4) / (np.clip(carried, 0, 255) + 4), 0, 1.5)
            carried, smooth = lit, after
        drawn = still + _apply(self.trust[part], drawn[part] - smooth)
        return Layers(drawn + moved[..., 3:] * (carried - drawn), contrast, phases, (top, left))


def make_region(
    photo: npt.NDArray[np.uint8], alpha: Array, reconstruction: Array, grid: Grid, clock: Clock
) -> Region | None:
    """Prepare a moving region.

    Args:
        photo: (H, W, 3) uint8.
        alpha: (H, W) share of the region in each pixel, in [0, 1].
        reconstruction: (R, R, 3) the generator's picture of the photo, 0 to 255.
        grid: Grid over the photo.
        clock: Phases of the region's motion.

    Returns:
        The region, or None where the mask is empty.
    """
    valid = pure_pixels(alpha)
    if valid is None:
        return None
    strange = strangers(photo, alpha, valid, grid)
    valid &= cv2.dilate(strange.astype(np.uint8), np.ones((3, 3), np.uint8)) == 0
    alpha = alpha * (1 - cv2.GaussianBlur(strange.astype(np.float32), (0, 0), 0.8))
    share = grid.down(valid)
    known = (share > 0.3).astype(np.float32)
    pixels = grid.down(photo * valid[..., None]) / np.maximum(share, 1e-3)[..., None]
    colours = blur(fill(pixels, known), 0.55 * grid.columns / reconstruction.shape[1])
    still = blur(colours, _STILL_BLUR * max(grid.rows, grid.columns))

    inside = pure_generator_pixels(valid, alpha, reconstruction.shape[0])
    first = grid.square(fill(reconstruction, inside))
    first_still = blur(first, _STILL_BLUR * max(grid.rows, grid.columns))
    trust, share_drawn = _trust(colours - still, first - first_still, known)
    drawn = still + _apply(trust, first - first_still)
    error = masked_blur(np.abs(drawn - colours).mean(axis=2, keepdims=True) / 255, known, max(known.shape) / 32)
    fine = (photo - grid.up(colours)) ** 2
    energy = masked_blur(grid.down(fine.mean(axis=2) * valid)[..., None], known, max(known.shape) / 24)
    photo_weight = np.maximum(
        smoothstep(error[..., 0], *_ERROR_RANGE), smoothstep(np.sqrt(np.maximum(energy[..., 0], 0)), *_DETAIL_RANGE)
    )
    photo_weight = np.maximum(photo_weight, 1 - share_drawn**2)
    base = drawn + photo_weight[..., None] * (colours - drawn)
    difference = np.clip(np.rint(photo - grid.up(base)) + _MIDDLE, 0, 255).astype(np.uint8)
    detail = reflect(difference, valid)
    rows, columns = (np.flatnonzero(grid.down(alpha).max(axis=axis) > 0) for axis in (1, 0))
    return Region(
        grid=grid,
        window=(int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1),
        alpha=alpha,
        detail=detail,
        carried=np.dstack([colours - still, photo_weight]),
        still=still,
        first_still=first_still,
        trust=trust,
        inside=inside,
        clock=clock,
        likeness=_likeness(grid, clock, colours - still, detail),
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


def _sample(image: Array, offset: Array, origin: tuple[int, int] = (0, 0)) -> Array:
    """Sample an image at the offsets from the pixels of its part that begins at ``origin``."""
    rows, columns = offset.shape[:2]
    x = np.arange(origin[1], origin[1] + columns, dtype=np.float32)[None, :] + offset[..., 0]
    y = np.arange(origin[0], origin[0] + rows, dtype=np.float32)[:, None] + offset[..., 1]
    return cv2.remap(image, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)


def _contrast(phases: tuple[Phase, ...], likeness: Array) -> Array:
    """Factor that gives the blend of two phases the contrast of each of them, (h, w, 1)."""
    a, b = phases[0].weight, phases[1].weight
    return np.asarray(1 / np.sqrt(a * a + b * b + 2 * likeness * a * b), np.float32)[..., None]


def _likeness(grid: Grid, clock: Clock, moving: Array, detail: npt.NDArray[np.uint8]) -> Array:
    """Correlation of the pictures in the middle between two phases, where they weigh the same."""
    if clock.period is None:
        return np.ones((grid.rows, grid.columns, 2), np.float32)
    a, b = (clock.still(part, grid.rows, grid.columns) for part in (0.25, 0.75))
    colours = _correlation(
        _sample(moving, a / grid.scale).mean(axis=2), _sample(moving, b / grid.scale).mean(axis=2), grid
    )
    grey = cv2.cvtColor(detail, cv2.COLOR_RGB2GRAY).astype(np.float32) - _MIDDLE
    pair = [_sample(grey, grid.up(offset)) for offset in (a, b)]
    return np.stack([colours, _correlation(pair[0], pair[1], grid)], axis=2)


def _correlation(a: Array, b: Array, grid: Grid) -> Array:
    products = np.stack([a * b, a * a, b * b], axis=2)
    if a.shape != (grid.rows, grid.columns):
        products = grid.down(products)
    smooth = blur(products, max(grid.rows, grid.columns) / 16) + 1e-3
    return np.asarray(np.clip(smooth[..., 0] / np.sqrt(smooth[..., 1] * smooth[..., 2]), 0, 1), np.float32)
