"""Files whose end is filled with zeros, as downloads and copies that broke off leave them."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import BinaryIO

import numpy as np
from PIL import Image

_LEAST, _OWN = 32, 16
"""Zeros at the end of a file that are looked at, and how many of them may well be the picture's."""


def require_end(file: BinaryIO, image: Image.Image, decode: Callable[[BinaryIO], Image.Image]) -> None:
    """Make sure that a compressed picture does not go on in zeros at the end of its file.

    Decoders take them for anything. Zeros behind the picture are no harm: another filling changes nothing then.

    Args:
        file: The file.
        image: What was decoded of it.
        decode: Decodes another file.

    Raises:
        OSError: If it does, and of other types if the other file cannot be decoded.
    """
    size = file.seek(0, io.SEEK_END)
    file.seek(max(0, size - _LEAST))
    if size < _LEAST or any(file.read()):
        return
    file.seek(0)
    data = file.read().rstrip(b"\0") + bytes(_OWN)
    noise = np.random.default_rng(0).integers(0, 256, size - len(data), np.uint8).tobytes()
    if not np.array_equal(np.asarray(decode(io.BytesIO(data + noise))), np.asarray(image)):
        raise OSError("the end is filled with zeros")
