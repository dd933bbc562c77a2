"""An engine without models for tests of the app: masks by halves of the photo, frames that shift it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from landscape.masking import SKY, WATER, Masks, masks_from_labels
from landscape.photo import Photo
from landscape.progress import Progress, check_cancelled, ignore_progress
from landscape.recipe import Recipe
from landscape.settings import ExportSettings, InversionSettings, LightSettings, MotionSettings
from landscape.video import write_video


@dataclass(frozen=True)
class FakePlayer:
    """Shifts a picture sideways."""

    pixels: np.ndarray

    def frame(self, seconds: float) -> np.ndarray:
        """The frame at a time, uint8 (H, W, 3)."""
        return np.roll(self.pixels, round(10 * seconds), axis=1)


@dataclass(frozen=True)
class FakeScene:
    """A scene that renders shifted photos."""

    photo: Photo
    masks: Masks
    steps: int
    delay: float

    @property
    def warnings(self) -> list[str]:
        """A sentence when nothing moves."""
        return [] if self.masks.moving.any() else ["Nothing will move."]

    def with_masks(self, masks: Masks) -> FakeScene:
        """The same scene with other masks."""
        return FakeScene(self.photo, masks, self.steps, self.delay)

    def with_photo(self, photo: Photo) -> FakeScene:
        """The same scene with the photo at another size."""
        return FakeScene(photo, self.masks.resized(photo.height, photo.width), self.steps, self.delay)

    def previewer(
        self,
        motion: MotionSettings,
        light: LightSettings,
        long_side: int = 768,
        seconds: float = 6.0,
        loop: bool = False,
    ) -> FakePlayer:
        """Frames for a live preview."""
        return FakePlayer(self.photo.resized(long_side).pixels)

    def render(
        self,
        out: Path,
        motion: MotionSettings,
        light: LightSettings,
        export: ExportSettings,
        progress: Progress = ignore_progress,
        cancel: threading.Event | None = None,
        finish: threading.Event | None = None,
    ) -> None:
        """Write the clip."""
        player = self.previewer(motion, light, export.long_side)

        def frames() -> Iterator[np.ndarray]:
            for index in range(export.frames):
                time.sleep(self.delay)
                progress("rendering", index + 1, export.frames)
                yield player.frame(index / export.fps)

        write_video(
            out,
            frames(),
            export.fps,
            total=export.frames,
            metadata=Recipe(motion, light, export=export).as_dict(),
            cancel=cancel,
            finish=finish,
            format=export.format,
        )


@dataclass
class FakeEngine:
    """Masks by halves of the photo; counts how often a photo was fitted."""

    delay: float = 0.0
    fits: list[InversionSettings] = field(default_factory=list)

    def find_masks(self, photo: Photo) -> Masks:
        """The upper half is sky, the lowest third water."""
        labels = np.zeros((photo.height, photo.width), dtype=np.uint8)
        labels[: photo.height // 2] = SKY
        labels[2 * photo.height // 3 :] = WATER
        return masks_from_labels(labels, photo.pixels)

    def open(
        self,
        photo: Photo,
        masks: Masks,
        settings: InversionSettings,
        progress: Progress,
        cancel: threading.Event,
    ) -> FakeScene:
        """Pretend to fit the model."""
        steps = settings.latent_steps or 60
        for step in range(steps):
            check_cancelled(cancel)
            time.sleep(self.delay)
            progress("fitting the model", step + 1, steps)
        self.fits.append(settings)
        return FakeScene(photo, masks, steps, self.delay)
