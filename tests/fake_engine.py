"""An engine without models for tests of the app: masks by halves of the photo, frames that shift it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from landscape.errors import Cancelled, LandscapeError
from landscape.fit.outlook import Outlook
from landscape.fit.quality import Quality
from landscape.masks.labels import SKY, WATER
from landscape.masks.matte import Matte
from landscape.output.video import write_video
from landscape.photo.read import Photo
from landscape.preview.clock import Pace
from landscape.preview.player import LiveFrame
from landscape.progress import Progress, check_cancelled, ignore_progress
from landscape.scene.own_light import OwnLight
from landscape.scene.shot import Shot
from landscape.settings import STYLES, FitSettings
from landscape.ui.visitors.sessions import Session
from tests.mattes import hard_matte


@dataclass(frozen=True)
class FakePlayer:
    """Shifts a picture sideways."""

    pixels: np.ndarray

    def frame(self, seconds: float) -> np.ndarray:
        """The frame at a time, uint8 (H, W, 3)."""
        return np.roll(self.pixels, round(10 * seconds), axis=1)


@dataclass(frozen=True)
class FakeScene:
    """A scene that renders shifted photos."""

    photo: Photo
    masks: Matte
    steps: int
    delay: float
    models: None = None
    settings: FitSettings = FitSettings()

    @property
    def quality(self) -> Quality:
        """Good."""
        return Quality(0.9, 0.1)

    @property
    def warnings(self) -> list[str]:
        """A sentence when nothing moves."""
        return [] if self.masks.moving.any() else ["Nothing will move."]

    def own_light(self) -> OwnLight:
        """A light sunset with the sun on the left."""
        return OwnLight({"light sunset": 0.4, "deep night": 3.0}, 0.2)

    def with_masks(self, masks: Matte) -> FakeScene:
        """The same scene with other masks."""
        return FakeScene(self.photo, masks, self.steps, self.delay)

    def with_photo(self, photo: Photo) -> FakeScene:
        """The same scene with the photo at another size."""
        return FakeScene(photo, self.masks.resized(photo.height, photo.width), self.steps, self.delay)

    def renderer_of(self, shot: Shot) -> FakePlayer:
        """Frames of a shot."""
        return FakePlayer(self.photo.resized(shot.export.long_side).pixels)

    def render(
        self,
        out: Path,
        shot: Shot,
        progress: Progress = ignore_progress,
        cancel: threading.Event | None = None,
        finish: threading.Event | None = None,
    ) -> None:
        """Write the clip."""
        player, export = self.renderer_of(shot), shot.export

        def frames() -> Iterator[np.ndarray]:
            for index in range(export.frames):
                time.sleep(self.delay)
                progress("rendering", index + 1, export.frames)
                yield player.frame(index / export.fps)

        write_video(
            out,
            frames(),
            export.fps,
            total=export.frames,
            metadata=replace(shot, masks=None).as_dict(),
            cancel=cancel,
            finish=finish,
            format=export.format,
        )


@dataclass
class FakeEngine:
    """Matte by halves of the photo; counts how often a photo was fitted."""

    delay: float = 0.0
    fits: list[FitSettings] = field(default_factory=list)
    weights: str = "bundled"
    others: tuple[str, ...] = ()

    def offered(self) -> list[str]:
        """This one's weights and others'."""
        return [self.weights, *self.others]

    def of(self, weights: str) -> FakeEngine:
        """An engine with these weights."""
        if not weights or weights == self.weights:
            return self
        if weights not in self.others:
            raise LandscapeError(f"Choose weights from: {', '.join(self.offered())}.")
        return FakeEngine(self.delay, self.fits, weights, (self.weights,))

    @property
    def hurried(self) -> bool:
        """Nobody waits for long."""
        return False

    def find_masks(self, photo: Photo) -> Matte:
        """The upper half is sky, the lowest third water."""
        labels = np.zeros((photo.height, photo.width), dtype=np.uint8)
        labels[: photo.height // 2] = SKY
        labels[2 * photo.height // 3 :] = WATER
        return hard_matte(labels)

    def open(
        self,
        photo: Photo,
        masks: Matte,
        settings: FitSettings,
        progress: Progress,
        cancel: threading.Event,
    ) -> FakeScene:
        """Pretend to fit the model."""
        steps = settings.latent_steps or 60
        for step in range(steps):
            check_cancelled(cancel)
            time.sleep(self.delay)
            progress("fitting the model", step + 1, steps)
        self.fits.append(settings)
        return FakeScene(photo, masks, steps, self.delay)

    def warm(self) -> None:
        """Nothing to load."""

    def begin(self, photo: Photo, masks: Matte, settings: FitSettings) -> FakeFit:
        """Pretend to fit the model in the background."""
        return FakeFit(self, photo, masks, settings)

    def open_file(self, path: Path) -> FakeScene:
        """Read what :meth:`save` wrote."""
        try:
            with np.load(path) as found:
                parts = [found[name] for name in ("sky", "water", "freeze")]
                photo = Photo(found["pixels"], str(found["name"]))
                return FakeScene(photo, Matte.certain(*parts, float(found["horizon"])), 0, self.delay)
        except ValueError as error:
            raise LandscapeError(f"“{path.name}” is damaged or no scene: open its photo anew.") from error

    def save(self, scene: FakeScene, path: Path, shot: Shot) -> None:
        """Write photo and masks."""
        masks, photo = scene.masks, scene.photo
        with path.open("wb") as file:
            np.savez(file, pixels=photo.pixels, name=photo.name, sky=masks.sky, water=masks.water,
                     freeze=masks.freeze, horizon=masks.horizon)  # fmt: skip

    def live(self) -> FakeLive:
        """A preview that repeats what it is told to show."""
        return FakeLive()

    def style_pictures(self, scene: FakeScene, side: int) -> Iterator[tuple[str, np.ndarray]]:
        """Grey pictures."""
        for index, style in enumerate(STYLES):
            yield style, np.full((8, 12, 3), 20 * index, np.uint8)


class FakeFit:
    """A fit whose first scene is there at once."""

    def __init__(self, engine: FakeEngine, photo: Photo, masks: Matte, settings: FitSettings) -> None:
        self.outlook = Outlook("fitting the model", 0, 1, None)
        self.quality = Quality(0.9, 0.1)
        self.paused = self.done = False
        self.gave_way = 0
        self.error: BaseException | None = None
        self._cancel = threading.Event()
        self._scene = FakeScene(photo, masks, 0, engine.delay)
        self._version = 1
        self._thread = threading.Thread(target=self._work, args=(engine, photo, masks, settings), daemon=True)
        self._thread.start()

    def _work(self, engine: FakeEngine, photo: Photo, masks: Matte, settings: FitSettings) -> None:
        try:
            self._scene, self._version = engine.open(photo, masks, settings, self._note, self._cancel), 2
        except Cancelled:
            pass
        except Exception as error:
            self.error = error
        self.done = True

    def _note(self, stage: str, done: int, total: int) -> None:
        self.outlook = Outlook(stage, done, total, None)

    def latest(self) -> tuple[int, FakeScene]:
        """Number of scenes so far and the newest."""
        return self._version, self._scene

    def pause(self) -> None:
        """Rest, in name only."""
        self.paused = True

    def resume(self) -> None:
        """Go on."""
        self.paused = False

    def give_way(self, seconds: float) -> None:
        """Note it."""
        self.gave_way += 1

    def cancel(self) -> None:
        """End."""
        self._cancel.set()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait for the end."""
        self._thread.join(timeout)
        return self.done


class FakeLive:
    """Notes what is asked of it; its frames are grey."""

    def __init__(self) -> None:
        self.shown: list[tuple[FakeScene, Shot]] = []
        self.calls: list[tuple[str, object]] = []
        self.sparing = False
        self.closed = False

    def show(self, scene: FakeScene, shot: Shot) -> int:
        """Note it; the newest is shown."""
        if not self.shown or self.shown[-1][0] is not scene or self.shown[-1][1] != shot:
            self.shown.append((scene, shot))
        return len(self.shown)

    def play(self, playing: bool) -> None:
        """Note it."""
        self.calls.append(("play", playing))

    def seek(self, seconds: float) -> None:
        """Note it."""
        self.calls.append(("seek", seconds))

    def limit(self, side: int) -> None:
        """Note it."""
        self.calls.append(("limit", side))

    def spare(self, pace: Pace) -> None:
        """Note it."""
        self.sparing = not pace.full

    def next_frame(self, timeout: float) -> LiveFrame | None:
        """A grey frame as soon as something is shown."""
        time.sleep(0.01)
        if not self.shown:
            return None
        return LiveFrame(np.full((16, 24, 3), 128, np.uint8), 0.5, 1, len(self.shown), False)

    def clear(self) -> None:
        """Show nothing more."""
        self.shown.clear()

    def close(self) -> None:
        """End."""
        self.closed = True


def slow(session: Session, delay: float = 0.05) -> None:
    """Let every frame of a clip of the session's photo take this many seconds."""
    assert session.studio is not None and session.studio.fit.wait(20)
    fit: Any = session.studio.fit
    fit._scene = replace(fit._scene, delay=delay)
