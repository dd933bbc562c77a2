"""Filters that masks of sky and water are refined with."""

from __future__ import annotations

import cv2
import numpy as np

from landscape.images.grid import smoothstep

WORK_SIDE = 2048
"""Masks are refined at this long side at most; larger photos get them enlarged, which bounds the memory."""
_EDGE = 0.005
"""An edge of a mask is within so much of what surely is on either side of it, as a fraction of the long side."""
_SURE = 0.97
"""Share from which that is sure."""
_DECIDED = (0.8, 0.97)
"""Shares from which what is in doubt begins to move, and moves."""


def resize(image: np.ndarray, height: int, width: int) -> np.ndarray:
    """Resize a picture or a mask (H, W) or (H, W, C): by area when it shrinks, linearly when it grows."""
    if image.shape[:2] == (height, width):
        return image
    smaller = height < image.shape[0] or width < image.shape[1]
    return cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA if smaller else cv2.INTER_LINEAR)


def work_size(height: int, width: int) -> tuple[int, int]:
    """Height and width in pixels at which the masks of a photo are made."""
    shrink = min(1.0, WORK_SIDE / max(height, width))
    return max(1, round(height * shrink)), max(1, round(width * shrink))


def guided(masks: np.ndarray, pixels: np.ndarray, radius: float) -> np.ndarray:
    """Let masks follow the edges of a photo.

    Args:
        masks: float32 (H, W, C).
        pixels: The photo, uint8 (H, W, 3) RGB.
        radius: Reach of the filter as a fraction of the long side.

    Returns:
        float32 (H, W, C), slightly outside the range of the masks at times.
    """
    reach = max(4, round(radius * max(pixels.shape)))
    # OpenCV's colour filter degrades to a box for guides in [0, 1], whose determinants it takes for singular
    smoothness = 1e-3 * 255**2
    filtered = [
        cv2.ximgproc.guidedFilter(
            pixels, np.ascontiguousarray(masks[..., i]), reach, smoothness, scale=1 if reach < 8 else 0.5
        )
        for i in range(masks.shape[2])
    ]
    return np.stack(filtered, axis=2)


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


def soften(masks: np.ndarray, feather: float) -> np.ndarray:
    """Blur the borders of masks (H, W) or (H, W, C) over this fraction of the long side."""
    sigma = feather * max(masks.shape[:2]) / 2
    return cv2.GaussianBlur(masks, (0, 0), sigma, borderType=cv2.BORDER_REPLICATE) if sigma > 0.1 else masks


def large_parts(mask: np.ndarray, smallest: int, sure: np.ndarray | None = None) -> np.ndarray:
    """Keep the connected parts of a mask that are large.

    Args:
        mask: bool (H, W).
        smallest: Fewest pixels of a part.
        sure: bool (H, W); if given, a part must hold one of these pixels.

    Returns:
        bool (H, W).
    """
    count, parts, figures, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=4)
    keep = figures[:, cv2.CC_STAT_AREA] >= smallest
    keep[0] = False
    if sure is not None:
        keep &= np.bincount(parts[sure], minlength=count) > 0
    kept: np.ndarray = keep[parts]
    return kept


def mean_over_parts(values: np.ndarray, part: np.ndarray) -> np.ndarray:
    """The mean of values (H, W) over each connected part of a mask, bool (H, W); as (H, W), undefined outside."""
    count, labels = cv2.connectedComponents(part.astype(np.uint8), connectivity=4)
    sums, areas = (np.bincount(labels.ravel(), weights, count) for weights in (values.ravel(), None))
    means: np.ndarray = (sums / np.maximum(areas, 1))[labels]
    return means
