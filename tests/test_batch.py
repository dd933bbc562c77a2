"""Many photos, one recipe: skipping, failing, going on."""

from __future__ import annotations

import dataclasses
import json
import threading
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from landscape.commands.choices import with_format
from landscape.errors import Cancelled, LandscapeError
from landscape.output.video import probe_video
from landscape.progress import Progress
from landscape.scene.batch import UNEXPECTED, BatchItem, animator, plan_batch, run_batch
from landscape.scene.recipe import read_recipe
from landscape.scene.shot import Shot
from landscape.settings import ExportSettings, FitSettings, MotionSettings

RECIPE = Shot(MotionSettings(0.0, 2.0), inversion=FitSettings("E"), export=ExportSettings(0.3, 10, 64))


@pytest.fixture
def photos(tmp_path: Path, landscape_pixels: np.ndarray) -> Path:
    folder = tmp_path / "photos"
    (folder / "more").mkdir(parents=True)
    for name in ("b.png", "a.jpg", "more/a.png"):
        Image.fromarray(landscape_pixels).save(folder / name)
    (folder / "broken.jpg").write_bytes(b"no photo")
    (folder / "notes.txt").write_text("no photo")
    return folder


@pytest.fixture
def made() -> list[Path]:
    return []


@pytest.fixture
def animate(made: list[Path]):
    def work(item: BatchItem, recipe: Shot, progress: Progress, cancel: threading.Event | None) -> None:
        made.append(item.photo)
        if item.photo.stem == "broken":
            raise LandscapeError("Broken.")
        item.out.write_bytes(b"clip")

    return work


def test_each_photo_gets_a_file_of_its_own(photos: Path, tmp_path: Path) -> None:
    items = plan_batch([photos, photos / "more" / "a.png", photos / "b.png"], tmp_path, RECIPE)
    assert [(item.photo.name, item.out.name) for item in items] == [
        ("a.jpg", "a.mp4"),
        ("b.png", "b.mp4"),
        ("broken.jpg", "broken.mp4"),
        ("a.png", "a-2.mp4"),
    ]
    webm = dataclasses.replace(RECIPE, export=ExportSettings(format="av1"))
    assert plan_batch([photos / "b.png"], tmp_path, webm)[0].out.name == "b.webm"
    with pytest.raises(LandscapeError, match="no photo"):
        plan_batch([tmp_path], tmp_path, RECIPE)


def test_failures_do_not_stop_the_rest_and_the_next_run_goes_on(
    photos: Path, tmp_path: Path, animate, made: list[Path]
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    items = plan_batch([photos], out, RECIPE)
    report = run_batch(items, RECIPE, animate)
    assert [path.name for path in report.written] == ["a.mp4", "b.mp4"]
    assert report.failed == {photos / "broken.jpg": "Broken."}
    made.clear()
    report = run_batch(items, RECIPE, animate)
    assert [path.name for path in report.skipped] == ["a.mp4", "b.mp4"]
    assert made == [photos / "broken.jpg"]


@pytest.mark.parametrize("change", ["recipe", "photo", "file", "record"])
def test_what_changed_is_made_again(photos: Path, tmp_path: Path, animate, made: list[Path], change: str) -> None:
    items = plan_batch([photos / "b.png"], tmp_path, RECIPE)
    run_batch(items, RECIPE, animate)
    recipe = RECIPE
    if change == "recipe":
        recipe = dataclasses.replace(RECIPE, motion=MotionSettings(90.0, 2.0))
    elif change == "photo":
        Image.new("RGB", (128, 96), "red").save(photos / "b.png")
    elif change == "file":
        items[0].out.unlink()
    else:
        (tmp_path / "b.mp4.json").write_text("[]")
    assert run_batch(items, recipe, animate).skipped == []
    assert len(made) == 2


def test_unexpected_errors_are_listed_too(photos: Path, tmp_path: Path) -> None:
    def fail(*arguments: object) -> None:
        raise MemoryError

    report = run_batch(plan_batch([photos / "b.png"], tmp_path, RECIPE), RECIPE, fail)
    assert report.failed == {photos / "b.png": UNEXPECTED}


def test_cancel_keeps_what_is_finished(photos: Path, tmp_path: Path, animate) -> None:
    cancel = threading.Event()

    def stop(stage: str, done: int, total: int) -> None:
        if done == 1:
            cancel.set()

    with pytest.raises(Cancelled):
        run_batch(plan_batch([photos], tmp_path, RECIPE), RECIPE, animate, stop, cancel)
    assert sorted(path.name for path in tmp_path.glob("*.mp4*")) == ["a.mp4", "a.mp4.json"]


def test_real_clips_with_their_recipes(photos: Path, tmp_path: Path, small_models) -> None:
    report = run_batch(plan_batch([photos], tmp_path, RECIPE), RECIPE, animator(small_models))
    assert [path.name for path in report.written] == ["a.mp4", "b.mp4"]
    assert "not a picture" in report.failed[photos / "broken.jpg"]
    assert probe_video(tmp_path / "a.mp4")["frames"] == 3
    assert read_recipe(tmp_path / "a.mp4") == read_recipe(tmp_path / "a.mp4.json") == RECIPE
    assert json.loads((tmp_path / "a.mp4.json").read_text())["photo"]["name"] == "a.jpg"


def test_a_files_name_chooses_its_format() -> None:
    export = ExportSettings()
    assert with_format(export, Path("a.gif"), set()).format == "gif"
    assert with_format(dataclasses.replace(export, format="h265"), Path("a.mp4"), set()).format == "h265"
    assert with_format(dataclasses.replace(export, format="av1"), Path("a.webm"), {"format"}).format == "av1"
    with pytest.raises(LandscapeError, match="end in .webm"):
        with_format(dataclasses.replace(export, format="av1"), Path("a.mp4"), {"format"})
