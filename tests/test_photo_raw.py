"""Camera raw files get one sentence, whatever they are called and whatever small picture is in them."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from landscape.cli import main
from landscape.errors import LandscapeError
from landscape.photo.read import decode_photo, photo_size, read_photo

SENTENCE = "a camera's raw file: develop it first, and choose the JPEG or TIFF"
HEADS = {
    "a.raf": b"FUJIFILMCCD-RAW 0201FF129502X-T3",
    "a.orf": b"IIRO\x08\0\0\0",
    "b.orf": b"IIRS\x08\0\0\0",
    "c.orf": b"MMOR\0\0\0\x08",
    "a.rw2": b"IIU\0\x18\0\0\0",
    "a.mrw": b"\0MRM\0\x02\x43\x24",
    "a.x3f": b"FOVb\0\0\x02\0",
    "a.crw": b"II\x1a\0\0\0HEAPCCDR\x02\0\x01\0",
    "a.cr2": b"II*\0\x10\0\0\0CR\x02\0\x80\x40\0\0",
    "a.cr3": struct.pack(">I", 24) + b"ftypcrx \0\0\0\x01crx isom",
    "a.iiq": b"IIIITwaR\0\0\0\0",
    "a.srf": b"nothing that is known",
}


@pytest.fixture
def thumbnail(landscape_pixels: np.ndarray) -> np.ndarray:
    return landscape_pixels


def write_tiff(path: Path, thumbnail: np.ndarray, mosaic: bool = True, tags: tuple = (), **options: object) -> Path:
    """A TIFF with a small picture in front and what a camera measured below it."""
    with tifffile.TiffWriter(path) as file:
        below = {"subifds": 1, "subfiletype": 1} if mosaic else {}
        file.write(thumbnail, photometric="rgb", metadata=None, extratags=tags, **below)
        if mosaic:
            samples = (400, 600, 3) if options.get("photometric") == 34892 else (400, 600)
            file.write(np.zeros(samples, np.uint16), metadata=None, **({"photometric": 32803} | options))
    return path


def refused(path: Path, by_content: bool = True) -> None:
    doors = [read_photo, photo_size]
    if by_content:
        doors.append(lambda file: decode_photo(file.read_bytes(), file.name))
    for read in doors:
        with pytest.raises(LandscapeError) as caught:
            read(path)
        assert SENTENCE in str(caught.value) and path.name in str(caught.value) and str(caught.value).endswith(".")


@pytest.mark.parametrize("name", HEADS)
def test_known_by_their_first_bytes(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(HEADS[name] + bytes(5000))
    refused(path, name != "a.srf")
    if name != "a.srf":
        refused(path.rename(tmp_path / "renamed.jpg"))


@pytest.mark.parametrize("name", ["a.dng", "a.tif", "a.jpg"])
@pytest.mark.parametrize(
    ("mosaic", "tags", "options"),
    [
        (True, ((50706, 1, 4, b"\x01\x04\0\0", True),), {}),
        (False, ((50706, 1, 4, b"\x01\x06\0\0", True),), {}),
        (True, ((271, 2, 0, "NIKON CORPORATION", True),), {}),
        (True, (), {"photometric": 34892}),
    ],
)
def test_known_by_what_is_in_a_tiff(
    tmp_path: Path, thumbnail: np.ndarray, name: str, mosaic: bool, tags: tuple, options: dict
) -> None:
    refused(write_tiff(tmp_path / name, thumbnail, mosaic, tags, **options))


@pytest.mark.parametrize("name", ["a.nef", "a.ARW", "a.Pef", "a.3fr", "a.srw", "a.dng"])
def test_a_tiff_that_is_called_so_is_one(tmp_path: Path, thumbnail: np.ndarray, name: str) -> None:
    path = write_tiff(tmp_path / name, thumbnail, False)
    refused(path, False)
    # A scene knows its photo by a name without an ending: “a.nef.tif” is “a.nef” there.
    assert decode_photo(path.read_bytes(), name).width == thumbnail.shape[1]


def test_a_jpeg_that_is_called_so_is_none(tmp_path: Path, thumbnail: np.ndarray) -> None:
    Image.fromarray(thumbnail).save(tmp_path / "a.nef", "JPEG")
    assert read_photo(tmp_path / "a.nef").width == thumbnail.shape[1]


def test_pictures_in_a_tiff_are_no_reason(tmp_path: Path, thumbnail: np.ndarray) -> None:
    path = write_tiff(tmp_path / "a.tif", thumbnail, photometric="minisblack")
    assert (read_photo(path).width, photo_size(path)) == (600, (600, 400))


@pytest.mark.parametrize("command", ["animate", "segment"])
def test_the_command_line_says_it(
    tmp_path: Path, thumbnail: np.ndarray, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write_tiff(tmp_path / "a.dng", thumbnail)
    with pytest.raises(SystemExit) as ended:
        main([command, str(path), "-o", str(tmp_path / ("a.mp4" if command == "animate" else "a.png"))])
    assert ended.value.code == 2
    assert SENTENCE in capsys.readouterr().err
