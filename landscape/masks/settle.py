"""At which size masks are made, and what they leave still because they are in doubt."""

from __future__ import annotations

import cv2
import numpy as np

from landscape.images.filters import smoothstep

WORK_SIDE = 2048
"""Masks are refined at this long side at most; larger photos get them enlarged, which bounds the memory."""
_EDGE = 0.005
"""An edge of a mask is within so much of what surely is on either side of it, as a fraction of the long side."""
_SURE = 0.97
"""Share from which that is sure."""
_DECIDED = (0.8, 0.97)
"""Shares from which what is in doubt begins to move, and moves."""


def work_size(height: int, width: int) -> tuple[int, int]:
    """Height and width in pixels at which the masks of a photo are made."""
    shrink = min(1.0, WORK_SIDE / max(height, width))
    return max(1, round(height * shrink)), max(1, round(width * shrink))


def settle(masks: np.ndarray) -> np.ndarray:
    """Leave still what masks are in doubt about over more than the width of an edge: half of a hill does not move.

    Args:
        masks: float32 (H, W, C) in [0, 1], shares of what moves.

    Returns:
        float32 (H, W, C).
    """
    moving = np.minimum(masks.sum(axis=2), 1)
    reach = 2 * max(3, round(_EDGE * max(moving.shape))) + 1
    kernel = np.ones((reach, reach), np.uint8)
    doubtful = (cv2.dilate(moving, kernel) < _SURE) | (cv2.erode(moving, kernel) > 1 - _SURE)
    left = np.where(doubtful, smoothstep(moving, *_DECIDED), moving)
    return np.asarray(masks * (left / np.maximum(moving, 1e-6))[..., None], np.float32)
