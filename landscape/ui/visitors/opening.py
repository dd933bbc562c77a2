"""Opening a photo: a job of its own, so that a page that is reloaded meanwhile finds the photo open."""

from __future__ import annotations

import secrets
import shutil
from pathlib import Path

from landscape.errors import LandscapeError
from landscape.photo.read import Photo, photo_size
from landscape.progress import Progress, check_cancelled
from landscape.scene.scene import Scene
from landscape.settings import FitSettings
from landscape.ui.visitors.controls import inversion
from landscape.ui.visitors.engine import Engine
from landscape.ui.visitors.sessions import Session
from landscape.ui.visitors.slot import Job
from landscape.ui.visitors.studio import Studio

UNFIT = "The model could not be fitted to this photo: choose another one."


def copy_private(session: Session, path: Path) -> Path:
    """Copy a file under its own name into a folder of its own among the visitor's files."""
    folder = session.folder / secrets.token_urlsafe(12)
    folder.mkdir(mode=0o700)
    return Path(shutil.copyfile(path, folder / path.name))


def drop_source(session: Session) -> None:
    """Delete the photo's file, if one is kept."""
    if session.source is not None:
        shutil.rmtree(session.source.parent, ignore_errors=True)
        session.source = None


def keep_source(session: Session, path: Path) -> None:
    """Keep the photo's file as it came, for clips at its own size; the one before goes."""
    drop_source(session)
    session.source = copy_private(session, path)


def opening_job(owner: str, session: Session, engine: Engine, photo: Photo, source: Path, quality: str) -> Job:
    """A job that finds the photo's masks and begins to fit the model to it, which goes on by itself.

    Raises:
        LandscapeError: If there is no such quality.
    """
    settings = inversion(quality)

    def work(progress: Progress, job: Job) -> None:
        masks = engine.find_masks(photo)
        check_cancelled(job.cancel)
        keep_source(session, source)
        session.put(Studio(engine, photo, masks, settings, size=photo_size(source)))

    return Job(owner, work, "Finding sky and water", urgent=True)


def fit(session: Session, settings: FitSettings, progress: Progress, job: Job) -> Scene:
    """The scene for a clip: the fit's last, or what there is where the visitor paused the fit.

    Raises:
        LandscapeError: If there is no photo, or the model cannot be fitted.
        Cancelled: If the job was stopped.
    """
    studio = session.studio
    if studio is None:
        raise LandscapeError("Choose a photo first.")
    studio.use(settings)
    running = studio.fit
    while not running.wait(0.1) and not (running.paused and running.latest()[1] is not None):
        check_cancelled(job.cancel)
        progress("fitting the model", running.outlook.done, max(1, running.outlook.total))
        running = studio.fit
    scene: Scene | None = studio.clip_scene()
    if scene is None:
        raise LandscapeError(UNFIT) from running.error
    return scene
