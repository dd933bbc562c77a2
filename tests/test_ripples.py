"""Still water: found by its reflections, rippling in place, in loops."""

from __future__ import annotations

import cv2
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from landscape.masks.mirror import mirror_likeness
from landscape.motion.ripples import make_ripples
from landscape.settings import MotionSettings

HEIGHT, WIDTH, LINE = 160, 240, 80


def upper() -> np.ndarray:
    noise = np.random.default_rng(0).normal(size=(LINE, WIDTH, 3)).astype(np.float32)
    noise = cv2.GaussianBlur(noise, (0, 0), 4)
    return (128 + 40 * noise / noise.std()).clip(0, 255).astype(np.uint8)


def water() -> np.ndarray:
    mask = np.zeros((HEIGHT, WIDTH), np.float32)
    mask[LINE:] = 1
    return mask


def test_mirrors_are_told_from_waves() -> None:
    top = upper()
    dim = (top[::-1] * 0.7).astype(np.uint8)
    assert mirror_likeness(np.vstack([top, dim]), water()) > 0.8
    waves = np.roll(top, (13, 57), axis=(0, 1))
    assert mirror_likeness(np.vstack([top, waves]), water()) < 0.3
    assert mirror_likeness(np.vstack([top, dim]), np.zeros((HEIGHT, WIDTH), np.float32)) == 0


@settings(max_examples=25, deadline=None)
@given(seconds=st.floats(0, 60), loop=st.floats(1, 20), speed=st.floats(0.1, 4))
def test_ripples_stay_near_return_and_begin_as_the_photo(seconds: float, loop: float, speed: float) -> None:
    ripples = make_ripples(MotionSettings(speed=speed), water(), 1000, loop)
    (start,), (now,), (later,) = (ripples.at(t, 40, 60) for t in (0.0, seconds, seconds + loop))
    assert not start.offset.any()
    assert np.abs(now.offset).max() <= 2 * 0.0022 * 1000 * min(speed, 2) * 1.01
    assert np.abs(now.offset - later.offset).max() < 0.02
    assert not now.offset[:18].any()


def test_water_without_motion_is_still() -> None:
    (phase,) = make_ripples(MotionSettings(water=0.0), water(), 1000).at(3.0, 40, 60)
    assert not phase.offset.any()
