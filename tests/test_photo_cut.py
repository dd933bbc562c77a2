"""JPEG files that end too early."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFile

from landscape.errors import LandscapeError
from landscape.photo.jpeg import missing_share
from landscape.photo.read import decode_photo, photo_size, read_photo

KINDS = {
    "plain": {},
    "progressive": {"progressive": True},
    "restarts": {"restart_marker_rows": 1},
    "often": {"restart_marker_blocks": 5},
    "full": {"subsampling": 0},
    "optimal": {"optimize": True},
}


@pytest.fixture
def picture(landscape_pixels: np.ndarray) -> Image.Image:
    noise = np.random.default_rng(0).normal(0, 12, (480, 640, 3))
    large = np.asarray(Image.fromarray(landscape_pixels).resize((640, 480))) + noise
    return Image.fromarray(np.clip(large, 0, 255).astype(np.uint8))


def encoded(picture: Image.Image, kind: str, mode: str = "RGB") -> bytes:
    buffer = io.BytesIO()
    picture.convert(mode).save(buffer, "JPEG", quality=90, **KINDS[kind])
    return buffer.getvalue()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("mode", "rest"), [("RGB", b""), ("L", b"\xff"), ("CMYK", b"")])
def test_without_the_end_mark_nothing_is_missing(
    tmp_path: Path, picture: Image.Image, kind: str, mode: str, rest: bytes
) -> None:
    data = encoded(picture, kind, mode)
    (tmp_path / "whole.jpg").write_bytes(data)
    (tmp_path / "a.jpg").write_bytes(data[:-2] + rest)
    photo = read_photo(tmp_path / "a.jpg")
    assert photo.notes == ()
    np.testing.assert_array_equal(photo.pixels, read_photo(tmp_path / "whole.jpg").pixels)
    assert photo_size(tmp_path / "a.jpg") == (640, 480)
    small, whole = (read_photo(tmp_path / name, max_long_side=160).pixels for name in ("a.jpg", "whole.jpg"))
    np.testing.assert_array_equal(small, whole)


@pytest.mark.parametrize("kind", KINDS)
def test_a_missing_last_part_is_told(tmp_path: Path, picture: Image.Image, kind: str) -> None:
    data = encoded(picture, kind)
    (tmp_path / "a.jpg").write_bytes(data[: int(len(data) * 0.97)])
    photo = read_photo(tmp_path / "a.jpg")
    assert photo.notes == ("The end of “a.jpg” is missing: copy or download it again to have it whole.",)
    assert photo.resized(100).notes == photo.notes
    assert np.abs(photo.pixels[:420].astype(int) - np.asarray(picture)[:420]).mean() < 12


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("share", [0.1, 0.5, 0.7])
def test_cut_in_the_middle_it_is_refused(tmp_path: Path, picture: Image.Image, kind: str, share: float) -> None:
    data = encoded(picture, kind)
    (tmp_path / "a.jpg").write_bytes(data[: int(len(data) * share)])
    with pytest.raises(LandscapeError, match="damaged or incomplete"):
        read_photo(tmp_path / "a.jpg")


def test_a_cut_between_restarts_is_seen(picture: Image.Image) -> None:
    data = encoded(picture, "restarts")
    marks = [index for index in range(len(data) - 1) if data[index] == 0xFF and 0xD0 <= data[index + 1] <= 0xD7]
    for mark in (marks[len(marks) // 2], marks[-1]):
        above = marks.index(mark) + 1
        assert missing_share(data[:mark]) == pytest.approx(1 - (above + 1) / (len(marks) + 1), abs=0.04)


def test_of_a_small_photo_a_row_of_blocks_is_its_last_part(tmp_path: Path, picture: Image.Image) -> None:
    data = encoded(picture.resize((160, 120)), "plain")
    (tmp_path / "a.jpg").write_bytes(data[:-40])
    assert len(read_photo(tmp_path / "a.jpg").notes) == 1


def test_the_second_picture_of_a_file_may_be_cut(tmp_path: Path, picture: Image.Image) -> None:
    picture.save(tmp_path / "a.jpg", "MPO", save_all=True, append_images=[picture.convert("L").convert("RGB")])
    data = (tmp_path / "a.jpg").read_bytes()
    (tmp_path / "a.jpg").write_bytes(data[: len(data) * 3 // 4])
    photo = read_photo(tmp_path / "a.jpg")
    assert photo.notes == ()
    assert np.abs(photo.pixels.astype(int) - np.asarray(picture)).mean() < 12


@pytest.mark.parametrize("rest", [b"\xff\xd9", bytes(3000), b"\xff\xd9" + bytes(700)], ids=["mark", "zeros", "both"])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
def test_an_end_mark_or_zeros_behind_a_cut_hide_nothing(
    tmp_path: Path, picture: Image.Image, kind: str, mode: str, rest: bytes
) -> None:
    """As programs that repair files, and copies that broke off, leave them."""
    data = encoded(picture, kind, mode)
    for share in (0.1, 0.3) if kind == "progressive" else (0.3, 0.7):
        (tmp_path / "a.jpg").write_bytes(data[: int(len(data) * share)] + rest)
        for side in (None, 160):
            with pytest.raises(LandscapeError, match="damaged or incomplete"):
                read_photo(tmp_path / "a.jpg", max_long_side=side)
    for share in (0.99,) if kind == "progressive" else (0.96, 0.99):  # of which the last scan holds little
        (tmp_path / "a.jpg").write_bytes(data[: int(len(data) * share)] + rest)
        assert len(read_photo(tmp_path / "a.jpg").notes) == 1


@pytest.mark.parametrize("value", [0, 128, 200, 255])
@pytest.mark.parametrize("kind", KINDS)
def test_flat_pictures_are_whole(kind: str, value: int) -> None:
    """Their bytes end in zeros, in ones and in what is missing elsewhere."""
    for side in range(64, 88, 3):
        flat = Image.new("RGB", (side, 96), (value, value, value))
        assert decode_photo(encoded(flat, kind), "a").notes == ()


def arithmetic() -> bytes:
    return (Path(__file__).parent / "golden" / "arithmetic.jpg").read_bytes()


def test_arithmetic_coding_is_read(monkeypatch: pytest.MonkeyPatch, picture: Image.Image) -> None:
    """Its decoder wants the whole file at once, of whatever length."""
    monkeypatch.setattr(ImageFile, "MAXBLOCK", 256)
    photo = decode_photo(arithmetic(), "a")
    assert photo.notes == ()
    assert np.abs(photo.pixels.astype(int) - np.asarray(picture.resize((96, 72)))).mean() < 12
    assert len(decode_photo(arithmetic()[:-24], "a").notes) == 1
    with pytest.raises(LandscapeError, match="damaged or incomplete"):
        decode_photo(arithmetic()[:700], "a")


@pytest.mark.parametrize("rest", [b"\xff\xd9", bytes(40)])
def test_cuts_of_arithmetic_coding_are_seen_behind_an_end_mark(rest: bytes) -> None:
    """Its decoder goes on without a word; only the last few blocks may be missing unseen."""
    data = arithmetic()
    whole = decode_photo(data, "a").pixels.astype(int)
    told = 0
    for length in range(len(data) // 2, len(data) - 2, 7):
        try:
            photo = decode_photo(data[:length] + rest, "a")
        except LandscapeError:
            continue
        told += bool(photo.notes)
        if not photo.notes:
            rows, columns = np.nonzero(np.abs(photo.pixels - whole).max(2))
            assert len(rows) == 0 or (rows.min() >= 72 - 16 and columns.min() > 96 - 80)
    assert told > 3


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("rest", [b"", bytes(100), b"trailer" + bytes(9)])
def test_whole_photos_that_seem_cut_are_whole(tmp_path: Path, picture: Image.Image, kind: str, rest: bytes) -> None:
    pixels = np.asarray(picture).copy()
    pixels[-60:] = 0  # a black bar
    data = encoded(Image.fromarray(pixels), kind)
    (tmp_path / "a.jpg").write_bytes(data + rest)
    photo = read_photo(tmp_path / "a.jpg")
    assert photo.notes == ()
    np.testing.assert_array_equal(photo.pixels, np.asarray(Image.open(io.BytesIO(data))))


COMPRESSED = {
    "PNG": {},
    "WEBP": {"lossless": True},
    "GIF": {},
    "TIFF": {"compression": "tiff_lzw"},
    "HEIF": {"quality": 80},
    "AVIF": {"quality": 80},
    "JPEG2000": {},
}


@pytest.mark.parametrize("kind", COMPRESSED)
def test_zeros_in_place_of_the_end_are_refused_and_behind_it_no_harm(picture: Image.Image, kind: str) -> None:
    """As downloads leave them that reserved their place first."""
    buffer = io.BytesIO()
    picture.resize((160, 120)).save(buffer, kind, **COMPRESSED[kind])
    data = buffer.getvalue()
    whole = decode_photo(data, "a").pixels
    for count in (1, 31, 33, 4096):
        np.testing.assert_array_equal(decode_photo(data + bytes(count), "a").pixels, whole)
    for share in (0.02, 0.3, 0.7, 0.95):
        cut = int(len(data) * share)
        for rest in (b"", bytes(700), bytes(len(data) - cut)):
            with pytest.raises(LandscapeError, match="damaged or incomplete"):
                decode_photo(data[:cut] + rest, "a")
