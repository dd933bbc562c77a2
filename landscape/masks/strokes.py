"""Strokes of a brush on layers of sky, water and frozen parts."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from landscape.errors import LandscapeError

Layers = NDArray[np.uint8]
"""(H, W, 4): coverage of sky, water, freeze, and where strokes were painted, 0 to 255."""

CLASSES = ("sky", "water", "freeze", "none")
"""What a stroke can paint; ``none`` erases the others."""
_MAX_POINTS = 20_000


@dataclass(frozen=True)
class Stroke:
    """One stroke of the brush.

    Attributes:
        points: (n, 2) x, y in fractions of the width and the height.
        size: Diameter as a fraction of the long side, above 0 to 0.5.
        softness: Part of the brush that fades out, 0 (hard) to 1.
        paints: One of :data:`CLASSES`.
    """

    points: NDArray[np.float32]
    size: float
    softness: float
    paints: str

    def __post_init__(self) -> None:
        shape = self.points.shape
        if len(shape) != 2 or shape[1] != 2 or not 1 <= shape[0] <= _MAX_POINTS or not np.isfinite(self.points).all():
            raise LandscapeError("A stroke needs points with two coordinates.")
        if not 0 < self.size <= 0.5 or not 0 <= self.softness <= 1:
            raise LandscapeError("Choose a brush up to half of the photo, with a softness between 0 and 1.")
        if self.paints not in CLASSES:
            raise LandscapeError(f"Choose what to paint from: {', '.join(CLASSES)}.")


def coverage(stroke: Stroke, height: int, width: int) -> NDArray[np.float32]:
    """How much a stroke covers each pixel, (height, width) in [0, 1]; crossing itself makes it no denser."""
    diameter = stroke.size * max(height, width)
    hard = max(1.0, diameter * (1 - stroke.softness / 2))
    sigma = diameter * stroke.softness / 6
    scale = 16  # OpenCV draws at sixteenths of a pixel
    points = stroke.points * [width, height] - 0.5
    reach = diameter + 4 * sigma + 2
    left, top = (max(0, int(value)) for value in np.floor(points.min(axis=0) - reach))
    right, bottom = (int(value) for value in np.ceil(points.max(axis=0) + reach))
    right, bottom = min(width, right), min(height, bottom)
    result = np.zeros((height, width), np.float32)
    if right <= left or bottom <= top:
        return result
    part = np.zeros((bottom - top, right - left), np.uint8)
    line = np.rint(np.clip((points - [left, top]) * scale, -(2**24), 2**24)).astype(np.int32)
    if hard >= 2:
        cv2.polylines(part, [line], False, 255, round(hard), cv2.LINE_AA, shift=4)
    for point in line[[0, -1]]:
        cv2.circle(part, tuple(int(v) for v in point), round(hard * scale / 2), 255, -1, cv2.LINE_AA, shift=4)
    if sigma > 0.1:
        part = np.asarray(cv2.GaussianBlur(part, (0, 0), sigma), np.uint8)
    result[top:bottom, left:right] = part / np.float32(255)
    return result


def painted(layers: Layers, stroke: Stroke) -> Layers:
    """Layers after a stroke: it replaces sky by water and so on; ``freeze`` lies above both, ``none`` clears all."""
    alpha = coverage(stroke, *layers.shape[:2])[..., None]
    target = np.zeros(4, np.float32)
    if stroke.paints != "none":
        target[CLASSES.index(stroke.paints)] = 255
    target[3] = 255
    kept = [0, 1] if stroke.paints == "freeze" else []
    rows, columns = (np.flatnonzero(alpha[..., 0].any(axis=axis)) for axis in (1, 0))
    result = layers.copy()
    if not len(rows):
        return result
    part = (slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1))
    before = layers[part].astype(np.float32)
    after = before + alpha[part] * (target - before)
    after[..., kept] = before[..., kept]
    result[part] = np.rint(after).astype(np.uint8)
    return result
