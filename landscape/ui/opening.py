"""Opening a photo: a job of its own, so that a page that is reloaded meanwhile finds the photo open."""

from __future__ import annotations

import secrets
import shutil
from pathlib import Path

from landscape.errors import LandscapeError
from landscape.photo import Photo
from landscape.progress import Progress
from landscape.ui.controls import inversion
from landscape.ui.engine import Engine, OpenScene
from landscape.ui.sessions import Session
from landscape.ui.slot import Job


def copy_private(session: Session, path: Path) -> Path:
    """Copy a file under its own name into a folder of its own among the visitor's files."""
    folder = session.folder / secrets.token_urlsafe(12)
    folder.mkdir(mode=0o700)
    return Path(shutil.copyfile(path, folder / path.name))


def keep_source(session: Session, path: Path) -> None:
    """Keep the photo's file as it came, for clips at its own size; the one before goes."""
    if session.source is not None:
        shutil.rmtree(session.source.parent, ignore_errors=True)
    session.source = copy_private(session, path)


def opening_job(owner: str, session: Session, engine: Engine, photo: Photo, source: Path, quality: str) -> Job:
    """A job that finds the photo's masks and fits the model to it.

    Raises:
        LandscapeError: If there is no such quality.
    """
    inversion(quality)

    def work(progress: Progress, job: Job) -> OpenScene:
        session.put(photo, engine.find_masks(photo))
        keep_source(session, source)
        return fit(session, engine, quality, progress, job)

    return Job(owner, work, "Finding sky and water", urgent=True)


def fit(session: Session, engine: Engine, quality: str, progress: Progress, job: Job) -> OpenScene:
    """Fit the model to the session's photo, unless that was done with this quality.

    Raises:
        LandscapeError: If there is no photo or no such quality.
        Cancelled: If the job was stopped.
    """
    settings = inversion(quality)
    photo, masks, mark = session.photo, session.masks, session.mark
    if photo is None or masks is None:
        raise LandscapeError("Choose a photo first.")
    if session.scene is not None and session.quality == quality:
        return session.scene
    scene = engine.open(photo, masks, settings, progress, job.cancel)
    if session.mark == mark:  # else another photo has come
        session.scene, session.quality = scene, quality
    return scene
