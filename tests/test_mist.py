"""Tests of hills that show through mist."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from landscape.images.filters import blur
from landscape.masks.mist import find_in_mist

HEIGHT, WIDTH, GROUND = 300, 400, 220
GREY, DARK = 190.0, 50.0


def _scene(patch: float, contrast: float = 25, *, top: int = 190, bottom: int = 212) -> tuple[np.ndarray, ...]:
    """A misty sky with a textured patch of this brightness near the dark ground, and the masks of both."""
    rng = np.random.default_rng(3)
    light = np.full((HEIGHT, WIDTH), GREY, np.float32)
    light += 4 * blur(rng.standard_normal((HEIGHT, WIDTH)).astype(np.float32), 12) / 0.03
    light[GROUND:] = DARK + 10 * rng.standard_normal((HEIGHT - GROUND, WIDTH))
    texture = patch + contrast * blur(rng.standard_normal((HEIGHT, WIDTH)).astype(np.float32), 1.5) / 0.2
    here = np.zeros((HEIGHT, WIDTH), np.float32)
    here[top:bottom, 150:220] = 1
    here = blur(here, 2.0)
    light = light * (1 - here) + texture * here
    sky = np.zeros((HEIGHT, WIDTH), np.float32)
    sky[:GROUND] = 1
    photo = np.clip(np.dstack([light, light, light + 6]), 0, 255).astype(np.uint8)
    return photo, sky, 1 - sky


def test_a_hill_in_mist_is_found_where_it_is() -> None:
    """The patch is half as dark as the ground: a hill that shows through."""
    found = find_in_mist(*_scene(140))
    assert found is not None and found.shape == (HEIGHT, WIDTH)
    assert found[195:208, 160:210].mean() > 0.8
    found[180:, 135:235] = 0
    assert found.max() < 0.05


def test_the_ground_itself_and_the_open_sky_are_left_alone() -> None:
    """Nothing is said of what the mask does not give to the sky."""
    photo, sky, land = _scene(140)
    found = find_in_mist(photo, sky, land)
    assert found is not None
    assert found[GROUND + 6 :].max() == 0
    assert found[:150].max() == 0


def test_bright_clouds_over_the_ground_move_on() -> None:
    """A cloud may have any detail, but it has not the ground's colour."""
    assert find_in_mist(*_scene(225, 12)) is None


def test_things_in_the_open_sky_are_no_hills() -> None:
    """A dark balloon far above the ground has nothing to do with it."""
    assert find_in_mist(*_scene(140, top=80, bottom=102)) is None


def test_clouds_over_the_sea_have_its_colour_and_move_on() -> None:
    """Where the dark ground is water, nothing there stands still."""
    photo, sky, _ = _scene(140)
    assert find_in_mist(photo, sky, np.zeros_like(sky)) is None


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_without_a_border_there_is_nothing_to_look_for(share: float) -> None:
    """All sky, or none."""
    photo, *_ = _scene(140)
    sky = np.full((HEIGHT, WIDTH), share, np.float32)
    assert find_in_mist(photo, sky, 1 - sky) is None


def test_large_photos_give_the_same_answer() -> None:
    """It is looked for at a limited size."""
    photo, sky, land = _scene(140)
    large = cv2.resize(photo, (3 * WIDTH, 3 * HEIGHT), interpolation=cv2.INTER_LINEAR)
    found = find_in_mist(large, *(cv2.resize(mask, (3 * WIDTH, 3 * HEIGHT)) for mask in (sky, land)))
    assert found is not None and found.shape == (3 * HEIGHT, 3 * WIDTH)
    assert found[600:620, 490:620].mean() > 0.6
