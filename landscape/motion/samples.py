"""Pictures of a sky's ring that together make a frame, and how they share it."""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np

from landscape.images.pixels import Array

_KEY = 3.0
"""How much more of two clouds over one another the more prominent one shows."""
SEEN = 0.04
"""Smaller weights are not drawn."""
_BESIDE = np.ones((3, 3), np.uint8)


@dataclass(frozen=True)
class Sample:
    """One picture of the ring that contributes to a frame, in a part of the control grid.

    Attributes:
        rows: Rows of the control grid in which it is seen.
        columns: Columns.
        scale: Factor on positions in the frame.
        x: Added to them, in photo widths; columns of the ring.
        y: The same of rows.
        field: (h, w, 4) further displacement x and y in photo widths, growth and weight on the control grid.
    """

    rows: slice
    columns: slice
    scale: float
    x: float
    y: float
    field: Array = field(repr=False)


def folded(place: Array, rows: int) -> Array:
    """Places, in pixels, as they are reflected at the first and the last of so many rows."""
    if place.size and float(place.min()) >= -0.5 and float(place.max()) <= rows - 0.5:
        return place
    inside = np.float32(rows) - np.abs((place + np.float32(0.5)) % np.float32(2 * rows) - np.float32(rows))
    return np.asarray(inside - np.float32(0.5), np.float32)


def weigh(found: list[Sample], left: Array, result: list[Sample]) -> Array:
    """Share out what is left of the picture among candidates.

    Args:
        found: Candidates, whose fields end with share and prominence.
        left: (h, w) what is left.
        result: Gets the candidates that are seen, with their weights.

    Returns:
        (h, w) what is left then.
    """
    cover, total = np.zeros_like(left), np.full_like(left, 1e-12)
    keys = []
    for sample in found:
        key = sample.field[..., 3] * np.exp(np.float32(_KEY) * sample.field[..., 4])
        cover[sample.rows, sample.columns] += sample.field[..., 3]
        total[sample.rows, sample.columns] += key
        keys.append(key)
    cover = np.minimum(cover, 1)
    for sample, key in zip(found, keys, strict=True):
        part = sample.rows, sample.columns
        weight = left[part] * cover[part] * key / total[part]
        weight[weight < SEEN] = 0
        result += _cut(sample, weight)
    return np.asarray(left * (1 - cover), np.float32)


def normalised(samples: list[Sample], size: tuple[int, int]) -> list[Sample]:
    """Samples whose weights sum to 1 at every place."""
    total = np.full(size, 1e-6, np.float32)
    for sample in samples:
        total[sample.rows, sample.columns] += sample.field[..., 3]
    for sample in samples:
        sample.field[..., 3] /= total[sample.rows, sample.columns]
    return samples


def covers(samples: list[Sample], size: tuple[int, int]) -> list[Array]:
    """What each sample covers of those before it, so that laid one over another they are mixed by their weights.

    Args:
        samples: Samples whose weights sum to 1.
        size: Rows and columns of the control grid.

    Returns:
        (h, w) in [0, 1] for each, on its part. Where nothing lies yet they reach beyond their borders, so that there is
        no gap between two.
    """
    laid, result = np.zeros(size, np.float32), []
    for sample in samples:
        weight = np.ascontiguousarray(sample.field[..., 3])
        part = sample.rows, sample.columns
        laid[part] += weight
        beside = (cv2.dilate(weight, _BESIDE) > 0).astype(np.float32)
        result.append(np.where(laid[part] > 0, weight / np.maximum(laid[part], 1e-6), beside))
    return result


def shifted(span: slice, by: int) -> slice:
    """A span moved along."""
    return slice(span.start + by, span.stop + by)


def _cut(sample: Sample, weight: Array) -> list[Sample]:
    """The part of a sample that is seen and what surrounds it, with its final weight; nothing where it is not."""
    seen = weight > 0
    below, right = np.flatnonzero(seen.any(axis=1)), np.flatnonzero(seen.any(axis=0))
    if not len(below):
        return []
    part = slice(max(0, below[0] - 1), below[-1] + 2), slice(max(0, right[0] - 1), right[-1] + 2)
    field = sample.field[part][..., :4].copy()
    field[..., 3] = weight[part]
    first = sample.rows.start + int(part[0].start), sample.columns.start + int(part[1].start)
    rows, columns = (slice(a, a + side) for a, side in zip(first, field.shape[:2], strict=True))
    return [Sample(rows, columns, sample.scale, sample.x, sample.y, field)]
