"""The detail of a moving region, mixed from its pictures, each only where it is seen."""

from __future__ import annotations

import cv2
import numpy as np

from landscape.compose.carried import MIDDLE, Picture
from landscape.images.grid import Grid, GridWindow
from landscape.images.pixels import Pixels

_TILE = 160
"""Columns of pixels worked on at once: in a tile few of the pictures are seen."""
_SEEN = 0.004
"""Share of a picture below which it is not drawn."""


def mix(
    detail: Pixels,
    pictures: tuple[Picture, ...],
    alpha: Pixels,
    window: GridWindow,
    whole: GridWindow,
    grid: Grid,
    interpolation: int,
    border: int,
) -> Pixels:
    """Mix a strip of a region.

    Args:
        detail: (H', W', 4) the region's detail.
        pictures: Where it is seen; each is laid over those before it.
        alpha: (h, w) uint8 share of the region in the strip; where it is 0 nothing is drawn.
        window: The strip.
        whole: The region's window.
        grid: Grid over the photo.
        interpolation: How the detail is sampled, as OpenCV counts it.
        border: What lies beyond the detail's borders, as OpenCV counts it.

    Returns:
        (h, w, 4) uint8, 128 for none.
    """
    rows, columns = grid.pixels(window)
    mixed = np.full((rows.stop - rows.start, columns.stop - columns.start, 4), round(MIDDLE), np.uint8)
    tiles = _tiles(alpha, window, whole, grid.scale, several=len(pictures) > 1)
    for picture in pictures:
        for tile in tiles:
            part = _seen(picture, tile)
            if part is None:
                continue
            top, bottom, first, last = part
            # The picture's rows and columns lie one farther in the ring around the window.
            cut = (
                slice(top - picture.rows.start, bottom + 2 - picture.rows.start),
                slice(first - picture.columns.start, last + 2 - picture.columns.start),
            )
            place = (whole[0] + top, whole[0] + bottom, whole[2] + first, whole[2] + last)
            x, y = cv2.split(grid.enlarge(picture.place[cut], place))
            sampled = cv2.remap(detail, x, y, interpolation, borderMode=border)
            if sampled.shape == mixed.shape and picture is pictures[0]:
                mixed = np.asarray(sampled, np.uint8)
                continue
            share = picture.share[cut]
            start = (top + whole[0] - window[0]) * grid.scale, first * grid.scale
            here = tuple(slice(a, a + side) for a, side in zip(start, x.shape, strict=True))
            if float(share.min()) >= 1:  # nothing beneath is seen
                mixed[here] = sampled
                continue
            share = np.ascontiguousarray(grid.enlarge(share, place))
            mixed[here] = cv2.blendLinear(sampled, np.ascontiguousarray(mixed[here]), share, 1 - share)
    return mixed


def _tiles(alpha: Pixels, window: GridWindow, whole: GridWindow, scale: int, *, several: bool) -> list[GridWindow]:
    """Tiles of a strip in which the region is seen, in grid rows and columns counted within the region's window."""
    top, width, tiles = window[0] - whole[0], window[3] - window[2], []
    step = max(1, _TILE // scale) if several else width
    for left in range(0, width, step):
        right = min(left + step, width)
        rows = np.flatnonzero(cv2.reduce(alpha[:, left * scale : right * scale], 1, cv2.REDUCE_MAX)[:, 0])
        if len(rows):
            tiles.append((top + int(rows[0]) // scale, top + int(rows[-1]) // scale + 1, left, right))
    return tiles


def _seen(picture: Picture, tile: GridWindow) -> GridWindow | None:
    """The part of a tile in which a picture is seen, in grid rows and columns counted within the region's window."""
    top, bottom = max(tile[0], picture.rows.start), min(tile[1], picture.rows.stop - 2)
    left, right = max(tile[2], picture.columns.start), min(tile[3], picture.columns.stop - 2)
    if top >= bottom or left >= right:
        return None
    share = picture.share[top - picture.rows.start : bottom + 2 - picture.rows.start]
    share = share[:, left - picture.columns.start : right + 2 - picture.columns.start]
    rows = np.flatnonzero(cv2.reduce(share, 1, cv2.REDUCE_MAX)[:, 0] > _SEEN)
    if not len(rows):
        return None
    columns = np.flatnonzero(cv2.reduce(share, 0, cv2.REDUCE_MAX)[0] > _SEEN)
    top, bottom = max(top, top + int(rows[0]) - 2), min(bottom, top + int(rows[-1]) + 1)
    left, right = max(left, left + int(columns[0]) - 2), min(right, left + int(columns[-1]) + 1)
    return (top, bottom, left, right) if top < bottom and left < right else None
