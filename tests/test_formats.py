"""Every format as a real file: decoded, counted, and asked for its recipe."""

from __future__ import annotations

import dataclasses
import io
import json
import os
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path

import imageio_ffmpeg
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageSequence

from landscape.errors import Cancelled, LandscapeError
from landscape.output.formats import FORMATS, format_of, require_fits
from landscape.output.video import probe_video, write_video
from landscape.scene.recipe import read_recipe
from landscape.scene.shot import Shot
from landscape.settings import FORMATS as NAMES
from landscape.settings import ExportSettings, FitSettings, LightSettings, MotionSettings

CODECS = {
    "h264": ("h264", "yuv420p"),
    "h265": ("hevc", "yuv420p"),
    "h265-10bit": ("hevc", "yuv420p10le"),
    "vp9": ("vp9", "yuv420p"),
    "av1": ("av1", "yuv420p"),
}
RECIPE = Shot(
    MotionSettings(45.0, 2.5), LightSettings("deep night", 0.5), FitSettings("EO"), ExportSettings(2.0, crf=20)
)


def frames(count: int, height: int = 63, width: int = 97) -> Iterator[np.ndarray]:
    y, x = np.mgrid[0:height, 0:width]
    for index in range(count):
        red = 128 + 90 * np.sin((x + 3 * index) / 15)
        yield np.stack([red, 200 * y / height, 255 - red], axis=2).astype(np.uint8)


def decode(path: Path, name: str) -> np.ndarray:
    """All frames, (T, H, W, 3) uint8."""
    if name == "gif":
        with Image.open(path) as image:
            return np.stack([np.asarray(frame.convert("RGB")) for frame in ImageSequence.Iterator(image)])
    if name == "png":
        with zipfile.ZipFile(path) as archive:
            names = sorted(entry for entry in archive.namelist() if entry.endswith(".png"))
            return np.stack([np.asarray(Image.open(io.BytesIO(archive.read(entry)))) for entry in names])
    reader = imageio_ffmpeg.read_frames(str(path), pix_fmt="rgb24")
    width, height = next(reader)["source_size"]
    return np.stack([np.frombuffer(data, np.uint8).reshape(height, width, 3) for data in reader])


def test_settings_and_formats_agree() -> None:
    assert tuple(FORMATS) == NAMES


def test_ten_bits_keep_gradients_that_eight_bits_lose(tmp_path: Path) -> None:
    path = tmp_path / "dusk.mp4"
    slope = np.linspace(20 * 257, 40 * 257, 512)  # 20 steps of 8 bits
    frame = np.repeat(np.rint(slope)[None, :, None], 64, axis=0).repeat(3, axis=2).astype(np.uint16)
    write_video(path, [frame] * 3, 10, crf=0, format="h265-10bit")
    reader = imageio_ffmpeg.read_frames(str(path), pix_fmt="gray16le", bits_per_pixel=16)
    next(reader)
    grey = np.frombuffer(next(reader), np.uint16).reshape(64, 512)
    assert 60 <= len(np.unique(grey)) <= 90
    with pytest.raises(ValueError, match="not uint8"):
        write_video(path, [frame], 10, format="h265")


@pytest.mark.parametrize("name", NAMES)
def test_each_format_keeps_frames_colours_and_recipe(tmp_path: Path, name: str) -> None:
    form = FORMATS[name]
    path = tmp_path / f"clip{form.suffix}"
    write_video(path, frames(11), 10, crf=14, metadata=RECIPE.as_dict(), format=name)
    assert os.listdir(tmp_path) == [path.name]
    decoded = decode(path, name)
    height, width = (64, 98) if form.even else (63, 97)
    assert decoded.shape == (11, height, width, 3)
    error = np.abs(decoded[:, :63, :97].astype(int) - np.stack(list(frames(11)))).mean(axis=(1, 2, 3))
    assert error.max() < {"png": 1e-9, "gif": 7}.get(name, 4), error
    assert read_recipe(path) == RECIPE
    if name in CODECS:
        facts = probe_video(path)
        assert (facts["codec"], facts["pixel_format"]) == CODECS[name]
        assert (facts["frames"], facts["fps"]) == (11, 10.0)
        assert facts["colour"].startswith("tv, bt709")


def test_gif_plays_at_its_rate_forever(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.gif", frames(5), 20)
    with Image.open(path) as image:
        assert image.info["loop"] == 0 and image.info["duration"] == 50
        assert "comment" not in image.info


def test_lower_quality_makes_smaller_files(tmp_path: Path) -> None:
    grain = np.random.default_rng(0).normal(0, 12, (6, 64, 96, 1))
    clip = (np.stack(list(frames(6, 64, 96))) + grain).clip(0, 255).astype(np.uint8)
    for name in NAMES[:-1]:
        suffix = FORMATS[name].suffix
        low, high = (write_video(tmp_path / f"{crf}{suffix}", clip, 30, crf=crf, format=name) for crf in (34, 10))
        sizes = [high.stat().st_size, low.stat().st_size]
        assert sizes[0] > 1.1 * sizes[1], name


@pytest.mark.parametrize("name", ["h264", "gif", "png"])
def test_an_early_end_keeps_what_was_made(tmp_path: Path, name: str) -> None:
    finish = threading.Event()

    def endless() -> Iterator[np.ndarray]:
        for index, frame in enumerate(frames(50)):
            if index == 4:
                finish.set()
            assert index <= 4
            yield frame

    path = tmp_path / f"a{FORMATS[name].suffix}"
    write_video(path, endless(), 30, finish=finish, format=name)
    assert len(decode(path, name)) == 4
    assert os.listdir(tmp_path) == [path.name]


def test_an_early_end_before_the_first_frame_keeps_one(tmp_path: Path) -> None:
    finish = threading.Event()
    finish.set()
    assert probe_video(write_video(tmp_path / "a.mp4", frames(50), 30, finish=finish))["frames"] == 1


@pytest.mark.parametrize("name", NAMES)
def test_cancel_leaves_nothing(tmp_path: Path, name: str) -> None:
    cancel = threading.Event()

    def endless() -> Iterator[np.ndarray]:
        for index, frame in enumerate(frames(50)):
            if index == 3:
                cancel.set()
            yield frame

    with pytest.raises(Cancelled):
        write_video(tmp_path / f"a{FORMATS[name].suffix}", endless(), 30, cancel=cancel, format=name)
    assert os.listdir(tmp_path) == []


def test_formats_by_suffix_and_by_name() -> None:
    assert format_of(Path("a.MP4")).name == "h264"
    assert format_of(Path("a.webm")).name == "vp9"
    assert format_of(Path("a.webm"), "av1").name == "av1"
    with pytest.raises(LandscapeError, match="ends in .mp4, .webm, .gif or .zip"):
        format_of(Path("a.avi"))
    with pytest.raises(LandscapeError, match="end in .gif"):
        format_of(Path("a.mp4"), "gif")
    with pytest.raises(LandscapeError, match="Choose a format"):
        format_of(Path("a.mp4"), "theora")


@given(st.sampled_from([name for name in NAMES if name in CODECS]), st.integers(0, 50))
def test_rate_factors_stay_in_range_and_grow(name: str, crf: int) -> None:
    def own(value: int) -> int:
        arguments = FORMATS[name].arguments(value)
        return int(arguments[arguments.index("-crf") + 1])

    assert 0 <= own(crf) <= own(crf + 1) <= FORMATS[name].crf_limit
    assert own(0) == 0


def test_a_gif_of_others_has_no_recipe(tmp_path: Path) -> None:
    Image.new("RGB", (8, 8)).save(tmp_path / "a.gif", comment=json.dumps({"a": 1}))
    with pytest.raises(LandscapeError, match="no recipe"):
        read_recipe(tmp_path / "a.gif")


@pytest.mark.parametrize("name", NAMES)
def test_every_size_is_written_or_refused_in_a_sentence(tmp_path: Path, name: str) -> None:
    """Photos of 64 px may be eight times as long as wide."""
    form = FORMATS[name]
    for width, height in ((64, 8), (8, 64), (64, 14), (64, 15), (64, 16)):
        path = tmp_path / f"{width}x{height}{form.suffix}"
        pictures = list(frames(3, height, width))
        if name.startswith("h265") and min(width, height) < 15:
            with pytest.raises(LandscapeError, match=f"cannot show {width} x {height} pixels, as both sides need"):
                write_video(path, pictures, 10, format=name)
            with pytest.raises(LandscapeError, match="choose a larger size or another format"):
                require_fits(ExportSettings(long_side=64, format=name), 10 * width, 10 * height)
            assert list(tmp_path.glob(path.name)) == []
        else:
            assert len(decode(write_video(path, pictures, 10, format=name), name)) == 3
            require_fits(ExportSettings(long_side=64, format=name), 10 * width, 10 * height)


def delays(path: Path) -> list[int]:
    """Hundredths of a second of each frame of a GIF."""
    with Image.open(path) as image:
        return [round(frame.info["duration"] / 10) for frame in ImageSequence.Iterator(image)]


@pytest.mark.parametrize("fps", [12, 15, 24, 25, 29.97, 30, 48, 50, 60, 120])
def test_gifs_play_at_the_right_speed(tmp_path: Path, fps: float) -> None:
    """Browsers play frames of less than two hundredths of a second at a tenth."""
    path = write_video(tmp_path / "a.gif", frames(round(2 * fps), 32, 48), fps)
    found = delays(path)
    assert min(found) >= 2 and sum(found) == pytest.approx(200, abs=1 + 100 / fps)
    assert len(found) == round(2 * min(fps, 50))


def test_settings_of_gifs_keep_the_duration() -> None:
    assert ExportSettings(2.0, 60, format="GIF").frames == 100
    assert ExportSettings(2.0, 30, format="gif").frames == 60 and ExportSettings(2.0, 120).frames == 240
    changed = dataclasses.replace(ExportSettings(2.0, 60), format="gif")
    assert (changed.fps, Shot.from_dict(Shot(export=changed).as_dict()).export) == (50, changed)
