"""Clock homographies, their real powers and warping by them (paper, 3.1.3).

All coordinates are x, y in [-1, 1] over the picture, y down. Homographies map output to input positions: they say
where a pixel of a later frame is sampled in the photo, so clouds move against the displacement. Time is continuous and
counted in steps.
"""

from __future__ import annotations

import math

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from numpy.typing import NDArray
from scipy.linalg import logm
from torch import Tensor

Matrix = NDArray[np.float64]

_HORIZON_RANGE = {False: (0.15, 2.0), True: (0.05, 0.85)}  # keeps the four points in general position
_IDENTITY = np.eye(3)
_FAR = 64.0  # positions beyond it are at infinity for every purpose: 32 pictures away
_LARGE_EXPONENT = 20.0  # sum of absolute entries from which an exponential is kept from overflowing
_EXTRA_HALVINGS, _TAYLOR_TERMS = 3, 10  # exponents below 1/8: the eleventh term is below double precision
_SMALL_STEP, _SERIES_TERMS = 0.25, 26  # matrices this near to the identity have a logarithm by series, as steps do
_MIN_DEPTH = 1e-4  # homogeneous w below it lies on or behind the line at infinity

# dx, dy of left-top, right-top, left-horizon, right-horizon for 1 to 12 o'clock, in units of half the picture.
_CLOCK: Matrix = np.array(
    [
        [-0.0004, 0.004, -0.010, 0.004, -0.00002, 0.00002, -0.0002, 0.00002],
        [-0.003333, 0.001667, -0.005, 0.000667, -0.0000333, 0.0001667, -0.0000333, 0.0001667],
        [-0.006667, 0.0001667, -0.006667, 0.0001667, -0.0000333, 0.0000333, -0.0000333, 0.0000333],
        [-0.004, 0.0, -0.004, -0.004, -0.0002, 0.0, -0.0002, -0.0002],
        [-0.0025, -0.0005, -0.0015, -0.00125, -0.005, -0.00025, -0.0005, -0.0005],
        [-0.001, -0.000667, 0.001, -0.000667, -0.003333, -0.0001667, 0.003333, -0.0001667],
        [0.0015, -0.00125, 0.0025, -0.0005, 0.0005, -0.0005, 0.005, -0.00025],
        [0.004, -0.004, 0.004, 0.0, 0.0002, -0.0002, 0.0002, 0.0],
        [0.006667, 0.0001667, 0.006667, 0.0001667, 0.0000333, 0.0000333, 0.0000333, 0.0000333],
        [0.005, 0.000667, 0.003333, 0.001667, 0.0000333, 0.0001667, 0.0000333, 0.0001667],
        [0.010, 0.004, 0.0004, 0.004, 0.0002, 0.00002, 0.00002, 0.00002],
        [0.020, 0.015, -0.020, 0.015, 0.001, 0.002, -0.001, 0.002],
    ]
).reshape(12, 4, 2)


def clock_displacements(direction_deg: float) -> Matrix:
    """Displacements of the sampling positions for a direction.

    Args:
        direction_deg: Where the clouds go, degrees clockwise from up, any real number; 30 degrees are one clock hour.

    Returns:
        (4, 2) dx, dy per step of left-top, right-top, left-horizon, right-horizon: the table's row at full hours,
        linear between them.
    """
    hour = (direction_deg / 30.0) % 12.0
    before = int(hour) % 12
    part = hour - int(hour)
    return (1.0 - part) * _CLOCK[before - 1] + part * _CLOCK[before]


def horizon_level(horizon: float, below: bool = False) -> float:
    """Row, -1 at the top to 1 at the bottom, of the pair of points at the horizon; see :func:`step_homography`."""
    low, high = _HORIZON_RANGE[below]
    return 2.0 * min(max(horizon, low), high) - 1.0


def step_homography(
    direction_deg: float,
    horizon: float,
    below: bool,
    perspective: float = 1.0,
    aside: tuple[float, float] = (0.0, 0.0),
) -> Matrix:
    """The homography of one step, from output to input positions.

    Args:
        direction_deg: Where the clouds go, degrees clockwise from up.
        horizon: Horizon as a fraction of the height, y down; values too near to the points' other pair are clamped.
        below: The motion of the water, mirrored at the horizon, instead of the sky's.
        perspective: How much the motion differs at the horizon: 1 is the paper's, 0 moves all points as the outer pair.
        aside: What is added to the displacement of the outer pair, dx and dy in the sky; with perspective it falls off
            to nothing at the horizon.

    Returns:
        (3, 3) matrix with lower right entry 1.
    """
    level = horizon_level(horizon, below)
    outer = 1.0 if below else -1.0
    points = np.array([[-1.0, outer], [1.0, outer], [-1.0, level], [1.0, level]])
    moves = clock_displacements(direction_deg)
    moves[2:] = moves[:2] + perspective * (moves[2:] - moves[:2])
    moves += np.array([1.0, 1.0, 1.0 - perspective, 1.0 - perspective])[:, None] * aside
    targets = points + moves * ([1.0, -1.0] if below else [1.0, 1.0])
    rows, values = [], []
    for (x, y), (u, v) in zip(points, targets, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        values += [u, v]
    return np.append(np.linalg.solve(np.array(rows), np.array(values)), 1.0).reshape(3, 3)


def homography_log(h: Matrix) -> Matrix:
    """Real matrix logarithm of a homography scaled to determinant 1.

    Raises:
        ValueError: If the homography has no real logarithm, as a reflection.
    """
    determinant = np.linalg.det(h)
    if not determinant > 0:
        raise ValueError("A homography with a real logarithm has a positive determinant.")
    scaled = h / np.cbrt(determinant)
    rest = scaled - _IDENTITY
    if np.abs(rest).sum() < _SMALL_STEP:
        series = np.zeros((3, 3))
        for term in range(_SERIES_TERMS, 0, -1):
            series = rest.dot(_IDENTITY / term - series)
        return series
    logarithm = np.asarray(logm(scaled))
    if np.abs(np.imag(logarithm)).max() > 1e-8:
        raise ValueError("The homography has no real logarithm.")
    return np.ascontiguousarray(np.real(logarithm))


def powers_of_log(logarithm: Matrix, times: NDArray[np.float64]) -> Matrix:
    """Powers of the homography with this logarithm; see :func:`homography_power`.

    Args:
        logarithm: (3, 3).
        times: (n,) exponents.

    Returns:
        (n, 3, 3).
    """
    exponents = times[:, None, None] * logarithm
    large = np.abs(exponents).sum(axis=(1, 2)) > _LARGE_EXPONENT
    if large.any():
        # A homography is free in scale: subtracting the fastest growth keeps any time finite.
        rates = np.linalg.eigvals(logarithm).real
        growth = np.maximum(times * rates.max(), times * rates.min())
        exponents -= np.where(large, growth, 0.0)[:, None, None] * _IDENTITY
    powers = _exponentials(exponents)
    largest = np.abs(powers).max(axis=(1, 2))
    corner = powers[:, 2, 2]
    return np.asarray(powers / np.where(corner > 1e-6 * largest, corner, largest)[:, None, None])


def _exponentials(exponents: Matrix) -> Matrix:
    """Matrix exponentials by scaling and squaring; those of SciPy and torch take many times as long for 3 x 3."""
    size = max(float(np.abs(exponents).sum(axis=(1, 2)).max(initial=0.0)), 1e-9)
    halvings = max(0, math.ceil(math.log2(size)) + _EXTRA_HALVINGS)
    small, powers = exponents / 2.0**halvings, np.broadcast_to(_IDENTITY, exponents.shape)
    for term in range(_TAYLOR_TERMS, 0, -1):
        powers = _IDENTITY + (small @ powers) / term
    for _ in range(halvings):
        powers = powers @ powers
    return powers


def homography_power(h: Matrix, t: float) -> Matrix:
    """A real power of a homography, ``h`` repeated ``t`` times (the inverse for negative ``t``).

    Args:
        h: (3, 3) with a real logarithm; every step homography has one.
        t: Any real number, also thousands.

    Returns:
        (3, 3), equal to the power up to a positive factor; lower right entry 1 unless that would overflow.

    Raises:
        ValueError: If ``h`` has no real logarithm.
    """
    power: Matrix = powers_of_log(homography_log(h), np.array([t]))[0]
    return power


def pixel_centres(size: int, device: torch.device | str = "cpu") -> Tensor:
    """Coordinates in [-1, 1] of the centres of ``size`` pixels, (size,) float32."""
    return (2.0 * torch.arange(size, device=device, dtype=torch.float32) + 1.0) / size - 1.0


def transform(h: Matrix, ys: Tensor, xs: Tensor) -> Tensor:
    """Apply a homography to a grid of positions.

    Args:
        h: (3, 3).
        ys: (H,) row coordinates.
        xs: (W,) column coordinates.

    Returns:
        (H, W, 2) positions x, y; finite everywhere: those on or behind the line at infinity are far outside.
    """
    y, x = ys[:, None], xs[None, :]
    depth = (float(h[2, 0]) * x + (float(h[2, 1]) * y + float(h[2, 2]))).clamp(min=_MIN_DEPTH)
    u = (float(h[0, 0]) * x + (float(h[0, 1]) * y + float(h[0, 2]))) / depth
    v = (float(h[1, 0]) * x + (float(h[1, 1]) * y + float(h[1, 2]))) / depth
    return torch.stack([u, v], dim=-1).clamp_(-_FAR, _FAR)


def transform_grid(h: Matrix, ys: NDArray[np.float32], xs: NDArray[np.float32]) -> list[NDArray[np.float32]]:
    """As :func:`transform`, for arrays: quick for small pictures, and for many homographies at once.

    Args:
        h: (..., 3, 3).
        ys: (H, 1) row coordinates.
        xs: (W,) column coordinates.

    Returns:
        x and y, (..., H, W) each.
    """
    factors = h.astype(np.float32)[..., None, None]
    u, v, depth = (
        factors[..., row, 0, :, :] * xs + (factors[..., row, 1, :, :] * ys + factors[..., row, 2, :, :])
        for row in range(3)
    )
    np.maximum(depth, _MIN_DEPTH, out=depth)
    return [np.clip(moved / depth, -_FAR, _FAR) for moved in (u, v)]


def sample(maps: Tensor, grid: Tensor, mode: str = "bilinear") -> Tensor:
    """Sample maps at positions, reflecting beyond the borders.

    Args:
        maps: (N, C, H, W).
        grid: (h, w, 2) positions in [-1, 1].
        mode: ``bilinear`` or ``bicubic``.

    Returns:
        (N, C, h, w).
    """
    grids = grid[None].expand(maps.shape[0], -1, -1, -1)
    return F.grid_sample(maps, grids, mode=mode, padding_mode="reflection", align_corners=False)


def warp(maps: Tensor, h: Matrix, mode: str = "bicubic") -> Tensor:
    """Warp maps by a homography with reflecting borders.

    Args:
        maps: (N, C, H, W) float.
        h: (3, 3) from output to input positions.
        mode: ``bilinear`` or ``bicubic``.

    Returns:
        (N, C, H, W), finite wherever the maps are.
    """
    ys, xs = (pixel_centres(size, maps.device) for size in maps.shape[-2:])
    return sample(maps, transform(h, ys, xs).to(maps.dtype), mode)
