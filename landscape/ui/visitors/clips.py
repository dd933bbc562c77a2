"""Writing one clip of a visitor's, with its recipe beside it."""

from __future__ import annotations

import secrets
import shutil
from dataclasses import dataclass
from pathlib import Path

from landscape.output.formats import FORMATS
from landscape.photo.read import Photo, read_photo
from landscape.progress import Progress
from landscape.scene.recipe import recipe_beside, write_recipe
from landscape.scene.scene import Scene
from landscape.scene.shot import Shot
from landscape.ui.visitors.sessions import Session
from landscape.ui.visitors.slot import Job


@dataclass(frozen=True)
class Clip:
    """What an export made.

    Attributes:
        name: Name in the store's files.
        path: The file.
        recipe: Name of its recipe in the store's files.
        whole: Whether it has all its frames.
    """

    name: str
    path: Path
    recipe: str
    whole: bool


def human_size(count: int) -> str:
    """Bytes in words, to two digits: an estimate has no more."""
    digits = float(f"{max(count, 1000):.1e}")
    unit, name = next(pair for pair in ((1e9, "GB"), (1e6, "MB"), (1e3, "kB")) if digits >= pair[0])
    return f"{digits / unit:g} {name}"


def at_size(scene: Scene, photo: Photo, source: Path, long_side: int) -> Scene:
    """The scene with as many of the photo's own pixels as the clip shows; the page keeps a smaller copy."""
    if long_side <= max(photo.width, photo.height):
        return scene
    larger = read_photo(source, max_long_side=long_side)
    if max(larger.width, larger.height) <= max(photo.width, photo.height):
        return scene
    return scene.with_photo(Photo(larger.pixels, photo.name))


def write_clip(
    session: Session, scene: Scene, name: str, shot: Shot, source: Path | None, progress: Progress, job: Job
) -> Clip:
    """Write a clip among the visitor's files.

    Args:
        session: The visitor.
        scene: What to show.
        name: What the clip is called, without a suffix.
        shot: All its settings.
        source: The photo's file, which the recipe tells of.
        progress: Called after every frame.
        job: Holds the events to stop; gets the file's size.
    """
    out = session.next_clip(name, FORMATS[shot.export.format].suffix)
    out.parent.mkdir(mode=0o700)
    try:
        scene.render(out, shot, progress=progress, cancel=job.cancel, finish=job.finish)
        beside = write_recipe(recipe_beside(out), shot, source)
    except BaseException:
        shutil.rmtree(out.parent, ignore_errors=True)
        raise
    job.facts["size"] = out.stat().st_size
    clip = Clip(secrets.token_urlsafe(24), out, secrets.token_urlsafe(24), not job.finish.is_set())
    session.files |= {clip.name: out, clip.recipe: beside}
    return clip
