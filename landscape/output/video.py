"""Writing frames to a video file and looking at one."""

from __future__ import annotations

import logging
import os
import re
import subprocess
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import imageio_ffmpeg
import numpy as np

from landscape.errors import LandscapeError
from landscape.files import put_in_place
from landscape.images.pixels import Frame
from landscape.marks import MARK, comment_in
from landscape.output.deep_writer import DeepVideoWriter
from landscape.output.formats import Format, format_of
from landscape.output.target import Target
from landscape.output.writers import FramesWriter, GifWriter, VideoWriter, Writer, WritingError
from landscape.progress import Progress, check_cancelled, ignore_progress
from landscape.working_folders import working_folder

logger = logging.getLogger(__name__)


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
    finish: threading.Event | None = None,
    format: str | None = None,
) -> Path:
    """Write frames to a file: a video (4:2:0, BT.709), a GIF, or PNG pictures in a ZIP.

    Frames are taken one at a time and never held. The file appears under its name only when it is complete; an earlier
    file of that name stays until then.

    Args:
        path: The file to write, in an existing folder, with the suffix of the format.
        frames: (H, W, 3) sRGB, all of one size, uint8, or uint16 for formats of more than 8 bits. Videos complete odd
            sizes by repeating the last row or column.
        fps: Frames a second.
        crf: H.264's constant rate factor, 0 (lossless) to 51; other formats get their own of the same fidelity.
        total: Number of frames, for the progress.
        metadata: Stored as JSON in the file's comment, or in ``recipe.json`` in a ZIP.
        progress: Called after every frame.
        cancel: Set it to stop.
        finish: Set it to end the clip early: the frames written so far become the file.
        format: Name of the format, one of :data:`landscape.output.formats.FORMATS`; None goes by the path's suffix.

    Returns:
        The path.

    Raises:
        LandscapeError: If the path has another suffix or cannot be written, there is no frame, or frames are too small
            for the format.
        Cancelled: If ``cancel`` was set; no file is left behind.
        ValueError: If a frame has another type than the format takes, or another size than the first.
    """
    path = Path(path)
    kind = format_of(path, format)
    _require_writable(path)
    # An absolute name, as a relative one with a colon reads like the name of a protocol to the encoder.
    real = Path(os.path.realpath(path))
    part = real
    try:
        with working_folder(real.parent) as folder:
            part = folder / f"clip{kind.suffix}"
            _encode(part, _until(frames, cancel, finish), fps, kind, crf, metadata, total, progress, cancel)
            put_in_place(part, real, marked=metadata is not None and MARK in metadata)
    except WritingError as error:
        # Ctrl+C in a terminal ends the encoder as well.
        check_cancelled(cancel)
        raise LandscapeError(f"“{path}” cannot be written ({_reason(error)}): {_way_out(error)}.") from error
    except OSError as error:
        if error.filename is None or not str(error.filename).startswith(str(part.parent)):  # of the frames
            raise
        raise LandscapeError(f"“{path}” cannot be written ({_reason(error)}): {_way_out(error)}.") from error
    return path


def _require_writable(path: Path) -> None:
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
    frames: Iterator[Frame],
    fps: float,
    kind: Format,
    crf: int,
    metadata: dict[str, Any] | None,
    total: int | None,
    progress: Progress,
    cancel: threading.Event | None,
) -> None:
    encoder: Writer | None = None
    shape: tuple[int, ...] = ()
    try:
        for index, frame in enumerate(frames):
            if encoder is None:
                shape = frame.shape
                _require_frame(frame, shape, kind)
                kind.require_size(shape[1], shape[0])
                encoder = _encoder(kind)(Target(part, shape, fps, kind, crf, metadata))
            _require_frame(frame, shape, kind)
            encoder.add(frame)
            progress("video", index + 1, total if total is not None else index + 1)
        if encoder is None:
            raise LandscapeError("There is no frame to write: choose a longer clip.")
        encoder.finish(cancel)
    finally:
        if encoder is not None:
            encoder.abort()


def _until(frames: Iterable[Frame], cancel: threading.Event | None, finish: threading.Event | None) -> Iterator[Frame]:
    check_cancelled(cancel)
    for index, frame in enumerate(frames):
        check_cancelled(cancel)
        if index and finish is not None and finish.is_set():
            return
        yield frame
    check_cancelled(cancel)


def _encoder(kind: Format) -> Callable[..., Writer]:
    if kind.deep:
        return DeepVideoWriter
    kinds: dict[str, Callable[..., Writer]] = {"gif": GifWriter, "png": FramesWriter}
    return kinds.get(kind.name, VideoWriter)


def _require_frame(frame: Frame, shape: tuple[int, ...], kind: Format) -> None:
    types = [np.uint8, np.uint16] if kind.deep else [np.uint8]
    if frame.dtype not in types or frame.ndim != 3 or frame.shape[2] != 3 or frame.shape != shape:
        raise ValueError(f"A frame is {frame.dtype} {frame.shape}, not uint8 {shape}.")


def _reason(error: Exception) -> str:
    logger.debug("the encoder failed: %s", error)
    text = str(error)
    if "No space left" in text:
        return "the disk is full"
    if "Permission denied" in text:
        return "no permission"
    if "Unknown encoder" in text:
        return "this computer's ffmpeg has no encoder for it"
    return "the encoder failed"


def _way_out(error: Exception) -> str:
    if "Unknown encoder" in str(error):
        return "choose another format"
    return "choose another name" if "name too long" in str(error).lower() else "choose another folder"


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
    return {
        "width": int(width),
        "height": int(height),
        "frames": int(counts[-1]),
        "fps": float(rate),
        "codec": codec,
        "pixel_format": pixel_format,
        "colour": colour or "",
        "metadata": comment_in(tags),
    }
