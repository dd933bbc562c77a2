"""Homographies, flow and the dynamic maps in motion."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from landscape.motion.flow import water_share
from landscape.motion.homography import pixel_centres, transform
from landscape.motion.maps import (
    DynamicMotion,
    clock_displacements,
    displacement,
    dynamic_maps,
    flow_homography,
    homography_power,
    step_homography,
    warp,
)
from landscape.motion.noise import _copies
from landscape.photo.squares import Layout
from landscape.settings import MotionSettings

directions = st.floats(-720, 720)
horizons = st.floats(0, 1)
sides = st.booleans()


def noise_maps(resolution: int = 64, batch: int = 1, seed: int = 0, mean: float = 0.0) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    sizes = [4 * 2**level for level in range(resolution.bit_length() - 2)]
    return [mean + torch.randn(batch, 1, size, size, generator=generator) for size in sizes]


def normalised(h: np.ndarray) -> np.ndarray:
    return h / np.linalg.norm(h)


def apply(h: np.ndarray, points: np.ndarray) -> np.ndarray:
    moved = np.c_[points, np.ones(len(points))] @ h.T
    return moved[:, :2] / moved[:, 2:]


def test_table_at_full_hours() -> None:
    three, twelve = clock_displacements(90), clock_displacements(0)
    assert three.shape == (4, 2)
    assert three[0].tolist() == [-0.006667, 0.0001667]
    assert three[3].tolist() == [-0.0000333, 0.0000333]
    assert twelve.tolist() == [[0.020, 0.015], [-0.020, 0.015], [0.001, 0.002], [-0.001, 0.002]]
    assert clock_displacements(30)[1].tolist() == [-0.010, 0.004]
    assert clock_displacements(330)[0].tolist() == [0.010, 0.004]
    assert clock_displacements(150)[2].tolist() == [-0.005, -0.00025]


@pytest.mark.parametrize("hour", range(1, 12))
def test_table_is_symmetric(hour: int) -> None:
    """Ten o'clock is two o'clock in a mirror."""
    mirrored = clock_displacements(30 * hour)[[1, 0, 3, 2]] * [-1, 1]
    assert np.allclose(mirrored, clock_displacements(-30 * hour), atol=2e-4)


@given(directions)
def test_directions_are_periodic_and_continuous(direction: float) -> None:
    here = clock_displacements(direction)
    assert np.allclose(here, clock_displacements(direction + 360), atol=1e-9)
    assert np.abs(here - clock_displacements(direction + 1e-4)).max() < 1e-6


@given(st.integers(0, 11), st.floats(0, 1))
def test_directions_between_hours_lie_between(hour: int, part: float) -> None:
    low, high = clock_displacements(30 * hour), clock_displacements(30 * (hour + 1))
    between = clock_displacements(30 * (hour + part))
    assert np.allclose(between, (1 - part) * low + part * high, atol=1e-12)


@given(directions, st.floats(0.15, 0.85), sides)
def test_step_moves_the_four_points(direction: float, horizon: float, below: bool) -> None:
    level, outer = 2 * horizon - 1, 1 if below else -1
    points = np.array([[-1, outer], [1, outer], [-1, level], [1, level]])
    expected = points + clock_displacements(direction) * np.array([1, -1 if below else 1])
    assert np.allclose(apply(step_homography(direction, horizon, below), points), expected, atol=1e-9)


@given(directions, horizons, sides)
def test_step_is_small_and_regular_for_any_horizon(direction: float, horizon: float, below: bool) -> None:
    h = step_homography(direction, horizon, below)
    assert np.abs(h - np.eye(3)).max() < 0.4
    assert np.linalg.det(h) > 0.5


@given(directions, horizons, sides, st.floats(-200, 200), st.floats(-200, 200))
@settings(max_examples=60, deadline=None)
def test_powers_multiply(direction: float, horizon: float, below: bool, a: float, b: float) -> None:
    h = step_homography(direction, horizon, below)
    product = homography_power(h, a) @ homography_power(h, b)
    assert np.allclose(normalised(product), normalised(homography_power(h, a + b)), atol=1e-6)


@given(directions, horizons, sides)
@settings(max_examples=60, deadline=None)
def test_first_and_whole_powers(direction: float, horizon: float, below: bool) -> None:
    h = step_homography(direction, horizon, below)
    assert np.allclose(homography_power(h, 0), np.eye(3), atol=1e-12)
    assert np.allclose(homography_power(h, 1), h, atol=1e-9)
    assert np.allclose(normalised(homography_power(h, 7)), normalised(np.linalg.matrix_power(h, 7)), atol=1e-8)
    assert np.allclose(normalised(homography_power(h, -1)), normalised(np.linalg.inv(h)), atol=1e-8)
    half = homography_power(h, 0.5)
    assert np.allclose(normalised(half @ half), normalised(h), atol=1e-8)


@given(directions, sides, st.sampled_from([9000.0, -9000.0, 144000.0, -144000.0]))
@settings(max_examples=40, deadline=None)
def test_large_powers_are_finite(direction: float, below: bool, t: float) -> None:
    power = homography_power(step_homography(direction, 0.6, below), t)
    assert np.isfinite(power).all()
    positions = transform(power, pixel_centres(16), pixel_centres(16))
    assert torch.isfinite(positions).all()


def test_power_of_a_translation() -> None:
    h = np.array([[1, 0, 0.25], [0, 1, -0.5], [0, 0, 1.0]])
    assert np.allclose(homography_power(h, 2.5), np.array([[1, 0, 0.625], [0, 1, -1.25], [0, 0, 1]]))


def test_power_of_a_reflection_is_refused() -> None:
    with pytest.raises(ValueError, match="determinant"):
        homography_power(np.diag([-1.0, 1, 1]), 0.5)
    with pytest.raises(ValueError, match="logarithm"):
        homography_power(np.diag([-1.0, -2, 1]), 0.5)


def blob_centre(image: torch.Tensor) -> np.ndarray:
    weights = image[0, 0].clamp(min=0).numpy()
    y, x = np.mgrid[0 : weights.shape[0], 0 : weights.shape[1]]
    return np.array([(weights * x).sum(), (weights * y).sum()]) / weights.sum()


@pytest.mark.parametrize(("direction", "dx", "dy"), [(90, 1, 0), (270, -1, 0), (0, 0, -1), (180, 0, 1)])
def test_clouds_go_in_the_named_direction(direction: float, dx: int, dy: int) -> None:
    """A cloud high in the sky is seen moving; its reflection in the water moves mirrored."""
    y, x = torch.meshgrid(pixel_centres(128), pixel_centres(128), indexing="ij")
    cloud = torch.exp(-(x.square() + (y + 0.6).square()) / 0.01)[None, None]
    for below, picture, up in ((False, cloud, 1), (True, cloud.flip(2), -1)):
        h = homography_power(step_homography(direction, 0.5, below), 10)
        moved = blob_centre(warp(picture, h)) - blob_centre(picture)
        assert np.linalg.norm(moved) > 0.2
        assert moved @ [dx, up * dy] / np.linalg.norm(moved) > np.cos(np.radians(25))


def sky_mean(motion: MotionSettings, horizon: float, height: int, width: int) -> np.ndarray:
    """Mean flow of the sky in widths, right and down."""
    rows = max(1, round(height * min(max(horizon, 0.15), 1.0) * 63 / 64))  # above the band in which water begins
    return -displacement(motion, horizon, 1 / 30, height, width)[:rows].reshape(-1, 2).mean(axis=0) / width


@settings(max_examples=150, deadline=None)
@given(directions, st.floats(0.15, 2.0), st.floats(0, 1), st.floats(0.4, 2.0))
def test_mean_flow_has_the_named_direction(direction: float, horizon: float, depth: float, aspect: float) -> None:
    motion = MotionSettings(direction=direction, perspective=depth)
    flow = sky_mean(motion, horizon, round(100 * aspect), 100)
    angle = np.degrees(np.arctan2(flow[0], -flow[1]))
    assert abs((angle - direction + 180) % 360 - 180) < 5
    assert np.linalg.norm(flow) > 1e-4, "it goes somewhere in every direction"


@given(directions, st.floats(0.15, 2.0), st.floats(0, 1))
def test_flow_is_continuous(direction: float, horizon: float, depth: float) -> None:
    here, beside = (
        displacement(MotionSettings(direction=direction + turn, perspective=depth), horizon, 1.0, 24, 32)
        for turn in (0.0, 1e-3)
    )
    assert np.abs(here - beside).max() < 0.05


def test_twelve_comes_towards_the_observer() -> None:
    """Clouds spread at 12 o'clock and draw together at 6."""
    for direction, sign in ((0, 1), (180, -1)):
        flow = -displacement(MotionSettings(direction=direction), 0.6, 0.1, 90, 120)
        assert sign * flow[10, 110, 0] > 0.01
        assert sign * flow[10, 10, 0] < -0.01


def test_warp_by_the_identity_and_by_pixels() -> None:
    maps = torch.randn(2, 3, 16, 20, generator=torch.Generator().manual_seed(0))
    for mode in ("bilinear", "bicubic"):
        assert torch.allclose(warp(maps, np.eye(3), mode), maps, atol=1e-4)
        shift = np.array([[1, 0, 2 * 2 / 20], [0, 1, -3 * 2 / 16], [0, 0, 1.0]])
        moved = warp(maps, shift, mode)
        assert torch.allclose(moved[:, :, 3:, :-2], maps[:, :, :-3, 2:], atol=1e-4)
        assert torch.allclose(moved[:, :, 3:, -1], maps[:, :, :-3, -2], atol=1e-4)  # reflected at the border


def test_warp_across_the_line_at_infinity() -> None:
    maps = torch.randn(1, 1, 16, 16)
    for h in (np.array([[1, 0, 0], [0, 1, 0], [2.0, 0, 0.5]]), np.diag([1, 1, -1.0]), np.zeros((3, 3))):
        moved = warp(maps, h)
        assert torch.isfinite(moved).all()
        assert moved.abs().max() <= 2 * maps.abs().max()


@given(directions, horizons, st.floats(-600, 600), st.floats(0, 8))
@settings(max_examples=30, deadline=None)
def test_displacement_is_finite(direction: float, horizon: float, seconds: float, speed: float) -> None:
    field = displacement(MotionSettings(direction, speed), horizon, seconds, 12, 20)
    assert field.shape == (12, 20, 2)
    assert field.dtype == np.float32
    assert np.isfinite(field).all()


def test_displacement_in_pixels() -> None:
    """One step moves the corners by the table, in units of half the picture, but for the hair by which three leans."""
    field = displacement(MotionSettings(direction=90), 0.5, 1 / 30, 2000, 3000)
    assert field[0, 0] == pytest.approx([-0.006667 * 1500, 0.0001667 * 1000], abs=0.22)
    assert field[-1, -1] == pytest.approx([-0.006667 * 1500, -0.0001667 * 1000], abs=0.22)
    assert np.abs(field[1000]).max() < 0.2
    assert np.abs(displacement(MotionSettings(), 0.5, 0, 20, 30)).max() < 1e-3


def test_speed_and_amounts_scale_time() -> None:
    twice = displacement(MotionSettings(speed=2), 0.5, 1, 40, 60)
    assert np.allclose(twice, displacement(MotionSettings(), 0.5, 2, 40, 60), atol=1e-3)
    only_sky = displacement(MotionSettings(speed=2, water=0), 0.5, 1, 40, 60)
    assert np.allclose(only_sky[:19], twice[:19])
    assert np.abs(only_sky[21:]).max() < 1e-3
    no_sky = displacement(MotionSettings(sky=0), 0.5, 1, 40, 60)
    assert np.abs(no_sky[:19]).max() < 1e-3
    assert np.abs(no_sky[25:]).max() > 1


def test_displacement_agrees_with_the_homographies() -> None:
    motion = MotionSettings(direction=200, speed=2)
    field = displacement(motion, 0.6, 1.5, 50, 80)
    for row, below in ((5, False), (45, True)):
        x, y = (2 * 30 + 1) / 80 - 1, (2 * row + 1) / 50 - 1
        (moved,) = apply(flow_homography(motion, 0.6, 1.5, below, 50 / 80), np.array([[x, y]]))
        assert field[row, 30] == pytest.approx((moved - [x, y]) * [40, 25], abs=1e-3)


def test_water_share() -> None:
    share = water_share(pixel_centres(256), 0.5)
    assert share[:120].eq(0).all()
    assert share[136:].eq(1).all()
    assert share.diff().ge(0).all()
    assert water_share(pixel_centres(64), 1.0)[:-1].eq(0).all()


@pytest.mark.parametrize("loop", [None, 4.0])
def test_time_zero_is_the_photo(loop: float | None) -> None:
    maps = noise_maps(batch=2)
    motion = DynamicMotion(maps, MotionSettings(), 0.6, loop)
    for item, moved in zip(maps, motion.at(0), strict=True):
        assert torch.equal(item, moved)
        assert item is not moved
    for item, moved in zip(maps, motion.at(1e-6), strict=True):
        assert moved.shape == item.shape
        assert torch.allclose(item, moved, atol=2e-3)


def test_time_is_continuous() -> None:
    motion = DynamicMotion(noise_maps(32), MotionSettings(direction=20, speed=2.5), 0.6)
    for seconds in np.linspace(-9, 30, 60):
        for before, after in zip(motion.at(seconds), motion.at(seconds + 1e-5), strict=True):
            assert (before - after).abs().max() < 0.05


@given(st.sampled_from([0.0, 45.0, 90.0, 170.0, 180.0]), st.floats(0.5, 60), st.floats(0, 1), st.floats(0.2, 5))
@settings(max_examples=25, deadline=None)
def test_loop_is_exact(direction: float, period: float, phase: float, speed: float) -> None:
    motion = DynamicMotion(noise_maps(16), MotionSettings(direction, speed), 0.6, period)
    for first, second in zip(motion.at(phase * period), motion.at((phase + 1) * period), strict=True):
        assert torch.allclose(first, second, atol=5e-3)
    almost = motion.at(period * (1 - 1e-7))
    for first, second in zip(motion.at(0), almost, strict=True):
        assert torch.allclose(first, second, atol=5e-3)


@pytest.mark.parametrize("direction", [0, 90, 135, 180, 290])
@pytest.mark.parametrize("loop", [None, 2.0, 8.0])
def test_mean_and_variance_stay(direction: float, loop: float | None) -> None:
    maps = noise_maps(mean=0.3)
    motion = DynamicMotion(maps, MotionSettings(direction, speed=2), 0.6, loop)
    for seconds in (0.3, 1.0, 1.7, 3.9, 60.0, 600.0, -2.2):
        for item, moved in zip(maps, motion.at(seconds), strict=True):
            assert float(moved.mean()) == pytest.approx(float(item.mean()), abs=0.03)
            assert float(moved.std() / item.std()) == pytest.approx(1, abs=0.25 if item.shape[-1] < 16 else 0.03)


@pytest.mark.parametrize("loop", [None, 2.0, 8.0])
def test_variance_stays_everywhere(loop: float | None) -> None:
    """Neither the quiet rows at the horizon nor the fast ones above swell or fade while copies are blended."""
    ratios = []
    for seed in range(6):
        maps = noise_maps(64, seed=seed)
        motion = DynamicMotion(maps, MotionSettings(speed=1.5), 0.6, loop)
        for seconds in (0.6, 1.0, 1.4, 4.0):
            moved = motion.at(seconds)
            ratios.append([[float(item[:, :, rows].std()) for rows in _bands(item)] for item in moved[-3:]])
    assert np.abs(np.mean(ratios, axis=0) - 1).max() < 0.12


def _bands(item: torch.Tensor) -> list[slice]:
    size = item.shape[-1]
    return [
        slice(0, size // 4),
        slice(size // 4, size // 2),
        slice(size // 2, 5 * size // 8),
        slice(3 * size // 4, size),
    ]


@given(st.floats(-100, 100), st.floats(0.5, 20), st.sampled_from([None, 1, 3]))
def test_weights_of_the_copies_keep_the_variance(seconds: float, lap: float, sources: int | None) -> None:
    copies = _copies(seconds, lap, sources)
    assert sum(copy.weight**2 for copy in copies) == pytest.approx(1)
    assert max(abs(copy.seconds) for copy in copies) <= lap
    if sources is not None:
        assert all(0 <= copy.source < sources for copy in copies)


def test_long_motion_brings_noise_of_other_places() -> None:
    """After a lap no noise is where it was, and the noise has still detail at pixel scale."""
    maps = noise_maps(64)
    motion = DynamicMotion(maps, MotionSettings(direction=0, speed=2.5), 0.7)
    frames = [motion.at(seconds)[-1] for seconds in (0, 20, 40, 300)]
    for i, first in enumerate(frames):
        for second in frames[:i]:
            assert abs(float(torch.corrcoef(torch.stack([first.flatten(), second.flatten()]))[0, 1])) < 0.1
        assert float(first[:, :, :30].diff(dim=3).std()) > 0.7


def test_seed_decides_the_other_places() -> None:
    def far(seed: int) -> torch.Tensor:
        return dynamic_maps(noise_maps(32), MotionSettings(speed=2.5), 0.6, 30.0, seed=seed)[-1]

    assert torch.equal(far(1), far(1))
    assert not torch.allclose(far(1), far(2), atol=0.1)
    assert torch.isfinite(far(-1)).all()


def test_coarse_maps_keep_their_variance_in_every_column_between_two_laps() -> None:
    """Where two copies of one noise meet they would add up, had their likeness no part in it."""
    columns = []
    for seed in range(60):
        motion = DynamicMotion(noise_maps(32, seed=seed), MotionSettings(direction=90), 0.999, seed=seed)
        columns.append(torch.stack([motion.at(seconds)[1][0, 0, 2:].square().mean(dim=0) for seconds in (3.75, 11.25)]))
    assert torch.stack(columns).mean(dim=0).min() > 0.6 and torch.stack(columns).mean(dim=0).max() < 1.5


@pytest.mark.parametrize("index", [0, 1, 2])
def test_squares_of_a_panorama_get_other_places_after_a_lap(index: int) -> None:
    window = Layout.of(100, 400).windows()[index]
    for seed in range(4):
        maps = noise_maps(32, seed=seed)
        later = DynamicMotion(maps, MotionSettings(speed=1.0), 0.6, seed=seed, window=window).at(40.0)[-1]
        pair = torch.stack([maps[-1].flatten(), later.flatten()])
        assert abs(float(torch.corrcoef(pair)[0, 1])) < 0.2


def test_still_parts_are_untouched() -> None:
    maps = noise_maps(64)
    for item, moved in zip(maps, dynamic_maps(maps, MotionSettings(speed=0), 0.5, 9.0), strict=True):
        assert torch.equal(item, moved)
    for item, moved in zip(maps, dynamic_maps(maps, MotionSettings(water=0), 0.5, 9.0), strict=True):
        below = slice(item.shape[-1] * 3 // 4, None)
        assert torch.allclose(item[:, :, below], moved[:, :, below], atol=0.05)
    assert not torch.allclose(maps[-1][:, :, :20], moved[:, :, :20], atol=0.5)


def test_small_motion_follows_the_flow() -> None:
    """The largest map, smooth enough to be compared, is the warp of itself."""
    x, y = torch.meshgrid(pixel_centres(64), pixel_centres(64), indexing="xy")
    maps = [torch.randn(1, 1, 8, 8), (torch.sin(7 * x) * torch.cos(5 * y))[None, None]]
    motion = MotionSettings(direction=90, speed=1)
    moved = dynamic_maps(maps, motion, 1.0, 0.5)[-1]
    expected = warp(maps[-1], flow_homography(motion, 1.0, 0.5, below=False))
    assert (moved - maps[-1]).abs().max() > 0.3
    assert (moved - expected)[:, :, :60].abs().max() < 0.1


@pytest.mark.parametrize("horizon", [0.0, 0.02, 0.5, 0.99, 1.0])
def test_any_horizon(horizon: float) -> None:
    for item in dynamic_maps(noise_maps(16), MotionSettings(), horizon, 2.0):
        assert torch.isfinite(item).all()


def test_constant_and_single_maps() -> None:
    constant = [torch.full((1, 1, size, size), 0.5) for size in (4, 8)]
    for item in dynamic_maps(constant, MotionSettings(), 0.5, 3.0):
        assert torch.allclose(item, torch.full_like(item, 0.5), atol=1e-4)
    assert dynamic_maps([torch.randn(1, 1, 8, 8)], MotionSettings(), 0.5, 3.0)[0].shape == (1, 1, 8, 8)


def test_inputs_are_not_changed_and_need_no_gradient() -> None:
    maps = [item.requires_grad_() for item in noise_maps(16)]
    copies = [item.detach().clone() for item in maps]
    moved = dynamic_maps(maps, MotionSettings(), 0.5, 3.0)
    assert not moved[-1].requires_grad
    assert all(torch.equal(item, copy) for item, copy in zip(maps, copies, strict=True))


def test_wrong_arguments() -> None:
    with pytest.raises(ValueError, match="small to large"):
        DynamicMotion(noise_maps(16)[::-1], MotionSettings(), 0.5)
    with pytest.raises(ValueError, match="period"):
        DynamicMotion(noise_maps(16), MotionSettings(), 0.5, 0.0)


def test_without_perspective_the_horizon_moves_like_the_outer_points() -> None:
    points = np.array([[-1.0, -1.0], [1.0, -1.0], [-1.0, 0.0], [1.0, 0.0]])
    flat = apply(step_homography(90, 0.5, False, perspective=0.0), points) - points
    assert np.allclose(flat[2:], flat[:2], atol=1e-9)
    near, far = (
        np.abs(displacement(MotionSettings(90, perspective=depth), 0.5, 1.0, 40, 60)[16, 30, 0]) for depth in (0.0, 1.0)
    )
    assert near > 2 * far
