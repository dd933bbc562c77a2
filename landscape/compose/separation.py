"""Which pixels belong to a moving region alone, so that nothing static is ever carried along."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from landscape.images.filters import blur, fill, large_parts
from landscape.images.grid import Grid
from landscape.images.pixels import Array

_SURE, _SURE_OF_WATER = 0.98, 0.8
"""Share of the mask above which a pixel belongs to the region alone. Foam and wet stones blur the edges of water, and
what is mirrored in their place shows more than a trace of a shore."""
_MARGIN, _MARGIN_OF_WATER = 0.0025, 0.0012
"""Pixels this near to the mask's edge (fraction of the long side) may hold colours of static objects."""
_FRAME = 0.0008
"""Width, as a fraction of the long side, of the picture's border, where many photos have a darker or lighter line."""
_LEAN = 0.25
"""How far the reflection of what lies at a border is moved along it, in parts of the distance from there."""
_SPECK = 0.02
"""Side of the smallest patch apart from the others that is carried, as a fraction of the long side."""
_NOTCH = 0.012
"""Notches of an edge up to this size, as a fraction of the long side, do not turn the mirror that stands there."""
_MIRRORS = 3
"""How often what is mirrored onto something static is mirrored again."""


def pure_pixels(alpha: Array, *, water: bool = False) -> npt.NDArray[np.bool_] | None:
    """Pixels of the region alone, away from the mask's edge and not on the picture's border.

    Small patches apart from the others, as between branches, have the look of what surrounds them. They count where
    they are most of the region.

    Args:
        alpha: (H, W) share of the region, in [0, 1].
        water: Whether it is water.
    """
    near, surely = (_MARGIN_OF_WATER, _SURE_OF_WATER) if water else (_MARGIN, _SURE)
    margin, frame = (max(1, round(part * max(alpha.shape))) for part in (near, _FRAME))
    kernel = cv2.getStructuringElement(cv2.MORPH_RECT, (2 * margin + 1, 2 * margin + 1))
    for sure in (surely, 0.5):
        area = (alpha > sure).astype(np.uint8)
        eroded = cv2.erode(area, kernel)
        for part in (area, eroded):
            part[:frame] = part[-frame:] = part[:, :frame] = part[:, -frame:] = 0
        large = large_parts(eroded > 0, round((_SPECK * max(alpha.shape)) ** 2))
        if 2 * np.count_nonzero(large) < np.count_nonzero(eroded):
            large = eroded > 0
        for valid in (large, eroded, area):
            if np.count_nonzero(valid) > 1e-3 * np.count_nonzero(alpha > 0.02):
                return valid > 0
    return None


def pure_generator_pixels(valid: npt.NDArray[np.bool_], alpha: Array, resolution: int) -> Array:
    """Generator pixels that hold no colours of static objects, (R, R), 0 or 1."""
    size = (resolution, resolution)
    share = cv2.resize(valid.astype(np.float32), size, interpolation=cv2.INTER_AREA)
    sure = (share > 0.95).astype(np.float32)
    apart = cv2.erode(sure, np.ones((3, 3), np.uint8))
    for inside in (apart, sure):
        if inside.sum() > 0.3 * share.sum():
            return inside
    small = cv2.resize(np.asarray(alpha, np.float32), size, interpolation=cv2.INTER_AREA)
    return (small >= float(small.max()) / 2).astype(np.float32)


def reflection(valid: npt.NDArray[np.bool_]) -> Array:
    """Where detail beyond a region comes from: mirrored at the region's edge.

    The mirror stands across the edge's direction on a larger scale: mirrored at every notch of a ridge, clouds would
    spread out like fans.

    Args:
        valid: (H, W), at least one pixel of the region.

    Returns:
        (H, W, 2) float32 dx, dy to the source, 0 inside the region and small near its edge.
    """
    height, width = valid.shape
    if valid.all():
        return np.zeros((height, width, 2), np.float32)
    beyond, labels = cv2.distanceTransformWithLabels(
        (~valid).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5, labelType=cv2.DIST_LABEL_PIXEL
    )
    inside = cv2.distanceTransform(valid.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5)
    smooth = blur(beyond - inside, max(1.0, _NOTCH * max(height, width)))
    normal = np.dstack([cv2.Sobel(smooth, cv2.CV_32F, 1, 0), cv2.Sobel(smooth, cv2.CV_32F, 0, 1)])
    length = np.maximum(np.linalg.norm(normal, axis=2, keepdims=True), 1e-6)
    offset = -2 * beyond[..., None] * normal / length
    y, x = np.nonzero(~valid)
    source_x, source_y = x, y
    for _ in range(_MIRRORS):
        step = offset[source_y, source_x]
        source_x = np.clip(np.rint(source_x + step[:, 0]).astype(np.intp), 0, width - 1)
        source_y = np.clip(np.rint(source_y + step[:, 1]).astype(np.intp), 0, height - 1)
    # What no mirror brings into the region comes from its nearest pixel.
    nearest = np.zeros(int(labels.max()) + 1, np.intp)
    places = np.flatnonzero(valid)
    nearest[labels.ravel()[places]] = places
    edge, there = nearest[labels[y, x]], valid[source_y, source_x]
    offset[y, x, 0] = np.where(there, source_x, edge % width) - x
    offset[y, x, 1] = np.where(there, source_y, edge // width) - y
    return np.asarray(offset, np.float32)


def beyond_borders(image: npt.NDArray[Any], above: int, beside: int) -> npt.NDArray[Any]:
    """An image continued by its own reflection beyond its upper border and beyond those at its sides.

    The reflection is twice as long as what it shows, and leans a little: a cloud and its exact mirror image are a
    figure that everybody sees. Leaning more, it would break the bands of a layered sky.

    Args:
        image: (h, w, C).
        above: Rows to be added.
        beside: Columns to be added on either side.

    Returns:
        (above + h, beside + w + beside, C) of the image's type.
    """
    upper = _reflected(image[: above + 1].swapaxes(0, 1), above).swapaxes(0, 1)
    whole = np.concatenate([upper[::-1], image])
    left, right = (_reflected(side, beside) for side in (whole[:, : beside + 1], whole[:, : -beside - 2 : -1]))
    return np.concatenate([left[:, ::-1], whole, right], axis=1)


def _reflected(image: npt.NDArray[Any], count: int) -> npt.NDArray[Any]:
    """The reflection (h, count, C), going away from the border, of an image whose first column lies there."""
    rows, away = np.arange(len(image)), np.arange(count)
    lower = rows[:, None] + np.rint(_LEAN * (away + 1)).astype(np.intp)
    lower = np.clip(np.where(lower < len(rows), lower, 2 * len(rows) - 1 - lower), 0, None)
    last = image.shape[1] - 1
    near, far = (image[lower, np.minimum(column, last)].astype(np.float32) for column in (away // 2, (away + 1) // 2))
    mean = (near + far) / 2
    return np.asarray(np.rint(mean) if image.dtype == np.uint8 else mean, image.dtype)


def fill_colours(photo: npt.NDArray[np.uint8], valid: npt.NDArray[np.bool_], grid: Grid) -> tuple[Array, Array]:
    """The region's colours on the grid, continued smoothly beyond it, (h, w, 3), and where they are known, (h, w)."""
    share = grid.down(valid)
    known = (share > 0.3).astype(np.float32)
    pixels = grid.down(photo * valid[..., None]) / np.maximum(share, 1e-3)[..., None]
    return fill(pixels, known), known
