"""The comparison of full-size frames."""

from __future__ import annotations

import json

import cv2
import numpy as np
import pytest

from landscape.evaluation.output import METHODS, evaluate_output, gradient_energy, markdown_table
from landscape.photo.read import Photo
from landscape.scene.scene import Scene
from landscape.settings import FitSettings
from tests.mattes import hard_matte


def test_gradient_energy_falls_with_blur(landscape_pixels):
    mask = np.ones(landscape_pixels.shape[:2], np.float32)
    blurred = cv2.GaussianBlur(landscape_pixels, (0, 0), 2)
    assert gradient_energy(blurred, mask) < 0.5 * gradient_energy(landscape_pixels, mask)


def test_four_methods_are_measured_and_tabled(landscape_pixels, small_models):
    labels = np.zeros(landscape_pixels.shape[:2], np.uint8)
    labels[:56] = 1
    masks = hard_matte(labels)
    scene = Scene.open(Photo(landscape_pixels, "made up"), small_models, FitSettings(variant="E"), masks=masks)
    steps = []
    row = evaluate_output(scene, 128, 2.0, lambda *step: steps.append(step))
    assert json.loads(json.dumps(row)) == row
    assert row["landscape"]["static_difference"] == 0 and row["landscape"]["static_flicker"] == 0
    assert row["warp"]["static_difference"] == 0 and row["warp"]["sharpness"][0] == pytest.approx(1, abs=0.05)
    assert row["bicubic"]["static_difference"] > 10
    assert row["landscape"]["first_moving_ssim"] > 0.9
    assert row["loop_closing"] < 3
    assert steps[-1][1] == steps[-1][2]
    table = markdown_table([row, row])
    assert all(f"| {method} |" in table for method in METHODS)
