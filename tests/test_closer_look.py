"""Near borders a closer look has its say."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from landscape.masks.closer_look import blend_in
from landscape.masks.labels import OTHER, SKY, WATER

HEIGHT, WIDTH, LINE = 200, 300, 100


def certain(labels: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(np.eye(3, dtype=np.float32)[labels])


def coarse() -> np.ndarray:
    """Sky over water."""
    labels = np.full((HEIGHT, WIDTH), SKY, np.uint8)
    labels[LINE:] = WATER
    return labels


def test_a_shore_before_the_sky_is_believed_near_the_border_alone() -> None:
    seen = coarse()
    seen[88:100, 50:250] = OTHER  # a shore
    seen[20:30, 50:250] = OTHER  # too far away to be one
    found = blend_in(certain(coarse()), certain(seen)).argmax(axis=2)
    expected = coarse()
    expected[88:100, 50:250] = OTHER
    assert np.array_equal(found, expected)


def test_what_is_no_sky_is_a_matter_of_both_looks() -> None:
    first, second = certain(coarse()), certain(coarse())
    second[LINE : LINE + 4] = (0.9, 0, 0.1)
    found = blend_in(first, second)
    assert np.allclose(found[LINE : LINE + 4], (0.45, 0, 0.55))
    second[LINE : LINE + 4], first[LINE : LINE + 4] = (0.9, 0, 0.1), (0.2, 0, 0.8)
    assert (blend_in(first, second)[LINE : LINE + 4].argmax(axis=2) == OTHER).all()


def test_a_photo_of_sky_alone_keeps_the_first_look() -> None:
    whole = certain(np.full((20, 30), SKY, np.uint8))
    assert np.array_equal(blend_in(whole, certain(np.full((20, 30), OTHER, np.uint8))), whole)


def test_falls_that_are_seen_from_near_alone_are_believed_anywhere_on_land() -> None:
    land, near = certain(np.full((HEIGHT, WIDTH), OTHER, np.uint8)), np.full((HEIGHT, WIDTH), OTHER, np.uint8)
    near[40:160, 100:140] = WATER
    near[:20] = SKY
    found = blend_in(land, certain(near))
    assert np.allclose(found[40:160, 100:140], (0.45, 0, 0.55))
    assert np.array_equal(found[:20], land[:20])
    assert np.array_equal(blend_in(certain(near), land)[90:110, 112:128], certain(near)[90:110, 112:128])


def test_stones_in_water_are_seen_from_near() -> None:
    water = certain(np.full((HEIGHT, WIDTH), WATER, np.uint8))
    near = np.full((HEIGHT, WIDTH), WATER, np.uint8)
    near[95:103, 100:110] = OTHER  # a stone
    near[60:160, 160:260] = OTHER  # what only the whole view tells
    found = blend_in(water, certain(near)).argmax(axis=2)
    assert (found[95:103, 100:110] == OTHER).all()
    assert (found[:, :95] == WATER).all() and (found[70:150, 170:250] == WATER).all()


@given(st.integers(0, 2**32 - 1))
def test_probabilities_stay_such(seed: int) -> None:
    rng = np.random.default_rng(seed)
    first, second = (rng.dirichlet((0.3, 0.3, 0.3), (17, 23)).astype(np.float32) for _ in range(2))
    found = blend_in(first, second)
    assert found.min() >= -1e-6
    assert np.allclose(found.sum(axis=2), 1, atol=1e-5)
