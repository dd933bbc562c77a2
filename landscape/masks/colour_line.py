"""The colour line: how much of a pixel at a border is sky or water, by the colours on both sides.

This is the model of matting in which a pixel lies on the line between the colour before it and the one behind it, with
both known from nearby sure pixels.
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from landscape.images.filters import blur, fill, smoothstep
from landscape.images.grid import Grid
from landscape.images.pixels import Array

_SURE = 0.98
"""Share of the mask above which a pixel belongs to the region alone."""
_EDGE_BAND = 0.012
"""Width of the band at the mask's edge, as a fraction of the long side, in which single pixels are checked."""
_BOTH = (0.02, 0.08)
"""Shares of either side around a place from which an edge begins to be, and is, near."""
_DISTINCT = (25.0, 45.0)
"""Distances of the colours on both sides of the edge, 0 to 255, from which pixels are told apart, and surely."""
_COLOUR_LINE = (0.25, 0.85)
"""Pixels this far on the way from the region's colour to the other side's begin to, and surely, belong to that."""
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
"""Colours behind a region may leave the range of the pixel's and the other side's colour by so much, 0 to 255."""
_GRID_SIDE = 768
"""Long side in pixels of the grid that smooth colours are on."""


def along_colours(photo: npt.NDArray[np.uint8], share: Array) -> Array:
    """Refine the border of a share by the photo's colours.

    Near an edge a pixel's place between the colours of both sides tells how much of it is the region; what no mixture
    of the two explains stands still.

    Args:
        photo: (H, W, 3) uint8.
        share: (H, W) share of the region, in [0, 1].

    Returns:
        (H, W) in [0, 1].
    """
    height, width = share.shape
    grid = Grid(height, width, max(1, round(max(height, width) / _GRID_SIDE)))
    own, other, band = _both_sides(photo, share, grid)
    band = grid.up(band)
    near = band > 0
    if not near.any():
        return share
    other = grid.up(other)
    pixel, mine, others, part = photo[near].astype(np.float32), grid.up(own)[near], other[near], share[near]
    place, length = _place(pixel, mine, others)
    low, high = _COLOUR_LINE
    # What the mask surely gives to the other side stays there: rocks may have the colour of the sky.
    region = (1 - np.clip((place - low) / (high - low), 0, 1)) * np.clip((part - 1 + _SURE) * 20, 0, 1)
    checked = part + smoothstep(length, *_DISTINCT) * (region - part)
    refined = share.copy()
    refined[near] += band[near] * (checked - part)
    return _explained(photo, share, refined, other)


def _both_sides(photo: npt.NDArray[np.uint8], share: Array, grid: Grid) -> tuple[Array, Array, Array]:
    """What is on both sides of a region's edge, on the grid.

    Returns:
        Colours of the region and of the other side, (h, w, 3), and how much an edge is near, (h, w) in [0, 1].
    """
    sigma = _EDGE_BAND * max(grid.rows, grid.columns)
    sides = [share > _SURE, share < 1 - _SURE]
    amounts = [blur(grid.down(side), sigma) for side in sides]
    own, other = (
        blur(grid.down(photo * side[..., None]), sigma) / np.maximum(amount, 1e-3)[..., None]
        for side, amount in zip(sides, amounts, strict=True)
    )
    return own, other, smoothstep(amounts[0], *_BOTH) * smoothstep(amounts[1], *_BOTH)


def _place(pixel: Array, start: Array, end: Array) -> tuple[Array, Array]:
    """How far pixels (N, 3) are on the way between two colours, 0 to 1, and how long it is, (N,)."""
    axis = end - start
    length = np.maximum((axis**2).sum(axis=1), 1)
    return ((pixel - start) * axis).sum(axis=1) / length, np.sqrt(length)


def _explained(photo: npt.NDArray[np.uint8], share: Array, refined: Array, other: Array) -> Array:
    """Lower shares (H, W) of which no mixture of the region's colours and the others' (H, W, 3) makes the pixel.

    Beside the region's own pixels a smaller share may explain it; what no share explains stands still.
    """
    own = smoothstep(np.minimum(refined, share), *_OWN)
    mixed = (refined > 0) & (own < 1)
    if not mixed.any() or not (refined > _SURE).any():
        return refined
    reach = 2 * max(1, round(_BLURRED * max(share.shape))) + 1
    near = cv2.dilate(own, np.ones((reach, reach), np.uint8))[mixed] > 0.5
    region = fill(photo.astype(np.float32), np.asarray(refined > _SURE, np.float32))[mixed]
    pixel, part, behind = photo[mixed].astype(np.float32), refined[mixed][:, None], other[mixed]
    left = (pixel - part * region) / np.maximum(1 - part, 0.05)
    left = np.clip(left, np.minimum(pixel, behind) - _SPREAD, np.maximum(pixel, behind) + _SPREAD)
    error = np.abs(part * region + (1 - part) * left - pixel).max(axis=1, keepdims=True)
    doubt = smoothstep(error, *_UNEXPLAINED) * (1 - own[mixed])[:, None]
    smaller = np.where(near[:, None], np.minimum(part, _share_between(pixel, region, behind)), 0)
    result = refined.copy()
    result[mixed] = (part + doubt * (smaller - part))[:, 0]
    return result


def _share_between(pixel: Array, moving: Array, other: Array) -> Array:
    """Share of the region in pixels (N, 3) that lie between the colours of both sides, (N, 1); 0 in all others.

    Sharpening draws a halo along an edge: colours beyond the region's are the region.
    """
    axis = moving - other
    share = np.clip(_place(pixel, other, moving)[0], 0, _OVERSHOT)[:, None]
    error = np.abs(other + share * axis - pixel).max(axis=1, keepdims=True)
    scale = np.maximum(np.abs(axis).max(axis=1, keepdims=True) / _CONTRAST, 1)
    return np.asarray(np.minimum(share, 1) * (1 - smoothstep(error / scale, *_UNEXPLAINED)), np.float32)
