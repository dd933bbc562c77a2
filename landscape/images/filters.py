"""Filters of pictures and masks: blurs, filling of holes, edges that follow a photo."""

from __future__ import annotations

import cv2
import numpy as np

from landscape.images.pixels import Array

_MOST_CHANNELS = 4
"""OpenCV resizes no more channels at once."""


def blur(image: Array, sigma: float) -> Array:
    """Gaussian blur with reflecting borders; sigma in pixels. Wide ones work on a reduced image."""
    if image.ndim == 3 and image.shape[2] > _MOST_CHANNELS:
        parts = range(0, image.shape[2], _MOST_CHANNELS)
        return np.dstack([blur(image[..., first : first + _MOST_CHANNELS], sigma) for first in parts])
    if sigma > 8:
        factor = sigma / 4
        height, width = image.shape[:2]
        size = (max(1, round(width / factor)), max(1, round(height / factor)))
        small = blur(cv2.resize(image, size, interpolation=cv2.INTER_AREA), sigma * size[0] / width)
        return cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR).reshape(image.shape)
    return cv2.GaussianBlur(image, (0, 0), max(sigma, 0.1), borderType=cv2.BORDER_REFLECT).reshape(image.shape)


def masked_blur(image: Array, weight: Array, sigma: float) -> Array:
    """Blur an (h, w, C) image over the pixels that ``weight`` (h, w) counts alone (normalised convolution)."""
    total = blur(weight, sigma)[..., None]
    return blur(image * weight[..., None], sigma) / np.maximum(total, 1e-4)


def fill(image: Array, weight: Array) -> Array:
    """Fill the pixels of low weight smoothly from those of high weight (push-pull).

    Args:
        image: (h, w, C).
        weight: (h, w) in [0, 1]; pixels of weight 1 are kept.

    Returns:
        (h, w, C) image without any colour of the pixels of weight 0.
    """
    height, width = weight.shape
    if min(height, width) <= 2 or float(weight.min()) >= 1.0:
        mean = (image * weight[..., None]).sum((0, 1)) / max(float(weight.sum()), 1e-6)
        return image * weight[..., None] + mean * (1 - weight[..., None])
    size = ((width + 1) // 2, (height + 1) // 2)
    total = cv2.resize(weight, size, interpolation=cv2.INTER_AREA)
    smaller = cv2.resize(image * weight[..., None], size, interpolation=cv2.INTER_AREA)
    smaller = smaller.reshape(*total.shape, -1) / np.maximum(total, 1e-6)[..., None]
    coarse = fill(smaller, np.minimum(total * 2, 1).astype(np.float32))
    coarse = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR).reshape(image.shape)
    return image * weight[..., None] + coarse * (1 - weight[..., None])


def look_up(image: Array, x: Array, y: Array) -> Array:
    """Sample an image at positions x, y (h, w) in its pixels, mirrored at its borders."""
    return cv2.remap(image, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)


def smoothstep(value: Array | float, low: float, high: float) -> Array:
    """0 below ``low``, 1 above ``high``, smooth in between."""
    x = np.clip((np.asarray(value, np.float32) - low) / (high - low), 0, 1)
    return np.asarray(x * x * (3 - 2 * x), np.float32)


def resize(image: np.ndarray, height: int, width: int) -> np.ndarray:
    """Resize a picture or a mask (H, W) or (H, W, C): by area when it shrinks, linearly when it grows."""
    if image.shape[:2] == (height, width):
        return image
    smaller = height < image.shape[0] or width < image.shape[1]
    return cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA if smaller else cv2.INTER_LINEAR)


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
