"""Turns at the computer for those that would otherwise all be slow at once."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, suppress

SLICE = 1.5
"""Seconds of a turn while others wait: every change of turns costs the memory that the one before had at hand."""
_AFTER = 5
"""Steps of priority by which work in the background comes after the rest: a third of a core that others want is its."""
_LOOKED = 3.0
"""Seconds for which somebody who looked counts as looking on."""


def come_after() -> None:
    """Let this thread come after the others of the program where they want all cores (Linux)."""
    if sys.platform.startswith("linux"):
        thread = threading.get_native_id()
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, thread, os.getpriority(os.PRIO_PROCESS, thread) + _AFTER)


class Turns:
    """One works at a time; whoever never had a turn comes first, then whoever had one longest ago.

    Args:
        clock: Seconds of a monotonic clock.

    Attributes:
        drawer: Draws the frames of generators ahead of time.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._changed = threading.Condition()
        self._holder: Turn | None = None
        self._waiting: list[Turn] = []
        self._count = self._hurried = 0
        self._aside, self._picture = threading.Lock(), threading.Lock()
        self.drawer = ThreadPoolExecutor(2, "landscape-generator")
        self._looked: dict[int, float] = {}

    def turn(self) -> Turn:
        """A place for one that works now and then."""
        return Turn(self)

    @property
    def hurried(self) -> bool:
        """Whether somebody waits for work of :meth:`first`."""
        return self._hurried > 0

    @contextmanager
    def first(self) -> Iterator[None]:
        """Work that somebody waits for: what goes on in turns rests after its step, but for the first turns."""
        self._hurry(1)
        try:
            yield
        finally:
            self._hurry(-1)

    def aside(self) -> AbstractContextManager[object]:
        """Work that nobody waits for and that takes no turns, as it is short: one at a time."""
        return self._aside

    def picture(self) -> AbstractContextManager[object]:
        """A picture of a preview: one at a time, as many at once would come no sooner and hold up all else."""
        return self._picture

    def looking(self, who: int) -> int:
        """Note that somebody looks at pictures that are made now; returns how many look on."""
        now = self._clock()
        with self._changed:
            self._looked[who] = now
            self._looked = {one: seen for one, seen in self._looked.items() if now - seen < _LOOKED}
            return len(self._looked)

    def _hurry(self, more: int) -> None:
        with self._changed:
            self._hurried += more
            self._changed.notify_all()

    def _next(self) -> Turn | None:
        """Whose turn is next; callers hold the lock."""
        ready = [turn for turn in self._waiting if not (self._hurried and turn.served)]
        return min(ready, key=lambda turn: turn.served, default=None)


class Turn:
    """One's place among the :class:`Turns`; used by one thread alone.

    Attributes:
        served: Number of the last turn among all turns, 0 before the first.
    """

    def __init__(self, turns: Turns) -> None:
        self._turns = turns
        self._began = 0.0
        self.served = 0

    def take(self, ended: Callable[[], bool]) -> None:
        """Wait for the turn unless it is held.

        Args:
            ended: Looked at several times a second; where it says so, the wait is over without a turn.
        """
        turns = self._turns
        with turns._changed:
            if turns._holder is self:
                return
            turns._waiting.append(self)
            while not ended() and (turns._holder is not None or turns._next() is not self):
                turns._changed.wait(0.1)
            turns._waiting.remove(self)
            if turns._holder is None:
                turns._holder, self._began = self, turns._clock()
                turns._count += 1
                self.served = turns._count
            turns._changed.notify_all()

    def leave(self) -> None:
        """Give the turn back; nothing happens where it is not held."""
        turns = self._turns
        with turns._changed:
            if turns._holder is self:
                turns._holder = None
                turns._changed.notify_all()

    @property
    def over(self) -> bool:
        """Whether others are to go on now: in a hurry, for their first turn, or as this one has lasted long enough."""
        turns = self._turns
        with turns._changed:
            long = turns._clock() - self._began >= SLICE
            return turns.hurried or any(long or not turn.served for turn in turns._waiting)
