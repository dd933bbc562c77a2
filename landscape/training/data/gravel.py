"""Beaches of gravel that never were: stones under the view of somebody who stands on them.

Hardly any labelled photo shows gravel, and wet stones in the light of the sky glitter like ripples.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from landscape.training.data.label_rules import UNKNOWN

_PLANE = 640
"""Side of the plane of stones in pixels, seen from above."""


def gravel(height: int, width: int, rng: np.random.Generator) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Draw a beach of stones, from sand to cobbles.

    Args:
        height: Height of the picture in pixels.
        width: Its width.
        rng: Source of randomness.

    Returns:
        uint8 (H, W, 3) RGB, and labels uint8 (H, W): 0 on the beach in the lower half, unknown beyond its edge.
    """
    plane = _stones(rng)
    top = height * rng.uniform(0.35, 0.6)
    narrow = rng.uniform(0.15, 0.5)
    corners = np.array([[0, 0], [_PLANE, 0], [_PLANE, _PLANE], [0, _PLANE]], np.float32)
    middle, spread = width / 2, width / 2 / narrow
    seen = np.array([[0, top], [width, top], [middle + spread, height], [middle - spread, height]], np.float32)
    turn = cv2.getPerspectiveTransform(corners, seen)
    pixels = cv2.warpPerspective(plane, turn, (width, height), flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REFLECT)
    x = np.linspace(-1, 1, width)
    bays = sum(rng.normal(0, 0.04 / n) * np.sin(np.pi * n * x + rng.uniform(0, 6.3)) for n in (1, 2, 3, 5, 8))
    edge = height * (0.5 + rng.uniform(0, 0.12) + rng.uniform(-0.2, 0.2) * x + bays)
    beach = np.arange(height)[:, None] > np.maximum(edge, top + 2)[None]
    return np.asarray(pixels, np.uint8), np.where(beach, np.uint8(0), np.uint8(UNKNOWN))


def _stones(rng: np.random.Generator) -> NDArray[np.uint8]:
    """Stones side by side, uint8 (S, S, 3) RGB: each of its own colour, round, lit from one side."""
    size = float(np.exp(rng.uniform(np.log(3), np.log(28))))
    count = max(2, round(_PLANE / size))
    y, x = (np.mgrid[:count, :count] + rng.uniform(0.05, 0.95, (2, count, count))) * _PLANE / count
    seeds = np.ones((_PLANE, _PLANE), np.uint8)
    seeds[y.astype(int).clip(0, _PLANE - 1), x.astype(int).clip(0, _PLANE - 1)] = 0
    far, stone = cv2.distanceTransformWithLabels(seeds, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_CCOMP)
    tone = rng.normal(0, rng.uniform(0.1, 0.45), int(stone.max()) + 1).astype(np.float32)
    hue = rng.normal(0, rng.uniform(0.0, 0.06), (len(tone), 3)).astype(np.float32)
    dome = 1 - np.minimum(far / (0.75 * size), 1) ** 2
    slope = np.cos(rng.uniform(0, 6.3)) * cv2.Sobel(dome, cv2.CV_32F, 1, 0) - cv2.Sobel(dome, cv2.CV_32F, 0, 1)
    lit = 0.45 + 0.55 * dome + rng.uniform(0.1, 0.6) * np.clip(slope * size / 8, -1, 1)
    dirt = cv2.resize(rng.standard_normal((12, 12)).astype(np.float32), (_PLANE, _PLANE), interpolation=cv2.INTER_CUBIC)
    light = rng.uniform(40, 170) * np.exp(tone[stone] + 0.15 * dirt) * lit
    colour = np.array([1.0, 1.0, 1.0]) + rng.normal(0, 0.08, 3)
    image = light[..., None] * (colour.astype(np.float32) + hue[stone])
    wet = rng.random() < 0.5
    if wet:  # the sky gleams on the stones that lie right
        gleam = np.clip(slope * size / 8, 0, 1)[..., None] ** 2 * (tone[stone][..., None] > 0.1)
        image += gleam * rng.uniform(40, 160) * (1 + rng.normal(0, 0.25, 3)).astype(np.float32)
    return np.clip(image, 0, 255).astype(np.uint8)
