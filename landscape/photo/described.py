"""What a file says about its colours: chunks of PNG, boxes of HEIC, AVIF and JPEG 2000, heads of BMP, EXIF, profiles.

HEIC and AVIF say it in a profile or in ``colr`` boxes of nclx (ISO/IEC 14496-12, 12.1.5).
"""

from __future__ import annotations

import logging
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from PIL import ExifTags, Image

from landscape.photo.png import SIGNATURE, png_colours
from landscape.photo.profiles import ADOBE, Colours, power

logger = logging.getLogger(__name__)

_LARGEST = 1 << 24
"""Bytes: no description is larger."""
_CAMERA_CURVES = (1, 6, 11, 14, 15)
"""Transfer functions of video, which browsers show like sRGB in HEIC and AVIF."""
_UNSPECIFIED = 2
_BMP_HEAD, _EMBEDDED = 124, b"DEBM"


@dataclass(frozen=True)
class Described:
    """Colours of a file.

    Attributes:
        first: What counts before a profile.
        profile: An ICC profile.
        last: What counts where there is no profile that can be used.
    """

    first: Colours | None = None
    profile: bytes | None = None
    last: Colours | None = None


def described(image: Image.Image, file: BinaryIO) -> Described:
    """Find what a file says about its colours; broken descriptions are ignored.

    Args:
        image: The picture, opened, its pixels perhaps not read yet.
        file: The file; its position stays.
    """
    profile = image.info.get("icc_profile") or None
    first: Colours | None = None
    last: Colours | None = None
    position = file.tell()
    try:
        file.seek(0)
        head = file.read(12)
        if head.startswith(SIGNATURE):
            profile = None  # a decoder takes one behind the pixels, too
            first, profile, last = png_colours(file)
        elif head[4:8] == b"ftyp":
            last = _boxes(file)
        elif head[:2] == b"BM":
            profile = _bmp_profile(file)
        elif head[4:8] == b"jP  ":
            profile = _jpeg_2000_profile(file)
    except (OSError, ValueError, struct.error, IndexError) as error:
        logger.debug("ignoring a description of colours: %s", error)
    finally:
        file.seek(position)
    if first is None and profile is not None:
        first = _bright_profile(profile)
    if profile is None and last is None and _is_adobe(image):
        last = Colours(ADOBE, power(563 / 256))
    return Described(first, profile, last)


def _boxes(file: BinaryIO) -> Colours | None:
    """The nclx of the primary item."""
    meta = next((content for name, content in _file_boxes(file) if name == b"meta"), b"")
    parts = dict(_inner(meta[4:]))
    properties = dict(_inner(parts.get(b"iprp", b"")))
    kept = list(_inner(properties.get(b"ipco", b"")))
    version = parts[b"pitm"][0]
    primary = int.from_bytes(parts[b"pitm"][4 : 6 if version == 0 else 8], "big")
    own = [kept[index - 1] for index in _associated(properties[b"ipma"], primary) if 0 < index <= len(kept)]
    codes = next((content for name, content in own if name == b"colr" and content[:4] == b"nclx"), None)
    if codes is None:
        return None
    primaries, transfer = struct.unpack(">HH", codes[4:8])
    by_name = dict(own)
    if b"clli" in by_name:
        peak = float(struct.unpack(">H", by_name[b"clli"][:2])[0])
    else:
        peak = struct.unpack(">I", by_name[b"mdcv"][16:20])[0] / 10000 if b"mdcv" in by_name else 0.0
    return Colours.of_codes(
        1 if primaries == _UNSPECIFIED else primaries,
        13 if transfer in (_UNSPECIFIED, *_CAMERA_CURVES) else transfer,
        peak or None,
    )


def _file_boxes(file: BinaryIO) -> Iterator[tuple[bytes, bytes]]:
    """Boxes of a file up to ``meta``, the others without their content."""
    file.seek(0)
    while len(head := file.read(8)) == 8:
        length, name = struct.unpack(">I4s", head)
        size = length - 8
        if length == 1:
            size = struct.unpack(">Q", file.read(8))[0] - 16
        if size < 0:
            return
        if name == b"meta":
            yield name, file.read(min(size, _LARGEST))
            return
        file.seek(size, 1)


def _inner(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    position = 0
    while position + 8 <= len(data):
        length, name = struct.unpack_from(">I4s", data, position)
        if length < 8:
            return
        yield name, data[position + 8 : position + length]
        position += length


def _associated(data: bytes, item: int) -> list[int]:
    """Numbers of an item's properties, from 1, as ``ipma`` gives them."""
    wide, large = data[3] & 1, data[0] > 0
    position = 8
    for _ in range(struct.unpack_from(">I", data, 4)[0]):
        identifier = struct.unpack_from(">I" if large else ">H", data, position)[0]
        position += 4 if large else 2
        count, position = data[position], position + 1
        numbers = struct.unpack_from(f">{count}{'H' if wide else 'B'}", data, position)
        if identifier == item:
            return [number & (0x7FFF if wide else 0x7F) for number in numbers]
        position += count * (2 if wide else 1)
    return []


def _jpeg_2000_profile(file: BinaryIO) -> bytes | None:
    """The profile of a JPEG 2000, which counts if the first box about colours has it (ISO/IEC 15444-1, I.5.3.3)."""
    file.seek(0)
    head = dict(_inner(file.read(_LARGEST))).get(b"jp2h", b"")
    colours = next((content for name, content in _inner(head) if name == b"colr"), b"")
    return colours[3:] if colours[:1] in (b"\2", b"\3") else None


def _bmp_profile(file: BinaryIO) -> bytes | None:
    """The profile within a file whose head has the fifth version."""
    file.seek(14)
    head = file.read(_BMP_HEAD)
    if len(head) < _BMP_HEAD or struct.unpack_from("<I", head)[0] != _BMP_HEAD or head[56:60] != _EMBEDDED:
        return None
    place, length = struct.unpack_from("<II", head, 112)
    file.seek(14 + place)
    return file.read(min(length, _LARGEST)) or None


def _bright_profile(profile: bytes) -> Colours | None:
    """Colours of a profile that says that it is PQ or HLG (``cicp`` of ICC 4.4), which its tables only approximate."""
    try:
        for index in range(min(struct.unpack_from(">I", profile, 128)[0], 100)):
            name, offset, _ = struct.unpack_from(">4sII", profile, 132 + 12 * index)
            if name == b"cicp":
                colours = Colours.of_codes(*profile[offset + 8 : offset + 10])
                return colours if colours is not None and colours.peak is not None else None
    except (struct.error, TypeError) as error:
        logger.debug("ignoring a profile: %s", error)
    return None


def _is_adobe(image: Image.Image) -> bool:
    """Whether EXIF data say Adobe RGB, by the DCF option file alone (InteroperabilityIndex R03)."""
    try:
        exif = image.getexif()
        details = exif.get_ifd(ExifTags.IFD.Exif)
        if ExifTags.IFD.Interop not in details or details.get(ExifTags.Base.ColorSpace) == 1:
            return False
        index = exif.get_ifd(ExifTags.IFD.Interop).get(ExifTags.Interop.InteropIndex)
    except Exception as error:  # broken EXIF data raise many types
        logger.debug("ignoring EXIF data: %s", error)
        return False
    text = index.decode("latin-1") if isinstance(index, bytes) else str(index)
    return text.strip("\0 ") == "R03"
