"""One declaration of a setting is all it takes; what it says stands in the README and in the interface of programs."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from docs.make_tables import README, written
from landscape.declared import Declared, Rows, kinds_of, setting
from landscape.errors import LandscapeError
from landscape.kinds import Angle, Choice, Flag, Number
from landscape.scene.shot import PLACES, SECTIONS
from landscape.spelling import spelled

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Arrow(Declared):
    x: float = setting(0.0, Number("Across", "Fraction of the width.", low=0, high=1))
    dx: float = setting(0.0, Number("To the right", "Fraction of the width.", low=-1, high=1))


@dataclass(frozen=True)
class Some(Declared):
    sun: float | None = setting(None, Number("Sun", "Where the sun is.", low=0, high=360, none=("found",)))
    kind: str = setting("lake", Choice("Water", "What the water is.", said="a kind of water", names=("lake", "river")))
    still: bool = setting(False, Flag("Still", "Whether all stands still."))
    turn: float = setting(90.0, Angle("Turn", "Where to.", unit="degrees"))
    arrows: tuple[Arrow, ...] = setting(
        (), Rows("Arrows", "Where.", said="arrows", row_type=Arrow, one="arrow", most=3, example="0.5 -0.1, 0.2 0.3")
    )


def test_every_kind_takes_what_people_programs_and_files_write() -> None:
    kinds = kinds_of(Some)
    written = {"sun": "45", "kind": " River ", "still": True, "turn": "3", "arrows": "0.5 -0.1, 0.2 0.3"}
    some = Some(**{name: spelled(kinds[name], value) for name, value in written.items()})
    assert some == Some(45.0, "river", True, 90.0, (Arrow(0.5, -0.1), Arrow(0.2, 0.3)))
    assert Some(arrows=[[0.5, -0.1], {"x": 0.2, "dx": 0.3}]).arrows == some.arrows  # type: ignore[arg-type]
    assert kinds["arrows"].shown(some.arrows) == [{"x": 0.5, "dx": -0.1}, {"x": 0.2, "dx": 0.3}]
    assert Some(sun="").sun is None and Some(sun=" 45 ").sun == 45.0, "as fields of the page say"
    assert Some(sun="found") == Some(sun=None) == Some() and kinds["sun"].shown(None) is None  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("sun", 361, "Choose a sun between 0 and 360."),
        ("kind", "sea", "Choose a kind of water from: lake, river."),
        ("still", 1, "Switch the still on or off: it is true or false."),
        ("turn", "left", "Choose a turn in degrees."),
        ("arrows", [[0.5]], "Give each arrow its x and dx."),
        ("arrows", [[0, 0]] * 4, "Give arrows as a list of 3 at most."),
        ("arrows", [[2, 0]], "Choose a across between 0 and 1."),
        ("arrows", "0.5", "Give arrows as a list of 3 at most."),
    ],
)
def test_values_of_no_use_get_a_sentence_of_the_declaration(name: str, value: object, sentence: str) -> None:
    with pytest.raises(LandscapeError) as caught:
        Some(**{name: value})
    assert str(caught.value) == sentence


def test_the_readme_says_what_the_settings_say() -> None:
    text = README.read_text(encoding="utf-8")
    assert written(text) == text, "run: python -m docs.make_tables"
    with pytest.raises(ValueError, match="no place"):
        written("")


def test_names_side_by_side_are_one_each() -> None:
    assert len(PLACES) == sum(len(kinds_of(section)) for section in SECTIONS.values())


SCRIPT = """
import sys
from importlib.machinery import PathFinder, SourceFileLoader

PLACE = "    speed: float = setting("
HAZE = 'Number("Haze", "How thick the air is.", low=0, high=1, step=0.05, panel="light")'

class WithHaze(SourceFileLoader):
    def get_code(self, name):
        text = self.get_data(self.path).decode()
        assert text.count(PLACE) == 1
        return compile(text.replace(PLACE, f"    haze: float = setting(0.5, {HAZE})\\n{PLACE}"), self.path, "exec")

class Finder(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        spec = super().find_spec(name, path, target) if name == "landscape.settings" else None
        if spec is not None:
            spec.loader = WithHaze(name, spec.origin)
        return spec

sys.meta_path.insert(0, Finder)
import json
from pathlib import Path
from typer.testing import CliRunner
from docs.make_tables import table
from landscape.cli import cli
from landscape.errors import LandscapeError
from landscape.scene.shot import Shot
from landscape.ui.page.fields import facts
from landscape.ui.page.page import build
from landscape.ui.visitors.controls import accepted, choices_of, shot_of
from landscape.ui.visitors.handlers import Handlers
from landscape.ui.visitors.sessions import SessionStore
from tests.fake_engine import FakeEngine

def animate(*options):
    return CliRunner().invoke(cli, ["animate", "none.jpg", "-o", "out.mp4", *options])

assert "--haze" in CliRunner(env={"COLUMNS": "200"}).invoke(cli, ["animate", "--help"]).output
assert str(animate("--haze", "7").exception) == "Choose a haze between 0 and 1."
assert "no file" in str(animate("--haze", "0.7").exception)

shot = Shot().with_values({"haze": 0.25})
assert Shot.from_dict(json.loads(json.dumps(shot.as_dict()))).motion.haze == 0.25
assert Shot.from_dict({"motion": {"speed": 2}}).motion.haze == 0.5, "recipes written before"
try:
    Shot.from_dict({"motion": {"haze": "thick"}})
except LandscapeError as error:
    assert "haze cannot be" in str(error)

store = SessionStore(Path("sessions"))
page = build(Handlers(store, FakeEngine()), store, Path("none"))
slider = next(block for block in page.blocks.values() if getattr(block, "elem_id", None) == "haze")
assert (slider.minimum, slider.maximum, slider.step, slider.value) == (0, 1, 0.05, 0.5) and slider.label == "Haze"
assert "haze" in facts()["sliders"]
assert accepted({"haze": 2}, shot)[1] == {"haze": "Choose a haze between 0 and 1."}
assert shot_of(choices_of(shot)).motion.haze == 0.25
for name in ("/animate", "/frame"):
    parameters = page.get_api_info()["named_endpoints"][name]["parameters"]
    found = {item["parameter_name"]: item["parameter_default"] for item in parameters}
    assert found["haze"] == 0.5 and found["speed"] == 1.0, found
    assert all(item["parameter_has_default"] for item in parameters), parameters
assert "| `--haze 0.5` | `haze` | 0.5 | How thick the air is (0 to 1). |" in table()
"""


def test_a_number_comes_to_the_product_by_one_declaration(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", SCRIPT]
    result = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120)
    assert result.returncode == 0, result.stderr
