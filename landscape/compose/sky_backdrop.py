"""The light that stays in place behind moving clouds: the gradient of the sky and the glow around the sun.

A blurred photo is no backdrop: a large cloud leaves its brightness behind when it goes. As with shading and paint
(Horn, Determining Lightness from an Image, 1974), gentle gradients are the backdrop's and steep ones the clouds': the
backdrop is the picture whose gradients are the gentle ones (Pérez et al., Poisson Image Editing, 2003). Dark corners
are steep, and the backdrop's as well.
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_matrix, diags
from scipy.sparse.linalg import factorized

from landscape.compose.falloff import find_falloff
from landscape.images.filters import blur, fill, masked_blur
from landscape.images.pixels import Array

_SIDE = 72
"""Long side in pixels at which the backdrop is found."""
_STEEP = 260.0
"""Gradients, in grey levels a long side, that are half a cloud's."""
_HELD = 0.004
"""How strongly the backdrop is held to the photo where gradients say nothing."""
_SMOOTH = 0.045
"""Blur of the backdrop as a fraction of the long side."""
_CLEAR = 0.2
"""Blur of what a clear sky differs by from it."""
_LEAST_SPREAD = 2.0
"""Least difference, in grey levels, by which a pixel is told from a clear sky."""


def find_backdrop(colours: Array, known: Array) -> Array:
    """Find the backdrop.

    Args:
        colours: (h, w, 3) colours of the sky of a whole photo, 0 to 255.
        known: (h, w) bool or in [0, 1], where they are the sky's.

    Returns:
        (h, w, 3) smooth colours, beyond the known pixels as well.
    """
    height, width = known.shape
    scale = _SIDE / max(height, width)
    size = (max(4, round(width * scale)), max(4, round(height * scale)))
    weight = cv2.resize(np.asarray(known, np.float32), size, interpolation=cv2.INTER_AREA)
    small = cv2.resize(colours * np.asarray(known, np.float32)[..., None], size, interpolation=cv2.INTER_AREA)
    small = small / np.maximum(weight, 1e-3)[..., None]
    sure = weight > 0.4
    if not sure.any():
        return np.asarray(fill(colours, np.asarray(known, np.float32)), np.float32)
    falloff = find_falloff(small, sure)
    small = small / falloff
    smooth = blur(_integrated(small, sure), _SMOOTH * _SIDE)
    # What is left of a clear sky must be nothing, for clouds are what is carried and changes: the commonest rest is 0.
    rest = small - smooth
    usual = np.median(rest[sure], axis=0)
    away = np.linalg.norm(rest - usual, axis=2)
    spread = float(np.median(away[sure])) + _LEAST_SPREAD
    clear = (sure / (1 + (away / spread) ** 4)).astype(np.float32)
    smooth = smooth + masked_blur(rest, clear + np.float32(1e-4), _CLEAR * _SIDE)
    return np.asarray(cv2.resize(smooth * falloff, (width, height), interpolation=cv2.INTER_CUBIC), np.float32)


def _integrated(colours: Array, sure: npt.NDArray[np.bool_]) -> Array:
    """The picture (h, w, 3) whose gradients are the gentle ones of the sure pixels, and smooth elsewhere."""
    number = np.arange(sure.size).reshape(sure.shape)
    ends, steps, weights = [], [], []
    for a, b in ((np.s_[:, :-1], np.s_[:, 1:]), (np.s_[:-1], np.s_[1:])):
        step, seen = colours[b] - colours[a], sure[a] & sure[b]
        # What all of a row has in common is the sky's own gradient however steep.
        common = _row_medians(step, seen) if a == np.s_[:-1] else np.zeros_like(step[:, :1])
        rest = (step - common).reshape(-1, 3)
        seen = seen.ravel()
        steep = (np.linalg.norm(rest, axis=1) / np.sqrt(3) * _SIDE / _STEEP) ** 2
        gentle = np.where(seen, 1 / (1 + steep), 0)
        step = np.broadcast_to(common, step.shape).reshape(-1, 3) + rest * gentle[:, None]
        ends.append(np.stack([number[a].ravel(), number[b].ravel()]))
        steps.append(step)
        weights.append(np.where(seen, 1.0, 0.3))
    first, second = np.concatenate(ends, axis=1)
    weight = np.concatenate(weights)
    rows = np.arange(len(weight))
    values = np.concatenate([-weight, weight])
    places = (np.concatenate([rows, rows]), np.concatenate([first, second]))
    gradient = coo_matrix((values, places), shape=(len(weight), sure.size)).tocsr()
    target = gradient.T @ (np.concatenate(steps) * weight[:, None])
    held = np.where(sure.ravel(), _HELD, 0)
    solve = factorized((gradient.T @ gradient + diags(held + 1e-7)).tocsc())
    flat = colours.reshape(-1, 3)
    solved = [solve(target[:, channel] + held * flat[:, channel]) for channel in range(3)]
    return np.asarray(np.stack(solved, axis=1).reshape(colours.shape), np.float32)


def _row_medians(step: Array, seen: npt.NDArray[np.bool_]) -> Array:
    """Median of the seen steps of each row, (h, 1, 3); 0 where none is seen."""
    medians = np.zeros((step.shape[0], 1, 3), np.float32)
    for row in np.flatnonzero(seen.any(axis=1)):
        medians[row, 0] = np.median(step[row][seen[row]], axis=0)
    return medians
