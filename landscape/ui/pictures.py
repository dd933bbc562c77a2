"""Small pictures for the page, as data URIs: nothing is written to disk and nothing is shared."""

from __future__ import annotations

import base64
import io
from pathlib import Path

import numpy as np
from PIL import Image

from landscape.masking import Masks
from landscape.photo import Photo

SKY_COLOUR = (79, 140, 255)
WATER_COLOUR = (0, 201, 167)
OVERLAY_ALPHA = 120
STAGE_SIDE = 1280
"""Long side of the photo on the page."""
OVERLAY_SIDE = 640
"""Long side of the masks on the page; the browser smooths them."""


def picture_uri(pixels: np.ndarray, kind: str, quality: int) -> str:
    """A picture uint8 (H, W, 3) as a data URI of a kind such as ``JPEG`` or ``WEBP``, encoded quickly."""
    options = {"method": 0} if kind == "WEBP" else {}
    return _uri(Image.fromarray(pixels), kind, quality=quality, **options)


def photo_uri(photo: Photo) -> str:
    """The photo at the size of the page."""
    return picture_uri(photo.resized(STAGE_SIDE).pixels, "JPEG", quality=88)


def overlay_uris(masks: Masks) -> tuple[str, str]:
    """The masks of sky and water as half-transparent pictures in their colours."""
    height, width = masks.sky.shape
    scale = min(1.0, OVERLAY_SIDE / max(height, width))
    small = masks.resized(max(1, round(height * scale)), max(1, round(width * scale)))
    moves = 1 - small.freeze
    return _overlay(small.sky * moves, SKY_COLOUR), _overlay(small.water * moves, WATER_COLOUR)


def thumbnail_uri(path: Path, width: int = 240, height: int = 160) -> str:
    """A thumbnail cut from the middle of a picture file."""
    with Image.open(path) as image:
        image.draft("RGB", (2 * width, 2 * height))
        image = image.convert("RGB")
    scale = max(width / image.width, height / image.height)
    image = image.resize((max(width, round(image.width * scale)), max(height, round(image.height * scale))))
    left, top = (image.width - width) // 2, (image.height - height) // 2
    return _uri(image.crop((left, top, left + width, top + height)), "JPEG", quality=80)


def photo_thumbnail_uri(photo: Photo, side: int = 160) -> str:
    """A photo as a small picture of its own shape."""
    return picture_uri(photo.resized(side).pixels, "JPEG", quality=80)


def _overlay(mask: np.ndarray, colour: tuple[int, int, int]) -> str:
    pixels = np.empty((*mask.shape, 4), dtype=np.uint8)
    pixels[..., :3] = colour
    pixels[..., 3] = np.rint(np.clip(mask, 0, 1) * OVERLAY_ALPHA)
    return _uri(Image.fromarray(pixels), "WEBP", quality=60, exact=True)


def _uri(image: Image.Image, kind: str, **options: int | bool) -> str:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return f"data:image/{kind.lower()};base64,{base64.b64encode(buffer.getvalue()).decode()}"
