"""Clips that are measured, as small frames and the pixels of their sky."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from landscape.errors import LandscapeError
from landscape.images.pixels import Pixels
from landscape.masks.labels import SKY

Mask = NDArray[np.bool_]

WIDTH = 320
"""Width in pixels at which clips are measured."""
MOST_FRAMES = 600
LEAST_FRAMES, LEAST_SKY = 12, 0.03
"""Shorter clips, and those with less sky as a fraction of the picture, say nothing."""
PICTURES = (".jpg", ".jpeg", ".png")
VIDEOS = (".mp4", ".webm", ".mov", ".mkv", ".avi", ".gif")


@dataclass(frozen=True)
class Clip:
    """A clip as it is measured.

    Attributes:
        name: What it is called in tables.
        frames: uint8 (h, w, 3) RGB, 320 pixels wide.
        sky: (h, w) pixels of the sky.
        asked: Mean flow that was asked for, right and down, in widths from the first frame to the last; or None.
        held: The same frames but for what the generator changes; or none.
    """

    name: str
    frames: list[Pixels] = field(repr=False)
    sky: Mask = field(repr=False)
    asked: tuple[float, float] | None = None
    held: list[Pixels] = field(repr=False, default_factory=list)

    @property
    def tells(self) -> bool:
        """Whether there is enough to measure."""
        return len(self.frames) >= LEAST_FRAMES and float(self.sky.mean()) > LEAST_SKY


def shrunk(frame: Pixels) -> Pixels:
    """A frame at the width at which clips are measured."""
    scale = WIDTH / frame.shape[1]
    return np.asarray(cv2.resize(frame, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)


def read_frames(path: Path) -> list[Pixels]:
    """Frames of a video, or of a folder of pictures in the order of their names, 320 pixels wide, RGB.

    Raises:
        LandscapeError: If there are none.
    """
    frames = [shrunk(np.asarray(cv2.cvtColor(frame, cv2.COLOR_BGR2RGB), np.uint8)) for frame in _decoded(path)]
    if not frames:
        raise LandscapeError(f"“{path.name}” has no frames that can be read; give a video or a folder of pictures.")
    return frames


def _decoded(path: Path) -> Iterator[Pixels]:
    if path.is_dir():
        names = sorted(name for name in path.iterdir() if name.suffix.lower() in PICTURES and name.stem != "labels")
        for name in names[:MOST_FRAMES]:
            frame = cv2.imread(str(name))
            if frame is not None:
                yield np.asarray(frame, np.uint8)
        return
    video = cv2.VideoCapture(str(path))
    try:
        for _ in range(MOST_FRAMES):
            there, frame = video.read()
            if not there:
                return
            yield np.asarray(frame, np.uint8)
    finally:
        video.release()


def find_clips(paths: Sequence[Path]) -> list[Path]:
    """Clips among paths: videos, folders of frames, and those inside other folders.

    Raises:
        LandscapeError: If a path is neither.
    """
    found: list[Path] = []
    for path in paths:
        if path.is_file() and path.suffix.lower() in VIDEOS:
            found.append(path)
            continue
        inside = sorted(path.iterdir()) if path.is_dir() else []
        clips = [p for p in inside if p.suffix.lower() in VIDEOS or (p.is_dir() and _has_frames(p))]
        if clips:
            found += clips
        elif path.is_dir() and _has_frames(path):
            found.append(path)
        else:
            raise LandscapeError(f"“{path}” is no clip; give a video, a folder of frames or a folder of such clips.")
    return found


def _has_frames(folder: Path) -> bool:
    return any(name.suffix.lower() in PICTURES and name.stem != "labels" for name in folder.iterdir())


def sky_of_labels(labels: NDArray[np.uint8], size: tuple[int, int]) -> Mask:
    """The inner sky of labels (0 other, 1 sky, 2 water) at the size of the frames."""
    picture = cv2.resize(labels, size[::-1], interpolation=cv2.INTER_NEAREST)
    return np.asarray(cv2.erode((picture == SKY).astype(np.uint8), np.ones((5, 5), np.uint8)) > 0)
