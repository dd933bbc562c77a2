"""The page's scripts: what they and the app say to each other, their geometry, and how they become one script."""

from __future__ import annotations

import inspect
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from landscape.ui.live.messages import ASKED, TOLD, told
from landscape.ui.live.receiver import Receiver
from landscape.ui.page.fields import facts
from landscape.ui.page.scripts import bundle

STATIC = Path(__file__).parents[1] / "landscape" / "ui" / "static"
FILES = [path for path in sorted(STATIC.rglob("*.js")) if path.name != "booth.js"]
SCRIPTS = "\n".join(path.read_text(encoding="utf-8") for path in FILES)
AMONG_PARTS = {
    "brush", "choices", "do", "line", "mask-choice", "overlay", "panel", "picture", "playing", "shown", "turn",
    "undo-arrows", "view", "wish",
}  # fmt: skip
"""What parts of the page tell each other, which the app never hears of."""


def said(call: str) -> set[str]:
    """The kinds that the scripts give to a function of the hub."""
    return set(re.findall(rf"\b{call}\(\"([a-z_-]+)\"", SCRIPTS))


def test_the_app_hears_each_kind_with_its_fields() -> None:
    heard = {name.removeprefix("_on_"): item for name, item in vars(Receiver).items() if name.startswith("_on_")}
    assert set(heard) == set(ASKED)
    for kind, method in heard.items():
        fields = [item for item in inspect.signature(method).parameters.values() if item.name != "self"]
        if all(item.kind is not item.VAR_KEYWORD for item in fields):
            assert tuple(item.name for item in fields) == ASKED[kind]
    assert set(ASKED["mask"]) == set(facts()["masks"])


def test_the_page_says_and_hears_these_kinds_alone() -> None:
    html = "".join(path.read_text(encoding="utf-8") for path in STATIC.glob("*.html"))
    keys = {"undo", "redo"}  # chosen between where they are sent
    assert said("send") | keys | set(re.findall(r"data-send=\"([a-z_]+)\"", html)) == set(ASKED)
    assert said("on") - AMONG_PARTS == set(TOLD)
    assert said("emit") <= AMONG_PARTS | {"notice"}


def test_fields_of_messages_have_their_names() -> None:
    assert json.loads(told("notice", text="Hello.")) == {"kind": "notice", "text": "Hello."}
    for wrong in ({}, {"text": "", "more": 1}, {"words": ""}):
        with pytest.raises(ValueError, match="notice"):
            told("notice", **wrong)
    with pytest.raises(KeyError):
        told("dance")


@pytest.mark.skipif(shutil.which("node") is None, reason="needs node")
def test_the_geometry_of_dial_timeline_and_brush() -> None:
    command = ["node", "--test", str(Path(__file__).with_name("geometry.test.mjs"))]
    result = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert result.returncode == 0 and "# fail 0" in result.stdout, result.stdout


@pytest.mark.skipif(shutil.which("node") is None, reason="needs node")
@pytest.mark.parametrize("name", ["main", "booth"])
def test_modules_become_one_script_that_can_be_read(tmp_path: Path, name: str) -> None:
    (tmp_path / "page.js").write_text(f"const start = {bundle(name)};", encoding="utf-8")
    result = subprocess.run(["node", "--check", str(tmp_path / "page.js")], capture_output=True, text=True, timeout=60)
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize("number", ["4404", "768"])
def test_numbers_of_the_app_are_not_written_again_in_scripts(number: str) -> None:
    assert number not in SCRIPTS
