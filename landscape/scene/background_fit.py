"""A fit that can be watched: a scene that is usable at once and gets better in the background."""

from __future__ import annotations

import logging
import math
import threading
import time
from contextlib import ExitStack

from landscape.fit.outlook import Outlook, WorkClock, planned_steps
from landscape.fit.quality import Quality
from landscape.fit.state import FitState
from landscape.masks.matte import Matte
from landscape.models.bundle import Models
from landscape.photo.read import Photo
from landscape.photo.squares import Layout
from landscape.scene.scene import MASK_STAGE, Scene
from landscape.scene.turns import Turns, come_after
from landscape.settings import FitSettings

logger = logging.getLogger(__name__)

SHORTEST_PAUSE = 0.5
"""Least seconds between two snapshots."""
SNAPSHOT_SHARE = 0.04
"""Most of the time that snapshots may cost."""


class BackgroundFit:
    """Fits the model to a photo in a thread of its own.

    The newest state is always there as an immutable scene, whole and consistent, from the encoder's answer on. The work
    ends by itself when the fit is good enough, when its steps are done or when ``settings.seconds`` of work are over;
    the final scene is that of :meth:`landscape.scene.scene.Scene.open` with the same settings. All members may be used
    from any thread. Of several fits with the same turns one works at a time; new ones get their first scene at once.

    Args:
        photo: The photo.
        masks: What moves; found if None.
        models: The networks; they are not changed.
        settings: How to fit, the defaults if None.
        turns: Those who share the computer.
    """

    def __init__(
        self,
        photo: Photo,
        masks: Matte | None,
        models: Models,
        settings: FitSettings | None = None,
        turns: Turns | None = None,
    ) -> None:
        self._turns = turns or Turns()
        self._turn = self._turns.turn()
        self._hurry = ExitStack()
        self._photo, self._masks, self._models = photo, masks, models
        self._settings = settings or FitSettings()
        self._changed = threading.Condition()
        self._scene: Scene | None = None
        self._version = 0
        self._error: BaseException | None = None
        self._paused = self._cancelled = self._done = False
        self._rest_until = 0.0
        self._clock = WorkClock()
        self._next_snapshot = 0.0
        squares = Layout.of(photo.height, photo.width).count
        self._plan = planned_steps(self._settings, squares)
        self._steps: dict[str, int] = {}
        self._outlook = Outlook(MASK_STAGE, 0, sum(self._plan.values()), None)
        self._thread = threading.Thread(target=self._work, name="landscape-fit", daemon=True)

    @classmethod
    def over(cls, scene: Scene) -> BackgroundFit:
        """A fit that has ended with a scene, as one from a file."""
        fit = cls(scene.photo, scene.masks, scene.models, scene.settings)
        fit._scene, fit._version, fit._done = scene, 1, True
        return fit

    def start(self) -> BackgroundFit:
        """Begin the work; call it once."""
        self._thread.start()
        return self

    @property
    def scene(self) -> Scene | None:
        """The newest scene; None until the encoder has answered, under a second after the masks are there."""
        return self._scene

    @property
    def version(self) -> int:
        """Number of scenes so far; a new number means a new :attr:`scene`."""
        return self._version

    @property
    def quality(self) -> Quality | None:
        """How well the newest scene's model shows the photo."""
        scene = self._scene
        return None if scene is None else scene.quality

    @property
    def outlook(self) -> Outlook:
        """How far the work is and how long it takes at most."""
        return self._outlook

    @property
    def paused(self) -> bool:
        """Whether the work rests."""
        return self._paused

    @property
    def done(self) -> bool:
        """Whether the work has ended, for whatever reason; :attr:`scene` changes no more then."""
        return self._done

    @property
    def error(self) -> BaseException | None:
        """What ended the work before its time, None if nothing did; cancelling is no error."""
        return self._error

    def latest(self) -> tuple[int, Scene | None]:
        """Version and scene that belong together."""
        with self._changed:
            return self._version, self._scene

    def pause(self) -> None:
        """Rest after the current step, until :meth:`resume` or :meth:`cancel`."""
        with self._changed:
            self._paused = True

    def resume(self) -> None:
        """Go on."""
        with self._changed:
            self._paused = False
            self._changed.notify_all()

    def give_way(self, seconds: float) -> None:
        """Rest for a moment after the current step, because something else needs the computer at once.

        Args:
            seconds: From now on; a longer rest that was asked for before stays.
        """
        with self._changed:
            self._rest_until = max(self._rest_until, time.monotonic() + seconds)

    def cancel(self) -> None:
        """End after the current step; what is reached stays as the scene."""
        with self._changed:
            self._cancelled, self._paused, self._rest_until = True, False, 0.0
            self._changed.notify_all()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait for the end of the work.

        Args:
            timeout: Most seconds; None waits without limit.

        Returns:
            Whether it has ended.
        """
        with self._changed:
            return self._changed.wait_for(lambda: self._done, timeout)

    def _work(self) -> None:
        try:
            self._hurry.enter_context(self._turns.first())
            self._turn.take(lambda: self._cancelled)
            for state in Scene.fit(self._photo, self._models, self._settings, self._masks, self._remaining):
                self._look_at(state)
                self._note(state)
                self._rest()
        except Exception as error:
            logger.exception("the fit ended")
            self._error = error
        finally:
            self._hurry.close()
            self._turn.leave()
            with self._changed:
                self._done = True
                self._changed.notify_all()

    def _look_at(self, state: FitState[Scene]) -> None:
        """Publish what is reached: the first answer at once, later ones as often as that costs little."""
        first = self._version == 0
        if first:
            self._clock.restart()
        elif not state.finished and self._clock.seconds() < self._next_snapshot:
            return
        started = time.monotonic()
        self._publish(state.snapshot())
        if first:
            self._hurry.close()
            come_after()
        cost = time.monotonic() - started
        self._next_snapshot = self._clock.seconds() + max(SHORTEST_PAUSE, cost / SNAPSHOT_SHARE)

    def _publish(self, scene: Scene) -> None:
        with self._changed:
            self._scene = scene
            self._version += 1
            self._changed.notify_all()

    def _remaining(self) -> float:
        limit = math.inf if self._settings.seconds is None else self._settings.seconds
        return 0.0 if self._cancelled else limit - self._clock.seconds()

    def _note(self, state: FitState[Scene]) -> None:
        """Note how far the fit is."""
        if state.stage in self._plan:
            if state.done > self._steps.get(state.stage, 0):
                self._clock.step(state.stage)
            self._steps[state.stage] = state.done
            self._outlook = self._estimate(state.stage)

    def _rest(self) -> None:
        """Rest while paused or giving way, and while it is the turn of others."""
        resting = self._paused or self._rest_until > time.monotonic()
        if not (resting or self._turn.over):
            return
        with self._clock.resting():
            self._turn.leave()
            with self._changed:
                while not self._cancelled and (self._paused or self._rest_until > time.monotonic()):
                    self._changed.wait(None if self._paused else self._rest_until - time.monotonic())
            self._turn.take(lambda: self._cancelled)

    def _estimate(self, stage: str) -> Outlook:
        done, total = sum(self._steps.values()), sum(self._plan.values())
        left = min((total - done) * self._clock.seconds_per_step, max(self._remaining(), 0.0))
        return Outlook(stage, done, total, left)
