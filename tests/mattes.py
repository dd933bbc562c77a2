"""Mattes that tests make by hand."""

from __future__ import annotations

import numpy as np

from landscape.masks.horizon import find_horizon
from landscape.masks.labels import SKY, WATER
from landscape.masks.matte import Matte


def hard_matte(labels: np.ndarray, freeze: np.ndarray | None = None, horizon: float | None = None) -> Matte:
    """A matte with hard borders of labels uint8 (H, W): 0 other, 1 sky, 2 water."""
    sky, water = ((labels == value).astype(np.float32) for value in (SKY, WATER))
    frozen = np.zeros_like(sky) if freeze is None else freeze.astype(np.float32)
    return Matte.certain(sky, water, frozen, find_horizon(labels) if horizon is None else horizon)
