"""Pixels of a decoded picture, turned upright and brought to sRGB of 8 bits."""

from __future__ import annotations

import io
import logging
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, ImageCms

from landscape.photo.deep import clear_level, sixteen_bits, sound_jpeg_2000
from landscape.photo.described import described
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
_SPACES = {"L": ("GRAY",), "RGB": ("RGB",), "CMYK": ("CMYK",), "LAB": ("Lab", "LAB")}
"""What profiles call the colours of a mode."""


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
    told, kind = described(image, file), image.format
    image, deep = clear_level(sound_jpeg_2000(image, file), file), None
    clear = image.info.get("transparency")
    if told.first is not None or told.last is not None or clear is not None:
        deep = sixteen_bits(image, file)
    if deep is not None and clear is not None:
        alpha = Image.fromarray(np.where((deep == clear).all(-1), np.uint8(0), np.uint8(255)))
        del image.info["transparency"]
    if image.mode in _SIXTEEN_BIT or image.mode == "F":
        image = _eight_bit(image)
    image, alpha = _opaque(image, alpha)
    if kind == "BMP" and alpha is not None and alpha.getextrema() == (0, 0):
        alpha = None  # programs that know of no alpha leave it so
    converted = _by_profile(image, told.profile) if told.first is None else None
    if converted is None:
        converted = _by_colours(image, deep, told.first or told.last)
    if alpha is None or alpha.getextrema() == (255, 255):
        return converted
    return Image.composite(converted, Image.new("RGB", converted.size, "white"), alpha)


def _opaque(image: Image.Image, alpha: Image.Image | None) -> tuple[Image.Image, Image.Image | None]:
    """A picture of grey, colours or inks, and how opaque it is."""
    if image.mode in ("LA", "La") or (image.mode == "L" and "transparency" in image.info):
        grey, alpha = image.convert("RGBA").split()[2:]
        return grey, alpha
    if "transparency" in image.info or image.mode in ("P", "PA", "RGBa"):
        image = image.convert("RGBA")
    alpha = image.getchannel("A") if image.mode == "RGBA" else alpha
    return image if image.mode in ("RGB", "L", "CMYK", "LAB") else image.convert("RGB"), alpha


def _eight_bit(image: Image.Image) -> Image.Image:
    values = np.asarray(image).astype(np.float32)
    if image.mode == "F":  # floating point is linear in nothing agreed upon; 0 to 1 is the usual range
        top = 1.0 if np.nanmax(values) <= 1.0 else 255.0 if np.nanmax(values) <= 255.0 else 65535.0
        values = np.nan_to_num(values)
    else:
        top = 65535.0
    return Image.fromarray(np.clip(np.rint(values * (255.0 / top)), 0, 255).astype(np.uint8))


def _by_colours(image: Image.Image, deep: NDArray[Any] | None, colours: Colours | None) -> Image.Image:
    if colours is None or colours == Colours() or image.mode not in ("RGB", "L"):
        return image.convert("RGB")
    return Image.fromarray(to_srgb(np.asarray(image.convert("RGB")) if deep is None else deep, colours))


def _by_profile(image: Image.Image, profile: bytes | None) -> Image.Image | None:
    """The picture by its profile, None if there is none that can be used; one for other colours says nothing."""
    if not profile and image.mode != "LAB":
        return None
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile) if profile else ImageCms.createProfile("LAB"))
        space = source.profile.xcolor_space.strip()
        if image.mode == "L" and space == "RGB":
            image = image.convert("RGB")
        if space not in _SPACES[image.mode]:
            return image.convert("RGB")
        if image.mode != "L":
            return _transformed(image, source)
        # Each grey on its own: over whole pictures of grey the transform is coarse.
        greys = Image.fromarray(np.arange(256, dtype=np.uint8)[None])
        table = np.asarray(_transformed(greys, source, ImageCms.Flags.NOOPTIMIZE))[0]
        return Image.fromarray(table[np.asarray(image)])
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError) as error:
        logger.debug("ignoring the colour profile: %s", error)
        if image.mode == "LAB":
            raise
        return None


def _transformed(
    image: Image.Image, source: ImageCms.ImageCmsProfile, flags: ImageCms.Flags = ImageCms.Flags.NONE
) -> Image.Image:
    # As browsers do, without compensation of black points.
    target = ImageCms.createProfile("sRGB")
    intent = ImageCms.Intent.RELATIVE_COLORIMETRIC
    shown = ImageCms.profileToProfile(image, source, target, intent, outputMode="RGB", flags=flags)
    if shown is None:
        raise ValueError("no picture")
    return shown
