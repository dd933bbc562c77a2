"""The live preview of a real scene: newest wins, sizes adapt, time stands still when told."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from landscape.labels import SKY
from landscape.masking import masks_from_labels
from landscape.photo import Photo
from landscape.preview import LiveFrame, LivePreview, style_pictures
from landscape.preview_parts import PreviewParts, Take
from landscape.preview_size import SIDES, PreviewSize
from landscape.scene import Scene
from landscape.settings import STYLES, InversionSettings, LightSettings, MotionSettings


@pytest.fixture
def scene(small_models, landscape_pixels: np.ndarray) -> Scene:
    labels = np.zeros(landscape_pixels.shape[:2], np.uint8)
    labels[:56] = SKY
    photo = Photo(landscape_pixels, "hill")
    return Scene.open(photo, small_models, InversionSettings("E"), masks_from_labels(labels, landscape_pixels))


@pytest.fixture
def preview() -> Iterator[LivePreview]:
    preview = LivePreview()
    yield preview
    preview.close()


def frame_when(preview: LivePreview, wanted: Callable[[LiveFrame], bool]) -> LiveFrame:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        frame = preview.next_frame(1.0)
        if frame is not None and wanted(frame):
            return frame
    raise AssertionError("no such picture came")


def test_the_newest_change_is_shown(scene: Scene, preview: LivePreview) -> None:
    numbers = [
        preview.show(scene, MotionSettings(float(turn)), LightSettings(), 6.0, False) for turn in (0, 90, 180, 90)
    ]
    assert numbers == sorted(set(numbers))
    frame = frame_when(preview, lambda frame: frame.number == numbers[-1])
    assert frame.pixels.shape == (96, 128, 3) and not frame.lit
    again = preview.show(scene, MotionSettings(90.0), LightSettings(), 6.0, False)
    assert again == numbers[-1], "what is shown already is no change"


def test_light_changes_the_picture_and_keeps_the_parts(scene: Scene, preview: LivePreview) -> None:
    preview.limit(SIDES[0])  # the draft then is the picture itself
    first = preview.show(scene, MotionSettings(speed=0.0), LightSettings(), 6.0, False)
    day = frame_when(preview, lambda frame: frame.number == first)
    assert preview._player is not None
    parts = preview._player.parts
    second = preview.show(scene, MotionSettings(speed=0.0), LightSettings("deep night"), 6.0, False)
    night = frame_when(preview, lambda frame: frame.number == second)
    assert night.lit and night.pixels.mean() < 0.8 * day.pixels.mean() and night.run > day.run
    assert preview._player.parts is parts


def test_pausing_stops_time_but_not_changes(scene: Scene, preview: LivePreview) -> None:
    number = preview.show(scene, MotionSettings(), LightSettings(), 6.0, False)
    frame_when(preview, lambda frame: frame.number == number and frame.seconds > 0)
    preview.play(False)
    frame_when(preview, lambda frame: True)
    end = time.monotonic() + 3
    while preview.next_frame(0.5) is not None:
        assert time.monotonic() < end + 30
    preview.seek(1.25)
    still = frame_when(preview, lambda frame: True)
    assert still.seconds == pytest.approx(1.25)
    number = preview.show(scene, MotionSettings(200.0), LightSettings(), 6.0, False)
    assert frame_when(preview, lambda frame: frame.number == number).seconds == pytest.approx(1.25)


def test_days_and_loops_begin_anew_and_plain_motion_goes_on(scene: Scene) -> None:
    def at(seconds: float, light: LightSettings, loop: bool) -> float:
        return Take(scene, MotionSettings(), light, 4.0, loop).wrapped(seconds)

    assert at(9.0, LightSettings(), False) == 9.0
    assert at(9.0, LightSettings(), True) == 1.0 == at(9.0, LightSettings(day_cycle=True), False)


def test_parts_are_taken_over_where_nothing_changed(scene: Scene) -> None:
    take = Take(scene, MotionSettings(), LightSettings(), 4.0, False)
    parts = PreviewParts.prepare(take, 96)
    turned = Take(scene, MotionSettings(200.0), LightSettings(), 4.0, False)
    other = PreviewParts.prepare(turned, 96, parts)
    assert other.scenery.parts is parts.scenery.parts and other.moving is parts.moving
    labels = np.zeros((96, 128), np.uint8)
    masked = scene.with_masks(masks_from_labels(labels, None))
    bare = PreviewParts.prepare(Take(masked, MotionSettings(), LightSettings(), 4.0, False), 96, parts)
    assert bare.reconstruction is parts.reconstruction and not bare.scenery.parts and parts.scenery.parts


def test_slow_computers_get_smaller_pictures() -> None:
    size = PreviewSize()

    def spend(seconds: float) -> bool:
        return any([size.note(size.side, seconds) for _ in range(10)])

    assert spend(0.2) and size.side == SIDES[0]
    assert not spend(0.2)
    assert spend(0.001) and size.side == SIDES[2], "two steps at a time"
    size.limit(SIDES[1])
    assert size.side == SIDES[1] and not spend(0.001)


def test_the_sharp_picture_follows_when_changes_rest(scene: Scene, preview: LivePreview) -> None:
    preview.limit(SIDES[2])
    number = preview.show(scene, MotionSettings(), LightSettings(), 6.0, False)
    frame_when(preview, lambda frame: frame.number == number)
    end = time.monotonic() + 30
    while preview._player is None or preview._player.side != preview.side:
        preview.next_frame(0.2)
        assert time.monotonic() < end


def test_there_is_a_picture_of_every_style(scene: Scene) -> None:
    pictures = dict(style_pictures(scene, 64))
    assert tuple(pictures) == STYLES and all(picture.shape == (48, 64, 3) for picture in pictures.values())
    assert pictures["deep night"].mean() < pictures["blue day"].mean()
