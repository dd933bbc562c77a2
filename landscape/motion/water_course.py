"""The course of water: from the far or upper end of its mask to the near one, along its shores, never through them.

Water that runs off is rain for a potential: more comes in above the middle of each connected part, more goes out below
it, and nothing passes a shore. The gradient of this potential (a Poisson problem with Neumann borders) follows every
bend without anybody having to find where a river begins.
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

BEYOND = 0.2
"""Water goes on beyond the picture's borders by this fraction of the long side."""
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


def find_course(inside: Mask) -> Array:
    """Which way water runs where nothing but its shape tells.

    Args:
        inside: (h, w) the water.

    Returns:
        (h, w, 2) x, y; longer where more water passes, 0 outside.
    """
    if not inside.any():
        return np.zeros((*inside.shape, 2), np.float32)
    reach = max(1, round(BEYOND * max(inside.shape)))
    wide = np.asarray(cv2.copyMakeBorder(inside.astype(np.uint8), 0, reach, reach, reach, cv2.BORDER_REPLICATE))
    cells = Cells.of(wide > 0)
    parts, labels = cv2.connectedComponents(wide, connectivity=4)
    rows = np.broadcast_to(np.arange(wide.shape[0], dtype=np.float64)[:, None], wide.shape)[cells.inside]
    part = labels[cells.inside]
    means = np.bincount(part, rows, parts) / np.maximum(np.bincount(part, minlength=parts), 1)
    potential = cells.solve(csc_matrix(cells.stiffness() + _LEAK * diags(np.ones(cells.count))), rows - means[part])
    course = cells.gradient(potential)
    return np.ascontiguousarray(course[: inside.shape[0], reach : reach + inside.shape[1]])
