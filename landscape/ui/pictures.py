"""Pictures for the page, made in memory: nothing is written to disk and nothing is shared."""

from __future__ import annotations

import base64
import io
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from landscape.photo.read import Photo

STAGE_SIDE = 1920
"""Long side of the photo on the page."""


def jpeg(pixels: np.ndarray, quality: int) -> bytes:
    """A picture uint8 (H, W, 3) as JPEG, encoded quickly."""
    bgr = cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR)
    return bytes(cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes())


def png(pixels: np.ndarray) -> bytes:
    """A picture uint8 (H, W) or (H, W, 3) as PNG, encoded quickly."""
    picture = cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR) if pixels.ndim == 3 else pixels
    return bytes(cv2.imencode(".png", picture, [cv2.IMWRITE_PNG_COMPRESSION, 2])[1].tobytes())


def thumbnail_uri(path: Path, width: int = 240, height: int = 160) -> str:
    """A thumbnail cut from the middle of a picture file."""
    with Image.open(path) as image:
        image.draft("RGB", (2 * width, 2 * height))
        image = image.convert("RGB")
    scale = max(width / image.width, height / image.height)
    image = image.resize((max(width, round(image.width * scale)), max(height, round(image.height * scale))))
    left, top = (image.width - width) // 2, (image.height - height) // 2
    return _uri(image.crop((left, top, left + width, top + height)), "JPEG", quality=80)


def photo_uri(photo: Photo) -> str:
    """The photo at the size of a page."""
    return picture_uri(photo.resized(STAGE_SIDE).pixels, quality=88)


def photo_thumbnail_uri(photo: Photo, side: int = 160) -> str:
    """A photo as a small picture of its own shape."""
    return picture_uri(photo.resized(side).pixels, quality=80)


def picture_uri(pixels: np.ndarray, quality: int) -> str:
    """A picture uint8 (H, W, 3) as a data URI."""
    return f"data:image/jpeg;base64,{base64.b64encode(jpeg(pixels, quality)).decode()}"


def _uri(image: Image.Image, kind: str, **options: int | bool) -> str:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return f"data:image/{kind.lower()};base64,{base64.b64encode(buffer.getvalue()).decode()}"
