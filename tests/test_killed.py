"""Work that is killed leaves whole files, or none."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from landscape.errors import LandscapeError
from landscape.output.video import probe_video
from landscape.scene.batch import plan_batch, run_batch
from landscape.scene.files import open_scene
from landscape.scene.recipe import read_recipe, recipe_beside
from landscape.scene.shot import Shot
from landscape.training.run.checkpoint import load_state
from landscape.working_folders import remove_leftovers
from tests.conftest import made_up_landscape, seeded_models
from tests.killed import FRAMES

ROOT = Path(__file__).parents[1]
KILLS = 5
"""Of each of the four kinds of work."""


def whole_clips(folder: Path) -> int:
    for clip in folder.glob("*.mp4"):
        facts = probe_video(clip)
        assert (facts["frames"], facts["width"]) == (FRAMES, 128)
        if recipe_beside(clip).exists():
            beside = json.loads(recipe_beside(clip).read_text())
            assert read_recipe(clip).export.crf == beside["export"]["crf"], (
                "the clip is the one that the recipe tells of"
            )
    return len(list(folder.glob("*.mp4")))


def whole_scenes(folder: Path) -> int:
    for path in folder.glob("*.landscape"):
        assert open_scene(path, seeded_models()).photo.width == 128
    return len(list(folder.glob("*.landscape")))


def whole_states(folder: Path) -> int:
    for path in folder.glob("state*.pt"):
        assert load_state(path)["step"] > 0
    for line in (folder / "metrics.jsonl").read_text().splitlines() if (folder / "metrics.jsonl").exists() else []:
        assert json.loads(line)["step"] > 0
    return len(list(folder.glob("state.pt")))


WORKS: dict[str, Callable[[Path], int]] = {
    "export": whole_clips,
    "batch": whole_clips,
    "scene": whole_scenes,
    "training": whole_states,
}


@pytest.mark.slow
@pytest.mark.parametrize("work", WORKS)
def test_killed_at_any_moment_nothing_half_written_is_taken_for_whole(work: str, marked: Path, tmp_path: Path) -> None:
    folder = tmp_path / "work"
    folder.mkdir()
    shutil.copytree(marked, tmp_path / "marked")
    rng = random.Random(work)
    found = []
    for _ in range(KILLS):
        command = [sys.executable, "-m", "tests.killed", work, str(folder)]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as child:
            assert child.stdout is not None and child.stdout.readline() == "ready\n"
            time.sleep(rng.uniform(0.2, 3.0))
            assert child.poll() is None, "it goes on until it is killed"
            child.kill()
        time.sleep(0.5)  # its encoder hears that it is alone
        found.append(WORKS[work](folder))
    assert max(found) > 0, "something was finished between the kills"
    remove_leftovers(folder)
    assert not [name for name in os.listdir(folder) if name.startswith(".")]


def test_a_kill_between_clip_and_recipe_leaves_no_clip_with_the_recipe_of_another(tmp_path: Path) -> None:
    """A batch with one recipe, killed in a second with another, and then run with the first again."""
    from PIL import Image

    Image.fromarray(made_up_landscape()).save(tmp_path / "a.jpg")
    one = Shot()
    two = one.with_values({"speed": 3.0})
    made: list[float] = []

    def animate(item, recipe, *_: object) -> None:
        made.append(recipe.motion.speed)
        item.out.write_bytes(b"")

    def killed(item, recipe, *_: object) -> None:
        animate(item, recipe)
        raise KeyboardInterrupt

    run_batch(plan_batch([tmp_path], tmp_path, one), one, animate)
    with pytest.raises(KeyboardInterrupt):
        run_batch(plan_batch([tmp_path], tmp_path, two), two, killed)
    report = run_batch(plan_batch([tmp_path], tmp_path, one), one, animate)
    assert len(report.written) == 1 and made == [one.motion.speed, 3.0, one.motion.speed]


def test_half_a_file_of_each_kind_is_refused(tmp_path: Path) -> None:
    for name, read in (("a.landscape", lambda path: open_scene(path, None)), ("state.pt", load_state)):
        (tmp_path / name).write_bytes(b"PK\x03\x04 and no end")
        with pytest.raises(LandscapeError):
            read(tmp_path / name)
