"""The light of what stands still follows the generator's picture of it alone."""

from __future__ import annotations

import numpy as np
import pytest

from landscape.light.relight import StaticLight

ROWS, COLUMNS = 60, 80
BRIGHT, DIM = 230.0, 50.0


def scene(strip: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Ground, above it perhaps a thin shore in the sky; their share, and the generator's picture: dim ground alone."""
    static = np.zeros((ROWS, COLUMNS), np.float32)
    static[40:] = 1
    if strip:
        static[26:28] = 1
    after = np.full((ROWS, COLUMNS, 3), BRIGHT, np.float32)
    after[40:] = DIM
    return np.full((ROWS, COLUMNS, 3), 100, np.float32), static, after


@pytest.mark.parametrize("strip", [False, True])
def test_ground_and_thin_strips_get_the_ground_s_light(strip: bool) -> None:
    """The generator's pixels are too large to show the shore: what they show there is the sky."""
    photo, static, after = scene(strip)
    light = StaticLight(photo, static, np.full_like(photo, 100), cell=2.0)
    gain, offset = light.fit(after)
    lit = gain * photo + offset
    assert np.abs(lit[45:] - DIM).max() < 3
    if strip:
        assert np.abs(lit[26:28] - DIM).max() < 12


def test_strips_alone_take_the_light_that_is_seen_there() -> None:
    """Without any ground that is seen clearly there is nothing else to go by; brightening has its limits."""
    photo, static, after = scene(True)
    static[40:] = 0
    light = StaticLight(photo, static, np.full_like(photo, 100), cell=2.0)
    gain, offset = light.fit(after)
    assert (gain * photo + offset)[26:28].min() > 170


def test_the_same_light_changes_nothing() -> None:
    rng = np.random.default_rng(0)
    photo = rng.uniform(20, 220, (ROWS, COLUMNS, 3)).astype(np.float32)
    before = rng.uniform(20, 220, (ROWS, COLUMNS, 3)).astype(np.float32)
    static = scene(True)[1]
    gain, offset = StaticLight(photo, static, before, cell=2.0).fit(before)
    assert np.abs(gain * photo + offset - photo)[static > 0].max() < 1.5
