"""Water of one photo laid over the ground of another, and ground over water.

There are few labelled falls, creeks and rapids, and few beaches of gravel and wet roads. Their water, laid over the
ground of other photos, and banks laid into the water of others, show that either is told by its own look and not by the
place or by what lies around (Ghiasi et al., 2021, Simple Copy-Paste).
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from landscape.training.data.label_rules import NOT_SKY, NOT_WATER, UNKNOWN, WATER

DONORS = ("rivers", "water_clip_frames", "water_photo_polygons")
"""Sets whose water flows."""
_LEAST = 0.01
"""Least share of the photo that the water covers."""


def pour(
    pixels: NDArray[np.uint8],
    labels: NDArray[np.uint8],
    water_pixels: NDArray[np.uint8],
    water_labels: NDArray[np.uint8],
    rng: np.random.Generator,
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Lay the water of one photo over the ground of another.

    Args:
        pixels: uint8 (H, W, 3) RGB.
        labels: uint8 (H, W), as in :class:`landscape.training.data.masks.LabelledPhoto`.
        water_pixels: The other photo, uint8 (h, w, 3) RGB.
        water_labels: Its labels, uint8 (h, w).
        rng: Source of randomness.

    Returns:
        The photo with that water and its labels, unknown along the seam; the input where hardly any of it fits.
    """
    onto = (labels == 0) | (labels == NOT_SKY)
    (height, width), (rows, columns) = labels.shape, water_labels.shape
    scale = min(height / rows, width / columns) * rng.uniform(0.5, 1.2)
    centre = np.array([width, height]) * rng.uniform(0.3, 0.7, 2)
    return _laid(pixels, labels, water_pixels, water_labels == WATER, onto, WATER, scale, centre, rng)


def strand(
    pixels: NDArray[np.uint8],
    labels: NDArray[np.uint8],
    ground_pixels: NDArray[np.uint8],
    ground_labels: NDArray[np.uint8],
    rng: np.random.Generator,
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Lay the ground of the lower half of one photo over the water of another; as :func:`pour` otherwise.

    What is no water in the lower half of a photo is no sky either, though its labels may not say so.
    """
    ground = (ground_labels == 0) | (ground_labels == NOT_WATER)
    ground[: len(ground) // 2] = False
    (height, width), (rows, columns) = labels.shape, ground.shape
    scale = width / columns * rng.uniform(0.7, 1.5)
    # A near shore: it begins at the lower edge.
    centre = np.array([width * rng.uniform(0.2, 0.8), height * rng.uniform(1.0, 1.25) - scale * rows / 2])
    return _laid(pixels, labels, ground_pixels, ground, labels == WATER, 0, scale, centre, rng)


def _laid(
    pixels: NDArray[np.uint8],
    labels: NDArray[np.uint8],
    other: NDArray[np.uint8],
    part: NDArray[np.bool_],
    onto: NDArray[np.bool_],
    value: int,
    scale: float,
    centre: NDArray[np.float64],
    rng: np.random.Generator,
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Lay a part (h, w) of another photo, scaled around a centre, onto what may be covered (H, W), with its label."""
    height, width = labels.shape
    rows, columns = part.shape
    flip = rng.choice([-1.0, 1.0])
    matrix = np.array(
        [[scale * flip, 0, centre[0] - scale * flip * columns / 2], [0, scale, centre[1] - scale * rows / 2]]
    )
    laid = cv2.warpAffine(other, matrix, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    there = cv2.warpAffine(part.astype(np.uint8), matrix, (width, height), flags=cv2.INTER_NEAREST)
    there = np.where(onto, there, 0).astype(np.uint8)
    if there.mean() < _LEAST:
        return pixels, labels
    soft = cv2.GaussianBlur(there.astype(np.float32), (0, 0), rng.uniform(0.6, 1.5))[..., None]
    under, over = (image[there > 0].mean(axis=0) + 1 for image in (pixels, laid))
    # The light of the one photo is not that of the other; half of the way keeps white water white.
    light = np.clip((under / over) ** rng.uniform(0, 0.5), 0.4, 1.6).astype(np.float32)
    mixed = pixels * (1 - soft) + np.minimum(laid * light, 255) * soft
    found = np.where(there > 0, np.uint8(value), labels)
    seam = cv2.morphologyEx(there, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)) > 0
    found[seam] = UNKNOWN
    return (mixed + 0.5).astype(np.uint8), found
