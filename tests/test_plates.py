"""What a region's pictures are cut from: mixed pixels, twigs, the picture's border, the generator's range."""

from __future__ import annotations

import dataclasses

import cv2
import numpy as np
import pytest

from landscape.compose.compositor import Compositor
from landscape.compose.scenery import Scenery
from landscape.compose.separation import pure_pixels
from landscape.images.pixels import DEEP_STEP
from landscape.masks.matte import Matte
from landscape.settings import MotionSettings
from tests.test_compositing import HEIGHT, HORIZON, RESOLUTION, flat_matte, make_case

LINE = round(HORIZON * HEIGHT)
EDGE = 180


def soft_edge(mask_blur: float) -> tuple[np.ndarray, Matte]:
    """A sky with a soft edge towards a strip that is lighter than the ground beneath it."""
    height, width = 300, 1000
    rows = np.empty((height, 1, 3), np.float32)
    rows[:EDGE], rows[EDGE : EDGE + 14], rows[EDGE + 14 :] = (164, 174, 208), (40, 72, 102), (25, 25, 25)
    pixels = np.rint(cv2.GaussianBlur(rows, (0, 0), 2.0)).astype(np.uint8).reshape(height, 1, 3).repeat(width, axis=1)
    sky = (np.arange(height) < EDGE).astype(np.float32)[:, None]
    sky = cv2.GaussianBlur(sky, (0, 0), mask_blur).repeat(width, axis=1)
    return pixels, flat_matte(sky, np.zeros_like(sky), np.zeros_like(sky))


def _drawn(pixels: np.ndarray) -> np.ndarray:
    small = cv2.resize(pixels, (RESOLUTION, RESOLUTION), interpolation=cv2.INTER_AREA).astype(np.float32)
    return np.ascontiguousarray((small / 127.5 - 1).transpose(2, 0, 1))


def _scenery(pixels: np.ndarray, masks: Matte) -> Scenery:
    return Scenery(pixels, masks, _drawn(pixels))


def test_a_blurred_edge_keeps_no_line_of_the_old_sky() -> None:
    """A darker sky comes right down to what stands still."""
    scenery = _scenery(*soft_edge(2.5))
    alpha = np.zeros(300, np.float32)
    alpha[scenery.grid.pixels(scenery.parts[0].region.window)[0]] = scenery.parts[0].plate.alpha[:, 500]
    assert (np.diff(alpha) <= 0).all(), "a line within the edge that stands still"
    assert alpha[EDGE - 4] > 200 and alpha[EDGE + 6] == 0


@pytest.mark.parametrize("deep", [False, True])
def test_edges_of_a_sky_are_the_photos_own_until_clouds_have_moved(deep) -> None:
    """A fringe that the matte does not know is there at first, and draws no trail."""
    pixels, masks = soft_edge(1.0)
    clouds = cv2.GaussianBlur(np.random.default_rng(5).normal(0, 60, (EDGE, 1000)).astype(np.float32), (0, 0), 6)
    photo = pixels.astype(np.float32)
    photo[:EDGE] += 6 * clouds[..., None]
    photo[EDGE - 2 : EDGE] -= 60
    photo = np.clip(np.rint(photo), 0, 255).astype(np.uint8)
    scenery, motion = _scenery(photo, masks), MotionSettings(speed=1.5)
    compositor = Compositor(scenery, motion, 8.0, deep=deep)
    step = DEEP_STEP if deep else 1
    first, last, later = (compositor.frame(_drawn(photo), t).astype(int) / step for t in (0.0, 8.0, 4.0))
    assert np.abs(first - photo).max() <= 6 and np.abs(last - photo).max() <= 6
    plate = scenery.parts[0].plate
    plate.edges.missing[:] = 0
    assert np.abs(compositor.frame(_drawn(photo), 0.0).astype(int) / step - photo).max() > 12
    assert (compositor.frame(_drawn(photo), 4.0).astype(int) / step == later).all(), "a trail of the fringe"


def test_twigs_stay_and_draw_no_trail() -> None:
    """Bare trees of which the matte knows how much of the sky they hide."""
    pixels, masks = soft_edge(1.0)
    tree = np.zeros(pixels.shape[:2], np.float32)
    for lean in (-8, -4, 0, 4, 8):
        cv2.line(tree, (500, EDGE + 1), (500 + lean, EDGE - 16), 1.0, 1, cv2.LINE_AA)
    photo = np.rint(pixels - 0.15 * tree[..., None] * (pixels - np.float32([25, 20, 15]))).astype(np.uint8)
    bare = dataclasses.replace(masks, sky=masks.sky * (1 - 0.15 * tree))
    around = cv2.dilate(tree, np.ones((9, 9)))[: EDGE - 5] > 0
    twigs = tree[: EDGE - 5] > 0.9
    both = ((pixels, masks), (photo, bare))
    plain, with_tree = (Compositor(_scenery(*pair), MotionSettings(speed=1.5)) for pair in both)
    grey = np.zeros((3, RESOLUTION, RESOLUTION), np.float32)
    for seconds in (0.0, 1.0, 2.0):
        frames = [compositor.frame(grey, seconds)[: EDGE - 5].astype(int) for compositor in (plain, with_tree)]
        darker = (frames[0] - frames[1]).mean(axis=2)
        assert darker[twigs].mean() > 8, "the twigs are gone"
        assert np.abs(darker[~around]).max() < 10, "a trail of the twigs"


def test_a_dark_line_on_the_border_is_not_carried() -> None:
    """It would wander in with the sky."""
    pure = pure_pixels(np.ones((300, 1000), np.float32))
    assert pure is not None and pure[8:-8, 8:-8].all()
    assert not (pure[0].any() or pure[-1].any() or pure[:, 0].any() or pure[:, -1].any())


def test_the_generator_adds_no_rocks_to_the_water() -> None:
    """Its colours stay within what the photo's region has."""
    case = make_case(water=True)
    odd = case.reconstruction()
    odd[:, 42:46, 20:26] = -1
    compositor = case.compositor()
    water = case.masks.water > 0.99
    expected = compositor.frame(case.reconstruction(), 0.0)[water].astype(int)
    found = compositor.frame(odd, 0.0)[water].astype(int)
    assert np.abs(found - expected).max() < 45


def test_gaps_in_what_stands_still_are_not_carried() -> None:
    """A patch of sky between branches has their look; a cloud's detail is not taken from there."""
    alpha = np.zeros((300, 1000), np.float32)
    alpha[:150] = alpha[200:212, 300:312] = alpha[200:260, 600:660] = 1
    pure = pure_pixels(alpha)
    assert pure is not None and pure[20:140, 20:-20].all()
    assert not pure[190:220, 290:320].any()
    assert pure[230, 630]


@pytest.mark.parametrize(("grain", "most"), [(None, 0.12), (1.0, 1.0)])
def test_little_noise_against_bands_is_added_in_the_photos_own_light(monkeypatch, grain, most) -> None:
    """A sky with a grain of its own counts as sharper otherwise."""
    if grain is not None:
        monkeypatch.setattr("landscape.compose.compositor._OWN_LIGHT_NOISE", grain)
    pixels, masks = soft_edge(1.0)
    grained = np.linspace(100, 180, EDGE)[:, None, None] + np.random.default_rng(0).normal(0, 1, (EDGE, 1000, 1))
    pixels[:EDGE] = np.rint(grained)
    compositor = Compositor(_scenery(pixels, masks), MotionSettings())
    sky = compositor.frame(_drawn(pixels), 0.0)[20:150, 20:-20].astype(float)
    error = np.abs(sky - pixels[20:150, 20:-20]).mean()
    assert error < most
    assert grain is None or error > 0.15


def test_a_sky_seen_through_gaps_alone_is_carried() -> None:
    """One larger patch does not speak for all others."""
    alpha = np.zeros((600, 800), np.float32)
    for top in range(10, 560, 25):
        for left in range(10, 760, 25):
            alpha[top : top + 15, left : left + 15] = 1
    alpha[300:330, 400:430] = 1
    pure = pure_pixels(alpha)
    assert pure is not None and pure.sum() > 0.3 * alpha.sum()


def test_soft_foam_near_a_shore_is_the_photos_own() -> None:
    """In its place something mirrored would be seen from the first picture on."""
    alpha = np.zeros((400, 1000), np.float32)
    alpha[200:] = 1
    alpha[300:310, 300:400] = 0.85
    sky, water = pure_pixels(alpha), pure_pixels(alpha, water=True)
    assert sky is not None and not sky[305, 350] and not sky[201, 500]
    assert water is not None and water[305, 350] and water[201, 500] and not water[198, 500]


def test_water_at_a_shore_is_the_photos_own_at_first() -> None:
    rng = np.random.default_rng(3)
    pixels = np.full((300, 400, 3), 60, np.uint8)
    pixels[120:] = np.rint(cv2.GaussianBlur(rng.normal(130, 40, (180, 400, 1)), (0, 0), 1.2))[..., None]
    water = np.zeros((300, 400), np.float32)
    water[120:] = 1
    water[180:184, 100:140] = 0.9  # the matte is not quite sure
    masks = flat_matte(np.zeros_like(water), cv2.GaussianBlur(water, (0, 0), 0.7), np.zeros_like(water))
    first = Compositor(_scenery(pixels, masks), MotionSettings()).frame(_drawn(pixels), 0.0)
    error = np.abs(first.astype(int) - pixels).max(axis=2)
    assert error[121:].max() < 12
