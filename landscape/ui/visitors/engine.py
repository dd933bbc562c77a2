"""The one place where the app meets the models."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from landscape.errors import LandscapeError
from landscape.masks.find import find_matte
from landscape.masks.matte import Matte
from landscape.models.bundle import Models, default_folder, load_models
from landscape.models.imported import imported_weights
from landscape.models.named import weights_name
from landscape.photo.read import Photo
from landscape.preview.live import LivePreview
from landscape.preview.parts import style_pictures
from landscape.progress import Progress
from landscape.scene.background_fit import BackgroundFit
from landscape.scene.files import open_scene, save_scene
from landscape.scene.scene import Scene
from landscape.scene.shot import Shot
from landscape.scene.turns import Turns
from landscape.settings import FitSettings


class Engine:
    """The models, loaded at first use and shared by all visitors, who never change them.

    Args:
        folder: The weights: a folder, or a file taken over from the release; None for the bundled ones.
        turns: Whose turn it is to fit, if others ask as well.

    Attributes:
        weights: What the weights are called.
    """

    def __init__(self, folder: Path | None = None, turns: Turns | None = None) -> None:
        self.weights = weights_name(folder)
        self._folder = folder
        self._lock, self._looking = threading.Lock(), threading.Lock()
        self._models: Models | None = None
        self._turns = turns or Turns()
        self._others: dict[str, Engine] = {}

    def offered(self) -> list[str]:
        """Names of the weights that visitors can choose: these, the bundled ones, and those that lie beside them."""
        return list(self._known())

    def of(self, weights: str) -> Engine:
        """The engine with other weights, which are loaded when they are asked for; the fits of all take turns.

        Raises:
            LandscapeError: If no weights of this name are offered.
        """
        if not weights or weights == self.weights:
            return self
        known = self._known()
        if weights not in known:
            raise LandscapeError(f"Choose weights from: {', '.join(known)}.")
        with self._lock:
            return self._others.setdefault(weights, Engine(known[weights], self._turns))

    def _known(self) -> dict[str, Path | None]:
        others = imported_weights(default_folder())
        return {self.weights: self._folder, weights_name(None): None} | others | {self.weights: self._folder}

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

    @property
    def hurried(self) -> bool:
        """Whether somebody waits for the first picture of a photo."""
        return self._turns.hurried

    def find_masks(self, photo: Photo) -> Matte:
        """Find sky and water."""
        models = self.models()
        with self._turns.first():
            return find_matte(photo.pixels, models.segmenter, models.corrector, self._looking)

    def open(
        self,
        photo: Photo,
        masks: Matte,
        settings: FitSettings,
        progress: Progress,
        cancel: threading.Event,
    ) -> Scene:
        """Fit the model to the photo. Raises Cancelled when ``cancel`` is set."""
        return Scene.open(photo, self.models(), settings, masks=masks, progress=progress, cancel=cancel)

    def begin(self, photo: Photo, masks: Matte, settings: FitSettings) -> BackgroundFit:
        """Begin to fit the model to the photo, in the background."""
        return BackgroundFit(photo, masks, self.models(), settings, self._turns).start()

    def open_file(self, path: Path) -> Scene:
        """Read a scene file. Raises LandscapeError if it is none."""
        return open_scene(path, self.models())

    def save(self, scene: Scene, path: Path, shot: Shot) -> None:
        """Write a scene file with what is chosen for it."""
        save_scene(scene, path, shot)

    def live(self) -> LivePreview:
        """A live preview for one page."""
        return LivePreview(self._turns)

    def style_pictures(self, scene: Scene, side: int) -> Iterator[tuple[str, np.ndarray]]:
        """The photo in each style."""
        return style_pictures(scene, side)
