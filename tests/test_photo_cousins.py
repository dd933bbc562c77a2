"""Photos of rarer kinds: each is made here byte by byte or by another library, and its colours are known."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
from PIL import Image, ImageCms

from landscape.errors import LandscapeError
from landscape.photo.read import decode_photo, photo_size
from tests.test_photo_colours import gamma, levels, png, swapped_profile

LEVELS = levels(np.uint8)


def packed_png(values: np.ndarray, depth: int, clear: int) -> bytes:
    """A grey PNG of few bits with a level that is clear."""
    bits = (values[..., None] >> np.arange(depth - 1, -1, -1)) & 1
    rows = np.packbits(bits.reshape(len(values), -1).astype(np.uint8), axis=1)
    data = png(np.zeros((1, 1), np.uint8), tRNS=struct.pack(">H", clear))
    head = struct.pack(">IIBBBBB", values.shape[1], values.shape[0], depth, 0, 0, 0, 0)
    content = zlib.compress(np.pad(rows, ((0, 0), (1, 0))).tobytes())
    for name, new in ((b"IHDR", head), (b"IDAT", content)):
        place = data.index(name) - 4
        length = struct.unpack(">I", data[place : place + 4])[0]
        chunk = struct.pack(">I", len(new)) + name + new + struct.pack(">I", zlib.crc32(name + new))
        data = data[:place] + chunk + data[place + 12 + length :]
    return data


@pytest.mark.parametrize("depth", [1, 2, 4])
def test_the_clear_level_of_grey_png_of_few_bits(depth: int) -> None:
    top = 2**depth - 1
    values = np.arange(80 * 96).reshape(80, 96) // 16 % (top + 1)
    for clear in range(top + 1):
        pixels = decode_photo(packed_png(values, depth, clear), "a").pixels
        wanted = np.where(values == clear, 255, values * 255 // top)
        np.testing.assert_array_equal(pixels, wanted[..., None].repeat(3, 2))


@pytest.mark.parametrize("depth", [1, 2, 4, 7, 8, 9, 12, 16])
@pytest.mark.parametrize("grey", [False, True])
def test_jpeg_2000_of_any_depth(depth: int, grey: bool) -> None:
    top = 2**depth - 1
    stored = np.rint(LEVELS[..., 0] / 255 * top if grey else LEVELS / 255 * top)
    stored = stored.astype(np.uint8 if depth <= 8 else np.uint16)
    data = imagecodecs.jpeg2k_encode(stored, level=0, bitspersample=depth, reversible=True)
    pixels = decode_photo(data, "a").pixels
    wanted = stored / top * 255
    assert np.abs(pixels - (wanted[..., None] if grey else wanted)).max() <= 1


def test_the_profile_of_a_jpeg_2000() -> None:
    buffer = io.BytesIO()
    Image.fromarray(LEVELS).save(buffer, "JPEG2000")
    data = buffer.getvalue()
    head, place = data.index(b"jp2h") - 4, data.index(b"colr") - 4
    old = struct.unpack(">I", data[place : place + 4])[0]
    box = b"colr\2\0\0" + swapped_profile()
    box = struct.pack(">I", len(box) + 4) + box
    size = struct.unpack(">I", data[head : head + 4])[0] + len(box) - old
    data = data[:head] + struct.pack(">I", size) + data[head + 4 : place] + box + data[place + old :]
    assert np.abs(decode_photo(data, "a").pixels.astype(int) - LEVELS[..., [1, 0, 2]]).max() <= 3


def bmp(alpha: int) -> bytes:
    """A BMP of the fifth version with an alpha channel of one value."""
    masks = struct.pack("<4I", 0xFF0000, 0xFF00, 0xFF, 0xFF000000)
    height, width = LEVELS.shape[:2]
    head = struct.pack("<IiiHHIIiiII", 124, width, height, 1, 32, 3, 0, 2835, 2835, 0, 0) + masks + b"BGRs" + bytes(64)
    body = np.dstack([LEVELS[::-1, :, ::-1], np.full((height, width), alpha, np.uint8)]).tobytes()
    return b"BM" + struct.pack("<IHHI", 14 + len(head) + len(body), 0, 0, 14 + len(head)) + head + body


def test_a_bmp_whose_alpha_is_unused() -> None:
    np.testing.assert_array_equal(decode_photo(bmp(0), "a").pixels, LEVELS)
    np.testing.assert_array_equal(decode_photo(bmp(255), "a").pixels, LEVELS)
    half = np.rint(LEVELS * (128 / 255) + 127)
    assert np.abs(decode_photo(bmp(128), "a").pixels - half).max() <= 1


LAYOUTS = {
    "4444": (16, (0xF00, 0xF0, 0xF, 0xF000)),
    "565": (16, (0xF800, 0x7E0, 0x1F, 0)),
    "backwards": (16, (0x1F, 0x3E0, 0x7C00, 0)),
    "ten bits": (32, (0x3FF00000, 0xFFC00, 0x3FF, 0)),
    "ten bits and alpha": (32, (0x3FF, 0xFFC00, 0x3FF00000, 0xC0000000)),
    "no blue": (32, (0xFF00, 0xFF, 0, 0)),
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("head", [40, 56, 108])
@pytest.mark.parametrize("downwards", [False, True])
def test_bmp_of_any_layout(layout: str, head: int, downwards: bool) -> None:
    bits, masks = LAYOUTS[layout]
    height, width = LEVELS.shape[:2]
    alpha = np.broadcast_to(np.linspace(255, 0, width), (height, width))
    words, seen = np.zeros((height, width), np.uint32), []
    for mask, plane in zip(masks, (*np.moveaxis(LEVELS, -1, 0), alpha), strict=True):
        low = (mask & -mask).bit_length() - 1 if mask else 0
        stored = np.rint(plane / 255 * (mask >> low)).astype(np.uint32)
        words |= stored << np.uint32(low)
        seen.append(stored / (mask >> low) * 255 if mask else np.zeros(plane.shape))
    opaque = seen[3][..., None] / 255 if masks[3] and head > 40 else 1.0
    wanted = np.dstack(seen[:3]) * opaque + 255 * (1 - np.asarray(opaque))
    info = struct.pack("<IiiHHIIiiII", head, width, -height if downwards else height, 1, bits, 3, 0, 0, 0, 0, 0)
    info += struct.pack("<4I", *masks).ljust(max(head - 40, 0), b"\0")[: max(head - 40, 12)]
    rows = words if downwards else words[::-1]
    body = rows.astype(f"<u{bits // 8}").tobytes()
    data = b"BM" + struct.pack("<IHHI", 14 + len(info) + len(body), 0, 0, 14 + len(info)) + info + body
    assert np.abs(decode_photo(data, "a").pixels - wanted).max() <= 2


def test_bmp_of_four_colours(tmp_path: Path) -> None:
    indices = np.arange(80 * 98).reshape(80, 98) // 14 % 4
    palette = np.array([[0, 0, 0], [250, 10, 20], [30, 240, 50], [60, 70, 230]], np.uint8)
    packed = np.packbits((indices[..., None] >> np.array([1, 0]) & 1).reshape(80, -1).astype(np.uint8), axis=1)
    body = np.pad(packed, ((0, 0), (0, -packed.shape[1] % 4)))[::-1].tobytes()
    table = np.pad(palette[:, ::-1], ((0, 0), (0, 1))).tobytes()
    head = struct.pack("<IiiHHIIiiII", 40, 98, 80, 1, 2, 0, 0, 0, 0, 4, 0) + table
    data = b"BM" + struct.pack("<IHHI", 14 + len(head) + len(body), 0, 0, 14 + len(head)) + head + body
    np.testing.assert_array_equal(decode_photo(data, "a").pixels, palette[indices])
    (tmp_path / "a.bmp").write_bytes(data)
    assert photo_size(tmp_path / "a.bmp") == (98, 80)
    for damaged in (data[:-1], data[:30], data.replace(struct.pack("<HHI", 1, 2, 0), struct.pack("<HHI", 1, 2, 4))):
        with pytest.raises(LandscapeError):
            decode_photo(damaged, "a")


@pytest.mark.parametrize("grey", [False, True])
def test_jpeg_of_twelve_bits(tmp_path: Path, grey: bool) -> None:
    stored = LEVELS[..., 0] if grey else LEVELS
    deep = np.rint(stored / 255 * 4095).astype(np.uint16)
    data = imagecodecs.jpeg8_encode(deep, level=98, bitspersample=12, subsampling="444")
    exif = Image.Exif()
    exif[274] = 6
    content = exif.tobytes()
    turned = data[:2] + b"\xff\xe1" + struct.pack(">H", len(content) + 2) + content + data[2:]
    (tmp_path / "a.jpg").write_bytes(turned)
    assert photo_size(tmp_path / "a.jpg") == LEVELS.shape[:2]
    difference = np.abs(
        decode_photo(turned, "a").pixels - np.rot90(stored.reshape(*LEVELS.shape[:2], -1), -1).astype(float)
    )
    assert difference.max() <= 4
    buffer = io.BytesIO()
    Image.fromarray(stored).save(buffer, "JPEG")
    claimed = bytearray(buffer.getvalue())
    claimed[claimed.index(b"\xff\xc0") + 4] = 12
    for damaged in (data[: len(data) // 2], bytes(claimed)):
        with pytest.raises(LandscapeError):
            decode_photo(damaged, "a")


def test_broken_chunks_that_a_png_can_do_without_are_left_out() -> None:
    profile = b"x\0\0" + zlib.compress(swapped_profile())
    broken = bytearray(png(LEVELS, gAMA=gamma(100000), iCCP=profile))
    broken[broken.index(b"gAMA") + 8] ^= 1
    np.testing.assert_allclose(decode_photo(bytes(broken), "a").pixels, LEVELS[..., [1, 0, 2]], atol=3)
    unknown = png(LEVELS, iCCP=b"x\0\1" + profile[3:])
    np.testing.assert_array_equal(decode_photo(unknown, "a").pixels, LEVELS)
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    text = png(LEVELS, iCCP=b"x\0\0" + zlib.compress(srgb), tEXt=b"Comment\0hello")
    text = text.replace(b"hello", b"hallo")
    np.testing.assert_allclose(decode_photo(text, "a").pixels, LEVELS, atol=1)
