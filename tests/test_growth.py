"""Twigs and leaves before the sky are told from streaks of cloud."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from landscape.masks.growth import find_growth

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


def _with_tree(light: np.ndarray, foot: int) -> np.ndarray:
    """A tree of thin twigs, 16 px high."""
    tree = np.zeros_like(light)
    for lean in (-6, -3, 0, 3, 6):
        cv2.line(tree, (200, foot), (200 + lean, foot - 16), 1.0, 1, cv2.LINE_AA)
    return light - 45 * tree


def _sure(sky: np.ndarray) -> np.ndarray:
    """What the segmenter says that sees no more than the mask."""
    return np.asarray(1 - sky, np.float32)


def test_streaks_of_cloud_are_no_trees(scene) -> None:
    light, sky = scene
    assert find_growth(_photo(light), sky, _sure(sky)) is None


def test_a_tree_hides_the_sky_and_nothing_else_does(scene) -> None:
    light, sky = scene
    found = find_growth(_photo(_with_tree(light, GROUND)), sky, _sure(sky))
    assert found is not None and found.shape == (HEIGHT, WIDTH)
    assert found[206:213, 198:203].max(axis=1).min() > 0.6
    found[200:, 190:211] = 0
    assert found.max() == 0


def test_what_does_not_grow_out_of_the_ground_is_no_tree(scene) -> None:
    light, sky = scene
    assert find_growth(_photo(_with_tree(light, GROUND - 8)), sky, _sure(sky)) is None


def test_leaves_hang_in_the_air_where_the_segmenter_is_in_doubt(scene) -> None:
    """And only there: elsewhere they are specks of cloud."""
    light, sky = scene
    leaves = np.zeros_like(light)
    for x, y in ((100, 90), (112, 84), (124, 80), (300, 90), (312, 84), (324, 80)):
        cv2.circle(leaves, (x, y), 3, 1.0, -1, cv2.LINE_AA)
    doubt = _sure(sky)
    doubt[70:110, 85:135] = 0.2
    found = find_growth(_photo(light - 100 * leaves), sky, doubt)
    assert found is not None
    assert found[(leaves == 1) & (np.arange(WIDTH) < 200)].min() > 0.9
    assert found[70:110, 85:135][leaves[70:110, 85:135] == 0].mean() < 0.1
    assert found[:, 200:].max() == 0


def test_an_orange_stalk_before_a_blue_sky_is_found(scene) -> None:
    """Though it is no darker: it is in blue."""
    light, sky = scene
    photo = _photo(light) * np.float32([0.4, 0.8, 1.0])
    cv2.line(photo, (200, GROUND), (196, GROUND - 60), (200.0, 130.0, 70.0), 1, cv2.LINE_AA)
    found = find_growth(photo.astype(np.uint8), sky, _sure(sky))
    assert found is not None and found[GROUND - 55 : GROUND - 5].max(axis=1).min() > 0.8
    assert found[:, :190].max() == 0 and found[:, 210:].max() == 0


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_without_a_border_there_is_nothing_to_look_for(scene, share: float) -> None:
    light, sky = scene
    assert find_growth(_photo(_with_tree(light, GROUND)), np.full_like(sky, share), _sure(sky)) is None
