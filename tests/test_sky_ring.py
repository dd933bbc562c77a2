"""The sky as a ring: its cuts, its backdrop, its plan."""

from __future__ import annotations

import dataclasses

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from landscape.compose.falloff import find_falloff
from landscape.compose.separation import beyond_borders
from landscape.compose.sky_backdrop import find_backdrop
from landscape.compose.sky_drawing import draw, rows_above
from landscape.compose.sky_plan import draft_plan, halo, plan_sky
from landscape.compose.sky_ring import Arrangement, Copy, arrange
from landscape.compose.sky_seam import taken_over
from landscape.masks.matte import Matte
from landscape.photo.read import Photo
from landscape.scene.sceneries import SkyPlans


def clouds(height: int, width: int, seed: int, size: float = 4.0) -> np.ndarray:
    """Soft random clouds around 0."""
    noise = np.random.default_rng(seed).normal(0, 1, (height, width)).astype(np.float32)
    smooth = cv2.GaussianBlur(noise, (0, 0), size)
    return np.repeat((40 * smooth / smooth.std())[..., None], 3, axis=2)


def hill(height: int, width: int) -> np.ndarray:
    """Where the sky is, beyond a hill in the middle."""
    y, x = np.mgrid[:height, :width]
    return y < height * (0.9 - 0.6 * np.exp(-(((x - width / 2) / (width / 6)) ** 2)))


def photo_with_hill(width: int = 320, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """A photo of clouds beyond a red hill, and the share of its sky."""
    height = width * 5 // 8
    sky = hill(height, width)
    y = np.linspace(0, 1, height, dtype=np.float32)[:, None, None]
    colours = np.float32([70, 120, 200]) * (1 - y) + np.float32([170, 190, 220]) * y
    colours = colours + np.maximum(clouds(height, width, seed, 10.0), 0)
    photo = np.where(sky[..., None], colours, np.float32([150, 30, 20]))
    return np.clip(np.rint(photo), 0, 255).astype(np.uint8), sky.astype(np.float32)


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 1000), land=st.booleans())
def test_a_ring_is_complete_and_keeps_the_photo(seed, land):
    relief = clouds(30, 64, seed)
    known = hill(30, 64) if land else np.ones((30, 64), bool)
    plan = arrange(relief, known, seed=seed)
    height, length = plan.labels.shape
    assert length >= 2.5 * 64 and height > 30
    assert (plan.labels < 0).mean() < 0.05
    photo = plan.labels[plan.above :, :64]
    assert (photo[known] == 0).all(), "the photo's own sky is never replaced"
    assert np.abs(plan.correction[plan.above :, :64][known]).max() == 0
    ring = draw(plan, relief)
    assert ring.shape == (rows_above(plan, 64) + 30, length, 3)
    inner = cv2.erode(known.astype(np.uint8), np.ones((3, 3), np.uint8), borderValue=0) > 0
    assert np.abs(ring[-30:, :64] - relief)[inner].max() < 0.01


def test_seams_are_no_steeper_than_the_sky_itself():
    relief = clouds(40, 80, 3)
    plan = arrange(relief, np.ones((40, 80), bool))
    ring = draw(plan, relief)
    steps = np.abs(np.diff(np.concatenate([ring, ring[:, :1]], axis=1), axis=1)).mean(axis=2)
    labels = np.concatenate([plan.labels, plan.labels[:, :1]], axis=1)
    seam = (labels[:, 1:] != labels[:, :-1]) & (labels[:, 1:] >= 0) & (labels[:, :-1] >= 0)
    own = np.abs(np.diff(relief, axis=1)).mean()
    assert seam.any() and steps[seam].mean() < 3 * own


@pytest.mark.parametrize("kind", [np.uint8, np.float32])
def test_a_reflection_leans_and_begins_at_the_border(kind):
    image = np.clip(clouds(40, 50, 6) + 128, 0, 255).astype(kind)
    whole = beyond_borders(image, 6, 8)
    assert whole.shape == (46, 66, 3) and whole.dtype == kind
    assert np.array_equal(whole[6:, 8:-8], image)
    steps = np.abs(np.diff(whole.astype(np.float32), axis=1)).max(axis=(0, 2))
    assert max(steps[7], steps[-8]) < 30, "it goes on where the photo ends"
    exact = cv2.copyMakeBorder(image, 6, 0, 8, 8, cv2.BORDER_REFLECT)
    assert np.abs(whole[10:-10, 0].astype(float) - exact[10:-10, 0]).mean() > 5, "no mirror image"


def test_a_cut_runs_where_both_pictures_agree():
    value, image = np.zeros((20, 30, 3), np.float32), np.full((20, 30, 3), 90, np.float32)
    image[:, 14] = 0
    image[:, 15] = 0
    filled, known = np.zeros((20, 30), bool), np.zeros((20, 30), bool)
    filled[:, :22], known[:, 6:] = True, True
    taken = taken_over(value, filled, image, known, np.zeros_like(filled), np.ones_like(filled))
    assert taken[:, 22:].all() and not taken[:, :6].any()
    first = taken.argmax(axis=1)
    assert ((first >= 14) & (first <= 16)).all(), "the cut runs through the two columns that agree"


def test_a_large_cloud_leaves_no_brightness_behind():
    y, x = np.mgrid[:60, :120].astype(np.float32)
    sky = np.float32([60, 100, 180]) + 0.4 * x[..., None]
    cloud = (np.hypot((x - 60) / 25, (y - 30) / 15) < 1)[..., None]
    colours = np.where(cloud, np.float32([240, 240, 240]), sky)
    found = find_backdrop(colours, np.ones((60, 120), bool))
    assert np.abs(found - sky).mean() < 12
    assert np.abs(found - sky)[cloud[..., 0]].mean() < 25, "the cloud is no part of the backdrop"


@settings(max_examples=10, deadline=None)
@given(slope_x=st.floats(-0.5, 0.5), slope_y=st.floats(-1, 1), level=st.floats(80, 160))
def test_a_gradient_is_all_backdrop(slope_x, slope_y, level):
    y, x = np.mgrid[:50, :80].astype(np.float32)
    colours = np.repeat((level + slope_x * x + slope_y * y)[..., None], 3, axis=2).astype(np.float32)
    found = find_backdrop(colours, np.ones((50, 80), bool))
    assert np.abs(found - colours)[6:-6, 6:-6].max() < 5


def test_no_land_is_on_the_ring():
    photo, sky = photo_with_hill()
    plan = plan_sky(photo, sky)
    assert plan is not None and not plan.draft
    rows = plan.arrangement.labels.shape[0] - plan.arrangement.above
    small = cv2.resize(photo[: rows * 2], (160, rows), interpolation=cv2.INTER_AREA).astype(np.float32) - 128
    covered = cv2.resize(sky[: rows * 2], (160, rows), interpolation=cv2.INTER_AREA) > 0.99
    small[~covered] = 0
    ring = draw(plan.arrangement, small)
    assert (ring[..., 0] - ring[..., 2]).max() < 60, "red comes from the hill alone"
    assert plan.pieces.number.shape == plan.arrangement.labels.shape


def test_hardly_any_sky_has_no_plan():
    photo, sky = photo_with_hill(160)
    assert plan_sky(photo, np.zeros_like(sky)) is None
    few = np.zeros_like(sky)
    few[0, :5] = 1
    assert plan_sky(photo, few) is None
    assert draft_plan(photo.astype(np.float32), np.zeros_like(sky)) is None


def test_a_draft_is_the_photo_and_its_mirror_image():
    photo, sky = photo_with_hill(160)
    plan = draft_plan(photo.astype(np.float32), sky)
    assert plan is not None and plan.draft
    image = photo[:80].astype(np.float32) - 128
    ring = draw(plan.arrangement, image)
    assert np.abs(ring[:, :160] - image).max() < 0.01
    assert np.abs(ring[:, 160:320] - image[:, ::-1]).max() < 0.01


@pytest.mark.parametrize("kind", [np.uint8, np.float32])
def test_bytes_and_floats_are_drawn_alike_but_for_seams(kind):
    relief = clouds(24, 48, 5)
    plan = arrange(relief, hill(24, 48))
    image = np.dstack([relief, relief[..., :1]])
    ring = draw(plan, np.clip(np.rint(image + 128), 0, 255).astype(np.uint8) if kind is np.uint8 else image)
    reference = draw(plan, np.clip(image, -128, 127)[..., 3:])[..., 0]
    found = ring[..., 3].astype(np.float32) - (128 if kind is np.uint8 else 0)
    labels, around = plan.labels.astype(np.float32), np.ones((7, 7), np.uint8)
    far = cv2.dilate(labels, around) == cv2.erode(labels, around)
    far[:, :3] = far[:, -3:] = False
    assert far.mean() > 0.2
    assert np.abs(found - reference)[far].max() < (3 if kind is np.uint8 else 40)


def test_detail_fades_from_copy_to_copy_and_never_into_the_photo():
    labels = np.repeat(np.array([[0] * 160 + [1] * 100 + [2] * 150], np.int16), 20, axis=0)
    copies = (Copy(0, 0, False), Copy(120, 0, False), Copy(250, 0, False))
    plan = Arrangement(160, 0, copies, labels, np.zeros((20, 410, 3), np.float32))
    ramp = np.tile(np.arange(-80, 80, dtype=np.float32)[None, :, None], (20, 1, 1))
    cut, faded = draw(plan, ramp)[10, :, 0], draw(plan, (ramp + 128).astype(np.uint8))[10, :, 0].astype(float) - 128
    assert np.abs(np.diff(cut[250:270])).max() > 120, "two copies that differ by 130 grey levels"
    assert np.abs(np.diff(faded[250:270])).max() < 40
    assert np.array_equal(faded[:160], ramp[10, :, 0])


def test_colours_agree_also_where_a_copy_ends_at_its_border():
    """A sky that is darker at the photo's side by 60 grey levels must not begin as an edge somewhere on the ring."""
    relief = np.zeros((40, 160, 3), np.float32)
    relief[:, :10] -= np.linspace(60, 0, 10, dtype=np.float32)[None, :, None]
    plan = arrange(relief + clouds(40, 160, 3) / 50, np.ones((40, 160), bool), seed=1)
    filled = cv2.erode((plan.labels >= 0).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    steps = np.abs(np.diff(draw(plan, relief)[..., 0], axis=1))
    assert steps[filled[:, 1:] & filled[:, :-1]].max() < 50


def test_a_disc_has_a_halo_and_stars_have_none():
    y, x = np.mgrid[:100, :160]
    disc = 200.0 * (np.hypot(x - 80, y - 40) < 8)
    around = halo(disc, 160)
    assert around[40, 80] == 1 and 0 < around[40, 95] < 1 and around[90, 10] == 0
    stars = np.zeros((600, 960))
    stars[::60, ::60] = 220
    assert halo(stars, 960).max() == 0


def test_previews_and_clips_of_a_photo_share_one_plan():
    """Their masks differ in size, and by what that does to edges; a stroke asks for another plan."""
    rng = np.random.default_rng(4)
    pixels = cv2.resize(rng.integers(60, 250, (24, 32, 3), np.uint8), (512, 384), interpolation=cv2.INTER_CUBIC)
    y, x = np.mgrid[:384, :512]
    shares = np.clip((220 + 40 * np.sin(x / 18.0) - y) / 3, 0, 1).astype(np.float32)
    clip = Matte.certain(shares, 1 - shares, np.zeros_like(shares), 0.6)
    preview = clip.resized(225, 300)
    photo, plans = Photo(pixels, "photo"), SkyPlans()
    plan = plans.plan(photo, preview)
    assert plan is not None
    assert plans.plan(photo, clip) is plan and plans.plan(photo.resized(320), clip.resized(240, 320)) is plan
    assert plans.flowing(photo, clip) is plans.flowing(photo, preview)
    stroke = clip.freeze.copy()
    stroke[80:96, 180:200] = 1
    painted = dataclasses.replace(clip, freeze=stroke)
    other = plans.plan(photo, painted)
    assert other is not plan and plans.plan(photo, painted.resized(225, 300)) is other
    assert plans.plan(photo, preview) is plan


def test_strokes_in_the_sky_leave_the_water_alone():
    """Unless they are close above it, where they tell a far shore from a near one."""
    rows = np.repeat(np.arange(96, dtype=np.float32)[:, None], 128, axis=1)
    sky, water = (rows < 60).astype(np.float32), (rows >= 62).astype(np.float32)
    photo, plans = Photo(np.full((96, 128, 3), 90, np.uint8), "photo"), SkyPlans()
    first = plans.flowing(photo, Matte.certain(sky, water, sky * 0, 0.6))
    found = []
    for top in (20, 45):
        painted = sky.copy()
        painted[top : top + 15, 40:80] = 0
        found.append(plans.flowing(photo, Matte.certain(painted, water, sky * 0, 0.6)))
    assert found[0] is first and found[1] is not first


def test_many_small_strokes_get_a_plan_of_their_own():
    """Each is too small to count, and all of them are compared with the masks that the plan was made with."""
    sky = np.ones((96, 128), np.float32)
    photo, plans = Photo(np.full((96, 128, 3), 90, np.uint8), "photo"), SkyPlans()
    first = plans.flowing(photo, Matte.certain(sky * 0, sky, sky * 0, 0.5))
    found = [plans.flowing(photo, Matte.certain(sky * 0, sky * np.float32(1 - n / 40), sky * 0, 0.5)) for n in range(5)]
    assert found[1] is first and found[4] is not first


def test_dark_corners_are_told_from_the_skys_own_light():
    """A falloff is found, whatever the sky's gradients; a gradient to one side, or clouds all over, are none."""
    y, x = np.mgrid[:48, :72].astype(np.float32)
    distance = np.hypot(x / 71 * 2 - 1, (y / 47 * 2 - 1) * 48 / 72) / np.hypot(1, 48 / 72)
    corners = np.exp(-0.4 * distance**4)[..., None]
    sky, sure = np.repeat((120 + 1.5 * y + 0.6 * x)[..., None], 3, axis=2), y < 30
    assert np.abs(find_falloff(sky * corners, sure) - corners)[:30].max() < 0.06
    assert find_falloff(sky, sure).min() > 0.97
    assert find_falloff(sky + clouds(48, 72, 2, 6.0) / 2, sure)[:30].min() > 0.8
    dark = find_backdrop(sky * corners, sure) / find_backdrop(sky, sure)
    assert dark[2, 2, 0] < 0.8 and dark[2, 36, 0] > 0.9, "the corner stays in place"


def test_a_lonely_cloud_is_not_repeated_beside_itself():
    """The lower sky is known beside the cloud alone, and yet it is not filled with clouds."""
    y, x = np.mgrid[:60, :160].astype(np.float32)
    relief = 80 * np.exp(-((np.hypot((x - 30) / 16, (y - 40) / 10)) ** 4))[..., None] + clouds(60, 160, 1) / 20
    known = (x < 60) | (y < 22)
    plan = arrange(relief, known)
    ring = draw(plan, relief)[..., 0]
    count, _, figures, middles = cv2.connectedComponentsWithStats((ring > 40).astype(np.uint8))
    columns = sorted(m[0] for m, f in zip(middles[1:], figures[1:], strict=True) if f[cv2.CC_STAT_AREA] > 250)
    assert 1 <= len(columns) <= 6
    assert min(np.diff([*columns, columns[0] + ring.shape[1]])) > 0.4 * 160


def test_a_cut_goes_round_thin_clouds():
    """However long the way: one lies across it from the left in what is there, another from the right in the copy."""
    value, image = np.zeros((30, 60, 3), np.float32), np.full((30, 60, 3), 6, np.float32)
    y, x = np.mgrid[:30, :60]
    above, below = (x < 36) & (y >= 8) & (y < 11), (x >= 18) & (y >= 20) & (y < 23)
    value[above], image[below] = 40, 46
    taken = taken_over(value, x < 40, image, x >= 14, np.zeros_like(above), np.ones_like(above))
    assert not taken[above].any() and taken[below].all(), "neither is cut in two"
