"""TIFF files of every depth, order, meaning and compression: right, or a sentence that names what is not read."""

from __future__ import annotations

import io
import itertools
import struct
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image, ImageCms
from PIL.TiffImagePlugin import ImageFileDirectory_v2

from landscape.errors import LandscapeError
from landscape.photo.read import photo_size, read_photo

HEIGHT, WIDTH = 80, 112
DEPTHS = {"uint8": 255, "uint16": 65535, "uint32": 2**32 - 1, "float16": 1, "float32": 1, "float64": 1}


@pytest.fixture(scope="module")
def scene() -> np.ndarray:
    """Another colour in each corner, all levels between."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    return np.stack(
        [x * 255 // (WIDTH - 1), y * 255 // (HEIGHT - 1), 255 - (x + y) * 255 // (WIDTH + HEIGHT)], -1
    ).astype(np.uint8)


def deep(values: np.ndarray, depth: str) -> np.ndarray:
    scaled = values / 255 * DEPTHS[depth]
    return (np.rint(scaled) if depth.startswith("u") else scaled).astype(depth)


def write(path: Path, values: np.ndarray, byteorder: str = "<", bigtiff: bool = False, **options: object) -> Path:
    with tifffile.TiffWriter(path, byteorder=byteorder, bigtiff=bigtiff) as file:
        file.write(values, metadata=None, **options)
    return path


def farthest(path: Path, expected: np.ndarray) -> int:
    pixels = read_photo(path).pixels
    expected = np.repeat(expected[..., None], 3, 2) if expected.ndim == 2 else expected
    assert pixels.shape == expected.shape
    return int(np.abs(pixels.astype(int) - expected).max())


@pytest.mark.parametrize("depth", DEPTHS)
@pytest.mark.parametrize("byteorder", "<>")
def test_depths_orders_and_compressions(tmp_path: Path, scene: np.ndarray, depth: str, byteorder: str) -> None:
    compressions = (None, "lzw", "deflate", "packbits", "lzma", "zstd")
    kinds = itertools.product(compressions, (None, (32, 48)), (False, True), ("contig", "separate"))
    for compression, tile, predicted, planar in kinds:
        if predicted and compression in (None, "packbits"):
            continue
        stored = deep(scene, depth)
        stored = stored if planar == "contig" else np.ascontiguousarray(np.moveaxis(stored, -1, 0))
        options: dict = {"compression": compression, "tile": tile, "rowsperstrip": None if tile else 17}
        options["predictor"] = (2 if depth.startswith("u") else 3) if predicted else None
        path = write(tmp_path / "a.tif", stored, byteorder, photometric="rgb", planarconfig=planar, **options)
        assert farthest(path, scene) <= 1, (compression, tile, predicted, planar)


@pytest.mark.parametrize("depth", DEPTHS)
def test_black_or_white_is_zero(tmp_path: Path, scene: np.ndarray, depth: str) -> None:
    grey = scene[..., 0]
    assert farthest(write(tmp_path / "a.tif", deep(grey, depth), photometric="minisblack"), grey) <= 1
    assert farthest(write(tmp_path / "a.tif", deep(255 - grey, depth), photometric="miniswhite"), grey) <= 1


@pytest.mark.parametrize("bits", [1, 2, 4, 6, 10, 12, 14, 16, 24, 31, 32])
@pytest.mark.parametrize("photometric", ["minisblack", "miniswhite"])
def test_packed_bits(tmp_path: Path, scene: np.ndarray, bits: int, photometric: str) -> None:
    """Packed by this test: as many bits as a sample has, the most significant first, rows beginning with a byte."""
    top = 2**bits - 1
    stored = np.rint(scene[..., 0] / 255.0 * top).astype(np.uint64)
    rows = ((stored[..., None] >> np.arange(bits - 1, -1, -1, dtype=np.uint64)) & np.uint64(1)).reshape(HEIGHT, -1)
    expected = np.rint(stored / top * 255)
    expected = expected if photometric == "minisblack" else 255 - expected
    data = np.packbits(rows.astype(np.uint8), axis=1).tobytes()
    path = plain_tiff(tmp_path / "a.tif", data, {258: bits, 262: int(photometric == "minisblack"), 277: 1})
    try:
        assert farthest(path, expected) <= 1
    except LandscapeError as error:
        assert bits in (24, 31) and f"{bits} bits" in str(error) and "not read" in str(error)


def plain_tiff(path: Path, data: bytes, tags: dict[int, object], byteorder: str = ">") -> Path:
    """An uncompressed big-endian TIFF of one strip, put together without any library."""
    entries = {256: WIDTH, 257: HEIGHT, 259: 1, 273: 0, 278: HEIGHT, 279: len(data)} | tags
    longs = {256, 257, 273, 278, 279}
    after = b""
    start = 8 + 2 + 12 * len(entries) + 4
    written = []
    for tag, value in sorted(entries.items()):
        values = value if isinstance(value, (list, tuple)) else [value]
        kind, letter = (4, "I") if tag in longs else (3, "H")
        content = struct.pack(f"{byteorder}{len(values)}{letter}", *values)
        if len(content) > 4:
            content, after = struct.pack(f"{byteorder}I", start + len(after)), after + content
        written.append((tag, kind, len(values), content.ljust(4, b"\0")))
    table = b"".join(struct.pack(f"{byteorder}HHI", *entry[:3]) + entry[3] for entry in written)
    table = table.replace(
        struct.pack(f"{byteorder}HHII", 273, 4, 1, 0), struct.pack(f"{byteorder}HHII", 273, 4, 1, start + len(after))
    )
    head = (b"II*\0" if byteorder == "<" else b"MM\0*") + struct.pack(f"{byteorder}IH", 8, len(entries))
    path.write_bytes(head + table + bytes(4) + after + data)
    return path


@pytest.mark.parametrize("bits", [2, 4, 10, 12])
@pytest.mark.parametrize("planar", [1, 2])
def test_packed_colours(tmp_path: Path, scene: np.ndarray, bits: int, planar: int) -> None:
    top = 2**bits - 1
    stored = np.rint(scene / 255.0 * top).astype(np.uint64)
    shifts = np.arange(bits - 1, -1, -1, dtype=np.uint64)
    bitwise = ((stored[..., None] >> shifts) & np.uint64(1)).astype(np.uint8)
    if planar == 2:
        planes = [np.packbits(bitwise[..., index, :].reshape(HEIGHT, -1), axis=1).tobytes() for index in range(3)]
        begin = 8 + 2 + 12 * 10 + 4 + 3 * 2 + 3 * 4 * 2
        tags: dict[int, object] = {
            258: [bits] * 3,
            262: 2,
            277: 3,
            284: 2,
            273: [begin + index * len(planes[0]) for index in range(3)],
            279: [len(planes[0])] * 3,
        }
        path = plain_tiff(tmp_path / "a.tif", b"".join(planes), tags)
    else:
        data = np.packbits(bitwise.reshape(HEIGHT, -1), axis=1).tobytes()
        path = plain_tiff(tmp_path / "a.tif", data, {258: [bits] * 3, 262: 2, 277: 3, 284: 1})
    assert farthest(path, np.rint(stored / top * 255)) <= 1


def test_reversed_bits(tmp_path: Path, scene: np.ndarray) -> None:
    backwards = np.array([int(f"{value:08b}"[::-1], 2) for value in range(256)], np.uint8)
    path = plain_tiff(tmp_path / "a.tif", backwards[scene[..., 0]].tobytes(), {258: 8, 262: 1, 277: 1, 266: 2})
    assert farthest(path, scene[..., 0]) == 0


@pytest.mark.parametrize("bits", [1, 2, 4, 8, 16])
@pytest.mark.parametrize("scale", [1, 256, 257])
def test_palettes(tmp_path: Path, bits: int, scale: int) -> None:
    colours = np.random.default_rng(bits).integers(1, 256, (2 ** min(bits, 8), 3))
    count = 2**bits
    table = np.zeros((3, count), int)
    table[:, : len(colours)] = colours.T * scale
    indices = np.arange(HEIGHT * WIDTH).reshape(HEIGHT, WIDTH) % len(colours)
    shifts = np.arange(bits - 1, -1, -1)
    data = np.packbits(((indices[..., None] >> shifts) & 1).reshape(HEIGHT, -1).astype(np.uint8), axis=1).tobytes()
    path = plain_tiff(tmp_path / "a.tif", data, {258: bits, 262: 3, 277: 1, 320: table.ravel().tolist()})
    assert farthest(path, colours[indices]) == 0


@pytest.mark.parametrize("depth", ["uint8", "uint16", "float32"])
@pytest.mark.parametrize("planar", ["contig", "separate"])
@pytest.mark.parametrize("kind", ["unassalpha", "assocalpha", "unspecified"])
def test_alpha(tmp_path: Path, scene: np.ndarray, depth: str, planar: str, kind: str) -> None:
    alpha = np.broadcast_to(np.linspace(0, 255, WIDTH)[None, :, None], (HEIGHT, WIDTH, 1))
    light = scene * alpha / 255 if kind == "assocalpha" else scene.astype(float)
    stored = deep(np.concatenate([light, alpha], 2), depth)
    stored = stored if planar == "contig" else np.ascontiguousarray(np.moveaxis(stored, -1, 0))
    path = write(tmp_path / "a.tif", stored, photometric="rgb", planarconfig=planar, extrasamples=[kind])
    expected = scene if kind == "unspecified" else scene * (alpha / 255) + 255 - alpha
    assert farthest(path, expected) <= 2
    grey = stored[..., [0, 3]] if planar == "contig" else stored[[0, 3]]
    path = write(tmp_path / "a.tif", grey, photometric="minisblack", planarconfig=planar, extrasamples=[kind])
    assert farthest(path, expected[..., 0]) <= 2


@pytest.mark.parametrize("depth", ["uint8", "uint16"])
@pytest.mark.parametrize("planar", ["contig", "separate"])
def test_inks(tmp_path: Path, scene: np.ndarray, depth: str, planar: str) -> None:
    image = Image.fromarray(scene).convert("CMYK")
    stored = deep(np.asarray(image), depth)
    stored = stored if planar == "contig" else np.ascontiguousarray(np.moveaxis(stored, -1, 0))
    path = write(tmp_path / "a.tif", stored, photometric="separated", planarconfig=planar)
    assert farthest(path, np.asarray(image.convert("RGB"))) <= 2


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("meaning", [8, 9])
def test_lab(tmp_path: Path, scene: np.ndarray, bits: int, meaning: int) -> None:
    srgb, lab = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
    image = ImageCms.profileToProfile(Image.fromarray(scene // 2 + 60), srgb, lab, outputMode="LAB")
    assert image is not None
    stored = (np.asarray(image) ^ np.array([0, 128, 128], np.uint8)).astype(int)  # axes with their zero at 128
    stored = stored - [0, 128, 128] if meaning == 8 else stored
    if bits == 16:
        stored = np.rint(stored * ([257, 256, 256] if meaning == 8 else 256)).astype(int)
    data = (stored & (2**bits - 1)).astype(f">u{bits // 8}").tobytes()
    path = plain_tiff(tmp_path / "a.tif", data, {258: [bits] * 3, 262: meaning, 277: 3})
    pixels = read_photo(path).pixels
    assert np.abs(pixels.astype(int) - (scene // 2 + 60)).mean() < 3


@pytest.mark.parametrize("planar", [1, 2])
def test_luma_and_chroma(tmp_path: Path, scene: np.ndarray, planar: int) -> None:
    stored = np.asarray(Image.fromarray(scene).convert("YCbCr"))
    tags: dict[int, object] = {258: [8] * 3, 262: 6, 277: 3, 530: [1, 1], 284: planar}
    if planar == 2:
        begin, size = 8 + 2 + 12 * 11 + 4 + 6 + 24, HEIGHT * WIDTH
        tags |= {273: [begin + index * size for index in range(3)], 279: [size] * 3}
        stored = np.moveaxis(stored, -1, 0)
    assert farthest(plain_tiff(tmp_path / "a.tif", np.ascontiguousarray(stored).tobytes(), tags), scene) <= 3


def test_subsampled_chroma(tmp_path: Path, scene: np.ndarray) -> None:
    """Blocks of 2 x 2 with a chroma of their own (TIFF 6.0, section 21)."""
    stored = np.asarray(Image.fromarray(scene).convert("YCbCr")).astype(int)
    blocks = stored.reshape(HEIGHT // 2, 2, WIDTH // 2, 2, 3)
    luma = blocks[..., 0].transpose(0, 2, 1, 3).reshape(HEIGHT // 2, WIDTH // 2, 4)
    chroma = blocks[..., 1:].mean((1, 3))
    data = np.concatenate([luma, chroma], 2).astype(np.uint8).tobytes()
    path = plain_tiff(tmp_path / "a.tif", data, {258: [8] * 3, 262: 6, 277: 3, 530: [2, 2]})
    assert np.abs(read_photo(path).pixels.astype(int) - scene).mean() < 3


@pytest.mark.parametrize("compression", ["jpeg", "webp", "jpeg2000", "jpegxl", "lerc"])
@pytest.mark.parametrize("planar", ["contig", "separate"])
def test_picture_compressions(tmp_path: Path, scene: np.ndarray, compression: str, planar: str) -> None:
    stored = scene if planar == "contig" else np.ascontiguousarray(np.moveaxis(scene, -1, 0))
    if compression == "webp" and planar == "separate":
        pytest.skip("WebP has no planes")
    path = write(
        tmp_path / "a.tif", stored, photometric="rgb", planarconfig=planar, compression=compression, tile=(32, 32)
    )
    assert np.abs(read_photo(path).pixels.astype(int) - scene).mean() < 4


@pytest.mark.parametrize("mode", ["L", "RGB", "YCbCr", "CMYK"])
@pytest.mark.parametrize("name", ["jpeg", "tiff_lzw", "tiff_adobe_deflate", "packbits", "raw"])
def test_what_pillow_writes(tmp_path: Path, scene: np.ndarray, mode: str, name: str) -> None:
    image = Image.fromarray(scene).convert(mode)
    image.save(tmp_path / "a.tif", compression=name, **({"quality": 95} if name == "jpeg" else {}))
    expected = np.asarray(image.convert("RGB")).astype(int)
    assert np.abs(read_photo(tmp_path / "a.tif").pixels - expected).mean() < 4


@pytest.mark.parametrize("name", ["group3", "group4", "tiff_ccitt", "tiff_lzw", "packbits"])
@pytest.mark.parametrize("meaning", [0, 1])
@pytest.mark.parametrize("order", [1, 2])
def test_fax(tmp_path: Path, scene: np.ndarray, name: str, meaning: int, order: int) -> None:
    image = Image.fromarray(scene).convert("1")
    tags = ImageFileDirectory_v2()
    tags[262], tags[266] = meaning, order
    image.save(tmp_path / "a.tif", compression=name, tiffinfo=tags)
    assert farthest(tmp_path / "a.tif", np.asarray(image.convert("L"))) == 0


def test_old_jpeg(tmp_path: Path, scene: np.ndarray) -> None:
    """Compression 6 with a whole JPEG inside."""
    buffer = io.BytesIO()
    Image.fromarray(scene).save(buffer, "JPEG", quality=95, subsampling=0)
    data = buffer.getvalue()
    tags: dict[int, object] = {258: [8] * 3, 259: 6, 262: 6, 277: 3, 513: 0, 514: len(data), 530: [1, 1]}
    path = plain_tiff(tmp_path / "a.tif", data, tags)
    content = path.read_bytes()
    begin = content.index(b"\xff\xd8")
    path.write_bytes(content.replace(struct.pack(">HHI", 513, 3, 1) + bytes(4), struct.pack(">HHII", 513, 4, 1, begin)))
    try:
        assert np.abs(read_photo(path).pixels.astype(int) - scene).mean() < 4
    except LandscapeError as error:
        assert "OJPEG" in str(error) or "damaged" in str(error)


@pytest.mark.parametrize("code", [32766, 32909, 34661, 34676, 34677, 9, 10, 34715, 12345])
def test_other_compressions_are_named(tmp_path: Path, code: int) -> None:
    path = plain_tiff(tmp_path / "a.tif", bytes(WIDTH * HEIGHT), {258: 8, 259: code, 262: 1, 277: 1})
    with pytest.raises(LandscapeError, match=r"the compression “\w+”, which is not read: save it again"):
        read_photo(path)


@pytest.mark.parametrize(
    ("tags", "words"),
    [
        ({258: 32, 339: 2}, "numbers below zero"),
        ({258: 64, 339: 6}, "numbers below zero or complex"),
        ({262: 32844}, "the colours “LOGL”"),
        ({262: 10, 258: [8] * 3, 277: 3}, "the colours “ITULAB”"),
        ({262: 5, 258: [8] * 6, 277: 6, 332: 2}, "inks"),
        ({262: 2, 258: [8] * 2, 277: 2}, "2 samples"),
        ({262: 1, 258: [8] * 30, 277: 30}, "30 samples"),
    ],
)
def test_other_kinds_are_named(tmp_path: Path, tags: dict[int, object], words: str) -> None:
    path = plain_tiff(tmp_path / "a.tif", bytes(WIDTH * HEIGHT * 30), {258: 8, 262: 1, 277: 1} | tags)
    with pytest.raises(LandscapeError, match="which is not read") as caught:
        read_photo(path)
    assert words in str(caught.value)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_size_of_files_stored_sideways(tmp_path: Path, scene: np.ndarray, orientation: int) -> None:
    path = write(tmp_path / "a.tif", scene, photometric="rgb", extratags=[(274, 3, 1, orientation, True)])
    photo = read_photo(path)
    assert photo_size(path) == (photo.width, photo.height) == ((WIDTH, HEIGHT) if orientation < 5 else (HEIGHT, WIDTH))


def test_light_beyond_white_is_clipped(tmp_path: Path, scene: np.ndarray) -> None:
    bright = scene / np.float32(255)
    bright[:8] *= 40
    pixels = read_photo(write(tmp_path / "a.tif", bright.astype(np.float32), photometric="rgb")).pixels
    assert np.abs(pixels[8:].astype(int) - scene[8:]).max() <= 1
    counted = write(tmp_path / "b.tif", scene.astype(np.float32), photometric="rgb")
    assert farthest(counted, scene) == 0
    broken = (scene / np.float32(255)).astype(np.float32)
    broken[0, 0] = np.nan
    assert (
        np.abs(
            read_photo(write(tmp_path / "c.tif", broken, photometric="rgb")).pixels[1:] - scene[1:].astype(int)
        ).max()
        <= 1
    )


def test_small_copies_are_not_the_photo(tmp_path: Path, scene: np.ndarray) -> None:
    with tifffile.TiffWriter(tmp_path / "a.tif") as file:
        file.write(scene[::2, ::2] // 2, photometric="rgb", subfiletype=1, metadata=None)
        file.write(scene, photometric="rgb", metadata=None)
        file.write(scene // 3, photometric="rgb", metadata=None)
    assert farthest(tmp_path / "a.tif", scene) == 0
    assert photo_size(tmp_path / "a.tif") == (WIDTH, HEIGHT)


def test_bigtiff_and_profile(tmp_path: Path, scene: np.ndarray) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    path = write(tmp_path / "a.tif", deep(scene, "uint16"), bigtiff=True, photometric="rgb", iccprofile=profile)
    assert farthest(path, scene) <= 1


@pytest.mark.parametrize("compression", [None, "lzw", "deflate", "jpeg"])
@pytest.mark.parametrize("share", [0.3, 0.7, 0.98])
def test_cut_files_are_refused(tmp_path: Path, scene: np.ndarray, compression: str | None, share: float) -> None:
    path = write(tmp_path / "a.tif", scene, photometric="rgb", compression=compression, rowsperstrip=16)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(LandscapeError, match="damaged or incomplete"):
        read_photo(path)


def test_jpeg_2000_of_32_bits_is_refused(tmp_path: Path) -> None:
    deep = np.full((96, 128), 2**31, np.uint32)
    tifffile.imwrite(tmp_path / "a.tif", deep, photometric="minisblack", compression="jpeg2000")
    with pytest.raises(LandscapeError, match="32 bits for each sample, which is not read"):
        read_photo(tmp_path / "a.tif")
    tifffile.imwrite(tmp_path / "b.tif", (deep >> 16).astype(np.uint16), compression="jpeg2000")
    assert abs(int(read_photo(tmp_path / "b.tif").pixels.max()) - 128) <= 1
