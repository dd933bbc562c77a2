"""Reading photos: any common format to upright sRGB pixels."""

from __future__ import annotations

import dataclasses
import io
import logging
import warnings
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pillow_heif
from numpy.typing import NDArray
from PIL import Image

from landscape.photo import bmp, jpeg
from landscape.photo.colour import orientation, srgb, upright
from landscape.photo.filled import require_end
from landscape.photo.png import SIGNATURE, without_broken
from landscape.photo.raw import is_raw_suffix, is_tiff, refuse_raw
from landscape.photo.refusals import (
    MAX_PIXELS,
    RawError,
    not_allowed,
    require_file,
    require_size,
    sentences,
)

logger = logging.getLogger(__name__)

MAX_SOURCE = 1 << 26
"""Photos keep the bytes of their files up to this size."""
MOST_MISSING = 0.1
"""Part of a photo that may be missing at its end."""
FORMATS = ("JPEG", "PNG", "WEBP", "HEIF", "AVIF", "BMP", "GIF", "PPM", "JPEG2000")
"""Pillow's names of the formats read, besides TIFF; others only widen what a hostile file can reach."""
_UNCOMPRESSED = ("BMP", "PPM")
_PLAIN = 1
"""What TIFFs call no compression."""
_JPEG_HEAD = b"\xff\xd8\xff"
_HEADS = (_JPEG_HEAD, b"\x89PNG", b"GIF8", b"RIFF", b"BM", b"\0\0\0\x0cjP  ")
"""How files of these formats begin."""

pillow_heif.register_heif_opener()
Image.MAX_IMAGE_PIXELS = MAX_PIXELS  # Pillow's own guard starts at 89 megapixels


@dataclass(frozen=True, eq=False)
class Photo:
    """A photo.

    Attributes:
        pixels: uint8 (H, W, 3), sRGB, upright.
        name: The file's name without its suffix.
        source: The bytes of the file that it was read from, None where it was changed since or the file is large.
        notes: Sentences for the user about how it was read.
    """

    pixels: NDArray[np.uint8]
    name: str
    source: bytes | None = field(default=None, repr=False)
    notes: tuple[str, ...] = ()

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
        return Photo(np.asarray(small).copy(), self.name, notes=self.notes)


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
    require_file(path)
    try:
        # From a path, Pillow maps uncompressed TIFFs into memory and mixes up the sides of those stored sideways.
        with path.open("rb") as file:
            if max_long_side is not None or path.stat().st_size > MAX_SOURCE:
                return _decode(file, path, max_long_side)
            source = file.read()
    except PermissionError as error:
        raise not_allowed(path) from error
    return dataclasses.replace(_decode(io.BytesIO(source), path, None), source=source)


def photo_size(path: Path | str) -> tuple[int, int]:
    """Width and height in pixels of a photo as :func:`read_photo` gives it; the pixels are not read.

    Raises:
        LandscapeError: If the file is no picture that is read.
    """
    path = Path(path)
    require_file(path)
    with path.open("rb") as file, sentences(path):
        refuse_raw(file, path.suffix)
        if is_tiff(file):
            from landscape.photo import tiff

            with tiff.opened(file) as page:
                width, height, stored = page.imagewidth, page.imagelength, tiff.orientation(page)
        else:
            with _open(file, path) as image:
                (width, height), stored = image.size, orientation(image)
    return (height, width) if stored in (5, 6, 7, 8) else (width, height)


def decode_photo(data: bytes, name: str) -> Photo:
    """Decode a photo from the bytes of a file, as :func:`read_photo` does.

    Args:
        data: The bytes.
        name: What to call the photo.

    Raises:
        LandscapeError: If it is broken, no picture, or its size is out of bounds.
    """
    # A name without its ending may end in anything.
    return dataclasses.replace(_decode(io.BytesIO(data), Path(name), None, ""), name=name, source=data)


def _decode(file: BinaryIO, path: Path, max_long_side: int | None, suffix: str | None = None) -> Photo:
    with sentences(path):
        refuse_raw(file, path.suffix if suffix is None else suffix)
        if is_tiff(file):
            image, notes = _decode_tiff(file, path)
        else:
            image, notes = _decode_picture(file, path, max_long_side)
        photo = Photo(np.array(image, dtype=np.uint8), path.stem, notes=notes)
    return photo if max_long_side is None else photo.resized(max_long_side)


def _decode_tiff(file: BinaryIO, path: Path) -> tuple[Image.Image, tuple[str, ...]]:
    from landscape.photo import tiff  # here, as other photos are read faster without

    with tiff.opened(file) as page:
        require_size(path, page.imagewidth, page.imagelength)
        decoded = tiff.decode(page, file)
        if int(page.compression) != _PLAIN:
            require_end(file, decoded.image, _tiff_image)
        return upright(srgb(decoded.image, file, decoded.alpha), tiff.orientation(page)), ()


def _tiff_image(file: BinaryIO) -> Image.Image:
    from landscape.photo import tiff

    with tiff.opened(file) as page:
        return tiff.decode(page, file).image


def _decode_picture(file: BinaryIO, path: Path, max_long_side: int | None) -> tuple[Image.Image, tuple[str, ...]]:
    with _open(file, path) as image:
        require_size(path, *image.size)
        _draft(image, max_long_side)
        is_jpeg, loaded, share = image.format in ("JPEG", "MPO"), True, 0.0
        content = _content(file) if is_jpeg else b""
        scans = jpeg.scan(content) if is_jpeg else None
        if is_jpeg:
            jpeg.at_once(image, len(content))
        with ThreadPoolExecutor(1) as pool:  # a second time beside the first, as somebody waits
            other = pool.submit(jpeg.continued, content, scans, image.size) if scans and scans.hide_cuts else None
            try:
                image.load()
            except OSError:
                if not is_jpeg:
                    raise
                loaded = False
        if scans is not None:
            whole = loaded and not jpeg.may_be_cut(image, content, scans, None if other is None else other.result())
            share = 0.0 if whole else jpeg.missing_share(content, scans)
        elif image.format not in _UNCOMPRESSED:
            require_end(file, image, lambda other: _open(other, path))
        if share > MOST_MISSING:
            raise OSError("the end is missing")
        notes = (f"The end of “{path.name}” is missing: copy or download it again to have it whole.",)
        if loaded:
            return upright(srgb(image, file), orientation(image)), notes if share > 0 else ()
    ended = jpeg.body(content) + jpeg.END
    with _open(io.BytesIO(ended), path) as image:
        _draft(image, max_long_side)
        jpeg.at_once(image, len(ended))
        return upright(srgb(image, file), orientation(image)), notes if share > 0 else ()


def _content(file: BinaryIO) -> bytes:
    file.seek(0)
    return file.read()


def _draft(image: Image.Image, max_long_side: int | None) -> None:
    if max_long_side is not None and image.format in ("JPEG", "MPO"):
        scale = min(1.0, max_long_side / max(image.size))
        image.draft(None, (round(image.width * scale), round(image.height * scale)))


def _open(file: BinaryIO, path: Path) -> Image.Image:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        try:
            return Image.open(file, formats=FORMATS)
        except OSError as error:
            file.seek(0)
            if file.read(2) == b"BM":
                return bmp.decode(file)
            if not isinstance(error, Image.UnidentifiedImageError):
                raise
            if is_raw_suffix(path.suffix):
                raise RawError from error
            file.seek(0)
            head = file.read(12)
            if head.startswith(SIGNATURE) and (sound := without_broken(head + file.read())) is not None:
                return _open(io.BytesIO(sound), path)
            if head.startswith(_JPEG_HEAD) and (image := jpeg.of_twelve_bits(head + file.read())) is not None:
                return image
            if head.startswith(_HEADS) or head[4:8] == b"ftyp":
                raise OSError("only the beginning is a picture's") from error
            raise
