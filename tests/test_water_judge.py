"""The judge of how water moves."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from landscape.cli import cli
from landscape.errors import LandscapeError
from landscape.evaluation.water import WaterShot, angle_between, compare_flow, measure_water
from landscape.evaluation.water_clips import against_clip, warped
from landscape.evaluation.water_shots import water_shots
from tests.mattes import hard_matte

SIZE = (120, 160)


def texture(seed: int) -> np.ndarray:
    noise = cv2.GaussianBlur(np.random.default_rng(seed).normal(size=SIZE).astype(np.float32), (0, 0), 2)
    return np.repeat((128 + 40 * noise / noise.std()).clip(0, 255).astype(np.uint8)[..., None], 3, axis=2)


def labels() -> np.ndarray:
    found = np.zeros(SIZE, np.uint8)
    found[:, 50:110] = 2
    return found


def falling_frames() -> list[np.ndarray]:
    photo, water = texture(1), texture(2)
    frames = []
    for step in range(6):
        frame = photo.copy()
        frame[labels() == 2] = np.roll(water, 2 * step, axis=0)[labels() == 2]
        frames.append(frame)
    return frames


def test_the_angle_to_a_real_flow() -> None:
    frames, water = falling_frames(), labels() == 2
    for way, most in (((0, 1), 10), ((1, 0), 100), ((0, -1), 180)):
        compared = compare_flow(frames, np.full((*SIZE, 2), way, np.float32), water)
        assert compared is not None and most - 20 < compared[0] <= most
        assert compared[1] == pytest.approx(160 / 2, rel=0.25)  # a width against two pixels
        assert compared[2] == pytest.approx(2, rel=0.25)
    assert compare_flow(frames[:1] * 4, np.ones((*SIZE, 2), np.float32), water) is None
    assert np.allclose(angle_between(np.array([[1.0, 0]]), np.array([[0.0, 2]])), 90)


class Difference:
    """Mean difference of pictures in place of a network."""

    shift = torch.zeros(1)

    def __call__(self, a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
        return (a - b).abs().mean(dim=(1, 2, 3))


def test_a_clip_is_most_like_itself_and_what_stands_does_not_move() -> None:
    frames, water = falling_frames(), (labels() == 2).astype(np.float32)
    ways = {
        "same": lambda seconds: frames[round(seconds * 10)],
        "still": lambda seconds: frames[0],
        "warp": warped(frames[0], 0.3),
    }
    figures = against_clip(frames, 10.0, water, ways, Difference())  # type: ignore[arg-type]
    assert figures["lpips_same"] == 0 < min(figures["lpips_still"], figures["lpips_warp"])
    assert figures["flow_same"] == pytest.approx(1) and figures["flow_still"] < 0.1 < figures["flow_warp"]


def test_figures_of_a_river_that_runs_down_between_banks() -> None:
    frames = falling_frames()
    figures, current, made = measure_water(WaterShot("river", "river", hard_matte(labels()), frames))
    assert figures["direction_deg"] < 20 and figures["stands"] < 2 and figures["moves"] > 2
    assert figures["contrast"] > 0.6 and figures["seam"] < 2 and abs(figures["flow"] - 1) < 0.3
    assert current[..., 1].max() > 0.01 and not current[:, 0].any()
    assert made[0].shape == frames[0].shape


def test_the_command_writes_figures_and_a_sheet(tmp_path: Path) -> None:
    (tmp_path / "clips" / "brook").mkdir(parents=True)
    (tmp_path / "labels").mkdir()
    for number, frame in enumerate(falling_frames()):
        cv2.imwrite(str(tmp_path / "clips" / "brook" / f"{number:03}.png"), frame)
    (tmp_path / "clips" / "scenes.json").write_text('{"brook": {"kind": "river"}}')
    cv2.imwrite(str(tmp_path / "labels" / "brook.png"), labels())
    files = {name: tmp_path / f"out.{name}" for name in ("json", "md", "html")}
    arguments = ["evaluate", "water", str(tmp_path / "clips"), "--labels", str(tmp_path / "labels")]
    arguments += ["--json", str(files["json"]), "--table", str(files["md"]), "--html", str(files["html"])]
    result = CliRunner().invoke(cli, arguments)
    assert result.exit_code == 0, result.output
    report = json.loads(files["json"].read_text())
    assert report["shots"][0]["name"] == "brook" and report["summary"]["river"]["photos"] == 1
    assert "brook" in files["md"].read_text() and files["html"].read_text().count("<img") == 9
    (tmp_path / "clips" / "scenes.json").write_text("[1]")
    with pytest.raises(LandscapeError, match="no table of clips"):
        list(water_shots([tmp_path / "clips"], None, tmp_path / "labels"))  # type: ignore[arg-type]
