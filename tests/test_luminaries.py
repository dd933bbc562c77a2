"""Sun, moon and stars stay in place; clouds are none of them."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from landscape.compose.luminaries import Luminaries
from landscape.masks.discs import find_discs
from landscape.masks.glow import find_glow, find_stars

HEIGHT, WIDTH = 240, 360


def sky(brightness: float) -> np.ndarray:
    y, x = np.mgrid[:HEIGHT, :WIDTH].astype(np.float32)
    waves = 6 * np.sin(x / 40) * np.cos(y / 30)
    return np.dstack([brightness * part + waves for part in (0.8, 0.9, 1.1)]).clip(0, 255).astype(np.uint8)


EVERYWHERE = np.ones((HEIGHT, WIDTH), np.float32)


def with_disc(photo: np.ndarray, x: int, y: int, radius: int) -> np.ndarray:
    result = photo.astype(np.float32)
    yy, xx = np.mgrid[:HEIGHT, :WIDTH]
    distance = np.hypot(xx - x, yy - y)
    glow = 300 * np.clip(1.1 - distance / (4 * radius), 0, 1) ** 2
    result = np.where((distance <= radius)[..., None], 255, result + 0.4 * glow[..., None])
    return result.clip(0, 255).astype(np.uint8)


@pytest.mark.parametrize(("brightness", "radius"), [(140, 12), (40, 7)])
def test_sun_and_moon_are_found_and_taken_out(brightness: float, radius: int) -> None:
    photo = with_disc(sky(brightness), 200, 90, radius)
    found = find_discs(photo, EVERYWHERE)
    assert found is not None
    y, x = np.argwhere(found > 0.99).mean(axis=0)
    assert np.hypot(x - 200, y - 90) < radius
    assert found[0, 0] == 0 and (found > 0.5).mean() < 0.1
    glow = find_glow(photo, EVERYWHERE)
    assert glow is not None
    without, shining = Luminaries.of(photo, glow)
    assert shining.night == (brightness < 100)
    assert without[90, 200].mean() < photo[90, 200].mean() - 40
    apart = np.hypot(*(np.mgrid[:HEIGHT, :WIDTH] - np.array([90, 200])[:, None, None])) > 8 * radius
    assert np.array_equal(without[apart], photo[apart]) and not shining.glow[apart].any()
    small = Luminaries.of(photo[::2, ::2], glow)[0]
    assert small[45, 100].mean() < photo[90, 200].mean() - 40
    painted = glow.without((apart == 0).astype(np.float32))
    assert np.array_equal(Luminaries.of(photo, painted)[0], photo)
    again = cv2.add(without, np.ascontiguousarray(shining.glow[..., :3])).astype(int)
    assert np.abs(again - photo).mean() < 2 and again[90, 200].min() == 255


def test_the_sun_dims_with_the_light_and_the_stars_are_outshone() -> None:
    glow = np.zeros((4, 5, 4), np.uint8)
    day, night = np.full((4, 5, 3), 160.0, np.float32), np.full((4, 5, 3), 30.0, np.float32)
    sun, stars = Luminaries(glow, False), Luminaries(glow, True)
    assert np.allclose(sun.seen(day, day), 1) and np.allclose(stars.seen(night, night), 1)
    assert 0.2 < sun.seen(day, night).max() < 0.7
    assert stars.seen(night, day).max() < 0.1 and np.allclose(stars.seen(night, 0.5 * night), 1)
    warm = day * np.array([1.0, 0.7, 0.4], np.float32)
    red, green, blue, copy = sun.seen(day, warm)[0, 0]
    assert red > green > blue and copy == red


@pytest.mark.parametrize(("radius", "white"), [(5, 255), (40, 255), (75, 255), (30, 235)])
def test_a_sun_of_any_size_and_colour_is_found(radius: int, white: int) -> None:
    photo = np.minimum(with_disc(sky(100), 180, 110, radius), [255, white, white - 20]).astype(np.uint8)
    found = find_discs(photo, EVERYWHERE)
    assert found is not None
    assert np.hypot(*(np.argwhere(found > 0.99).mean(axis=0) - (110, 180))) < 0.15 * radius + 1
    assert found[110, 180 + radius] > 0.9


@pytest.mark.parametrize("land", ["half set", "behind stalks"])
def test_a_sun_that_is_partly_hidden_is_found_whole(land: str) -> None:
    photo, there = with_disc(sky(120), 180, 120, 40), EVERYWHERE.copy()
    if land == "half set":
        there[125:] = 0
    else:
        there[:, 150:210:14] = there[:, 151:210:14] = there[160:] = 0
    photo[there == 0] = (30, 20, 10)
    found = find_discs(photo, there)
    assert found is not None
    centre = np.argwhere(found > 0.995).mean(axis=0)
    assert np.hypot(*(centre - (120, 180))) < 5 and found[150, 180] > 0.9
    glow = find_glow(photo, there)
    assert glow is not None
    assert glow.backdrop[100, 180].min() > 80, "the land that hides it shines through"


@pytest.mark.parametrize("shape", ["long", "square", "cloud"])
def test_white_patches_that_are_not_round_are_no_sun(shape: str) -> None:
    patch = np.zeros((HEIGHT, WIDTH), np.uint8)
    if shape == "cloud":
        for x, y, radius in [(120, 100, 30), (170, 90, 40), (220, 105, 25)]:
            cv2.circle(patch, (x, y), radius, 255, -1)
    else:
        cv2.rectangle(patch, (120, 80), (240 if shape == "long" else 180, 140), 255, -1)
    photo = np.maximum(sky(120), cv2.GaussianBlur(patch, (0, 0), 1)[..., None])
    assert find_discs(photo, EVERYWHERE) is None


def test_bright_clouds_and_plain_skies_hold_no_sun() -> None:
    photo = sky(140)
    assert find_discs(photo, EVERYWHERE) is None
    noise = np.random.default_rng(1).normal(size=(HEIGHT, WIDTH)).astype(np.float32)
    cloud = sum(cv2.GaussianBlur(noise, (0, 0), sigma) * sigma for sigma in (2, 6, 18))
    cloudy = np.clip(photo + np.clip(cloud / cloud.std(), 0, 2)[..., None] * 120, 0, 255).astype(np.uint8)
    assert find_discs(cloudy, EVERYWHERE) is None


def patchy(shape: str) -> np.ndarray:
    """Something bright, with dark patches, before a sky at dusk: a moon, one that wanes, or a round cumulus."""
    y, x = np.mgrid[:HEIGHT, :WIDTH].astype(np.float32)
    distance, angle = np.hypot(x - 200, y - 90), np.arctan2(y - 90, x - 200)
    rng = np.random.default_rng(5)
    radius = np.full_like(angle, 28.0)
    if shape == "cumulus":  # billows of a twentieth of its radius
        radius += sum(0.9 * np.sin(wave * angle + rng.uniform(0, 6)) for wave in (3, 5, 8, 11))
    face = np.clip(radius - distance + 0.5, 0, 1)
    if shape == "waning":
        face *= np.clip((0.9 * np.sqrt(np.maximum(28**2 - (y - 90) ** 2, 0)) + x - 200) / 5, 0, 1)
    seas = cv2.GaussianBlur(rng.normal(size=(HEIGHT, WIDTH)).astype(np.float32), (0, 0), 4)
    light = 160 - 70 * (seas > 0.3 * seas.std())
    dark = sky(60).astype(np.float32)
    return (dark + face[..., None] * (light[..., None] - dark)).clip(0, 255).astype(np.uint8)


@pytest.mark.parametrize("shape", ["full", "waning"])
def test_a_moon_with_a_patchy_face_is_found_by_its_outline(shape: str) -> None:
    photo = patchy(shape)
    found = find_discs(photo, EVERYWHERE)
    assert found is not None
    assert np.hypot(*(np.argwhere(found > 0.99).mean(axis=0) - (90, 200))) < 2
    assert found[90, 227] > 0.99 and found[90, 245] == 0
    glow = find_glow(photo, EVERYWHERE)
    assert glow is not None and glow.night
    assert glow.backdrop[80:100, 190:210].max() < 100, "the sky behind it shows no moon"
    hidden = np.where(np.arange(WIDTH) < 205, EVERYWHERE, 0)
    assert find_discs(photo, hidden) is None, "half an outline is none"


def test_a_round_cumulus_is_no_moon() -> None:
    assert find_discs(patchy("cumulus"), EVERYWHERE) is None


def test_stars_are_found_at_night_alone() -> None:
    places = np.random.default_rng(0).integers(10, 220, (30, 2))
    for brightness, night in ((40, True), (180, False)):
        photo = sky(brightness)
        for y, x in places:
            photo[y, x] = 255
        stars = find_stars(photo, EVERYWHERE)
        assert (stars is not None) == night
        if stars is not None:
            assert stars[places[:, 0], places[:, 1]].max() < 90
            assert (stars != photo).any(axis=2).mean() < 0.1


def test_sharp_edges_of_clouds_in_dark_skies_are_no_stars() -> None:
    """Corners of a hard-edged cloud are small and bright against the sky, as stars are."""
    photo = sky(60)
    clouds = np.zeros((HEIGHT, WIDTH), np.uint8)
    for x, y, radius in np.random.default_rng(3).integers((60, 60, 6), (300, 180, 16), (40, 3)):
        cv2.rectangle(clouds, (int(x), int(y)), (int(x + radius), int(y + radius // 2)), 255, -1)
        cv2.line(clouds, (int(x), int(y)), (int(x - 3), int(y - 3)), 255)
    photo[clouds > 0] = (250, 220, 170)
    star = (20, 20)
    photo[star] = 255
    found = find_stars(photo, EVERYWHERE)
    assert found is not None and found[star].max() < 90
    assert np.abs(found[40:].astype(int) - photo[40:]).max() < 12


def test_stars_leave_no_dark_spots_in_a_grainy_sky() -> None:
    """The sky behind them is what it is around them, though sharpening has drawn dark rings around them."""
    rng = np.random.default_rng(2)
    photo = np.clip(rng.normal(70, 4, (HEIGHT, WIDTH, 1)) + np.zeros(3), 0, 255)
    places = rng.integers(10, 220, (60, 2))
    for y, x in places:
        photo[y - 1 : y + 2, x - 1 : x + 2] = 50
        photo[y, x] = 250
    stars = find_stars(photo.astype(np.uint8), EVERYWHERE)
    assert stars is not None
    around = np.concatenate([stars[y - 1 : y + 2, x - 1 : x + 2].reshape(-1, 3) for y, x in places])
    assert around.min() > 60
    assert around.mean() == pytest.approx(70, abs=2)


def test_a_meteor_is_no_row_of_stars() -> None:
    """Whatever becomes of it, it stays whole."""
    photo = sky(40)
    photo[20, 20] = 255
    cv2.line(photo, (60, 60), (64, 65), (230, 230, 230), 1, cv2.LINE_AA)
    stars = find_stars(photo, EVERYWHERE)
    assert stars is not None and stars[20, 20].max() < 90
    assert np.array_equal(stars[55:70, 55:70], photo[55:70, 55:70])


def test_stars_with_spikes_are_stars() -> None:
    photo = sky(40)
    cv2.line(photo, (58, 60), (62, 60), (200, 200, 200), 1)
    cv2.line(photo, (60, 58), (60, 62), (200, 200, 200), 1)
    stars = find_stars(photo, EVERYWHERE)
    assert stars is not None and stars[57:64, 57:64].max() < 90
