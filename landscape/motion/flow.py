"""The flow of sky and water over time (paper, 3.1.3).

A step of a clock homography is 1/30 s at speed 1. Flows say where a pixel of a later frame is sampled in the photo, so
clouds move against the displacement. The paper's clock says how the corners of a sky move; seen as a whole, its sky
goes up to 60 degrees aside of the hour, and backwards at 12 o'clock where the horizon lies below the photo. What is
added here, as to clouds at one height, turns the mean motion of the sky to where the dial points.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from landscape.motion.homography import (
    Matrix,
    homography_log,
    horizon_level,
    pixel_centres,
    powers_of_log,
    step_homography,
    transform_grid,
)
from landscape.settings import MotionSettings

STEPS_PER_SECOND = 30.0
"""Steps of a clock homography in a second at speed 1."""
HORIZON_BAND = 1 / 64
"""Height of the band around the horizon in which sky and water motion blend, as a fraction of the height."""
_LEAST_WAY = 0.5
"""Least part of a sky's mean speed that goes where the dial points; the rest is its growth."""
_CELLS = 32
"""Rows and columns on which the motion of a sky is averaged."""


@lru_cache(maxsize=64)
def _step_log(direction_deg: float, horizon: float, perspective: float, aspect: float, below: bool) -> Matrix:
    aside = _aside(direction_deg, horizon, perspective, aspect)
    return homography_log(step_homography(direction_deg, horizon, below, perspective, aside))


@lru_cache(maxsize=64)
def _aside(direction_deg: float, horizon: float, perspective: float, aspect: float) -> tuple[float, float]:
    """What is added to the clock's step so that the sky's mean motion has the dial's direction, dx and dy."""
    level = horizon_level(horizon)
    bottom = min(level, 1.0)
    xs = pixel_centres(_CELLS).numpy()
    ys = ((xs + 1) * np.float32((bottom + 1) / 2) - 1)[:, None]
    step = step_homography(direction_deg, horizon, False, perspective)
    moved = transform_grid(step, ys, xs)
    right, up = -(moved[0] - xs), (moved[1] - ys) * aspect
    way = max(float(np.hypot(right.mean(), up.mean())), _LEAST_WAY * float(np.hypot(right, up).mean()))
    angle = math.radians(direction_deg)
    # How much of what is added at the top there is in the mean.
    share = 1 - perspective * (bottom + 1) / (level + 1) / 2
    missing_right, missing_up = way * math.sin(angle) - right.mean(), way * math.cos(angle) - up.mean()
    return -float(missing_right) / share, float(missing_up) / aspect / share


@lru_cache(maxsize=64)
def flow_homography(motion: MotionSettings, horizon: float, seconds: float, below: bool, aspect: float = 1.0) -> Matrix:
    """The homography of the sky's (or the water's) flow after a time, from output to input positions.

    Args:
        motion: Direction, speed and amounts.
        horizon: Fraction of the height.
        seconds: Any real number.
        below: Water instead of sky.
        aspect: Height of the photo over its width.

    Returns:
        (3, 3) matrix, which is not to be changed.
    """
    power: Matrix = _flow_homographies(motion, horizon, np.array([seconds]), below, aspect)[0]
    power.setflags(write=False)
    return power


def _flow_homographies(
    motion: MotionSettings, horizon: float, seconds: NDArray[np.float64], below: bool, aspect: float
) -> Matrix:
    """The homographies at several times, (n, 3, 3)."""
    logarithm = _step_log(motion.direction % 360.0, horizon, motion.perspective, aspect, below)
    return powers_of_log(logarithm, STEPS_PER_SECOND * steps_rate(motion, below) * seconds)


def steps_rate(motion: MotionSettings, below: bool) -> float:
    """Factor on the clock speed of the sky, or of the water where ``below``."""
    return motion.speed * (motion.water if below else motion.sky)


def water_share(ys: Tensor, horizon: float) -> Tensor:
    """How much rows belong to the water below the horizon: 0 above, 1 below, linear in a narrow band.

    Args:
        ys: Row coordinates in [-1, 1].
        horizon: Fraction of the height.

    Returns:
        Shares in [0, 1], the shape of ``ys``.
    """
    return (((ys + 1.0) / 2.0 - horizon) / HORIZON_BAND + 0.5).clamp(0.0, 1.0)


def displacement(
    motion: MotionSettings, horizon: float, seconds: float, height: int, width: int
) -> NDArray[np.float32]:
    """Where each pixel of a frame is sampled in the photo, relative to itself.

    Args:
        motion: Direction, speed and amounts.
        horizon: Fraction of the height.
        seconds: Time of the frame, any real number.
        height: Pixels.
        width: Pixels.

    Returns:
        (height, width, 2) float32 dx, dy in pixels; add it to the pixel's own position for ``cv2.remap``.
    """
    return displacements(motion, horizon, np.array([seconds], np.float64), height, width)[0]


def displacements(
    motion: MotionSettings,
    horizon: float,
    seconds: NDArray[np.float64],
    height: int,
    width: int,
    aspect: float | None = None,
) -> NDArray[np.float32]:
    """As :func:`displacement`, at several times (n,) at once: (n, height, width, 2).

    Where pixels are not square, ``aspect`` is the height of the photo over its width.
    """
    aspect = height / width if aspect is None else aspect
    ys, xs = (pixel_centres(size).numpy() for size in (height, width))
    fields = np.zeros((len(seconds), height, width, 2), np.float32)
    for below, rows, weight in _bands(horizon, height):
        y = ys[rows, None]
        moved = transform_grid(_flow_homographies(motion, horizon, seconds, below, aspect), y, xs)
        for axis, (position, place, size) in enumerate(zip(moved, (xs, y), (width, height), strict=True)):
            fields[:, rows, :, axis] += (weight * (size / 2)) * (position - place)
    return fields


@lru_cache(maxsize=16)
def _bands(horizon: float, height: int) -> list[tuple[bool, slice, NDArray[np.float32]]]:
    """Rows of the sky's flow and of the water's, with their weights (n, 1); those present alone."""
    share = water_share(pixel_centres(height), horizon).numpy()[:, None]
    bands = []
    for below, weight in ((False, 1 - share), (True, share)):
        there = np.flatnonzero(weight > 0)
        if len(there):
            rows = slice(int(there[0]), int(there[-1]) + 1)
            bands.append((below, rows, weight[rows]))
    return bands
