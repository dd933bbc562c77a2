"""Names of photos may hold anything that a file system takes, and are shown as they are."""

from __future__ import annotations

import json
import os
import shutil
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from landscape.cli import main
from landscape.errors import LandscapeError, printable
from landscape.photo.read import read_photo
from landscape.progress import Progress
from landscape.scene.batch import BatchItem, animator, plan_batch, run_batch
from landscape.scene.recipe import read_recipe, recipe_beside, write_recipe
from landscape.scene.shot import Shot
from landscape.settings import ExportSettings, FitSettings, MotionSettings

RECIPE = Shot(MotionSettings(0.0, 2.0), inversion=FitSettings("E"), export=ExportSettings(0.3, 10, 64))
NAMES = ["[red]x[-b].jpg", "[b]bold.jpg", "x[link=a]y.jpg", "]b[.jpg", ":smile: a.jpg", "{x}%s.jpg"]
STRANGE = [(b"caf\xe9.jpg", "caf\ufffd.jpg"), (b"two\nlines.jpg", "two\ufffdlines.jpg")]
STRANGE += [(b"\x1b[31mred.jpg", "\ufffd[31mred.jpg"), ("a\u202egpj.jpg".encode(), "a\ufffdgpj.jpg")]
needs_bytes = pytest.mark.skipif(sys.platform != "linux", reason="names of files are text here")


@pytest.fixture
def photo(tmp_path: Path, landscape_pixels: np.ndarray) -> Path:
    Image.fromarray(landscape_pixels).save(tmp_path / "photo.jpg", quality=95)
    return tmp_path / "photo.jpg"


def said(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    return capsys.readouterr().err


@pytest.mark.parametrize("name", NAMES)
def test_brackets_are_no_markup(tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / name).write_bytes(b"no photo")
    words = said(["segment", str(tmp_path / name), "-o", str(tmp_path / "o.png")], capsys)
    assert words.startswith(f"“{name}” is not a picture") and words.count("\n") == 1


def test_a_folder_that_closes_markup(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = said(["segment", str(tmp_path / "[" / "b].jpg"), "-o", str(tmp_path / "o.png")], capsys)
    assert "/[/b].jpg”: check the name" in words


@needs_bytes
@pytest.mark.parametrize(("name", "shown"), STRANGE)
def test_what_is_no_letter_is_shown_as_a_mark(
    tmp_path: Path, name: bytes, shown: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = os.path.join(os.fsencode(tmp_path), name)
    with open(path, "wb") as file:
        file.write(b"no photo")
    words = said(["segment", os.fsdecode(path), "-o", str(tmp_path / "o.png")], capsys)
    assert words.startswith(f"“{shown}” is not a picture") and words.count("\n") == 1
    with pytest.raises(LandscapeError) as caught:
        read_photo(os.fsdecode(path))
    str(caught.value).encode()


@needs_bytes
def test_a_photo_whose_name_is_no_text_is_animated(tmp_path: Path, photo: Path, small_models) -> None:
    folder = tmp_path / "photos"
    folder.mkdir()
    shutil.copy(photo, os.path.join(os.fsencode(folder), b"caf\xe9 [/b].jpg".replace(b"/", b"|")))
    report = run_batch(plan_batch([folder], tmp_path, RECIPE), RECIPE, animator(small_models))
    assert report.failed == {}
    (clip,) = report.written
    assert os.fsencode(clip.name) == b"caf\xe9 [|b].mp4"
    assert read_recipe(recipe_beside(clip)).export == RECIPE.export
    assert json.loads(recipe_beside(clip).read_text("utf-8"))["photo"]["name"] == "caf\ufffd [|b].jpg"


@needs_bytes
def test_a_recipe_tells_of_any_name(tmp_path: Path, photo: Path) -> None:
    other = Path(os.fsdecode(os.path.join(os.fsencode(tmp_path), b"\xff\xfe.jpg")))
    shutil.copy(photo, other)
    write_recipe(tmp_path / "a.json", RECIPE, other)
    assert read_recipe(tmp_path / "a.json").motion == RECIPE.motion


def test_text_stays_itself() -> None:
    for text in ("海.jpg", "é [b] :x: “a”", "👩‍🌾 photo", "e\u0301"):
        assert printable(text) == text


def test_a_folder_of_photos_and_other_things(tmp_path: Path, photo: Path) -> None:
    folder = tmp_path / "photos"
    (folder / "folder.jpg").mkdir(parents=True)
    for name in ("a.jpg", "b.jpeg", "b.NEF", "alone.cr3", "._a.jpg", "notes.txt", "UPPER.JPG", "c.hif"):
        shutil.copy(photo, folder / name)
    (folder / "broken.jpg").symlink_to("nowhere")
    (folder / "inside.jpg").symlink_to("folder.jpg")
    (folder / "again.jpg").symlink_to("a.jpg")
    os.link(folder / "a.jpg", folder / "hard.jpg")
    os.mkfifo(folder / "pipe.jpg")
    found = [item.photo.name for item in plan_batch([folder], tmp_path, RECIPE)]
    assert len({"a.jpg", "again.jpg", "hard.jpg"} & set(found)) == 1
    assert {"UPPER.JPG", "alone.cr3", "b.jpeg", "broken.jpg", "c.hif"} <= set(found) and len(found) == 6


def test_one_photo_by_several_spellings_is_made_once(
    tmp_path: Path, photo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "link.jpg").symlink_to("photo.jpg")
    os.link(photo, tmp_path / "hard.jpg")
    (tmp_path / "x").mkdir()
    (tmp_path / "door").symlink_to(".")
    spellings = ["photo.jpg", "./photo.jpg", "x/../photo.jpg", "link.jpg", "hard.jpg", "door/photo.jpg", photo]
    items = plan_batch(map(Path, spellings), tmp_path / "x", RECIPE)
    assert [item.photo for item in items] == [Path("photo.jpg")]


def test_broken_links_and_raw_files_are_told_and_the_rest_is_made(tmp_path: Path, photo: Path) -> None:
    made = []

    def animate(item: BatchItem, recipe: Shot, progress: Progress, cancel: threading.Event | None) -> tuple[str, ...]:
        notes = read_photo(item.photo).notes
        made.append(item.photo.name)
        item.out.write_bytes(b"clip")
        return notes

    (tmp_path / "out").mkdir()
    data = photo.read_bytes()
    (tmp_path / "a.jpg").symlink_to("nowhere")
    (tmp_path / "b.jpg").symlink_to("b.jpg")
    (tmp_path / "c.raf").write_bytes(b"FUJIFILMCCD-RAW" + bytes(100))
    (tmp_path / "d.jpg").write_bytes(data[: len(data) - len(data) // 40])
    report = run_batch(plan_batch([tmp_path], tmp_path / "out", RECIPE), RECIPE, animate)
    assert made == ["d.jpg", "photo.jpg"]
    told = {path.name: sentence for path, sentence in report.failed.items()}
    assert set(told) == {"a.jpg", "b.jpg", "c.raf"}
    assert (
        "is a link that leads to no file" in told["a.jpg"] and "link" in told["b.jpg"] and "raw file" in told["c.raf"]
    )
    assert [(path.name, "is missing" in sentence) for path, sentence in report.notes.items()] == [("d.jpg", True)]


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="permissions do not bind this user")
def test_a_closed_folder(tmp_path: Path) -> None:
    (tmp_path / "closed").mkdir(mode=0)
    with pytest.raises(LandscapeError, match="permissions"):
        plan_batch([tmp_path / "closed"], tmp_path, RECIPE)
