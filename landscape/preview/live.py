"""Moving pictures of a scene that someone watches and changes at the same time."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from landscape.preview.clock import RATE, Pace, PreviewClock
from landscape.preview.parts import DRAFT_SIDE, Preparation, PreviewParts
from landscape.preview.player import LiveFrame, Player
from landscape.preview.size import PreviewSize
from landscape.scene.scene import Scene
from landscape.scene.shot import Shot
from landscape.scene.take import Take
from landscape.scene.turns import Turns

SPARING_SIDE = 512
"""The long side that is sharp enough while others need the computer."""
_LATE, _INTERRUPTED = 0.004, 0.2
"""Seconds after its time at which a picture is late, and from which nobody asked for it before."""
_SETTLED = 0.35
"""Seconds without a change after which what the first pictures left out is prepared."""


class LivePreview:
    """Plays a scene without end; what is shown follows the newest :meth:`show`.

    One thread asks for frames by :meth:`next_frame`; any thread may change what they show. A change of the wish or of
    the masks is in the very next frame. What takes longer - another photo, a better fit, the colours under new masks,
    another size - is prepared by a thread of the preview's own, of one preview at a time, and shown when it is ready.

    Args:
        turns: Those who share the computer.
        clock: Seconds of any clock.
    """

    def __init__(self, turns: Turns | None = None, clock: Callable[[], float] = time.perf_counter) -> None:
        self._turns, self._now, self._clock = turns or Turns(), clock, PreviewClock(clock)
        self._changed = threading.Condition()
        self._take: Take | None = None
        self._player: Player | None = None
        self._pace, self._size = Pace(), PreviewSize()
        self._due = self._began = self._touched = 0.0
        self._number, self._shown = 0, (0, -1.0)
        self._settler = ThreadPoolExecutor(1, "landscape-preview")
        self._settling = self._preparing = self._closed = False
        self._failure: Exception | None = None

    @property
    def side(self) -> int:
        """Long side of the sharp picture at present, in pixels."""
        return self._size.side

    def show(self, scene: Scene, shot: Shot) -> int:
        """Show a scene from now on; returns the number of the change."""
        with self._changed:
            take = Take(scene, shot)
            if self._take is not None and take.same(self._take):
                return self._number
            if self._take is None or not take.same_wish(self._take):
                self._touched = self._now()
            self._take, self._number = take, self._number + 1
            self._settle()
            self._changed.notify_all()
            return self._number

    def play(self, playing: bool) -> None:
        """Let time pass or stand still; a picture that stands still is as sharp as can be."""
        with self._changed:
            self._clock.play(playing)
            self._settle()
            self._changed.notify_all()

    def seek(self, seconds: float) -> None:
        """Go to a time of the clip."""
        with self._changed:
            self._clock.seek(seconds)
            self._shown = (self._shown[0], -1.0)
            self._changed.notify_all()

    def limit(self, side: int) -> None:
        """Make no pictures larger than this, in pixels: the page shows no more."""
        with self._changed:
            self._size.limit(side)
            self._settle()

    def spare(self, pace: Pace) -> None:
        """Leave as much of the computer to others."""
        with self._changed:
            if pace != self._pace:
                self._pace = pace
                self._size.forget()
                self._settle()

    def next_frame(self, timeout: float) -> LiveFrame | None:
        """Make the next picture when it is due, or at once if there is a change to show.

        Args:
            timeout: Most seconds to wait.

        Returns:
            The picture, or None where there is nothing new to show.

        Raises:
            Exception: What kept a picture from being made, here or by another thread; the next change is tried anew.
        """
        end = self._now() + timeout
        previews = self._turns.looking(id(self))
        with self._changed:
            failure, self._failure = self._failure, None
            if failure is not None:
                raise failure
            while not self._closed and (rest := min(self._start(), end) - self._now()) > 0:
                self._changed.wait(rest)
            player, take, number, seconds = self._player, self._take, self._number, self._clock.seconds
            if self._closed or player is None or take is None or self._now() < self._start():
                return None
        if player.number != number and player.follows(take):
            player = self._turn(player, take, number, seconds)
        with self._changed:
            seconds, playing, pace = self._clock.seconds, self._clock.playing, replace(self._pace, previews=previews)
            self._shown = (player.run, seconds)
        began, before, behind = self._now(), self._began, self._now() - self._due
        self._began, self._due = began, max(min(self._due, began) + 1 / pace.rate, began)
        with self._turns.picture():
            frame = player.frame(seconds, not playing, pace)
        if playing and pace.full:
            # Where pictures come too late, all that happens between two of them counts, and not the drawing alone.
            late = _LATE < behind < _INTERRUPTED
            self._adapt(player, began - before if late else self._now() - began)
        return frame

    def clear(self) -> None:
        """Show nothing until the next :meth:`show`."""
        with self._changed:
            self._take = self._player = None

    def close(self) -> None:
        """End; frees the threads."""
        with self._changed:
            self._closed = True
            self._take = None
            self._changed.notify_all()
        self._settler.shutdown(wait=False, cancel_futures=True)

    def _start(self) -> float:
        """When to make the next picture, infinite where there is nothing new to show; callers hold the lock."""
        player = self._player
        if player is None or self._take is None:
            return math.inf
        if player.number != self._number and player.follows(self._take):
            return min(self._due, self._began + 1 / RATE)  # a change does not wait, however sparing the preview is
        fresh = self._clock.playing or self._shown != (player.run, self._clock.seconds)
        return self._due if fresh else math.inf

    def _turn(self, player: Player, take: Take, number: int, seconds: float) -> Player:
        """Show the newest change with what the player has."""
        turned = player.turned(take, number, self._turns.drawer, seconds)
        with self._changed:
            if self._player is not player:  # something better prepared came meanwhile; the change comes next
                return self._player or player
            self._take_over(turned)
        return turned

    def _take_over(self, player: Player) -> None:
        """Play something else from now on; callers hold the lock."""
        former, self._player = self._player, player
        self._size.forget()
        if former is not None and former.track is not player.track:
            former.track.close()
        self._changed.notify_all()

    def _settle(self) -> None:
        """Have the settler look at what is left to prepare; callers hold the lock."""
        if not self._closed and not self._settling:
            self._settling = True
            self._settler.submit(self._prepare_all)

    def _prepare_all(self) -> None:
        """Prepare what is left until there is nothing, or something fails."""
        try:
            while self._prepare_next():
                pass
        except Exception as error:
            with self._changed:
                self._failure, self._settling = error, False

    def _prepare_next(self) -> bool:
        """Prepare the next thing; returns whether to go on."""
        with self._changed:
            if (task := self._task()) is None:
                self._settling = False
                return False
            if task.rest > 0:
                self._changed.wait(task.rest)
                return True
        with self._turns.first() if task.old is None else self._turns.aside():
            with self._changed:
                if (task := self._task()) is None or task.rest > 0:
                    return True
                self._preparing = True
            try:
                self._bring_in(task.parts())
            finally:
                self._preparing = False
        return True

    def _task(self) -> Preparation | None:
        """What to prepare; callers hold the lock."""
        take, player = self._take, self._player
        if take is None or self._closed:
            return None
        if player is None or not player.follows(take):
            return Preparation(take, min(self._size.side, DRAFT_SIDE), 0.0, None)
        if self._pace.hurried:
            return None
        side = self._size.side if self._clock.playing else self._size.best
        if self._pace.sparing and self._clock.playing and player.side >= SPARING_SIDE:
            side = player.side
        if player.side == side and player.parts.settled(take):
            return None
        return Preparation(take, side, _SETTLED - (self._now() - self._touched), player.parts)

    def _bring_in(self, parts: PreviewParts) -> None:
        """Play parts from now on, under the newest wish, unless the masks are others by now."""
        while True:
            with self._changed:
                former, take, number, seconds = self._player, self._take, self._number, self._clock.seconds
            if take is None or not take.same_masks(parts.take):
                return
            parts = parts.turned(take)
            player = Player.begin(parts, number, self._turns.drawer, seconds, former)
            with self._changed:
                same = self._player is former and self._number == number
                if same and not self._closed:
                    self._take_over(player)
                if same or self._closed:
                    return

    def _adapt(self, player: Player, spent: float) -> None:
        """Choose the size by the time that pictures take while nothing else is prepared."""
        with self._changed:
            if self._preparing:
                self._size.forget()
            elif self._size.note(player.side, spent):
                self._settle()
