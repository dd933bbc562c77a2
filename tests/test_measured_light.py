"""Measured light: what styles do to skies, land and water, and how they are mixed over time."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from landscape.compose.compositor import Compositor
from landscape.compose.scenery import Scenery
from landscape.errors import LandscapeError
from landscape.light.figures import hue_spread, measure_light, to_lab
from landscape.light.measured import MeasuredLights
from landscape.light.mixes import OWN_LIGHT, FrameLight, day_keys, light_mix
from landscape.light.own_style import already, style_distances
from landscape.light.sky_frame import SkyFrame
from landscape.light.stars import star_field
from landscape.models.bundle import LIGHT_FILE
from landscape.models.named import default_folder
from landscape.photo.read import Photo
from landscape.scene.own_light import OwnLights
from landscape.scene.shot import Shot
from landscape.settings import STYLES, LightKey, LightSettings, MotionSettings
from tests.mattes import hard_matte

HEIGHT, WIDTH, HORIZON = 96, 144, 60


@pytest.fixture(scope="module")
def lights() -> MeasuredLights:
    return MeasuredLights.load(default_folder() / LIGHT_FILE)


def day(cloud: bool = True, sun: float | None = None) -> tuple[np.ndarray, np.ndarray]:
    """A day with a blue sky over green land, perhaps with a cloud or brighter on one side; and the share of its sky."""
    y, x = np.mgrid[:HEIGHT, :WIDTH].astype(np.float32)
    blue = np.dstack([90 + y, 140 + y, 225 + 0.3 * y])
    if cloud:
        blue += 60 * np.exp(-(((x - 50) / 18) ** 2) - ((y - 25) / 8) ** 2)[..., None]
    if sun is not None:
        blue += 30 * np.exp(-(((x / WIDTH - sun) / 0.1) ** 2))[..., None] * (y / HORIZON)[..., None]
    land = np.dstack([70 + 25 * np.sin(x / 3), 95 + 25 * np.sin(x / 3), 50 + 20 * np.sin(x / 3)])
    sky = (y < HORIZON).astype(np.float32)
    return np.where(sky[..., None] > 0, blue, land).clip(0, 255).astype(np.uint8), sky


@pytest.fixture(scope="module")
def compositor(lights: MeasuredLights) -> Compositor:
    photo, sky = day()
    grey = np.zeros((3, 32, 32), np.float32)
    return Compositor(Scenery(photo, hard_matte(sky), grey, lights=lights), MotionSettings())


def styled(compositor: Compositor, style: str, strength: float = 1.0) -> np.ndarray:
    return compositor.frame(np.zeros((3, 32, 32), np.float32), 0.0, FrameLight(((style, strength),)))


def test_a_sunset_is_no_tint(compositor: Compositor) -> None:
    """It is yellow at the horizon and not above, and its land falls far behind the sky."""
    photo, sky = day()
    before = measure_light(photo, sky, 0 * sky).figures
    for style in ("light sunset", "warm sunset"):
        after = measure_light(styled(compositor, style), sky, 0 * sky).figures
        assert after["b_fall"] > 15 > before["b_fall"] - 20
        assert after["hue_spread"] > 0.03 and after["land_L"] < 26 < before["land_L"]
        assert after["land_b"] < 17


def test_a_night_is_dark_and_its_clouds_too(compositor: Compositor) -> None:
    _, sky = day()
    night = to_lab(styled(compositor, "deep night"))
    assert night[sky > 0, 0].mean() < 32 and night[sky == 0, 0].mean() < 15
    assert night[20:30, 44:56, 0].mean() < 42  # the cloud
    assert night[sky > 0, 2].mean() < -3


def test_strength_goes_from_the_photo_to_the_style(compositor: Compositor) -> None:
    photo = compositor.frame(np.zeros((3, 32, 32), np.float32), 0.0, OWN_LIGHT).astype(float)
    full = styled(compositor, "warm sunset").astype(float)
    ways = [np.abs(styled(compositor, "warm sunset", part) - photo).mean() for part in (0.05, 0.5, 1.0)]
    assert ways[0] < 6 and ways[0] < ways[1] < ways[2]
    half = styled(compositor, "warm sunset", 0.5).astype(float)
    assert np.abs(half - (photo + full) / 2).mean() < 4


def test_what_stands_keeps_its_structure(compositor: Compositor) -> None:
    photo, sky = day()
    grey = photo[HORIZON + 4 :].mean(axis=2)
    for style in STYLES[:-1]:
        lit = styled(compositor, style)[HORIZON + 4 :].mean(axis=2)
        steps = [np.diff(picture, axis=1).ravel() for picture in (grey, lit)]
        assert np.corrcoef(*steps)[0, 1] > 0.93, (
            style
        )  # steps of 8 bits and the noise against bands are most of what night leaves


@pytest.mark.parametrize("side", [0.2, 0.8])
def test_the_side_of_the_sun_is_found_and_followed(lights: MeasuredLights, side: float) -> None:
    photo, sky = day(cloud=False, sun=side)
    frame = SkyFrame.of(photo.astype(np.float32), sky)
    assert frame is not None and abs(frame.sun_side - side) < 0.2
    grey = np.zeros((3, 32, 32), np.float32)
    shown = Compositor(Scenery(photo, hard_matte(sky), grey, lights=lights), MotionSettings())
    for wanted in (0.1, 0.9):
        low = shown.frame(grey, 0.0, FrameLight((("warm sunset", 1.0),), wanted))[HORIZON - 12 : HORIZON - 3].mean(
            (0, 2)
        )
        left, right = low[: WIDTH // 3].mean(), low[-WIDTH // 3 :].mean()
        assert (left > right) == (wanted < 0.5)


def test_the_smooth_sky_has_no_crease() -> None:
    """Where a parabola would leave the range of the sky's colours it bends, and clear skies show no arc."""
    y, x = np.mgrid[:HEIGHT, :WIDTH].astype(np.float32)
    corner = np.exp(-(((x / WIDTH) ** 2 + (y / HORIZON) ** 2) / 0.12))
    photo = np.repeat((60 + 150 * corner)[..., None], 3, axis=2)
    frame = SkyFrame.of(photo, (y < HORIZON).astype(np.float32))
    assert frame is not None
    base = frame.base[:HORIZON]
    for axis in range(2):
        slope, bend = (np.abs(np.diff(base, n, axis=axis)).max() for n in (1, 2))
        assert bend < 0.25 * slope


def test_there_is_no_frame_without_a_sky() -> None:
    photo, sky = day()
    assert SkyFrame.of(photo.astype(np.float32), 0 * sky) is None


@given(st.floats(0, 1), st.sampled_from([None, *STYLES[:-1]]))
def test_weights_of_a_day_sum_to_its_strength(fraction: float, own: str | None) -> None:
    keys = day_keys(own)
    assert keys[0].style is None and keys[-1].style is None
    mix = light_mix(LightSettings(day_cycle=True, keys=keys, strength=0.8))(fraction)
    assert 0 <= sum(weight for _, weight in mix) <= 0.8 + 1e-6
    assert all(style in STYLES and weight > 0 for style, weight in mix) and len(mix) <= 2


def test_a_day_has_no_jumps_and_reaches_its_keys() -> None:
    mix = light_mix(LightSettings(day_cycle=True, keys=(LightKey(0.2, None), LightKey(0.6, "blue hour"))))
    assert mix(0.1) == () and mix(0.6) == mix(0.9) == (("blue hour", 1.0),)
    weights = [dict(mix(time)).get("blue hour", 0.0) for time in np.linspace(0, 1, 200)]
    assert np.diff(weights).min() >= 0 and np.diff(weights).max() < 0.03


def test_the_photo_s_own_light_is_known(lights: MeasuredLights) -> None:
    photo, sky = day(cloud=False)
    distances = style_distances(photo, sky, 0 * sky, lights)
    assert min(distances, key=lambda style: distances[style]) in ("blue day", "blue morning")
    assert already({"blue day": 3.0, "deep night": 2.0}) is None
    assert already({"blue day": 0.3, "deep night": 2.0}) == "blue day"


def test_the_day_of_a_photo_begins_after_its_own_light(lights: MeasuredLights) -> None:
    photo, sky = day(cloud=False)
    own = OwnLights().of(Photo(photo, "made up"), hard_matte(sky), lights)
    assert own.nearest in own.distances and own.distances[own.nearest] == min(own.distances.values())
    keys = [key.style for key in day_keys("blue hour")]
    assert keys[0] is None and keys[1] == "deep night" and keys[-2] == "warm sunset" and "blue hour" not in keys
    assert OwnLights().of(Photo(photo, "made up"), hard_matte(sky), None).nearest is None


def test_shots_of_the_first_version_keep_the_older_light() -> None:
    light = {"style": "deep night", "strength": 0.5}
    assert Shot.from_dict({"landscape": 1, "light": light}).light.source == "generator"
    assert Shot.from_dict({"landscape": 2, "light": light}).light.source == "measured"


def test_stars_are_the_same_at_every_size() -> None:
    small, large = star_field(100, 200), star_field(400, 800)
    assert small.max() > 8 and large.max() > 100
    reduced = large[..., 0].reshape(100, 4, 200, 4).max(axis=(1, 3))
    bright = np.unravel_index(reduced.argmax(), reduced.shape)
    near = small[max(0, bright[0] - 2) : bright[0] + 3, max(0, bright[1] - 2) : bright[1] + 3]
    assert near.max() > np.percentile(small, 99)


def test_hue_spread_tells_one_hue_from_many() -> None:
    one = np.array([[50, 10, 30], [60, 5, 15]], np.float32)
    assert hue_spread(one) == pytest.approx(0, abs=1e-4)
    assert hue_spread(np.array([[50, 0, 30], [50, 0, -30]], np.float32)) == pytest.approx(1)


@pytest.mark.parametrize("content", ["", "{}", '{"format": 9, "lights": {}}', '{"format": 2, "lights": {}}'])
def test_damaged_measured_light_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "light.json").write_text(content)
    with pytest.raises(LandscapeError, match="measure it again"):
        MeasuredLights.load(tmp_path / "light.json")


def test_measured_light_round_trip(lights: MeasuredLights, tmp_path: Path) -> None:
    lights.save(tmp_path / "light.json")
    again = MeasuredLights.load(tmp_path / "light.json")
    own = np.array([20, 40, 60, 70, 30], np.float32)
    for style in STYLES:
        assert np.allclose(again.of(style).variety.of(own), lights.of(style).variety.of(own))
        assert np.allclose(again.of(style).sky, lights.of(style).sky) and again.of(style).land == lights.of(style).land
