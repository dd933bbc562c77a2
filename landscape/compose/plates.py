"""The full-size pictures that frames are composed of, cut from the photo once.

A photo's pixel at a region's edge is a mixture of what moves and what stands still. Both are taken apart here, so that
the moving part may change without leaving the old sky's colours along a ridge. Work goes in strips: temporaries stay
small at any size. Pictures have four channels, which OpenCV samples three times as fast as three.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np
import numpy.typing as npt

from landscape.compose.carried import MIDDLE
from landscape.compose.region import Region
from landscape.images.filters import fill, smoothstep
from landscape.images.grid import Grid, GridWindow, with_ring
from landscape.images.pixels import Array, Pixels
from landscape.masks.luminaries import Luminaries
from landscape.masks.twigs import around_twigs

STRIP = 128
"""Rows worked on at once: temporaries stay in the processor's cache."""
_UNSURE = (0.7, 0.95)
"""Where the region's share goes from and to when what lies behind it can no longer be told from the pixel."""
_LEAST = 0.02
"""Smaller shares of a region are the mask's uncertainty."""
_UNEXPLAINED = (10.0, 30.0)
"""Errors of colours, 0 to 255, from which a pixel is no mixture of what moves and what stands still."""
_OWN = (0.85, 0.97)
"""Share of mask and matte from which a pixel begins to be, and is, the region's own whatever it looks like."""
_BLURRED = 0.004
"""Edges are blurred over so much at most, as a fraction of the long side: farther off, what is between the colours of
both sides is a thing of that colour."""
_OVERSHOT = 1.6
"""How far halos go, as a ratio to the difference of both sides' colours."""
_CONTRAST = 100.0
"""Such errors are larger where both sides differ by more than this, 0 to 255: halos have odd tints."""
_SPREAD = 8.0
"""Colours behind a region may leave the range of the pixel's and the other side's colour by so much."""


@dataclass(frozen=True)
class Plate:
    """A region's full-size pictures, in its window.

    Attributes:
        alpha: (H', W') share of the region.
        detail: (H', W', 4) the photo minus the region's smooth colours, plus 128, continued beyond the region.
        luminaries: What shines in the region and stays in place, in its window; or None.
    """

    alpha: Pixels = field(repr=False)
    detail: Pixels = field(repr=False)
    luminaries: Luminaries | None = None


def cut_plate(
    static: Pixels,
    photo: Pixels,
    mask: Array,
    hidden: Array | None,
    above: Array | None,
    luminaries: Luminaries | None,
    region: Region,
    grid: Grid,
) -> Plate:
    """Cut a region out of a photo.

    Args:
        static: (H, W, 4) what lies behind the regions that were cut before; what lies behind this one is taken from
            it and laid back into it.
        photo: (H, W, 3), without what shines in the region and stays in place.
        mask: (H, W) share of the region, in [0, 1].
        hidden: (H, W) how much of it is behind something that the mask overlooks, in [0, 1]; or None.
        above: (H, W) share, in [0, 1], of regions that will be laid over this one; or None.
        luminaries: What shines in the region, at the photo's size; or None.
        region: The region.
        grid: Grid over the full-size photo.
    """
    rows, columns = grid.pixels(region.window)
    shape = (rows.stop - rows.start, columns.stop - columns.start)
    alpha, own, raw = np.empty(shape, np.uint8), np.empty(shape, np.uint8), np.empty((*shape, 4), np.uint8)
    detail = np.empty_like(raw)
    strips = grid.strips(region.window, STRIP)
    for window in strips:
        here, inside = grid.pixels(window), _inside(grid, window, region)
        share = mask[here] if above is None else np.minimum(mask[here] / np.maximum(1 - above[here], 1e-3), 1)
        matte = region.border.matte(photo[here], np.asarray(share, np.float32), grid, window)
        if hidden is not None:
            matte = matte * (1 - hidden[here])
        alpha[inside] = np.rint(matte * 255) * (matte > _LEAST)
        own[inside] = np.rint(255 * smoothstep(np.minimum(matte, share), *_OWN))
        base = grid.enlarge(with_ring(region.base, window), window)
        raw[inside] = cv2.cvtColor(
            np.clip(np.rint(photo[here] - base + MIDDLE), 0, 255).astype(np.uint8), cv2.COLOR_RGB2RGBA
        )
    if hidden is not None:
        _fill_gaps(raw, around_twigs(hidden)[rows, columns], own > 127)
    if luminaries is not None:
        luminaries = Luminaries(luminaries.glow[rows, columns], luminaries.night)
    reach = 2 * max(1, round(_BLURRED * max(photo.shape))) + 1
    near = cv2.dilate(own, np.ones((reach, reach), np.uint8)) > 127
    for window in strips:
        inside = _inside(grid, window, region)
        detail[inside] = _continue(raw, region, grid, window)
        glow = None if luminaries is None else luminaries.glow[inside]
        _take_out(static, alpha[inside], own[inside], near[inside], detail[inside], glow, region, grid, window)
    return Plate(alpha, detail, luminaries)


def _fill_gaps(raw: Pixels, gaps: npt.NDArray[np.bool_], own: npt.NDArray[np.bool_]) -> None:
    """Continue the sky's detail over twigs and between them, where none is pure; not from the ground beneath them."""
    for top in np.unique(np.flatnonzero(gaps.any(axis=1)) // STRIP) * STRIP:
        here, around = slice(top, top + STRIP), slice(max(0, top - STRIP), top + 2 * STRIP)
        known = own[around] & ~gaps[around]
        if known.any():
            filled = fill(raw[around].astype(np.float32), known.astype(np.float32))
            raw[here][gaps[here]] = np.rint(filled[top - around.start :][:STRIP][gaps[here]])


def _inside(grid: Grid, window: GridWindow, region: Region) -> tuple[slice, slice]:
    """A window's pixels in a picture that begins where the region's window does."""
    (rows, columns), (first_row, first_column) = grid.pixels(window), (grid.scale * region.window[i] for i in (0, 2))
    return (
        slice(rows.start - first_row, rows.stop - first_row),
        slice(columns.start - first_column, columns.stop - first_column),
    )


def _continue(raw: Pixels, region: Region, grid: Grid, window: GridWindow) -> Pixels:
    rows, columns = _inside(grid, window, region)
    step = grid.scale // region.grid.scale
    top, left = rows.start + region.window[0] * grid.scale, columns.start + region.window[2] * grid.scale
    y = np.arange(top, top + rows.stop - rows.start, dtype=np.float32)[:, None]
    x = np.arange(left, left + columns.stop - columns.start, dtype=np.float32)[None, :]
    shape = (y.shape[0], x.shape[1])
    from_x, from_y = (np.broadcast_to((place + 0.5) / step - 0.5, shape).astype(np.float32) for place in (x, y))
    offset = cv2.remap(region.source, from_x, from_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE) * step
    if not offset.any():
        return raw[rows, columns]
    x = x - region.window[2] * grid.scale + offset[..., 0]
    y = y - region.window[0] * grid.scale + offset[..., 1]
    return np.asarray(cv2.remap(raw, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT), np.uint8)


def _take_out(
    static: Pixels,
    alpha: Pixels,
    own: Pixels,
    near: npt.NDArray[np.bool_],
    detail: Pixels,
    glow: Pixels | None,
    region: Region,
    grid: Grid,
    window: GridWindow,
) -> None:
    """Replace mixed pixels by what stands still behind the region: pixel = alpha * region + (1 - alpha) * behind.

    Beside the region's own pixels a smaller share may explain a pixel better. What no share explains stands still.
    """
    here, mixed = grid.pixels(window), alpha > 0
    if not mixed.any():
        return
    behind = static[here]
    share = (alpha[mixed].astype(np.float32) / 255)[:, None]
    pixel = behind[mixed][:, :3].astype(np.float32)
    moving = grid.enlarge(with_ring(region.base, window), window)[mixed] + detail[mixed][:, :3] - MIDDLE
    if glow is not None:
        moving = np.minimum(moving + glow[mixed][:, :3], 255)
    other = grid.enlarge(with_ring(region.border.other, window), window)[mixed]
    found = _behind(pixel, moving, other, share)
    error = np.abs(share * moving + (1 - share) * found - pixel).max(axis=1, keepdims=True)
    # Near an edge the region's own look is a guess, which must not hold back pixels that surely are its own.
    doubt = smoothstep(error, *_UNEXPLAINED) * (1 - own[mixed].astype(np.float32) / 255)[:, None]
    smaller, asked = np.zeros_like(share), (doubt[:, 0] > 0) & near[mixed]
    smaller[asked] = np.minimum(share[asked], _share_between(pixel[asked], moving[asked], other[asked]))
    share = share + doubt * (smaller - share)
    alpha[mixed] = np.rint(share[:, 0] * 255)
    behind[mixed, :3] = np.clip(np.rint(_behind(pixel, moving, other, share)), 0, 255)


def _share_between(pixel: Array, moving: Array, other: Array) -> Array:
    """Share of the region in pixels (N, 3) that lie between the colours of both sides, (N, 1); 0 in all others.

    Sharpening draws a halo along an edge: colours beyond the region's are the region.
    """
    axis = moving - other
    share = ((pixel - other) * axis).sum(axis=1, keepdims=True) / np.maximum((axis**2).sum(axis=1, keepdims=True), 1)
    share = np.clip(share, 0, _OVERSHOT)
    error = np.abs(other + share * axis - pixel).max(axis=1, keepdims=True)
    scale = np.maximum(np.abs(axis).max(axis=1, keepdims=True) / _CONTRAST, 1)
    return np.asarray(np.minimum(share, 1) * (1 - smoothstep(error / scale, *_UNEXPLAINED)), np.float32)


def _behind(pixel: Array, moving: Array, other: Array, share: Array) -> Array:
    found = (pixel - share * moving) / np.maximum(1 - share, 0.05)
    found = np.clip(found, np.minimum(pixel, other) - _SPREAD, np.maximum(pixel, other) + _SPREAD)
    return np.asarray(found + smoothstep(share, *_UNSURE) * (other - found), np.float32)
