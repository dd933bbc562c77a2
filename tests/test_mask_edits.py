"""Matte edited by hand: what a stroke changes, what it leaves, undo and redo."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from landscape.errors import LandscapeError
from landscape.masks.editor import MaskEditor
from landscape.masks.glow import Glow
from landscape.masks.layers import EDIT_SIDE, MaskSettings
from landscape.masks.matte import Matte
from landscape.masks.strokes import Stroke, coverage

HEIGHT, WIDTH = 80, 120


def stroke(*points: tuple[float, float], size: float = 0.1, softness: float = 0.0, paints: str = "sky") -> Stroke:
    return Stroke(np.array(points, np.float32), size, softness, paints)


@pytest.fixture
def masks() -> Matte:
    sky, water = np.zeros((HEIGHT, WIDTH), np.float32), np.zeros((HEIGHT, WIDTH), np.float32)
    sky[:40], water[60:] = 1, 1
    return Matte.certain(sky, water, np.zeros_like(sky), 0.55)


@pytest.fixture
def pixels() -> np.ndarray:
    """A photo with one strong edge at row 50."""
    picture = np.full((HEIGHT, WIDTH, 3), 220, np.uint8)
    picture[50:] = 40
    return picture


def test_untouched_masks_are_those_found(masks: Matte, pixels: np.ndarray) -> None:
    assert MaskEditor(masks).masks(pixels) is masks
    assert MaskEditor(masks).masks(pixels[::2, ::2]).sky.shape == (40, 60)


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0.02, 0.5), st.floats(0, 1))
def test_a_dab_covers_its_size_and_fades_with_softness(x: float, y: float, size: float, softness: float) -> None:
    cover = coverage(stroke((x, y), size=size, softness=softness), HEIGHT, WIDTH)
    assert cover.min() >= 0 and cover.max() <= 1
    rows, columns = np.mgrid[0:HEIGHT, 0:WIDTH]
    distance = np.hypot(columns + 0.5 - x * WIDTH, rows + 0.5 - y * HEIGHT)
    radius = size * WIDTH / 2
    assert not cover[distance > radius * (1 + softness / 2) + 2].max(initial=0) > 0.05
    core = cover[distance < radius * (1 - softness) - 2]
    assert not len(core) or core.min() > 0.75


def test_strokes_replace_classes_and_nothing_elsewhere(masks: Matte, pixels: np.ndarray) -> None:
    editor = MaskEditor(masks, MaskSettings(snap=False))
    editor.paint(stroke((0.2, 0.2), (0.8, 0.2), paints="water"))
    changed = editor.masks(pixels)
    assert changed.water[16, 30:90].min() > 0.95 and changed.sky[16, 30:90].max() < 0.05
    assert np.allclose(changed.sky[28:], masks.sky[28:], atol=0.01) and np.array_equal(
        changed.water[60:], masks.water[60:]
    )
    editor.paint(stroke((0.5, 0.1), paints="freeze", size=0.2))
    frozen = editor.masks(pixels)
    assert frozen.freeze[8, 60] > 0.95 and frozen.sky[8, 60] > 0.95 and frozen.moving[8, 60] < 0.05
    editor.paint(stroke((0.5, 0.1), paints="none", size=0.2))
    erased = editor.masks(pixels)
    assert erased.freeze[8, 60] < 0.05 and erased.sky[8, 60] < 0.05


def test_sky_and_water_never_exceed_one(masks: Matte, pixels: np.ndarray) -> None:
    editor = MaskEditor(masks, MaskSettings(grow=0.03, feather=0.03))
    editor.paint(stroke((0.1, 0.6), (0.9, 0.6), softness=1.0, size=0.3, paints="water"))
    result = editor.masks(pixels)
    assert (result.sky + result.water).max() <= 1 + 1e-5 and min(result.sky.min(), result.water.min()) >= 0


def test_undo_and_redo_return_every_state(masks: Matte, pixels: np.ndarray) -> None:
    editor = MaskEditor(masks)
    states = [editor.masks(pixels)]
    for index, paints in enumerate(("water", "freeze", "none")):
        editor.paint(stroke((0.3 + 0.2 * index, 0.3), paints=paints))
        states.append(editor.masks(pixels))
    for state in states[-2::-1]:
        editor.undo()
        assert np.array_equal(editor.masks(pixels).moving, state.moving)
    assert not editor.can_undo and not editor.touched
    editor.undo()
    for state in states[1:]:
        editor.redo()
        assert np.array_equal(editor.masks(pixels).moving, state.moving)
    editor.undo()
    editor.paint(stroke((0.1, 0.1)))
    assert not editor.can_redo
    editor.reset()
    assert np.allclose(editor.masks(pixels).sky, masks.sky, atol=0.02)
    editor.undo()
    assert editor.can_redo


def test_undo_brings_back_all_of_the_matte(masks: Matte, pixels: np.ndarray) -> None:
    shining = Glow(pixels, np.full((HEIGHT, WIDTH), 255, np.uint8), np.zeros((HEIGHT, WIDTH), np.uint8), night=False)
    unsure = np.full_like(masks.sky, 0.25)
    read = dataclasses.replace(masks, horizon=0.2, certainty=unsure, glow=shining, mirror=0.7)
    editor = MaskEditor(masks)
    editor.replace(read)

    def told() -> tuple[float, float, bool, float]:
        made = editor.masks(pixels)
        return made.horizon, float(made.certainty.mean()), made.glow is None, made.mirror

    assert told() == (0.2, 0.25, False, 0.7)
    editor.undo()
    assert told() == (0.55, 1.0, True, 0.0)
    editor.redo()
    assert told() == (0.2, 0.25, False, 0.7)
    editor.reset()
    assert told() == (0.55, 1.0, True, 0.0)
    editor.undo()
    assert told() == (0.2, 0.25, False, 0.7)


def test_snapping_moves_a_painted_border_to_the_edge(pixels: np.ndarray) -> None:
    empty = np.zeros((HEIGHT, WIDTH), np.float32)
    errors = {}
    for snap in (True, False):
        editor = MaskEditor(Matte.certain(empty, empty, empty, 0.5), MaskSettings(snap=snap))
        editor.paint(stroke((0.2, 0.54), (0.8, 0.54), size=0.15, softness=0.6))  # reaches beyond the edge at row 50
        errors[snap] = float(editor.masks(pixels).sky[51:, 40:80].mean())
    assert errors[True] < 0.6 * errors[False]


def test_growing_and_shrinking_move_the_border(masks: Matte, pixels: np.ndarray) -> None:
    areas = [
        float(MaskEditor(masks, MaskSettings(grow=grow)).masks(pixels).moving.sum()) for grow in (-0.03, 0.0, 0.03)
    ]
    row = 0.03 * WIDTH * WIDTH * 2  # two borders move by the same number of rows
    assert areas[1] - areas[0] == pytest.approx(row, rel=0.25) and areas[2] - areas[1] == pytest.approx(row, rel=0.25)


def test_feather_sets_the_width_of_the_border(masks: Matte, pixels: np.ndarray) -> None:
    widths = []
    for feather in (0.0, 0.01, 0.03):
        sky = MaskEditor(masks, MaskSettings(feather=feather)).masks(pixels).sky
        widths.append(int(((sky[:, 60] > 0.02) & (sky[:, 60] < 0.98)).sum()))
    assert widths[0] <= widths[1] < widths[2]


def test_the_horizon_can_be_chosen(masks: Matte, pixels: np.ndarray) -> None:
    assert MaskEditor(masks, MaskSettings(horizon=0.3)).masks(pixels).horizon == 0.3
    assert MaskEditor(masks, MaskSettings(grow=0.01)).masks(pixels).horizon == 0.55


def test_large_photos_are_edited_small_and_bad_strokes_are_refused(masks: Matte) -> None:
    large = MaskEditor(masks.resized(1600, 2400))
    large.paint(stroke((0.5, 0.5)))
    assert large.masks(np.zeros((160, 240, 3), np.uint8)).sky.shape == (160, 240)
    assert max(large._current().shape) == EDIT_SIDE
    for wrong in ({"size": 0.0}, {"size": 0.9}, {"softness": 2.0}, {"paints": "land"}):
        with pytest.raises(LandscapeError):
            stroke((0.5, 0.5), **wrong)  # type: ignore[arg-type]
    with pytest.raises(LandscapeError):
        Stroke(np.array([[np.nan, 0]], np.float32), 0.1, 0, "sky")
