"""The course of water: away from the point it comes from, along its shores, never through them.

Where the picture ends and the water goes on, it comes in and goes out straight from that point, and what else goes out
than comes in springs up where water that spreads from there does. Nothing passes a shore. The gradient of such a
potential (a Poisson problem) follows every bend, also those that the banks' vanishing point knows nothing of.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np
import numpy.typing as npt
from scipy.sparse import csc_matrix, diags
from scipy.sparse.linalg import splu

from landscape.images.pixels import Array

Mask = npt.NDArray[np.bool_]

_NEAREST = 2.0
"""Cells from the point of origin within which no more water comes than there."""
_LEAK = 1e-6
"""Keeps the potential of a closed part from being free up to a constant."""


@dataclass(frozen=True)
class Cells:
    """The wet cells of a grid and which of them are neighbours.

    Attributes:
        inside: (h, w) the wet cells.
        number: (h, w) their numbers, -1 elsewhere.
        pairs: Numbers of neighbours, right ones and lower ones, (n, 2) each.
    """

    inside: Mask = field(repr=False)
    number: npt.NDArray[np.intp] = field(repr=False)
    pairs: tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]] = field(repr=False)

    @classmethod
    def of(cls, inside: Mask) -> Cells:
        """The cells of a mask."""
        number = np.full(inside.shape, -1, np.intp)
        number[inside] = np.arange(np.count_nonzero(inside))
        across, down = inside[:, :-1] & inside[:, 1:], inside[:-1] & inside[1:]
        right = np.stack([number[:, :-1][across], number[:, 1:][across]], axis=1)
        lower = np.stack([number[:-1][down], number[1:][down]], axis=1)
        return cls(inside, number, (right, lower))

    @property
    def count(self) -> int:
        """How many cells are wet."""
        return int(np.count_nonzero(self.inside))

    def stiffness(self) -> csc_matrix:
        """The Laplacian with borders that nothing passes, (n, n), positive semi-definite."""
        first, second = np.concatenate(self.pairs).T
        ones = np.ones(len(first))
        links = csc_matrix((ones, (first, second)), shape=(self.count, self.count))
        links = links + links.T
        return csc_matrix(diags(np.asarray(links.sum(axis=1)).ravel()) - links)

    def solve(self, matrix: csc_matrix, right: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Solve for cells, (n,) or (n, k)."""
        solved: npt.NDArray[np.float64] = splu(
            matrix, permc_spec="MMD_AT_PLUS_A", options={"SymmetricMode": True}
        ).solve(right)
        return solved

    def gradient(self, values: npt.NDArray[np.float64]) -> Array:
        """Mean of the differences to the neighbours of both sides, (h, w, 2); none at shores."""
        result = np.zeros((*self.inside.shape, 2), np.float32)
        for axis, pairs in enumerate(self.pairs):
            step = 0.5 * (values[pairs[:, 1]] - values[pairs[:, 0]])
            total = np.bincount(pairs.ravel(), np.repeat(step, 2), self.count)
            result[..., axis][self.inside] = total
        return result


def find_course(inside: Mask, source: tuple[float, float]) -> Array:
    """Which way water runs where nothing but its shape tells.

    Args:
        inside: (h, w) the water.
        source: The point from which it comes, x in widths and y in heights.

    Returns:
        (h, w, 2) x, y; longer where more water passes, 0 outside.
    """
    if not inside.any():
        return np.zeros((*inside.shape, 2), np.float32)
    cells = Cells.of(inside)
    place = np.array([source[0] * inside.shape[1], source[1] * inside.shape[0]]) - 0.5
    y, x = np.nonzero(inside)
    from_there = np.stack([x, y], axis=1) - place
    far = np.maximum(np.linalg.norm(from_there, axis=1), _NEAREST)
    passes = from_there / far[:, None]
    ends = np.stack(
        [((at == size - 1) * 1.0) - (at == 0) for at, size in ((x, inside.shape[1]), (y, inside.shape[0]))], axis=1
    )
    out = (passes * ends).sum(axis=1)
    part = cv2.connectedComponents(inside.astype(np.uint8), connectivity=4)[1][inside]
    rain = 1 / far
    rain *= (np.bincount(part, out) / np.maximum(np.bincount(part, rain), 1e-9))[part]
    matrix = csc_matrix(cells.stiffness() + _LEAK * diags(np.ones(cells.count)))
    course = cells.gradient(cells.solve(matrix, out - rain))
    course[inside] += 0.5 * passes * np.abs(ends)
    return course
