"""What the app remembers of each visitor, on the server and away from all other visitors."""

from __future__ import annotations

import atexit
import logging
import secrets
import shutil
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from landscape.errors import LandscapeError
from landscape.output.estimate import Excerpt
from landscape.scene.shot import Shot
from landscape.ui.memory import give_back_soon
from landscape.ui.names import download_name
from landscape.ui.visitors.slot import Job, Slot
from landscape.ui.visitors.studio import Studio
from landscape.working_folders import WorkingFolder

logger = logging.getLogger(__name__)

LIFETIME = 3600.0
"""Seconds after its last use at which a session is freed, and its files with it; an open page counts as use."""
CAPACITY = 24
"""Most sessions at a time: each holds a photo and a tuned generator."""
OPENINGS = 2
"""Photos that are opened at a time: each keeps half of the computer busy."""


@dataclass
class Session:
    """One visitor's photo, masks, fitted scene and files.

    Attributes:
        folder: Private folder of the visitor's videos; its name cannot be guessed and ends in none of the pages.
        used: Time of the last use, in seconds of a monotonic clock.
        studio: Photo, masks and fit, once a photo was opened.
        wish: What the visitor last asked for.
        videos: Number of videos made.
        source: The photo's file as it came.
        opening: The job that opens the photo.
        exports: The jobs that write clips, oldest first.
        files: What was written, by names that cannot be guessed.
        sample: The last sample for estimates of a file's size, and what it was made of.
        weights: Name of the weights that the visitor chose, empty for the app's own.
    """

    folder: Path
    used: float
    studio: Studio | None = None
    wish: Shot = field(default_factory=Shot)
    videos: int = 0
    source: Path | None = None
    opening: Job | None = None
    exports: list[Job] = field(default_factory=list)
    files: dict[str, Path] = field(default_factory=dict)
    sample: tuple[tuple[Any, ...], Excerpt] | None = None
    weights: str = ""
    _cancel: threading.Event = field(default_factory=threading.Event)
    _queued: bool = False

    def queue_job(self) -> None:
        """Stop the job that runs and announce a new one, which can be cancelled while it waits for its turn."""
        self.stop()
        self._cancel, self._queued = threading.Event(), True

    def begin_job(self) -> threading.Event:
        """Return the cancel event of the announced job, or stop the job that runs and begin a new one."""
        if not self._queued:
            self._cancel.set()
            self._cancel = threading.Event()
        self._queued = False
        return self._cancel

    def stop(self) -> None:
        """Ask whatever runs for this visitor to stop at its next step."""
        self._cancel.set()

    def put(self, studio: Studio | None) -> None:
        """Replace what the visitor works on; the fit of the former photo ends."""
        former, self.studio, self.sample = self.studio, studio, None
        if former is not None:
            former.close()
        give_back_soon()  # what opening took and what the former photo took

    def next_clip(self, name: str, suffix: str) -> Path:
        """The path of a clip that does not exist yet, in a folder that does not exist either.

        Args:
            name: Of the photo.
            suffix: Of the file.
        """
        self.videos += 1
        return self.folder / secrets.token_urlsafe(12) / f"{download_name(name)}-{self.videos}{suffix}"


class SessionStore:
    """All sessions, by identifiers that cannot be guessed.

    Args:
        root: Existing folder for the files of all sessions.
        clock: Seconds of a monotonic clock.

    Attributes:
        slot: Where clips are made.
        openings: Where photos are opened, which waits for no clip.
    """

    def __init__(self, root: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self.slot, self.openings = Slot(), Slot(OPENINGS)
        self._root = root
        self._clock = clock
        self._lock = threading.Lock()
        self._sessions: dict[str, Session] = {}
        self._pages: dict[str, str] = {}

    def __len__(self) -> int:
        return len(self._sessions)

    def create(self, page: str | None = None) -> str:
        """Begin a session and return its identifier.

        Args:
            page: Identifier of the browser page that shows it.
        """
        self.sweep(room=1)
        identifier = secrets.token_urlsafe(24)
        folder = self._root / secrets.token_urlsafe(24)
        folder.mkdir(mode=0o700)
        with self._lock:
            self._sessions[identifier] = Session(folder, self._clock())
            if page is not None:
                self._pages[page] = identifier
        return identifier

    def attach(self, identifier: str | None, page: str | None = None) -> str:
        """Return to a session after a reload or a lost connection, or begin a new one where it has ended.

        Args:
            identifier: What the browser remembers, from a visitor whom nobody trusts.
            page: Identifier of the browser page that shows it.

        Returns:
            The identifier of the session.
        """
        with self._lock:
            session = self._sessions.get(identifier) if isinstance(identifier, str) else None
            if session is not None and identifier is not None:
                session.used = self._clock()
                if page is not None:
                    self._pages[page] = identifier
                return identifier
        return self.create(page)

    def get(self, identifier: str | None) -> Session:
        """The session of an identifier.

        Raises:
            LandscapeError: If it has ended.
        """
        with self._lock:
            session = self._sessions.get(identifier or "")
            if session is None:
                raise LandscapeError("This page was left alone for too long: reload it and drop the photo again.")
            session.used = self._clock()
            return session

    def close(self, identifier: str | None) -> None:
        """End a session: stop what runs, free the scene, delete the files. Unknown identifiers are ignored."""
        with self._lock:
            session = self._sessions.pop(identifier or "", None)
            self._pages = {page: name for page, name in self._pages.items() if name != identifier}
        if session is not None and identifier is not None:
            session.stop()
            self.slot.drop(identifier)
            self.openings.drop(identifier)
            session.put(None)
            shutil.rmtree(session.folder, ignore_errors=True)

    def end(self) -> None:
        """End all sessions."""
        with self._lock:
            identifiers = list(self._sessions)
        for identifier in identifiers:
            self.close(identifier)

    def leave(self, page: str) -> None:
        """Note that a browser page was closed; its session waits for it to come back."""
        with self._lock:
            self._pages.pop(page, "")

    def file(self, name: str) -> Path | None:
        """A written file by its name that cannot be guessed."""
        with self._lock:
            return next((session.files[name] for session in self._sessions.values() if name in session.files), None)

    def sweep(self, room: int = 0) -> None:
        """End the sessions unused for an hour, and the longest unused ones so that there is room for more.

        Sessions whose jobs wait or run are in use.
        """
        now = self._clock()
        with self._lock:
            for identifier, session in self._sessions.items():
                if self.slot.busy(identifier) or self.openings.busy(identifier):
                    session.used = now
            open_pages = set(self._pages.values())
            by_age = sorted(self._sessions, key=lambda name: (name in open_pages, self._sessions[name].used))
            old = [name for name in by_age if now - self._sessions[name].used > LIFETIME]
            surplus = by_age[: max(0, len(by_age) - CAPACITY + room)]
        for identifier in {*old, *surplus}:
            logger.info("a session has ended")
            self.close(identifier)


def private_folder() -> WorkingFolder:
    """A folder that only this user reads and that is gone when the app ends, or when it starts again after a crash."""
    folder = WorkingFolder(Path(tempfile.gettempdir()).resolve(), hidden=False)
    atexit.register(folder.close)
    return folder
