"""Writing clips: jobs that go on without a page, and what the page shows of them."""

from __future__ import annotations

import dataclasses
import logging
import shutil
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from landscape.errors import LandscapeError, is_number, require
from landscape.output.estimate import SAMPLE_FRAMES, SAMPLE_SIDE, Excerpt
from landscape.output.formats import FORMATS, require_fits
from landscape.photo.read import Photo, photo_size, read_photo
from landscape.progress import Progress
from landscape.scene.shot import Shot
from landscape.settings import SIZES, ExportSettings
from landscape.ui.pictures import photo_thumbnail_uri
from landscape.ui.sentences import told
from landscape.ui.visitors.clips import Clip, at_size, human_size, write_clip
from landscape.ui.visitors.engine import Engine
from landscape.ui.visitors.opening import UNFIT, copy_private, fit
from landscape.ui.visitors.sessions import Session, SessionStore
from landscape.ui.visitors.slot import Job

logger = logging.getLogger(__name__)

MOST_EXPORTS = 300
"""Most clips of one visitor."""


class Exports:
    """The clips of all visitors.

    Args:
        store: The sessions.
        engine: The models.
    """

    def __init__(self, store: SessionStore, engine: Engine) -> None:
        self._store = store
        self._engine = engine

    def submit(self, identifier: str, shot: Shot, job: Job | None = None) -> Job:
        """Write a clip of the session's photo as soon as its turn comes.

        Args:
            identifier: The session.
            shot: What is asked for; masks that the visitor has painted come to it.
            job: A job without work to use, for callers who hold its events already.

        Raises:
            LandscapeError: If there is no photo, a value is out of range, or there are too many clips.
        """
        session = self._store.get(identifier)
        studio, source = session.studio, session.source
        if studio is None:
            raise LandscapeError("Choose a photo first.")
        photo = studio.photo
        require_fits(shot.export, *studio.size)
        whole = dataclasses.replace(shot, masks=studio.full_masks() if studio.mask.touched else None)

        def work(progress: Progress, job: Job) -> Clip:
            scene = fit(session, shot.inversion, progress, job)
            if source is not None:
                scene = at_size(scene, photo, source, shot.export.long_side)
            return write_clip(session, scene, photo.name, whole, source, progress, job)

        job = job or Job(identifier, None, "Rendering")
        return self._enqueue(session, job, work, photo, max(studio.size), shot.export)

    def submit_photo(self, identifier: str, path: Path, shot: Shot) -> Job:
        """Write a clip of another photo with the same settings; the session's own photo stays open.

        Raises:
            LandscapeError: If the photo cannot be read, a value is out of range, or there are too many clips.
        """
        session = self._store.get(identifier)
        photo = read_photo(path, max_long_side=SIZES[-1])
        require_fits(shot.export, *photo_size(path))
        own, engine = copy_private(session, path), self._engine.of(session.weights)

        def work(progress: Progress, job: Job) -> Clip:
            try:
                picture = read_photo(own, max_long_side=max(SIZES[-1], shot.export.long_side))
                masks = engine.find_masks(picture)
                scene = engine.open(picture, masks, shot.inversion, progress, job.cancel)
                return write_clip(session, scene, photo.name, shot, own, progress, job)
            finally:
                shutil.rmtree(own.parent, ignore_errors=True)

        own_side = max(photo_size(own))
        return self._enqueue(session, Job(identifier, None, "Rendering"), work, photo, own_side, shot.export)

    def estimate(self, identifier: str, shot: Shot) -> str:
        """How large the clip's file will be, in words; nothing while the photo is not open.

        Raises:
            LandscapeError: If a value is out of range.
        """
        session, export = self._store.get(identifier), shot.export
        studio = session.studio
        scene = None if studio is None else studio.preview_scene()
        if studio is None or scene is None:
            return ""
        side = min(SAMPLE_SIDE, export.long_side)
        # Length and size only scale what the sample says, so that moving their sliders costs nothing.
        state = (studio.mask.revision, studio.fit.done)
        key = (*state, shot.motion, shot.light, side, export.loop, export.fps, export.format, export.crf)
        if session.sample is None or session.sample[0] != key:
            player = scene.renderer_of(shot.with_values({"long_side": side}))
            frames = [player.frame(index / export.fps) for index in range(SAMPLE_FRAMES)]
            session.sample = key, Excerpt.of(frames, export)
        width, height = studio.size
        scale = min(1.0, export.long_side / max(width, height))
        size = session.sample[1].bytes(export.frames, round(width * scale), round(height * scale))
        return f"About {human_size(size)}, {export.frames} frames"

    def frame(self, identifier: str, shot: Shot, seconds: float) -> NDArray[np.uint8]:
        """One frame of the clip that is asked for, uint8 (H, W, 3).

        Raises:
            LandscapeError: If there is no photo yet, or a value is out of range.
        """
        studio, export = self._store.get(identifier).studio, shot.export
        if studio is None:
            raise LandscapeError("Choose a photo first.")
        studio.fit.wait()
        scene = studio.clip_scene()
        if scene is None:
            raise LandscapeError(UNFIT) from studio.fit.error
        fits = is_number(seconds) and 0 <= seconds <= export.seconds
        require(fits, f"Choose a time between 0 and {export.seconds:g} seconds.")
        frame: NDArray[np.uint8] = scene.renderer_of(shot).frame(seconds)
        return frame

    def _enqueue(
        self, session: Session, job: Job, work: Any, photo: Photo, own_side: int, export: ExportSettings
    ) -> Job:
        if len(session.exports) >= MOST_EXPORTS:
            raise LandscapeError(f"There are {MOST_EXPORTS} clips already: remove some first.")
        job.work = work
        job.facts = {
            "title": photo.name,
            "picture": photo_thumbnail_uri(photo),
            "format": FORMATS[export.format].label.split(":")[0],
            "kind": export.format,
            "seconds": export.seconds,
            "side": min(export.long_side, own_side),
            "begun": time.time(),
        }
        session.exports.append(job)
        return self._store.slot.submit(job)

    def listing(self, identifier: str) -> list[dict[str, Any]]:
        """What the page shows of a visitor's clips, newest first; JSON values.

        Raises:
            LandscapeError: If the session has ended.
        """
        session = self._store.get(identifier)
        return [self._entry(session, job) for job in reversed(session.exports)]

    def _entry(self, session: Session, job: Job) -> dict[str, Any]:
        status = self._store.slot.status(job) if job.active else None
        entry: dict[str, Any] = {"id": job.identifier, "state": job.state, **job.facts}
        if status is not None:
            entry |= {"stage": status.stage, "fraction": status.fraction, "left": status.left}
            entry["can_keep"] = job.state == "running" and status.stage == "rendering" and bool(status.fraction)
        if isinstance(job.result, Clip):
            clip = job.result
            entry |= {"file": f"{clip.name}/{clip.path.name}", "recipe": f"{clip.recipe}/{clip.path.name}.json"}
            entry |= {"bytes": job.facts["size"], "whole": clip.whole}
        if job.error is not None and job.state == "failed":
            entry["error"] = told(job.error)
        return entry

    def stop(self, identifier: str, name: str) -> None:
        """Stop a clip; nothing of it stays. Unknown names are ignored."""
        job = self._find(identifier, name)
        if job is not None:
            self._store.slot.stop(job)

    def keep(self, identifier: str, name: str) -> None:
        """End a clip early and keep the part that is made. Unknown names are ignored."""
        job = self._find(identifier, name)
        if job is not None:
            job.finish.set()

    def remove(self, identifier: str, name: str) -> None:
        """Stop a clip, delete its files and forget it. Unknown names are ignored."""
        job = self._find(identifier, name)
        if job is None:
            return
        self._store.slot.stop(job)
        session = self._store.get(identifier)
        session.exports.remove(job)
        if isinstance(job.result, Clip):
            for key in (job.result.name, job.result.recipe):
                path = session.files.pop(key, None)
                if path is not None:
                    path.unlink(missing_ok=True)
            job.result.path.parent.rmdir()

    def _find(self, identifier: str, name: str) -> Job | None:
        return next((job for job in self._store.get(identifier).exports if job.identifier == name), None)
