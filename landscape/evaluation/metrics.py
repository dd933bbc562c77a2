"""Figures of merit of reconstructions and animations (paper, 4 and 8)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import torch

from landscape.images.similarity import Image, as_unit_batch, ssim
from landscape.networks.perceptual import LpipsAlex

__all__ = ["SkyFlow", "direction_error", "lpips", "sky_flow", "ssim"]

FLOW_SIDE = 256
"""Optical flow is measured on frames of at least this short side, where its patches of 8 px are small details."""


@torch.no_grad()
def lpips(a: Image, b: Image, network: LpipsAlex) -> float:
    """Perceptual distance, mean over the images; 0 for equal ones. Forms as in :func:`ssim`."""
    device = network.shift.device
    first, second = (as_unit_batch(image).to(device) * 2 - 1 for image in (a, b))
    return float(network(first, second).mean())


@dataclass(frozen=True)
class SkyFlow:
    """Mean optical flow of a region.

    Attributes:
        magnitude: Mean length of the flow vectors, half image widths per frame (the paper's unit).
        direction_deg: Direction of the mean vector, degrees clockwise from up in [0, 360); NaN where nothing moves.
    """

    magnitude: float
    direction_deg: float


def sky_flow(frames: Sequence[np.ndarray], mask: np.ndarray) -> SkyFlow:
    """Measure how a region moves from each frame to the next.

    Args:
        frames: At least two frames, uint8 (H, W, 3); small ones are enlarged to 256 px.
        mask: (H, W), the region is where it exceeds one half.

    Raises:
        ValueError: If there are fewer than two frames or the region is empty.
    """
    if len(frames) < 2:
        raise ValueError("Optical flow needs two frames.")
    height, width = frames[0].shape[:2]
    factor = max(1.0, FLOW_SIDE / min(height, width))
    size = (round(width * factor), round(height * factor))
    region = cv2.resize(np.asarray(mask, np.float32), size, interpolation=cv2.INTER_LINEAR) > 0.5
    if not region.any():
        raise ValueError("The region whose flow is measured is empty.")
    estimator = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    grey = [
        cv2.cvtColor(cv2.resize(frame, size, interpolation=cv2.INTER_CUBIC), cv2.COLOR_RGB2GRAY) for frame in frames
    ]
    flows = [
        estimator.calc(first, second, np.zeros((*first.shape, 2), np.float32))[region]
        for first, second in zip(grey[:-1], grey[1:], strict=True)
    ]
    vectors = np.stack(flows) / (size[0] / 2)
    mean_x, mean_y = vectors.reshape(-1, 2).mean(axis=0)
    moving = math.hypot(mean_x, mean_y) > 1e-9
    direction = math.degrees(math.atan2(mean_x, -mean_y)) % 360.0 if moving else math.nan
    return SkyFlow(float(np.linalg.norm(vectors, axis=2).mean()), direction)


def direction_error(found_deg: float, wanted_deg: float) -> float:
    """Angle between two directions in degrees, 0 to 180; 180 where nothing moves (NaN)."""
    if math.isnan(found_deg):
        return 180.0
    return abs((found_deg - wanted_deg + 180.0) % 360.0 - 180.0)
