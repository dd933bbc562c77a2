"""What visitors are told never says where files lie on the server."""

from __future__ import annotations

import ast
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from landscape.errors import LandscapeError
from landscape.files import replacing, require_writable
from landscape.models.bundle import load_models
from landscape.output.video import write_video
from landscape.ui.page.api import _answer
from landscape.ui.sentences import UNEXPECTED, told, without_folders
from landscape.ui.visitors.controls import shot_of
from landscape.ui.visitors.handlers import Handlers
from landscape.ui.visitors.sessions import SessionStore

QUICK = shot_of({"quality": "Quick", "seconds": 0.2, "long_side": 64})
PACKAGE = Path(__file__).parents[1] / "landscape"
PLACES = {"path", "folder", "out", "source", "other", "data", "root", "real", "place", "photo", "file", "weights"}
"""Names of variables that hold paths."""


@pytest.mark.parametrize(
    ("sentence", "shown"),
    [
        ("“/tmp/landscape-x/My photos/sea 1.jpg” is a folder.", "“sea 1.jpg” is a folder."),
        ("“/a/b.mp4” would be written over “/a/c d/b.mp4”, which is read.", "“b.mp4” would be written over “b.mp4”,"),
        ("Nothing can be written to “/var/tmp/”; choose another.", "Nothing can be written to “tmp”; choose another."),
        ("“C:\\Users\\me\\sea.jpg” and “\\\\server\\share\\sea.jpg”", "“sea.jpg” and “sea.jpg”"),
        ("“~/photos/sea.jpg” and “~me/sea.jpg”", "“sea.jpg” and “sea.jpg”"),
        ("/opt/app/landscape.py failed (/opt/app/x)", "landscape.py failed (x)"),
        ("“sea.jpg”: choose a JPEG and/or PNG of 1/2 MB.", "“sea.jpg”: choose a JPEG and/or PNG of 1/2 MB."),
        ("Choose a speed between 0 and 8.", "Choose a speed between 0 and 8."),
    ],
)
def test_paths_are_reduced_to_names(sentence: str, shown: str) -> None:
    assert without_folders(sentence).startswith(shown)


@given(st.lists(st.text(st.characters(exclude_characters="/\\“”\0\n"), min_size=1), min_size=1, max_size=5))
def test_no_folder_of_any_name_is_left(parts: list[str]) -> None:
    folder = "/" + "/".join(f"secret{part}" for part in parts)
    assert without_folders(f"“{folder}/sea.jpg” cannot be read.") == "“sea.jpg” cannot be read."


def test_errors_that_nobody_foresaw_are_not_quoted() -> None:
    assert told(OSError(2, "No such file", "/tmp/private/x")) == UNEXPECTED
    assert told(ValueError("/tmp/private"), "That did not work.") == "That did not work."


def failures(folder: Path) -> Iterator[Exception]:
    """Errors about files as they come out of the library."""
    for action in (
        lambda: require_writable(folder / "none" / "clip.mp4"),
        lambda: require_writable(folder),
        lambda: replacing(folder / "none" / "clip.mp4").__enter__(),
        lambda: write_video(folder / "none" / "clip.mp4", [np.zeros((16, 16, 3), np.uint8)], 10),
        lambda: write_video(folder, [np.zeros((16, 16, 3), np.uint8)], 10),
        lambda: load_models(folder / "none"),
    ):
        with pytest.raises(LandscapeError) as caught:
            action()
        yield caught.value


def test_the_librarys_own_sentences(tmp_path: Path) -> None:
    folder = tmp_path / "private place"
    folder.mkdir()
    found = list(failures(folder))
    assert any(str(tmp_path) in str(error) for error in found), "the command line tells where"
    for error in found:
        assert os.sep not in told(error) and "private place" not in told(error).replace("“private place”", "")


def test_pages_and_programs_are_told_no_folder(
    handlers: Handlers, store: SessionStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that refuses, in the middle of an export and at every door."""

    def refuse(*values: object, **options: object) -> None:
        raise LandscapeError(f"“{tmp_path}/clip.mp4” cannot be written (the disk is full): choose another folder.")

    photo = tmp_path / "sea.png"
    Image.new("RGB", (96, 64), (90, 120, 200)).save(photo)
    identifier = store.create()
    list(handlers.open(identifier, photo, "Quick"))
    session = store.get(identifier)
    assert session.studio is not None and session.studio.fit.wait(20)
    monkeypatch.setattr("tests.fake_engine.write_video", refuse)
    job = handlers.exports.submit(identifier, QUICK)
    assert job.ended.wait(20)
    sentence = "“clip.mp4” cannot be written (the disk is full): choose another folder."
    assert handlers.exports.listing(identifier)[0]["error"] == sentence
    views = list(handlers.animate(identifier, QUICK))
    assert views[-1].notice == sentence
    with pytest.raises(Exception, match=f"^'?{sentence[:12]}") as caught:
        _answer(refuse)
    assert str(tmp_path) not in str(caught.value)
    missing = list(handlers.open(identifier, tmp_path / "none.jpg", "Quick"))[-1].notice
    assert missing == "There is no file “none.jpg”: check the name and the folder."


def interpolated(tree: ast.AST) -> Iterator[tuple[str, str, str]]:
    """Paths in sentences of errors, each with what stands before and behind it."""
    for call in ast.walk(tree):
        name = getattr(call.func, "id", "") if isinstance(call, ast.Call) else ""
        if name not in ("LandscapeError", "require"):
            continue
        for text in (node for node in ast.walk(call) if isinstance(node, ast.JoinedStr)):
            parts = [str(part.value) if isinstance(part, ast.Constant) else "" for part in text.values]
            for index, part in enumerate(text.values):
                if isinstance(part, ast.FormattedValue):
                    yield ast.unparse(part.value), "".join(parts[:index])[-1:], "".join(parts[index + 1 :])[:1]


def test_sentences_put_paths_between_quotation_marks() -> None:
    """As paths may hold spaces; what only the command line says is exempt."""
    found = 0
    for file in PACKAGE.rglob("*.py"):
        if file.relative_to(PACKAGE).parts[0] in ("training", "evaluation", "commands"):
            continue
        for value, before, behind in interpolated(ast.parse(file.read_text(encoding="utf-8"))):
            if value in PLACES or value.endswith(".parent"):
                found += 1
                assert (before, behind) == ("“", "”"), f"{file}: {value}"
    assert found > 20


def test_the_app_tells_errors_in_one_way() -> None:
    for file in (PACKAGE / "ui").rglob("*.py"):
        if file.name != "sentences.py":
            text = file.read_text(encoding="utf-8")
            assert "str(error)" not in text and "str(job.error)" not in text, file
