"""Lakes that never were: photos whose lower part becomes water that mirrors the upper one.

Hardly any labelled photo shows still water, whose pixels look like mountains and sky upside down.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from landscape.training.data.label_rules import NOT_SKY, SKY, WATER

_LOWEST = 0.85
"""The water begins above this fraction of the height."""
_LEAST = 0.15
"""Least share of sky."""
_TINTS = np.array([[30, 60, 80], [25, 70, 60], [40, 45, 50], [70, 65, 45], [60, 110, 140]], np.float32)
"""Colours of water itself, which show where one looks down into it."""


def flood(
    pixels: NDArray[np.uint8], labels: NDArray[np.uint8], rng: np.random.Generator
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Put a lake into a photo.

    Args:
        pixels: uint8 (H, W, 3) RGB.
        labels: uint8 (H, W): 0 other, 1 sky, 2 water, 3 not sky but maybe water, 255 unknown.
        rng: Source of randomness.

    Returns:
        The flooded photo and its labels; those of the input where there is too little sky or land under it.
    """
    height, width = labels.shape
    sky = labels == SKY
    if sky.mean() < _LEAST:
        return pixels, labels
    lowest = np.where(sky.any(axis=0), height - sky[::-1].argmax(axis=0), 0)
    top = float(np.percentile(lowest, 90)) / height + rng.uniform(0.02, 0.25)
    if top > _LOWEST:
        return pixels, labels
    line = round(top * height)
    flooded, found = pixels.copy(), labels.copy()
    flooded[line:] = _mirrored(pixels, line, rng)
    found[line:] = WATER
    land = _land(height - line, width, rng)
    # What juts out of the water is the photo's own ground; its sky and its water cannot.
    land &= (labels[line:] == 0) | (labels[line:] == NOT_SKY)
    flooded[line:][land], found[line:][land] = pixels[line:][land], 0
    return flooded, found


def _mirrored(pixels: NDArray[np.uint8], line: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """What the water under a line shows, uint8 (H - line, W, 3)."""
    height, width = pixels.shape[:2]
    rows = height - line
    y, x = np.mgrid[:rows, :width].astype(np.float32)
    depth = y / height
    waves = _noise(rows, width, rng, stretch=rng.uniform(4, 14)) * depth * rng.uniform(0, 0.25) * height
    from_y = np.abs(line - 1 - y * rng.uniform(0.8, 1.3) + waves)
    mirrored = cv2.remap(pixels, x + 0.3 * waves, from_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
    image = cv2.GaussianBlur(mirrored, (0, 0), rng.uniform(0.3, 1.5), sigmaY=rng.uniform(0.3, 5)).astype(np.float32)
    tint = _TINTS[rng.integers(len(_TINTS))] * rng.uniform(0.4, 1.3)
    share = np.clip(rng.uniform(0, 0.3) + depth * rng.uniform(0, 1.2), 0, 0.8)[..., None]
    image = image * rng.uniform(0.5, 1.0) * (1 - share) + tint * share
    glitter = _noise(rows, width, rng, stretch=rng.uniform(3, 10), size=rng.uniform(1.5, 4))[..., None]
    image *= 1 + rng.uniform(0, 0.35) * glitter
    return np.clip(image, 0, 255).astype(np.uint8)


def _land(rows: int, width: int, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Where a near shore and stones rise out of the water, (rows, W)."""
    y = np.arange(rows, dtype=np.float32)[:, None] / rows
    land = np.zeros((rows, width), bool)
    if rng.random() < 0.5:
        shore = rng.uniform(0.5, 1.0) + np.linspace(-1, 1, width) * rng.uniform(-0.5, 0.5)
        land |= y > shore + 0.15 * _noise(1, width, rng, size=width / 12)[0]
    if rng.random() < 0.4:
        land |= (_noise(rows, width, rng, stretch=2.5, size=width / 20) > rng.uniform(1.5, 2.5)) & (y > 0.1)
    return land


def _noise(
    rows: int, columns: int, rng: np.random.Generator, stretch: float = 1.0, size: float = 4.0
) -> NDArray[np.float32]:
    """Smooth noise (rows, columns) of deviation 1; its spots are ``size`` pixels high and ``stretch`` as wide."""
    shape = (max(2, round(rows / size)), max(2, round(columns / (size * stretch))))
    noise = rng.standard_normal(shape).astype(np.float32)
    smooth = cv2.resize(noise, (columns, rows), interpolation=cv2.INTER_CUBIC)
    return np.asarray(smooth / max(float(noise.std()), 1e-3), np.float32)
