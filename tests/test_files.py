"""Files are complete or not there."""

import numpy as np
import pytest
from PIL import Image

from landscape.errors import LandscapeError
from landscape.files import replacing, require_writable, save_picture
from landscape.masks.labels import read_labels, write_labels


def test_an_interrupted_write_leaves_the_old_file_and_nothing_else(tmp_path):
    target = tmp_path / "file.txt"
    target.write_text("old")
    with pytest.raises(KeyError), replacing(target) as partial:
        partial.write_text("half")
        raise KeyError
    assert target.read_text() == "old" and list(tmp_path.iterdir()) == [target]
    with replacing(target) as partial:
        partial.write_text("new")
    assert target.read_text() == "new" and list(tmp_path.iterdir()) == [target]


def test_unwritable_places_are_refused_with_a_sentence(tmp_path):
    with pytest.raises(LandscapeError, match="does not exist"):
        require_writable(tmp_path / "none" / "file.png")
    with pytest.raises(LandscapeError, match="is a folder"):
        require_writable(tmp_path)
    import numpy as np

    with pytest.raises(LandscapeError, match="another place"):
        write_labels(tmp_path / "none" / "labels.png", np.zeros((4, 4), np.uint8))


@pytest.mark.parametrize("kind", ["cut", "eps", "black and white"])
def test_masks_that_are_none_get_a_sentence(tmp_path, kind):
    path = tmp_path / "mask.png"
    Image.new("L", (64, 64), 255).save(path)
    if kind == "cut":
        content = bytearray(path.read_bytes())
        content[40:48] = b"damaged!"
        path.write_bytes(content)
    elif kind == "eps":
        Image.new("RGB", (8, 8)).save(path, format="EPS")
    with pytest.raises(LandscapeError, match="marks nothing" if kind == "black and white" else "cannot be read"):
        read_labels(path, 64, 64)


@pytest.mark.parametrize(("name", "kind"), [("a.png", "PNG"), ("a.jpg", "JPEG"), ("a.JPEG", "JPEG")])
def test_pictures_are_what_their_names_say(tmp_path, name, kind):
    save_picture(np.full((8, 12, 3), 90, np.uint8), tmp_path / name)
    with Image.open(tmp_path / name) as picture:
        assert picture.format == kind and picture.size == (12, 8)


def test_pictures_of_unknown_kinds_are_not_written(tmp_path):
    with pytest.raises(LandscapeError, match="end it in .png or .jpg"):
        save_picture(np.zeros((8, 8, 3), np.uint8), tmp_path / "a.mp4")
    assert not list(tmp_path.iterdir())
