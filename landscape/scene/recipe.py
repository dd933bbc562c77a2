"""Files of shots, called recipes: what was chosen for a clip, to choose it again for the same photo or for others.

A recipe is a JSON file. It lies beside every written clip and in the clip's own metadata.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
from pathlib import Path
from typing import Any

from PIL import Image

from landscape.errors import LandscapeError, printable
from landscape.files import replacing
from landscape.marks import RECIPE_ENTRY, SCENE_ENTRIES, made_here
from landscape.output.formats import SUFFIXES
from landscape.output.video import probe_video
from landscape.scene.shot import Shot

RECIPE_SUFFIX = ".json"
SCENE_SUFFIX = ".landscape"
READABLE = (RECIPE_SUFFIX, *SUFFIXES)
"""Endings of the names of files that have a recipe in them."""
LARGEST_FILE = 16 * 2**20
"""Bytes: no recipe is larger."""


def write_recipe(path: Path, shot: Shot, photo: Path | None = None) -> Path:
    """Write a recipe under a temporary name and rename it.

    Args:
        path: The JSON file.
        shot: What to write.
        photo: The photo's file, to be named in the recipe with its SHA-256.

    Raises:
        LandscapeError: If it cannot be written.
    """
    content = shot.as_dict()
    if photo is not None:
        content["photo"] = source_of(photo)
    with replacing(path, marked=True) as partial:
        partial.write_text(json.dumps(content, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    return path


def source_of(photo: Path) -> dict[str, str]:
    """A file's name and SHA-256, to know it again."""
    digest = hashlib.sha256()
    with photo.open("rb") as file:
        while block := file.read(2**20):
            digest.update(block)
    return {"name": printable(photo.name), "sha256": digest.hexdigest()}


def recipe_beside(clip: Path) -> Path:
    """Where the recipe of a clip lies: ``clouds.mp4`` has ``clouds.mp4.json``."""
    return clip.with_name(clip.name + RECIPE_SUFFIX)


def read_recipe(path: Path) -> Shot:
    """Read a shot from a recipe, or from a video, a GIF, a ZIP of frames or a scene that was written with one.

    Raises:
        LandscapeError: If the file is missing, is no recipe and has none in it, or a value is out of range.
    """
    path = Path(path)
    if not path.is_file():
        raise LandscapeError(f"There is no file “{path}”: check the name and the folder.")
    suffix = path.suffix.lower()
    if suffix == RECIPE_SUFFIX:
        content = _json(path)
    elif suffix == SCENE_SUFFIX:
        content = _json_in_scene(path)
    elif suffix == ".zip":
        content = _json_in_zip(path, RECIPE_ENTRY) or _json_in_scene(path)
    elif suffix == ".gif":
        content = _json_in_gif(path)
    elif suffix in SUFFIXES:
        content = probe_video(path)["metadata"]
    else:
        raise LandscapeError(f"“{path.name}” holds no recipe: choose a file that ends in {', '.join(READABLE)}.")
    if content is None:
        raise LandscapeError(f"“{path.name}” holds no recipe: choose a clip that was made with this app.")
    return Shot.from_dict(content)


def _json(path: Path) -> Any:
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise ValueError("too large")
        return json.loads(path.read_bytes())  # bytes, as editors save UTF-16 and byte-order marks as well
    except (OSError, ValueError, RecursionError) as error:
        raise LandscapeError(f"“{path.name}” is no recipe: choose the JSON file that lies beside a clip.") from error


def is_scene_file(path: Path) -> bool:
    """Whether a path names a scene file; one that was renamed to a ZIP, as programs do, is known by what is in it."""
    suffix = path.suffix.lower()
    return suffix == SCENE_SUFFIX or (suffix == ".zip" and made_here(path, "scene"))


def shot_in_scene(path: Path) -> Shot:
    """The shot that was chosen when a scene was saved; the defaults where none was, or where it cannot be read."""
    try:
        return read_recipe(path)
    except LandscapeError:
        return Shot()


def _json_in_scene(path: Path) -> Any:
    content = _json_in_zip(path, SCENE_ENTRIES[0])
    return content.get("shot") if isinstance(content, dict) else None


def _json_in_zip(path: Path, name: str) -> Any:
    try:
        with zipfile.ZipFile(path) as archive:
            entry = archive.getinfo(name)
            return json.loads(archive.read(entry)) if entry.file_size <= LARGEST_FILE else None
    except (OSError, KeyError, ValueError, RecursionError, zipfile.BadZipFile):
        return None


def _json_in_gif(path: Path) -> Any:
    try:
        with Image.open(path, formats=("GIF",)) as image:
            comment = image.info.get("comment", b"")
        return json.loads(comment)
    except (OSError, ValueError, RecursionError):
        return None
