"""How large a clip's file will be, before it is made."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from landscape.formats import FORMATS
from landscape.settings import ExportSettings
from landscape.video import write_video

SAMPLE_SIDE = 480
"""Long side of sample frames, in pixels."""
SAMPLE_FRAMES = 8
_GROWTH = {"gif": 0.95, "png": 0.95}
"""How bytes grow with the number of pixels: larger pictures of the same thing have less detail in each pixel."""
_VIDEO_GROWTH = 0.8
_KEY_EVERY = 250
"""Frames between two that are stored whole, in videos."""


def estimate_bytes(frames: Sequence[NDArray[np.uint8]], export: ExportSettings, width: int, height: int) -> int:
    """Estimate the size of a file from a few neighbouring frames, by writing them.

    Args:
        frames: At least two, uint8 (H, W, 3), 1/fps apart, smaller than the clip or of its size.
        export: The file.
        width: Of the clip, in pixels.
        height: Of the clip, in pixels.

    Returns:
        Bytes; videos usually come out between half and twice of it, GIFs and pictures closer.
    """
    form = FORMATS[export.format]
    with tempfile.TemporaryDirectory(prefix="landscape-") as folder:

        def size(some: Sequence[NDArray[np.uint8]]) -> int:
            path = Path(folder) / f"{len(some)}{form.suffix}"
            return write_video(path, some, export.fps, crf=export.crf, format=export.format).stat().st_size

        first, all_of_them = size(frames[:1]), size(frames)
    each = max(1.0, (all_of_them - first) / (len(frames) - 1))
    whole = 1 + (export.frames - 1) // _KEY_EVERY if form.encoder else 1
    sample = first * whole + each * (export.frames - whole)
    ratio = (width * height) / (frames[0].shape[0] * frames[0].shape[1])
    return round(sample * ratio ** _GROWTH.get(export.format, _VIDEO_GROWTH))
