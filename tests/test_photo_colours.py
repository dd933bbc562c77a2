"""Colours as files describe them, compared with what a browser shows."""

from __future__ import annotations

import base64
import functools
import io
import struct
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pillow_heif
import pytest
from PIL import ExifTags, Image, ImageCms
from playwright.sync_api import Page

from landscape.photo.profiles import ADOBE, Colours, power, to_srgb
from landscape.photo.read import decode_photo
from tests.browser import asked, chromium

NEAR = 6
"""Of 255."""
Show = Callable[[str, bytes], "np.ndarray | None"]


def levels(depth: type) -> np.ndarray:
    """Grey and eight hues from black to white, (72, 64, 3)."""
    hues = [
        [1, 1, 1],
        [1, 0, 0],
        [0, 1, 0],
        [0, 0, 1],
        [1, 1, 0],
        [0, 1, 1],
        [1, 0.5, 0.2],
        [0.2, 0.4, 0.8],
        [0.8, 0.3, 0.6],
    ]
    ramps = np.array(hues)[:, None] * np.linspace(0, 1, 64)[None, :, None]
    return np.rint(np.repeat(ramps, 8, 0) * np.iinfo(depth).max).astype(depth)


def png(pixels: np.ndarray, **chunks: bytes) -> bytes:
    """A PNG with chunks of one's own."""
    height, width = pixels.shape[:2]
    depth, channels = 8 * pixels.itemsize, 1 if pixels.ndim == 2 else pixels.shape[2]
    rows = pixels.astype(f">u{pixels.itemsize}").reshape(height, -1).view(np.uint8)
    data = zlib.compress(np.pad(rows, ((0, 0), (1, 0))).tobytes())
    head = struct.pack(">IIBBBBB", width, height, depth, {1: 0, 2: 4, 3: 2, 4: 6}[channels], 0, 0, 0)
    parts = {"IHDR": head} | chunks | {"IDAT": data, "IEND": b""}
    framed = (name.encode() + content for name, content in parts.items())
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(part) - 4) + part + struct.pack(">I", zlib.crc32(part)) for part in framed
    )


def cicp(primaries: int, transfer: int, matrix: int = 0) -> bytes:
    return bytes([primaries, transfer, matrix, 1])


def gamma(value: int) -> bytes:
    return struct.pack(">I", value)


def points(*values: float) -> bytes:
    return struct.pack(">8I", *(round(value * 100000) for value in values))


def swapped_profile() -> bytes:
    """An sRGB profile whose red and green primaries are exchanged."""
    data = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    red, green = data.index(b"rXYZ"), data.index(b"gXYZ")
    data[red : red + 4], data[green : green + 4] = b"gXYZ", b"rXYZ"
    data[84:100] = bytes(16)
    return bytes(data)


ICC = b"x\0\0" + zlib.compress(swapped_profile())
P3 = points(0.3127, 0.329, 0.68, 0.32, 0.265, 0.69, 0.15, 0.06)
PNGS: dict[str, dict[str, bytes]] = {
    "plain": {},
    "gamma": {"gAMA": gamma(100000)},
    "dark gamma": {"gAMA": gamma(22000)},
    "usual gamma": {"gAMA": gamma(45455)},
    "points alone": {"cHRM": P3},
    "points": {"gAMA": gamma(45455), "cHRM": P3},
    "another white": {"gAMA": gamma(50000), "cHRM": points(0.3457, 0.3585, 0.68, 0.32, 0.265, 0.69, 0.15, 0.06)},
    "sRGB before gamma": {"sRGB": b"\0", "gAMA": gamma(100000), "cHRM": P3},
    "profile before sRGB": {"iCCP": ICC, "sRGB": b"\0"},
    "profile before gamma": {"iCCP": ICC, "gAMA": gamma(100000), "cHRM": P3},
    "broken profile": {"iCCP": b"x\0\0" + zlib.compress(b"nonsense" * 30), "gAMA": gamma(60000)},
    "cICP before profile": {"cICP": cicp(12, 13), "iCCP": ICC},
    "cICP before all": {"cICP": cicp(9, 13), "iCCP": ICC, "sRGB": b"\0", "gAMA": gamma(100000), "cHRM": P3},
    "unknown cICP": {"cICP": cicp(2, 2), "iCCP": ICC},
    "PQ of 400": {"cICP": cicp(9, 16), "cLLI": struct.pack(">II", 4000000, 1000000)},
    "HLG of 400": {"cICP": cicp(9, 18), "cLLI": struct.pack(">II", 4000000, 1000000)},
    "PQ of a screen of 4000": {
        "cICP": cicp(9, 16),
        "mDCV": struct.pack(">8HII", 35400, 14600, 8500, 39850, 6550, 2300, 15635, 16450, 40000000, 50),
    },
}
PNGS |= {f"cICP {p} {t}": {"cICP": cicp(p, t)} for p in (1, 9, 12) for t in (13, 16, 18)}
PNGS |= {f"cICP {p} 13": {"cICP": cicp(p, 13)} for p in (4, 5, 6, 7, 8, 10, 11, 22)}
PNGS |= {f"cICP 1 {t}": {"cICP": cicp(1, t)} for t in (1, 4, 5, 6, 7, 8, 9, 10, 11, 12, 14, 15, 17)}


@pytest.fixture(scope="module")
def show() -> Iterator[Show]:
    """What Chromium draws of a file."""
    with chromium("--force-color-profile=srgb") as browser:
        page = browser.new_page(viewport={"width": 64, "height": 72})
        yield functools.partial(shot, page)


def shot(page: Page, kind: str, data: bytes) -> np.ndarray | None:
    source = f"data:image/{kind};base64,{base64.b64encode(data).decode()}"
    page.set_content(f'<body style="margin:0;background:white"><img style="display:block" src="{source}">')
    asked(page, "document.images[0].complete")
    if not page.evaluate("document.images[0].naturalWidth"):
        return None
    return np.asarray(Image.open(io.BytesIO(page.screenshot())).convert("RGB"))


def far(shown: np.ndarray | None, data: bytes) -> int:
    assert shown is not None
    difference = np.abs(decode_photo(data, "a").pixels.astype(int) - shown)
    return int(difference.max())


@pytest.mark.browser
@pytest.mark.parametrize("name", PNGS)
def test_png_as_a_browser_shows_it(show: Show, name: str) -> None:
    data = png(levels(np.uint16), **PNGS[name])
    shown = show("png", data)
    assert shown is not None
    found = decode_photo(data, "a").pixels.astype(int)
    difference = np.abs(found - shown)
    # The browser keeps 8 of 16 bits, so its darkest levels of linear light fall on black.
    assert int(difference[found > 16].max()) <= NEAR
    assert int(difference.max()) <= 2 * NEAR


@pytest.mark.browser
@pytest.mark.parametrize("name", ["points", "profile before gamma", "cICP 9 16", "cICP 12 13", "cICP 9 18"])
def test_png_of_eight_bits_and_clear_parts(show: Show, name: str) -> None:
    pixels = levels(np.uint8)
    assert far(show("png", png(pixels, **PNGS[name])), png(pixels, **PNGS[name])) <= NEAR
    alpha = np.full((*pixels.shape[:2], 1), 255, np.uint8)
    alpha[:, :20] = 0
    clear = png(np.concatenate([pixels, alpha], 2), **PNGS[name])
    assert far(show("png", clear), clear) <= NEAR
    if "profile" not in name:
        grey = png(np.ascontiguousarray(pixels[..., 0]), **PNGS[name])
        assert far(show("png", grey), grey) <= NEAR


def described_avif(primaries: int, transfer: int) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(levels(np.uint8)).save(buffer, "AVIF", quality=100, subsampling="4:4:4")
    data = bytearray(buffer.getvalue())
    place = data.index(b"colrnclx") + 8
    data[place : place + 4] = struct.pack(">HH", primaries, transfer)
    return bytes(data)


CODES = [
    (1, 13),
    (1, 1),
    (12, 13),
    (12, 1),
    (9, 16),
    (9, 18),
    (9, 14),
    (2, 2),
    (12, 2),
    (2, 16),
    (6, 6),
    (1, 4),
    (1, 8),
]


@pytest.mark.browser
@pytest.mark.parametrize("codes", CODES)
def test_avif_as_a_browser_shows_it(show: Show, codes: tuple[int, int]) -> None:
    data = described_avif(*codes)
    assert far(show("avif", data), data) <= NEAR


@pytest.mark.parametrize("codes", [(1, 13), (12, 13), (9, 16), (9, 18), (12, 1), (2, 2)])
def test_heic_is_read_like_avif(codes: tuple[int, int]) -> None:
    buffer = io.BytesIO()
    pillow_heif.from_pillow(Image.fromarray(levels(np.uint8))).save(
        buffer,
        quality=-1,
        chroma=444,
        matrix_coefficients=0,
        color_primaries=codes[0],
        transfer_characteristics=codes[1],
    )
    same = decode_photo(described_avif(*codes), "a").pixels
    difference = np.abs(decode_photo(buffer.getvalue(), "a").pixels.astype(int) - same)
    assert difference.mean() < 1 and int(difference.max()) <= 12


@pytest.mark.parametrize("kind", ["HEIF", "AVIF"])
def test_profile_before_nclx(kind: str) -> None:
    buffer = io.BytesIO()
    options: dict = {"chroma": 444} if kind == "HEIF" else {"subsampling": "4:4:4"}
    Image.fromarray(levels(np.uint8)).save(buffer, kind, quality=95, icc_profile=swapped_profile(), **options)
    pixels = decode_photo(buffer.getvalue(), "a").pixels
    assert np.abs(pixels.astype(int) - levels(np.uint8)[..., [1, 0, 2]]).mean() < 4


@pytest.mark.browser
@pytest.mark.parametrize("transfer", [16, 18])
def test_profile_that_names_a_bright_transfer(show: Show, transfer: int) -> None:
    """ICC 4.4's cicp tag is stronger than the profile's curves."""
    data = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    count = struct.unpack(">I", data[128:132])[0]
    table = bytearray(data[132 : 132 + 12 * count])
    for index in range(count):
        offset = struct.unpack_from(">I", table, 12 * index + 4)[0]
        struct.pack_into(">I", table, 12 * index + 4, offset + 12)
    body = data[132 + 12 * count :] + b"cicp\0\0\0\0" + bytes([9, transfer, 0, 1])
    entry = struct.pack(">4sII", b"cicp", 132 + 12 * (count + 1) + len(body) - 12, 12)
    profile = bytearray(data[:128] + struct.pack(">I", count + 1) + bytes(table) + entry + body)
    struct.pack_into(">I", profile, 0, len(profile))
    profile[8:10] = b"\x04\x40"
    profile[84:100] = bytes(16)
    data = png(levels(np.uint8), iCCP=b"x\0\0" + zlib.compress(bytes(profile)))
    assert far(show("png", data), data) <= NEAR


def adobe_jpeg(index: str | None, space: int, profile: bytes | None = None) -> tuple[bytes, np.ndarray]:
    """A JPEG whose values are Adobe RGB, and what it shows."""
    shown = np.rint(levels(np.uint8) * 0.6 + 50).astype(np.uint8)
    into = np.linalg.inv([[1.39836, -0.39836, 0.0], [0.0, 1.0, 0.0], [0.0, -0.04293, 1.04293]])
    light = shown / 255.0
    light = np.where(light <= 0.04045, light / 12.92, ((light + 0.055) / 1.055) ** 2.4)
    stored = np.rint(255 * np.clip(light @ into.T, 0, 1) ** (256 / 563)).astype(np.uint8)
    exif = Image.Exif()
    details = exif.get_ifd(ExifTags.IFD.Exif)
    details[ExifTags.Base.ColorSpace] = space
    if index is not None:
        details[ExifTags.IFD.Interop] = {1: index, 2: b"0100"}
    buffer = io.BytesIO()
    Image.fromarray(stored).save(buffer, "JPEG", quality=100, subsampling=0, exif=exif, icc_profile=profile)
    return buffer.getvalue(), shown


def test_adobe_rgb_by_exif_alone() -> None:
    data, shown = adobe_jpeg("R03", 65535)
    difference = np.abs(decode_photo(data, "a").pixels.astype(int) - shown)
    assert difference.mean() < 1 and int(difference.max()) <= 2 * NEAR  # JPEG changes values, too
    plain, _ = adobe_jpeg("R98", 1)
    assert np.abs(decode_photo(plain, "a").pixels.astype(int) - shown).max() > 20
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    profiled, _ = adobe_jpeg("R03", 65535, srgb)
    np.testing.assert_allclose(decode_photo(profiled, "a").pixels, decode_photo(plain, "a").pixels, atol=2)


def test_a_gain_map_is_not_shown(tmp_path: Path) -> None:
    """Ultra HDR: a second picture behind the first, in the same file."""
    pixels = np.tile(levels(np.uint8), (2, 2, 1))
    gain = Image.new("L", (64, 72), 255)
    Image.fromarray(pixels).save(tmp_path / "a.jpg", "MPO", save_all=True, append_images=[gain], quality=95)
    photo = decode_photo((tmp_path / "a.jpg").read_bytes(), "a")
    assert photo.pixels.shape == pixels.shape and np.abs(photo.pixels.astype(int) - pixels).mean() < 6
    heic = pillow_heif.from_pillow(gain.convert("RGB"))
    heic.add_from_pillow(Image.fromarray(pixels))
    heic.save(tmp_path / "a.heic", quality=90, primary_index=1)
    assert decode_photo((tmp_path / "a.heic").read_bytes(), "a").pixels.shape == pixels.shape


@pytest.mark.parametrize(
    "chunks",
    [
        {"cICP": b"\1"},
        {"gAMA": gamma(0)},
        {"gAMA": gamma(45455), "cHRM": bytes(32)},
        {"gAMA": gamma(45455), "cHRM": b"\xff" * 32},
        {"gAMA": gamma(45455), "cHRM": points(0.3, 0.3, 0.3, 0.3, 0.3, 0.3, 0.3, 0.3)},
        {"cICP": cicp(9, 16, 9)},
        {"cICP": cicp(255, 255)},
    ],
)
def test_broken_descriptions_are_ignored(chunks: dict[str, bytes]) -> None:
    data = png(levels(np.uint8), **chunks)
    assert np.array_equal(decode_photo(data, "a").pixels, levels(np.uint8))


@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
def test_white_stays_white_and_black_black(depth: type) -> None:
    ends = np.zeros((2, 2, 3), depth)
    ends[0] = np.iinfo(depth).max
    for colours in (Colours(ADOBE, power(2.2)), Colours.of_codes(9, 13), Colours.of_codes(11, 17)):
        assert colours is not None
        assert to_srgb(ends, colours)[0, 0].min() >= 254 and to_srgb(ends, colours)[1].max() == 0
