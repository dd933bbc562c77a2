"""The plan of a photo's sky as tensors for scene files, and back."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from landscape.compose.sky_plan import PLAN_WIDTH, SkyPlan
from landscape.compose.sky_ring import MOST_COPIES, Arrangement, Copy
from landscape.motion.pieces import Pieces
from landscape.photo.read import Photo

VERSION = 1
"""Version of what a plan's tensors mean; plans of other versions are found anew."""
_MOST_BYTES, _LEAST_ROWS = 8, 32
"""Most bytes of the tensors for each pixel of the photo at the width of plans, and rows beside the photo's."""
_BRIGHTEST = 1024.0
"""No colour that is added to a copy is larger."""
_KINDS = {
    "size": torch.int32,
    "copies": torch.int32,
    "labels": torch.int16,
    "correction": torch.float32,
    "number": torch.int32,
    "row": torch.float32,
    "prominence": torch.float32,
}


def most_bytes(photo: Photo) -> int:
    """Most bytes that the tensors of a photo's plan hold."""
    return _MOST_BYTES * PLAN_WIDTH * (PLAN_WIDTH * photo.height // photo.width + _LEAST_ROWS)


def plan_tensors(plan: SkyPlan | None) -> dict[str, Tensor]:
    """What a plan consists of; nothing of a photo without a sky.

    ``size``: width of the photo and rows above it, in pixels of the ring; ``copies`` (n, 3): column, row and whether
    they are mirrored; ``labels``, ``correction``, ``number``, ``row`` and ``prominence`` as in
    :class:`landscape.compose.sky_ring.Arrangement` and :class:`landscape.motion.pieces.Pieces`.
    """
    if plan is None:
        return {}
    ring, pieces = plan.arrangement, plan.pieces
    arrays = {
        "size": np.array([ring.width, ring.above]),
        "copies": np.array([(copy.x, copy.y, copy.mirrored) for copy in ring.copies]),
        "labels": ring.labels,
        "correction": ring.correction,
        "number": pieces.number,
        "row": pieces.row,
        "prominence": pieces.prominence,
    }
    return {name: torch.from_numpy(np.ascontiguousarray(array)).to(_KINDS[name]) for name, array in arrays.items()}


def read_plan(tensors: dict[str, Tensor]) -> SkyPlan | None:
    """Put a plan together again.

    Args:
        tensors: What :func:`plan_tensors` gave.

    Raises:
        ValueError: If the tensors are those of no plan.
    """
    if not tensors:
        return None
    if set(tensors) != set(_KINDS) or any(item.dtype != _KINDS[name] for name, item in tensors.items()):
        raise ValueError("plan")
    size, copies, labels, correction, number, row, prominence = (tensors[name].numpy() for name in _KINDS)
    shape, count = labels.shape, len(copies)
    fits = size.shape == (2,) and copies.shape == (count, 3) and len(shape) == 2 and row.ndim == 1
    fits = fits and correction.shape == (*shape, 3) and number.shape == prominence.shape == shape
    if not fits or not 1 <= count <= MOST_COPIES or not len(row):
        raise ValueError("shapes of the plan")
    width, above = (int(side) for side in size)
    if not 0 < width <= min(shape[1], PLAN_WIDTH) or not 0 <= above < shape[0]:
        raise ValueError("size of the ring")
    for array, low, high in (
        (labels, -1, count - 1),
        (number, 0, len(row) - 1),
        (copies[:, :2], -max(shape), max(shape)),
        (copies[:, 2], 0, 1),
        (correction, -_BRIGHTEST, _BRIGHTEST),
        (row, 0, shape[0]),
        (prominence, -1, 1),
    ):
        if not bool(((array >= low) & (array <= high)).all()):  # nor is anything that is no number
            raise ValueError("values of the plan")
    laid = tuple(Copy(int(x), int(y), bool(mirrored)) for x, y, mirrored in copies)
    return SkyPlan(Arrangement(width, above, laid, labels, correction), Pieces(number, row, prominence))
