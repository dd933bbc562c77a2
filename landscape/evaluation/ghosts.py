"""Ghosts: the *outline* of what stands still, carried along in a moving sky that has it nowhere in the first frame.

The hole of a mountain, the arc around a peak, a second ridge.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import fft

Array = NDArray[np.float32]
Mask = NDArray[np.bool_]

_LEAST_CONTOUR = 40
"""Pixels of contour, weighted by how steep it is, below which land has no figure that could be recognised."""
_NEAR = 6
"""Shifts in pixels below which an outline is the land's own edge."""
_COVERED = 0.6
"""Least part of a contour that a shift must leave inside the sky."""
_LATE = 4
"""Moments of the clip's last three quarters that are looked at."""


def outlines(bands: list[Array], sky: Mask) -> float:
    """How much more the sky shows the shifted outline of what stands still than in the first frame.

    Args:
        bands: Band-passed light of frames in the order of time, (h, w) each.
        sky: (h, w).

    Returns:
        Difference of the largest mean alignments, -1 to 1, of the sky's contours with the outline; 0 where the outline
        is flat.
    """
    normal_x, normal_y = _normals(sky)
    if float(np.hypot(normal_x, normal_y).sum()) < _LEAST_CONTOUR:
        return 0.0
    size = tuple(fft.next_fast_len(2 * side, real=True) for side in sky.shape)
    spectra = [np.conj(fft.rfft2(part, size)) for part in (normal_x, normal_y, np.hypot(normal_x, normal_y))]
    inside = cv2.erode(sky.astype(np.uint8), np.ones((7, 7), np.uint8)).astype(np.float32)
    total = float(np.hypot(normal_x, normal_y).sum())
    count = fft.irfft2(fft.rfft2(inside, size) * spectra[2], size)
    allowed = (count > _COVERED * total) & (_distance(size) >= _NEAR)
    if not allowed.any():
        return 0.0

    def strongest(band: Array) -> float:
        gx, gy = cv2.Sobel(band, cv2.CV_32F, 1, 0), cv2.Sobel(band, cv2.CV_32F, 0, 1)
        length = np.hypot(gx, gy)
        typical = float(np.median(length[sky])) + 1.0
        scale = inside / (length + typical)
        response = sum(
            fft.rfft2(part * scale, size) * spectrum for part, spectrum in zip((gx, gy), spectra, strict=False)
        )
        aligned = np.abs(fft.irfft2(response, size)) / np.maximum(count, 1)
        return float(aligned[allowed].max())

    return max(strongest(band) for band in _late(bands)) - strongest(bands[0])


def _late(bands: list[Array]) -> list[Array]:
    places = np.linspace(len(bands) // 4, len(bands) - 1, _LATE)
    return [bands[round(place)] for place in places]


def _distance(size: tuple[int, ...]) -> Array:
    """Length in pixels of the shift that each place of a circular correlation stands for."""
    y, x = (np.minimum(np.arange(side), side - np.arange(side)) for side in size)
    return np.asarray(np.hypot(*np.meshgrid(x, y)), np.float32)


def _normals(sky: Mask) -> tuple[Array, Array]:
    """Unit normals on the sky's lower edge, x and y, weighted by how steep the edge is; 0 elsewhere.

    Level edges are left out: clouds near the horizon are level too.
    """
    smooth = cv2.GaussianBlur(sky.astype(np.float32), (0, 0), 2.0)
    gx, gy = cv2.Sobel(smooth, cv2.CV_32F, 1, 0), cv2.Sobel(smooth, cv2.CV_32F, 0, 1)
    edge = (cv2.dilate((~sky).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0) & sky
    edge[:2], edge[:, :2], edge[:, -2:] = False, False, False
    length = np.hypot(gx, gy) + 1e-6
    weight = np.where(edge, np.abs(gx) / length, 0)
    return np.asarray(gx / length * weight, np.float32), np.asarray(gy / length * weight, np.float32)
