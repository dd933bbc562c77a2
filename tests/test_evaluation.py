"""The viewer's checks, on a scene made here."""

import json

import cv2
import numpy as np
import pytest

from landscape.evaluation import animation
from landscape.evaluation.animation import evaluate_animation, summarise
from landscape.photo.read import Photo
from landscape.scene.scene import Scene
from landscape.settings import FitSettings
from tests.mattes import hard_matte


def noise_scene(models, rows_of_sky: int) -> Scene:
    rng = np.random.default_rng(1)
    pixels = cv2.GaussianBlur(rng.integers(0, 255, (240, 320, 3)).astype(np.float32), (0, 0), 4)
    pixels = ((pixels - pixels.mean()) * 5 + 128).clip(0, 255).astype(np.uint8)
    labels = np.zeros((240, 320), np.uint8)
    labels[:rows_of_sky] = 1
    settings = FitSettings(latent_steps=4, tune_steps=4)
    return Scene.open(Photo(pixels, "noise"), models, settings, masks=hard_matte(labels))


def test_what_stands_still_has_no_figures_where_nothing_does(small_models, monkeypatch):
    monkeypatch.setattr(animation, "HOURS", (3,))
    result = evaluate_animation(noise_scene(small_models, 240))
    assert result["static_ssim"] is None and result["hours"]["3"]["static_flow"] is None
    assert result["hours"]["3"]["direction_error_deg"] < 25
    summary = summarise([result])
    assert summary["static_ssim_worst"] is None and summary["static_to_sky_flow_worst"] is None


def test_a_textured_sky_moves_where_it_should_and_land_stands_still(small_models):
    scene = noise_scene(small_models, 150)
    result = evaluate_animation(scene)
    assert result["static_ssim"] == pytest.approx(1, abs=1e-3)
    assert all(hour["static_flow"] < hour["sky_flow"] / 4 for hour in result["hours"].values())
    assert list(result["hours"]) == [str(hour) for hour in range(1, 13)]
    for name in ("direction_error_deg", "later_error_deg"):
        assert max(hour[name] for hour in result["hours"].values()) < 25, name
    assert 1.3 < result["flow_ratio_at_double_speed"] < 3
    assert result["night_darker"] and result["sunset_warmer"]
    assert json.loads(json.dumps(result)) == result
    summary = summarise([result, result])
    assert summary["photos"] == 2 and summary["night_darker"] == "2 of 2"
