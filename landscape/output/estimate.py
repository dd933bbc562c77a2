"""How large a clip's file will be, before it is made."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from landscape.output.formats import FORMATS
from landscape.output.video import write_video
from landscape.settings import ExportSettings

SAMPLE_SIDE = 480
"""Long side of sample frames, in pixels."""
SAMPLE_FRAMES = 8
_GROWTH = {"gif": 0.95, "png": 0.95}
"""How bytes grow with the number of pixels: larger pictures of the same thing have less detail in each pixel."""
_VIDEO_GROWTH = 0.8
_KEY_EVERY = 250
"""Frames between two that are stored whole, in videos."""


@dataclass(frozen=True)
class Excerpt:
    """Bytes of a few frames that were written, from which files of any length and size are estimated.

    Attributes:
        format: One of the names of :data:`landscape.output.formats.FORMATS`.
        pixels: Pixels of a frame.
        first: Bytes of a file with one frame.
        each: Bytes that each further frame adds.
    """

    format: str
    pixels: int
    first: float
    each: float

    @classmethod
    def of(cls, frames: Sequence[NDArray[np.uint8]], export: ExportSettings) -> Excerpt:
        """Write a few neighbouring frames.

        Args:
            frames: At least two, uint8 (H, W, 3), 1/fps apart, smaller than the clip or of its size.
            export: Format, rate and fidelity.
        """
        form = FORMATS[export.format]
        with tempfile.TemporaryDirectory(prefix="landscape-") as folder:

            def size(some: Sequence[NDArray[np.uint8]]) -> int:
                path = Path(folder) / f"{len(some)}{form.suffix}"
                return write_video(path, some, export.fps, crf=export.crf, format=export.format).stat().st_size

            first, all_of_them = size(frames[:1]), size(frames)
        each = max(1.0, (all_of_them - first) / (len(frames) - 1))
        return cls(export.format, frames[0].shape[0] * frames[0].shape[1], first, each)

    def bytes(self, frames: int, width: int, height: int) -> int:
        """Estimate the size of a file.

        Args:
            frames: Of the clip.
            width: Of the clip, in pixels.
            height: Of the clip, in pixels.

        Returns:
            Bytes; videos usually come out between half and twice of it, GIFs and pictures closer.
        """
        whole = 1 + (frames - 1) // _KEY_EVERY if FORMATS[self.format].encoder else 1
        sample = self.first * whole + self.each * (frames - whole)
        return round(sample * (width * height / self.pixels) ** _GROWTH.get(self.format, _VIDEO_GROWTH))
