"""Which pixels belong to a moving region alone, so that nothing static is ever carried along."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from landscape.sampling import Array, Grid, blur

_SURE = 0.98
"""Share of the mask above which a pixel belongs to the region alone."""
_MARGIN = 0.0025
"""Pixels this near to the mask's edge (fraction of the long side) may hold colours of static objects."""
_EDGE_BAND = 0.012
"""Width of the band at the mask's edge, as a fraction of the long side, in which single pixels are checked."""
_DISTINCT = 35.0
"""Least distance of the colours on both sides of the edge for that check, 0 to 255."""
_TOWARDS = 0.55
"""Pixels this far on the way from the region's colour to the other side's belong to the other side."""


def pure_pixels(alpha: Array) -> npt.NDArray[np.bool_] | None:
    """Pixels of the region alone, away from the mask's edge."""
    margin = max(1, round(_MARGIN * max(alpha.shape)))
    kernel = cv2.getStructuringElement(cv2.MORPH_RECT, (2 * margin + 1, 2 * margin + 1))
    for sure in (_SURE, 0.5):
        area = (alpha > sure).astype(np.uint8)
        for valid in (cv2.erode(area, kernel), area):
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


def strangers(
    photo: npt.NDArray[np.uint8], alpha: Array, valid: npt.NDArray[np.bool_], grid: Grid
) -> npt.NDArray[np.bool_]:
    """Pixels near the mask's edge that look like the static objects beyond it: the mask is slightly wrong there."""
    long_side = max(grid.rows, grid.columns)
    share, other = grid.down(valid), grid.down(alpha < 1 - _SURE)
    pictures = [grid.down(photo * part[..., None]) for part in (valid, alpha < 1 - _SURE)]
    sigma = _EDGE_BAND * long_side
    own, foreign = (
        blur(picture, sigma) / np.maximum(blur(weight, sigma), 1e-3)[..., None]
        for picture, weight in zip(pictures, (share, other), strict=True)
    )
    near = grid.up(np.asarray((blur(other, sigma) > 0.05) & (blur(share, sigma) > 0.05), np.float32)) > 0.5
    axis = foreign - own
    length = (axis**2).sum(axis=2)
    distinct = np.where(length[..., None] > _DISTINCT**2, axis / np.maximum(length, 1)[..., None], 0)
    start = grid.up(np.asarray((own * distinct).sum(axis=2) + _TOWARDS, np.float32))
    along = (photo * grid.up(np.asarray(distinct, np.float32))).sum(axis=2) - start
    return near & (along > 0) & (alpha > 0.02)


def reflect(image: npt.NDArray[np.uint8], valid: npt.NDArray[np.bool_]) -> npt.NDArray[np.uint8]:
    """Continue detail beyond its region by reflection at the region's edge."""
    height, width = valid.shape
    if valid.all():
        return image
    _, labels = cv2.distanceTransformWithLabels(
        (~valid).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5, labelType=cv2.DIST_LABEL_PIXEL
    )
    nearest = np.zeros(int(labels.max()) + 1, np.intp)
    places = np.flatnonzero(valid)
    nearest[labels.ravel()[places]] = places
    missing = np.flatnonzero(~valid)
    edge = nearest[labels.ravel()[missing]]
    y = np.clip(2 * (edge // width) - missing // width, 0, height - 1)
    x = np.clip(2 * (edge % width) - missing % width, 0, width - 1)
    source = y * width + x
    source = np.where(valid.ravel()[source], source, edge)
    result = image.reshape(-1, 3).copy()
    result[missing] = image.reshape(-1, 3)[source]
    return result.reshape(image.shape)
