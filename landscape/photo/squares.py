"""Photos of any shape on the square generator.

A photo of up to 2:1, upright or lying, is squeezed into one square. A longer one is covered by overlapping squares
along its long side, whose frames are blended where they overlap.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

LONGEST = 2.0
"""Largest ratio of the sides that one square takes."""
PART_LENGTH = 1.6
"""Longest side of the part under each of several squares, in short sides of the photo."""
STRIDE = 0.75
"""Distance between squares in squares; maps of all resolutions from 4 on then overlap in whole cells."""


@dataclass(frozen=True)
class Square:
    """The part of a photo under a square, in the photo's coordinates x, y in [-1, 1].

    Attributes:
        x: Its centre.
        y: Its centre.
        half_width: Half of its width; 1 is the whole photo.
        half_height: Half of its height.
    """

    x: float = 0.0
    y: float = 0.0
    half_width: float = 1.0
    half_height: float = 1.0

    def outward(self, xs: Tensor, ys: Tensor) -> tuple[Tensor, Tensor]:
        """Positions in the square, [-1, 1], to positions in the photo."""
        return xs * self.half_width + self.x, ys * self.half_height + self.y

    def inward(self, grid: Tensor) -> Tensor:
        """Positions x, y (..., 2) in the photo to positions in the square."""
        if self == WHOLE:
            return grid
        return (grid - grid.new_tensor([self.x, self.y])) / grid.new_tensor([self.half_width, self.half_height])

    def noise(self, shape: Sequence[int], rng: torch.Generator) -> Tensor:
        """The window's part of unit normal noise over the whole photo; equal seeds agree where windows overlap.

        Args:
            shape: (N, C, H, W) of the part.
            rng: Source of the noise.
        """
        height, width = shape[2:]
        rows, columns = round(height / self.half_height), round(width / self.half_width)
        top = round((self.y - self.half_height + 1) / 2 * rows)
        left = round((self.x - self.half_width + 1) / 2 * columns)
        whole = torch.randn(*shape[:2], rows, columns, generator=rng)
        return whole[:, :, top : top + height, left : left + width]


WHOLE = Square()


@dataclass(frozen=True)
class Layout:
    """Squares along one side of a photo.

    Attributes:
        count: Number of squares.
        upright: Whether they lie one below the other.
    """

    count: int = 1
    upright: bool = False

    @classmethod
    def of(cls, height: int, width: int) -> Layout:
        """The squares for a photo's size in pixels."""
        ratio = max(height, width) / min(height, width)
        if ratio <= LONGEST:
            return cls()
        return cls(1 + math.ceil((ratio / PART_LENGTH - 1) / STRIDE - 1e-9), height > width)

    @property
    def length(self) -> float:
        """Length of the row of squares, in squares."""
        return 1 + STRIDE * (self.count - 1)

    def size(self, side: int) -> tuple[int, int]:
        """Height and width of the row of squares, in pixels, for squares of ``side`` pixels."""
        long = round(side * self.length)
        return (long, side) if self.upright else (side, long)

    def windows(self) -> list[Square]:
        """The part of the photo under each square."""
        half = 1 / self.length
        centres = [-1 + half + 2 * half * STRIDE * index for index in range(self.count)]
        if self.upright:
            return [Square(0.0, centre, 1.0, half) for centre in centres]
        return [Square(centre, 0.0, half, 1.0) for centre in centres]

    def cut(self, row: Tensor) -> list[Tensor]:
        """Cut an image or a mask (N, C, *size) into its squares (N, C, R, R)."""
        side = min(row.shape[2:])
        stride = round(STRIDE * side)
        return [row.narrow(2 if self.upright else 3, index * stride, side) for index in range(self.count)]

    def join(self, squares: Sequence[Tensor]) -> Tensor:
        """Blend squares (N, C, R, R) into one image (N, C, *size); the inverse of :meth:`cut`."""
        if self.count == 1:
            return squares[0]
        side = squares[0].shape[-1]
        overlap = side - round(STRIDE * side)
        axis = 2 if self.upright else 3
        ramp = (torch.arange(overlap, dtype=torch.float32) + 0.5) / overlap
        ramp = (ramp * ramp * (3 - 2 * ramp)).view(-1, 1) if self.upright else (ramp * ramp * (3 - 2 * ramp))
        row = squares[0]
        for square in squares[1:]:
            before, last = row.split([row.shape[axis] - overlap, overlap], dim=axis)
            first, after = square.split([overlap, side - overlap], dim=axis)
            row = torch.cat([before, torch.lerp(last, first, ramp.to(last)), after], dim=axis)
        return row


def as_square(row: Tensor) -> Tensor:
    """Stretch an image (N, C, H, W) along its short side to a square, which is how frames reach the compositor."""
    side = max(row.shape[2:])
    if min(row.shape[2:]) == side:
        return row
    return F.interpolate(row, (side, side), mode="bicubic", align_corners=False)
