"""Thin shores between sky and water are found by a closer look."""

from __future__ import annotations

import numpy as np

from landscape.far_shores import mark_far_shores
from landscape.labels import OTHER, SKY, WATER

HEIGHT, WIDTH, LINE = 200, 300, 100
PHOTO = np.random.default_rng(0).integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8)


def coarse() -> np.ndarray:
    labels = np.full((HEIGHT, WIDTH), SKY, np.uint8)
    labels[LINE:] = WATER
    return labels


def certain(labels: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(np.eye(3, dtype=np.float32)[labels])


def test_a_shore_that_the_closer_look_shows_is_marked_near_the_line_alone() -> None:
    truth = coarse()
    truth[90:100, 50:250] = OTHER  # a shore
    truth[62:66, 50:250] = OTHER  # too far from the line to be one
    seen: list[tuple[int, ...]] = []

    def look(part: np.ndarray) -> np.ndarray:
        seen.append(part.shape)
        first = next(row for row in range(HEIGHT) if np.array_equal(PHOTO[row], part[0]))
        return certain(truth[first : first + len(part)])

    found = mark_far_shores(coarse(), PHOTO, look)
    assert seen == [(80, WIDTH, 3)]
    expected = coarse()
    expected[90:100, 50:250] = OTHER
    assert np.array_equal(found, expected)


def test_an_open_sea_stays_one_and_land_between_asks_for_no_second_look() -> None:
    assert np.array_equal(mark_far_shores(coarse(), PHOTO, lambda part: certain(coarse()[60:140])), coarse())
    labels = coarse()
    labels[80:120] = OTHER

    def never(part: np.ndarray) -> np.ndarray:
        raise AssertionError("looked again")

    assert np.array_equal(mark_far_shores(labels, PHOTO, never), labels)
    assert np.array_equal(mark_far_shores(np.zeros_like(labels), PHOTO, never), np.zeros_like(labels))
