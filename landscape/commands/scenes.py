"""Photos and saved scenes as commands are given them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from landscape.progress import Progress
from landscape.settings import FitSettings

if TYPE_CHECKING:
    from landscape.scene.scene import Scene


def open_scenes(
    photos: list[Path],
    weights: Path | None,
    seed: int,
    progress: Progress,
    cancel: threading.Event,
    variant: str = FitSettings().variant,
    fit_seconds: float | None = FitSettings().seconds,
) -> Iterator[Scene]:
    """Fit the model to one photo after another, or open the scenes that were saved."""
    from landscape.models.bundle import load_models
    from landscape.photo.read import read_photo
    from landscape.scene.files import open_scene
    from landscape.scene.recipe import is_scene_file
    from landscape.scene.scene import Scene

    models = load_models(weights)
    for index, path in enumerate(photos):
        progress("photos", index, len(photos))
        if is_scene_file(path):
            yield open_scene(path, models)
        else:
            yield Scene.open(
                read_photo(path), models, FitSettings(variant, seed=seed, seconds=fit_seconds), cancel=cancel
            )
    progress("photos", len(photos), len(photos))
