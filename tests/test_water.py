"""Water: its course, its current under arrows, kinds, waves; what shores let through, and loops."""

from __future__ import annotations

import json

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from landscape.arrows import Arrow, WaterKind
from landscape.compose.compositor import Compositor
from landscape.compose.reflection import SkyReflection
from landscape.compose.scenery import Scenery
from landscape.errors import LandscapeError
from landscape.images.filters import resize
from landscape.masks.banks import find_source
from landscape.masks.matte import Matte
from landscape.masks.mirror import Mirror, mirror_likeness
from landscape.masks.streaks import find_streaks
from landscape.masks.water_kinds import FIGURES, figures_of, find_waters
from landscape.motion.current import Survey, solve_current, survey
from landscape.motion.streamlines import current_clock
from landscape.motion.swell import make_swell
from landscape.motion.water import make_water_clock
from landscape.motion.water_course import Cells, find_course
from landscape.scene.shot import PLACES, Shot
from landscape.settings import MotionSettings
from landscape.spelling import spelled
from landscape.training.water_kinds import Example, fit_kinds, judge_kinds

HEIGHT, WIDTH = 48, 64
SOURCE = (0.5, 0.0)


def bend() -> np.ndarray:
    """A river that enters at the top left, crosses to the right and leaves at the bottom right."""
    mask = np.zeros((HEIGHT, WIDTH), bool)
    mask[:28, 8:18] = mask[18:28, 8:56] = mask[18:, 46:56] = True
    return mask


def surveyed(inside: np.ndarray, falling: float = 0.0) -> Survey:
    down = np.dstack([np.zeros(inside.shape), np.ones(inside.shape)]).astype(np.float32)
    flat = np.full(inside.shape, falling, np.float32)
    return survey(inside.astype(np.float32), find_course(inside, SOURCE), down, flat, flat * 0, 0.1)


def flow_of(found: Survey, *arrows: Arrow) -> np.ndarray:
    ones = np.ones(found.water.shape, np.float32)
    return solve_current(found, ones, 0 * ones, arrows)


def test_a_river_follows_its_bends() -> None:
    course = find_course(bend(), SOURCE)
    unit = course / np.maximum(np.linalg.norm(course, axis=2, keepdims=True), 1e-12)
    for place, way in (((8, 13), (0, 1)), ((23, 32), (1, 0)), ((40, 51), (0, 1))):
        assert unit[place] @ way > 0.95
    assert not course[~bend()].any()
    assert not find_course(np.zeros((8, 8), bool), SOURCE).any()


def river(course: tuple[float, float], rough: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """A photo of a river between straight banks that meet at a place of a horizon a third down, and where it is."""
    y, x = np.mgrid[:180, :240].astype(np.float32)
    at, horizon = course[0] * 240, course[1] * 180
    below = np.maximum(y - horizon, 1e-3)
    # Where a line from the point on the horizon through a pixel passes the middle height of the water.
    place = at + (x - at) * 60 / below
    water = ((y > horizon + 12) & (np.abs(place - 120) < 0.4 * max(150, abs(at - 120)))).astype(np.float32)
    noise = np.random.default_rng(1).normal(size=y.shape).astype(np.float32)
    photo = np.repeat((120 + rough * noise).clip(0, 255).astype(np.uint8)[..., None], 3, axis=2)
    return photo, water


def test_banks_tell_where_a_river_comes_from() -> None:
    for x in (0.2, 0.5, 0.9):
        photo, water = river((x, 0.33))
        assert find_source(photo, water)[0] == pytest.approx(x, abs=0.12)
    band = np.zeros((180, 240), np.float32)
    band[80:150] = 1
    assert abs(find_source(np.full((180, 240, 3), 99, np.uint8), band)[0]) > 3  # past the viewer


def test_streaks_tell_the_course_where_no_bank_is_seen() -> None:
    noise = np.random.default_rng(2).normal(size=(180, 240)).astype(np.float32)
    lying = cv2.GaussianBlur(noise, (0, 0), 12, sigmaY=1.5)
    for lines, aside in ((lying, True), (lying.T, False)):
        photo = np.repeat((128 + 40 * lines / lines.std()).clip(0, 255).astype(np.uint8)[..., None], 3, axis=2)
        x, y = find_source(photo, np.ones(lines.shape, np.float32))
        assert (abs(x - 0.5) > 2) == aside and y < -0.3


@pytest.mark.parametrize("source", [(-3.0, 0.1), (0.5, 0.0), (4.0, 0.1)])
def test_open_water_comes_straight_from_its_source(source: tuple[float, float]) -> None:
    course = find_course(np.ones((HEIGHT, WIDTH), bool), source)
    y, x = np.mgrid[:HEIGHT, :WIDTH].astype(np.float32) + 0.5
    way = np.dstack([x - source[0] * WIDTH, y - source[1] * HEIGHT])
    cosine = (course * way).sum(axis=2) / np.maximum(np.linalg.norm(course, axis=2) * np.linalg.norm(way, axis=2), 1e-9)
    assert cosine[6:-4, 4:-4].min() > 0.97


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_no_water_is_lost_between_cells_and_none_passes_a_shore(seed: int) -> None:
    """The divergence of the gradient is the rain that was put in, cell by cell, whatever the mask."""
    rng = np.random.default_rng(seed)
    noise = cv2.GaussianBlur(rng.normal(size=(20, 26)).astype(np.float32), (0, 0), 2.0)
    cells = Cells.of(noise > np.median(noise))
    rain = rng.normal(size=cells.count)
    _, parts = cv2.connectedComponents(cells.inside.astype(np.uint8), connectivity=4)
    part = parts[cells.inside]
    rain -= (np.bincount(part, rain) / np.maximum(np.bincount(part), 1))[part]
    stiffness = cells.stiffness()
    potential = cells.solve(stiffness + 1e-9 * type(stiffness)(np.eye(cells.count)), rain)
    assert np.abs(stiffness @ potential - rain).max() < 1e-5
    # A cell beside a shore has no neighbour there, so nothing goes that way.
    right, lower = cells.pairs
    inside = cells.inside
    assert len(right) == (inside[:, 1:] & inside[:, :-1]).sum() and len(lower) == (inside[1:] & inside[:-1]).sum()


@settings(max_examples=20, deadline=None)
@given(
    x=st.floats(0.05, 0.95), y=st.floats(0.1, 0.9), turn=st.floats(0, 6.28), length=st.floats(0.02, 0.3),
    falling=st.floats(0, 1),
)  # fmt: skip
def test_nothing_flows_through_shores_whatever_is_drawn(
    x: float, y: float, turn: float, length: float, falling: float
) -> None:
    found = surveyed(bend(), falling)
    current = flow_of(found, Arrow(x, y, length * np.cos(turn), length * np.sin(turn)))
    across = np.abs((current * found.away).sum(axis=2))[bend() & (found.distance * WIDTH < 1.1)]
    assert np.isfinite(current).all() and across.max() < 1e-5


def test_arrows_turn_the_water_and_anchors_hold_it() -> None:
    pool = np.ones((HEIGHT, WIDTH), bool)
    found = surveyed(pool)
    plain = flow_of(found)
    assert plain[24, 32, 1] > 0.01
    there = flow_of(found, Arrow(0.3, 0.5, 0.3, 0.0))
    assert np.allclose(there[24, 24], [0.3, 0], atol=0.01)
    assert there[30, 30, 0] > 0.1 > abs(there[30, 30, 1])
    up = flow_of(found, Arrow(0.5, 0.6, 0.0, -0.2))
    assert (up[..., 1] < 0).mean() > 0.9  # against the course: all of this water turns round
    held = flow_of(found, Arrow(0.5, 0.5, 0.0, 0.0))
    assert np.abs(held[24, 32]).max() < 1e-4 and held[24, 3, 1] > 0.5 * plain[24, 3, 1]
    dry = surveyed(bend())
    assert np.array_equal(flow_of(dry, Arrow(0.9, 0.1, 0.2, 0.2)), flow_of(dry))  # on land it says nothing
    assert not flow_of(surveyed(np.zeros_like(pool))).any()


@pytest.mark.parametrize("values", [(1.2, 0.5, 0, 0), (0.5, -0.1, 0, 0), (0.5, 0.5, 2, 0), (0.5, 0.5, 0, float("nan"))])
def test_arrows_out_of_range_are_refused(values: tuple[float, float, float, float]) -> None:
    with pytest.raises(LandscapeError, match="arrow"):
        Arrow(*values)


def test_arrows_and_kinds_are_kept_in_recipes_and_written_one_by_one() -> None:
    arrows, kinds = PLACES["arrows"].kind, PLACES["water_kinds"].kind
    drawn = spelled(arrows, ["0.5,0.4, 0,0.1", "0.2,0.2,0,0"])
    assert drawn == (Arrow(0.5, 0.4, 0.0, 0.1), Arrow(0.2, 0.2, 0.0, 0.0))
    shot = Shot().with_values({"arrows": drawn, "water_kinds": spelled(kinds, ["0.3,0.8,Waves"])})
    assert shot.motion.kinds == (WaterKind(0.3, 0.8, "waves"),)
    assert Shot.from_dict(json.loads(json.dumps(shot.as_dict()))) == shot
    for wrong, sentence in (
        ("0.5,0.4,0", "Give arrows like"),
        ("0.5,0.4,0,3", "between -1 and 1"),
        ("a,b,c,d", "arrow"),
    ):
        with pytest.raises(LandscapeError, match=sentence):
            arrows.check(spelled(arrows, [wrong]))


def test_an_arrow_turns_the_water_of_a_frame() -> None:
    photo, water = scene(rough=True)
    matte = Matte.certain(np.zeros_like(water), water, np.zeros_like(water), 0.4)
    drawn = cv2.resize(photo, (32, 32)).astype(np.float32).transpose(2, 0, 1) / 127.5 - 1
    scenery = Scenery(photo, matte, drawn)
    for dx in (0.06, -0.06):
        compositor = Compositor(scenery, MotionSettings(arrows=(Arrow(0.45 - dx / 2, 0.8, dx, 0.0),)))
        grey = [cv2.cvtColor(compositor.frame(drawn, t)[86:106, 58:88], cv2.COLOR_RGB2GRAY) for t in (0.1, 0.3)]
        flow = cv2.calcOpticalFlowFarneback(*grey, np.zeros((20, 30, 2), np.float32), 0.5, 2, 9, 3, 5, 1.1, 0)
        assert np.median(flow[..., 0]) * np.sign(dx) > 0.5


def test_falls_go_down_along_their_streaks() -> None:
    rng = np.random.default_rng(3)
    lines = cv2.GaussianBlur(rng.normal(size=(200, 160)).astype(np.float32), (0, 0), 1.2, sigmaY=40)
    lean = cv2.warpAffine(lines / lines.std(), np.array([[1, 0.3, -30], [0, 1, 0]], np.float32), (160, 200))
    photo = np.repeat((190 + 40 * lean).clip(0, 255).astype(np.uint8)[..., None], 3, axis=2)
    streaks = find_streaks(photo, np.ones((200, 160), np.float32), 50, 40)
    assert streaks.falling[10:-10, 10:-10].mean() > 0.8
    way = np.array([0.3, 1]) / np.hypot(0.3, 1)
    assert np.median(streaks.direction[10:-10, 10:-10] @ way) > 0.97
    ribbon = np.zeros((200, 160), np.float32)
    ribbon[20:180, 78:83] = 1
    thin = find_streaks(np.full((200, 160, 3), 240, np.uint8), ribbon, 50, 40)
    assert thin.falling[10:40, 20].min() > 0.9 and not thin.direction.any()  # by its shape, as it has no texture
    across = find_streaks(np.rot90(photo).copy(), np.ones((160, 200), np.float32), 40, 50)
    assert across.falling.max() < 0.1  # ripples lie across the flow


@settings(max_examples=15, deadline=None)
@given(seconds=st.floats(0, 30), loop=st.floats(1.0, 12.0), speed=st.floats(0.1, 4))
def test_loops_close_and_the_photo_comes_first(seconds: float, loop: float, speed: float) -> None:
    found = surveyed(np.ones((HEIGHT, WIDTH), bool))
    kinds = np.full((HEIGHT, WIDTH, 3), 1 / 3, np.float32)
    share = np.ones((96, 128), np.float32)
    clock = make_water_clock(found, kinds, MotionSettings(speed=speed), 0.1, share, (192, 256), loop)
    start, now, later = (clock.at(t, 96, 128) for t in (0.0, seconds, seconds + loop))
    assert max(np.abs(phase.offset).max() * phase.weight.max() for phase in start) < 1e-3
    for one, other in zip(now, later, strict=True):
        assert np.abs(one.weight - other.weight).max() < 0.02 and np.abs(one.offset - other.offset).max() < 0.5
    assert np.allclose(sum(phase.weight for phase in now), 1, atol=1e-3)
    lights = [clock.light(t) for t in (0.0, seconds, seconds + loop)]
    assert all(light is not None for light in lights)
    assert np.allclose(lights[0], 1) and np.abs(lights[1] - lights[2]).max() < 0.01


def test_what_floats_goes_where_the_current_goes() -> None:
    velocity = np.full((24, 32, 2), (0.05, 0.0), np.float32)
    clock = current_clock(velocity, np.ones((24, 32), np.float32), (96, 128), (192, 256), None)
    later = clock.still(0.75, 96, 128)  # a quarter of a period after the middle
    assert clock.period is not None
    assert np.allclose(later[..., 0], -0.05 * 256 * clock.period / 4, rtol=0.05) and np.abs(later[..., 1]).max() < 1e-3
    assert current_clock(0 * velocity, np.ones((24, 32), np.float32), (96, 128), (192, 256), None).period is None


def test_waves_come_in_without_drifting_and_grow_towards_the_viewer() -> None:
    share = np.ones((HEIGHT, WIDTH), np.float32)
    still = np.zeros((HEIGHT, WIDTH, 2), np.float32)
    swell = make_swell(MotionSettings(), share, still, 0 * share, 0.4, 800)
    assert swell is not None
    waves = swell.prepared(240, 320)
    shifts = np.stack([waves.at(t)[0] for t in np.linspace(0, 12, 25)])
    assert not shifts[:, :96].any() and np.abs(shifts).max() < 0.02 * 800
    spread = shifts[..., 1].std(axis=0).mean(axis=1)
    assert spread[230] > 2 * spread[150] > 0
    assert np.abs(shifts[..., 0]).max() == 0
    assert make_swell(MotionSettings(water=0.0), share, np.zeros((HEIGHT, WIDTH, 2)), share, 0.4, 800) is None


@pytest.mark.parametrize(("degrees", "way"), [(90.0, 1), (270.0, -1)])
def test_waves_go_where_they_are_told(degrees: float, way: int) -> None:
    share = np.ones((HEIGHT, WIDTH), np.float32)
    motion = MotionSettings(waves=degrees)
    swell = make_swell(motion, share, np.zeros((HEIGHT, WIDTH, 2), np.float32), 0 * share, 0.4, 800)
    assert swell is not None
    waves = swell.prepared(240, 320)
    lights = [waves.at(seconds)[1][200:] - waves.at(seconds + 0.1)[1][200:] for seconds in (1.0, 1.3)]
    moved = [np.sum(lights[0][:, 20:-20] * np.roll(lights[1], -by, axis=1)[:, 20:-20]) for by in range(-12, 13)]
    assert np.sign(np.argmax(moved) - 12) == way
    flat, inside = np.zeros((HEIGHT, WIDTH), np.float32), np.ones((HEIGHT, WIDTH), np.float32)
    found = survey(
        inside, np.zeros((HEIGHT, WIDTH, 2), np.float32), flat[..., None] * np.ones(2), flat, flat, 0.2, degrees
    )
    assert way * np.median(found.rolling[..., 0]) > 10 * abs(np.median(found.rolling[..., 1]))


def scene(*, rough: bool) -> tuple[np.ndarray, np.ndarray]:
    """A photo whose lower half is water: white rapids between banks, or a mirror of the upper half."""
    rng = np.random.default_rng(5)
    land = cv2.GaussianBlur(rng.normal(size=(60, 160, 3)).astype(np.float32), (0, 0), 3)
    land = (90 + 35 * land / land.std()).clip(0, 255)
    water = np.zeros((120, 160), np.float32)
    if rough:
        foam = cv2.GaussianBlur(rng.normal(size=(60, 160, 1)).astype(np.float32), (0, 0), 1)[..., None]
        below, water[70:, 50:110] = np.repeat((190 + 50 * foam / foam.std()).clip(0, 255), 3, axis=2), 1
    else:
        below, water[60:] = 0.8 * land[::-1], 1
    return np.vstack([land, below]).astype(np.uint8), water


def test_kinds_are_found_and_chosen_part_by_part() -> None:
    for rough, kind in ((True, 1), (False, 0)):
        photo, water = scene(rough=rough)
        waters = find_waters(photo, water, 0 * water, mirror_likeness(photo, water), 60, 80)
        assert np.allclose(waters.kinds.sum(axis=1), 1)
        assert waters.shares()[waters.parts > 0][:, kind].mean() > 0.8
    water[:, 100:104] = 0
    waters = find_waters(photo, water, 0 * water, 0.9, 60, 80)
    chosen = waters.shares([WaterKind(0.2, 0.8, "Waves")])
    assert np.allclose(chosen[50, 20], [0, 0, 1]) and np.allclose(chosen[50, 70], waters.shares()[50, 70])
    assert waters.part_at(0.2, 0.1) == 0 and waters.parts.max() == 2
    with pytest.raises(LandscapeError, match="kind of water"):
        WaterKind(0.5, 0.5, "tea")


def test_far_shores_tell_of_open_water() -> None:
    photo, water = scene(rough=False)
    parts = (resize(water, 60, 80) > 0.5).astype(np.int32)
    top = int(parts.any(axis=1).argmax())
    streaks = find_streaks(photo, water, 60, 80)
    for land, known, most in ((2, True, 1.0), (12, True, 0.0), (2, False, 0.0)):
        sky = np.zeros((60, 80), np.float32)
        sky[: top - land] = known
        assert figures_of(photo, parts, sky, streaks, 0.0, 0.5)[0, FIGURES.index("open")] == most


def test_what_is_higher_than_wide_between_its_shores_does_not_stand() -> None:
    photo, _ = scene(rough=False)
    for columns, runs in ((slice(60, 90), True), (slice(0, 160), False)):
        water = np.zeros((120, 160), np.float32)
        water[50:115, columns] = 1
        waters = find_waters(photo, water, 0 * water, 0.9, 60, 80)
        assert (waters.kinds[1, 1] > 0.9) == runs


def test_bands_from_side_to_side_are_no_mirror() -> None:
    rows = np.r_[np.linspace(60, 200, 60), np.linspace(200, 60, 60)]
    photo = np.broadcast_to((rows + 15 * np.sin(np.abs(np.arange(120) - 60)))[:, None, None], (120, 160, 3))
    water = np.zeros((120, 160), np.float32)
    water[60:] = 1
    assert mirror_likeness(photo.clip(0, 255).astype(np.uint8), water) < 0.2


def test_the_mirror_shows_the_sky_of_the_moment_and_keeps_the_rest() -> None:
    sky = np.zeros((40, 60), np.float32)
    sky[:20, :30] = 1
    still = np.zeros_like(sky)
    still[20:] = 1
    first = np.full((22, 62, 3), 100, np.float32)
    reflection = SkyReflection(Mirror(0.9, 0.5, 1.0), still, sky, (20, 40, 0, 60), (0, 20, 0, 60), first)
    assert not reflection.empty and np.allclose(reflection.shine(first), 1)
    now = first.copy()
    now[11:16] = 150  # a cloud in rows 10 to 14
    shine = reflection.shine(now)
    assert shine[8:10, 5:25].min() > 1.3  # rows 7 and 8 of the water see rows 12 and 11 of the sky
    assert np.allclose(shine[:, 34:], 1) and np.allclose(shine[15:, 5:25], 1)


def test_learning_kinds_needs_both_and_tells_them_apart() -> None:
    rng = np.random.default_rng(0)
    found = [
        Example(rng.normal(loc=runs, size=len(FIGURES)), bool(runs), 1.0, False, "river" if runs else "sea")
        for runs in (0, 1) * 60
    ]
    content = fit_kinds(found)
    assert set(content) == {"mean", "spread", "weight", "bias"}
    right = judge_kinds(content, found)
    assert right["river"].endswith("of 60") and float(right["runs"][:4]) > 0.85
    with pytest.raises(LandscapeError, match="running water"):
        fit_kinds([example for example in found if example.runs])
