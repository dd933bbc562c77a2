"""What writers are told: the file to write, and what frames lack for its format."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from landscape.images.pixels import Frame
from landscape.output.formats import Format


@dataclass(frozen=True)
class Target:
    """A file to write.

    Attributes:
        part: The file.
        shape: Of the frames, (H, W, 3).
        fps: Frames a second.
        form: The format.
        crf: H.264's rate factor, 0 to 51.
        metadata: Stored as JSON in the file's comment.
    """

    part: Path
    shape: tuple[int, ...]
    fps: float
    form: Format
    crf: int
    metadata: dict[str, Any] | None = None

    def parameters(self) -> list[str]:
        """Ffmpeg's parameters of the format, with metadata as JSON in the file's comment."""
        comment = [] if self.metadata is None else [f"comment={json.dumps(self.metadata, ensure_ascii=False)}"]
        return [*self.form.arguments(self.crf), *(part for text in comment for part in ("-metadata", text))]


@dataclass(frozen=True)
class Padding:
    """Rows and columns that complete frames whose sides must be even, by repeating the last ones."""

    rows: int
    columns: int

    @classmethod
    def of(cls, shape: tuple[int, ...], form: Format) -> Padding:
        """What frames of a shape (H, W, 3) lack."""
        width, height = form.completed(shape[1], shape[0])
        return cls(height - shape[0], width - shape[1])

    def size(self, shape: tuple[int, ...]) -> tuple[int, int]:
        """Width and height of complete frames."""
        return shape[1] + self.columns, shape[0] + self.rows

    def complete(self, frame: Frame) -> Frame:
        """A frame with the rows and columns that it lacks."""
        if not (self.rows or self.columns):
            return frame
        return np.pad(frame, ((0, self.rows), (0, self.columns), (0, 0)), mode="edge")
