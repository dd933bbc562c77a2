"""BMP files with pixels of any layout: samples at any place in 16 or 32 bits, and palettes of four colours.

Pillow reads the usual layouts; browsers read all of them.
"""

from __future__ import annotations

import struct
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image

_HEAD, _PLAIN_HEAD, _ALPHA_HEAD = 14, 40, 56
"""Bytes of the file's head; of the picture's: the least, and the least that holds masks of all four samples."""
_PLAIN, _MASKED, _MASKED_ALPHA = 0, 3, 6
"""Ways to store pixels."""
_USUAL = {16: (0x7C00, 0x3E0, 0x1F), 32: (0xFF0000, 0xFF00, 0xFF)}
"""Masks of red, green and blue where a file gives none."""
_FEW = 2
"""Bits of a pixel of four colours."""


def decode(file: BinaryIO) -> Image.Image:
    """Read a BMP that is not compressed.

    Args:
        file: The file.

    Returns:
        RGB, or RGBA where the file says how opaque pixels are.

    Raises:
        ValueError: If it is of another kind, or ends too early.
        struct.error: If its head ends too early.
    """
    file.seek(0)
    data = file.read()
    start, size, width, height, _, bits, kind = struct.unpack_from("<IIiiHHI", data, 10)
    stride, rows = (width * bits + 31) // 32 * 4, abs(height)
    if size < _PLAIN_HEAD or width <= 0 or rows == 0 or len(data) < start + stride * rows:
        raise ValueError("no picture, or not all of it")
    stored = np.frombuffer(data, np.uint8, stride * rows, start).reshape(rows, stride)
    stored = np.ascontiguousarray(stored[::-1] if height > 0 else stored)
    if bits == _FEW and kind == _PLAIN:
        palette = np.frombuffer(data, np.uint8, 16, _HEAD + size).reshape(4, 4)[:, 2::-1]
        indices = stored[..., None] >> np.arange(6, -1, -2) & 3
        image = Image.fromarray(palette[indices.reshape(rows, -1)[:, :width]])
    elif bits in _USUAL and kind in (_PLAIN, _MASKED, _MASKED_ALPHA):
        masks = _USUAL[bits] if kind == _PLAIN else _masks(data, size, kind)
        words = stored.view(f"<u{bits // 8}")[:, :width]
        image = Image.fromarray(np.dstack([_sample(words, mask) for mask in masks]))
    else:
        raise ValueError("another kind")
    image.format = "BMP"
    return image


def _masks(data: bytes, size: int, kind: int) -> tuple[int, ...]:
    """The bits of red, green and blue, and those of alpha if there is any."""
    *colours, alpha = struct.unpack_from("<4I", data, _HEAD + _PLAIN_HEAD)
    return (*colours, alpha) if alpha and (size >= _ALPHA_HEAD or kind == _MASKED_ALPHA) else tuple(colours)


def _sample(words: NDArray[Any], mask: int) -> NDArray[np.uint8]:
    """A sample of all pixels in 8 bits."""
    if mask == 0:
        return np.zeros(words.shape, np.uint8)
    low = (mask & -mask).bit_length() - 1
    values = (words & words.dtype.type(mask)) >> low
    return np.rint(values * (255 / (mask >> low))).astype(np.uint8)
