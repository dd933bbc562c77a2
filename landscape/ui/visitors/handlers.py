"""What the page does, as plain functions of a visitor's session: none of them knows Gradio."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from landscape.errors import Cancelled, LandscapeError
from landscape.masks.matte_files import read_mask
from landscape.photo.read import read_photo
from landscape.progress import check_cancelled
from landscape.scene.recipe import is_scene_file
from landscape.scene.shot import Shot
from landscape.settings import SIZES
from landscape.ui.sentences import UNEXPECTED, told
from landscape.ui.visitors.engine import Engine
from landscape.ui.visitors.exports import Exports
from landscape.ui.visitors.jobs import Status
from landscape.ui.visitors.opening import opening_job
from landscape.ui.visitors.saved_scenes import scene_opening_job
from landscape.ui.visitors.sessions import Session, SessionStore
from landscape.ui.visitors.slot import Job

logger = logging.getLogger(__name__)

Result = TypeVar("Result")


@dataclass(frozen=True)
class View:
    """What changes on the page; None leaves a part as it is.

    Attributes:
        status: Progress of what runs.
        notice: Sentence beside the photo, empty to remove it.
        opened: Whether a photo is open.
        busy: Whether something runs that can be cancelled.
        video: The video that was made.
    """

    status: Status | None = None
    notice: str | None = None
    opened: bool | None = None
    busy: bool | None = None
    video: Path | None = None


Views = Iterator[View]


class Handlers:
    """The page's handlers.

    Args:
        store: The sessions.
        engine: The models.
    """

    def __init__(self, store: SessionStore, engine: Engine) -> None:
        self._store = store
        self._engine = engine
        self.exports = Exports(store, engine)

    def open(self, identifier: str, path: Path, quality: str) -> Views:
        """Read a photo, find its masks and fit the model to it, or open a scene file.

        A photo that cannot be read leaves everything as it was.
        """
        yield from self._guarded(identifier, self._open(identifier, path, quality))

    def _open(self, identifier: str, path: Path, quality: str) -> Views:
        session = self._store.get(identifier)
        cancel = session.begin_job()
        check_cancelled(cancel)
        engine = self._engine.of(session.weights)
        yield View(status=Status("Reading the photo"), notice="", busy=True)
        if is_scene_file(path):
            job = scene_opening_job(identifier, session, engine, path, quality)
        else:
            photo = read_photo(path, max_long_side=SIZES[-1])
            job = opening_job(identifier, session, engine, photo, path, quality)
        job.cancel = cancel
        session.opening = self._store.openings.submit(job)
        yield from self._follow_opening(session, job)

    def resume(self, identifier: str) -> Views:
        """Show a page that was reloaded what its session has, and follow the photo that is being opened."""
        yield from self._guarded(identifier, self._resume(identifier))

    def _resume(self, identifier: str) -> Views:
        session = self._store.get(identifier)
        job = session.opening
        running = job is not None and job.active
        if session.studio is not None:
            yield View(opened=True, busy=running)
        if job is not None and running:
            yield from self._follow_opening(session, job)

    def _follow_opening(self, session: Session, job: Job) -> Views:
        yield View(busy=True)
        for status in self._store.openings.follow(job):
            yield View(status=status)
        studio = session.studio
        notice = " ".join(() if studio is None else studio.photo.notes)
        yield View(notice=notice, opened=True, busy=False)

    def animate(self, identifier: str, shot: Shot) -> Views:
        """Make the video and wait for it; fits the model first where that was not done in the way asked for."""
        yield from self._guarded(identifier, self._animate(identifier, shot))

    def _animate(self, identifier: str, shot: Shot) -> Views:
        session = self._store.get(identifier)
        cancel = session.begin_job()
        check_cancelled(cancel)
        yield View(status=Status("Preparing"), notice="", busy=True)
        job = self.exports.submit(identifier, shot, Job(identifier, None, "Rendering", cancel=cancel))
        for status in self._store.slot.follow(job):
            yield View(status=status)
        yield View(video=job.result.path, busy=False)

    def use_mask(self, identifier: str, path: Path) -> Views:
        """Use the visitor's own mask picture instead of the one found."""
        yield from self._guarded(identifier, self._use_mask(identifier, path))

    def _use_mask(self, identifier: str, path: Path) -> Views:
        studio = self._store.get(identifier).studio
        if studio is None:
            raise LandscapeError("Choose a photo first, then its mask.")
        matte = read_mask(path, studio.photo.pixels)
        studio.edit(lambda editor: editor.replace(matte))
        studio.refit()
        yield View(notice="", opened=True)

    def offered_weights(self) -> list[str]:
        """Names of the weights that can be chosen, the app's own first."""
        return self._engine.offered()

    def use_weights(self, identifier: str, name: str) -> str:
        """Go on with other weights: the open photo is fitted again, and all that are opened later are fitted by them.

        Returns:
            The name of the weights in use.

        Raises:
            LandscapeError: If no weights of this name are offered, or they cannot be read; the former stay in use.
        """
        session = self._store.get(identifier)
        engine = self._engine.of(name)
        engine.warm()
        changed = engine.weights != self.weights_in_use(identifier)
        session.weights = engine.weights
        if changed and session.studio is not None:
            session.studio.use_engine(engine)
        return engine.weights

    def weights_in_use(self, identifier: str) -> str:
        """Name of the weights of a session, whether or not it has begun."""
        try:
            return self._store.get(identifier).weights or self._engine.weights
        except LandscapeError:
            return self._engine.weights

    def queue(self, identifier: str) -> None:
        """Announce that the visitor's next job waits for its turn; :meth:`cancel` reaches it there."""
        try:
            self._store.get(identifier).queue_job()
        except LandscapeError as error:
            logger.debug("nothing to announce: %s", error)

    def cancel(self, identifier: str) -> None:
        """Stop what runs for this visitor; photo, masks and settings stay."""
        try:
            self._store.get(identifier).stop()
        except LandscapeError as error:
            logger.debug("nothing to cancel: %s", error)

    def _guarded(self, identifier: str, views: Views) -> Views:
        """Turn errors into sentences; nothing that was reached is lost."""
        try:
            yield from views
            return
        except Cancelled:
            notice = "Stopped. Press Animate to go on." if self._ready(identifier) else "Stopped."
        except Exception as error:
            if not isinstance(error, LandscapeError):
                logger.exception("a handler failed")
            notice = told(error)
        yield View(notice=notice, busy=False)

    def _ready(self, identifier: str) -> bool:
        try:
            return self._store.get(identifier).studio is not None
        except LandscapeError:
            return False


def last(views: Views, choose: Callable[[View], Result | None]) -> Result:
    """Run a handler to its end for callers without a page.

    Args:
        views: What the handler yields.
        choose: What to take of each view.

    Returns:
        The last thing taken.

    Raises:
        LandscapeError: With the handler's sentence when there was none.
    """
    found: Result | None = None
    notice = ""
    for view in views:
        notice = view.notice or notice
        taken = choose(view)
        found = found if taken is None else taken
    if found is None:
        raise LandscapeError(notice or UNEXPECTED)
    return found
