"""Turning frames into the bytes of a file, one class for each family of formats.

An encoder takes frames one at a time under a temporary name; :func:`landscape.output.video.write_video` names the file.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import threading
import zipfile
from pathlib import Path
from typing import Any, Protocol

import cv2
import imageio_ffmpeg
from moviepy.video.io.ffmpeg_writer import FFMPEG_VideoWriter

from landscape.images.pixels import Frame
from landscape.marks import RECIPE_ENTRY
from landscape.output.formats import Format
from landscape.output.target import Padding, Target
from landscape.progress import check_cancelled
from landscape.settings import FASTEST

_FULL_PALETTE_CRF = 18
"""Up to this rate factor GIFs get all 256 colours and the finest dithering."""
_POLL = 0.1


class WritingError(Exception):
    """The encoder failed; the message is its own."""


class Writer(Protocol):
    """Writes one file."""

    def add(self, frame: Frame) -> None:
        """Append a frame, (H, W, 3), uint8, or uint16 where the format is deep. Raises WritingError."""

    def finish(self, cancel: threading.Event | None) -> None:
        """Complete the file. Raises WritingError, or Cancelled when ``cancel`` is set."""

    def abort(self) -> None:
        """Free everything; harmless after :meth:`finish`."""


class VideoWriter:
    """A video by ffmpeg."""

    def __init__(self, target: Target) -> None:
        form, self._padding = target.form, Padding.of(target.shape, target.form)
        size = self._padding.size(target.shape)
        # Encoders without presets ignore the one that the writer always names.
        self._writer: FFMPEG_VideoWriter | None = FFMPEG_VideoWriter(
            str(target.part),
            size,
            target.fps,
            codec=form.encoder,
            preset=form.preset or "medium",
            ffmpeg_params=target.parameters(),
        )

    def add(self, frame: Frame) -> None:
        """Append a frame; odd sides are completed by repeating the last row or column."""
        assert self._writer is not None
        try:
            self._writer.write_frame(self._padding.complete(frame))
        except OSError as error:
            raise WritingError(str(error)) from error

    def finish(self, cancel: threading.Event | None) -> None:
        """Complete the file."""
        assert self._writer is not None
        process = self._writer.proc
        messages = self._close()
        if process.returncode:
            raise WritingError(messages)

    def abort(self) -> None:
        """End the encoder."""
        if self._writer is not None:
            self._writer.proc.kill()
            self._close()

    def _close(self) -> str:
        """Close the writer and return the encoder's messages, which its own closing drops."""
        assert self._writer is not None
        writer, self._writer = self._writer, None
        process = writer.proc
        messages = b"" if process.stderr.closed else process.communicate()[1]
        writer.close()
        return messages.decode(errors="replace")


class GifWriter:
    """A GIF with one palette made for the whole clip, which takes two looks at the frames.

    The frames wait on the disk without loss; nothing is held in memory. Where there are more of them a second than GIFs
    can show, some are left out.
    """

    _FRAMES = Format("frames", "", ".mkv", "", "libx264rgb", "ultrafast")

    def __init__(self, target: Target) -> None:
        self._part, self._crf, self._metadata = target.part, target.crf, target.metadata
        self._rate = min(target.fps, FASTEST[target.form.name])
        self._frames = target.part.with_name(f"{target.part.name}.mkv")
        self._palette = target.part.with_name(f"{target.part.name}.png")
        self._video = VideoWriter(Target(self._frames, target.shape, target.fps, self._FRAMES, 0))

    def add(self, frame: Frame) -> None:
        """Append a frame."""
        self._video.add(frame)

    def finish(self, cancel: threading.Event | None) -> None:
        """Choose the palette and write the GIF."""
        self._video.finish(cancel)
        fine = self._crf <= _FULL_PALETTE_CRF
        colours = 256 if fine else max(32, 256 - 8 * (self._crf - _FULL_PALETTE_CRF))
        dither = "sierra2_4a" if fine else "bayer:bayer_scale=3"
        look = ["-i", str(self._frames), "-vf", f"palettegen=max_colors={colours}:stats_mode=full"]
        _run_ffmpeg([*look, "-frames:v", "1", "-update", "1", str(self._palette)], cancel)
        use = ["-i", str(self._frames), "-i", str(self._palette)]
        draw = f"[0:v]fps={self._rate}[frames];[frames][1:v]paletteuse=dither={dither}:diff_mode=rectangle"
        use += ["-lavfi", draw, "-loop", "0", str(self._part)]
        _run_ffmpeg(use, cancel)
        if self._metadata is not None:
            _add_gif_comment(self._part, self._metadata)
        self._clear()

    def abort(self) -> None:
        """End the encoder and delete what waited on the disk."""
        self._video.abort()
        self._clear()

    def _clear(self) -> None:
        for path in (self._frames, self._palette):
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)


class FramesWriter:
    """PNG pictures in a ZIP file, with the metadata beside them."""

    def __init__(self, target: Target) -> None:
        self._count = 0
        # PNG pictures are compressed already.
        self._zip = zipfile.ZipFile(target.part, "w", zipfile.ZIP_STORED)
        if target.metadata is not None:
            text = json.dumps(target.metadata | {"fps": target.fps}, ensure_ascii=False, indent=2)
            self._zip.writestr(RECIPE_ENTRY, text + "\n")

    def add(self, frame: Frame) -> None:
        """Append a frame as ``frame_00001.png`` and so on."""
        self._count += 1
        # The lightest compression: a tenth of the file's size costs four times the time.
        done, data = cv2.imencode(".png", frame[..., ::-1], [cv2.IMWRITE_PNG_COMPRESSION, 1])
        if not done:
            raise WritingError("a frame could not be compressed")
        try:
            self._zip.writestr(f"frame_{self._count:05d}.png", data.tobytes())
        except OSError as error:
            raise WritingError(str(error)) from error

    def finish(self, cancel: threading.Event | None) -> None:
        """Write the list of pictures."""
        try:
            self._zip.close()
        except OSError as error:
            raise WritingError(str(error)) from error

    def abort(self) -> None:
        """Close the file."""
        with contextlib.suppress(OSError, ValueError):
            self._zip.close()


def _run_ffmpeg(arguments: list[str], cancel: threading.Event | None) -> None:
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-y", "-nostdin", "-loglevel", "error", *arguments]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        while True:
            check_cancelled(cancel)
            try:
                messages = process.communicate(timeout=_POLL)[1]
                break
            except subprocess.TimeoutExpired:
                continue
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate()
    if process.returncode:
        raise WritingError(messages.decode(errors="replace"))


def _add_gif_comment(path: Path, metadata: dict[str, Any]) -> None:
    """Insert a comment extension before the first frame, which ffmpeg cannot write (GIF89a, section 24)."""
    data = path.read_bytes()
    start = 13 + (3 * 2 ** ((data[10] & 7) + 1) if data[10] & 0x80 else 0)
    text = json.dumps(metadata, ensure_ascii=True).encode("ascii")
    blocks = b"".join(bytes([len(text[i : i + 255])]) + text[i : i + 255] for i in range(0, len(text), 255))
    path.write_bytes(data[:start] + b"\x21\xfe" + blocks + b"\x00" + data[start:])
