"""Waves run up beaches and back."""

from __future__ import annotations

import numpy as np

from landscape.compose.plates import run_up
from landscape.images.grid import Grid
from landscape.masks.beach import find_beach
from landscape.motion.current import survey
from landscape.motion.water import make_water_clock
from landscape.settings import MotionSettings


def test_waves_run_up_beaches_and_back_but_not_over_what_stands_in_the_water() -> None:
    water = np.zeros((60, 90), np.float32)
    water[15:40] = 1
    water[30:37, 40:46] = 0  # somebody stands in it
    still = np.zeros((60, 90, 2), np.float32)
    beach = find_beach(np.full((240, 360, 3), 150, np.uint8), water)
    found = survey(water, still, still, 0 * water, 0 * water, 0.2, beach=beach)
    kinds = np.zeros((60, 90, 3), np.float32)
    kinds[..., 2] = 1
    clock = make_water_clock(found, kinds, MotionSettings(), 0.2, water, (240, 360))
    come = [clock.run_up(seconds) for seconds in np.linspace(0, 4.5, 10)]
    assert all(offset is not None for offset in come)
    offsets = np.stack([offset for offset in come if offset is not None])
    assert np.abs(offsets[0]).max() < 1e-5, "the first picture is the photo"
    assert offsets[..., 1].max() < 1e-5
    assert -offsets[:, 41].min(axis=0)[..., 1].mean() > 1
    assert np.abs(offsets[:, 28:38, 38:48]).max() < 1e-5
    assert np.abs(offsets[:, :12]).max() < 1e-5, "nothing runs up a shore behind the water"
    mirror = np.zeros_like(kinds)
    mirror[..., 0] = 1
    assert make_water_clock(found, mirror, MotionSettings(), 0.2, water, (240, 360)).run_up(1.0) is None


def test_what_runs_up_covers_what_lies_beside_it() -> None:
    grid = Grid(64, 64, 4)
    alpha = np.zeros((64, 64), np.uint8)
    alpha[:32] = 255
    window = (6, 12, 0, 16)
    offset = np.zeros((8, 18, 2), np.float32)
    strip = alpha[24:48]
    assert run_up(alpha, 24, strip, offset, grid, window) is strip
    offset[..., 1] = -5
    come = run_up(alpha, 24, strip, offset, grid, window)
    assert (come[:13] == 255).all() and not come[13:].any()


def test_beaches_are_of_sand_or_pebbles() -> None:
    water = np.zeros((60, 90), np.float32)
    water[15:40] = 1
    rng = np.random.default_rng(0)
    grain = rng.normal(0, 1, (240, 360, 1))
    looks = {"sand": 150 + 3 * grain, "rocks": 120 + 40 * grain, "planks at dusk": 30 + 10 * grain, "frame": 0 * grain}
    found = {
        look: find_beach(np.repeat(np.clip(light, 0, 255).astype(np.uint8), 3, axis=2), water)
        for look, light in looks.items()
    }
    assert found["sand"][42:].min() > 0.95 and not found["sand"][:38].any()
    assert all(found[look].max() < 0.05 for look in ("rocks", "planks at dusk", "frame"))
    assert not find_beach(np.full((240, 360, 3), 150, np.uint8), np.ones((60, 90), np.float32)).any()
