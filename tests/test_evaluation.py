"""The viewer's checks, on a scene made here."""

import json

import numpy as np
import pytest

from landscape.evaluation.animation import evaluate_animation, summarise
from landscape.photo.read import Photo
from landscape.scene.scene import Scene
from landscape.settings import FitSettings
from tests.mattes import hard_matte


def test_a_textured_sky_moves_where_it_should_and_land_stands_still(small_models):
    import cv2

    rng = np.random.default_rng(1)
    pixels = cv2.GaussianBlur(rng.integers(0, 255, (240, 320, 3)).astype(np.float32), (0, 0), 4)
    pixels = ((pixels - pixels.mean()) * 5 + 128).clip(0, 255).astype(np.uint8)
    labels = np.zeros((240, 320), np.uint8)
    labels[:150] = 1
    scene = Scene.open(
        Photo(pixels, "noise"),
        small_models,
        FitSettings(latent_steps=4, tune_steps=4),
        masks=hard_matte(labels),
    )
    result = evaluate_animation(scene)
    assert result["static_ssim"] == pytest.approx(1, abs=1e-3)
    assert all(hour["static_flow"] < hour["sky_flow"] / 4 for hour in result["hours"].values())
    assert list(result["hours"]) == [str(hour) for hour in range(1, 13)]
    for name in ("direction_error_deg", "later_error_deg"):
        errors = {hour: found[name] for hour, found in result["hours"].items()}
        # At 1, 5, 7 and 11 o'clock the mean of the clock's flow leans sideways, whatever the photo.
        leaning = [errors.pop(hour) for hour in ("1", "5", "7", "11")]
        assert max(errors.values()) < 25 and max(leaning) < 55, name
    assert 1.3 < result["flow_ratio_at_double_speed"] < 3
    assert result["night_darker"] and result["sunset_warmer"]
    assert json.loads(json.dumps(result)) == result
    summary = summarise([result, result])
    assert summary["photos"] == 2 and summary["night_darker"] == "2 of 2"
