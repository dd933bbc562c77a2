"""TIFF files, whose samples may be of any depth, order and meaning: read right, or refused by what is not read.

Tifffile knows the structure and imagecodecs unpacks the segments; what samples mean is decided here (TIFF 6.0).
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import Any, BinaryIO

import cv2
import numpy as np
import tifffile
from numpy.typing import NDArray
from PIL import Image

from landscape.photo.refusals import NotReadError
from landscape.photo.samples import eight_bits, lab_axes, palette_colours, rgb_of_ycbcr

# What is wrong with a file is said here, not by the decoders.
logging.getLogger("tifffile").setLevel(logging.CRITICAL + 1)
cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)

_GREY_WHITE_ZERO, _GREY, _RGB, _PALETTE, _INKS, _YCBCR, _LAB, _ICC_LAB = 0, 1, 2, 3, 5, 6, 8, 9
_MEANINGS = {_GREY_WHITE_ZERO: 1, _GREY: 1, _RGB: 3, _PALETTE: 1, _INKS: 4, _YCBCR: 3, _LAB: 3, _ICC_LAB: 3}
"""Photometric interpretations that are read, and their samples."""
_UNPACKED = frozenset({1, 5, 7, 8, 32773, 32946, 33003, 33005, 34712, 34887, 34925, 50000, 50001, 50002})
"""Compressions that imagecodecs unpacks; others only widen what a hostile file can reach."""
_BY_LIBTIFF = frozenset({2, 3, 4, 6, 32771, 32809})
"""Compressions for which OpenCV's libtiff is asked."""
_WHOLE_COLOURS = frozenset({7, 33003, 33005, 34712, 50001, 50002})
"""Compressions that turn luma and chroma into RGB themselves."""
_JPEG_2000 = frozenset({33003, 33005, 34712})
_PREMULTIPLIED, _ALPHA = 1, 2
_MOST_SAMPLES = 8
_BLOCK = 1 << 22
"""Values converted at a time."""


@dataclass(frozen=True)
class Decoded:
    """A picture as it is stored.

    Attributes:
        image: L, RGB, CMYK or LAB.
        alpha: How opaque it is, None if it is.
    """

    image: Image.Image
    alpha: Image.Image | None


@contextmanager
def opened(file: BinaryIO) -> Iterator[tifffile.TiffPage]:
    """Open a TIFF and give the picture that is the photo; the file stays open.

    Raises:
        Exception: Of many types if the file is damaged.
    """
    file.seek(0)
    with tifffile.TiffFile(file) as tiff:
        yield _photo_page(tiff)


def pages(file: tifffile.TiffFile) -> Iterator[tifffile.TiffPage]:
    """The first pictures of a file, each with those below it."""
    for page in islice(file.pages, 8):
        if isinstance(page, tifffile.TiffPage):
            yield page
            for inner in islice(page.pages or (), 8):
                if isinstance(inner, tifffile.TiffPage):
                    yield inner


def _photo_page(file: tifffile.TiffFile) -> tifffile.TiffPage:
    """The first picture that is no small copy and no mask of another.

    Raises:
        ValueError: If there is none at all.
    """
    found = [page for page in pages(file) if page.imagewidth > 0 and page.imagelength > 0]
    if not found:
        raise ValueError("no picture")
    return next((page for page in found if not int(page.subfiletype) & 5), found[0])


def orientation(page: tifffile.TiffPage) -> int:
    """How the picture is stored, as EXIF counts."""
    return _number(page, "Orientation", 1)


def decode(page: tifffile.TiffPage, source: BinaryIO) -> Decoded:
    """Read the picture in 8 bits.

    Args:
        page: The picture.
        source: The file.

    Raises:
        NotReadError: If it is of a kind that is not read.
        Exception: Of many types if the file is damaged.
    """
    meaning, samples = int(page.photometric), page.samplesperpixel
    needed = _MEANINGS.get(meaning)
    _require(needed is not None, f"the colours “{_word(page.photometric)}”")
    assert needed is not None
    _require(needed <= samples <= _MOST_SAMPLES and page.imagedepth == 1, f"{samples} samples for each pixel")
    _require(meaning != _INKS or _number(page, "InkSet", 1) == 1, "inks of its own")
    compression = int(page.compression)
    _require(compression in _UNPACKED | _BY_LIBTIFF, f"the compression “{_word(page.compression)}”")
    if compression in _BY_LIBTIFF or (meaning == _YCBCR and compression not in _WHOLE_COLOURS and page.is_subsampled):
        image, alpha = _by_libtiff(page, source), None
    else:
        _require(page.sampleformat in (1, 3, 4), "numbers below zero or complex numbers")
        bits = page.bitspersample
        if not all(0 < depth <= 64 for depth in np.ravel(bits)):
            raise ValueError("no depth of samples")  # tags that lie behind the file's end
        packed = page.sampleformat == 1 and isinstance(bits, int) and bits > 16 and bits not in (32, 64)
        lost = compression in _JPEG_2000 and np.max(bits) > 16  # its decoder gives other numbers
        _require(page.dtype is not None and not packed and not lost, f"{bits} bits for each sample")
        image, alpha = _interpreted(page, meaning, needed)
    if page.iccprofile:
        image.info["icc_profile"] = page.iccprofile
    return Decoded(image, alpha)


def _interpreted(page: tifffile.TiffPage, meaning: int, needed: int) -> tuple[Image.Image, Image.Image | None]:
    """The picture, and how opaque it is if it is not."""
    values = _values(page, meaning)
    first = values.shape[2] - page.samplesperpixel + needed
    kinds = [int(kind) for kind in page.extrasamples]
    index = next((index for index, kind in enumerate(kinds) if kind in (_PREMULTIPLIED, _ALPHA)), None)
    if index is None or first + index >= values.shape[2]:
        return _image(page, meaning, values), None
    opaque = np.ascontiguousarray(values[..., first + index])
    if kinds[index] == _PREMULTIPLIED and meaning in (_GREY, _RGB):
        whole = values[..., :needed] * (np.float32(255) / np.maximum(opaque, 1))[..., None]
        values = np.clip(np.rint(whole), 0, 255).astype(np.uint8)
    return _image(page, meaning, values), Image.fromarray(opaque)


def _values(page: tifffile.TiffPage, meaning: int) -> NDArray[np.uint8]:
    """The samples, (H, W, S); of a palette its three colours."""
    ends = np.add(page.dataoffsets, page.databytecounts)
    if int(page.compression) in _WHOLE_COLOURS and ends.max() > page.parent.filehandle.size:
        raise ValueError("the file ends early")  # their decoders go on without a word
    palette = None
    if meaning == _PALETTE:
        _require(isinstance(page.bitspersample, int) and page.bitspersample <= 16, "a palette of this depth")
        palette = palette_colours(np.asarray(page.colormap, np.uint16))
    lab = meaning in (_LAB, _ICC_LAB)
    _require(not lab or page.dtype in (np.uint8, np.uint16), "Lab colours of this depth")
    top = _top(page)
    samples = page.samplesperpixel
    result = np.zeros((page.imagelength, page.imagewidth, samples + 2 * (palette is not None)), np.uint8)
    for segment, (sample, _, y, x, _), _ in page.segments(maxworkers=1):
        if segment is None:
            raise ValueError("a part is missing")
        part = segment[0, : page.imagelength - y, : page.imagewidth - x]
        target = result[y : y + part.shape[0], x : x + part.shape[1]]
        step = max(1, _BLOCK // max(1, part[0].size))
        for row in range(0, len(part), step):
            rows = part[row : row + step]
            if palette is not None and sample == 0:
                target[row : row + step, :, :3] = palette[rows[..., 0].astype(np.intp)]
                target[row : row + step, :, 3:] = rows[..., 1:]
            elif lab:
                target[row : row + step, :, sample : sample + rows.shape[2]] = lab_axes(rows, sample, meaning == _LAB)
            else:
                first = sample if palette is None else sample + 2
                target[row : row + step, :, first : first + rows.shape[2]] = eight_bits(rows, top)
    return result


def _top(page: tifffile.TiffPage) -> float:
    """The value that is brightest."""
    if page.dtype is not None and page.dtype.kind != "f":
        bits = page.bitspersample
        return float(2**bits - 1 if isinstance(bits, int) else np.iinfo(page.dtype).max)
    largest, above, count = 0.0, 0, 0
    for segment, _, _ in page.segments(maxworkers=1):
        if segment is not None:
            finite = segment[np.isfinite(segment)]
            largest = max(largest, float(finite.max(initial=0.0)))
            above, count = above + int((finite > 1).sum()), count + finite.size
    # Floating point has no brightest value: 0 to 1 is usual, and what is above it is light beyond white, unless
    # that is most of the picture, which then counts as whole numbers do.
    if above <= count / 2:
        return 1.0
    return 255.0 if largest <= 255.0 else max(65535.0, largest)


def _image(page: tifffile.TiffPage, meaning: int, values: NDArray[np.uint8]) -> Image.Image:
    if meaning in (_GREY, _GREY_WHITE_ZERO):
        grey = np.ascontiguousarray(values[..., 0])
        return Image.fromarray(grey if meaning == _GREY else 255 - grey)
    if meaning == _INKS:
        return Image.frombytes(
            "CMYK", (values.shape[1], values.shape[0]), np.ascontiguousarray(values[..., :4]).tobytes()
        )
    colours = np.ascontiguousarray(values[..., :3])
    if meaning in (_LAB, _ICC_LAB):
        stored = colours ^ np.array([0, 128, 128], np.uint8)
        return Image.frombytes("LAB", (values.shape[1], values.shape[0]), stored.tobytes())
    if meaning == _YCBCR and not (int(page.compression) in _WHOLE_COLOURS and int(page.planarconfig) == 1):
        weights = _fractions(page, "YCbCrCoefficients", (0.299, 0.587, 0.114))
        limits = _fractions(page, "ReferenceBlackWhite", (0, 255, 128, 255, 128, 255))
        colours = rgb_of_ycbcr(colours, weights, limits)
    return Image.fromarray(colours)


def _by_libtiff(page: tifffile.TiffPage, source: BinaryIO) -> Image.Image:
    kind = f"the compression “{_word(page.compression)}” of “{_word(page.photometric)}” colours"
    _require(page.bitspersample in (1, 4, 8) and page.index == 0, kind)
    source.seek(0)
    data = np.frombuffer(source.read(), np.uint8)
    pixels = cv2.imdecode(data, cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION)
    if pixels is None or pixels.shape[:2] != (page.imagelength, page.imagewidth):
        raise NotReadError(kind)
    return Image.fromarray(np.ascontiguousarray(pixels[..., ::-1]))


def _fractions(page: tifffile.TiffPage, tag: str, usual: tuple[float, ...]) -> tuple[float, ...]:
    """A tag of fractions, which are stored as pairs."""
    value = page.tags.valueof(tag)
    if value is None or len(value) != 2 * len(usual):
        return usual
    return tuple(value[index] / value[index + 1] for index in range(0, len(value), 2))


def _number(page: tifffile.TiffPage, tag: str, usual: int) -> int:
    value = page.tags.valueof(tag)
    return int(value) if isinstance(value, int) else usual


def _word(code: Any) -> str:
    return str(getattr(code, "name", code))


def _require(holds: bool, kind: str) -> None:
    if not holds:
        raise NotReadError(kind)
