"""Small image operations that the compositor's parts share."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np

from landscape.images.pixels import Array

_NOTHING = np.empty((0, 0), np.float32)
"""For the operand that a matrix product can do without."""
GridWindow = tuple[int, int, int, int]
"""First and last + 1 row, first and last + 1 column of a grid."""

_STRIP = 256
"""Rows of a photo that are averaged at a time."""
_CUBIC = -0.5
"""Keys' parameter of the Catmull-Rom kernel, which keeps straight ramps straight."""


def cubic_matrix(source: int, length: int, span: float) -> Array:
    """Interpolation matrix that resamples a line of pixels, exact at sub-pixel positions.

    Args:
        source: Number of source pixels, which cover ``span`` target pixels.
        length: Number of target pixels; those beyond ``span`` repeat the last source pixel.
        span: Length of the source line in target pixels.

    Returns:
        (length, source) matrix whose rows sum to 1.
    """
    position = (np.arange(length) + 0.5) * source / span - 0.5
    first = np.floor(position).astype(int) - 1
    matrix = np.zeros((length, source), np.float32)
    rows = np.arange(length)
    for tap in range(4):
        distance = np.abs(position - first - tap)
        near = (_CUBIC + 2) * distance**3 - (_CUBIC + 3) * distance**2 + 1
        far = _CUBIC * (distance**3 - 5 * distance**2 + 8 * distance - 4)
        weight = np.where(distance <= 1, near, np.where(distance < 2, far, 0.0))
        np.add.at(matrix, (rows, np.clip(first + tap, 0, source - 1)), weight.astype(np.float32))
    return matrix


@lru_cache(maxsize=16)
def _stretch(source: int, length: int, span: float) -> Array:
    return cubic_matrix(source, length, span)


@dataclass(frozen=True)
class Grid:
    """A coarse grid over a photo, whose pixels are squares of ``scale`` photo pixels.

    Whole-numbered squares let any strip of the photo be interpolated from the coarse grid by itself without seams.

    Attributes:
        height: Photo height in pixels.
        width: Photo width in pixels.
        scale: Photo pixels per grid pixel.
    """

    height: int
    width: int
    scale: int

    @property
    def rows(self) -> int:
        """Grid rows; the last may reach beyond the photo."""
        return -(-self.height // self.scale)

    @property
    def columns(self) -> int:
        """Grid columns; the last may reach beyond the photo."""
        return -(-self.width // self.scale)

    def down(self, image: Array) -> Array:
        """Average a photo-sized (H, W) or (H, W, C) image of any type over the grid's pixels, float32."""
        # In strips, as floats of a whole photo would be four times as large as its bytes.
        parts = [self._averaged(image[self.pixels(window)[0]]) for window in self.strips(self.whole, _STRIP)]
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    def _averaged(self, rows: Array) -> Array:
        height, width = rows.shape[:2]
        size = (self.columns, -(-height // self.scale))
        part = np.asarray(rows, np.float32)
        bottom, right = size[1] * self.scale - height, size[0] * self.scale - width
        if bottom or right:
            part = np.asarray(cv2.copyMakeBorder(part, 0, bottom, 0, right, cv2.BORDER_REPLICATE), np.float32)
        return cv2.resize(part, size, interpolation=cv2.INTER_AREA)

    def reduce(self, image: Array) -> Array:
        """Average a photo-sized image over the grid's pixels in its own type."""
        small = self.down(image)
        return np.rint(small).astype(np.uint8) if image.dtype == np.uint8 else small.astype(image.dtype, copy=False)

    def square(self, frame: Array) -> Array:
        """Resample a square (R, R, C) frame, stretched over the photo, to the grid."""
        rows = _stretch(frame.shape[0], self.rows, self.height / self.scale)
        columns = _stretch(frame.shape[1], self.columns, self.width / self.scale)
        tall = [cv2.gemm(rows, plane, 1, _NOTHING, 0) for plane in cv2.split(frame)]
        planes = [cv2.gemm(plane, columns, 1, _NOTHING, 0, flags=cv2.GEMM_2_T) for plane in tall]
        return np.asarray(cv2.merge(planes), np.float32)

    def up(self, image: Array, window: GridWindow | None = None) -> Array:
        """Interpolate a grid image to photo pixels.

        Args:
            image: (h, w) or (h, w, C), the whole grid.
            window: First and last + 1 grid row, first and last + 1 grid column; None for the whole photo.

        Returns:
            The part of the photo-sized image that the window covers.
        """
        window = window or self.whole
        return self.enlarge(with_ring(image, window), window)

    def enlarge(self, image: Array, window: GridWindow) -> Array:
        """Interpolate a part of a grid image to photo pixels.

        Args:
            image: (h + 2, w + 2) or (h + 2, w + 2, C): the window and a ring of one grid pixel around it.
            window: First and last + 1 grid row, first and last + 1 grid column.

        Returns:
            The part of the photo-sized image that the window covers.
        """
        top, bottom, left, right = window
        size = (image.shape[1] * self.scale, image.shape[0] * self.scale)
        large = cv2.resize(image, size, interpolation=cv2.INTER_LINEAR)
        height = min(bottom * self.scale, self.height) - top * self.scale
        width = min(right * self.scale, self.width) - left * self.scale
        return large[self.scale : self.scale + height, self.scale : self.scale + width]

    @property
    def whole(self) -> GridWindow:
        """The window of the whole photo."""
        return 0, self.rows, 0, self.columns

    def strips(self, window: GridWindow, rows: int) -> list[GridWindow]:
        """Divide a window into windows of about ``rows`` photo rows."""
        top, bottom, left, right = window
        step = max(1, rows // self.scale)
        return [(row, min(row + step, bottom), left, right) for row in range(top, bottom, step)]

    def pixels(self, window: GridWindow) -> tuple[slice, slice]:
        """The photo's rows and columns in a window."""
        top, bottom, left, right = (edge * self.scale for edge in window)
        return slice(top, min(bottom, self.height)), slice(left, min(right, self.width))

    def places(self, window: GridWindow) -> tuple[Array, Array]:
        """Photo x (w + 2,) and y (h + 2,) of the window's grid pixels and of the ring around it."""
        top, bottom, left, right = window
        x, y = (np.arange(a - 1, b + 1, dtype=np.float32) for a, b in ((left, right), (top, bottom)))
        return (x + 0.5) * self.scale - 0.5, (y + 0.5) * self.scale - 0.5


def with_ring(image: Array, window: GridWindow) -> Array:
    """Cut a window and a ring of one pixel around it; beyond the borders the outermost pixels repeat."""
    top, bottom, left, right = window
    height, width = image.shape[:2]
    part = image[max(top - 1, 0) : bottom + 1, max(left - 1, 0) : right + 1]
    above, below, before, after = (int(edge) for edge in (top == 0, bottom == height, left == 0, right == width))
    if not above + below + before + after:
        return part
    return np.asarray(cv2.copyMakeBorder(part, above, below, before, after, cv2.BORDER_REPLICATE))
