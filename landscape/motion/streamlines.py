"""Where a steady current carries what floats on it, tabulated over one phase."""

from __future__ import annotations

import cv2
import numpy as np

from landscape.images.pixels import Array
from landscape.motion.phases import Clock, choose_period, coarse, moments, still_clock, tabulated

_REACH, _SHORTEST, _LONGEST = 0.03, 1.2, 8.0
"""How far water is carried, in widths, before another picture takes over, and bounds of the period in seconds."""
_FASTEST = 95.0
"""Percentile of the speeds that chooses the period."""


def current_clock(
    velocity: Array, water: Array, shape: tuple[int, ...], photo_size: tuple[int, int], loop_seconds: float | None
) -> Clock:
    """Tabulate the displacements of a current.

    Args:
        velocity: (h, w, 2) x, y in widths a second.
        water: (h, w) share of the water in the same cells.
        shape: Rows and columns of the compositor's grid.
        photo_size: Height and width of the photo in pixels.
        loop_seconds: Length of the loop, or None.

    Returns:
        The clock; its displacements say where a pixel is sampled, against the current.
    """
    speeds = np.linalg.norm(velocity, axis=2)[water > 0.5]
    fastest = float(np.percentile(speeds, _FASTEST)) if len(speeds) else 0.0
    period = choose_period(fastest, loop_seconds, reach=_REACH, shortest=_SHORTEST, longest=_LONGEST)
    if period is None:
        return still_clock(loop_seconds)
    height, width = coarse(shape)
    # In cells of the table, in which streamlines are followed.
    cells = cv2.resize(velocity, (width, height), interpolation=cv2.INTER_LINEAR) * np.float32(width)
    cells[..., 1] *= np.float32(photo_size[1] / photo_size[0] * height / width)
    times = moments(period)
    table = np.zeros((len(times), height, width, 2), np.float32)
    middle = len(times) // 2
    step = np.float32(times[middle + 1] - times[middle])
    y, x = np.mgrid[:height, :width].astype(np.float32)
    for way in (1, -1):
        offset = np.zeros((height, width, 2), np.float32)
        for number in range(1, middle + 1):
            half = offset - way * step / 2 * _at(cells, x + offset[..., 0], y + offset[..., 1])
            offset = offset - way * step * _at(cells, x + half[..., 0], y + half[..., 1])
            table[middle + way * number] = offset
    scale = np.array([photo_size[1] / width, photo_size[0] / height], np.float32)
    return tabulated(table * scale, period, loop_seconds, photo_size[1])


def _at(velocity: Array, x: Array, y: Array) -> Array:
    return cv2.remap(velocity, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
