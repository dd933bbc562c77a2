"""Settings check their values and say what is allowed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from landscape.errors import LandscapeError
from landscape.scene.shot import Shot
from landscape.settings import STYLES, ExportSettings, FitSettings, LightSettings, MotionSettings
from landscape.spelling import parse_direction


@pytest.mark.parametrize(
    ("text", "degrees"), [("3", 90), ("12", 0), ("6", 180), ("90deg", 90), ("-30deg", 330), ("45.5°", 45.5)]
)
def test_directions_are_clock_hours_or_angles(text, degrees):
    assert parse_direction(text) == pytest.approx(degrees)


@pytest.mark.parametrize("text", ["0", "13", "2.5", "left", "", "deg"])
def test_other_directions_are_refused(text):
    with pytest.raises(LandscapeError, match="1[ a-z]*to 12|clock"):
        parse_direction(text)


@given(st.floats(-1e4, 1e4))
def test_angles_come_back_within_a_turn(angle):
    assert 0 <= parse_direction(f"{angle:f}deg") <= 360


@pytest.mark.parametrize(
    "make",
    [
        lambda: MotionSettings(speed=-1),
        lambda: MotionSettings(speed=float("nan")),
        lambda: MotionSettings(direction=float("inf")),
        lambda: LightSettings(style="noon"),
        lambda: LightSettings(strength=1.5),
        lambda: FitSettings(variant="EOX"),
        lambda: FitSettings(latent_steps=-1),
        lambda: ExportSettings(seconds=0),
        lambda: ExportSettings(long_side=16),
        lambda: ExportSettings(fps=1000),
    ],
)
def test_values_out_of_range_are_refused_with_a_sentence(make):
    with pytest.raises(LandscapeError, match=r"^Choose .*\.$"):
        make()


def test_light_is_active_only_if_something_changes():
    assert not LightSettings().active
    assert LightSettings(style="warm sunset").active
    assert not LightSettings(style="warm sunset", strength=0).active
    assert LightSettings(day_cycle=True).active


def test_there_are_nine_styles():
    assert len(STYLES) == len(set(STYLES)) == 9


def test_frames_follow_from_length_and_rate():
    assert ExportSettings(seconds=2, fps=25).frames == 50


def test_reports_hold_every_setting():
    content = Shot().as_dict()
    assert content["motion"]["speed"] == 1.0 and content["export"]["fps"] == 30
