"""What masks are in doubt about stands still."""

from __future__ import annotations

import cv2
import numpy as np

from landscape.images.filters import smoothstep
from landscape.images.pixels import Array

_EDGE = 0.005
"""An edge of what moves is within so much of what surely is on either side of it, as a fraction of the long side."""
_CERTAIN = 0.97
"""Share from which that is sure."""
_DECIDED = ((0.8, 0.97), (0.4, 0.6))
"""Shares from which what is in doubt, if it is sky and if it is water, begins to move, and moves: a hill that drifts
off with the clouds is seen at once, a shore or a reed that rocks with the water is not."""


def settle(masks: Array) -> Array:
    """Leave still what is in doubt over more than the width of an edge: half of a hill does not move.

    Args:
        masks: float32 (H, W, 2) in [0, 1], shares of sky and of water.

    Returns:
        float32 (H, W, 2).
    """
    moving = np.minimum(masks.sum(axis=2), 1)
    reach = 2 * max(3, round(_EDGE * max(moving.shape))) + 1
    kernel = np.ones((reach, reach), np.uint8)
    doubtful = (cv2.dilate(moving, kernel) < _CERTAIN) | (cv2.erode(moving, kernel) > 1 - _CERTAIN)
    doubtful &= (moving > 0) & (moving < 1)
    left, doubted = moving.copy(), moving[doubtful]
    parts = masks[doubtful] / doubted[:, None]
    left[doubtful] = sum(parts[:, kind] * smoothstep(doubted, *shares) for kind, shares in enumerate(_DECIDED))
    return np.asarray(masks * (left / np.maximum(moving, 1e-6))[..., None], np.float32)
