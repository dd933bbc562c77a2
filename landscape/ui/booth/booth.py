"""A booth: one screen, one visitor at a time, nothing to set and nothing left behind."""

from __future__ import annotations

import dataclasses
import logging
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import segno

from landscape.errors import Cancelled, LandscapeError
from landscape.photo.read import Photo, read_photo
from landscape.progress import Progress
from landscape.scene.scene import Scene
from landscape.scene.shot import Shot
from landscape.settings import ExportSettings, LightSettings, MotionSettings
from landscape.ui.booth.pickup import PickupStore
from landscape.ui.pictures import photo_uri
from landscape.ui.sentences import told
from landscape.ui.visitors.controls import QUALITIES
from landscape.ui.visitors.engine import Engine
from landscape.ui.visitors.sessions import SessionStore
from landscape.ui.visitors.slot import Job

logger = logging.getLogger(__name__)

PHOTO_SIDE = 1920
"""Long side of the photos, in pixels."""
FIT = QUALITIES["Quick"]
SHOT = Shot(MotionSettings(speed=1.5), inversion=FIT, export=ExportSettings(5.0, fps=24, long_side=960, loop=True))
"""What visitors get: short enough to wait for, and it loops."""
MOODS = {
    "photo": ("As it is", LightSettings()),
    "sunset": ("Sunset", LightSettings("warm sunset")),
    "night": ("Night", LightSettings("deep night")),
    "day": ("A whole day", LightSettings(day_cycle=True)),
}
"""What visitors choose from: a name, words for it, and the light."""
FIRST_MOOD = "photo"
ATTRACT = "attract"
"""Owner of the jobs that make clips of the samples."""


@dataclass
class Visit:
    """One visitor.

    Attributes:
        session: Identifier of the visitor's session.
        picture: The photo for the screen.
        mood: What was chosen last.
        job: What runs or ran last.
        scene: The fitted scene.
        clips: Pickup names of the finished clips by mood.
    """

    session: str
    picture: str
    mood: str
    job: Job
    scene: Scene | None
    clips: dict[str, str]


class Booth:
    """What the booth's screen shows.

    Args:
        store: The sessions.
        engine: The models.
        pickups: Clips to fetch.
        samples: Sample photos by name.
        folder: Existing folder for the samples' clips.
        address: Where phones find the app, such as ``http://192.168.1.20:7860``; None without a network.
    """

    def __init__(
        self,
        store: SessionStore,
        engine: Engine,
        pickups: PickupStore,
        samples: dict[str, Path],
        folder: Path,
        address: str | None,
    ) -> None:
        self.samples = samples
        self.pickups = pickups
        self._store = store
        self._engine = engine
        self._folder = folder
        self._address = address
        self._lock = threading.RLock()
        self._visit: Visit | None = None
        self._door = secrets.token_urlsafe(16)
        self._attract: Job | None = None
        self._tried: set[str] = set()
        self.clips: dict[str, Path] = {}

    def state(self) -> dict[str, Any]:
        """What the screen shows now; JSON values. The screen asks often, which keeps the samples' clips coming."""
        self._entertain()
        with self._lock:
            visit = self._visit
            send = None if self._address is None else f"{self._address}/landscape/send/{self._door}"
            state: dict[str, Any] = {"clips": sorted(self.clips), "send": send, "send_code": _code(send), "visit": None}
            if visit is None:
                return state
            job = visit.job
            entry: dict[str, Any] = {"id": visit.session, "picture": visit.picture, "mood": visit.mood}
            entry["state"] = job.state
            if job.active:
                status = self._store.slot.status(job)
                entry |= {"stage": status.stage, "fraction": status.fraction, "left": status.left}
            if job.error is not None and job.state == "failed":
                entry["error"] = told(job.error)
            name = visit.clips.get(visit.mood)
            if name is not None:
                fetch = None if self._address is None else f"{self._address}/landscape/pickup/{name}"
                entry |= {"clip": name, "code": _code(fetch), "minutes": self.pickups.minutes_left(name)}
            return state | {"visit": entry}

    def visit(self, path: Path) -> None:
        """Begin a visit with a photo; the visit before ends.

        Raises:
            LandscapeError: If the photo cannot be read.
        """
        photo = read_photo(path, max_long_side=PHOTO_SIDE)
        with self._lock:
            self.end()
            if self._attract is not None:
                self._store.slot.stop(self._attract)  # visitors do not wait for decoration
            identifier = self._store.create()
            job = Job(identifier, None, "Looking at the photo")
            visit = Visit(identifier, photo_uri(photo), FIRST_MOOD, job, None, {})
            job.work = self._opening(visit, photo)
            self._visit = visit
            self._store.slot.submit(job)

    def enter(self, door: str, path: Path) -> None:
        """Begin a visit from a phone.

        Raises:
            LandscapeError: If the code on the screen is another one by now, or the photo cannot be read.
        """
        with self._lock:
            if not secrets.compare_digest(door.encode(), self._door.encode()) or self._visit is not None:
                raise LandscapeError("Somebody else is at the screen: scan the code again when it is free.")
            self.visit(path)

    def is_open(self, door: str) -> bool:
        """Whether a phone may send a photo now."""
        with self._lock:
            return self._visit is None and secrets.compare_digest(door.encode(), self._door.encode())

    def choose(self, mood: str) -> None:
        """Show the visitor's photo in another light.

        Raises:
            LandscapeError: If there is no such light.
        """
        if mood not in MOODS:
            raise LandscapeError(f"Choose from: {', '.join(MOODS)}.")
        with self._lock:
            visit = self._visit
            if visit is None or visit.job.active or visit.scene is None:
                return
            visit.mood = mood
            if mood not in visit.clips:
                visit.job = Job(visit.session, self._rendering(visit, mood), "Rendering")
                self._store.slot.submit(visit.job)

    def end(self) -> None:
        """End the visit and forget everything but the clips that wait to be fetched."""
        with self._lock:
            visit, self._visit = self._visit, None
            self._door = secrets.token_urlsafe(16)
        if visit is not None:
            self._store.close(visit.session)
            visit.scene = None

    def close(self) -> None:
        """Stop all work."""
        with self._lock:
            self._tried = set(self.samples)
        self.end()
        self._store.slot.drop(ATTRACT)

    def _opening(self, visit: Visit, photo: Photo) -> Callable[[Progress, Job], Any]:
        def work(progress: Progress, job: Job) -> None:
            masks = self._engine.find_masks(photo)
            visit.scene = self._engine.open(photo, masks, FIT, progress, job.cancel)
            self._render(visit, FIRST_MOOD, progress, job)

        return work

    def _rendering(self, visit: Visit, mood: str) -> Callable[[Progress, Job], Any]:
        return lambda progress, job: self._render(visit, mood, progress, job)

    def _render(self, visit: Visit, mood: str, progress: Progress, job: Job) -> None:
        scene = visit.scene
        if scene is None:  # the visit has ended
            raise Cancelled
        out = self._store.get(visit.session).next_clip("landscape", ".mp4")
        out.parent.mkdir(mode=0o700)
        shot = dataclasses.replace(SHOT, light=MOODS[mood][1])
        scene.render(out, shot, progress=progress, cancel=job.cancel)
        visit.clips[mood] = self.pickups.publish(out)
        out.unlink()

    def _entertain(self) -> None:
        """Make the clip of one more sample while nobody is here."""
        with self._lock:
            missing = [name for name in self.samples if name not in self.clips and name not in self._tried]
            if self._visit is not None or not missing or (self._attract is not None and self._attract.active):
                return
            self._attract = Job(ATTRACT, self._sample_work(missing[0]), "Samples")
            self._store.slot.submit(self._attract)

    def _sample_work(self, name: str) -> Callable[[Progress, Job], Any]:
        def work(progress: Progress, job: Job) -> None:
            try:
                photo = read_photo(self.samples[name], max_long_side=PHOTO_SIDE)
                scene = self._engine.open(photo, self._engine.find_masks(photo), FIT, progress, job.cancel)
                out = self._folder / f"{name}.mp4"
                scene.render(out, SHOT, progress=progress, cancel=job.cancel)
                self.clips[name] = out
            except Cancelled:
                raise
            except Exception:
                logger.exception("no clip of the sample %s", name)
                self._tried.add(name)

        return work


def _code(address: str | None) -> str:
    """An address as a QR code, a data URI of an SVG picture."""
    return "" if address is None else str(segno.make(address, micro=False, error="m").svg_data_uri(border=2, scale=8))
