"""Pictures of more than 8 bits, of which Pillow keeps 8: too few for curves far from the eye's."""

from __future__ import annotations

import logging
from typing import Any, BinaryIO

import cv2
import numpy as np
import pillow_heif
from numpy.typing import NDArray
from PIL import Image

from landscape.photo.png import SIGNATURE, chunks

logger = logging.getLogger(__name__)

_PNG_DEPTH = 24
"""Where a PNG file tells its bits."""
_JPEG2000_SIZE, _JPEG2000_DEPTH = b"\xff\x4f\xff\x51", 42
"""Markers at the beginning of a JPEG 2000 stream, and where from there it tells its bits, less one."""
_AVIF_DEPTH = b"av1C"
"""Box of an AVIF file whose third byte tells its bits."""


def sixteen_bits(image: Image.Image, file: BinaryIO) -> NDArray[np.uint16] | None:
    """The colours of a PNG of 16 bits, or of a HEIC or an AVIF of more than 8, (H, W, 3); None of anything else.

    Args:
        image: The picture as Pillow gives it.
        file: Its file.
    """
    reader = {"PNG": _png, "HEIF": _heif, "AVIF": _avif}.get(image.format or "")
    if reader is None:
        return None
    file.seek(0)
    try:
        values = reader(file.read())
    except Exception as error:  # decoders raise many types, and there are 8 bits
        logger.debug("no deep colours: %s", error)
        return None
    if values is None or values.dtype != np.uint16 or values.shape[:2] != (image.height, image.width):
        return None
    if values.ndim == 2 or values.shape[2] < 3:
        return np.repeat(values.reshape(*values.shape[:2], -1)[..., :1], 3, 2)
    return np.ascontiguousarray(values[..., :3])


def _png(data: bytes) -> NDArray[Any] | None:
    if data[_PNG_DEPTH] != 16:
        return None
    pixels = b"".join(chunk for name, chunk in chunks(data) if name in (b"IHDR", b"IDAT", b"IEND"))
    values = cv2.imdecode(np.frombuffer(SIGNATURE + pixels, np.uint8), cv2.IMREAD_UNCHANGED)
    if values is None or values.ndim == 2:
        return values
    return values[..., 2::-1]


def _heif(data: bytes) -> NDArray[np.uint16] | None:
    file = pillow_heif.open_heif(data, convert_hdr_to_8bit=False)
    return np.asarray(file) if ";16" in file.mode else None


def _avif(data: bytes) -> NDArray[np.uint16] | None:
    place = data.find(_AVIF_DEPTH) + len(_AVIF_DEPTH)
    high, twelve = data[place + 2] >> 6 & 1, data[place + 2] >> 5 & 1
    if not high:
        return None
    import imagecodecs  # here, as other photos are read faster without

    values = np.asarray(imagecodecs.avif_decode(data))
    values = values if values.ndim < 4 else values[0]
    return np.rint(values * (65535 / (4095 if twelve else 1023))).astype(np.uint16)


def clear_level(image: Image.Image, file: BinaryIO) -> Image.Image:
    """A grey PNG of less than 8 bits with its clear level in 8, the picture itself if it is none."""
    level = image.info.get("transparency")
    if image.format != "PNG" or image.mode not in ("1", "L") or not isinstance(level, int):
        return image
    file.seek(_PNG_DEPTH)
    depth = file.read(1)[0]
    if depth < 8:
        image = image.convert("L")
        image.info["transparency"] = (level & 2**depth - 1) * 255 // (2**depth - 1)
    return image


def sound_jpeg_2000(image: Image.Image, file: BinaryIO) -> Image.Image:
    """A JPEG 2000 of another depth in 8 bits, the picture itself if it has 8: Pillow makes white grey or black in them.

    Raises:
        Exception: Of many types if the file is damaged.
    """
    if image.format != "JPEG2000":
        return image
    file.seek(0)
    data = file.read()
    depth = data[data.find(_JPEG2000_SIZE) + _JPEG2000_DEPTH] + 1
    if depth == 8 or depth > 16:
        return image
    import imagecodecs  # here, as other photos are read faster without

    values = np.asarray(imagecodecs.jpeg2k_decode(data))
    return Image.fromarray(np.rint(values * (255 / (2**depth - 1))).astype(np.uint8))
