"""Hills and trees that show through mist: masks give them to the sky, where they would drift and leave ghosts.

They lie near what stands still, have some of its colour, and more detail than the sky has elsewhere.
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from landscape.images.filters import blur, masked_blur, smoothstep
from landscape.images.pixels import Array

_SIDE = 1024
"""Long side in pixels at which they are looked for."""
_NEAR = 0.08
"""How far from what the mask surely leaves still they are looked for, as a fraction of the long side."""
_COLOURS = 0.03
"""Blur, as a fraction of the long side, by which the colours of both sides are learnt."""
_FINE, _AROUND = 0.008, 0.006
"""Blurs, as fractions of the long side, that detail is told from, and that its amount is averaged over."""
_USUAL = 97
"""Percentile of the detail in the open sky: more is unusual there."""
_LEAST_DETAIL = 1.2
"""Detail that is never unusual, in grey levels, 0 to 255: noise."""
_SURE = 0.98
"""Share of the mask from which a pixel counts as the sky's."""
_UNUSUAL = (1.3, 2.2)
"""Ratios to the usual detail from which a place may, and does, show something that stands still."""
_HIDDEN = (0.1, 0.25)
"""Shares of the colour of what stands still from which mist may, and does, show it."""
_DISTINCT = 20.0
"""Least distance of the colours of both sides, 0 to 255."""
_HALO = 0.002
"""What stands still reaches so much farther, as a fraction of the long side, and fades over as much."""
_OPEN = 0.05
"""Least share of the photo that is open sky: with less, nobody knows what is usual."""


def find_in_mist(photo: npt.NDArray[np.uint8], sky: Array, land: Array) -> Array | None:
    """Find what shows through mist near land.

    Args:
        photo: (H, W, 3) uint8.
        sky: (H, W) share of the sky, in [0, 1].
        land: (H, W) share of what is neither sky nor water, in [0, 1]: clouds over the sea have the sea's colour.

    Returns:
        (H, W) in [0, 1], 1 where something that stands still is seen, or None where there is nothing such.
    """
    height, width = photo.shape[:2]
    scale = min(1.0, _SIDE / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    side = max(size)
    small = cv2.resize(photo, size, interpolation=cv2.INTER_AREA).astype(np.float32)
    share = cv2.resize(np.asarray(sky, np.float32), size, interpolation=cv2.INTER_AREA)
    still = (cv2.resize(np.asarray(land, np.float32), size, interpolation=cv2.INTER_AREA) > _SURE).astype(np.float32)
    inside = (share > 0.5).astype(np.uint8)
    if not still.any() or not inside.any():
        return None
    distance = cv2.distanceTransform((still == 0).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5) / (_NEAR * side)
    far = (inside > 0) & (distance > 1)
    if far.mean() < _OPEN:
        return None
    sure = (share > _SURE).astype(np.float32)
    light = cv2.transform(small, np.full((1, 3), 1 / 3, np.float32))[..., None]
    # Of the sky's pixels alone: its edge is no detail of it.
    detail = masked_blur(np.abs(light - masked_blur(light, sure, _FINE * side)), sure, _AROUND * side)[..., 0]
    usual = max(float(np.percentile(detail[far], _USUAL)), _LEAST_DETAIL)
    unusual = smoothstep(detail / usual, *_UNUSUAL) * (1 - smoothstep(distance, 0.7, 1.0)) * (inside > 0)
    if float(unusual.max()) < 0.5:
        return None
    other, own = masked_blur(small, still, _COLOURS * side), masked_blur(small, sure, _COLOURS * side)
    # Beside bright clouds the sky's colour is theirs, and what is less bright of them has some of the ground's.
    along = np.minimum(_share(small, own, other), _share(small, small[far].mean(axis=0), other))
    # A tree's own pixels are checked one by one, the mist around them by the mean: gaps in a tree are not sky's.
    seen = smoothstep(np.maximum(along, masked_blur(along[..., None], sure, _AROUND * side)[..., 0]), *_HIDDEN)
    found = unusual * seen
    if float(found.max()) < 0.5:
        return None
    reach = 2 * max(1, round(_HALO * side)) + 1
    found = blur(cv2.dilate(found, np.ones((reach, reach), np.uint8)), _HALO * side)
    return np.asarray(cv2.resize(found, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)


def _share(image: Array, own: Array, other: Array) -> Array:
    """How far colours (h, w, 3) are on the way from one colour to another, (h, w)."""
    axis = other - own
    along, length = (np.einsum("hwc,hwc->hw", colours, axis) for colours in (image - own, axis))
    return np.asarray(along / np.maximum(length, _DISTINCT**2), np.float32)
