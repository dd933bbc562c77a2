"""Frames of two sample photos as stored pictures: moving code must not change what people see.

Where a change of the pictures is wanted, ``python -m tests.test_golden_frames`` stores them anew; look at them then.
"""

from __future__ import annotations

import functools
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from landscape.masks.find import matte_of_labels
from landscape.masks.labels import read_labels
from landscape.photo.read import Photo, read_photo
from landscape.scene.scene import Scene
from landscape.settings import ExportSettings, FitSettings, LightSettings, MotionSettings

ROOT = Path(__file__).resolve().parents[1]
GOLDEN = Path(__file__).with_name("golden")
SIDE = 192
PHOTOS = ("alpine_clouds", "mountain_lake")
TIMES = (0.0, 1.5, 4.0)
STYLES = (None, "warm sunset")
MOTION = MotionSettings(direction=60.0, speed=2.0)
CASES = [(photo, style) for photo in PHOTOS for style in STYLES]


def golden_path(photo: str, style: str | None, seconds: float) -> Path:
    return GOLDEN / f"{photo}-{(style or 'photo').replace(' ', '_')}-{seconds:g}.png"


@functools.cache
def small_photo(name: str) -> Photo:
    picture = read_photo(ROOT / "assets" / f"{name}.jpg")
    return picture.resized(SIDE)


def draw(name: str, style: str | None, models) -> dict[float, np.ndarray]:
    """The frames of one photo in one light, (H, W, 3), uint8, by their time in seconds."""
    photo = small_photo(name)
    labels = read_labels(GOLDEN / f"{name}-labels.png", photo.height, photo.width)
    settings = FitSettings(latent_steps=6, tune_steps=6)
    scene = Scene.open(photo, models, settings, masks=matte_of_labels(labels, photo.pixels))
    renderer = scene.renderer(MOTION, LightSettings(style=style), SIDE, seconds=ExportSettings().seconds)
    return {seconds: renderer.frame(seconds) for seconds in TIMES}


@pytest.mark.parametrize(("name", "style"), CASES)
def test_frames_are_those_stored(name, style, small_models):
    for seconds, frame in draw(name, style, small_models).items():
        with Image.open(golden_path(name, style, seconds)) as image:
            stored = np.asarray(image).astype(int)
        assert frame.shape == stored.shape
        difference = np.abs(frame.astype(int) - stored)
        # Processors round differently; the fit lets that grow a little, and another light, which is the fit's alone,
        # twice as far.
        mean, most = (0.5, 6) if style is None else (1.0, 8)
        assert difference.mean() < mean and np.percentile(difference, 99.5) <= most, (name, style, seconds)


def test_stored_frames_differ_from_each_other():
    """A comparison that could not fail would say nothing: times and lights differ by more than the tolerance."""
    for name in PHOTOS:
        frames = [np.asarray(Image.open(golden_path(name, s, t))).astype(int) for s in STYLES for t in TIMES]
        for i, one in enumerate(frames):
            assert all(np.abs(one - other).mean() > 1 for other in frames[i + 1 :])


def store(models) -> None:
    """Write all pictures anew."""
    for name, style in CASES:
        for seconds, frame in draw(name, style, models).items():
            Image.fromarray(frame).save(golden_path(name, style, seconds), optimize=True)


if __name__ == "__main__":
    from tests import conftest

    store(conftest.seeded_models())
