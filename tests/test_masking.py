"""Masks, horizon and label files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from torch import nn

from landscape.errors import LandscapeError
from landscape.images.filters import soften
from landscape.masks.find import find_matte, matte_of_labels
from landscape.masks.horizon import UNSEEN, find_horizon
from landscape.masks.labels import OTHER, SKY, UNKNOWN, WATER, clean_labels, read_labels, same_shape, write_labels
from landscape.masks.matte import Matte
from landscape.masks.settle import settle
from tests.mattes import hard_matte


def bands(height: int, width: int, sky: float, water: float = 1.0) -> np.ndarray:
    """Sky down to one fraction of the height, water from another one on."""
    labels = np.zeros((height, width), dtype=np.uint8)
    labels[: round(sky * height)] = SKY
    labels[round(water * height) :] = WATER
    return labels


class ColourSegmenter(nn.Module):
    """Calls blue sky and green water, by colour alone."""

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        assert images.shape[2] % 32 == 0 and images.shape[3] % 32 == 0
        assert images.min() >= -1 and images.max() <= 1
        return 8 * images[:, [0, 2, 1]]


def painted(labels: np.ndarray) -> np.ndarray:
    colours = np.array([[200, 20, 20], [20, 20, 200], [20, 200, 20]], dtype=np.uint8)
    return colours[labels]


@settings(max_examples=30, deadline=None)
@given(height=st.integers(16, 90), width=st.integers(16, 90), seed=st.integers(0, 10**6), feather=st.floats(0, 0.2))
def test_shares_stay_in_range_and_share_the_pixel(height: int, width: int, seed: int, feather: float) -> None:
    rng = np.random.default_rng(seed)
    labels = rng.choice(np.array([0, 1, 2, 255], dtype=np.uint8), (height, width))
    pixels = rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
    matte = matte_of_labels(labels, pixels, feather=feather)
    for plane in (matte.sky, matte.water, matte.freeze, matte.moving, matte.certainty):
        assert plane.shape == (height, width) and plane.dtype == np.float32
        assert plane.min() >= 0 and plane.max() <= 1
    assert (matte.sky + matte.water).max() <= 1 + 1e-4
    assert 0 <= matte.horizon <= 1


def test_feather_widens_the_border() -> None:
    labels = bands(200, 300, 0.5)
    widths = [
        int(((m.sky > 0.02) & (m.sky < 0.98))[:, 150].sum())
        for m in (matte_of_labels(labels, painted(labels), feather=f) for f in (0.0, 0.01, 0.03))
    ]
    assert widths[0] < widths[1] < widths[2]


def test_labels_follow_the_edge_of_the_photo() -> None:
    true, rough = bands(300, 400, 0.5), bands(300, 400, 0.5)
    rough[150:152, 100:300] = SKY
    snapped = matte_of_labels(rough, painted(true), feather=0)
    truth = (true == SKY).astype(np.float32)
    assert np.abs(snapped.sky - truth).sum() < 0.5 * np.abs((rough == SKY) - truth).sum()


def test_freeze_stops_the_motion() -> None:
    freeze = np.zeros((80, 80), dtype=bool)
    freeze[:20, :20] = True
    matte = hard_matte(bands(80, 80, 0.5), freeze)
    assert matte.moving[:20, :20].max() == 0
    assert matte.moving[:38, 20:].min() == 1
    assert matte.moving[42:].max() == 0


def test_sizes_must_agree() -> None:
    with pytest.raises(LandscapeError, match="size"):
        matte_of_labels(bands(20, 20, 0.5), np.zeros((10, 20, 3), np.uint8))


def test_resized_keeps_the_picture() -> None:
    matte = hard_matte(bands(100, 120, 0.5, 0.75), horizon=0.3)
    small = matte.resized(50, 60)
    assert isinstance(small, Matte) and small.sky.shape == (50, 60) and small.horizon == 0.3
    assert small.sky.mean() == pytest.approx(float(matte.sky.mean()), abs=0.01)


@settings(max_examples=30, deadline=None)
@given(row=st.floats(0.1, 0.9), height=st.integers(64, 500), width=st.integers(64, 500))
def test_sea_horizon_is_where_sky_and_water_meet(row: float, height: int, width: int) -> None:
    assert find_horizon(bands(height, width, row, row)) == pytest.approx(row, abs=1 / 64)


def test_horizon_lies_under_the_lowest_sky() -> None:
    assert find_horizon(bands(256, 200, 0.5)) == pytest.approx((128 + 10) / 256, abs=1e-6)
    assert find_horizon(bands(256, 200, 0.98)) == 1.0
    assert find_horizon(bands(256, 200, 1.0)) == UNSEEN


def test_horizon_without_sky() -> None:
    assert find_horizon(bands(256, 256, 0.0, 0.625)) == pytest.approx(0.625)
    assert find_horizon(np.zeros((40, 60), np.uint8)) == 0.5
    assert find_horizon(np.full((40, 60), UNKNOWN, np.uint8)) == 0.5


def test_horizon_ignores_specks() -> None:
    labels = bands(256, 256, 0.4)
    labels[200:206, 30:36] = SKY
    assert find_horizon(labels) == pytest.approx(find_horizon(bands(256, 256, 0.4)))


def test_cleaning_removes_specks_and_fills_holes() -> None:
    soft = np.zeros((200, 200, 3), np.float32)
    soft[..., OTHER] = 0.1
    soft[:100, :, SKY], soft[100:, :, OTHER] = 0.9, 0.9
    soft[50, 50] = (0.9, 0.0, 0.1)
    soft[150, 150] = (0.0, 0.9, 0.1)
    soft[160:190, 20:60] = (0.4, 0.0, 0.6)
    np.testing.assert_array_equal(clean_labels(soft), bands(200, 200, 0.5))


def test_stones_in_the_water_stand_and_specks_do_not() -> None:
    soft = np.zeros((200, 200, 3), np.float32)
    soft[:100, :, SKY], soft[100:, :, WATER] = 1, 1
    expected = soft.argmax(axis=2).astype(np.uint8)
    soft[50:54, 50:54] = soft[150:154, 50:54] = soft[150:152, 150:152] = (0.9, 0.05, 0.05)
    expected[150:154, 50:54] = OTHER
    np.testing.assert_array_equal(clean_labels(soft), expected)


def test_what_is_thin_may_be_sure_before_it_follows_edges() -> None:
    soft = np.zeros((200, 200, 3), np.float32)
    soft[..., OTHER] = 1
    soft[60:140, 90:100] = (0.2, 0.0, 0.8)
    assert not (clean_labels(soft) == WATER).any()
    seen = soft.copy()
    seen[100, 95] = (0.1, 0.0, 0.9)
    for first, second in ((soft, seen), (seen, soft)):
        assert (clean_labels(first, second)[60:140, 90:100] == WATER).all()


def test_what_hangs_in_the_air_must_be_sure() -> None:
    soft = np.zeros((200, 200, 3), np.float32)
    soft[:150, :, SKY], soft[150:, :, OTHER] = 1, 1
    soft[20:60, 20:60] = (0.8, 0.2, 0.0)  # a cloud
    soft[20:60, 120:160] = (0.99, 0.01, 0.0)  # a balloon
    soft[100:150, 60:100] = (0.8, 0.2, 0.0)  # a hill, which grows out of the ground
    expected = bands(200, 200, 0.75)
    expected[expected == WATER] = OTHER
    expected[20:60, 120:160] = expected[100:150, 60:100] = OTHER
    np.testing.assert_array_equal(clean_labels(soft), expected)


def test_unsure_sky_must_reach_the_top() -> None:
    soft = np.zeros((200, 200, 3), np.float32)
    soft[..., OTHER] = 0.9
    soft[:80] = soft[120:160, 20:60] = soft[120:160, 80:120] = soft[120:160, 140:180] = (0.05, 0.85, 0.1)
    soft[120:160, 80:120] = (0.02, 0.96, 0.02)
    labels = clean_labels(soft)
    assert (labels[:80] == SKY).all()
    assert (labels[120:160, 80:120] == SKY).all()
    assert (labels[120:160, 20:60] == WATER).all() and (labels[120:160, 140:180] == WATER).all()


@pytest.mark.parametrize(("height", "width"), [(120, 200), (200, 90), (33, 47), (1000, 2300)])
def test_the_matte_is_what_the_segmenter_says(height: int, width: int) -> None:
    labels = bands(height, width, 0.4, 0.7)
    matte = find_matte(painted(labels), ColourSegmenter())
    found = matte.resized(height, width).labels()
    assert max(matte.sky.shape) == min(2048, max(height, width)) and found.dtype == np.uint8
    assert (found == labels).mean() > 0.95


def test_label_files(tmp_path: Path) -> None:
    labels = bands(30, 50, 0.5, 0.8)
    labels[3, 4] = UNKNOWN
    write_labels(tmp_path / "mask.png", labels)
    np.testing.assert_array_equal(read_labels(tmp_path / "mask.png", 30, 50), labels)
    assert set(np.unique(read_labels(tmp_path / "mask.png", 61, 103))) <= {0, 1, 2, 255}
    assert [path.name for path in tmp_path.iterdir()] == ["mask.png"]


@given(st.integers(64, 4000), st.integers(64, 4000), st.floats(0.02, 1), st.sampled_from([np.floor, np.ceil, np.rint]))
def test_a_picture_has_its_own_shape_at_every_size(height: int, width: int, scale: float, rounding: np.ufunc) -> None:
    small = (max(1, int(rounding(height * scale))), max(1, int(rounding(width * scale))))
    assert same_shape(small, (height, width)) and same_shape((height, width), small)


def test_masks_of_another_shape_are_refused(tmp_path: Path) -> None:
    labels = bands(60, 90, 0.5, 0.8)
    write_labels(tmp_path / "mask.png", labels)
    assert read_labels(tmp_path / "mask.png", 400, 600).shape == (400, 600)
    for height, width in ((90, 60), (64, 90), (60, 96), (600, 400)):
        with pytest.raises(
            LandscapeError, match=f"“mask.png” is 90 x 60 pixels and the photo {width} x {height}: give"
        ):
            read_labels(tmp_path / "mask.png", height, width)


def test_bad_label_files(tmp_path: Path) -> None:
    (tmp_path / "text.png").write_text("no picture")
    Image.fromarray(np.full((8, 8), 77, np.uint8)).save(tmp_path / "grey.png")
    for name in ("text.png", "grey.png", "missing.png"):
        with pytest.raises(LandscapeError, match="mask"):
            read_labels(tmp_path / name, 8, 8)


def test_what_is_half_sky_stands_still() -> None:
    """Doubt over more than an edge's width is no half motion, in sky or water; edges and the line between both stay."""
    rows = np.interp(np.arange(400), [0, 99, 100, 199, 200, 399], [1, 1, 0.6, 0.6, 0, 0]).astype(np.float32)
    doubtful = np.dstack([rows[:, None].repeat(400, axis=1), np.zeros((400, 400), np.float32)])
    settled = settle(doubtful)
    assert settled[110:190].max() == 0
    assert settled[:90, :, 0].min() == 1
    turned = settle(np.ascontiguousarray(doubtful[..., ::-1]))
    assert turned[110:190, :, 1].min() > 0.99, "what is water rather than not moves"
    assert settle(np.ascontiguousarray(doubtful[..., ::-1]) * np.float32(0.6))[110:190].max() == 0
    edge = np.clip((202 - np.arange(400, dtype=np.float32)) / 4, 0, 1)[:, None].repeat(400, axis=1)
    alone = np.dstack([edge, np.zeros_like(edge)])
    assert np.allclose(settle(alone), alone)
    wide = soften((np.arange(400)[:, None].repeat(400, axis=1) < 200).astype(np.float32), 0.2)
    meeting = np.dstack([wide, 1 - wide])
    assert np.allclose(settle(meeting), meeting, atol=1e-5)
