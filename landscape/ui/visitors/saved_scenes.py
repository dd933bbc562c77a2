"""Scenes in files: saved from the page, and dropped onto it instead of a photo."""

from __future__ import annotations

import dataclasses
import secrets
import shutil
from pathlib import Path

from landscape.errors import LandscapeError
from landscape.progress import Progress, check_cancelled
from landscape.scene.background_fit import BackgroundFit
from landscape.scene.files import SUFFIX
from landscape.settings import SIZES
from landscape.ui.visitors.controls import inversion
from landscape.ui.visitors.engine import Engine
from landscape.ui.visitors.opening import drop_source
from landscape.ui.visitors.sessions import Session
from landscape.ui.visitors.slot import Job
from landscape.ui.visitors.studio import Studio


def scene_opening_job(owner: str, session: Session, engine: Engine, path: Path, quality: str) -> Job:
    """A job that opens a scene file; it is not fitted again until the visitor chooses another quality.

    Raises:
        LandscapeError: If there is no such quality.
    """
    settings = inversion(quality)

    def work(progress: Progress, job: Job) -> None:
        scene = engine.open_file(path)
        check_cancelled(job.cancel)
        if max(scene.photo.width, scene.photo.height) > SIZES[-1]:
            scene = scene.with_photo(scene.photo.resized(SIZES[-1]))
        drop_source(session)
        fit = BackgroundFit.over(scene)
        session.put(Studio(engine, scene.photo, scene.masks, settings, fit))

    return Job(owner, work, "Opening the scene", urgent=True)


def save_scene_file(session: Session, engine: Engine) -> Path:
    """Write the visitor's scene among the visitor's files; the one written before goes.

    Returns:
        The file's name that cannot be guessed, and the file's own: ``NAME/lake.landscape``.

    Raises:
        LandscapeError: If there is no scene yet, or it cannot be written.
    """
    studio = session.studio
    scene = None if studio is None else studio.clip_scene()
    if studio is None or scene is None:
        raise LandscapeError("Choose a photo first.")
    photo = studio.photo
    if session.source is not None and max(photo.width, photo.height) < SIZES[-1]:
        photo = dataclasses.replace(photo, source=session.source.read_bytes())  # smaller than its pixels packed anew
    out = session.next_clip(photo.name, SUFFIX)
    out.parent.mkdir(mode=0o700)
    try:
        engine.save(dataclasses.replace(scene, photo=photo), out, session.wish)
    except BaseException:
        shutil.rmtree(out.parent, ignore_errors=True)
        raise
    for name, path in list(session.files.items()):
        if path.suffix == SUFFIX:
            del session.files[name]
            shutil.rmtree(path.parent, ignore_errors=True)
    name = secrets.token_urlsafe(24)
    session.files[name] = out
    return Path(name) / out.name
