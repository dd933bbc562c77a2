"""JPEG files whose end is missing, with or without an end mark: how much of the picture is there."""

from __future__ import annotations

import io
import re
import struct
from dataclasses import dataclass, field

import numpy as np
from PIL import Image, ImageChops, ImageFile

END = b"\xff\xd9"
"""The marker at the end."""
_MARKER = re.compile(rb"\xff+([^\x00\xff\xd0-\xd7])", re.DOTALL)
_RESTART = re.compile(rb"\xff([\xd0-\xd7])", re.DOTALL)
_SCAN, _INTERVAL = 0xDA, 0xDD
_SEGMENTS = frozenset(range(0xC0, 0xFF)) - set(range(0xD0, 0xDA))
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_BASELINE = 0xC0
_PROGRESSIVE = frozenset({0xC2, 0xC6, 0xCA, 0xCE})
_ARITHMETIC = frozenset(range(0xC9, 0xD0)) - {0xCC}
_BLOCK = 16
"""Most pixels of a row of blocks."""
_LEFT_AWAY = 80
"""Pixels of the last row that bytes may show in which arithmetic coding leaves away."""
_CORNER, _GREY = 8, 128
"""Pixels in the last corner that are looked at, and the value of missing ones."""
_LARGE = 1 << 25
"""Pixels above which half the size is looked at."""
_LAST_DETAIL = 0.3
"""What the last bits of a progressive file count among all."""


def at_once(image: Image.Image, size: int) -> None:
    """Let a picture's file of so many bytes be decoded as one piece: arithmetic coding knows no other way."""
    if isinstance(image, ImageFile.ImageFile):
        image.decodermaxblock = max(size, ImageFile.MAXBLOCK)


@dataclass
class Scans:
    """What the scans of a file bring.

    Attributes:
        wanted: Pairs of a component and a frequency, all that the picture has, and how often they are sampled.
        precise: How many bits of each are missing after each scan.
        restarts: Whether scans have restart markers.
        last: Where the last scan begins, 0 if there is none.
        progressive: Whether a scan brings a few frequencies or bits only.
        arithmetic: Whether the file is coded so, not by Huffman's method.
        frame: Where the size and depth of the picture are told.
        marked: Whether there is an end mark.
        end: Where the picture's end mark is, or another at which decoders stop, the length of the file without one.
    """

    wanted: dict[tuple[int, int], int] = field(default_factory=dict)
    precise: list[dict[tuple[int, int], int]] = field(default_factory=lambda: [{}])
    restarts: bool = False
    last: int = 0
    progressive: bool = False
    arithmetic: bool = False
    frame: int = 0
    marked: bool = False
    end: int = 0

    @property
    def hide_cuts(self) -> bool:
        """Whether a decoder's picture would show no cut: in later scans, of details alone, or in arithmetic coding."""
        return self.arithmetic or self.progressive or len(self.precise) != 2

    def cover(self, bits: int, scan: int = -1) -> bool:
        """Whether everything but the last bits is there after a scan."""
        return bool(self.last) and all(self.precise[scan].get(key, 99) <= bits for key in self.wanted)

    def detail(self, share: float) -> float:
        """Which part of the last bits is missing where such a share of the last scan is."""
        before, after = self.precise[-2:]
        missing = {key: 1.0 if after[key] else share if before[key] else 0.0 for key in self.wanted}
        total = sum(self.wanted.values())
        return sum(self.wanted[key] * part for key, part in missing.items()) / total


def of_twelve_bits(data: bytes) -> Image.Image | None:
    """The picture of a file of 12 bits, which Pillow does not read, in 8; None of any other.

    Args:
        data: The file's bytes.

    Raises:
        Exception: Of many types if it is damaged.
    """
    scans = scan(data)
    place = scans.frame
    if data[place : place + 1] != b"\x0c":
        return None
    if not scans.marked or data[place - 3] == _BASELINE:  # which knows 8 bits alone
        raise OSError("the end is missing, or the depth is none")
    import imagecodecs  # here, as other photos are read faster without

    values = np.asarray(imagecodecs.jpeg_decode(data))
    image = Image.fromarray(np.rint(values * (255 / 4095)).astype(np.uint8))
    with Image.open(io.BytesIO(data[:place] + b"\x08" + data[place + 1 :]), formats=("JPEG",)) as described:
        image.info = described.info
    return image


def continued(data: bytes, scans: Scans, size: tuple[int, int]) -> Image.Image:
    """What a decoder makes of a file that goes on in noise; the picture itself where nothing is missing.

    Args:
        data: The file's bytes.
        scans: What :func:`scan` tells of it.
        size: Width and height at which the picture is decoded, of which a decoder rounds up.

    Raises:
        OSError: If it cannot be decoded.
    """
    smaller = (max(1, size[0] - 1), max(1, size[1] - 1))
    return _decoded(_until(scans, data).rstrip(b"\xff") + _noise(scans, data) + END, smaller)


def may_be_cut(image: Image.Image, data: bytes, scans: Scans, other: Image.Image | None = None) -> bool:
    """Whether a file that was decoded without complaint may lack its end all the same; :func:`missing_share` tells.

    Copies that broke off are filled with zeros or get an end mark by programs that repair them: decoders then leave
    what is missing grey, or without the details of later scans.

    Args:
        image: The picture, decoded at any size.
        data: The file's bytes.
        scans: What :func:`scan` tells of it.
        other: That of :func:`continued`, where cuts are hidden.
    """
    rest = data.rstrip(b"\0")
    if len(rest) < len(data) and not rest.endswith(END):
        return True
    corner = np.asarray(image.crop((max(0, image.width - _CORNER), image.height - 1, image.width, image.height)))
    if (np.abs(corner.astype(int) - _GREY) <= 1).all():
        return True
    if not scans.cover(0):
        return True
    return other is not None and (other.size != image.size or _differing(image, other, scans) > 0)


def missing_share(data: bytes, scans: Scans | None = None) -> float:
    """Which part of the picture is missing at the end of a file, 0 to 1.

    What a decoder reads beyond the end changes the picture exactly where something is missing: the file is decoded with
    two different continuations.

    Args:
        data: The file's bytes.
        scans: What :func:`scan` tells of it, if that is known.

    Raises:
        OSError: If it cannot be decoded at all.
    """
    scans = scans or scan(data)
    only_detail = scans.progressive and scans.cover(1, -2)
    if not (only_detail or scans.cover(0)):
        return 1.0
    data = _until(scans, data)
    noise = _noise(scans, data)
    data = data.rstrip(b"\xff")  # the first half of a marker
    first, second = (_decoded(data + tail + END) for tail in (b"", noise))
    share = _differing(first, second, scans)
    return _LAST_DETAIL * scans.detail(share) if only_detail else share


def _differing(first: Image.Image, second: Image.Image, scans: Scans) -> float:
    """From where on two pictures of a file with other continuations differ, as the part that is missing, 0 to 1."""
    box = ImageChops.difference(first, second).getbbox()
    if box is None:
        return 0.0
    # The first row of blocks that differs is there in part. Arithmetic coding leaves away the last bytes of whole
    # files, too, and nothing tells how many: before an end mark, that the last blocks differ says nothing.
    rows = first.height - box[1] - _BLOCK
    lenient = scans.arithmetic and scans.marked and rows <= 0 and box[0] > first.width - _LEFT_AWAY
    return 0.0 if lenient else max(1, rows) / first.height


def body(data: bytes) -> bytes:
    """A file's bytes as far as they are the picture, without an end mark."""
    return _until(scan(data), data)


def _until(scans: Scans, data: bytes) -> bytes:
    # Flat parts of a picture may be zeros, too, so only those that end the file are taken for filling.
    return data.rstrip(b"\0") if scans.end == len(data) else data[: scans.end]


def _noise(scans: Scans, data: bytes) -> bytes:
    """What a file can go on with."""
    noise = np.random.default_rng(0).integers(0, 255, 512, np.uint8).tobytes()
    if not scans.restarts:
        return noise + noise
    found = _RESTART.findall(data, scans.last)
    return noise + bytes([0xFF, 0xD0 + (found[-1][0] - 0xD0 + 1) % 8 if found else 0xD0]) + noise


def _decoded(data: bytes, size: tuple[int, int] | None = None) -> Image.Image:
    image = Image.open(io.BytesIO(data), formats=("JPEG",))
    at_once(image, len(data))
    if size is not None or image.width * image.height > _LARGE:
        image.draft(None, size or (image.width // 2, image.height // 2))
    image.load()
    return image


def scan(data: bytes) -> Scans:
    """What the scans of a file bring; it takes a look at all of its bytes."""
    scans, position = Scans(end=len(data)), 2
    while (match := _MARKER.search(data, position)) is not None:
        marker, position = match.group(1)[0], match.end()
        length = struct.unpack(">H", data[position : position + 2].rjust(2, b"\0"))[0]
        content = data[position + 2 : position + length]
        position += length
        if marker == END[1] or marker not in _SEGMENTS or len(content) < length - 2:
            scans.marked, scans.end = marker == END[1], match.start()
            break
        if marker in _FRAMES:
            scans.frame = position - len(content)
            scans.progressive, scans.arithmetic = marker in _PROGRESSIVE, marker in _ARITHMETIC
            places = range(64 if scans.progressive else 1)
            parts = (content[place : place + 2] for place in range(6, 6 + 3 * content[5], 3))
            scans.wanted = {(name, place): (often >> 4) * (often & 15) for name, often in parts for place in places}
        elif marker == _INTERVAL:
            scans.restarts = content[:2] != b"\0\0"
        elif marker == _SCAN:
            scans.last = position
            start, end, bits = content[-3:] if scans.progressive else (0, 0, 0)
            components = [content[1 + 2 * index] for index in range(content[0])]
            brought = {(component, place): bits & 15 for component in components for place in range(start, end + 1)}
            scans.precise.append(scans.precise[-1] | brought)
    return scans
