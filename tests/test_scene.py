"""The whole way from a photo to frames and files, with small seeded networks."""

import threading

import numpy as np
import pytest
import torch
from PIL import Image

from landscape.errors import Cancelled
from landscape.evaluation.styles import CELL, HEADER, style_sheet
from landscape.files import save_picture
from landscape.output.video import probe_video
from landscape.photo.squeeze import model_image, model_mask
from landscape.scene.scene import Scene
from landscape.scene.shot import Shot
from landscape.settings import STYLES, ExportSettings, FitSettings, LightSettings, MotionSettings
from tests.mattes import hard_matte

FEW_STEPS = FitSettings(latent_steps=6, tune_steps=6)


@pytest.fixture
def scene(photo, masks, small_models):
    return Scene.open(photo, small_models, FEW_STEPS, masks=masks)


def test_model_sees_the_whole_photo_squashed(photo, masks):
    image = model_image(photo, 64)
    assert image.shape == (1, 3, 64, 64)
    assert image[0, :, 0].mean().item() == pytest.approx(photo.pixels[:2].mean() / 127.5 - 1, abs=0.03)
    moving = model_mask(masks.moving, 64)[0, 0]
    assert moving[:36].min() > 0.99 and moving[39:].max() < 0.01


def frames_of(scene, motion, light, export):
    return scene.renderer_of(Shot(motion, light, export=export)).clip(export.frames, export.fps)


def test_first_frame_is_the_photo_and_static_parts_stay(scene, photo):
    frames = list(frames_of(scene, MotionSettings(speed=3), LightSettings(), ExportSettings(0.5, 10, 128)))
    assert len(frames) == 5 and frames[0].shape == photo.pixels.shape
    for frame in frames:
        assert np.array_equal(frame[64:], photo.pixels[64:])
    assert np.abs(frames[0].astype(int) - photo.pixels).mean() < 12
    assert np.abs(frames[4][:48].astype(int) - frames[0][:48]).mean() > 0.5


def test_speed_zero_without_light_stands_still(scene):
    first, *_, last = frames_of(scene, MotionSettings(speed=0), LightSettings(), ExportSettings(0.5, 10, 128))
    assert np.array_equal(first, last)


def test_night_is_darker_and_sunset_warmer_than_day(scene):
    def mean(style):
        return scene.renderer(MotionSettings(), LightSettings(style=style), 128).frame(0.5).reshape(-1, 3).mean(axis=0)

    night, day, sunset = mean("deep night"), mean("blue day"), mean("warm sunset")
    assert night.sum() < 0.6 * day.sum()
    assert sunset[0] - sunset[2] > day[0] - day[2] + 10


def test_loop_ends_where_it_began(scene):
    renderer = scene.renderer(MotionSettings(speed=2), LightSettings(day_cycle=True), 128, seconds=2.0, loop=True)
    start, end, middle = renderer.frame(0.0), renderer.frame(2.0), renderer.frame(1.0)
    assert np.abs(start.astype(int) - end).max() <= 2
    assert np.abs(start.astype(int) - middle).mean() > 1


def test_generator_only_shows_no_pixel_of_the_photo(scene):
    renderer = scene.renderer(MotionSettings(), LightSettings(), 128, generator_only=True)
    frame = renderer.frame(0.0)
    small = scene.inversion.reconstruction()[0].clamp(-1, 1)
    assert frame.mean() == pytest.approx(float((small.mean() + 1) * 127.5), abs=2)


def test_a_held_generator_draws_the_photo_at_all_times(scene):
    drawn, whole = (
        scene.renderer(MotionSettings(speed=2), LightSettings(), 128, generator_only=only) for only in (True, False)
    )
    assert np.array_equal(drawn.held().frame(3.0), drawn.frame(0.0)) and np.array_equal(
        whole.held().frame(0.0), whole.frame(0.0)
    )
    assert not np.array_equal(whole.held().frame(3.0), whole.frame(0.0)), "the sky travels all the same"


def test_the_sheet_of_styles_shows_the_photo_and_nine_lights(scene, tmp_path):
    sheet = style_sheet([scene, scene])
    width, height = CELL
    assert sheet.shape == (HEADER + 2 * height, 10 * width, 3) and sheet.dtype == np.uint8
    cells = sheet[HEADER : HEADER + height].reshape(height, 10, width, 3).transpose(1, 0, 2, 3).astype(int)
    night, sunset = (cells[1 + STYLES.index(style)] for style in ("deep night", "warm sunset"))
    assert night.mean() < cells[0].mean() - 10
    assert np.abs(sunset - night).mean() > 10
    save_picture(sheet, tmp_path / "sheet.jpg")
    assert Image.open(tmp_path / "sheet.jpg").size == (10 * width, HEADER + 2 * height)


def test_ten_bit_exports_are_made_of_deep_frames(scene):
    night = LightSettings("deep night")
    plain, deep = (
        next(frames_of(scene, MotionSettings(), night, ExportSettings(0.5, 10, 128, format=name)))
        for name in ("h265", "h265-10bit")
    )
    assert plain.dtype == np.uint8 and deep.dtype == np.uint16
    assert np.abs(deep / 257 - plain).max() < 1.6


def test_new_masks_keep_the_fit(scene, landscape_pixels):
    still = hard_matte(np.zeros(landscape_pixels.shape[:2], np.uint8))
    other = scene.with_masks(still)
    assert other.inversion is scene.inversion
    assert "mark them" in other.warnings[0]
    assert np.array_equal(other.renderer(MotionSettings(speed=4), LightSettings(), 128).frame(1.0), landscape_pixels)


def test_a_sky_that_leaves_the_upper_edge_is_doubted(scene):
    assert not any("no landscape" in sentence for sentence in scene.warnings)
    labels = np.zeros((96, 128), np.uint8)
    labels[:60, :50] = 1
    assert "no landscape" in " ".join(scene.with_masks(hard_matte(labels)).warnings)
    labels[60:] = 2
    assert "no landscape" not in " ".join(scene.with_masks(hard_matte(labels)).warnings)


def test_masks_are_found_when_none_are_given(photo, small_models):
    scene = Scene.open(photo, small_models, FitSettings(variant="E"))
    assert scene.masks.sky.shape == photo.pixels.shape[:2]
    assert {"segmentation", "inversion"} <= scene.timings.keys()


def test_same_seed_gives_the_same_frames(photo, masks, small_models):
    frames = []
    for _ in range(2):
        scene = Scene.open(photo, small_models, FEW_STEPS, masks=masks)
        frames.append(scene.renderer(MotionSettings(), LightSettings(), 128).frame(0.7))
    assert np.array_equal(*frames)


def test_generator_is_not_changed_by_fine_tuning(photo, masks, small_models):
    before = {name: value.clone() for name, value in small_models.generator.state_dict().items()}
    scene = Scene.open(photo, small_models, FEW_STEPS, masks=masks)
    assert scene.inversion.generator is not small_models.generator
    assert all(torch.equal(before[name], value) for name, value in small_models.generator.state_dict().items())


def test_render_writes_a_video_and_reports(scene, tmp_path):
    steps = []
    out = tmp_path / "clip.mp4"
    report = scene.render(out, Shot(export=ExportSettings(0.4, 10, 128)), progress=lambda *step: steps.append(step))
    found = probe_video(out)
    assert (report.width, report.height, report.frames) == (128, 96, 4)
    assert (found["width"], found["height"], found["frames"]) == (128, 96, 4)
    assert found["metadata"]["motion"]["direction"] == 90
    assert 0 <= report.mean_photo_weight <= 1
    assert steps[-1] == ("rendering", 4, 4)


def test_cancelled_render_leaves_nothing_behind(scene, tmp_path):
    cancel = threading.Event()

    def stop_soon(stage, done, total):
        cancel.set()

    with pytest.raises(Cancelled):
        scene.render(
            tmp_path / "clip.mp4",
            Shot(export=ExportSettings(2, 10, 128)),
            progress=stop_soon,
            cancel=cancel,
        )
    assert list(tmp_path.iterdir()) == []
