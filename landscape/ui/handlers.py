"""What the page does, as plain functions of a visitor's session: none of them knows Gradio."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from landscape.errors import Cancelled, LandscapeError
from landscape.masking import Masks, masks_from_labels, read_labels
from landscape.photo import read_photo
from landscape.progress import Progress, check_cancelled
from landscape.ui.controls import SIZES, Controls, inversion
from landscape.ui.engine import Engine, OpenScene
from landscape.ui.jobs import Status, run_job
from landscape.ui.sessions import Session, SessionStore
from landscape.ui.studio import Studio

logger = logging.getLogger(__name__)

UNEXPECTED = "Something went wrong on this computer; the terminal that runs the app says what. Your photo is kept."

Result = TypeVar("Result")


@dataclass(frozen=True)
class View:
    """What changes on the page; None leaves a part as it is.

    Attributes:
        status: Progress of what runs.
        notice: Sentence beside the photo, empty to remove it.
        opened: Whether a photo is open.
        busy: Whether something runs that can be cancelled.
        ready: Whether there is a photo to animate; read where ``busy`` is False.
        video: The video that was made.
    """

    status: Status | None = None
    notice: str | None = None
    opened: bool | None = None
    busy: bool | None = None
    ready: bool = False
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

    def open(self, identifier: str, path: Path, quality: str) -> Views:
        """Read a photo, find its masks and fit the model to it.

        A photo that cannot be read leaves everything as it was.
        """
        yield from self._guarded(identifier, self._open(identifier, path, quality))

    def _open(self, identifier: str, path: Path, quality: str) -> Views:
        session = self._store.get(identifier)
        cancel = session.begin_job()
        check_cancelled(cancel)
        yield View(status=Status("Reading the photo"), notice="", busy=True)
        photo = read_photo(path, max_long_side=SIZES[-1])

        def find(progress: Progress, cancel: threading.Event) -> Masks:
            return self._engine.find_masks(photo)

        masks = yield from _report(run_job(find, cancel, "Finding sky and water"))
        session.put(Studio(self._engine, photo, masks, inversion(quality)))
        yield View(notice="", opened=True, busy=False, ready=True)

    def _fit(self, session: Session, cancel: threading.Event) -> Generator[View, None, OpenScene]:
        """The scene for a clip, when the fit has ended or was paused by the visitor."""
        studio = session.studio
        if studio is None:
            raise LandscapeError("Choose a photo first.")

        def work(progress: Progress, cancel: threading.Event) -> OpenScene:
            fit = studio.fit
            while not fit.wait(0.1) and not (fit.paused and fit.latest()[1] is not None):
                check_cancelled(cancel)
                progress("Fitting the model", fit.outlook.done, fit.outlook.total)
            scene: OpenScene | None = studio.clip_scene()
            if scene is None:
                raise fit.error or LandscapeError("The model could not be fitted to this photo: choose another one.")
            return scene

        scene = yield from _report(run_job(work, cancel, "Fitting the model"))
        yield View(notice=" ".join(scene.warnings))
        return scene

    def animate(self, identifier: str, wish: Controls) -> Views:
        """Make the video; waits for the fit unless the visitor paused it."""
        yield from self._guarded(identifier, self._animate(identifier, wish))

    def _animate(self, identifier: str, wish: Controls) -> Views:
        session = self._store.get(identifier)
        motion, light, export = wish.motion(), wish.light(), wish.export()
        cancel = session.begin_job()
        check_cancelled(cancel)
        yield View(status=Status("Preparing"), notice="", busy=True)
        scene = yield from self._fit(session, cancel)
        out = session.next_video()
        out.parent.mkdir(mode=0o700)

        def work(progress: Progress, cancel: threading.Event) -> Any:
            return scene.render(out, motion, light, export, progress=progress, cancel=cancel)

        yield from _report(run_job(work, cancel, "Rendering"))
        yield View(video=out, busy=False, ready=True)

    def use_mask(self, identifier: str, path: Path) -> Views:
        """Use the visitor's own mask picture instead of the one found."""
        yield from self._guarded(identifier, self._use_mask(identifier, path))

    def _use_mask(self, identifier: str, path: Path) -> Views:
        studio = self._store.get(identifier).studio
        if studio is None:
            raise LandscapeError("Choose a photo first, then its mask.")
        labels = read_labels(path, studio.photo.height, studio.photo.width)
        masks = masks_from_labels(labels, studio.photo.pixels)
        studio.edit(lambda editor: editor.replace(masks))
        studio.refit()
        yield View(notice="")

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
        except LandscapeError as error:
            notice = str(error)
        except Exception:
            logger.exception("a handler failed")
            notice = UNEXPECTED
        yield View(notice=notice, busy=False, ready=self._ready(identifier))

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


def _report(job: Generator[Status, None, Result]) -> Generator[View, None, Result]:
    try:
        while True:
            try:
                status = next(job)
            except StopIteration as end:
                return end.value
            yield View(status=status)
    finally:
        job.close()
