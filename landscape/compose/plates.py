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
from landscape.compose.luminaries import Luminaries
from landscape.compose.region import Region
from landscape.images.filters import smoothstep
from landscape.images.grid import Grid, GridWindow, with_ring
from landscape.images.pixels import Array, Frame, Pixels

STRIP = 128
"""Rows worked on at once: temporaries stay in the processor's cache."""
_UNSURE = (0.7, 0.95)
"""Where the region's share goes from and to when what lies behind it can no longer be told from the pixel."""
_LEAST = 0.02
"""Smaller shares of a region are not worth carrying."""

_MOSTLY, _OWN = 0.5, 32
"""Share of water from which a pixel's own detail counts beside what is mirrored onto it, as something static may be
mixed into it; and how far, 0 to 255, it may be from that: so much of what stands still may be carried along."""
_OFF = 4.0
"""So far, 0 to 255, a mixed pixel may be from what the region and what lies behind it make of it."""
_SPREAD = 8.0
"""Colours behind a region may leave the range of the pixel's and the other side's colour by so much."""


@dataclass(frozen=True)
class Edges:
    """What mixed pixels show beside the region and what lies behind it: the photo's own look of the edges.

    Attributes:
        places: (n,) numbers of the photo's pixels, row by row.
        missing: (n, 3) int16 what is to be added, -255 to 255.
    """

    places: npt.NDArray[np.int32] = field(repr=False)
    missing: npt.NDArray[np.int16] = field(repr=False)

    def lay(self, frame: Frame, share: float, step: int = 1) -> None:
        """Add a share of what is missing to a frame (H, W, C), in steps of so many of its levels."""
        pixels = frame.reshape(-1, frame.shape[2])
        whole = pixels[self.places, :3] + np.rint(self.missing * np.float32(share * step))
        pixels[self.places, :3] = np.clip(whole, 0, 255 * step)


@dataclass(frozen=True)
class Plate:
    """A region's full-size pictures, in its window.

    Attributes:
        alpha: (H', W') share of the region.
        detail: (H', W', 4) the photo minus the region's smooth colours, plus 128, continued beyond the region.
        luminaries: What shines in the region and stays in place, in its window; or None.
        edges: What edges look like until the region has moved; nothing of water, whose own detail stays at its edges.
    """

    alpha: Pixels = field(repr=False)
    detail: Pixels = field(repr=False)
    edges: Edges
    luminaries: Luminaries | None = None


def cut_plate(
    static: Pixels,
    photo: Pixels,
    share: Array,
    above: Array | None,
    luminaries: Luminaries | None,
    region: Region,
    grid: Grid,
    water: bool = False,
) -> Plate:
    """Cut a region out of a photo.

    Args:
        static: (H, W, 4) what lies behind the regions that were cut before; what lies behind this one is taken from
            it and laid back into it.
        photo: (H, W, 3), without what shines in the region and stays in place.
        share: (H, W) share of the region, in [0, 1].
        above: (H, W) share, in [0, 1], of regions that will be laid over this one; or None.
        luminaries: What shines in the region, at the photo's size; or None.
        region: The region.
        grid: Grid over the full-size photo.
        water: Whether the region is water.
    """
    rows, columns = grid.pixels(region.window)
    shape = (rows.stop - rows.start, columns.stop - columns.start)
    alpha, raw = np.empty(shape, np.uint8), np.empty((*shape, 4), np.uint8)
    detail = np.empty_like(raw)
    strips = grid.strips(region.window, STRIP)
    for window in strips:
        here, inside = grid.pixels(window), _inside(grid, window, region)
        seen = share[here] if above is None else np.minimum(share[here] / np.maximum(1 - above[here], 1e-3), 1)
        alpha[inside] = np.rint(seen * 255) * (seen > _LEAST)
        base = grid.enlarge(with_ring(region.base, window), window)
        raw[inside] = cv2.cvtColor(
            np.clip(np.rint(photo[here] - base + MIDDLE), 0, 255).astype(np.uint8), cv2.COLOR_RGB2RGBA
        )
    if luminaries is not None:
        luminaries = Luminaries(luminaries.glow[rows, columns], luminaries.night)
    places, missing = [], []
    for window in strips:
        inside = _inside(grid, window, region)
        detail[inside] = _continue(raw, region, grid, window)
        if water:
            mirrored, mostly = detail[inside].astype(np.int16), alpha[inside] > 255 * _MOSTLY
            own = np.clip(raw[inside], np.maximum(mirrored - _OWN, 0), np.minimum(mirrored + _OWN, 255))
            detail[inside][mostly] = own[mostly]
        glow = None if luminaries is None else luminaries.glow[inside]
        place, off = _take_out(static, alpha[inside], detail[inside], glow, region, grid, window, not water)
        seen = 1 if above is None else 1 - above.ravel()[place, None]
        places.append(place)
        missing.append(np.rint(off * seen).astype(np.int16))
    return Plate(alpha, detail, Edges(np.concatenate(places), np.concatenate(missing)), luminaries)


def run_up(alpha: Pixels, top: int, strip: Pixels, offset: Array, grid: Grid, window: GridWindow) -> Pixels:
    """A region's share in a strip over which it has come from beside it, as waves run up a beach.

    Args:
        alpha: (H', W') share of the region in its window.
        top: First row of the strip in it.
        strip: (h, W') the strip.
        offset: (rows + 2, columns + 2, 2) from where it has come, dx, dy in photo pixels, in the strip and a ring.
        grid: Grid over the photo.
        window: The strip.

    Returns:
        (h, W') uint8, nowhere less than the strip.
    """
    if not offset.any():
        return strip
    x, y = cv2.split(grid.enlarge(offset, window))
    x += np.arange(strip.shape[1], dtype=np.float32)[None, :]
    y += np.arange(top, top + strip.shape[0], dtype=np.float32)[:, None]
    come = cv2.remap(alpha, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
    return np.asarray(cv2.max(strip, come), np.uint8)


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
    detail: Pixels,
    glow: Pixels | None,
    region: Region,
    grid: Grid,
    window: GridWindow,
    edges: bool,
) -> tuple[npt.NDArray[np.int32], Array]:
    """Replace mixed pixels by what stands still behind the region: pixel = alpha * region + (1 - alpha) * behind.

    Returns:
        Numbers (n,) of the photo's pixels that are something else, and by how much (n, 3); none unless edges are asked.
    """
    here, mixed = grid.pixels(window), alpha > 0
    none = np.zeros(0, np.int32), np.zeros((0, 3), np.float32)
    if not mixed.any():
        return none
    behind = static[here]
    share = (alpha[mixed].astype(np.float32) / 255)[:, None]
    pixel = behind[mixed][:, :3].astype(np.float32)
    moving = grid.enlarge(with_ring(region.base, window), window)[mixed] + detail[mixed][:, :3] - MIDDLE
    if glow is not None:
        moving = np.minimum(moving + glow[mixed][:, :3], 255)
    other = grid.enlarge(with_ring(region.other, window), window)[mixed]
    found = np.clip(np.rint(_behind(pixel, moving, other, share)), 0, 255)
    behind[mixed, :3] = found
    if not edges:
        return none
    off = pixel - share * np.clip(moving, 0, 255) - (1 - share) * found
    far = np.abs(off).max(axis=1) > _OFF
    y, x = (side[far] for side in np.nonzero(mixed))
    return ((y + here[0].start) * static.shape[1] + x + here[1].start).astype(np.int32), off[far]


def _behind(pixel: Array, moving: Array, other: Array, share: Array) -> Array:
    found = (pixel - share * moving) / np.maximum(1 - share, 0.05)
    found = np.clip(found, np.minimum(pixel, other) - _SPREAD, np.maximum(pixel, other) + _SPREAD)
    return np.asarray(found + smoothstep(share, *_UNSURE) * (other - found), np.float32)
