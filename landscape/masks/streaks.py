"""Streaks of falling water: which way they lie, and where the water is white and falls."""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np
import numpy.typing as npt

from landscape.images.filters import blur, resize, smoothstep
from landscape.images.pixels import Array

_SIDE = 480
"""Long side in pixels at which streaks are looked for; finer ones are the grain of the photo."""
_FINE, _AROUND = 1.0, 4.0
"""Blur before gradients are taken, and over which their directions are compared, in pixels of that picture."""
_COHERENT = (0.18, 0.5)
"""Coherence of the structure tensor between which texture begins to be, and is, streaks."""
_UPRIGHT = (0.7, 0.92)
"""Cosine of the angle between streaks and the vertical from which they are those of a fall, not of ripples."""
_WHITE = (0.3, 0.55)
"""Lightness less half the saturation, 0 to 1, between which water begins to be, and is, white."""
_FAINT = 1e-5
"""Contrast, in squares of light, that has no direction."""
_RIBBON = (2.5, 5.0)
"""Height over width between which a ribbon of white water begins to be, and is, a fall."""
_PATCH = 0.012
"""Falls are no thinner than this, as a fraction of the long side: a lone streak may be a twig."""


@dataclass(frozen=True)
class Streaks:
    """What the texture of water tells of its motion.

    Attributes:
        direction: (h, w, 2) unit vectors x, y along the texture, downwards; 0 where there is none.
        falling: (h, w) how much the water falls there, in [0, 1].
        white: (h, w) how white it is, in [0, 1].
    """

    direction: Array = field(repr=False)
    falling: Array = field(repr=False)
    white: Array = field(repr=False)


def find_streaks(photo: npt.NDArray[np.uint8], water: Array, height: int, width: int) -> Streaks:
    """Find the streaks of the water in a photo (structure tensor; Bigun and Granlund 1987).

    Args:
        photo: (H, W, 3) uint8 RGB.
        water: (H, W) share of the water, in [0, 1].
        height: Rows of the result.
        width: Columns of the result.
    """
    scale = min(1.0, _SIDE / max(water.shape))
    size = tuple(max(8, round(side * scale)) for side in water.shape)
    small, wet = resize(photo, *size), np.clip(resize(np.asarray(water, np.float32), *size), 0, 1)
    pixels = small.astype(np.float32) / 255
    bright, dark = pixels.max(axis=2), pixels.min(axis=2)
    white = smoothstep(bright - 0.5 * (bright - dark) / np.maximum(bright, 0.05), *_WHITE)
    light = cv2.GaussianBlur(pixels.mean(axis=2), (0, 0), _FINE)
    gx, gy = cv2.Sobel(light, cv2.CV_32F, 1, 0), cv2.Sobel(light, cv2.CV_32F, 0, 1)
    # The shore is an edge that tells nothing of the water.
    inner = cv2.erode((wet > 0.9).astype(np.uint8), np.ones((5, 5), np.uint8)).astype(np.float32)
    tensor = blur(np.dstack([gx * gx, gx * gy, gy * gy, inner * 0 + 1e-5]) * inner[..., None], _AROUND)
    xx, xy, yy = (tensor[..., index] for index in range(3))
    total = xx + yy + tensor[..., 3]
    coherence = np.sqrt((xx - yy) ** 2 + 4 * xy * xy) / np.maximum(total, 1e-9)
    angle = 0.5 * np.arctan2(2 * xy, xx - yy) + np.pi / 2
    x, y = np.cos(angle), np.sin(angle)
    down = np.where(y < 0, -1, 1)
    falling = smoothstep(coherence, *_COHERENT) * smoothstep(np.abs(y), *_UPRIGHT) * blur(white * inner, _AROUND)
    reach = max(1.0, _PATCH * max(size))
    falling = smoothstep(blur(np.asarray(falling, np.float32), reach), 0.12, 0.4)
    weight = np.asarray(coherence * total, np.float32)
    fields = np.dstack([x * down * weight, y * down * weight, falling, white]).astype(np.float32)
    fields = resize(fields, height, width)
    length = np.maximum(np.linalg.norm(fields[..., :2], axis=2, keepdims=True), _FAINT)
    thin = fields[..., 3] * _thin(resize(wet, height, width) > 0.5)
    return Streaks(fields[..., :2] / length, np.maximum(fields[..., 2], thin), fields[..., 3])


def _thin(inside: npt.NDArray[np.bool_]) -> Array:
    """How much cells (h, w) belong to an upright ribbon, much taller than wide, in which streaks are too few to see."""
    tall, wide = (_run(inside, axis) for axis in (0, 1))
    return smoothstep(tall / np.maximum(wide, 1), *_RIBBON)


def _run(inside: npt.NDArray[np.bool_], axis: int) -> npt.NDArray[np.float32]:
    """Length of the run of cells along an axis that each cell is in; 0 outside."""
    lines = np.pad(inside if axis == 1 else inside.T, ((0, 0), (1, 1)))
    starts = lines & ~np.roll(lines, 1, axis=1)
    number = np.cumsum(starts.ravel()).reshape(lines.shape) * lines
    lengths = np.bincount(number.ravel()).astype(np.float32)
    lengths[0] = 0
    runs = lengths[number][:, 1:-1]
    return np.asarray(runs if axis == 1 else runs.T, np.float32)
