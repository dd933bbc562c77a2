"""Pixels of a decoded picture, turned upright and brought to sRGB of 8 bits."""

from __future__ import annotations

import io
import logging
from typing import Any, BinaryIO

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, ImageCms

from landscape.photo.described import described, png_chunks
from landscape.photo.profiles import Colours, to_srgb

logger = logging.getLogger(__name__)

_SIXTEEN_BIT = ("I;16", "I;16B", "I;16L", "I;16N", "I")
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_PNG_DEPTH = 24
"""Where a PNG file tells its bits."""


def orientation(image: Image.Image) -> int:
    """How a picture is stored, 1 to 8 as EXIF counts; broken data are ignored."""
    try:
        return int(image.getexif().get(ExifTags.Base.Orientation, 1))
    except Exception as error:  # broken EXIF data in an otherwise sound photo
        logger.debug("ignoring EXIF data: %s", error)
        return 1


def upright(image: Image.Image, stored: int) -> Image.Image:
    """Turn a picture that is stored so."""
    return image.transpose(_TURNS[stored]) if stored in _TURNS else image


def srgb(image: Image.Image, file: BinaryIO, alpha: Image.Image | None = None) -> Image.Image:
    """Convert any mode with any colours to RGB, as browsers show them.

    Args:
        image: The picture.
        file: Its file, which tells the colours.
        alpha: How opaque it is, where the picture does not tell itself.
    """
    told = described(image, file)
    deep = None
    if told.first is not None or told.last is not None:
        deep = _sixteen_bits(image, file)
    if image.mode in _SIXTEEN_BIT or image.mode == "F":
        image = _eight_bit(image)
    if "transparency" in image.info or image.mode in ("P", "PA", "La", "RGBa", "LA"):
        image = image.convert("RGBA")
    alpha = image.getchannel("A") if image.mode == "RGBA" else alpha
    if image.mode not in ("RGB", "L", "CMYK", "LAB"):
        image = image.convert("RGB")
    converted = _by_profile(image, told.profile) if told.first is None else None
    if converted is None:
        converted = _by_colours(image, deep, told.first or told.last)
    if alpha is None or alpha.getextrema() == (255, 255):
        return converted
    return Image.composite(converted, Image.new("RGB", converted.size, "white"), alpha)


def _eight_bit(image: Image.Image) -> Image.Image:
    values = np.asarray(image).astype(np.float32)
    if image.mode == "F":  # floating point is linear in nothing agreed upon; 0 to 1 is the usual range
        top = 1.0 if np.nanmax(values) <= 1.0 else 255.0 if np.nanmax(values) <= 255.0 else 65535.0
        values = np.nan_to_num(values)
    else:
        top = 65535.0
    return Image.fromarray(np.clip(np.rint(values * (255.0 / top)), 0, 255).astype(np.uint8))


def _sixteen_bits(image: Image.Image, file: BinaryIO) -> NDArray[Any] | None:
    """The values of a PNG of 16 bits, of which Pillow keeps 8: too few for curves far from the eye's."""
    if image.format != "PNG":
        return None
    file.seek(0)
    data = file.read()
    if data[_PNG_DEPTH] != 16:
        return None
    pixels = b"".join(chunk for name, chunk in png_chunks(data) if name in (b"IHDR", b"IDAT", b"IEND"))
    values = cv2.imdecode(np.frombuffer(data[:8] + pixels, np.uint8), cv2.IMREAD_UNCHANGED)
    if values is None or values.dtype != np.uint16 or values.shape[:2] != (image.height, image.width):
        return None
    return np.repeat(values[..., None], 3, 2) if values.ndim == 2 else np.ascontiguousarray(values[..., 2::-1])


def _by_colours(image: Image.Image, deep: NDArray[Any] | None, colours: Colours | None) -> Image.Image:
    if colours is None or colours == Colours() or image.mode not in ("RGB", "L"):
        return image.convert("RGB")
    return Image.fromarray(to_srgb(np.asarray(image.convert("RGB")) if deep is None else deep, colours))


def _by_profile(image: Image.Image, profile: bytes | None) -> Image.Image | None:
    """The picture by its profile, None if there is none that can be used."""
    if not profile and image.mode != "LAB":
        return None
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile) if profile else ImageCms.createProfile("LAB"))
        return ImageCms.profileToProfile(
            image,
            source,
            ImageCms.createProfile("sRGB"),
            renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
            outputMode="RGB",
            flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
        )
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError) as error:
        logger.debug("ignoring the colour profile: %s", error)
        if image.mode == "LAB":
            raise
        return None
