"""JPEG files whose end is missing, with or without an end mark: how much of the picture is there."""

from __future__ import annotations

import io
import re
import struct
from dataclasses import dataclass, field

import numpy as np
from PIL import Image, ImageChops

END = b"\xff\xd9"
"""The marker at the end."""
_MARKER = re.compile(rb"\xff+([^\x00\xff\xd0-\xd7])", re.DOTALL)
_RESTART = re.compile(rb"\xff([\xd0-\xd7])", re.DOTALL)
_SCAN, _INTERVAL = 0xDA, 0xDD
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_PROGRESSIVE = frozenset({0xC2, 0xC6, 0xCA, 0xCE})
_BLOCK = 16
"""Most pixels of a row of blocks."""
_LARGE = 1 << 25
"""Pixels above which half the size is looked at."""
_LAST_DETAIL = 0.2
"""What the last bits of a progressive file count among all."""


@dataclass
class _Scans:
    """What the scans of a file bring.

    Attributes:
        wanted: Pairs of a component and a frequency, all that the picture has.
        precise: How many bits of each are missing after each scan.
        restarts: Whether scans have restart markers.
        last: Where the last scan begins, 0 if there is none.
        progressive: Whether a scan brings a few frequencies or bits only.
    """

    wanted: set[tuple[int, int]] = field(default_factory=set)
    precise: list[dict[tuple[int, int], int]] = field(default_factory=lambda: [{}])
    restarts: bool = False
    last: int = 0
    progressive: bool = False

    def cover(self, bits: int, scans: slice = slice(None)) -> bool:
        """Whether some scans bring everything but the last bits."""
        found = self.precise[scans]
        return bool(found) and all(found[-1].get(key, 99) <= bits for key in self.wanted)


def may_be_cut(image: Image.Image, data: bytes) -> bool:
    """Whether a file that was decoded without complaint may lack its end all the same; :func:`missing_share` tells.

    Copies that broke off are filled with zeros or get an end mark by programs that repair them: decoders then draw one
    colour below the cut, or leave the later scans away.

    Args:
        image: The picture, decoded at any size.
        data: The file's bytes.
    """
    rest = data.rstrip(b"\0")
    if len(rest) < len(data) and not rest.endswith(END):
        return True
    if image.info.get("progressive"):
        scans = _scans(data)
        return not scans.last or not scans.cover(0)
    foot = np.asarray(image.crop((0, image.height - 1, image.width, image.height)))
    return bool((foot == foot[:, -1:]).all())


def body(data: bytes) -> bytes:
    """A file's bytes without zeros and an end mark at its end."""
    return data.rstrip(b"\0").removesuffix(END)


def missing_share(data: bytes) -> float:
    """Which part of the picture is missing at the end of a file without its end mark, 0 to 1.

    What a decoder reads beyond the end changes the picture exactly where something is missing: the file is decoded with
    two different continuations.

    Args:
        data: The file's bytes.

    Raises:
        OSError: If it cannot be decoded at all.
    """
    scans = _scans(data)
    if not scans.last or not scans.cover(0):
        return 1.0
    noise = np.random.default_rng(0).integers(0, 255, 512, np.uint8).tobytes()
    restart = b""
    if scans.restarts:
        found = _RESTART.findall(data, scans.last)
        restart = bytes([0xFF, 0xD0 + (found[-1][0] - 0xD0 + 1) % 8 if found else 0xD0])
    data = data.rstrip(b"\xff")  # the first half of a marker
    first, second = (_decoded(data + tail + END) for tail in (b"", noise + restart + noise))
    box = ImageChops.difference(first, second).getbbox()
    # The first row of blocks that differs is there in part.
    share = 0.0 if box is None else max(1, first.height - box[1] - _BLOCK) / first.height
    only_detail = scans.progressive and scans.cover(1, slice(-1))
    return share * _LAST_DETAIL if only_detail else share


def _decoded(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data), formats=("JPEG",))
    if image.width * image.height > _LARGE:
        image.draft(None, (image.width // 2, image.height // 2))
    image.load()
    return image


def _scans(data: bytes) -> _Scans:
    scans, position = _Scans(), 2
    while (match := _MARKER.search(data, position)) is not None:
        marker, position = match.group(1)[0], match.end()
        length = struct.unpack(">H", data[position : position + 2].rjust(2, b"\0"))[0]
        content = data[position + 2 : position + length]
        position += length
        if marker == END[1] or len(content) < length - 2:
            break
        if marker in _FRAMES:
            scans.progressive = marker in _PROGRESSIVE
            places = range(64 if scans.progressive else 1)
            scans.wanted = {(content[6 + 3 * index], place) for index in range(content[5]) for place in places}
        elif marker == _INTERVAL:
            scans.restarts = content[:2] != b"\0\0"
        elif marker == _SCAN:
            scans.last = position
            start, end, bits = content[-3:] if scans.progressive else (0, 0, 0)
            components = [content[1 + 2 * index] for index in range(content[0])]
            brought = {(component, place): bits & 15 for component in components for place in range(start, end + 1)}
            scans.precise.append(scans.precise[-1] | brought)
    return scans
