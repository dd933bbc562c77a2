"""Bare trees before the sky are told from streaks of cloud."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from landscape.masks.twigs import find_twigs

HEIGHT, WIDTH, GROUND = 300, 400, 220
SKY, DARK = 180.0, 50.0


@pytest.fixture
def scene() -> tuple[np.ndarray, np.ndarray]:
    """A grainy bright sky with flat dark streaks that reach the dark ground, and the mask of the sky."""
    rng = np.random.default_rng(5)
    light = SKY + rng.normal(size=(HEIGHT, WIDTH)).astype(np.float32)
    streaks = cv2.GaussianBlur(rng.normal(size=(HEIGHT, WIDTH)).astype(np.float32), (0, 0), sigmaX=25, sigmaY=1.5)
    light += 10 * streaks / streaks.std()
    light[GROUND:] = DARK
    sky = np.zeros((HEIGHT, WIDTH), np.float32)
    sky[:GROUND] = 1
    return light, sky


def _photo(light: np.ndarray) -> np.ndarray:
    return np.clip(light[..., None] * np.ones(3), 0, 255).astype(np.uint8)


def _with_tree(light: np.ndarray, foot: int, darkness: float = 45) -> np.ndarray:
    """A tree of thin twigs, 16 px high, that hides a part of the sky behind each of them."""
    tree = np.zeros_like(light)
    for lean in (-6, -3, 0, 3, 6):
        cv2.line(tree, (200, foot), (200 + lean, foot - 16), 1.0, 1, cv2.LINE_AA)
    return light - darkness * tree


def test_streaks_of_cloud_are_no_trees(scene) -> None:
    light, sky = scene
    assert find_twigs(_photo(light), sky) is None


def test_a_tree_hides_as_much_of_the_sky_as_it_darkens_it(scene) -> None:
    light, sky = scene
    found = find_twigs(_photo(_with_tree(light, GROUND)), sky)
    assert found is not None and found.shape == (HEIGHT, WIDTH)
    assert found[206:213, 198:203].max(axis=1).min() > 0.5 * 45 / (SKY - DARK)
    assert found.max() < 0.8
    found[200:, 190:211] = 0
    assert found.max() == 0


def test_what_does_not_grow_out_of_the_ground_is_no_tree(scene) -> None:
    light, sky = scene
    assert find_twigs(_photo(_with_tree(light, GROUND - 8)), sky) is None


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_without_a_border_there_is_nothing_to_look_for(scene, share: float) -> None:
    light, sky = scene
    assert find_twigs(_photo(_with_tree(light, GROUND)), np.full_like(sky, share)) is None
