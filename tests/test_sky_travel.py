"""How a sky travels: without end, without return, un-sheared, in loops."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from landscape.arrows import Arrow
from landscape.motion.drift import find_drifts
from landscape.motion.flow import displacement
from landscape.motion.pieces import Pieces, find_pieces
from landscape.motion.samples import folded
from landscape.motion.spells import spells
from landscape.motion.travel import SkyMotion
from landscape.motion.turbulence import _EDDIES, Turbulence
from landscape.motion.winds import with_arrows_within
from landscape.settings import MotionSettings

WIDTH, ABOVE, SKY, HEIGHT = 64, 8, 0.5, 0.75
HOURS = [(hour % 12) * 30.0 for hour in range(1, 13)]


def ring(seed: int = 0) -> np.ndarray:
    noise = np.random.default_rng(seed).normal(0, 1, (ABOVE + WIDTH // 2, 3 * WIDTH)).astype(np.float32)
    wide = cv2.copyMakeBorder(noise, 0, 0, 20, 20, cv2.BORDER_WRAP)
    smooth = cv2.GaussianBlur(wide, (0, 0), 3)[:, 20:-20]
    return np.repeat((40 * smooth / smooth.std())[..., None], 3, axis=2)


PIECES = find_pieces(ring(), WIDTH)


def sky(motion: MotionSettings, loop: float | None = None) -> SkyMotion:
    return SkyMotion(PIECES, motion, 0.6, (HEIGHT, SKY), (WIDTH, ABOVE), loop)


def total(samples, shape: tuple[int, int]) -> np.ndarray:
    weights = np.zeros(shape, np.float32)
    for sample in samples:
        weights[sample.rows, sample.columns] += sample.field[..., 3]
    return weights


def view(samples, shape: tuple[int, int] = (24, 48)) -> np.ndarray:
    """The ring as samples show it."""
    picture, image = np.zeros(shape, np.float32), ring()[..., 0]
    y = (np.arange(shape[0], dtype=np.float32) + 0.5) / shape[0] * SKY
    x = (np.arange(shape[1], dtype=np.float32) + 0.5) / shape[1]
    for sample in samples:
        field = sample.field
        across = (sample.scale * x[None, sample.columns] + sample.x + field[..., 0]) % 3 * WIDTH - 0.5
        down = (sample.scale * y[sample.rows, None] + sample.y + field[..., 1]) * WIDTH + ABOVE - 0.5
        down = folded(down, len(image))
        found = cv2.remap(
            image, across.astype(np.float32), down.astype(np.float32), cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP
        )
        picture[sample.rows, sample.columns] += field[..., 3] * found
    return picture


@pytest.mark.parametrize("direction", HOURS)
def test_time_0_is_the_photo(direction):
    samples = sky(MotionSettings(direction=direction, speed=2.0)).at(0.0, 24, 48)
    assert np.abs(total(samples, (24, 48)) - 1).max() < 1e-5
    for sample in samples:
        seen = sample.field[..., 3] > 0
        assert sample.scale == 1 and sample.x == pytest.approx(0, abs=1e-6) and sample.y == pytest.approx(0, abs=1e-6)
        assert np.abs(sample.field[..., :2][seen]).max() == 0 and np.abs(sample.field[..., 2][seen]).max() == 0


@settings(max_examples=40, deadline=None)
@given(
    direction=st.floats(0, 360),
    speed=st.floats(0, 8),
    perspective=st.floats(0, 1),
    change=st.floats(0, 2),
    seconds=st.floats(0, 700),
    loop=st.one_of(st.none(), st.floats(0.5, 60)),
)
def test_weights_add_up_to_one_at_any_time(direction, speed, perspective, change, seconds, loop):
    motion = MotionSettings(direction=direction, speed=speed, perspective=perspective, change=change)
    samples = sky(motion, loop).at(seconds, 16, 32)
    assert np.abs(total(samples, (16, 32)) - 1).max() < 1e-4
    for sample in samples:
        assert np.isfinite(sample.field).all()
        assert 0.2 < sample.scale < 5, "pieces neither vanish nor blur"


@settings(max_examples=20, deadline=None)
@given(direction=st.floats(0, 360), speed=st.floats(0.2, 4), loop=st.floats(2, 30), seconds=st.floats(0, 30))
def test_loops_close(direction, speed, loop, seconds):
    moving = sky(MotionSettings(direction=direction, speed=speed), loop)
    first, again = (view(moving.at(time, 24, 48)) for time in (seconds, seconds + loop))
    assert np.abs(first - again).max() < 0.5
    before, start = view(moving.at(loop * (1 - 1e-5), 24, 48)), view(moving.at(0.0, 24, 48))
    assert np.abs(before - start).mean() < 1.0


@pytest.mark.parametrize("direction", [90.0, 270.0, 60.0, 300.0])
def test_it_does_not_come_back(direction):
    moving = sky(MotionSettings(direction=direction, speed=1.5))
    first = view(moving.at(0.0, 24, 48)).ravel()
    likeness = [np.corrcoef(first, view(moving.at(time, 24, 48)).ravel())[0, 1] for time in np.arange(4.0, 12.0, 0.5)]
    assert np.median(likeness) < 0.35 and max(likeness) < 0.5


def test_ten_minutes_never_repeat_within_one():
    moving = sky(MotionSettings(direction=90.0, speed=1.5))
    times = np.arange(0.0, 600.0, 6.0)
    views = np.stack([view(moving.at(float(time), 24, 48)).ravel() for time in times])
    likeness = np.corrcoef(views)
    near = np.abs(times[:, None] - times[None, :])
    assert likeness[(near > 3) & (near <= 60)].max() < 0.6
    contrast = views.std(axis=1)
    assert contrast.min() > 0.55 * contrast[0], "it keeps its contrast"


@settings(max_examples=60, deadline=None)
@given(place=st.floats(-100, 100), layer=st.integers(0, 5))
def test_spells_share_the_way_and_the_first_is_the_photos(place, layer):
    found = spells(place, place + 1, layer, (3.0, 0.6))
    x = np.linspace(place, place + 1, 64).astype(np.float32)
    for middle in (None, np.full(64, 0.2, np.float32)):
        way = [middle if middle is None or not spell.turned else -middle for spell in found]
        shares = [spell.share(x, along) for spell, along in zip(found, way, strict=True)]
        assert np.abs(sum(shares) - 1).max() < 1e-3
    for spell in spells(-0.5, 1.5, layer, (3.0, 0.6)):
        assert (spell.on_ring(0.3), spell.rise) == (0.3, 0.0), "as it always was"


def test_spells_near_one_another_show_other_places():
    found = [spells(place, place + 0.1, 0, (3.0, 0.6)) for place in np.arange(-21.0, 21.0, 1.0)]
    ways = {spell.first: spell for spell in (spell for some in found for spell in some)}
    row = [ways[first] for first in sorted(ways)]
    assert len(row) > 18
    for near, next_, far in zip(row[:-2], row[1:-1], row[2:], strict=True):
        assert near.turned != next_.turned and near.last == pytest.approx(next_.first)
        assert abs(near.rise - far.rise) >= 0.04
    start = sky(MotionSettings(direction=90.0, speed=1.5))
    times = np.arange(0.0, 60.0, 1 / 15)
    views = np.stack([view(start.at(float(time), 24, 48)) for time in times])
    steps = np.abs(np.diff(views, axis=0)).mean(axis=(1, 2))
    assert steps.max() < 2 * np.median(steps), "nothing jumps where a spell begins"


def test_clouds_spread_from_the_middle_of_the_sky():
    motion = MotionSettings(direction=0.0, change=0.0)
    for middle in (0.3, 0.5):
        sky_motion = SkyMotion(PIECES, motion, 0.6, (HEIGHT, SKY), (WIDTH, ABOVE), middle=middle)
        sample = max(sky_motion.at(0.4, 24, 48), key=lambda sample: float(sample.field[..., 3].sum()))
        assert sample.scale * middle + sample.x == pytest.approx(middle, abs=1e-6) and sample.scale < 1


@pytest.mark.parametrize("direction", HOURS)
def test_layers_go_where_the_flow_goes(direction):
    motion = MotionSettings(direction=direction)
    field = displacement(motion, 0.6, 1 / 30, 96, 128)[: round(96 * SKY / HEIGHT)] * 30
    flow = field.reshape(-1, 2).mean(axis=0) / 128
    drifts = find_drifts(motion, 0.6, (HEIGHT, SKY), SKY + ABOVE / WIDTH, None)
    assert len(drifts) > 1
    middle = np.mean([(drift.x, drift.y) for drift in drifts], axis=0)
    cosine = np.dot(middle, flow) / np.linalg.norm(middle) / np.linalg.norm(flow)
    assert np.degrees(np.arccos(min(cosine, 1.0))) < 25


def test_without_perspective_all_moves_as_one_piece():
    drifts = find_drifts(MotionSettings(direction=90.0, perspective=0.0), 0.6, (HEIGHT, SKY), SKY, None)
    assert len(drifts) == 1 and drifts[0].period == np.inf


def test_a_sky_that_stands_still_stays():
    for motion in (MotionSettings(speed=0.0), MotionSettings(sky=0.0)):
        moving = sky(motion)
        assert np.array_equal(view(moving.at(0.0, 24, 48)), view(moving.at(30.0, 24, 48)))


def test_pieces_follow_clouds():
    y, x = np.mgrid[:40, :192].astype(np.float32)
    light = np.zeros((40, 192), np.float32)
    for centre, row in ((30, 12), (90, 26), (150, 16)):
        light += 100 * np.exp(-(((x - centre) / 14) ** 2) - ((y - row) / 8) ** 2)
    pieces = find_pieces(np.repeat(light[..., None], 3, axis=2), 64)
    centres = [pieces.number[12, 30], pieces.number[26, 90], pieces.number[16, 150]]
    assert len(set(centres)) == 3
    for centre, row, number in zip((30, 90, 150), (12, 26, 16), centres, strict=True):
        core = np.hypot((x - centre) / 14, (y - row) / 8) < 1
        assert (pieces.number[core] == number).mean() > 0.97, "a cloud is one piece"
        assert pieces.row[number] == pytest.approx(row, abs=6)
    shares = pieces.shares(np.array([10.0, 20.0, 30.0]), 64)
    assert np.abs(shares.sum(axis=0) - 1).max() < 1e-4


@settings(max_examples=20, deadline=None)
@given(time=st.floats(0, 1000), change=st.floats(0, 2), seed=st.integers(0, 100))
def test_turbulence_is_bounded_and_nothing_at_first(time, change, seed):
    turbulence = Turbulence((40, 192), 64, seed)
    start, later = turbulence.at(0.0, change), turbulence.at(time, change)
    assert np.abs(start[..., :2]).max() == 0 and np.abs(start[..., 2]).max() == 0
    # Weights of cubic interpolation add up to 1.375 at most without their signs, and there are two axes.
    most = 1.375**2 * 2 * change * sum(reach for _, reach, _ in _EDDIES)
    assert np.abs(later[..., :2]).max() <= most and np.abs(later[..., 2]).max() <= 1
    assert np.isfinite(later).all()


def test_still_clouds_only_travel():
    still, lively = (sky(MotionSettings(direction=90.0, perspective=0.0, change=c)) for c in (0.0, 2.0))
    samples = still.at(2.0, 24, 48)
    assert all(np.abs(sample.field[..., :2]).max() == 0 for sample in samples)
    assert max(np.abs(sample.field[..., :2]).max() for sample in lively.at(2.0, 24, 48)) > 0.002


def test_around_an_arrow_clouds_go_where_it_points_and_elsewhere_by_the_dial() -> None:
    for way in ((0.06, 0.0), (-0.06, 0.0), (0.0, -0.08)):
        wind = sky(MotionSettings(direction=90.0, change=0.0, arrows=(Arrow(0.25, 0.3, *way),)))
        plain = sky(MotionSettings(direction=90.0, change=0.0))
        shape = (96, 192)
        begins = [view(motion.at(0.0, *shape), shape)[:90] for motion in (wind, plain)]
        assert np.abs(begins[0] - begins[1]).max() < 1e-3
        frames = [view(wind.at(t, *shape), shape) for t in (0.0, 0.25)]
        grey = [np.clip(128 + frame, 0, 255).astype(np.uint8) for frame in frames]
        flow = cv2.calcOpticalFlowFarneback(*grey, np.zeros((*shape, 2), np.float32), 0.5, 3, 21, 3, 7, 1.5, 0)
        there = np.median(flow[30:46, 38:58], axis=(0, 1)) / 192 * 4
        assert np.abs(there - [way[0], way[1] * HEIGHT]).max() < 0.02
        far = slice(30, 60), slice(150, 186)
        assert np.abs(view(wind.at(3.0, *shape), shape)[far] - view(plain.at(3.0, *shape), shape)[far]).max() < 1e-3
    held = sky(MotionSettings(direction=90.0, speed=2.0, arrows=(Arrow(0.5, 0.3, 0.0, 0.0),)), loop=6.0)
    first, later = (view(held.at(t, 24, 48)) for t in (0.0, 2.7))
    assert np.abs(first - later)[12, 24] < 1e-3 < np.abs(first - later)[12, 4]


def test_skies_with_arrows_are_whole_and_loop() -> None:
    arrows = (Arrow(0.3, 0.2, 0.1, -0.1), Arrow(0.6, 0.4, -0.2, 0.05), Arrow(0.5, 0.1, 0.0, 0.0))
    blown = sky(MotionSettings(direction=45.0, speed=2.0, arrows=arrows), 5.0)
    for seconds in (0.0, 1.3, 3.8):
        assert np.abs(total(blown.at(seconds, 24, 48), (24, 48)) - 1).max() < 1e-4
        assert np.allclose(view(blown.at(seconds, 24, 48)), view(blown.at(seconds + 5.0, 24, 48)), atol=0.05)
    last, first = (view(blown.at(t, 24, 48)) for t in (4.99, 0.0))
    assert np.abs(last - first).max() < 6


def test_arrows_belong_to_the_part_in_which_they_begin() -> None:
    share = np.zeros((10, 20), np.float32)
    share[:5] = 1
    arrows = (Arrow(0.5, 0.4, 0.0, 0.5), Arrow(0.5, 0.9, 0.0, -0.5), Arrow(1.0, 0.0, 0.0, 0.0))
    assert with_arrows_within(MotionSettings(arrows=arrows), share).arrows == (arrows[0], arrows[2])


def test_what_pieces_leave_travels_as_one(monkeypatch) -> None:
    """Parted by height, layers would cut the clouds between them flat."""
    monkeypatch.setattr(
        Pieces, "shares", lambda self, rows, width: np.zeros((len(rows), *self.number.shape), np.float32)
    )
    alone = sky(MotionSettings(direction=90.0, speed=1.5)).at(3.0, 24, 48)
    assert len(alone) == 1 and np.abs(total(alone, (24, 48)) - 1).max() < 1e-4
    assert (alone[0].rows, alone[0].columns) == (slice(0, 24), slice(0, 48))
