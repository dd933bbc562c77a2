"""What a file says about its colours: chunks of PNG, boxes of HEIC and AVIF, EXIF data, profiles.

PNG's order is that of its specification, third edition, section 4.3: cICP, iCCP, sRGB, gAMA with cHRM. HEIC and AVIF
say it in a profile or in ``colr`` boxes of nclx (ISO/IEC 14496-12, 12.1.5).
"""

from __future__ import annotations

import logging
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from PIL import ExifTags, Image

from landscape.photo.profiles import ADOBE, SRGB, Colours, power

logger = logging.getLogger(__name__)

_PNG = b"\x89PNG\r\n\x1a\n"
_LARGEST = 1 << 24
"""Bytes: no description is larger."""
_CAMERA_CURVES = (1, 6, 11, 14, 15)
"""Transfer functions of video, which browsers show like sRGB in HEIC and AVIF."""
_SRGB_GAMMA = 45455
_UNSPECIFIED = 2


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
    found: tuple[Colours | None, Colours | None] = None, None
    position = file.tell()
    try:
        file.seek(0)
        head = file.read(12)
        if head.startswith(_PNG):
            found = _png(file)
        elif head[4:8] == b"ftyp":
            found = None, _boxes(file)
    except (OSError, ValueError, struct.error, IndexError) as error:
        logger.debug("ignoring a description of colours: %s", error)
    finally:
        file.seek(position)
    first, last = found
    if first is None and profile is not None:
        first = _bright_profile(profile)
    if profile is None and last is None and _is_adobe(image):
        last = Colours(ADOBE, power(563 / 256))
    return Described(first, profile, last)


def _png(file: BinaryIO) -> tuple[Colours | None, Colours | None]:
    """What counts before and after a profile."""
    chunks: dict[bytes, bytes] = {}
    file.seek(len(_PNG))
    while len(head := file.read(8)) == 8:
        length, name = struct.unpack(">I4s", head)
        if name == b"IDAT":
            break
        if name in (b"cICP", b"sRGB", b"gAMA", b"cHRM", b"cLLI", b"mDCV"):
            chunks.setdefault(name, file.read(length)[:64])
            file.seek(4, 1)
        else:
            file.seek(length + 4, 1)
    first = None
    if b"cICP" in chunks:
        primaries, transfer, matrix, _ = struct.unpack(">4B", chunks[b"cICP"])
        if matrix == 0:
            first = Colours.of_codes(primaries, transfer, _png_peak(chunks))
    if b"sRGB" in chunks:
        return first, Colours()
    gamma = struct.unpack(">I", chunks[b"gAMA"])[0] if b"gAMA" in chunks else 0
    if not gamma:
        return first, None
    if b"cHRM" not in chunks:
        return first, Colours(curve=SRGB if gamma == _SRGB_GAMMA else power(100000 / gamma))
    points = [value / 100000 for value in struct.unpack(">8I", chunks[b"cHRM"])]
    white, red, green, blue = ((points[index], points[index + 1]) for index in (0, 2, 4, 6))
    return first, Colours((red, green, blue, white), power(100000 / gamma)).usable()


def png_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Names of a PNG file's chunks, and their bytes with length, name and checksum."""
    position = len(_PNG)
    while position + 8 <= len(data):
        length, name = struct.unpack_from(">I4s", data, position)
        yield name, data[position : position + length + 12]
        position += length + 12


def _png_peak(chunks: dict[bytes, bytes]) -> float | None:
    if b"cLLI" in chunks:
        brightest = struct.unpack(">I", chunks[b"cLLI"][:4])[0]
    else:
        brightest = struct.unpack(">I", chunks[b"mDCV"][16:20])[0] if b"mDCV" in chunks else 0
    return brightest / 10000 or None


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
