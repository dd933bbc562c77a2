"""Drawing a sky's ring at the size of a photo: copies of the photo's sky, each where its arrangement puts it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from landscape.compose.separation import beyond_borders
from landscape.compose.sky_ring import MARGIN, Arrangement
from landscape.images.filters import blur
from landscape.images.pixels import Array

Picture = npt.NDArray[Any]

STRIP = 256
"""Rows of a ring that are drawn at a time: what is needed on the way would be larger than the ring."""
_FADE = 0.012
"""Deviation, in photo widths, of the blur by which detail fades from one copy into the next, for it has no membrane."""


def rows_above(arrangement: Arrangement, width: int) -> int:
    """Rows of a ring above the photo's first row, for a photo of this width in pixels."""
    return math.ceil(arrangement.above * width / arrangement.width)


def draw(arrangement: Arrangement, image: Picture, above: int | None = None) -> Array:
    """Draw a ring.

    Args:
        arrangement: The arrangement.
        image: (h, w, C) the sky from the photo's top, continued a little beyond its own pixels; float32 around 0, or
            uint8 around 128. Floats of three channels or more get what makes seams agree, on the first three.
        above: Rows of the ring above the photo; :func:`rows_above` by default.

    Returns:
        (above + h, ring, C) of the image's type.
    """
    height, width = image.shape[:2]
    above = rows_above(arrangement, width) if above is None else above
    scale = _Scale(arrangement, width / arrangement.width, above)
    floats = image.dtype != np.uint8
    ring = np.full((above + height, scale.columns, image.shape[2]), 0 if floats else 128, image.dtype)
    # The photo comes last, over what fades into it, for nothing may change where it is seen.
    copies = [_laid(image, index, scale, fades=not floats) for index in (*range(1, len(arrangement.copies)), 0)]
    for top in range(0, len(ring), STRIP):
        _draw_strip(ring[top : top + STRIP], top, [copy for copy in copies if copy is not None], scale)
    if floats and image.shape[2] >= 3:
        ring[..., :3] += scale.enlarged(arrangement.correction, slice(0, len(ring)), slice(0, scale.columns))
    return ring


class _Place(NamedTuple):
    """A rectangle of a ring, by its rows and columns."""

    rows: slice
    columns: slice

    def moved(self, down: int, right: int) -> _Place:
        """The same rectangle counted from elsewhere."""
        return _Place(
            slice(self.rows.start + down, self.rows.stop + down),
            slice(self.columns.start + right, self.columns.stop + right),
        )


@dataclass(frozen=True)
class _Scale:
    """An arrangement at the size at which it is drawn.

    Attributes:
        arrangement: The arrangement.
        factor: Pixels of the ring per pixel of the arrangement.
        above: Rows of the ring above the photo.
    """

    arrangement: Arrangement
    factor: float
    above: int

    @property
    def columns(self) -> int:
        """Columns of the ring."""
        return round(self.arrangement.labels.shape[1] * self.factor)

    def enlarged(self, image: Array, rows: slice, columns: slice) -> Array:
        """The part of an image of the arrangement's size that lies in these rows and columns of the ring."""
        padded = cv2.copyMakeBorder(image, 0, 0, 2, 2, cv2.BORDER_WRAP)
        factor, shift = self.factor, self.above - self.arrangement.above * self.factor
        x = ((np.arange(columns.start, columns.stop, dtype=np.float32) + 0.5) / factor - 0.5) + 2
        y = (np.arange(rows.start, rows.stop, dtype=np.float32) - shift + 0.5) / factor - 0.5
        shape = (len(y), len(x))
        across, down = (np.ascontiguousarray(np.broadcast_to(v, shape), np.float32) for v in (x[None], y[:, None]))
        return np.asarray(cv2.remap(padded, across, down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE))


@dataclass(frozen=True)
class _Laid:
    """A copy of the photo's sky where it lies on a ring.

    Attributes:
        image: (h, w, C) its pixels.
        mask: (h', w') how much of it is in each pixel of the arrangement, before all shares are made to add up to 1.
        x: Column of the ring at which it begins.
        y: Row of the ring at which it begins; may be negative.
        over: Whether it hides what lies under it as far as its share goes, and does not share places with it.
    """

    image: Picture = field(repr=False)
    mask: Array = field(repr=False)
    x: int
    y: int
    over: bool

    def places(self, rows: slice, columns: int) -> Iterator[tuple[_Place, int]]:
        """The rectangles that it covers in some rows of a ring of so many columns.

        Yields:
            Each with the column of the ring, which may be beyond its ends, at which the copy begins for it.
        """
        height, width = self.image.shape[:2]
        seen = slice(max(rows.start, self.y), min(rows.stop, self.y + height))
        if seen.start >= seen.stop:
            return
        begin = self.x % columns
        while begin > -width:  # what goes beyond the ring's end goes on at its beginning
            first, last = max(begin, 0), min(begin + width, columns)
            if first < last:
                yield _Place(seen, slice(first, last)), begin
            begin -= columns


def _laid(image: Picture, index: int, scale: _Scale, *, fades: bool) -> _Laid | None:
    """A copy where it lies; None where nothing of it is seen."""
    arrangement, factor, above = scale.arrangement, scale.factor, scale.above
    mask = (arrangement.labels == index).astype(np.float32)
    if not mask.any():
        return None
    if fades:
        mask = _softened(mask, _FADE * arrangement.width)
        # The photo is whole where it is seen, and fades beyond.
        mask = np.asarray(np.clip(2 * mask, 0, 1) if index == 0 else mask, np.float32)
    copy = arrangement.copies[index]
    picture = image[:, ::-1] if copy.mirrored else image
    x, y = round(copy.x * factor), round((copy.y - arrangement.above) * factor) + above
    if index == 0 and arrangement.above:
        margin = round((MARGIN * arrangement.width + 2) * factor)
        top = min(margin, above)
        picture = beyond_borders(np.ascontiguousarray(picture), top, margin)
        x, y = x - margin, y - top
    return _Laid(picture.reshape(*picture.shape[:2], image.shape[2]), mask, x, y, fades and index == 0)


def _softened(mask: Array, sigma: float) -> Array:
    """A mask of a ring, blurred around it."""
    pad = math.ceil(4 * sigma)
    return blur(cv2.copyMakeBorder(mask, 0, 0, pad, pad, cv2.BORDER_WRAP), sigma)[:, pad:-pad]


def _draw_strip(strip: Picture, top: int, copies: list[_Laid], scale: _Scale) -> None:
    """Draw some rows of a ring, (h, ring, C), which begin at row ``top``."""
    shares = np.zeros(strip.shape[:2], np.float32)
    rows = slice(top, top + len(strip))
    for copy in copies:
        for place, begin in copy.places(rows, strip.shape[1]):
            weight = scale.enlarged(copy.mask, *place)
            seen = _seen(weight)
            if seen is None:
                continue
            here = seen.moved(place.rows.start - top, place.columns.start)
            own = seen.moved(place.rows.start - copy.y, place.columns.start - begin)
            total = shares[here] + weight[seen]
            share = weight[seen] if copy.over else weight[seen] / np.maximum(total, 1e-6)
            shares[here] = total
            picture, below = np.ascontiguousarray(copy.image[own]), np.ascontiguousarray(strip[here])
            strip[here] = cv2.blendLinear(below, picture, 1 - share, share).reshape(picture.shape)


def _seen(weight: Array) -> _Place | None:
    """The rectangle beyond which a weight is 0 everywhere; None where it is."""
    rows, columns = (np.flatnonzero(weight.max(axis=axis) > 0) for axis in (1, 0))
    if not len(rows):
        return None
    return _Place(slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1))
