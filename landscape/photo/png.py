"""What the chunks of a PNG say about its colours, in the order of its specification, third edition, section 4.3."""

from __future__ import annotations

import logging
import struct
import zlib
from collections.abc import Iterator
from typing import BinaryIO

from landscape.photo.profiles import SRGB, Colours, power

logger = logging.getLogger(__name__)

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_TOLD = (b"cICP", b"iCCP", b"sRGB", b"gAMA", b"cHRM", b"cLLI", b"mDCV")
_LARGEST = 1 << 24
"""Bytes: no profile is larger."""
_SRGB_GAMMA, _ABOUT = 45455, 0.05
"""The gamma that stands for sRGB, and how far off browsers take others for it."""
_LAST_INTENT = 3


def chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Names of a file's chunks, and their bytes with length, name and checksum."""
    position = len(SIGNATURE)
    while position + 8 <= len(data):
        length, name = struct.unpack_from(">I4s", data, position)
        yield name, data[position : position + length + 12]
        position += length + 12


def without_broken(data: bytes) -> bytes | None:
    """A file without the chunks that a picture can do without and that are broken, None if there are none."""
    kept = [chunk for name, chunk in chunks(data) if not _broken(name, chunk)]
    whole = SIGNATURE + b"".join(kept)
    return whole if len(whole) < len(data) else None


def _broken(name: bytes, chunk: bytes) -> bool:
    if name[0] < ord("a"):
        return False
    content = chunk[8:-4]
    unknown = name == b"iCCP" and content.partition(b"\0")[2][:1] != b"\0"
    return unknown or chunk[-4:] != struct.pack(">I", zlib.crc32(name + content))


def png_colours(file: BinaryIO) -> tuple[Colours | None, bytes | None, Colours | None]:
    """What counts before a profile, the profile, and what counts without one.

    Raises:
        struct.error: If a chunk is too short.
    """
    told = _told(file)
    first = None
    if len(told.get(b"cICP", b"")) == 4:
        primaries, transfer, matrix, full = told[b"cICP"]
        if matrix == 0 and full == 1:  # browsers know no other
            first = Colours.of_codes(primaries, transfer, _peak(told))
    profile = _profile(told[b"iCCP"]) if b"iCCP" in told else None
    return first, profile, _simple(told)


def _told(file: BinaryIO) -> dict[bytes, bytes]:
    """The chunks that count: the first of each name, before the pixels; cICP before a palette, too."""
    told: dict[bytes, bytes] = {}
    palette = False
    file.seek(len(SIGNATURE))
    while len(head := file.read(8)) == 8:
        length, name = struct.unpack(">I4s", head)
        if name == b"IDAT":
            break
        palette |= name == b"PLTE"
        if name in _TOLD and length <= _LARGEST and not (palette and name == b"cICP"):
            chunk = head + file.read(length + 4)
            if not _broken(name, chunk):
                told.setdefault(name, chunk[8:-4])
        else:
            file.seek(length + 4, 1)
    return told


def _profile(content: bytes) -> bytes | None:
    """The profile of an iCCP chunk, None if it is broken."""
    name, _, packed = content.partition(b"\0")
    if not 1 <= len(name) < 80 or packed[:1] != b"\0":
        return None
    try:
        return zlib.decompressobj().decompress(packed[1:], _LARGEST)
    except zlib.error as error:
        logger.debug("ignoring a profile: %s", error)
        return None


def _simple(told: dict[bytes, bytes]) -> Colours | None:
    """What sRGB, gAMA and cHRM say."""
    if len(told.get(b"sRGB", b"")) == 1 and told[b"sRGB"][0] <= _LAST_INTENT:
        return Colours()
    gamma = struct.unpack(">I", told[b"gAMA"])[0] if len(told.get(b"gAMA", b"")) == 4 else 0
    if not gamma:
        return None
    if len(told.get(b"cHRM", b"")) != 32:
        usual = abs(gamma / _SRGB_GAMMA - 1) <= _ABOUT
        return Colours(curve=SRGB if usual else power(100000 / gamma))
    points = [value / 100000 for value in struct.unpack(">8I", told[b"cHRM"])]
    white, red, green, blue = ((points[index], points[index + 1]) for index in (0, 2, 4, 6))
    return Colours((red, green, blue, white), power(100000 / gamma)).usable()


def _peak(told: dict[bytes, bytes]) -> float | None:
    if b"cLLI" in told:
        brightest = struct.unpack(">I", told[b"cLLI"][:4])[0]
    else:
        brightest = struct.unpack(">I", told[b"mDCV"][16:20])[0] if b"mDCV" in told else 0
    return brightest / 10000 or None
