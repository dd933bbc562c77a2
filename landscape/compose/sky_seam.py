"""The least visible cut between a picture and a copy that is laid over it (Kwatra et al., Graphcut Textures, 2003)."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import breadth_first_order, maximum_flow

from landscape.images.filters import masked_blur
from landscape.images.pixels import Array

Mask = npt.NDArray[np.bool_]

_STEPS, _TIED = 0.5, 1 << 28
"""Whole-numbered costs of a cut per square of a grey level, and that of one which is not allowed. Squares let a cut go
a long way round a cloud rather than a short one through it."""
_SMOOTH, _SEEN = 6.4, 0.3
"""Deviation, in pixels, of a blur: what differs more smoothly is taken out along the cut, and counts so much alone."""


def taken_over(value: Array, filled: Mask, image: Array, known: Mask, own: Mask, near: Mask) -> Mask:
    """Pixels that a copy takes over: the empty ones that it knows, and its side of the cut of least difference.

    Args:
        value: (h, w, 3) what is there.
        filled: (h, w) where there is something.
        image: (h, w, 3) the copy.
        known: (h, w) where the copy has something.
        own: (h, w) what may not be taken over.
        near: (h, w) where the cut may run.
    """
    taken = known & ~filled
    both = filled & known & ~own & near
    cross = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))
    beside_new = both & (cv2.dilate(taken.astype(np.uint8), cross) > 0)
    beside_old = both & ~beside_new & (cv2.dilate((filled & ~both).astype(np.uint8), cross) > 0)
    if beside_new.any() and beside_old.any():
        apart = np.where(both[..., None], value - image, 0)
        uneven = apart - (1 - _SEEN) * masked_blur(apart, both.astype(np.float32), _SMOOTH)
        difference = np.minimum(np.abs(apart).sum(axis=2), np.abs(uneven).sum(axis=2))
        taken[both] = ~_cut(difference, both, beside_old, beside_new)[both]
    return taken


def _cut(difference: Array, region: Mask, source: Mask, sink: Mask) -> Mask:
    """The source's side of the minimum cut through a region; a pixel costs its squared difference."""
    number = np.full(region.shape, -1, np.int64)
    count = int(region.sum())
    number[region] = np.arange(count)
    cost = np.minimum(difference**2 * _STEPS, 1 << 20).astype(np.int32) + 1
    starts, ends, weights = [], [], []
    for a, b in ((np.s_[:, :-1], np.s_[:, 1:]), (np.s_[:-1], np.s_[1:])):
        inside = region[a] & region[b]
        first, second, weight = number[a][inside], number[b][inside], (cost[a] + cost[b])[inside]
        starts += [first, second]
        ends += [second, first]
        weights += [weight, weight]
    for mask, sides in ((source, (starts, ends)), (sink, (ends, starts))):
        places = number[mask]
        sides[0].append(np.full(len(places), count if mask is source else count + 1))
        sides[1].append(places)
        weights.append(np.full(len(places), _TIED, np.int32))
    data = (np.concatenate(weights), (np.concatenate(starts), np.concatenate(ends)))
    graph = csr_matrix(data, shape=(count + 2, count + 2), dtype=np.int32)
    rest = graph - maximum_flow(graph, count, count + 1).flow
    rest.data[rest.data < 0] = 0
    rest.eliminate_zeros()
    reached = np.zeros(count + 2, bool)
    reached[breadth_first_order(rest, count, return_predecessors=False)] = True
    result = np.zeros(region.shape, bool)
    result[region] = reached[:count]
    return result
