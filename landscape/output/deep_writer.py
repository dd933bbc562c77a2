"""Videos of more than 8 bits a channel, which MoviePy's writer cannot take: its frames have 8."""

from __future__ import annotations

import subprocess
import threading

import imageio_ffmpeg
import numpy as np

from landscape.images.pixels import DEEP_STEP, Frame
from landscape.output.target import Padding, Target
from landscape.output.writers import WritingError


class DeepVideoWriter:
    """A video by ffmpeg from frames of 16 bits; those of 8 bits are widened."""

    def __init__(self, target: Target) -> None:
        form, self._padding = target.form, Padding.of(target.shape, target.form)
        width, height = self._padding.size(target.shape)
        command = [imageio_ffmpeg.get_ffmpeg_exe(), "-y", "-loglevel", "error", "-f", "rawvideo"]
        command += ["-s", f"{width}x{height}"]
        command += ["-pix_fmt", "rgb48le", "-r", f"{target.fps:.02f}", "-i", "-", "-an", "-c:v", form.encoder]
        command += ["-preset", form.preset or "medium", *target.parameters()]
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(
            [*command, str(target.part)], stdin=pipe, stdout=subprocess.DEVNULL, stderr=pipe
        )

    def add(self, frame: Frame) -> None:
        """Append a frame, uint8 or uint16; odd sides are completed by repeating the last row or column."""
        if frame.dtype == np.uint8:
            frame = frame * np.uint16(DEEP_STEP)
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(np.ascontiguousarray(self._padding.complete(frame), "<u2").data)
        except OSError as error:
            raise WritingError(f"{error}: {self._end()}") from error

    def finish(self, cancel: threading.Event | None) -> None:
        """Complete the file."""
        messages = self._end()
        if self._process.returncode:
            raise WritingError(messages)

    def abort(self) -> None:
        """End the encoder."""
        if self._process.poll() is None:
            self._process.kill()
            self._end()

    def _end(self) -> str:
        """Close the encoder's input, wait for it and return its messages."""
        try:
            messages = self._process.communicate()[1]
        except (OSError, ValueError):  # it died before it had taken everything, or was ended before
            self._process.wait()
            return ""
        return messages.decode(errors="replace")
