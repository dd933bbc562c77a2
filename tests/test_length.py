"""Long clips: they go on, and nothing of them is kept."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from landscape.evaluation.clips import WIDTH
from landscape.evaluation.length import markdown_table, measure_frames, measure_length
from landscape.models.bundle import load_models
from landscape.photo.read import read_photo
from landscape.scene.scene import Scene
from landscape.settings import FitSettings, MotionSettings
from tests.test_motion_judge import HEIGHT, clouds

RATE = 2.0
SKY = np.ones((HEIGHT, WIDTH), bool)


def passing(step: int, seconds: int, length: int | None = None) -> Iterator[np.ndarray]:
    """Clouds that pass by; on a ring of so many columns they come again."""
    frames = round(seconds * RATE)
    strip = clouds(length or WIDTH + step * frames)
    for number in range(frames):
        picture = np.roll(strip, -step * number, axis=1)[:, :WIDTH]
        yield np.repeat(np.rint(picture).astype(np.uint8)[..., None], 3, axis=2)


def test_a_sky_that_returns_within_a_minute_is_told_from_one_that_goes_on():
    on, back = measure_frames(passing(20, 90), SKY, RATE), measure_frames(passing(20, 90, 800), SKY, RATE)
    assert on["frames"] == 180 and on["returns"] < 0.5
    assert back["returns"] > 0.99 and back["returns_after"] == pytest.approx(20)
    late = measure_frames(passing(20, 150, 2600), SKY, RATE)
    assert late["returns"] < 0.5, "a return after 65 seconds is none within a minute"


def test_lost_sharpness_and_other_colours_are_told():
    frames = list(passing(20, 40))
    same = measure_frames(frames, SKY, RATE)
    assert same["sharp_lowest"] > 0.8 and same["sharp_highest"] < 1.2 and same["colour_drift"] < 5
    soft = [cv2.GaussianBlur(frame, (0, 0), 0.3 + number / 20) for number, frame in enumerate(frames)]
    assert measure_frames(soft, SKY, RATE)["sharp_lowest"] < 0.8
    red = [np.clip(frame + np.int16([number, 0, 0]), 0, 255).astype(np.uint8) for number, frame in enumerate(frames)]
    assert measure_frames(red, SKY, RATE)["colour_drift"] > 10
    assert "| a | 0.1 |" in markdown_table([{"name": "a", **same, "returns": 0.1}])


@pytest.mark.slow
def test_ten_minutes_go_on():
    photo = read_photo(Path(__file__).parents[1] / "assets" / "alpine_clouds.jpg", 640)
    scene = Scene.open(photo, load_models(), FitSettings(variant="E"))
    found = measure_length(scene, MotionSettings(direction=90.0, speed=1.5), 600.0, 256, RATE)
    assert found["frames"] == 1200
    assert found["returns"] < 0.78, "no picture of the sky comes again within a minute"
    assert 0.35 < found["sharp_lowest"] <= found["sharp_highest"] < 1.5, "clouds come and go, but never all"
    assert found["colour_drift"] < 7
    assert found["memory_mb"] < 60, "nothing of the clip is kept"
