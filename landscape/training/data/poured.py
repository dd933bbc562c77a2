"""Water of one photo laid into another.

There are few labelled falls, creeks and rapids. Their water, laid over the ground of other photos, shows that water is
told by its own look and not by the place or by what lies around (Ghiasi et al., 2021, Simple Copy-Paste).
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from landscape.training.data.label_rules import NOT_SKY, UNKNOWN, WATER

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
    height, width = labels.shape
    rows, columns = water_labels.shape
    scale = min(height / rows, width / columns) * rng.uniform(0.5, 1.2)
    flip = rng.choice([-1.0, 1.0])
    shift = np.array([width, height]) * rng.uniform(0.3, 0.7, 2)
    matrix = np.array(
        [[scale * flip, 0, shift[0] - scale * flip * columns / 2], [0, scale, shift[1] - scale * rows / 2]]
    )
    laid = cv2.warpAffine(
        water_pixels, matrix, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    there = cv2.warpAffine((water_labels == WATER).astype(np.uint8), matrix, (width, height), flags=cv2.INTER_NEAREST)
    there = np.where((labels == 0) | (labels == NOT_SKY), there, 0).astype(np.uint8)
    if there.mean() < _LEAST:
        return pixels, labels
    soft = cv2.GaussianBlur(there.astype(np.float32), (0, 0), rng.uniform(0.6, 1.5))[..., None]
    under, over = (image[there > 0].mean(axis=0) + 1 for image in (pixels, laid))
    # The light of the one photo is not that of the other; half of the way keeps white water white.
    light = np.clip((under / over) ** rng.uniform(0, 0.5), 0.4, 1.6).astype(np.float32)
    mixed = pixels * (1 - soft) + np.minimum(laid * light, 255) * soft
    found = np.where(there > 0, np.uint8(WATER), labels)
    seam = cv2.morphologyEx(there, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)) > 0
    found[seam] = UNKNOWN
    return (mixed + 0.5).astype(np.uint8), found
