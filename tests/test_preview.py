"""The live preview of a real scene: newest wins, sizes adapt, time stands still when told."""

from __future__ import annotations

import dataclasses
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import pytest
import torch

from landscape.masks.labels import SKY
from landscape.photo.read import Photo
from landscape.preview.clock import HURRIED_RATE, RATE, SHARED_RATE, SPARING_RATE, Pace
from landscape.preview.live import LivePreview
from landscape.preview.parts import DRAFT_SIDE, PreviewParts, style_pictures
from landscape.preview.player import LiveFrame, Player
from landscape.preview.size import SIDES, PreviewSize
from landscape.preview.track import GeneratorTrack
from landscape.scene.scene import Scene
from landscape.scene.shot import Shot
from landscape.scene.take import Take
from landscape.scene.turns import Turns
from landscape.settings import STYLES, ExportSettings, FitSettings, LightSettings, MotionSettings
from tests.mattes import hard_matte

SHORT = Shot(export=ExportSettings(4.0))


@pytest.fixture
def scene(small_models, landscape_pixels: np.ndarray) -> Scene:
    labels = np.zeros(landscape_pixels.shape[:2], np.uint8)
    labels[:56] = SKY
    photo = Photo(landscape_pixels, "hill")
    return Scene.open(photo, small_models, FitSettings("E"), hard_matte(labels))


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
    numbers = [preview.show(scene, Shot(MotionSettings(float(turn)))) for turn in (0, 90, 180, 90)]
    assert numbers == sorted(set(numbers))
    frame = frame_when(preview, lambda frame: frame.number == numbers[-1])
    assert frame.pixels.shape == (96, 128, 3) and not frame.lit
    again = preview.show(scene, Shot(MotionSettings(90.0)))
    assert again == numbers[-1], "what is shown already is no change"


def test_light_changes_the_picture_and_keeps_the_parts(scene: Scene, preview: LivePreview) -> None:
    preview.limit(SIDES[0])  # the draft then is the picture itself
    first = preview.show(scene, Shot(MotionSettings(speed=0.0)))
    day = frame_when(preview, lambda frame: frame.number == first)
    assert preview._player is not None
    compositor = preview._player.parts.compositor
    second = preview.show(scene, Shot(MotionSettings(speed=0.0), LightSettings("deep night")))
    night = frame_when(preview, lambda frame: frame.number == second)
    assert night.lit and night.pixels.mean() < 0.8 * day.pixels.mean() and night.run > day.run
    assert preview._player.parts.compositor is compositor


def test_pausing_stops_time_but_not_changes(scene: Scene, preview: LivePreview) -> None:
    number = preview.show(scene, Shot())
    frame_when(preview, lambda frame: frame.number == number and frame.seconds > 0)
    preview.play(False)
    frame_when(preview, lambda frame: True)
    end = time.monotonic() + 3
    while preview.next_frame(0.5) is not None:
        assert time.monotonic() < end + 30
    preview.seek(1.25)
    still = frame_when(preview, lambda frame: True)
    assert still.seconds == pytest.approx(1.25)
    number = preview.show(scene, Shot(MotionSettings(200.0)))
    assert frame_when(preview, lambda frame: frame.number == number).seconds == pytest.approx(1.25)


def test_days_and_loops_begin_anew_and_plain_motion_goes_on(scene: Scene) -> None:
    def at(seconds: float, light: LightSettings, loop: bool) -> float:
        return Take(scene, Shot(light=light, export=ExportSettings(4.0, loop=loop))).wrapped(seconds)

    assert at(9.0, LightSettings(), False) == 9.0
    assert at(9.0, LightSettings(), True) == 1.0 == at(9.0, LightSettings(day_cycle=True), False)


def test_another_motion_keeps_what_is_known_of_the_photo(scene: Scene) -> None:
    parts = PreviewParts.prepare(Take(scene, SHORT), 96)
    turned = parts.turned(Take(scene, dataclasses.replace(SHORT, motion=MotionSettings(200.0))))
    assert turned.scenery.parts is parts.scenery.parts and turned.moving is parts.moving
    assert turned.settled(turned.take) and turned.compositor is not parts.compositor


def test_other_masks_are_drafted_and_then_settled(scene: Scene) -> None:
    take = Take(scene, SHORT)
    parts = PreviewParts.prepare(take, 96)
    labels = np.zeros((96, 128), np.uint8)
    bare = Take(scene.with_masks(hard_matte(labels)), SHORT)
    empty = parts.turned(bare)
    assert empty.draft and not empty.settled(bare) and not empty.scenery.parts and parts.scenery.parts
    labels[:40] = SKY
    less = Take(scene.with_masks(hard_matte(labels)), SHORT)
    drafted, settled = parts.turned(less), PreviewParts.prepare(less, 96, parts)
    assert settled.settled(less) and settled.reconstruction is parts.reconstruction
    # Before long, other clouds come in under other masks.
    frames = [item.frame(item.reconstruction, 0.75) for item in (drafted, settled)]
    for frame in frames:
        assert np.array_equal(frame[45:], drafted.small.pixels[45:]), "what stands still is the photo"
    assert np.abs(frames[0].astype(int) - frames[1]).mean() < 2


def test_what_stands_still_is_sharp(small_models, landscape_pixels: np.ndarray, preview: LivePreview) -> None:
    photo = Photo(cv2.resize(landscape_pixels, (800, 600), interpolation=cv2.INTER_CUBIC), "hill")
    labels = np.zeros((600, 800), np.uint8)
    labels[:350] = SKY
    scene = Scene.open(photo, small_models, FitSettings("E"), hard_matte(labels))
    preview.limit(SIDES[-1])
    number = preview.show(scene, Shot())
    frame_when(preview, lambda frame: frame.number == number)
    preview.play(False)
    assert frame_when(preview, lambda frame: frame.pixels.shape[1] == SIDES[-1]).number == number


def test_drafts_of_large_pictures_are_small(small_models, landscape_pixels: np.ndarray) -> None:
    photo = Photo(cv2.resize(landscape_pixels, (640, 480), interpolation=cv2.INTER_CUBIC), "hill")
    labels = np.zeros((480, 640), np.uint8)
    labels[:280] = SKY
    scene = Scene.open(photo, small_models, FitSettings("E"), hard_matte(labels))
    parts = PreviewParts.prepare(Take(scene, SHORT), 640)
    labels[150:] = 0
    less = Take(scene.with_masks(hard_matte(labels)), SHORT)
    drafted = parts.turned(less)
    assert drafted.side == DRAFT_SIDE and drafted.small.width == DRAFT_SIDE
    size = (drafted.scenery.grid.rows, drafted.scenery.grid.columns)
    assert size != parts.scenery.parts[0].region.base.shape[:2]
    for field in ("base", "carried", "still", "prominence"):
        assert getattr(drafted.scenery.parts[0].region, field).shape[:2] == size
    settled = PreviewParts.prepare(less, DRAFT_SIDE, parts)
    frames = [item.frame(item.reconstruction, 1.5).astype(int) for item in (drafted, settled)]
    assert np.abs(frames[0] - frames[1]).mean() < 3
    assert np.array_equal(frames[0][130:], drafted.small.pixels[130:]), "what stands still is the photo"


def test_a_stroke_is_in_the_next_picture_and_settles(scene: Scene, preview: LivePreview) -> None:
    first = preview.show(scene, Shot())
    frame_when(preview, lambda frame: frame.number == first)
    labels = np.zeros((96, 128), np.uint8)
    labels[:20] = SKY
    second = preview.show(scene.with_masks(hard_matte(labels)), Shot())
    frame = preview.next_frame(1.0)
    assert frame is not None and frame.number == second
    end = time.monotonic() + 30
    while preview._player is None or preview._player.parts.draft:
        preview.next_frame(0.2)
        assert time.monotonic() < end
    assert preview._player.number == second


def test_a_better_fit_keeps_nobody_waiting(scene: Scene, preview: LivePreview) -> None:
    first = preview.show(scene, Shot())
    frame_when(preview, lambda frame: frame.number == first)
    better = dataclasses.replace(scene, inversions=(dataclasses.replace(scene.inversion, ssim=0.99),))
    second = preview.show(better, Shot(MotionSettings(90.0)))
    frame = preview.next_frame(1.0)
    assert frame is not None and frame.number == second and preview._player is not None
    assert preview._player.take.scene.inversions is scene.inversions, "the turn is seen with the fit at hand"
    end = time.monotonic() + 30
    while preview._player.take.scene.inversions is not better.inversions:
        preview.next_frame(0.2)
        assert time.monotonic() < end
    assert preview._player.number == second and preview._player.take.motion == MotionSettings(90.0)


def test_nothing_is_shown_after_clearing(scene: Scene, preview: LivePreview) -> None:
    first = preview.show(scene, Shot())
    frame_when(preview, lambda frame: frame.number == first)
    preview.clear()
    assert preview.next_frame(0.05) is None
    again = preview.show(scene, Shot())
    frame_when(preview, lambda frame: frame.number == again)


def test_turning_goes_on_with_the_frames_that_are_drawn(scene: Scene) -> None:
    drawn: list[float] = []
    executor = ThreadPoolExecutor(1)
    track = GeneratorTrack(lambda time: torch.full((3, 2, 2), drawn.append(time) or time), executor, 0.1, 0.01)
    track.prepare(0.0)
    track.at(0.0)
    other = GeneratorTrack(lambda time: torch.full((3, 2, 2), -1.0), executor, 0.1, 0.01)
    other.continue_from(track)
    executor.shutdown(wait=True)
    other.close()
    assert len(drawn) == 2 and drawn[1] > 0
    assert float(other.at(drawn[1])[0, 0, 0]) == pytest.approx(drawn[1]), "the frame on its way is taken over"


def test_while_others_need_the_computer_frames_are_drawn_rarely_and_in_a_hurry_not_at_all() -> None:
    drawn: list[float] = []
    with ThreadPoolExecutor(1) as executor:
        track = GeneratorTrack(lambda time: torch.full((3, 1, 1), drawn.append(time) or time), executor, 0.2, 0.001)
        track.prepare(0.0)
        track.pace = Pace(hurried=True)
        shown = [float(track.at(seconds)[0, 0, 0]) for seconds in (0.5, 1.0, 1.9)]
        assert shown == [0.0] * 3 and drawn == [0.0] and track._coming is None
        track.pace = Pace(sparing=True)
        assert float(track.at(1.95)[0, 0, 0]) == 0.0 and track._coming is not None, (
            "the old one until the next is there"
        )
        track._coming.result()
        assert float(track.at(3.0)[0, 0, 0]) == pytest.approx(drawn[1]) and drawn[1] > 1.9
        assert float(track.at(6.0)[0, 0, 0]) == 6.0, "none is shown that is older"


def test_previews_that_are_looked_at_share_what_fits_leave() -> None:
    rates = [Pace(True, previews=previews).rate for previews in range(1, 30)]
    assert rates[0] == SPARING_RATE and rates == sorted(rates, reverse=True) and rates[-1] == HURRIED_RATE
    assert all(rate * previews <= SHARED_RATE for previews, rate in enumerate(rates[:8], 1))
    assert Pace(previews=8).rate == RATE and Pace(True, True, 8).rate == HURRIED_RATE > 0.5, "one every two seconds"


def test_one_preview_at_a_time_is_prepared_and_drawn(
    small_models, landscape_pixels: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    turns = Turns()
    previews = [LivePreview(turns) for _ in range(3)]
    working, most = [], []

    def watched(name: str, work: Callable[..., object]) -> Callable[..., object]:
        def watching(*arguments: object) -> object:
            working.append(name)
            most.append(working.count(name))
            time.sleep(0.01)
            try:
                return work(*arguments)
            finally:
                working.remove(name)

        return watching

    prepare = PreviewParts.prepare
    better = watched("better", prepare)
    monkeypatch.setattr(PreviewParts, "prepare", lambda *arguments: (prepare if arguments[3] else better)(*arguments))
    monkeypatch.setattr(Player, "frame", watched("picture", Player.frame))
    masks = hard_matte(np.repeat(np.uint8([SKY, 0]), 48)[:, None].repeat(128, 1))
    for preview in previews:
        preview.show(Scene.open(Photo(landscape_pixels, "hill"), small_models, FitSettings("E"), masks), Shot())
    seen: list[LiveFrame] = []
    threads = [
        threading.Thread(target=lambda one=preview: [seen.append(one.next_frame(1.0)) for _ in range(30)])
        for preview in previews
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    for preview in previews:
        preview.close()
    assert len([frame for frame in seen if frame is not None]) > 60 and max(most) == 1


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
    number = preview.show(scene, Shot())
    frame_when(preview, lambda frame: frame.number == number)
    end = time.monotonic() + 30
    while preview._player is None or preview._player.side != preview.side:
        preview.next_frame(0.2)
        assert time.monotonic() < end


def test_while_somebody_waits_only_first_pictures_and_changes_are_made(
    small_models, landscape_pixels: np.ndarray, preview: LivePreview
) -> None:
    large = cv2.resize(landscape_pixels, (640, 480))
    masks = hard_matte(np.repeat(np.uint8([SKY, 0]), 240)[:, None].repeat(640, 1))
    scene = Scene.open(Photo(large, "hill"), small_models, FitSettings("E"), masks)
    preview.spare(Pace(hurried=True))
    preview.show(scene, Shot())
    frame_when(preview, lambda frame: True)
    began = time.monotonic()
    seen = 0
    while time.monotonic() - began < 1.5 / HURRIED_RATE:
        seen += preview.next_frame(0.1) is not None
    assert seen <= 2 and preview._player is not None and preview._player.side == DRAFT_SIDE
    number = preview.show(scene, Shot(MotionSettings(90.0)))
    began = time.monotonic()
    frame_when(preview, lambda frame: frame.number == number)
    assert time.monotonic() - began < 0.9 / HURRIED_RATE, "a change waits for nobody"
    preview.spare(Pace())
    frame_when(preview, lambda frame: max(frame.pixels.shape) > DRAFT_SIDE)


def test_there_is_a_picture_of_every_style(scene: Scene) -> None:
    pictures = dict(style_pictures(scene, 64))
    assert tuple(pictures) == STYLES and all(picture.shape == (48, 64, 3) for picture in pictures.values())
    assert pictures["deep night"].mean() < pictures["blue day"].mean()


def test_a_failure_in_another_thread_is_raised_once_and_the_next_change_is_drawn(
    scene: Scene, preview: LivePreview, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare = PreviewParts.prepare
    monkeypatch.setattr(PreviewParts, "prepare", lambda *arguments: 1 / 0)
    preview.show(scene, Shot())
    with pytest.raises(ZeroDivisionError):
        frame_when(preview, lambda frame: True)
    assert preview.next_frame(0.05) is None
    monkeypatch.setattr(PreviewParts, "prepare", prepare)
    preview.show(scene, Shot(MotionSettings(speed=2.0)))
    assert frame_when(preview, lambda frame: True).number == 2


def test_a_frame_that_cannot_be_drawn_ahead_fails_once() -> None:
    def draw(seconds: float) -> torch.Tensor:
        if 0 < seconds < 0.6:
            raise RuntimeError("not this one")
        return torch.full((3, 1, 1), seconds)

    with ThreadPoolExecutor(1) as executor:
        track = GeneratorTrack(draw, executor, 0.5)
        track.prepare(0.0)
        track.at(0.0)
        assert track._coming is not None
        track._coming.exception()
        with pytest.raises(RuntimeError):
            track.at(0.1)
        assert track.at(1.0).mean().item() == 1.0
