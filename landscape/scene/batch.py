"""Many photos, one recipe: what is finished is skipped, what fails does not stop the rest."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from landscape.errors import LandscapeError
from landscape.models.bundle import Models
from landscape.output.formats import FORMATS
from landscape.photo.read import read_photo
from landscape.progress import Progress, check_cancelled, ignore_progress
from landscape.scene.recipe import Recipe, recipe_beside, source_of, write_recipe
from landscape.scene.scene import Scene

logger = logging.getLogger(__name__)

PHOTO_SUFFIXES = (
    ".jpg", ".jpeg", ".png", ".webp", ".heic", ".heif", ".avif", ".tif", ".tiff", ".bmp", ".gif", ".ppm", ".jp2",
)  # fmt: skip
"""Endings of the names of photos that are looked for in a folder."""
UNEXPECTED = "Something unexpected happened; run this photo alone with “animate” to see more."
STAGE = "photos"


@dataclass(frozen=True)
class BatchItem:
    """One photo and the file that is made of it."""

    photo: Path
    out: Path


@dataclass(frozen=True)
class BatchReport:
    """What became of the photos.

    Attributes:
        written: Files made now.
        skipped: Files that had been made before.
        failed: A sentence for each photo that could not be animated.
    """

    written: list[Path]
    skipped: list[Path]
    failed: dict[Path, str]


Animate = Callable[[BatchItem, Recipe, Progress, threading.Event | None], None]
"""Makes one file; raises LandscapeError, or Cancelled when the event is set."""


def plan_batch(photos: Iterable[Path], folder: Path, recipe: Recipe) -> list[BatchItem]:
    """Give each photo a file; of folders, the photos in them are taken by name.

    Photos of one name get different files, always in the same order.

    Args:
        photos: Photos and folders of photos.
        folder: Where the files go.
        recipe: Says the format.

    Raises:
        LandscapeError: If there is no photo.
    """
    suffix = FORMATS[recipe.export.format].suffix
    found: list[Path] = []
    for path in photos:
        if path.is_dir():
            found += sorted(entry for entry in path.iterdir() if entry.suffix.lower() in PHOTO_SUFFIXES)
        else:
            found.append(path)
    if not found:
        raise LandscapeError("There is no photo: name photos, or a folder with photos in it.")
    items: list[BatchItem] = []
    taken: set[str] = set()
    for photo in dict.fromkeys(found):
        name, number = photo.stem, 1
        while name.lower() in taken:
            number += 1
            name = f"{photo.stem}-{number}"
        taken.add(name.lower())
        items.append(BatchItem(photo, folder / f"{name}{suffix}"))
    return items


def finished(item: BatchItem, recipe: Recipe) -> bool:
    """Whether the item's file was made of the same photo with the same recipe."""
    try:
        content = json.loads(recipe_beside(item.out).read_text(encoding="utf-8"))
        return bool(
            item.out.is_file()
            and Recipe.from_dict(content).as_dict() == recipe.as_dict()
            and content.get("photo", {}).get("sha256") == source_of(item.photo)["sha256"]
        )
    except (OSError, ValueError, AttributeError, LandscapeError):
        return False


def run_batch(
    items: list[BatchItem],
    recipe: Recipe,
    animate: Animate,
    progress: Progress = ignore_progress,
    cancel: threading.Event | None = None,
) -> BatchReport:
    """Animate all photos, one after another.

    Args:
        items: What to make, see :func:`plan_batch`.
        recipe: How.
        animate: Makes one file, see :func:`animator`.
        progress: Called before each photo and at the end, and with the stages of each.
        cancel: Set it to stop; files that are complete stay, and the next run goes on behind them.

    Raises:
        Cancelled: If ``cancel`` was set.
    """
    written: list[Path] = []
    skipped: list[Path] = []
    failed: dict[Path, str] = {}
    for index, item in enumerate(items):
        progress(STAGE, index, len(items))
        check_cancelled(cancel)
        if finished(item, recipe):
            skipped.append(item.out)
            continue
        try:
            animate(item, recipe, progress, cancel)
            write_recipe(recipe_beside(item.out), recipe, item.photo)
            written.append(item.out)
        except LandscapeError as error:
            failed[item.photo] = str(error)
        except Exception:
            logger.exception("cannot animate %s", item.photo)
            failed[item.photo] = UNEXPECTED
    progress(STAGE, len(items), len(items))
    return BatchReport(written, skipped, failed)


def animator(models: Models) -> Animate:
    """An :data:`Animate` with the networks."""

    def animate(item: BatchItem, recipe: Recipe, progress: Progress, cancel: threading.Event | None) -> None:
        photo = read_photo(item.photo)
        scene = Scene.open(photo, models, recipe.inversion, progress=progress, cancel=cancel)
        scene.render(item.out, recipe.motion, recipe.light, recipe.export, progress=progress, cancel=cancel)

    return animate
