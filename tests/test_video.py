"""Writing videos and reading them back."""

from __future__ import annotations

import os
import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import imageio_ffmpeg
import numpy as np
import pytest

from landscape.errors import Cancelled, LandscapeError
from landscape.output.video import probe_video, write_video


def moving_frames(count: int, height: int = 64, width: int = 96) -> Iterator[np.ndarray]:
    y, x = np.mgrid[0:height, 0:width]
    for index in range(count):
        red = 128 + 100 * np.sin((x + 3 * index) / 15)
        yield np.stack([red, 200 * y / height, 255 - red], axis=2).astype(np.uint8)


def decode(path: Path) -> np.ndarray:
    """All frames, (T, H, W, 3) uint8, converted by the colour matrix that the file names."""
    reader = imageio_ffmpeg.read_frames(str(path), pix_fmt="rgb24")
    width, height = next(reader)["source_size"]
    return np.stack([np.frombuffer(data, np.uint8).reshape(height, width, 3) for data in reader])


def wait_for(folder: Path) -> None:
    """The encoder is another process and makes its file when it gets to it."""
    end = time.monotonic() + 20
    while not list(folder.glob(".landscape-*.part/clip.mp4")):
        assert time.monotonic() < end
        time.sleep(0.01)


@pytest.mark.parametrize(("height", "width"), [(64, 96), (65, 96), (64, 97), (65, 97), (1, 1)])
@pytest.mark.parametrize("fps", [24, 30])
def test_written_video_has_the_right_form(tmp_path: Path, height: int, width: int, fps: int) -> None:
    path = write_video(tmp_path / "a.mp4", moving_frames(13, height, width), fps)
    info = probe_video(path)
    assert (info["height"], info["width"]) == (height + height % 2, width + width % 2)
    assert (info["frames"], info["fps"]) == (13, fps)
    assert (info["codec"], info["pixel_format"]) == ("h264", "yuv420p")
    assert info["metadata"] is None
    assert os.listdir(tmp_path) == ["a.mp4"]


def test_frames_come_back_in_order_with_their_colours(tmp_path: Path) -> None:
    frames = np.stack(list(moving_frames(20)))
    decoded = decode(write_video(tmp_path / "a.mp4", frames, 30, crf=8))
    error = np.abs(decoded.astype(float) - frames).mean(axis=(1, 2, 3))
    wrong = np.abs(decoded[1:].astype(float) - frames[:-1]).mean(axis=(1, 2, 3))
    assert error.max() < 4
    assert wrong.min() > 2 * error.max()


def test_plain_colours_survive_and_bt709_is_tagged(tmp_path: Path) -> None:
    colours = [(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255), (0, 0, 0), (120, 150, 210)]
    frames = np.stack([np.full((64, 64, 3), colour, np.uint8) for colour in colours])
    path = write_video(tmp_path / "a.mp4", frames, 10, crf=5)
    assert np.abs(decode(path).astype(int) - frames).max() <= 4
    colour = probe_video(path)["colour"]
    assert colour.startswith("tv, bt709")
    assert "unknown" not in colour


def test_odd_sizes_repeat_the_edge(tmp_path: Path) -> None:
    frame = np.zeros((63, 65, 3), np.uint8)
    frame[-1:], frame[:, -1:] = 250, 250
    decoded = decode(write_video(tmp_path / "a.mp4", [frame] * 3, 10, crf=1))
    assert decoded.shape == (3, 64, 66, 3)
    assert decoded[:, -2:].min() > 200
    assert decoded[:, :, -2:].min() > 200
    assert decoded[:, 10:50, 10:50].max() < 20


def test_one_frame(tmp_path: Path) -> None:
    assert probe_video(write_video(tmp_path / "a.mp4", moving_frames(1), 30))["frames"] == 1


def test_file_is_ready_for_streaming(tmp_path: Path) -> None:
    data = write_video(tmp_path / "a.mp4", moving_frames(5), 30).read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")


def test_crf_changes_the_size(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (5, 64, 64, 3), dtype=np.uint8)
    sizes = [write_video(tmp_path / f"{crf}.mp4", noise, 30, crf=crf).stat().st_size for crf in (5, 18, 40)]
    assert sizes[0] > 1.3 * sizes[1] > 1.3 * 1.3 * sizes[2]


def test_metadata_comes_back(tmp_path: Path) -> None:
    metadata = {"light": {"style": "warm sunset"}, "text": 'ü “"; = # \\ \n\t', "numbers": [1, 2.5, None, True]}
    assert probe_video(write_video(tmp_path / "a.mp4", moving_frames(3), 30, metadata=metadata))["metadata"] == metadata


@pytest.mark.parametrize("name", ["ü space 100%03d.mp4", "-a.mp4", "a:b.mp4", "UP.MP4", "a.b.mp4", "'quote\".mp4"])
def test_names(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_video(Path(name), moving_frames(3), 30)
    assert os.listdir(tmp_path) == [name]
    assert probe_video(Path(name))["frames"] == 3


def test_frames_are_never_held_and_progress_counts(tmp_path: Path) -> None:
    taken: list[int] = []
    reports: list[tuple[str, int, int]] = []

    def frames() -> Iterator[np.ndarray]:
        for index, frame in enumerate(moving_frames(8)):
            assert len(reports) == index
            taken.append(index)
            yield frame

    write_video(tmp_path / "a.mp4", frames(), 30, total=8, progress=lambda *report: reports.append(report))
    assert reports == [("video", done, 8) for done in range(1, 9)]
    assert len(taken) == 8


def test_nothing_is_printed(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    probe_video(write_video(tmp_path / "a.mp4", moving_frames(3), 30))
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("after", [0, 1, 5])
def test_cancel_leaves_the_earlier_file(tmp_path: Path, after: int) -> None:
    path = tmp_path / "a.mp4"
    path.write_bytes(b"earlier")
    cancel = threading.Event()

    def frames() -> Iterator[np.ndarray]:
        for index, frame in enumerate(moving_frames(50)):
            if index == after:
                cancel.set()
            assert index <= after
            yield frame

    with pytest.raises(Cancelled):
        write_video(path, frames(), 30, cancel=cancel)
    assert os.listdir(tmp_path) == ["a.mp4"]
    assert path.read_bytes() == b"earlier"


@pytest.mark.parametrize("error", [RuntimeError("no"), LandscapeError("No."), OSError("disk of the photo")])
def test_errors_of_the_frames_pass_through(tmp_path: Path, error: Exception) -> None:
    def frames() -> Iterator[np.ndarray]:
        yield from moving_frames(4)
        wait_for(tmp_path)
        raise error

    with pytest.raises(type(error)) as caught:
        write_video(tmp_path / "a.mp4", frames(), 30)
    assert caught.value is error
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    "second", [np.zeros((64, 98, 3), np.uint8), np.zeros((64, 96, 3), np.float32), np.zeros((64, 96), np.uint8)]
)
def test_unequal_frames_are_refused(tmp_path: Path, second: np.ndarray) -> None:
    with pytest.raises(ValueError, match="uint8"):
        write_video(tmp_path / "a.mp4", [np.zeros((64, 96, 3), np.uint8), second], 30)
    with pytest.raises(ValueError, match="uint8"):
        write_video(tmp_path / "a.mp4", [second[..., 0]], 30)
    assert os.listdir(tmp_path) == []


def test_existing_file_is_replaced(tmp_path: Path) -> None:
    for count in (3, 5):
        write_video(tmp_path / "a.mp4", moving_frames(count), 30)
    assert probe_video(tmp_path / "a.mp4")["frames"] == 5


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("a.avi", "ends in"),
        ("a", "ends in"),
        ("none/a.mp4", "no folder"),
        ("folder.mp4", "is a folder"),
        ("file/a.mp4", "no folder"),
        ("a\0b.mp4", "choose another"),
        ("a" * 300 + ".mp4", "choose another"),
    ],
)
def test_clear_errors(tmp_path: Path, name: str, words: str) -> None:
    (tmp_path / "folder.mp4").mkdir()
    (tmp_path / "file").touch()
    with pytest.raises(LandscapeError, match=words) as caught:
        write_video(tmp_path / name, moving_frames(3), 30)
    assert str(caught.value).endswith(".")
    assert sorted(os.listdir(tmp_path)) == ["file", "folder.mp4"]


def test_no_frames(tmp_path: Path) -> None:
    with pytest.raises(LandscapeError, match="no frame"):
        write_video(tmp_path / "a.mp4", [], 30)
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("fail_at", ["start", "end"])
def test_failure_of_the_encoder(tmp_path: Path, fail_at: str) -> None:
    """The place of the file vanishes before or while the frames are made."""
    folder = tmp_path / "folder"
    folder.mkdir()

    def frames() -> Iterator[np.ndarray]:
        if fail_at == "start":
            shutil.rmtree(folder)
        yield from moving_frames(30)
        if fail_at == "end":
            wait_for(folder)
            shutil.rmtree(folder)

    with pytest.raises(LandscapeError, match="cannot be written") as caught:
        write_video(folder / "a.mp4", frames(), 30)
    assert "\n" not in str(caught.value)


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="permissions do not bind this user")
def test_folder_without_permission(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(LandscapeError, match="cannot be written to"):
        write_video(tmp_path / "a.mp4", moving_frames(3), 30)


@pytest.mark.parametrize("content", [None, b"", b"no video" * 100])
def test_probe_of_no_video(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "a.mp4").write_bytes(content)
    with pytest.raises(LandscapeError, match="not a video"):
        probe_video(tmp_path / "a.mp4")


def test_long_metadata_with_every_special_character_comes_back_whole(tmp_path):
    metadata = {"text": 'a=b; c#d \\ e "f" äöü 明\nnew line' * 40, "number": 1.5}
    write_video(tmp_path / "clip.mp4", [np.zeros((32, 32, 3), np.uint8)] * 2, 10, metadata=metadata)
    assert probe_video(tmp_path / "clip.mp4")["metadata"] == metadata
