"""Masks of a photo: how much each pixel belongs to the sky or the water, and the horizon."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from landscape.errors import LandscapeError
from landscape.images.filters import guided, resize, soften
from landscape.masks.horizon import find_horizon
from landscape.masks.labels import OTHER, SKY, WATER
from landscape.masks.settle import settle, work_size


@dataclass(frozen=True)
class Masks:
    """Where the photo moves.

    Attributes:
        sky: float32 (H, W) in [0, 1].
        water: float32 (H, W) in [0, 1]; sky and water add up to 1 at most.
        freeze: float32 (H, W) in [0, 1]; 1 stands still whatever it shows.
        horizon: Fraction of the height in [0, 1], downwards.
    """

    sky: np.ndarray
    water: np.ndarray
    freeze: np.ndarray
    horizon: float

    @property
    def moving(self) -> np.ndarray:
        """How much each pixel moves, float32 (H, W) in [0, 1]."""
        moving: np.ndarray = (1 - self.freeze) * np.clip(self.sky + self.water, 0, 1)
        return moving

    def labels(self) -> np.ndarray:
        """The likeliest label of each pixel, uint8 (H, W), without regard to ``freeze``."""
        found = np.where(self.sky >= self.water, np.uint8(SKY), np.uint8(WATER))
        found[np.maximum(self.sky, self.water) < 0.5] = OTHER
        return found

    def resized(self, height: int, width: int) -> Masks:
        """The same masks for another size of the photo, in pixels."""
        sky, water, freeze = (resize(mask, height, width) for mask in (self.sky, self.water, self.freeze))
        return Masks(sky, water, freeze, self.horizon)


def masks_from_labels(
    labels: np.ndarray,
    pixels: np.ndarray | None,
    *,
    feather: float = 0.004,
    snap: bool = True,
    freeze: np.ndarray | None = None,
    horizon: float | None = None,
    guessed: bool = False,
) -> Masks:
    """Turn labels into soft masks.

    Args:
        labels: uint8 (H, W): 0 other, 1 sky, 2 water, 255 unknown (treated as other).
        pixels: The photo, uint8 (H, W, 3) RGB, for ``snap``; None leaves the borders where they are.
        feather: Width of the soft border as a fraction of the long side, 0 for hard masks.
        snap: Move the borders to the photo's edges with a guided filter.
        freeze: What stands still, (H, W) in [0, 1] or bool; None freezes nothing.
        horizon: Fraction of the height; None asks :func:`find_horizon`.
        guessed: The labels are a network's and may be wrong: what the photo's edges do not confirm stands still.

    Returns:
        Masks of the labels' size.

    Raises:
        LandscapeError: If the sizes differ.
    """
    height, width = labels.shape
    for other in (pixels, freeze):
        if other is not None and other.shape[:2] != (height, width):
            raise LandscapeError("The mask and the photo differ in size; give a mask of the photo's size.")
    rows, columns = work_size(height, width)
    small = np.stack([resize((labels == value).astype(np.float32), rows, columns) for value in (SKY, WATER)], axis=2)
    if snap and pixels is not None:
        snapped = guided(small, resize(pixels, rows, columns), radius=0.012)
        small = np.clip(1.6 * (snapped - 0.5) + 0.5, 0, 1)
        small = settle(small) if guessed else small
    small = np.clip(soften(small, feather), 0, 1)
    small /= np.maximum(small.sum(axis=2, keepdims=True), 1)
    if freeze is None:
        frozen = np.broadcast_to(np.float32(0), (height, width))
    else:
        frozen = resize(soften(resize(freeze.astype(np.float32), rows, columns), feather), height, width)
        frozen = np.clip(frozen, 0, 1)
    sky, water = (resize(np.ascontiguousarray(small[..., i]), height, width) for i in range(2))
    return Masks(sky, water, frozen, find_horizon(labels) if horizon is None else float(np.clip(horizon, 0, 1)))
