"""Writing frames to a video file and looking at one."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import re
import subprocess
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import imageio_ffmpeg
import numpy as np
from moviepy.video.io.ffmpeg_writer import FFMPEG_VideoWriter
from numpy.typing import NDArray

from landscape.errors import LandscapeError
from landscape.progress import Progress, check_cancelled, ignore_progress

logger = logging.getLogger(__name__)

Frame = NDArray[np.uint8]

PRESET = "veryfast"
"""x264 preset: rendering, not storage, is the bottleneck of an export on few cores."""
_FILTERS = (
    # RGB is converted by the matrix that the file names: players guess another one otherwise, and colours shift.
    "scale=out_color_matrix=bt709:out_range=tv:flags=accurate_rnd+full_chroma_int,format=yuv420p,"
    "setparams=colorspace=bt709:color_primaries=bt709:color_trc=bt709:range=tv"
)


class _WriteError(Exception):
    """The encoder failed."""


def write_video(
    path: Path | str,
    frames: Iterable[Frame],
    fps: float,
    *,
    crf: int = 18,
    total: int | None = None,
    metadata: dict[str, Any] | None = None,
    progress: Progress = ignore_progress,
    cancel: threading.Event | None = None,
) -> Path:
    """Write frames to an H.264 MP4 file (8 bits, 4:2:0, BT.709, ready for streaming).

    Frames are taken one at a time and never held. The file appears under its name only when it is complete; an earlier
    file of that name stays until then.

    Args:
        path: The file to write, ending in ``.mp4``, in an existing folder.
        frames: uint8 (H, W, 3) sRGB, all of one size. Odd sizes are completed by repeating the last row or column.
        fps: Frames a second.
        crf: Constant rate factor, 0 (lossless) to 51.
        total: Number of frames, for the progress.
        metadata: Stored as JSON in the file's comment.
        progress: Called after every frame.
        cancel: Set it to stop.

    Returns:
        The path.

    Raises:
        LandscapeError: If the path has another suffix or cannot be written, or there is no frame.
        Cancelled: If ``cancel`` was set; no file is left behind.
        ValueError: If a frame has another type or size than uint8 (H, W, 3) of the first.
    """
    path = Path(path)
    _require_writable(path)
    # An absolute name, as a relative one with a colon reads like the name of a protocol to the encoder.
    part = path.absolute().with_name(f".{path.stem}.part{path.suffix}")
    parameters = ["-vf", _FILTERS, "-crf", str(crf), "-movflags", "+faststart"]
    if metadata is not None:
        parameters += ["-metadata", f"comment={json.dumps(metadata, ensure_ascii=False)}"]
    try:
        _encode(part, frames, fps, parameters, total, progress, cancel)
        os.replace(part, path)
    except _WriteError as error:
        # Ctrl+C in a terminal ends the encoder as well.
        check_cancelled(cancel)
        raise LandscapeError(f"“{path}” cannot be written ({_reason(error)}): choose another folder.") from error
    except OSError as error:
        if error.filename != str(part):  # of the frames, not of the file
            raise
        raise LandscapeError(f"“{path}” cannot be written ({_reason(error)}): choose another name.") from error
    finally:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
    return path


def _require_writable(path: Path) -> None:
    if path.suffix.lower() != ".mp4":
        raise LandscapeError(f"Videos are written as MP4: give “{path.name}” a name that ends in .mp4.")
    if "\0" in str(path):
        raise LandscapeError("The name of the video has a character that no file may have: choose another one.")
    try:
        if path.is_dir():
            raise LandscapeError(f"“{path}” is a folder: give the video a name inside it.")
        if not path.parent.is_dir():
            raise LandscapeError(f"There is no folder “{path.parent}”: create it or choose another one.")
        writable = os.access(path.parent, os.W_OK)
    except OSError as error:
        raise LandscapeError(f"“{path}” is no name for a video: choose another one.") from error
    if not writable:
        raise LandscapeError(f"The folder “{path.parent}” cannot be written to: choose another one.")


def _encode(
    part: Path,
    frames: Iterable[Frame],
    fps: float,
    parameters: list[str],
    total: int | None,
    progress: Progress,
    cancel: threading.Event | None,
) -> None:
    writer: FFMPEG_VideoWriter | None = None
    shape: tuple[int, ...] = ()
    try:
        for index, frame in enumerate(_cancellable(frames, cancel)):
            if writer is None:
                shape = frame.shape
                _require_frame(frame, shape)
                size = (shape[1] + shape[1] % 2, shape[0] + shape[0] % 2)
                writer = FFMPEG_VideoWriter(str(part), size, fps, preset=PRESET, ffmpeg_params=parameters)
            _require_frame(frame, shape)
            try:
                writer.write_frame(_even(frame))
            except OSError as error:
                raise _WriteError(str(error)) from error
            progress("video", index + 1, total if total is not None else index + 1)
        if writer is None:
            raise LandscapeError("There is no frame to write: choose a longer clip.")
        _finish(writer)
    finally:
        if writer is not None and writer.proc is not None:
            writer.proc.kill()
            _close(writer)


def _cancellable(frames: Iterable[Frame], cancel: threading.Event | None) -> Iterator[Frame]:
    check_cancelled(cancel)
    for frame in frames:
        check_cancelled(cancel)
        yield frame
    check_cancelled(cancel)


def _finish(writer: FFMPEG_VideoWriter) -> None:
    process = writer.proc
    messages = _close(writer)
    if process.returncode:
        raise _WriteError(messages)


def _close(writer: FFMPEG_VideoWriter) -> str:
    """Close the writer and return the encoder's messages, which its own closing drops."""
    process = writer.proc
    messages = b"" if process.stderr.closed else process.communicate()[1]
    writer.close()
    return messages.decode(errors="replace")


def _require_frame(frame: Frame, shape: tuple[int, ...]) -> None:
    if frame.dtype != np.uint8 or frame.ndim != 3 or frame.shape[2] != 3 or frame.shape != shape:
        raise ValueError(f"A frame is {frame.dtype} {frame.shape}, not uint8 {shape}.")


def _even(frame: Frame) -> Frame:
    height, width = frame.shape[:2]
    if height % 2 == 0 and width % 2 == 0:
        return frame
    return np.pad(frame, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")


def _reason(error: Exception) -> str:
    logger.debug("the encoder failed: %s", error)
    text = str(error)
    if "No space left" in text:
        return "the disk is full"
    if "Permission denied" in text:
        return "no permission"
    return "the encoder failed"


def probe_video(path: Path | str) -> dict[str, Any]:
    """Look at a video file by decoding it.

    Args:
        path: The file.

    Returns:
        ``width``, ``height``, ``frames`` (ints), ``fps`` (float), ``codec``, ``pixel_format``, ``colour`` (such as
        ``tv, bt709``) and ``metadata`` (the dictionary given to :func:`write_video`, or None).

    Raises:
        LandscapeError: If it is no readable video.
    """
    path = Path(path)
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-hide_banner", "-nostdin", "-i", str(path.absolute())]
    command += ["-map", "0:v:0", "-fps_mode", "passthrough", "-f", "null", "-"]
    # The log cuts long tags; as a file of their own they come whole.
    command += ["-map_metadata", "0", "-f", "ffmetadata", "pipe:1"]
    result = subprocess.run(command, capture_output=True, check=False)
    log = result.stderr.decode("utf-8", errors="replace")
    stream = re.search(r"Stream #0.*?Video: (\w+).*?, (\w+)(?:\(([^)]*)\))?, (\d+)x(\d+).*?, ([\d.]+) fps", log)
    counts = re.findall(r"frame=\s*(\d+)", log)
    if stream is None or not counts:
        raise LandscapeError(f"“{path.name}” is not a video that can be read: choose another file.")
    codec, pixel_format, colour, width, height, rate = stream.groups()
    tags = result.stdout.decode("utf-8", errors="replace")
    comment = re.search(r"^comment=((?:[^\\\n]|\\.)*)$", tags, re.MULTILINE | re.DOTALL)
    metadata: dict[str, Any] | None = None
    if comment is not None:
        with contextlib.suppress(json.JSONDecodeError):
            metadata = json.loads(re.sub(r"\\(.)", r"\1", comment.group(1), flags=re.DOTALL))
    return {
        "width": int(width),
        "height": int(height),
        "frames": int(counts[-1]),
        "fps": float(rate),
        "codec": codec,
        "pixel_format": pixel_format,
        "colour": colour or "",
        "metadata": metadata,
    }
