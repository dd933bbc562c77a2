"""Samples of TIFF files in 8 bits (TIFF 6.0)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def eight_bits(values: NDArray[Any], top: float) -> NDArray[np.uint8]:
    """Numbers from 0 to a brightest value as 0 to 255; what is beyond is clipped, what is no number is 0."""
    if values.dtype == np.uint8 and top == 255.0:
        return values
    numbers = np.nan_to_num(values.astype(np.float32 if values.dtype.itemsize < 4 else np.float64))
    return np.clip(np.rint(numbers * (255.0 / top)), 0, 255).astype(np.uint8)


def palette_colours(table: NDArray[np.uint16]) -> NDArray[np.uint8]:
    """A palette of 16 bits, (3, N), as (N, 3); some programs write 8 bits into it."""
    return np.ascontiguousarray((table if table.max(initial=0) < 256 else table >> 8).astype(np.uint8).T)


def lab_axes(values: NDArray[Any], first: int, signed: bool) -> NDArray[np.uint8]:
    """Lightness as 0 to 255, and the two other axes with their zero at 128.

    Args:
        values: uint8 or uint16 (H, W, S).
        first: Which axis comes first in them.
        signed: Whether the two axes are stored as signed numbers (CIELab), not as in ICC profiles.
    """
    deep = values.dtype == np.uint16
    axes = np.arange(first, first + values.shape[2])
    numbers = np.where(axes == 0, values, values.view(np.int16 if deep else np.int8) if signed else values)
    lightest = 65535 / 255 if signed else 65280 / 255
    numbers = numbers / np.where(axes == 0, lightest, 256.0) if deep else numbers
    return np.clip(np.rint(numbers + 128 * (signed & (axes > 0))), 0, 255).astype(np.uint8)


def rgb_of_ycbcr(values: NDArray[np.uint8], weights: tuple[float, ...], limits: tuple[float, ...]) -> NDArray[np.uint8]:
    """RGB of luma and chroma (section 21).

    Args:
        values: (H, W, 3).
        weights: Shares of red, green and blue in luma.
        limits: Values of black and white, three pairs.
    """
    red, green, blue = weights
    ends = np.array(limits, np.float32).reshape(3, 2)
    scaled = (values - ends[:, 0]) / (ends[:, 1] - ends[:, 0]) * np.array([255, 127, 127], np.float32)
    y, cb, cr = np.moveaxis(scaled, -1, 0)
    r, b = cr * (2 - 2 * red) + y, cb * (2 - 2 * blue) + y
    return np.clip(np.rint(np.stack([r, (y - blue * b - red * r) / green, b], -1)), 0, 255).astype(np.uint8)
