"""What the page does, as plain functions of a visitor's session: none of them knows Gradio."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from landscape.errors import Cancelled, LandscapeError
from landscape.masking import masks_from_labels, read_labels
from landscape.photo import read_photo
from landscape.progress import check_cancelled
from landscape.settings import ExportSettings
from landscape.ui.controls import SIZES, Controls
from landscape.ui.engine import Engine, OpenScene
from landscape.ui.exports import UNEXPECTED, Exports
from landscape.ui.jobs import Status
from landscape.ui.opening import opening_job
from landscape.ui.pictures import overlay_uris, photo_uri, picture_uri
from landscape.ui.sessions import Session, SessionStore
from landscape.ui.slot import Job

logger = logging.getLogger(__name__)

PREVIEW_SIDE = 560
"""Long side of the live preview in pixels."""
PREVIEW_FPS = 12
PREVIEW_SECONDS = 4.0
"""Longest live preview; a day cycle is shown whole in that time."""

Result = TypeVar("Result")


@dataclass(frozen=True)
class View:
    """What changes on the page; None leaves a part as it is.

    Attributes:
        scene: Photo and masks for the picture in the middle, see ``scene.js``.
        live: Moving pictures for it, see ``stage.js``.
        status: Progress of what runs.
        notice: Sentence beside the photo, empty to remove it.
        opened: Whether a photo is open.
        busy: Whether something runs that can be cancelled.
        ready: Whether there is a photo to animate; read where ``busy`` is False.
        video: The video that was made.
    """

    scene: dict[str, Any] | None = None
    live: dict[str, Any] | None = None
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
        self.exports = Exports(store, engine)

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
        job = opening_job(identifier, session, self._engine, photo, path, quality)
        job.cancel = cancel
        session.opening = self._store.slot.submit(job)
        yield from self._follow_opening(session, job)

    def resume(self, identifier: str) -> Views:
        """Show a page that was reloaded what its session has, and follow the photo that is being opened."""
        yield from self._guarded(identifier, self._resume(identifier))

    def _resume(self, identifier: str) -> Views:
        session = self._store.get(identifier)
        job = session.opening
        running = job is not None and job.active
        if session.photo is not None:
            yield View(scene=scene_message(session), opened=True, busy=running, ready=True)
            session.ask(session.wish)
        if job is not None and running:
            yield from self._follow_opening(session, job)

    def _follow_opening(self, session: Session, job: Job) -> Views:
        mark = session.mark
        yield View(busy=True)
        for status in self._store.slot.follow(job):
            if session.mark != mark:
                mark = session.mark
                yield View(scene=scene_message(session), opened=True)
            yield View(status=status)
        if session.mark != mark:
            yield View(scene=scene_message(session), opened=True)
        warnings = [] if session.scene is None else session.scene.warnings
        session.ask(session.wish)
        yield View(notice=" ".join(warnings), busy=False, ready=True)

    def ask(self, identifier: str, wish: Controls) -> None:
        """Note what the visitor asks for; :meth:`preview` shows it."""
        try:
            self._store.get(identifier).ask(wish)
        except LandscapeError as error:
            logger.debug("no preview: %s", error)

    def preview(self, identifier: str) -> Views:
        """Show the newest wish as moving pictures until all wishes are shown.

        A wish that comes while frames are computed replaces the running one at the next frame.
        """
        yield from self._guarded(identifier, self._preview(identifier))

    def _preview(self, identifier: str) -> Views:
        session = self._store.get(identifier)
        while session.scene is not None and session.shown != session.version:
            session.shown = session.version
            yield from self._play(session, session.scene, session.wish, session.version)

    def _play(self, session: Session, scene: OpenScene, wish: Controls, version: int) -> Views:
        seconds = min(PREVIEW_SECONDS, wish.seconds)
        count = max(2, round(seconds * PREVIEW_FPS))
        player = scene.previewer(wish.motion(), wish.light(), PREVIEW_SIDE, seconds, wish.loop)
        mark, run = session.mark, f"{session.mark}-{version}"
        began = time.monotonic()
        for index in range(count):
            if session.version != version:
                yield View(live={"kind": "pause", "id": mark})
                return
            frame = picture_uri(player.frame(index / PREVIEW_FPS), "WEBP", quality=75)
            yield View(live={"kind": "frame", "id": mark, "run": run, "index": index, "total": count, "src": frame})
            time.sleep(max(0.0, began + (index + 1) / PREVIEW_FPS - time.monotonic()))
        if session.version == version:
            yield View(live={"kind": "clip", "id": mark, "run": run, "fps": PREVIEW_FPS, "total": count})

    def animate(self, identifier: str, wish: Controls, quality: str, export: ExportSettings | None = None) -> Views:
        """Make the video and wait for it; fits the model first where that was not done with this quality."""
        yield from self._guarded(identifier, self._animate(identifier, wish, quality, export))

    def _animate(self, identifier: str, wish: Controls, quality: str, export: ExportSettings | None) -> Views:
        session = self._store.get(identifier)
        export = export or wish.export()
        session.still()
        cancel = session.begin_job()
        check_cancelled(cancel)
        yield View(status=Status("Preparing"), notice="", busy=True)
        job = self.exports.submit(identifier, wish, export, quality, Job(identifier, None, "Rendering", cancel=cancel))
        for status in self._store.slot.follow(job):
            yield View(status=status)
        yield View(video=job.result.path, busy=False, ready=True)

    def use_mask(self, identifier: str, path: Path) -> Views:
        """Use the visitor's own mask picture instead of the one found."""
        yield from self._guarded(identifier, self._use_mask(identifier, path))

    def _use_mask(self, identifier: str, path: Path) -> Views:
        session = self._store.get(identifier)
        if session.photo is None:
            raise LandscapeError("Choose a photo first, then its mask.")
        labels = read_labels(path, session.photo.height, session.photo.width)
        session.masks = masks_from_labels(labels, session.photo.pixels)
        yield from self._masks_changed(session)

    def find_again(self, identifier: str) -> Views:
        """Return to the mask that was found in the photo."""
        yield from self._guarded(identifier, self._find_again(identifier))

    def _find_again(self, identifier: str) -> Views:
        session = self._store.get(identifier)
        if session.photo is None or session.found is None:
            raise LandscapeError("Choose a photo first.")
        session.masks = session.found
        yield from self._masks_changed(session)

    def _masks_changed(self, session: Session) -> Views:
        assert session.masks is not None
        if session.scene is not None:
            session.scene = session.scene.with_masks(session.masks)
            # The preview stays quick; the next video fits the model to the new masks.
            session.quality = ""
        session.ask(session.wish)
        warnings = [] if session.scene is None else session.scene.warnings
        yield View(scene=scene_message(session), notice=" ".join(warnings))

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
            return self._store.get(identifier).photo is not None
        except LandscapeError:
            return False


def scene_message(session: Session) -> dict[str, Any]:
    """Photo and masks for the page."""
    assert session.photo is not None and session.masks is not None
    sky, water = overlay_uris(session.masks)
    return {
        "id": session.mark,
        "photo": photo_uri(session.photo),
        "sky": sky,
        "water": water,
        "width": session.photo.width,
        "height": session.photo.height,
        "name": session.photo.name,
    }


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
