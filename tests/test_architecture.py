"""The house: doors lead one way, the public face is light, and the documents name what is there."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

import landscape
from docs import make_architecture

ROOT = Path(__file__).resolve().parents[1]
DOCUMENTS = [
    *(ROOT / "docs").glob("*.md"),
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "checkpoints/MODEL_CARD.md",
]


def test_doors_lead_one_way_between_few_rooms():
    known = make_architecture.doors(make_architecture.modules())
    assert make_architecture.floors(known)  # circles would have no floors
    assert len(known) < 30 and sum(map(len, known.values())) < 150


def test_a_circle_is_found():
    with pytest.raises(make_architecture.CycleError):
        make_architecture.floors({"sky": {"water"}, "water": {"sky"}})


def test_needed_doors_leave_out_what_other_ways_reach():
    known = {"top": {"middle", "low"}, "middle": {"low"}, "low": set()}
    assert make_architecture.needed(known) == {"top": {"middle"}, "middle": {"low"}, "low": set()}


def test_the_picture_shows_every_room():
    picture = (ROOT / "docs/architecture.svg").read_text(encoding="utf-8")
    for room in make_architecture.doors(make_architecture.modules()):
        assert f">{room}</text>" in picture, "run python docs/make_architecture.py"


def test_the_public_face_is_light_and_whole():
    code = "import landscape, sys; sys.exit('torch' in sys.modules or 'cv2' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0
    for name in landscape.__all__:
        assert getattr(landscape, name) is not None
    with pytest.raises(AttributeError):
        _ = landscape.no_such_name


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_files_that_documents_name_are_there(document):
    named = re.findall(r"`([\w/-]+/[\w-]+\.(?:py|js|yaml|safetensors|json))`", document.read_text(encoding="utf-8"))
    places = (ROOT, ROOT / "landscape", ROOT / "tests")
    optional = {"checkpoints/vgg19.safetensors"}
    missing = [name for name in named if name not in optional and not any((place / name).is_file() for place in places)]
    assert not missing
