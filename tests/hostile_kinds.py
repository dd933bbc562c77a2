"""What hostile files are made of: formats, bombs, lengths, texts and tricks with archives."""

from __future__ import annotations

import io
import struct
import warnings
import zipfile
import zlib
from collections.abc import Callable
from typing import Any

import numpy as np
from PIL import Image

PHOTOS: dict[str, dict[str, Any]] = {
    ".jpg": {"format": "JPEG", "quality": 85},
    ".jpeg": {"format": "JPEG", "progressive": True},
    ".jpe": {"format": "JPEG", "mode": "CMYK"},
    ".png": {"format": "PNG"},
    ".webp": {"format": "WEBP"},
    ".tif": {"format": "TIFF", "compression": "tiff_lzw"},
    ".tiff": {"format": "TIFF", "compression": "jpeg"},
    ".gif": {"format": "GIF"},
    ".bmp": {"format": "BMP"},
    ".heic": {"format": "HEIF"},
    ".avif": {"format": "AVIF"},
    ".ppm": {"format": "PPM"},
    ".jp2": {"format": "JPEG2000"},
}
"""How Pillow writes a photo of each format."""

LENGTHS = [
    b"\xff\xff\xff\xff",
    b"\x7f\xff\xff\xff",
    b"\xff\xff\xff\x7f",
    b"\x00\x00\x00\x00",
    b"\x80\x00\x00\x00",
    b"\x00\x00\x00\x80",
    b"\xff\xff",
    b"\x00\x00",
    b"\xff" * 8,
    b"\xff" * 7 + b"\x7f",
    b"\x00\x00\x00\x40\x00\x00\x00\x00",
]
"""Numbers that are no length."""

_DEEP = 100_000
JSONS: dict[str, bytes] = {
    "deep list": b"[" * _DEEP,
    "closed deep list": b"[" * _DEEP + b"]" * _DEEP,
    "deep object": b'{"a":' * _DEEP + b"1" + b"}" * _DEEP,
    "long number": b'{"landscape": ' + b"9" * 50_000 + b"}",
    "not a number": b'{"landscape": NaN, "motion": {"speed": NaN, "direction": Infinity}}',
    "exponent": b'{"landscape": 1, "motion": {"speed": 1e999}}',
    "null": b"null",
    "list": b"[1, 2, 3]",
    "empty": b"",
    "lone surrogate": b'{"landscape": 1, "light": {"style": "\\ud800"}}',
    "zero bytes": b"\0" * 1000,
    "utf-32": '{"landscape": 1}'.encode("utf-32"),
    "no utf-8": b'{"landscape": 1, "light": {"style": "\xff\xfe"}}',
    "twice": b'{"landscape": 1, "landscape": "2", "motion": [], "motion": {}}',
    "wrong types": b'{"landscape": [], "motion": 7, "light": "x", "export": null, "fit": [[]], "masks": 3}',
    "wrong fields": b'{"landscape": 1, "motion": {"speed": {}, "direction": []}, "export": {"seconds": "long"}}',
    "keys": b'{"landscape": 1, "light": {"keys": [[[]], 1, {"hour": "noon"}]}}',
    "huge mask": b'{"landscape": 1, "masks": {"png": "' + b"A" * 1_000_000 + b'"}}',
    "future": b'{"landscape": 999999999999999999999999999999}',
    "negative": b'{"landscape": -1, "export": {"seconds": -5, "fps": 0, "long_side": -1}}',
}
"""JSON that is none, or none of ours."""


def bomb(size: tuple[int, int], suffix: str) -> bytes:
    """A small file of a large picture."""
    if suffix == ".png":
        head = (b"IHDR", struct.pack(">IIBBBBB", *size, 1, 0, 0, 0, 0))
        return _png(head, (b"IDAT", zlib.compress(bytes(size[1] * (1 + (size[0] + 7) // 8)), 1)), (b"IEND", b""))
    kind = {".tif": "TIFF", ".jpg": "JPEG"}.get(suffix, suffix[1:].upper())
    mode = "1" if suffix == ".tif" else "L"
    options = {"compression": "group4"} if suffix == ".tif" else {}
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        Image.new(mode, size).save(buffer, kind, **options)
    return buffer.getvalue()


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def _png(*chunks: tuple[bytes, bytes]) -> bytes:
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, data) for name, data in chunks)


def wide() -> dict[str, bytes]:
    """PNG files whose chunks lie, or hold more than they seem to."""
    head = (b"IHDR", struct.pack(">IIBBBBB", 128, 96, 8, 0, 0, 0, 0))
    lines = (b"IDAT", zlib.compress(bytes(96 * 129)))
    much = zlib.compress(bytes(200_000_000))
    huge = (b"IHDR", struct.pack(">IIBBBBB", 2**31 - 1, 2**31 - 1, 16, 6, 0, 0, 0))
    end = (b"IEND", b"")
    return {
        "a size without end": _png(huge, lines, end),
        "no size": _png((b"IHDR", struct.pack(">IIBBBBB", 0, 0, 8, 0, 0, 0, 0)), lines, end),
        "a text bomb": _png(head, (b"zTXt", b"a\0\0" + much), lines, end),
        "a profile bomb": _png(head, (b"iCCP", b"a\0\0" + much), lines, end),
        "more lines than rows": _png(head, (b"IDAT", much), end),
        "no lines": _png(head, end),
        "no end": _png(head, lines),
        "palette without colours": _png((b"IHDR", struct.pack(">IIBBBBB", 128, 96, 8, 3, 0, 0, 0)), lines, end),
        "many chunks": _png(head, *[(b"tEXt", b"a\0b")] * 50_000, lines, end),
        "cICP of one byte": _png(head, (b"cICP", b"\x01"), lines, end),
        "cHRM of zeros": _png(head, (b"gAMA", bytes(4)), (b"cHRM", bytes(32)), lines, end),
        "EXIF of nothing": _png(head, (b"eXIf", b"MM\0*\xff\xff\xff\xff"), lines, end),
        "noise": _png(head, (b"IDAT", zlib.compress(np.random.default_rng(0).bytes(96 * 129))), end),
    }


def _rewritten(data: bytes, change: Callable[[zipfile.ZipFile, dict[str, bytes]], None]) -> bytes:
    with zipfile.ZipFile(io.BytesIO(data)) as old:
        members = {name: old.read(name) for name in old.namelist()}
    buffer = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(buffer, "w") as new:
        warnings.simplefilter("ignore")  # of names given twice
        change(new, members)
        for name, content in members.items():
            new.writestr(zipfile.ZipInfo(name), content)
    return buffer.getvalue()


def _entry(name: str, content: bytes = b"x", mode: int = 0) -> Callable[[bytes], bytes]:
    def trick(data: bytes) -> bytes:
        def change(archive: zipfile.ZipFile, members: dict[str, bytes]) -> None:
            info = zipfile.ZipInfo(name)
            info.external_attr = mode << 16
            archive.writestr(info, content)

        return _rewritten(data, change)

    return trick


def _lie(field: int, number: bytes) -> Callable[[bytes], bytes]:
    """Another number in the first entry of the archive's table of contents."""

    def trick(data: bytes) -> bytes:
        place = data.index(b"PK\x01\x02") + field
        return data[:place] + number + data[place + len(number) :]

    return trick


def _packed(data: bytes) -> bytes:
    def change(archive: zipfile.ZipFile, members: dict[str, bytes]) -> None:
        archive.writestr(zipfile.ZipInfo("model.safetensors"), bytes(300_000_000), zipfile.ZIP_DEFLATED)
        members.pop("model.safetensors")

    return _rewritten(data, change)


TRICKS: dict[str, Callable[[bytes], bytes]] = {
    "a path upwards": _entry("../../evil.py"),
    "a path from the root": _entry("/etc/evil"),
    "a drive": _entry("C:\\evil.py"),
    "a link": _entry("photo", b"/etc/passwd", 0o120777),
    "twice": _entry("scene.json", b"{}"),
    "a folder": _entry("photo/"),
    "an empty name": _entry(""),
    "much of nothing": _packed,
    "many entries": lambda data: _rewritten(
        data, lambda archive, members: [archive.writestr(zipfile.ZipInfo(f"{i}"), b"") for i in range(9_000)] and None
    ),
    "an archive before": lambda data: data + data,
    "something before": lambda data: b"#!/bin/sh\nexit\n" + data,
    "something after": lambda data: data + b"\0" * 70_000,
    "encrypted": _lie(8, b"\x01\x00"),
    "unknown packing": _lie(10, b"\x63\x00"),
    "packed size": _lie(20, b"\xff\xff\xff\x7f"),
    "size": _lie(24, b"\xff\xff\xff\x7f"),
    "no size": _lie(24, b"\x00\x00\x00\x00"),
    "checksum": _lie(16, b"\x00\x00\x00\x00"),
    "place": _lie(42, b"\xff\xff\xff\x7f"),
    "length of the name": _lie(28, b"\xff\xff"),
}
"""What is done to a scene's archive."""
