"""Pixels of a decoded picture, turned upright and brought to sRGB of 8 bits."""

from __future__ import annotations

import io
import logging

import numpy as np
from PIL import Image, ImageCms, ImageOps

logger = logging.getLogger(__name__)

_SIXTEEN_BIT = ("I;16", "I;16B", "I;16L", "I;16N", "I")


def upright(image: Image.Image) -> Image.Image:
    """Turn a picture as its EXIF data say; broken data are ignored."""
    try:
        return ImageOps.exif_transpose(image)
    except Exception as error:  # broken EXIF data in an otherwise sound photo
        logger.debug("ignoring EXIF data: %s", error)
        return image


def srgb(image: Image.Image) -> Image.Image:
    """Convert any mode with any profile to RGB."""
    profile = image.info.get("icc_profile")
    if image.mode in _SIXTEEN_BIT or image.mode == "F":
        image = _eight_bit(image)
    if "transparency" in image.info or image.mode in ("P", "PA", "La", "RGBa", "LA"):
        image = image.convert("RGBA")
    alpha = image.getchannel("A") if image.mode == "RGBA" else None
    if image.mode not in ("RGB", "L", "CMYK", "LAB"):
        image = image.convert("RGB")
    image = _to_srgb_profile(image, profile)
    if alpha is None or alpha.getextrema() == (255, 255):
        return image
    return Image.composite(image, Image.new("RGB", image.size, "white"), alpha)


def _eight_bit(image: Image.Image) -> Image.Image:
    values = np.asarray(image).astype(np.float32)
    if image.mode == "F":  # floating point is linear in nothing agreed upon; 0 to 1 is the usual range
        top = 1.0 if np.nanmax(values) <= 1.0 else 255.0 if np.nanmax(values) <= 255.0 else 65535.0
        values = np.nan_to_num(values)
    else:
        top = 65535.0
    return Image.fromarray(np.clip(np.rint(values * (255.0 / top)), 0, 255).astype(np.uint8))


def _to_srgb_profile(image: Image.Image, profile: bytes | None) -> Image.Image:
    if profile or image.mode == "LAB":
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile) if profile else ImageCms.createProfile("LAB"))
            converted = ImageCms.profileToProfile(
                image,
                source,
                ImageCms.createProfile("sRGB"),
                renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
                outputMode="RGB",
                flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
            )
            if converted is not None:
                return converted
        except (ImageCms.PyCMSError, OSError, ValueError, TypeError) as error:
            logger.debug("ignoring the colour profile: %s", error)
            if image.mode == "LAB":
                raise
    return image.convert("RGB")
