"""How much darker a photo gets from its middle to its corners: what the lens, or who finished the photo, made of it.

Dark corners are no clouds: carried along they would be smudges. Told from the sky's own light by their shape, as even
powers of the distance from the middle (Goldman and Chen, Vignette and Exposure Calibration and Compensation, 2005).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.optimize import nnls

from landscape.images.pixels import Array

_POWERS = (4, 6, 8)
"""Powers of the distance from the middle, 1 in the corners."""
_DARKEST = 8.0
"""Keeps logarithms of luminance, 0 to 255, finite."""
_ROUNDS, _LEAST = 12, 0.01
"""Rounds of the fit, in which outliers count less and less, and the least error, as a logarithm, that counts less."""


def find_falloff(colours: Array, sure: npt.NDArray[np.bool_]) -> Array:
    """Find the falloff of a whole photo.

    Only what varies along rows tells: above one another the sky has its own gradient, however steep.

    Args:
        colours: (h, w, 3) the photo, 0 to 255, some 70 pixels wide.
        sure: (h, w) pixels of the sky.

    Returns:
        (h, w, 1) factors, 1 in the middle and smaller outside.
    """
    height, width = sure.shape
    x = (np.arange(width) + 0.5) / width * 2 - 1
    y = ((np.arange(height) + 0.5) / height * 2 - 1) * height / width
    distance = np.hypot(x[None, :], y[:, None]) / np.hypot(1, height / width)
    falls = np.stack([distance**power for power in _POWERS], axis=2)
    rows = np.flatnonzero(np.count_nonzero(sure, axis=1) > width // 4)
    if not len(rows):
        return np.ones((height, width, 1), np.float32)
    seen = sure[rows].astype(np.float64)
    light = np.log(np.maximum(colours[rows].mean(axis=2, dtype=np.float64), 0) + _DARKEST)
    # A light that comes from one side is no falloff.
    slope = np.broadcast_to(x[None, :, None], (*seen.shape, 1))
    shapes = np.concatenate([-falls[rows], slope, -slope], axis=2)
    weight, found = seen.copy(), np.zeros(shapes.shape[2])
    for _ in range(_ROUNDS):
        total = np.maximum(weight.sum(axis=1, keepdims=True), 1e-9)
        apart = light - (weight * light).sum(axis=1, keepdims=True) / total
        each = shapes - (weight[..., None] * shapes).sum(axis=1, keepdims=True) / total[..., None]
        root = np.sqrt(weight).ravel()
        found, _ = nnls(each.reshape(-1, shapes.shape[2]) * root[:, None], apart.ravel() * root)
        weight = seen / np.maximum(np.abs(apart - each @ found), _LEAST)
    return np.exp(-falls @ found[: len(_POWERS)])[..., None].astype(np.float32)
