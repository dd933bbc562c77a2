"""Reading real files of every kind."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pillow_heif
import pytest
from PIL import Image, ImageCms
from PIL.TiffImagePlugin import ImageFileDirectory_v2

from landscape.errors import LandscapeError
from landscape.photo.read import Photo, photo_size, read_photo
from landscape.photo.refusals import MAX_PIXELS, MIN_SIDE

HEIGHT, WIDTH = 80, 120


@pytest.fixture
def scene() -> np.ndarray:
    """A smooth picture with a red top left, green top right, blue bottom left and yellow bottom right."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH] / [[[HEIGHT - 1]], [[WIDTH - 1]]]
    corners = np.array([[[220, 30, 40], [30, 200, 60]], [[40, 60, 210], [230, 220, 50]]], float)
    mixed = (1 - y)[..., None] * ((1 - x)[..., None] * corners[0, 0] + x[..., None] * corners[0, 1])
    mixed += y[..., None] * ((1 - x)[..., None] * corners[1, 0] + x[..., None] * corners[1, 1])
    return np.rint(mixed).astype(np.uint8)


def difference(photo: Photo, expected: np.ndarray) -> float:
    assert photo.pixels.dtype == np.uint8
    assert photo.pixels.shape == expected.shape
    return float(np.abs(photo.pixels.astype(int) - expected.astype(int)).mean())


@pytest.mark.parametrize(
    ("name", "options", "tolerance"),
    [
        ("a.png", {}, 0),
        ("a.jpg", {"quality": 95, "subsampling": 0}, 2),
        ("a.JPEG", {"quality": 95, "progressive": True}, 3),
        ("a.webp", {"lossless": True}, 0),
        ("a.webp", {"quality": 95}, 3),
        ("a.tiff", {}, 0),
        ("a.tif", {"compression": "tiff_lzw"}, 0),
        ("a.bmp", {}, 0),
        ("a.ppm", {}, 0),
    ],
)
def test_common_formats(tmp_path: Path, scene: np.ndarray, name: str, options: dict, tolerance: float) -> None:
    Image.fromarray(scene).save(tmp_path / name, **options)
    photo = read_photo(tmp_path / name)
    assert photo.name == "a"
    assert (photo.height, photo.width) == (HEIGHT, WIDTH)
    assert difference(photo, scene) <= tolerance


def test_wrong_suffix_is_read_by_content(tmp_path: Path, scene: np.ndarray) -> None:
    Image.fromarray(scene).save(tmp_path / "a.jpg", format="PNG")
    assert difference(read_photo(tmp_path / "a.jpg"), scene) == 0


def test_heic(tmp_path: Path, scene: np.ndarray) -> None:
    pillow_heif.from_pillow(Image.fromarray(scene)).save(tmp_path / "a.heic", quality=95)
    assert difference(read_photo(tmp_path / "a.heic"), scene) < 4


@pytest.mark.parametrize("suffix", ["png", "tiff"])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_sixteen_bits(tmp_path: Path, scene: np.ndarray, suffix: str, channels: int) -> None:
    deep = scene.astype(np.uint16) * 257
    if channels == 1:
        deep = deep[..., 0]
        expected = np.repeat(scene[..., :1], 3, axis=2)
    elif channels == 3:
        deep, expected = deep[..., ::-1], scene
    else:
        deep = np.concatenate([deep[..., ::-1], np.full((HEIGHT, WIDTH, 1), 65535, np.uint16)], axis=2)
        expected = scene
    path = tmp_path / f"a.{suffix}"
    assert cv2.imwrite(str(path), deep)
    assert difference(read_photo(path), expected) <= 0.5


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "tiff"])
def test_exif_orientation(tmp_path: Path, scene: np.ndarray, orientation: int, suffix: str) -> None:
    stored = {
        1: scene,
        2: scene[:, ::-1],
        3: scene[::-1, ::-1],
        4: scene[::-1],
        5: scene.transpose(1, 0, 2),
        6: np.rot90(scene, 1),
        7: scene[::-1, ::-1].transpose(1, 0, 2),
        8: np.rot90(scene, -1),
    }[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(np.ascontiguousarray(stored)).save(tmp_path / f"a.{suffix}", exif=exif, quality=95)
    assert difference(read_photo(tmp_path / f"a.{suffix}"), scene) < 6


@pytest.mark.parametrize("factor", [1, 257])
def test_grey_tiff_stored_sideways(tmp_path: Path, scene: np.ndarray, factor: int) -> None:
    tags = ImageFileDirectory_v2()
    tags[0x0112] = 6
    stored = np.rot90(scene[..., 0].astype(np.uint8 if factor == 1 else np.uint16) * factor)
    Image.fromarray(stored).save(tmp_path / "a.tiff", tiffinfo=tags)
    assert difference(read_photo(tmp_path / "a.tiff"), np.repeat(scene[..., :1], 3, axis=2)) == 0


def test_broken_exif_is_ignored(tmp_path: Path, scene: np.ndarray) -> None:
    Image.fromarray(scene).save(tmp_path / "a.jpg", exif=b"Exif\0\0MM\0*\0\0\0\x08\xff\xff\x01", quality=95)
    assert difference(read_photo(tmp_path / "a.jpg"), scene) < 3


@pytest.mark.parametrize("mode", ["1", "L", "P"])
@pytest.mark.parametrize("suffix", ["png", "tiff"])
def test_grey_and_palette(tmp_path: Path, scene: np.ndarray, mode: str, suffix: str) -> None:
    image = Image.fromarray(scene).convert(mode)
    image.save(tmp_path / f"a.{suffix}")
    assert difference(read_photo(tmp_path / f"a.{suffix}"), np.asarray(image.convert("RGB"))) == 0


def test_transparent_parts_are_white(tmp_path: Path, scene: np.ndarray) -> None:
    alpha = np.zeros((HEIGHT, WIDTH, 1), np.uint8)
    alpha[:, WIDTH // 2 :] = 255
    Image.fromarray(np.concatenate([scene, alpha], axis=2)).save(tmp_path / "a.png")
    Image.merge("LA", [Image.fromarray(scene[..., 0]), Image.fromarray(alpha[..., 0])]).save(tmp_path / "grey.png")
    expected = np.where(alpha > 0, scene, 255).astype(np.uint8)
    assert difference(read_photo(tmp_path / "a.png"), expected) == 0
    assert difference(read_photo(tmp_path / "grey.png"), np.repeat(expected[..., :1], 3, axis=2)) <= 0.5


def test_half_transparent_is_mixed_with_white(tmp_path: Path) -> None:
    Image.new("RGBA", (80, 80), (100, 0, 200, 128)).save(tmp_path / "a.webp", lossless=True)
    assert np.abs(read_photo(tmp_path / "a.webp").pixels[40, 40].astype(int) - [177, 127, 227]).max() <= 1


def test_transparent_palette_colour_is_white(tmp_path: Path, scene: np.ndarray) -> None:
    indices = np.zeros((HEIGHT, WIDTH), np.uint8)
    indices[:, 60:] = 1
    image = Image.fromarray(indices).convert("P")
    image.putpalette([10, 20, 30, 200, 100, 50])
    image.save(tmp_path / "a.gif", transparency=0)
    pixels = read_photo(tmp_path / "a.gif").pixels
    assert pixels[0, 0].tolist() == [255, 255, 255]
    assert pixels[0, -1].tolist() == [200, 100, 50]


def test_cmyk_jpeg(tmp_path: Path, scene: np.ndarray) -> None:
    image = Image.fromarray(scene).convert("CMYK")
    image.save(tmp_path / "a.jpg", quality=98)
    photo = read_photo(tmp_path / "a.jpg")
    assert difference(photo, scene) < 4


def swapped_profile() -> bytes:
    """An sRGB profile whose red and green primaries are exchanged."""
    data = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    red, green = data.index(b"rXYZ"), data.index(b"gXYZ")
    data[red : red + 4], data[green : green + 4] = b"gXYZ", b"rXYZ"
    data[84:100] = bytes(16)
    return bytes(data)


@pytest.mark.parametrize("suffix", ["jpg", "png", "tiff", "webp"])
def test_profile_is_converted_to_srgb(tmp_path: Path, scene: np.ndarray, suffix: str) -> None:
    options: dict = {"quality": 95, "lossless": suffix == "webp"} if suffix != "tiff" else {}
    Image.fromarray(scene).save(tmp_path / f"a.{suffix}", icc_profile=swapped_profile(), **options)
    assert difference(read_photo(tmp_path / f"a.{suffix}"), scene[..., [1, 0, 2]]) < 4


def test_srgb_profile_changes_nothing(tmp_path: Path, scene: np.ndarray) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    Image.fromarray(scene).save(tmp_path / "a.png", icc_profile=profile)
    photo = read_photo(tmp_path / "a.png")
    assert np.abs(photo.pixels.astype(int) - scene.astype(int)).max() <= 1


@pytest.mark.parametrize("profile", [b"not a profile", b""])
def test_broken_profile_is_ignored(tmp_path: Path, scene: np.ndarray, profile: bytes) -> None:
    Image.fromarray(scene).save(tmp_path / "a.png", icc_profile=profile)
    assert difference(read_photo(tmp_path / "a.png"), scene) == 0


def test_profile_of_another_colour_space_is_ignored(tmp_path: Path, scene: np.ndarray) -> None:
    grey = Image.fromarray(scene[..., 0])
    grey.save(tmp_path / "a.png", icc_profile=swapped_profile())
    assert difference(read_photo(tmp_path / "a.png"), np.repeat(scene[..., :1], 3, axis=2)) == 0


def test_profile_with_alpha_and_palette(tmp_path: Path, scene: np.ndarray) -> None:
    Image.fromarray(scene).convert("RGBA").save(tmp_path / "a.png", icc_profile=swapped_profile())
    assert difference(read_photo(tmp_path / "a.png"), scene[..., [1, 0, 2]]) < 2
    palette = Image.fromarray(scene).quantize(64)
    palette.save(tmp_path / "p.png", icc_profile=swapped_profile())
    assert difference(read_photo(tmp_path / "p.png"), np.asarray(palette.convert("RGB"))[..., [1, 0, 2]]) < 2


def test_lab_tiff(tmp_path: Path, scene: np.ndarray) -> None:
    srgb, lab = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
    image = ImageCms.profileToProfile(Image.fromarray(scene), srgb, lab, outputMode="LAB")
    assert image is not None
    image.info.pop("icc_profile", None)
    image.save(tmp_path / "plain.tiff")
    image.save(tmp_path / "tagged.tiff", icc_profile=ImageCms.ImageCmsProfile(lab).tobytes())
    assert difference(read_photo(tmp_path / "plain.tiff"), scene) < 3
    assert difference(read_photo(tmp_path / "tagged.tiff"), scene) < 3


def test_max_long_side(tmp_path: Path, scene: np.ndarray) -> None:
    large = np.asarray(Image.fromarray(scene).resize((1920, 1280)))
    for suffix in ("jpg", "png"):
        Image.fromarray(large).save(tmp_path / f"a.{suffix}", quality=95)
        photo = read_photo(tmp_path / f"a.{suffix}", max_long_side=120)
        assert difference(photo, scene) < 3
        assert (read_photo(tmp_path / f"a.{suffix}").width, photo.width) == (1920, 120)
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(large).save(tmp_path / "tall.jpg", exif=exif)
    tall = read_photo(tmp_path / "tall.jpg", max_long_side=300)
    assert (tall.height, tall.width) == (300, 200)


def test_resized_never_enlarges(scene: np.ndarray) -> None:
    photo = Photo(scene, "a")
    assert photo.resized(1000) is photo
    small = photo.resized(60)
    assert (small.height, small.width, small.name) == (40, 60, "a")


def make_missing(path: Path) -> Path:
    return path / "none.jpg"


def make_folder(path: Path) -> Path:
    (path / "a.jpg").mkdir()
    return path / "a.jpg"


def make_empty(path: Path) -> Path:
    (path / "a.jpg").touch()
    return path / "a.jpg"


def make_text(path: Path) -> Path:
    (path / "a.jpg").write_text("no picture at all\n" * 100)
    return path / "a.jpg"


def make_truncated_jpeg(path: Path) -> Path:
    noise = np.random.default_rng(0).integers(0, 255, (200, 200, 3), dtype=np.uint8)
    Image.fromarray(noise).save(path / "a.jpg")
    data = (path / "a.jpg").read_bytes()
    (path / "a.jpg").write_bytes(data[: len(data) // 2])
    return path / "a.jpg"


def make_truncated_png(path: Path) -> Path:
    noise = np.random.default_rng(0).integers(0, 255, (200, 200, 3), dtype=np.uint8)
    Image.fromarray(noise).save(path / "a.png")
    data = (path / "a.png").read_bytes()
    (path / "a.png").write_bytes(data[: len(data) // 2])
    return path / "a.png"


def make_truncated_heic(path: Path) -> Path:
    noise = np.random.default_rng(0).integers(0, 255, (200, 200, 3), dtype=np.uint8)
    pillow_heif.from_pillow(Image.fromarray(noise)).save(path / "a.heic")
    data = (path / "a.heic").read_bytes()
    (path / "a.heic").write_bytes(data[: len(data) // 2])
    return path / "a.heic"


def make_only_header(path: Path) -> Path:
    (path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    return path / "a.png"


def make_sized(width: int, height: int) -> Callable[[Path], Path]:
    def make(path: Path) -> Path:
        Image.new("L", (width, height)).save(path / "a.png")
        return path / "a.png"

    return make


def make_claiming(width: int, height: int) -> Callable[[Path], Path]:
    """A file whose header claims a size without holding the pixels."""

    def make(path: Path) -> Path:
        (path / "a.ppm").write_bytes(f"P6 {width} {height} 255\n".encode() + bytes(100))
        return path / "a.ppm"

    return make


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    ("make", "words"),
    [
        (make_missing, "no file"),
        (make_folder, "is a folder"),
        (make_empty, "is empty"),
        (make_text, "not a picture"),
        (make_truncated_jpeg, "damaged or incomplete"),
        (make_truncated_png, "damaged or incomplete"),
        (make_truncated_heic, "choose"),
        (make_only_header, "choose"),
        (make_sized(63, 100), "at least 64 pixels"),
        (make_sized(100, 63), "at least 64 pixels"),
        (make_sized(8 * 64 + 1, 64), "8 times"),
        (make_sized(64, 8 * 64 + 1), "8 times"),
        (make_claiming(20000, 10001), "200 megapixels"),
        (make_claiming(30000, 20000), "200 megapixels"),
        (make_claiming(200, 200), "damaged or incomplete"),
    ],
)
def test_clear_errors(
    tmp_path: Path,
    make: Callable[[Path], Path],
    words: str,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    path = make(tmp_path)
    with caplog.at_level(logging.INFO), pytest.raises(LandscapeError) as caught:
        read_photo(path)
    message = str(caught.value)
    assert words in message
    assert message.endswith(".")
    assert "\n" not in message
    assert ":" in message
    assert path.name in message
    assert not caplog.records
    assert capfd.readouterr() == ("", "")


def test_strange_paths() -> None:
    for path in ("", "a" * 5000, "a\0b.jpg"):
        with pytest.raises(LandscapeError):
            read_photo(path)


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="permissions do not bind this user")
def test_unreadable_file(tmp_path: Path, scene: np.ndarray) -> None:
    Image.fromarray(scene).save(tmp_path / "a.png")
    (tmp_path / "a.png").chmod(0)
    with pytest.raises(LandscapeError, match="permissions"):
        read_photo(tmp_path / "a.png")


def test_smallest_and_longest_are_allowed(tmp_path: Path) -> None:
    Image.new("RGB", (8 * MIN_SIDE, MIN_SIDE)).save(tmp_path / "a.png")
    assert read_photo(tmp_path / "a.png").width == 512
    assert MAX_PIXELS == 200_000_000


@pytest.mark.parametrize("seed", range(30))
def test_damaged_bytes_give_a_photo_or_a_clear_error(tmp_path: Path, scene: np.ndarray, seed: int) -> None:
    generator = np.random.default_rng(seed)
    suffix = ("jpg", "png", "webp", "tiff", "gif")[seed % 5]
    path = tmp_path / f"a.{suffix}"
    Image.fromarray(scene).save(path)
    data = bytearray(path.read_bytes())
    for position in generator.integers(0, min(len(data), 400), 12):
        data[position] = generator.integers(256)
    path.write_bytes(data)
    try:
        photo = read_photo(path)
    except LandscapeError as error:
        assert "choose" in str(error) or "make it smaller" in str(error) or "crop" in str(error)
    else:
        assert photo.pixels.ndim == 3


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_the_size_is_known_without_the_pixels(tmp_path: Path, scene: np.ndarray, orientation: int) -> None:
    path = tmp_path / "photo.jpg"
    exif = Image.Exif()
    exif[274] = orientation
    Image.fromarray(scene).save(path, exif=exif)
    photo = read_photo(path)
    assert photo_size(path) == (photo.width, photo.height)


def test_the_size_of_what_is_no_picture_is_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "photo.jpg"
    path.write_bytes(b"no picture")
    with pytest.raises(LandscapeError, match="not a picture"):
        photo_size(path)
