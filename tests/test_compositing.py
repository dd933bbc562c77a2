"""Full-size frames: static pixels, loops, light, ghosts, motion, the first frame."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from landscape.compose.compositor import Compositor
from landscape.compose.scenery import Scenery
from landscape.compose.sky_plan import plan_sky
from landscape.light.mixes import FrameLight
from landscape.masks.glow import find_glow
from landscape.masks.matte import Matte
from landscape.motion.flow import displacement
from landscape.settings import MotionSettings

LIT = FrameLight(change=True)

HEIGHT, WIDTH, RESOLUTION = 144, 216, 48
HORIZON = 0.6


def flat_matte(sky: NDArray[np.float32], water: NDArray[np.float32], freeze: NDArray[np.float32]) -> Matte:
    """The matte of a scene with a straight horizon."""
    return Matte.certain(sky, water, freeze, HORIZON)


@dataclass(frozen=True)
class Case:
    """A photo, its masks and a stand-in for the generator."""

    photo: NDArray[np.uint8]
    masks: Matte
    motion: MotionSettings

    def reconstruction(self) -> NDArray[np.float32]:
        small = cv2.resize(self.photo, (RESOLUTION, RESOLUTION), interpolation=cv2.INTER_AREA)
        return (small.astype(np.float32) / 127.5 - 1).transpose(2, 0, 1)

    def generated(self, seconds: float) -> NDArray[np.float32]:
        small = self.reconstruction().transpose(1, 2, 0)
        flow = displacement(self.motion, HORIZON, seconds, RESOLUTION, RESOLUTION)
        y, x = np.mgrid[:RESOLUTION, :RESOLUTION].astype(np.float32)
        warped = cv2.remap(small, x + flow[..., 0], y + flow[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
        moving = cv2.resize(self.masks.sky + self.masks.water, (RESOLUTION, RESOLUTION))[..., None]
        return np.ascontiguousarray((small * (1 - moving) + warped * moving).transpose(2, 0, 1))

    def scenery(self, **options: object) -> Scenery:
        return Scenery(self.photo, self.masks, self.reconstruction(), **options)  # type: ignore[arg-type]

    def compositor(self, loop_seconds: float | None = None, **options: object) -> Compositor:
        return Compositor(self.scenery(**options), self.motion, loop_seconds)


def textured(seed: int, colour: tuple[int, int, int], contrast: float) -> NDArray[np.float32]:
    noise = np.random.default_rng(seed).normal(size=(HEIGHT, WIDTH)).astype(np.float32)
    octaves = [cv2.GaussianBlur(noise, (0, 0), sigma) * sigma for sigma in (1.5, 4, 9)]
    texture = sum(octaves, np.zeros_like(noise))
    return np.asarray(colour, np.float32) + (contrast * texture / texture.std())[..., None]


def make_case(
    *, water: bool = False, block: bool = False, motion: MotionSettings | None = None, clouds: float = 18
) -> Case:
    line = round(HORIZON * HEIGHT)
    shore = round(0.75 * HEIGHT)
    labels = np.zeros((HEIGHT, WIDTH), np.uint8)
    labels[:line] = 1
    if water:
        labels[shore:] = 2
    photo = textured(1, (90, 110, 60), 14)
    photo[labels == 1] = textured(2, (130, 160, 200), clouds)[labels == 1]
    photo[labels == 2] = textured(3, (60, 90, 120), 10)[labels == 2]
    if block:
        photo[30:line, 90:120] = (230, 20, 20)
        labels[30:line, 90:120] = 0
    sky, sea = (cv2.GaussianBlur((labels == kind).astype(np.float32), (0, 0), 0.8) for kind in (1, 2))
    masks = flat_matte(sky, sea, np.zeros_like(sky))
    return Case(np.clip(photo, 0, 255).astype(np.uint8), masks, motion or MotionSettings())


def difference(a: NDArray[np.uint8], b: NDArray[np.uint8]) -> NDArray[np.float64]:
    return np.abs(a.astype(np.float64) - b.astype(np.float64)).mean(axis=2)


def at_night(frame: NDArray[np.float32], strength: float = 1.0) -> NDArray[np.float32]:
    gain = 1 - strength * (1 - np.array([0.25, 0.3, 0.45], np.float32)[:, None, None])
    return (frame + 1) * gain - 1


def test_static_pixels_are_the_photo_byte_for_byte() -> None:
    case = make_case(water=True)
    compositor = case.compositor()
    static = case.masks.sky + case.masks.water == 0
    moving = case.masks.sky == 1
    for seconds in (0.0, 0.7, 3.1):
        frame = compositor.frame(case.generated(seconds), seconds)
        assert frame.dtype == np.uint8 and frame.shape == case.photo.shape
        assert np.array_equal(frame[static], case.photo[static])
    assert difference(frame, case.photo)[moving].mean() > 5


@pytest.mark.parametrize("light_change", [False, True])
def test_deep_frames_are_the_same_pictures_in_finer_steps(light_change: bool) -> None:
    case = make_case(water=True)
    scenery = case.scenery()
    drawn = at_night(case.generated(1.3), 0.5) if light_change else case.generated(1.3)
    plain = Compositor(scenery, case.motion).frame(drawn, 1.3, FrameLight(change=light_change))
    deep = Compositor(scenery, case.motion, deep=True).frame(drawn, 1.3, FrameLight(change=light_change))
    assert deep.dtype == np.uint16 and deep.shape == plain.shape
    assert np.abs(deep / 257 - plain).max() < 1.6  # the noise, and roundings of the last bit
    moving = case.masks.sky == 1
    assert len(np.unique(deep[moving])) > 20 * len(np.unique(plain[moving]))
    if not light_change:
        static = case.masks.sky + case.masks.water == 0
        assert np.array_equal(deep[static], case.photo[static] * np.uint16(257))


def test_first_frame_is_the_photo_also_where_things_move() -> None:
    case = make_case(water=True)
    frame = case.compositor().frame(case.generated(0.0), 0.0)
    assert difference(frame, case.photo).mean() < 1.0
    assert np.percentile(difference(frame, case.photo), 99) < 12


@pytest.mark.parametrize("period", [2.0, 7.3])
def test_loops_close_without_a_jump(period: float) -> None:
    case = make_case(water=True)
    compositor = case.compositor(loop_seconds=period)
    first = compositor.frame(case.generated(0.0), 0.0)
    assert np.array_equal(first, compositor.frame(case.generated(0.0), period))
    middle = [compositor.frame(case.generated(0.0), period / 2 + more) for more in (0.0, 1 / 30)]
    step = difference(*middle)
    last = difference(first, compositor.frame(case.generated(0.0), period - 1 / 30))
    assert last.mean() < 3 * step.mean() + 1


def test_frames_do_not_depend_on_the_order_of_calls() -> None:
    case = make_case()
    a, b = case.compositor(), case.compositor()
    a.frame(case.generated(2.0), 2.0, LIT)
    assert np.array_equal(a.frame(case.generated(1.0), 1.0), b.frame(case.generated(1.0), 1.0))


def test_night_darkens_static_and_moving_parts_alike() -> None:
    case = make_case(water=True)
    compositor = case.compositor()
    frame = compositor.frame(at_night(case.generated(1.0)), 1.0, LIT).astype(float)
    for part in (case.masks.sky, case.masks.water, 1 - case.masks.sky - case.masks.water):
        ratio = frame[part > 0.99].mean(axis=0) / case.photo[part > 0.99].mean(axis=0)
        assert ratio == pytest.approx([0.25, 0.3, 0.45], abs=0.08)


def test_relit_static_parts_keep_the_texture_of_the_photo() -> None:
    case = make_case()
    frame = case.compositor().frame(at_night(case.generated(1.0)), 1.0, LIT)
    static = case.masks.sky == 0
    for channel in range(3):
        assert np.corrcoef(frame[static][:, channel], case.photo[static][:, channel])[0, 1] > 0.95


def test_generator_noise_does_not_reach_static_parts() -> None:
    case = make_case()
    compositor = case.compositor()
    clean = at_night(case.generated(0.0))
    noise = np.random.default_rng(0).normal(scale=0.1, size=clean.shape).astype(np.float32)
    static = case.masks.sky == 0
    frames = [compositor.frame(picture, 0.0, LIT) for picture in (clean, clean + noise)]
    assert difference(*frames)[static].mean() < 1.5


def test_an_unchanged_light_leaves_static_parts_alone() -> None:
    case = make_case()
    frame = case.compositor().frame(case.generated(0.0), 0.0, LIT)
    assert difference(frame, case.photo)[case.masks.sky == 0].mean() < 1.0


@pytest.mark.parametrize("direction", [90.0, 270.0, 0.0])
def test_no_ghost_of_static_objects_in_the_sky(direction: float) -> None:
    case = make_case(block=True, motion=MotionSettings(direction=direction))
    compositor = case.compositor()
    far = case.masks.sky == 1
    for seconds in np.arange(0.0, 6.0, 0.37):
        frame = compositor.frame(case.generated(0.0), float(seconds)).astype(int)
        redness = (frame[..., 0] - frame[..., 2])[far]
        assert redness.max() < -40, f"reddish sky at {seconds:.2f} s"


@pytest.mark.parametrize("direction", [90.0, 0.0, 180.0])
def test_faint_clouds_take_no_colour_of_static_objects_along(direction: float) -> None:
    case = make_case(block=True, motion=MotionSettings(direction=direction), clouds=6)
    compositor = case.compositor()
    for seconds in (0.7, 2.9, 5.9):
        frame = compositor.frame(case.generated(0.0), seconds).astype(int)
        redness = (frame[..., 0] - frame[..., 2])[case.masks.sky == 1]
        assert np.abs(redness + 70).max() <= 3, f"other colours than the sky's at {seconds} s"


def test_clouds_that_thicken_do_not_burn_out() -> None:
    case = make_case(motion=MotionSettings(change=1.0))
    plan = plan_sky(case.photo, case.masks.sky)
    compositor, sky = Compositor(case.scenery(plan=plan), case.motion), case.masks.sky == 1
    for seconds in (1.1, 2.6, 5.9):
        frame = compositor.frame(case.generated(0.0), seconds)
        assert frame[sky][:, 0].max() < int(case.photo[sky][:, 0].max()) + 8


def test_no_sky_in_static_objects() -> None:
    case = make_case(block=True)
    compositor = case.compositor()
    block = np.zeros((HEIGHT, WIDTH), bool)
    block[36:80, 96:114] = True
    assert np.array_equal(compositor.frame(case.generated(1.3), 1.3)[block], case.photo[block])


@pytest.mark.parametrize(("direction", "sign"), [(90.0, 1), (270.0, -1)])
def test_clouds_move_where_the_clock_points(direction: float, sign: int) -> None:
    case = make_case(motion=MotionSettings(direction=direction))
    compositor = case.compositor()
    flow = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    expected = -displacement(case.motion, HORIZON, 1 / 15, HEIGHT, WIDTH)
    rows, columns = slice(10, 60), slice(30, WIDTH - 30)
    for seconds in (0.3, 1.1, 2.6):
        grey = [
            cv2.cvtColor(compositor.frame(case.generated(time), time), cv2.COLOR_RGB2GRAY)
            for time in (seconds, seconds + 1 / 15)
        ]
        measured = flow.calc(grey[0], grey[1], None)
        moved = float(np.median(measured[rows, columns, 0]))
        assert moved * sign > 0
        assert abs(moved) == pytest.approx(abs(float(expected[rows, columns, 0].mean())), rel=0.4)
        assert np.abs(measured[110:]).mean() < 0.1


def test_contrast_does_not_pulsate() -> None:
    case = make_case()
    compositor = case.compositor()
    sky = case.masks.sky == 1
    contrasts = []
    for seconds in np.arange(2.0, 6.0, 0.2):
        frame = compositor.frame(case.generated(0.0), float(seconds)).mean(axis=2)
        contrasts.append((frame - cv2.GaussianBlur(frame, (0, 0), 3))[sky].std())
    assert np.std(contrasts) / np.mean(contrasts) < 0.07


def test_no_motion_gives_a_still_picture() -> None:
    case = make_case(water=True, motion=MotionSettings(speed=0.0))
    compositor = case.compositor()
    frames = [compositor.frame(case.reconstruction(), seconds) for seconds in (0.0, 4.2)]
    assert np.array_equal(frames[0], frames[1])


def test_photo_weight_shrinks_with_the_reconstruction_error() -> None:
    case = make_case()
    good = case.scenery().mean_photo_weight
    noise = np.random.default_rng(0).normal(scale=0.5, size=(3, RESOLUTION, RESOLUTION)).astype(np.float32)
    poor = Scenery(case.photo, case.masks, case.reconstruction() + noise)
    assert 0 <= good < poor.mean_photo_weight <= 1
    assert poor.mean_photo_weight > 0.85


def test_a_poor_generator_is_replaced_by_the_carried_photo() -> None:
    case = make_case()
    grey = np.zeros((3, RESOLUTION, RESOLUTION), np.float32)
    frame = Compositor(Scenery(case.photo, case.masks, grey), case.motion).frame(grey, 1.0)
    sky = case.masks.sky == 1
    assert frame[sky].mean(axis=0) == pytest.approx(case.photo[sky].mean(axis=0), abs=6)
    assert frame[sky].std() > 0.75 * case.photo[sky].std()


def test_generator_only_shows_nothing_of_the_photo() -> None:
    case = make_case()
    flat = np.full((3, RESOLUTION, RESOLUTION), 0.2, np.float32)
    frame = case.compositor(generator_only=True).frame(flat, 1.0)
    assert frame.shape == case.photo.shape and set(np.unique(frame)) == {153}


def test_upscale_is_used_before_resizing() -> None:
    case = make_case()
    sizes: list[tuple[int, ...]] = []

    def enlarge(frame: NDArray[np.float32]) -> NDArray[np.float32]:
        sizes.append(frame.shape)
        return frame.repeat(4, axis=1).repeat(4, axis=2)

    compositor = case.compositor(upscale=enlarge)
    frame = compositor.frame(case.generated(0.0), 0.0)
    assert sizes == [(3, RESOLUTION, RESOLUTION)], "the photo's own light needs no more of the generator"
    assert difference(frame, case.photo).mean() < 1.5
    compositor.frame(case.generated(0.0), 0.0, LIT)
    assert sizes == [(3, RESOLUTION, RESOLUTION)] * 2


@pytest.mark.parametrize("kind", ["empty", "full", "freeze"])
def test_masks_without_sky_without_land_and_frozen(kind: str) -> None:
    case = make_case()
    flat = np.full_like(case.masks.sky, 0.0 if kind == "empty" else 1.0)
    masks = flat_matte(flat, np.zeros_like(flat), np.full_like(flat, float(kind == "freeze")))
    compositor = Compositor(Scenery(case.photo, masks, case.reconstruction()), case.motion)
    frame = compositor.frame(case.generated(1.0), 1.0)
    relit = compositor.frame(at_night(case.generated(1.0)), 1.0, LIT)
    assert relit.mean() < 0.6 * frame.mean()
    assert np.array_equal(frame, case.photo) == (kind != "full")


def test_odd_sizes_and_torch_frames() -> None:
    import torch

    case = make_case()
    height, width = 101, 67
    photo = cv2.resize(case.photo, (width, height))
    sky = cv2.resize(case.masks.sky, (width, height))
    masks = flat_matte(sky, np.zeros_like(sky), np.zeros_like(sky))
    compositor = Compositor(Scenery(photo, masks, torch.from_numpy(case.reconstruction())), case.motion)
    frame = compositor.frame(torch.from_numpy(case.generated(1.0)), 1.0)
    assert frame.shape == photo.shape
    assert np.array_equal(frame[sky == 0], photo[sky == 0])


def test_large_photos_are_analysed_small_and_composed_in_full() -> None:
    case = make_case(water=True)
    large = cv2.resize(case.photo, (2300, 1533), interpolation=cv2.INTER_CUBIC)
    sky, water, freeze = (cv2.resize(m, (2300, 1533)) for m in (case.masks.sky, case.masks.water, case.masks.freeze))
    scenery = Scenery(large, flat_matte(sky, water, freeze), case.reconstruction())
    frame = Compositor(scenery, case.motion).frame(case.generated(0.0), 0.0)
    static = sky + water == 0
    assert frame.shape == large.shape
    assert np.array_equal(frame[static], large[static])
    assert difference(frame, large).mean() < 1.0


def test_mixed_pixels_take_no_old_sky_along() -> None:
    case = make_case(block=True)
    red, blue = np.float32([230, 20, 20]), np.float32([130, 160, 200])
    share = case.masks.sky[..., None]
    photo = np.rint(blue * share + red * (1 - share)).astype(np.uint8)
    static = Scenery(photo, case.masks, case.reconstruction()).static[..., :3].astype(int)
    edge = (case.masks.sky > 0.2) & (case.masks.sky < 0.7)
    edge[:35] = edge[75:] = False
    before, after = (np.abs(image - red)[edge].mean() for image in (photo.astype(int), static))
    assert after < 0.6 * before


@pytest.mark.parametrize("thing", ["twig", "trunk"])
def test_what_the_matte_leaves_still_leaves_no_trail(thing: str) -> None:
    case = make_case()
    photo, line = case.photo.copy(), round(HORIZON * HEIGHT)
    drawn = np.zeros((HEIGHT, WIDTH), bool)
    if thing == "twig":
        drawn[83:86, 60] = drawn[84, 55:66] = True
    else:
        drawn[20 : line + 2, 100:102] = True
    photo[drawn] = (25, 20, 15)
    matte = dataclasses.replace(case.masks, sky=case.masks.sky * ~drawn)
    compositor = Compositor(Scenery(photo, matte, case.reconstruction()), case.motion)
    beside = (np.roll(drawn, 8, axis=1) | np.roll(drawn, -8, axis=1)) & ~drawn
    beside[line - 4 :] = False
    for seconds in (0.0, 1.0, 2.3):
        frame = compositor.frame(case.generated(seconds), seconds)
        assert difference(frame, photo)[drawn].max() < 25
        assert not beside.any() or frame[beside][:, 2].min() > 110, "a ghost"


def test_new_light_makes_no_bands() -> None:
    photo = np.full((HEIGHT, WIDTH, 3), 128, np.uint8)
    masks = flat_matte(np.ones((HEIGHT, WIDTH), np.float32), *[np.zeros((HEIGHT, WIDTH), np.float32)] * 2)
    grey = np.zeros((3, RESOLUTION, RESOLUTION), np.float32)
    dusk = grey + np.linspace(-0.2, -0.14, RESOLUTION, dtype=np.float32)[None, :, None]
    frame = Compositor(Scenery(photo, masks, grey), MotionSettings()).frame(dusk, 1.0, LIT)
    rows = frame[20:-20, :, 0].astype(float)
    steps = np.diff(rows.mean(axis=1))
    assert 1 < np.ptp(rows.mean(axis=1)) < 12
    assert np.abs(steps - steps.mean()).max() < 0.3, "rows of equal values show as bands"


def test_the_sun_stays_while_the_sky_moves() -> None:
    case = make_case(motion=MotionSettings(speed=2))
    photo = case.photo.astype(np.float32) * 0.6
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    distance = np.hypot(x - 110, y - 40)
    sun = distance <= 6
    photo = np.where(sun[..., None], 255, photo + 80 * np.exp(-((distance / 14) ** 2))[..., None])
    photo = photo.clip(0, 255).astype(np.uint8)
    matte = dataclasses.replace(case.masks, glow=find_glow(photo, case.masks.sky))
    compositor = Compositor(Scenery(photo, matte, case.reconstruction()), case.motion)
    for seconds in (0.0, 0.8, 2.0):
        frame = compositor.frame(case.reconstruction(), seconds)
        assert difference(frame, photo)[distance <= 4].max() < 6
        assert frame[(distance > 25) & (case.masks.sky == 1)].max() < 235


def test_clouds_cross_the_picture_and_others_follow() -> None:
    """A cloud leaves to the right, is never copied beside itself, and what follows comes in from the left."""
    case = make_case()
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    cloud = np.clip(1.5 - np.hypot((x - 70) / 24, (y - 24) / 12), 0, 0.5)[..., None] * 2
    photo = np.float32([60, 110, 190]) * (1 - cloud) + np.float32([240, 240, 240]) * cloud
    photo[case.masks.sky < 0.5] = case.photo[case.masks.sky < 0.5]
    photo = np.rint(photo).astype(np.uint8)
    plan = plan_sky(photo, case.masks.sky)
    scenery = Scenery(photo, case.masks, np.zeros((3, 48, 48), np.float32), plan=plan)
    moved = Compositor(scenery, MotionSettings(direction=90.0, change=0.0))
    sky = (case.masks.sky == 1) & (y < 50)
    places, first = [], None
    for seconds in np.arange(0.0, 3.1, 0.5):
        red = moved.frame(np.zeros((3, 48, 48), np.float32), float(seconds))[..., 0].astype(float)
        bright = ((red > 150) & sky).astype(np.uint8)
        count, labels, figures, centres = cv2.connectedComponentsWithStats(bright)
        first = figures[1:, cv2.CC_STAT_AREA].max() if first is None else first
        large = [n for n in range(1, count) if figures[n, cv2.CC_STAT_AREA] > 0.5 * first]
        following = [centres[n][0] for n in large if not places or centres[n][0] > places[-1]]
        if not following:
            break
        assert len(following) == 1, "one cloud stays one"
        places.append(following[0])
    assert len(places) >= 3 and np.all(np.diff(places) > 2), places
