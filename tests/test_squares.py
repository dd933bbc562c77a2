"""Photos of any shape on square frames."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from landscape.fit.mosaic import _share
from landscape.motion.flow import displacement
from landscape.motion.maps import DynamicMotion
from landscape.photo.read import Photo
from landscape.photo.squares import LONGEST, PART_LENGTH, WHOLE, Layout, Square, as_square
from landscape.photo.squeeze import model_image
from landscape.scene.scene import Scene
from landscape.settings import FitSettings, LightSettings, MotionSettings
from tests.mattes import hard_matte

SIDES = st.integers(64, 4000)


@settings(deadline=None)
@given(SIDES, SIDES)
def test_layout_covers_any_shape_with_few_squares(height, width):
    layout = Layout.of(height, width)
    ratio = max(height, width) / min(height, width)
    assert (layout.count == 1) is (ratio <= LONGEST)
    if layout.count > 1:
        assert layout.upright is (height > width)
        assert 1 <= ratio / layout.length <= PART_LENGTH + 1e-6
    windows = layout.windows()
    ends = [(w.x - w.half_width, w.x + w.half_width, w.y - w.half_height, w.y + w.half_height) for w in windows]
    assert min(e[0] for e in ends) == pytest.approx(-1) and max(e[1] for e in ends) == pytest.approx(1)
    assert min(e[2] for e in ends) == pytest.approx(-1) and max(e[3] for e in ends) == pytest.approx(1)


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 6), st.booleans(), st.sampled_from([4, 8, 32, 64]), st.integers(0, 99))
def test_squares_cut_and_joined_are_the_image(count, upright, side, seed):
    layout = Layout(count, upright)
    row = torch.rand(1, 3, *layout.size(side), generator=torch.Generator().manual_seed(seed))
    parts = layout.cut(row)
    assert len(parts) == count and all(part.shape == (1, 3, side, side) for part in parts)
    assert torch.allclose(layout.join(parts), row, atol=1e-6)


def test_seams_are_smooth_where_squares_disagree():
    layout = Layout(3)
    row = layout.join([torch.full((1, 3, 32, 32), float(value)) for value in range(3)])
    assert row.shape == (1, 3, *layout.size(32))
    steps = row[0, 0, 0].diff()
    assert steps.min() >= 0 and steps.max() < 0.2
    assert row[0, 0, 0, 0] == 0 and row[0, 0, 0, -1] == 2


@pytest.mark.parametrize("upright", [False, True])
def test_noise_agrees_where_squares_overlap(upright):
    layout = Layout(3, upright)
    for side in (4, 8, 32):
        parts = [window.noise((1, 1, side, side), torch.Generator().manual_seed(5)) for window in layout.windows()]
        row = layout.join(parts)
        assert all(torch.allclose(a, b, atol=1e-6) for a, b in zip(layout.cut(row), parts, strict=True))
    plain = torch.randn(2, 1, 8, 8, generator=torch.Generator().manual_seed(5))
    assert torch.equal(WHOLE.noise((2, 1, 8, 8), torch.Generator().manual_seed(5)), plain)


def test_square_frames_are_not_touched():
    frame = torch.rand(1, 3, 16, 16)
    assert as_square(frame) is frame
    assert as_square(torch.rand(1, 3, 16, 40)).shape == (1, 3, 40, 40)


def test_part_of_a_photo_moves_as_the_photo_does():
    """A column of stripes in a window must travel as far, in the photo, as the homography says."""
    motion, horizon, seconds = MotionSettings(direction=90, speed=2.5), 1.0, 0.3
    side = 64
    stripes = torch.sin(torch.arange(side) * 2 * np.pi / 32).expand(1, 1, side, side).contiguous()
    for window in (WHOLE, Square(0.3, 0.0, 0.4, 1.0)):
        moved = DynamicMotion([stripes], motion, horizon, window=window).at(seconds)[0]
        row = 8
        offsets = np.arange(-15, 15, 0.25)
        xs = np.arange(side)
        middle = slice(20, 44)
        wanted = moved[0, 0, row].numpy()[middle]
        errors = [
            np.abs(np.sin((xs + o) * 2 * np.pi / 32)[middle] - wanted / np.abs(wanted).max()).mean() for o in offsets
        ]
        found = offsets[int(np.argmin(errors))] * 2 / side * window.half_width
        photo_shift = displacement(motion, horizon, seconds, 400, 400)[50, int(200 * (1 + window.x)), 0] / 200
        assert found == pytest.approx(photo_shift, abs=0.02)


def test_squares_share_the_time():
    clock = [10.0]
    expired = _share(lambda: clock[0], 4)
    assert not expired()
    clock[0] = 7.6
    assert not expired()
    clock[0] = 7.5
    assert expired()
    clock[0] = float("inf")
    endless = _share(lambda: clock[0], 2)
    assert not endless()
    clock[0] = 0.0
    assert endless() and _share(lambda: clock[0], 3)()
    assert _share(None, 3) is None


def panorama(height, width):
    y, x = np.mgrid[0:height, 0:width]
    sky = np.stack([110 + 50 * np.sin(x / 11) * np.cos(y / 9), 150 + 30 * np.sin(x / 11), 210 - y * 0.2], axis=2)
    land = np.stack([70 + 25 * np.sin(x / 5), 90 + y * 0.1, 50 + x * 0], axis=2)
    pixels = np.where(y[..., None] < height * 0.6, sky, land).clip(0, 255).astype(np.uint8)
    labels = (y < height * 0.6).astype(np.uint8)
    return Photo(pixels, "panorama"), hard_matte(labels)


@pytest.mark.parametrize(("size", "count"), [((96, 384), 3), ((320, 96), 3), ((160, 90), 1)])
def test_long_photos_open_and_move_without_seams(size, count, small_models):
    photo, masks = panorama(*size)
    seen = []
    for state in Scene.fit(photo, small_models, FitSettings(latent_steps=6, tune_steps=4), masks):
        seen += [(state.stage, state.done, state.total), ("snapshot", len(state.snapshot().inversions), count)]
    scene = state.snapshot()
    assert len(scene.inversions) == scene.layout.count == count
    assert ("fitting latents", 6 * count, 6 * count) in seen and ("fine-tuning", 4 * count, 4 * count) in seen
    assert {step[1] for step in seen if step[0] == "snapshot"} == {count}
    first = scene.renderer(MotionSettings(speed=3), LightSettings(), 384).frame(0.0)
    later = scene.renderer(MotionSettings(speed=3), LightSettings(style="warm sunset"), 384).frame(0.5)
    still = masks.moving < 0.01
    assert np.array_equal(first[still], photo.pixels[still])
    assert later.shape == photo.pixels.shape and np.abs(later.astype(int) - first).mean() > 1
    row = model_image(photo, scene.resolution, scene.layout)
    assert row.shape[2:] == scene.layout.size(64)
