"""What files say of their colours in unusual places and forms, compared with what a browser shows."""

from __future__ import annotations

import functools
import io
import struct
import zlib
from collections.abc import Iterator

import imagecodecs
import numpy as np
import pytest
from PIL import Image, ImageCms

from landscape.photo.read import decode_photo
from tests.browser import chromium
from tests.test_photo_colours import ICC, NEAR, P3, Show, cicp, far, gamma, levels, png, shot, swapped_profile

LINEAR, DARK = (b"gAMA", gamma(100000)), (b"gAMA", gamma(22000))
WIDE = (b"cICP", cicp(12, 13))
SWAPPED = (b"iCCP", ICC)
PLAIN = (b"iCCP", b"x\0\0" + zlib.compress(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()))


@pytest.fixture(scope="module")
def show() -> Iterator[Show]:
    """What Chromium draws of a file."""
    with chromium("--force-color-profile=srgb") as browser:
        yield functools.partial(shot, browser.new_page(viewport={"width": 64, "height": 72}))


def inserted(data: bytes, behind: bytes, *chunks: tuple[bytes, bytes]) -> bytes:
    """A PNG with more chunks behind the first of a name."""
    result, position, waits = data[:8], 8, True
    while position < len(data):
        length, name = struct.unpack_from(">I4s", data, position)
        result += data[position : position + length + 12]
        position += length + 12
        if waits and name == behind:
            waits = False
            for word, content in chunks:
                result += struct.pack(">I", len(content)) + word + content
                result += struct.pack(">I", zlib.crc32(word + content))
    return result


def picture(mode: str = "RGB") -> Image.Image:
    return Image.fromarray(levels(np.uint8)).convert(mode)


def saved(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def own_profile(space: bytes, red: tuple[float, float, float], exponent: float = 1.0) -> bytes:
    """A small profile of grey or of colours whose curves are a power."""

    def xyz(*values: float) -> bytes:
        return b"XYZ \0\0\0\0" + struct.pack(">3i", *(round(value * 65536) for value in values))

    curve = b"curv\0\0\0\0" + struct.pack(">IH", 1, round(exponent * 256)) + bytes(2)
    tags = {b"wtpt": xyz(0.9642, 1, 0.8249), b"desc": b"desc\0\0\0\0" + struct.pack(">I", 2) + b"a\0" + bytes(82)}
    if space == b"GRAY":
        tags[b"kTRC"] = curve
    else:
        tags |= {b"rXYZ": xyz(*red), b"gXYZ": xyz(0.3851, 0.7169, 0.0971), b"bXYZ": xyz(0.1431, 0.0606, 0.7141)}
        tags |= {b"rTRC": curve, b"gTRC": curve, b"bTRC": curve}
    place, table, body = 132 + 12 * len(tags), b"", b""
    for name, content in tags.items():
        table += struct.pack(">4sII", name, place + len(body), len(content))
        body += content
    head = struct.pack(">I4s4s4s4s4s", place + len(body), b"lcms", b"\2\x40\0\0", b"mntr", space, b"XYZ ")
    head += bytes(12) + b"acsp" + bytes(28) + struct.pack(">3i", 63190, 65536, 54061)
    return head.ljust(128, b"\0") + struct.pack(">I", len(tags)) + table + body


GREY = own_profile(b"GRAY", (0, 0, 0))
RGB = own_profile(b"RGB ", (0.4361, 0.2225, 0.0139))
PACKED = {name: (b"iCCP", b"x\0\0" + zlib.compress(data)) for name, data in {"grey": GREY, "rgb": RGB}.items()}
CHUNKS: dict[str, tuple[str, bytes, tuple[tuple[bytes, bytes], ...]]] = {
    "profile behind the pixels": ("RGB", b"IDAT", (SWAPPED,)),
    "gamma behind the pixels": ("RGB", b"IDAT", (LINEAR,)),
    "cICP behind the pixels": ("RGB", b"IDAT", (WIDE,)),
    "profile behind a palette": ("P", b"PLTE", (SWAPPED,)),
    "cICP behind a palette": ("P", b"PLTE", (WIDE,)),
    "gamma behind a palette": ("P", b"PLTE", (LINEAR,)),
    "two profiles": ("RGB", b"IHDR", (PLAIN, SWAPPED)),
    "two gammas": ("RGB", b"IHDR", (LINEAR, DARK)),
    "two of cICP": ("RGB", b"IHDR", (WIDE, (b"cICP", cicp(9, 16)))),
    "a profile without a name": ("RGB", b"IHDR", ((b"iCCP", b"\0" + ICC[2:]),)),
    "an intent that is none": ("RGB", b"IHDR", ((b"sRGB", b"\x09"), LINEAR)),
    "an intent of two bytes": ("RGB", b"IHDR", ((b"sRGB", b"\0\0"), LINEAR)),
    "a gamma of eight bytes": ("RGB", b"IHDR", ((b"gAMA", gamma(100000) * 2),)),
    "cICP of five bytes": ("RGB", b"IHDR", ((b"cICP", cicp(12, 13) + b"\0"),)),
    "cICP of video's range": ("RGB", b"IHDR", ((b"cICP", bytes([12, 13, 0, 0])), LINEAR)),
    "a profile that ends early": ("RGB", b"IHDR", ((b"iCCP", ICC[:60]), LINEAR)),
    "a profile of grey for colours": ("RGB", b"IHDR", (PACKED["grey"], DARK)),
}
CHUNKS |= {f"gamma {value}": ("RGB", b"IHDR", ((b"gAMA", gamma(value)),)) for value in (43100, 43200, 47700, 47800)}
CHUNKS |= {f"gamma {value}, points": ("RGB", b"IHDR", ((b"gAMA", gamma(value)), (b"cHRM", P3))) for value in (43200,)}
CHUNKS |= {
    f"{mode} by a profile of {name}": (mode, b"IHDR", (chunk,))
    for mode in ("L", "LA", "P", "1")
    for name, chunk in PACKED.items()
}
CHUNKS |= {
    f"{transfer} of {peak}": (
        "RGB",
        b"IHDR",
        ((b"cICP", cicp(9, transfer)), (b"cLLI", struct.pack(">II", peak * 10000, 0))),
    )
    for transfer in (16, 18)
    for peak in (100, 203, 210, 2000, 10000)
}


@pytest.mark.browser
@pytest.mark.parametrize("name", CHUNKS)
def test_chunks_in_odd_places_and_forms(show: Show, name: str) -> None:
    mode, behind, chunks = CHUNKS[name]
    data = inserted(saved(picture(mode)), behind, *chunks)
    assert far(show("png", data), data) <= NEAR


@pytest.mark.browser
@pytest.mark.parametrize("mode", ["L", "RGB"])
@pytest.mark.parametrize("colours", [None, LINEAR, WIDE])
def test_a_clear_colour_of_sixteen_bits(show: Show, mode: str, colours: tuple[bytes, bytes] | None) -> None:
    values = levels(np.uint16)
    values = np.ascontiguousarray(values[..., 0]) if mode == "L" else values
    clear = np.atleast_1d(values[0, 30]).astype(">u2").tobytes()
    data = inserted(png(values), b"IHDR", *([] if colours is None else [colours]), (b"tRNS", clear))
    shown, found = show("png", data), decode_photo(data, "a").pixels
    assert shown is not None and found[0, 30].min() == 255
    bright = found > 16  # of which the browser keeps all that counts
    assert np.abs(found.astype(int) - shown)[bright].max() <= NEAR


@pytest.mark.browser
@pytest.mark.parametrize("profile", [GREY, RGB, swapped_profile()], ids=["grey", "rgb", "swapped"])
@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_profiles_of_grey_and_colours_in_jpeg(show: Show, mode: str, profile: bytes) -> None:
    options: dict[str, object] = {"subsampling": 0} if mode == "RGB" else {}
    data = saved(picture(mode), "JPEG", quality=100, icc_profile=profile, **options)
    assert far(show("jpeg", data), data) <= NEAR


@pytest.mark.browser
def test_a_profile_in_a_bmp(show: Show) -> None:
    pixels = np.dstack([levels(np.uint8)[::-1, :, ::-1], np.zeros((72, 64), np.uint8)]).tobytes()
    profile = swapped_profile()
    head = struct.pack("<IiiHHIIiiII", 124, 64, 72, 1, 32, 3, len(pixels), 2835, 2835, 0, 0)
    head += struct.pack("<4I", 0xFF0000, 0xFF00, 0xFF, 0) + b"DEBM" + bytes(48)
    head += struct.pack("<4I", 4, 124 + len(pixels), len(profile), 0)
    data = b"BM" + struct.pack("<IHHI", 138 + len(pixels) + len(profile), 0, 0, 138) + head + pixels + profile
    assert far(show("bmp", data), data) <= NEAR
    for rest in (0, 100, len(profile) - 100):  # of a profile that is cut
        assert np.array_equal(decode_photo(data[: 138 + len(pixels) + rest], "a").pixels, levels(np.uint8))


@pytest.mark.browser
@pytest.mark.parametrize("transfer", [16, 18])
@pytest.mark.parametrize("matrix", [0, 1, 9])
def test_ten_bits_of_bright_light(show: Show, transfer: int, matrix: int) -> None:
    data = imagecodecs.avif_encode(
        levels(np.uint16) >> 6,
        level=100,
        bitspersample=10,
        pixelformat="444",
        primaries=9,
        transfer=transfer,
        matrix=matrix,
    )
    assert far(show("avif", data), data) <= NEAR


def test_ten_bits_are_kept_of_heic() -> None:
    """A slow ramp has steps of one level, not of those that 8 bits of PQ leave."""
    import pillow_heif

    ramp = np.linspace(0.45, 0.55, 512)[None, :, None] * np.ones((64, 1, 3))
    stored = np.rint(ramp * 65535).astype(np.uint16)
    buffer = io.BytesIO()
    heic = pillow_heif.from_bytes("RGB;16", (512, 64), stored.tobytes())
    heic.save(buffer, quality=-1, chroma=444, matrix_coefficients=0, color_primaries=9, transfer_characteristics=16)
    found = decode_photo(buffer.getvalue(), "a").pixels[32, :, 1].astype(int)
    assert np.abs(np.diff(found)).max() <= 1 and found[-1] - found[0] > 50


@pytest.mark.parametrize("bits", [8, 10, 12, 16])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_white_is_white_in_jpeg_2000(bits: int, channels: int) -> None:
    values = np.dstack([levels(np.uint16), np.full((72, 64), 65535, np.uint16)])[..., :channels] >> (16 - bits)
    values = np.ascontiguousarray(values.astype(np.uint8 if bits == 8 else np.uint16))
    data = imagecodecs.jpeg2k_encode(values, level=0, reversible=True, bitspersample=bits)
    expected = levels(np.uint8)[..., [0, 0, 0] if channels == 1 else [0, 1, 2]]
    assert np.abs(decode_photo(data, "a").pixels.astype(int) - expected).max() <= 1
