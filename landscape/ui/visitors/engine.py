"""The one place where the app meets the models."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from landscape.fit.outlook import Outlook
from landscape.fit.quality import Quality
from landscape.masks.find import find_matte
from landscape.masks.matte import Matte
from landscape.models.bundle import Models, load_models
from landscape.photo.read import Photo
from landscape.preview.live import LivePreview
from landscape.preview.parts import style_pictures
from landscape.preview.player import LiveFrame
from landscape.progress import Progress
from landscape.scene.background_fit import BackgroundFit
from landscape.scene.files import open_scene, save_scene
from landscape.scene.scene import Scene
from landscape.settings import ExportSettings, FitSettings, LightSettings, MotionSettings


class Player(Protocol):
    """Single frames of a clip."""

    def frame(self, seconds: float) -> np.ndarray:
        """The frame at a time, uint8 (H, W, 3)."""


class OpenScene(Protocol):
    """What the app asks of a :class:`landscape.scene.scene.Scene`."""

    @property
    def photo(self) -> Photo:
        """The photo."""

    @property
    def masks(self) -> Matte:
        """Its masks."""

    @property
    def quality(self) -> Quality:
        """How well the model shows the photo."""

    @property
    def warnings(self) -> list[str]:
        """Sentences about photos that the model cannot do much with."""

    def with_masks(self, masks: Matte) -> OpenScene:
        """The same scene with other masks."""

    def with_photo(self, photo: Photo) -> OpenScene:
        """The same scene with the photo at another size."""

    def renderer(
        self,
        motion: MotionSettings,
        light: LightSettings,
        long_side: int = ...,
        seconds: float = ...,
        loop: bool = ...,
    ) -> Player:
        """Single frames."""

    def render(
        self,
        out: Path,
        motion: MotionSettings,
        light: LightSettings,
        export: ExportSettings,
        progress: Progress = ...,
        cancel: threading.Event | None = ...,
        finish: threading.Event | None = ...,
    ) -> Any:
        """Write the clip."""


class Fit(Protocol):
    """What the app asks of a :class:`landscape.scene.background_fit.BackgroundFit`."""

    @property
    def quality(self) -> Quality | None:
        """How well the newest scene's model shows the photo."""

    @property
    def outlook(self) -> Outlook:
        """How far the work is."""

    @property
    def paused(self) -> bool:
        """Whether the work rests."""

    @property
    def done(self) -> bool:
        """Whether the work has ended."""

    @property
    def error(self) -> BaseException | None:
        """What ended the work before its time."""

    def latest(self) -> tuple[int, Any]:
        """Number of scenes so far and the newest, which is None before the first."""

    def pause(self) -> None:
        """Rest."""

    def resume(self) -> None:
        """Go on."""

    def give_way(self, seconds: float) -> None:
        """Rest for a moment."""

    def cancel(self) -> None:
        """End; what is reached stays."""

    def wait(self, timeout: float | None = None) -> bool:
        """Wait for the end; returns whether it has come."""


class Live(Protocol):
    """What the app asks of a :class:`landscape.preview.live.LivePreview`."""

    def show(self, scene: Any, motion: MotionSettings, light: LightSettings, seconds: float, loop: bool) -> int:
        """Show this from now on; returns the number of the change."""

    def play(self, playing: bool) -> None:
        """Let time pass or stand still."""

    def seek(self, seconds: float) -> None:
        """Go to a time of the clip."""

    def limit(self, side: int) -> None:
        """Make no pictures larger than this, in pixels."""

    def spare(self, sparing: bool) -> None:
        """Leave most of the computer to others."""

    def next_frame(self, timeout: float) -> LiveFrame | None:
        """The next picture when it is due, or None."""

    def clear(self) -> None:
        """Show nothing until the next :meth:`show`."""

    def close(self) -> None:
        """End."""


class Engine(Protocol):
    """What the app asks of the models."""

    def warm(self) -> None:
        """Load what will be needed. Raises LandscapeError when it is missing."""

    def find_masks(self, photo: Photo) -> Matte:
        """Find sky and water."""

    def open(
        self,
        photo: Photo,
        masks: Matte,
        settings: FitSettings,
        progress: Progress,
        cancel: threading.Event,
    ) -> OpenScene:
        """Fit the model to the photo and wait for it."""

    def begin(self, photo: Photo, masks: Matte, settings: FitSettings) -> Fit:
        """Begin to fit the model to the photo, in the background."""

    def open_file(self, path: Path) -> OpenScene:
        """Read a scene file. Raises LandscapeError if it is none."""

    def save(self, scene: Any, path: Path) -> None:
        """Write a scene file."""

    def live(self) -> Live:
        """A live preview for one page."""

    def style_pictures(self, scene: Any, side: int) -> Iterator[tuple[str, np.ndarray]]:
        """The photo in each style: style and picture, uint8 (H, W, 3)."""


class ModelEngine:
    """The bundled models, loaded at first use and shared by all visitors, who never change them.

    Args:
        folder: Folder of the weights, or None for the bundled ones.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._models: Models | None = None

    def models(self) -> Models:
        """The models. Raises LandscapeError when weights are missing."""
        with self._lock:
            if self._models is None:
                import torch

                # Fit, preview and page work side by side; pools of threads that wait for each other would stall all.
                torch.set_num_threads(max(1, (os.cpu_count() or 2) // 2))
                self._models = load_models(self._folder)
            return self._models

    def warm(self) -> None:
        """Load the models. Raises LandscapeError when weights are missing."""
        self.models()

    def find_masks(self, photo: Photo) -> Matte:
        """Find sky and water."""
        models = self.models()
        return find_matte(photo.pixels, models.segmenter, models.matte)

    def open(
        self,
        photo: Photo,
        masks: Matte,
        settings: FitSettings,
        progress: Progress,
        cancel: threading.Event,
    ) -> OpenScene:
        """Fit the model to the photo. Raises Cancelled when ``cancel`` is set."""
        return Scene.open(photo, self.models(), settings, masks=masks, progress=progress, cancel=cancel)

    def begin(self, photo: Photo, masks: Matte, settings: FitSettings) -> Fit:
        """Begin to fit the model to the photo, in the background."""
        return BackgroundFit(photo, masks, self.models(), settings).start()

    def open_file(self, path: Path) -> OpenScene:
        """Read a scene file. Raises LandscapeError if it is none."""
        return open_scene(path, self.models())

    def save(self, scene: Scene, path: Path) -> None:
        """Write a scene file."""
        save_scene(scene, path)

    def live(self) -> Live:
        """A live preview for one page."""
        return LivePreview()

    def style_pictures(self, scene: Scene, side: int) -> Iterator[tuple[str, np.ndarray]]:
        """The photo in each style."""
        return style_pictures(scene, side)
