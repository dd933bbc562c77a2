"""Reading photos: any common format to upright sRGB pixels."""

from __future__ import annotations

import dataclasses
import io
import logging
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pillow_heif
from numpy.typing import NDArray
from PIL import ExifTags, Image

from landscape.errors import LandscapeError
from landscape.photo.colour import srgb, upright

logger = logging.getLogger(__name__)

MIN_SIDE = 64
"""Smallest side in pixels."""
MAX_ASPECT = 8.0
"""Largest ratio of the sides."""
MAX_PIXELS = 200_000_000
"""Most pixels: 600 MB decoded."""
MAX_SOURCE = 1 << 26
"""Photos keep the bytes of their files up to this size."""
FORMATS = ("JPEG", "PNG", "WEBP", "TIFF", "HEIF", "AVIF", "BMP", "GIF", "PPM", "JPEG2000")
"""Pillow's names of the formats read; others only widen what a hostile file can reach."""

pillow_heif.register_heif_opener()
Image.MAX_IMAGE_PIXELS = MAX_PIXELS  # Pillow's own guard starts at 89 megapixels


@dataclass(frozen=True, eq=False)
class Photo:
    """A photo.

    Attributes:
        pixels: uint8 (H, W, 3), sRGB, upright.
        name: The file's name without its suffix.
        source: The bytes of the file that it was read from, None where it was changed since or the file is large.
    """

    pixels: NDArray[np.uint8]
    name: str
    source: bytes | None = field(default=None, repr=False)

    @property
    def height(self) -> int:
        """Pixels from top to bottom."""
        return int(self.pixels.shape[0])

    @property
    def width(self) -> int:
        """Pixels from left to right."""
        return int(self.pixels.shape[1])

    def resized(self, long_side: int) -> Photo:
        """The photo with its long side reduced to ``long_side`` pixels, or itself where that would enlarge it."""
        longest = max(self.height, self.width)
        if long_side >= longest:
            return self
        width, height = (max(1, round(side * long_side / longest)) for side in (self.width, self.height))
        small = Image.fromarray(self.pixels).resize((width, height), Image.Resampling.LANCZOS)
        return Photo(np.asarray(small).copy(), self.name)


def read_photo(path: Path | str, max_long_side: int | None = None) -> Photo:
    """Read a photo.

    EXIF orientation is applied, colours are converted from the embedded profile to sRGB, 16 bits are reduced to 8, and
    transparent parts are shown on white. Of files with several pictures the first is read.

    Args:
        path: A JPEG, PNG, WebP, TIFF, HEIC, AVIF, BMP, GIF, PPM or JPEG 2000 file.
        max_long_side: Reduce the long side to this; large JPEGs are then decoded small, which is much faster.

    Returns:
        The photo.

    Raises:
        LandscapeError: If the file is missing, empty, broken, no picture, or its size is out of bounds.
    """
    path = Path(path)
    _require_file(path)
    try:
        # From a path, Pillow maps uncompressed TIFFs into memory and mixes up the sides of those stored sideways.
        with path.open("rb") as file:
            if max_long_side is not None or path.stat().st_size > MAX_SOURCE:
                return _decode(file, path, max_long_side)
            source = file.read()
    except PermissionError as error:
        raise _not_allowed(path) from error
    return dataclasses.replace(_decode(io.BytesIO(source), path, None), source=source)


def photo_size(path: Path | str) -> tuple[int, int]:
    """Width and height in pixels of a photo as :func:`read_photo` gives it; the pixels are not read.

    Raises:
        LandscapeError: If the file is no picture.
    """
    path = Path(path)
    _require_file(path)
    try:
        with path.open("rb") as file, _open(file) as image:
            width, height = image.size
            sideways = image.getexif().get(ExifTags.Base.Orientation) in (5, 6, 7, 8)
    except Exception as error:  # as in _decode
        raise LandscapeError(f"“{path.name}” is not a picture that can be read.") from error
    return (height, width) if sideways else (width, height)


def decode_photo(data: bytes, name: str) -> Photo:
    """Decode a photo from the bytes of a file, as :func:`read_photo` does.

    Args:
        data: The bytes.
        name: What to call the photo.

    Raises:
        LandscapeError: If it is broken, no picture, or its size is out of bounds.
    """
    return Photo(_decode(io.BytesIO(data), Path(name), None).pixels, name, data)


def _decode(file: BinaryIO, path: Path, max_long_side: int | None) -> Photo:
    try:
        with _open(file) as image:
            _require_size(path, *image.size)
            if max_long_side is not None and image.format in ("JPEG", "MPO"):
                scale = min(1.0, max_long_side / max(image.size))
                image.draft(None, (round(image.width * scale), round(image.height * scale)))
            image.load()
            pixels = np.array(srgb(upright(image)), dtype=np.uint8)
    except LandscapeError:
        raise
    except Image.UnidentifiedImageError as error:
        raise LandscapeError(
            f"“{path.name}” is not a picture that can be read: choose a JPEG, PNG, WebP, TIFF or HEIC photo."
        ) from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _too_large(path) from error
    except MemoryError as error:
        raise LandscapeError(f"“{path.name}” does not fit into memory: make it smaller and try again.") from error
    except Exception as error:  # decoders answer broken files with any kind of exception
        logger.debug("cannot decode %s: %s", path, error)
        raise LandscapeError(
            f"“{path.name}” is damaged or incomplete: copy or download it again, or choose another photo."
        ) from error
    photo = Photo(pixels, path.stem)
    return photo if max_long_side is None else photo.resized(max_long_side)


def _open(file: BinaryIO) -> Image.Image:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        return Image.open(file, formats=FORMATS)


def _require_file(path: Path) -> None:
    try:
        if path.is_dir():
            raise LandscapeError(f"“{path.name or path}” is a folder: choose a photo inside it.")
        if not path.is_file():
            raise LandscapeError(f"There is no file “{path}”: check the name and the folder.")
        if path.stat().st_size == 0:
            raise LandscapeError(f"“{path.name}” is empty: copy or download it again, or choose another photo.")
    except PermissionError as error:
        raise _not_allowed(path) from error
    except (OSError, ValueError) as error:
        raise LandscapeError(f"There is no file “{path}”: check the name and the folder.") from error


def _require_size(path: Path, width: int, height: int) -> None:
    if min(width, height) < MIN_SIDE:
        raise LandscapeError(
            f"“{path.name}” is {width} x {height} pixels: choose a photo with at least {MIN_SIDE} pixels on both sides."
        )
    if max(width, height) > MAX_ASPECT * min(width, height):
        raise LandscapeError(
            f"“{path.name}” is more than {MAX_ASPECT:g} times as long as it is wide: crop it to a less extreme shape."
        )
    if width * height > MAX_PIXELS:
        raise _too_large(path)


def _too_large(path: Path) -> LandscapeError:
    return LandscapeError(
        f"“{path.name}” has more than {MAX_PIXELS // 1_000_000} megapixels: make it smaller and try again."
    )


def _not_allowed(path: Path) -> LandscapeError:
    return LandscapeError(f"“{path.name}” may not be read: change its permissions or choose another photo.")
