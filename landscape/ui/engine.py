"""The one place where the app meets the models."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from landscape.masking import Masks
from landscape.photo import Photo
from landscape.progress import Progress
from landscape.scene import Scene, find_masks
from landscape.settings import ExportSettings, InversionSettings, LightSettings, MotionSettings
from landscape.weights import Models, load_models


class Player(Protocol):
    """Small frames at any time."""

    def frame(self, seconds: float) -> np.ndarray:
        """The frame at a time, uint8 (H, W, 3)."""


class OpenScene(Protocol):
    """What the app asks of a :class:`landscape.scene.Scene`."""

    @property
    def warnings(self) -> list[str]:
        """Sentences about photos that the model cannot do much with."""

    def with_masks(self, masks: Masks) -> OpenScene:
        """The same scene with other masks."""

    def with_photo(self, photo: Photo) -> OpenScene:
        """The same scene with the photo at another size."""

    def previewer(
        self,
        motion: MotionSettings,
        light: LightSettings,
        long_side: int = ...,
        seconds: float = ...,
        loop: bool = ...,
    ) -> Player:
        """Frames for a live preview."""

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


class Engine(Protocol):
    """What the app asks of the models."""

    def find_masks(self, photo: Photo) -> Masks:
        """Find sky and water."""

    def open(
        self,
        photo: Photo,
        masks: Masks,
        settings: InversionSettings,
        progress: Progress,
        cancel: threading.Event,
    ) -> OpenScene:
        """Fit the model to the photo."""


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
                self._models = load_models(self._folder)
            return self._models

    def find_masks(self, photo: Photo) -> Masks:
        """Find sky and water."""
        return find_masks(photo, self.models())

    def open(
        self,
        photo: Photo,
        masks: Masks,
        settings: InversionSettings,
        progress: Progress,
        cancel: threading.Event,
    ) -> OpenScene:
        """Fit the model to the photo. Raises Cancelled when ``cancel`` is set."""
        return Scene.open(photo, self.models(), settings, masks=masks, progress=progress, cancel=cancel)
