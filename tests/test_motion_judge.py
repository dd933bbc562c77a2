"""The judge of how skies move."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from landscape.cli import cli
from landscape.errors import LandscapeError
from landscape.evaluation.clips import WIDTH, Clip, find_clips, read_frames, sky_of_labels
from landscape.evaluation.motion import LIMITS, faults, measure
from landscape.evaluation.motion_clips import paired_clips
from landscape.evaluation.motion_sheet import html_sheet, make_row, markdown_table, summarise, worst_first
from landscape.settings import FitSettings, MotionSettings
from tests.mattes import hard_matte
from tests.test_comparison import case

HEIGHT = 160


def clouds(length: int, seed: int = 0) -> np.ndarray:
    """A long strip of clouds, float32 (HEIGHT, length) from 0 to 255."""
    noise = np.random.default_rng(seed).normal(0, 1, (HEIGHT, length)).astype(np.float32)
    smooth = cv2.GaussianBlur(noise, (0, 0), 5)
    return np.clip(130 + 45 * smooth / smooth.std(), 0, 255)


def clip(pictures, name: str = "made up", asked=None, sky=None) -> Clip:
    frames = [np.repeat(np.rint(p).astype(np.uint8)[..., None], 3, axis=2) for p in pictures]
    return Clip(name, frames, np.ones((HEIGHT, WIDTH), bool) if sky is None else sky, asked)


def travelling(step: int = 4, frames: int = 40) -> list[np.ndarray]:
    strip = clouds(WIDTH + step * frames)
    return [strip[:, step * (frames - i) : step * (frames - i) + WIDTH] for i in range(frames)]


def coming_back(frames: int = 40) -> list[np.ndarray]:
    strip = clouds(WIDTH + 80)
    return [strip[:, round(40 + 20 * np.sin(i / 3)) :][:, :WIDTH] for i in range(frames)]


def test_a_sky_that_travels_is_told_from_one_that_comes_back():
    far, near = measure(clip(travelling())), measure(clip(coming_back()))
    assert far["path"] == pytest.approx(39 * 4 / WIDTH, rel=0.2)
    assert far["back"] < 0.3 < 0.7 < near["back_max"]
    assert abs(far["streaks"]) < 0.1 and far["sharp"] == pytest.approx(1, abs=0.15)
    assert far["evolves"] < 0.15
    assert "back_max" in faults(near) and "back" not in faults(far)


def test_change_that_flow_does_not_explain():
    strip = [clouds(WIDTH, seed) for seed in (1, 2)]
    turned = [np.cos(i / 30) * strip[0] + np.sin(i / 30) * strip[1] for i in range(40)]
    assert measure(clip([np.clip(p, 0, 255) for p in turned]))["evolves"] > 0.02
    assert measure(clip([strip[0]] * 20))["evolves"] < 0.01


def test_streaks_and_sharpness():
    first = clouds(WIDTH)
    streaked = [cv2.blur(first, (1 + 2 * i, 1)) for i in range(20)]
    assert measure(clip(streaked))["streaks"] > 0.15
    blurred = measure(clip([cv2.GaussianBlur(first, (0, 0), 0.3 + 0.2 * i) for i in range(20)]))
    assert blurred["sharp"] < 0.8


def test_jerk_and_colour_drift():
    calm, frames = travelling(), travelling()
    frames[30] = np.clip(frames[30] + 40, 0, 255)
    assert measure(clip(frames))["jerk"] > 3 * measure(clip(calm))["jerk"]
    darker = [np.clip(p - i, 0, 255) for i, p in enumerate(calm)]
    assert measure(clip(darker))["colour_drift"] > 10


def test_the_flow_that_was_asked_for():
    moved = measure(clip(travelling(), asked=(39 * 4 / WIDTH, 0.0)))
    assert moved["flow_ratio"] == pytest.approx(1, abs=0.25) and moved["flow_error_deg"] < 10
    wrong = measure(clip(travelling(), asked=(0.0, 0.7)))
    assert wrong["flow_error_deg"] == pytest.approx(90, abs=10) and "flow_error_deg" in faults(wrong)


def peak(x: np.ndarray, y: np.ndarray, at: float) -> np.ndarray:
    return y > 40 + np.abs(x - at)


def test_a_ghost_of_a_mountain_is_flagged():
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    land, frames = peak(x, y, 160), travelling(2, 60)
    haunted = []
    for i, frame in enumerate(frames):
        ghost = cv2.GaussianBlur(peak(x, y, 160 + 1.5 * i).astype(np.float32), (0, 0), 1.5)
        haunted.append(np.where(land, 30, np.clip(frame - 100 * ghost, 0, 255)))
    sky = cv2.erode((~land).astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    plain = [np.where(land, 30, frame) for frame in frames]
    clean, ghostly = measure(clip(plain, sky=sky)), measure(clip(haunted, sky=sky))
    assert clean["outlines"] <= LIMITS["outlines"][1] < ghostly["outlines"]


def test_a_copy_beside_its_original_is_flagged():
    frames = travelling(1)
    copied = [p if i < 10 else 0.5 * p + 0.5 * np.roll(p, 60, axis=1) for i, p in enumerate(frames)]
    clean, double = measure(clip(frames)), measure(clip(copied))
    assert clean["copies"] <= LIMITS["copies"][1] < double["copies"]


def test_too_little_says_nothing():
    assert not clip([clouds(WIDTH)] * 5).tells
    assert not clip([clouds(WIDTH)] * 20, sky=np.zeros((HEIGHT, WIDTH), bool)).tells
    with pytest.raises(ValueError, match="12 frames"):
        measure(clip([clouds(WIDTH)] * 5))


def write_frames(folder: Path, frames: list[np.ndarray], labels: np.ndarray | None = None) -> None:
    folder.mkdir()
    for number, frame in enumerate(frames):
        cv2.imwrite(str(folder / f"{number:03d}.jpg"), frame)
    if labels is not None:
        cv2.imwrite(str(folder / "labels.png"), labels)


def test_clips_are_found_and_read(tmp_path):
    write_frames(tmp_path / "a", travelling()[:3], np.ones((HEIGHT, WIDTH), np.uint8))
    write_frames(tmp_path / "b", travelling()[:2])
    assert [path.name for path in find_clips([tmp_path])] == ["a", "b"]
    assert find_clips([tmp_path / "a"]) == [tmp_path / "a"]
    frames = read_frames(tmp_path / "a")
    assert len(frames) == 3 and frames[0].shape == (HEIGHT, WIDTH, 3)
    assert sky_of_labels(np.ones((8, 8), np.uint8), (HEIGHT, WIDTH)).all()
    (tmp_path / "empty").mkdir()
    for path in (tmp_path / "empty", tmp_path / "missing", Path(__file__)):
        with pytest.raises(LandscapeError, match="no clip"):
            find_clips([path])


def test_the_worst_comes_first():
    rows = [make_row(c, measure(c)) for c in (clip(travelling(), "good <1>"), clip(coming_back(), "bad"))]
    assert [row.name for row in worst_first(rows)] == ["bad", "good <1>"]
    assert len(rows[0].pictures) == 6 and rows[0].pictures[0].startswith(b"\xff\xd8")
    page = html_sheet(rows)
    assert page.index("<h2>bad") < page.index("<h2>good &lt;1&gt;") and page.count("<img") == 12
    assert markdown_table(rows).count("\n") == 4
    assert summarise(rows)["back_max"]["outside"] == 1
    assert json.loads(json.dumps([row.as_dict() for row in rows]))[1]["faults"]


def test_the_command_writes_figures_and_a_sheet(tmp_path):
    write_frames(tmp_path / "clip", travelling()[:20], np.ones((HEIGHT, WIDTH), np.uint8))
    files = {name: tmp_path / f"out.{name}" for name in ("json", "md", "html")}
    arguments = ["evaluate", "motion", str(tmp_path / "clip"), "--json", str(files["json"])]
    result = CliRunner().invoke(cli, [*arguments, "--table", str(files["md"]), "--html", str(files["html"])])
    assert result.exit_code == 0, result.output
    report = json.loads(files["json"].read_text())
    assert report["clips"][0]["name"] == "clip" and report["summary"]["clips"] == 1
    assert files["md"].read_text().startswith("| clip |") and "<h2>clip" in files["html"].read_text()


def test_what_the_generator_draws_is_told_from_what_moves():
    moved, fading = travelling(2), clouds(WIDTH, 5) - 130
    drawn = [np.clip(p + 0.6 * np.sin(i / 6) * fading, 0, 255) for i, p in enumerate(moved)]
    all_drawn, none = (dataclasses.replace(clip(drawn), held=clip(held).frames) for held in (moved, drawn))
    found, same = measure(all_drawn), measure(none)
    assert found["drawn"] > 0.6 and same["drawn"] == 0
    assert found["evolves_held"] < 0.8 * found["evolves"] and same["evolves_held"] == same["evolves"]
    assert "drawn" not in measure(clip(drawn)), "it takes a second clip"


def test_land_says_how_far_back_can_fall():
    """Dark land beside a sky of faint clouds shines into it; a sky alone has none of it."""
    sky = np.ones((HEIGHT, WIDTH), bool)
    sky[60:] = False
    faint = [np.where(sky, 170 + (picture - 130) / 6, 20) for picture in travelling()]
    beside, alone = measure(clip(faint, sky=sky)), measure(clip(travelling()))
    assert beside["land"] > 0.6 and alone["land"] < 0.05
    assert beside["back"] == pytest.approx(beside["land"], abs=0.2) and alone["back"] < 0.3
    assert beside["back_alone"] < 0.4


def test_ours_is_measured_beside_the_real_clip(small_models):
    moving = case()
    still = dataclasses.replace(moving, name="still", motion=MotionSettings(speed=0.0))
    pairs = list(paired_clips([still, moving], small_models, FitSettings(latent_steps=4, tune_steps=4)))
    assert [real.name for real, _ in pairs] == [moving.name], "a sky that stands has no direction to go"
    real, ours = pairs[0]
    assert len(ours.frames) == len(real.frames) and real.sky is ours.sky and real.asked == ours.asked
    row = make_row(ours, measure(ours), make_row(real, measure(real)))
    assert row.real.figures["flow_ratio"] == pytest.approx(1, abs=0.35)
    assert row.real.figures["flow_error_deg"] < 10 and row.figures["flow_error_deg"] < 25
    summary, table = summarise([row]), markdown_table([row])
    assert summary["real"]["path"]["median"] == row.real.figures["path"] and row.as_dict()["real"]["faults"] is not None
    assert f"({row.real.figures['path']:g})" in table
    assert html_sheet([row]).count("<img") == 12 and "<h2>real" in html_sheet([row])


def test_beside_moves_as_the_clip_does_and_not_as_asked(tmp_path):
    write_frames(tmp_path / "clip", travelling()[:20])
    result = CliRunner().invoke(cli, ["evaluate", "motion", str(tmp_path / "clip"), "--beside", "--animate"])
    assert isinstance(result.exception, LandscapeError) and "without --animate" in str(result.exception)


def test_beside_finds_skies_by_the_networks_of_the_weights(tmp_path, monkeypatch, small_models):
    write_frames(tmp_path / "clip", travelling(2)[:14])
    labels = np.zeros((HEIGHT, WIDTH), np.uint8)
    labels[: HEIGHT // 2] = 1
    seen = []

    def find(pixels, *networks):
        seen.append(networks)
        return hard_matte(labels)

    monkeypatch.setattr("landscape.evaluation.cases.find_matte", find)
    monkeypatch.setattr("landscape.models.bundle.load_models", lambda weights: small_models)
    arguments = ["evaluate", "motion", str(tmp_path / "clip"), "--beside", "--fit-seconds", "0.2"]
    result = CliRunner().invoke(cli, [*arguments, "--json", str(tmp_path / "out.json")])
    assert result.exit_code == 0, result.output
    assert seen == [(small_models.segmenter, small_models.corrector)]
    assert json.loads((tmp_path / "out.json").read_text())["clips"][0]["real"]["path"] > 0
