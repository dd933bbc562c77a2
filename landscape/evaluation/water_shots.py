"""Photos and clips whose water is measured, with the masks that say where it is."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from landscape.errors import LandscapeError
from landscape.evaluation.clips import PICTURES, find_clips, read_frames, shrunk
from landscape.evaluation.water import WaterShot
from landscape.images.pixels import Pixels
from landscape.masks.labels import UNKNOWN, read_labels
from landscape.masks.matte import Matte
from landscape.progress import Progress, check_cancelled, ignore_progress

if TYPE_CHECKING:
    from landscape.models.bundle import Models

STAGE = "measuring water"
_MOST_FRAMES = 40
KINDS = {"waterfall": "fall", "river": "river", "waves": "sea", "lake": "lake"}
"""Words for kinds of water in names of pictures and in ``scenes.json`` beside clips, and those of tables."""


def water_shots(
    paths: Sequence[Path],
    models: Models,
    labels: Path | None = None,
    progress: Progress = ignore_progress,
    cancel: threading.Event | None = None,
) -> Iterator[WaterShot]:
    """Photos, clips, and those in folders, with enough water to measure.

    Args:
        paths: Photos, videos, folders of frames, folders of these.
        models: The networks; the segmenter finds the water that no labels tell.
        labels: Folder with ``NAME.png`` for pictures ``NAME``; what has none there is left out.
        progress: Called after every shot.
        cancel: Set it to stop.
    """
    sources = list(_sources(paths))
    kinds, rates = _known(paths)
    for index, path in enumerate(sources):
        check_cancelled(cancel)
        progress(STAGE, index, len(sources))
        known = None if labels is None else labels / f"{path.stem}.png"
        if known is not None and not known.is_file():
            continue
        frames = _frames(path)
        kind, matte = kinds.get(path.stem, _kind_in(path.stem)), _matte(frames[0], known, models)
        shot = WaterShot(path.stem, kind, matte, frames, rates.get(path.stem))
        if shot.tells:
            yield shot
    progress(STAGE, len(sources), len(sources))


def _sources(paths: Sequence[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_file():
            yield path
            continue
        pictures = sorted(p for p in path.iterdir() if p.suffix.lower() in PICTURES) if path.is_dir() else []
        # Numbered pictures in a folder are the frames of a clip.
        if pictures and not all(picture.stem.isdigit() for picture in pictures):
            yield from pictures
        else:
            yield from find_clips([path])


def _frames(path: Path) -> list[Pixels]:
    from landscape.photo.read import read_photo

    if path.suffix.lower() in PICTURES:
        return [shrunk(read_photo(path).pixels)]
    return read_frames(path)[:_MOST_FRAMES]


def _matte(photo: Pixels, labels: Path | None, models: Models) -> Matte:
    from landscape.masks.find import find_matte, matte_of_labels

    if labels is None:
        return find_matte(photo, models.segmenter, models.corrector)
    found = read_labels(labels, *photo.shape[:2])
    return matte_of_labels(np.where(found == UNKNOWN, np.uint8(0), found), photo)


def _known(paths: Sequence[Path]) -> tuple[dict[str, str], dict[str, float]]:
    """Kinds of water and frames a second by the names of clips, of tables beside them."""
    kinds: dict[str, str] = {}
    rates: dict[str, float] = {}
    for table in {place / "scenes.json" for path in paths for place in (path, path.parent)}:
        if table.is_file():
            try:
                scenes = json.loads(table.read_text(encoding="utf-8"))
                kinds |= {name: KINDS.get(scene["kind"], "other") for name, scene in scenes.items()}
                rates |= {name: float(scene["fps_eff"]) for name, scene in scenes.items() if "fps_eff" in scene}
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                raise LandscapeError(f"“{table}” is no table of clips: remove it or mend it.") from error
    return kinds, rates


def _kind_in(name: str) -> str:
    return next((kind for word, kind in KINDS.items() if word in name.split("_")), "")
