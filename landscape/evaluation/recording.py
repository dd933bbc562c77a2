"""What happens to every recording: it is coded as a video. Made frames are compared after the same."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from landscape.errors import require
from landscape.images.pixels import Pixels
from landscape.output.video import write_video

_RATE = 10
"""Frames a second; how far they are apart in time does not change how they are coded."""


def coded(frames: Sequence[Pixels], crf: int) -> list[Pixels]:
    """Frames as they come out of an H.264 video.

    Args:
        frames: uint8 (h, w, 3) each.
        crf: The video's rate factor; larger is coarser. The bundled encoder's preset is that of exports.

    Raises:
        LandscapeError: If the video cannot be read back.
    """
    height, width = frames[0].shape[:2]
    found: list[Pixels] = []
    with tempfile.TemporaryDirectory() as folder:
        path = write_video(Path(folder) / "clip.mp4", list(frames), _RATE, crf=crf)
        video = cv2.VideoCapture(str(path))
        try:
            while len(found) < len(frames):
                there, frame = video.read()
                require(there, "Frames that were coded could not be read back: OpenCV lacks H.264 here.")
                found.append(np.asarray(cv2.cvtColor(frame, cv2.COLOR_BGR2RGB)[:height, :width], np.uint8))
        finally:
            video.release()
    return found
