"""Many photos, one recipe: what is finished is skipped, what fails does not stop the rest."""

from __future__ import annotations

import itertools
import json
import logging
import os
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from landscape.errors import LandscapeError
from landscape.marks import made_here
from landscape.models.bundle import Models
from landscape.output.formats import FORMATS, require_fits
from landscape.photo.raw import is_raw_suffix
from landscape.photo.read import read_photo
from landscape.progress import Progress, check_cancelled, ignore_progress
from landscape.scene.recipe import RECIPE_SUFFIX, recipe_beside, source_of, write_recipe
from landscape.scene.scene import Scene
from landscape.scene.shot import Shot
from landscape.targets import file_identities, longest_name, replaceable, shortened

logger = logging.getLogger(__name__)

PHOTO_SUFFIXES = (
    ".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".heic", ".heif", ".hif", ".avif", ".tif", ".tiff", ".bmp",
    ".gif", ".ppm", ".jp2",
)  # fmt: skip
"""Endings of the names of photos that are looked for in a folder."""
OWN_KINDS = ("clip", "picture", "recipe", "report")
"""What this program made and may lie among photos."""
_APPLE_DOUBLE = "._"
"""Beginning of the names of files in which macOS keeps what other systems cannot."""
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
        notes: Sentences about photos that could, but are not whole.
    """

    written: list[Path]
    skipped: list[Path]
    failed: dict[Path, str]
    notes: dict[Path, str]


Animate = Callable[[BatchItem, Shot, Progress, threading.Event | None], Sequence[str] | None]
"""Makes one file and gives sentences about its photo; raises LandscapeError, or Cancelled when the event is set."""


def plan_batch(photos: Iterable[Path], folder: Path, shot: Shot, others: Iterable[Path | None] = ()) -> list[BatchItem]:
    """Give each photo a file; of folders, the photos in them are taken by name.

    What this program made is never taken for a photo, and a photo given by several names is taken once. Links that lead
    nowhere, and camera raw files without a photo of their name beside them, are items that fail with a sentence. Photos
    of one name get different files, always in the same order, and no file is one that is read or that somebody else
    made.

    Args:
        photos: Photos and folders of photos.
        folder: Where the files go.
        shot: Says the format.
        others: Files that are read as well, folders for those in them.

    Raises:
        LandscapeError: If there is no photo, or a folder is closed to us.
    """
    suffix = FORMATS[shot.export.format].suffix
    found: list[Path] = []
    for path in photos:
        if os.path.isdir(path):
            found += sorted(_photos_in(path))
        else:
            found.append(path)
    spellings: dict[object, Path] = {}
    for path in found:
        spellings.setdefault(next(iter(file_identities([path])), os.path.realpath(path)), path)
    found = [path for path in spellings.values() if not (os.path.isfile(path) and made_here(path, *OWN_KINDS))]
    if not found:
        raise LandscapeError("There is no photo: name photos, or a folder with photos in it.")
    reads = file_identities([*found, *others])
    longest = longest_name(folder) - len(f"{suffix}{RECIPE_SUFFIX}")
    items: list[BatchItem] = []
    taken: set[str] = set()
    for photo in found:
        for number in itertools.count(1):
            name = shortened(photo.stem, "" if number == 1 else f"-{number}", longest)
            item = BatchItem(photo, folder / f"{name}{suffix}")
            place = os.path.realpath(item.out).lower()
            if place not in taken and _free(item, shot, reads):
                break
        taken.add(place)
        items.append(item)
    return items


def _photos_in(folder: Path) -> Iterator[Path]:
    try:
        names = os.listdir(folder)
    except PermissionError as error:
        raise LandscapeError(f"“{folder}” may not be read: change its permissions or choose another folder.") from error
    paths = [folder / name for name in names if not name.startswith(_APPLE_DOUBLE)]
    entries = [path for path in paths if os.path.isfile(path) or (os.path.islink(path) and not os.path.exists(path))]
    photos = {entry.stem for entry in entries if entry.suffix.lower() in PHOTO_SUFFIXES}
    for entry in entries:
        raw = is_raw_suffix(entry.suffix) and entry.stem not in photos
        if raw or entry.suffix.lower() in PHOTO_SUFFIXES:
            yield entry


def _free(item: BatchItem, shot: Shot, reads: set[tuple[int, int]]) -> bool:
    """Whether nothing is lost when an item's files are written."""
    targets = ((item.out, "clip"), (recipe_beside(item.out), "recipe"))
    if file_identities(path for path, _ in targets) & reads:
        return finished(item, shot)
    return all(replaceable(path, kind) for path, kind in targets)


def finished(item: BatchItem, shot: Shot) -> bool:
    """Whether the item's file was made of the same photo with the same recipe."""
    try:
        content = json.loads(recipe_beside(item.out).read_bytes())
        return bool(
            item.out.is_file()
            and Shot.from_dict(content).as_dict() == shot.as_dict()
            and content.get("photo", {}).get("sha256") == source_of(item.photo)["sha256"]
        )
    except (OSError, ValueError, AttributeError, LandscapeError):
        return False


def run_batch(
    items: list[BatchItem],
    shot: Shot,
    animate: Animate,
    progress: Progress = ignore_progress,
    cancel: threading.Event | None = None,
) -> BatchReport:
    """Animate all photos, one after another.

    Args:
        items: What to make, see :func:`plan_batch`.
        shot: How.
        animate: Makes one file, see :func:`animator`.
        progress: Called before each photo and at the end, and with the stages of each.
        cancel: Set it to stop; files that are complete stay, and the next run goes on behind them.

    Raises:
        Cancelled: If ``cancel`` was set.
    """
    written: list[Path] = []
    skipped: list[Path] = []
    failed: dict[Path, str] = {}
    notes: dict[Path, str] = {}
    for index, item in enumerate(items):
        progress(STAGE, index, len(items))
        check_cancelled(cancel)
        if finished(item, shot):
            skipped.append(item.out)
            continue
        beside = recipe_beside(item.out)
        if made_here(beside, "recipe"):  # a kill between both files must not leave a clip with the recipe of another
            beside.unlink()
        try:
            sentences = animate(item, shot, progress, cancel)
            write_recipe(beside, shot, item.photo)
            written.append(item.out)
            if sentences:
                notes[item.photo] = " ".join(sentences)
        except LandscapeError as error:
            failed[item.photo] = str(error)
        except Exception:
            logger.exception("cannot animate %s", item.photo)
            failed[item.photo] = UNEXPECTED
    progress(STAGE, len(items), len(items))
    return BatchReport(written, skipped, failed, notes)


def animator(models: Models) -> Animate:
    """An :data:`Animate` with the networks."""

    def animate(item: BatchItem, shot: Shot, progress: Progress, cancel: threading.Event | None) -> Sequence[str]:
        photo = read_photo(item.photo)
        require_fits(shot.export, photo.width, photo.height)
        scene = Scene.open(photo, models, shot.inversion, progress=progress, cancel=cancel)
        scene.render(item.out, shot, progress=progress, cancel=cancel)
        return photo.notes

    return animate
