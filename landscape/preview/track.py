"""The generator's frames ahead of time, so that compositing never waits for them."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Executor, Future

import torch
from torch import Tensor

from landscape.preview.clock import Pace

SPARING = 2.5
"""How much more rarely frames are drawn while others need the computer."""
_MANY = 4
"""Previews from which on frames are drawn more rarely the more are looked at."""
_REACH = 1.5
"""How long before it is needed a frame is begun, in times of what drawing one takes."""
_MOST_AHEAD = 0.5
"""Most seconds ahead."""
_STALE = 2.0
"""Seconds for which a frame is shown while others need the computer, as long as the next one is not drawn."""


class GeneratorTrack:
    """Frames of the generator at any time from those that it managed to draw.

    One frame at a time is drawn ahead by an executor; in between they are blended.

    Args:
        draw: Draws the frame at a time, (3, R, R).
        executor: Draws in another thread.
        spacing: Seconds of the clip between two drawn frames.
        cost: Seconds that drawing a frame is expected to take.

    Attributes:
        cost: Seconds that drawing a frame takes.
        pace: How much of the computer may be taken: frames are drawn rarely, or not at all unless they are old.
    """

    def __init__(self, draw: Callable[[float], Tensor], executor: Executor, spacing: float, cost: float = 0.03) -> None:
        self._draw = draw
        self._executor = executor
        self._spacing = spacing
        self._drawn: list[tuple[float, Tensor]] = []
        self._coming: Future[tuple[float, Tensor]] | None = None
        self._closed = False
        self.cost = cost
        self.pace = Pace()

    def prepare(self, seconds: float) -> None:
        """Draw the first frame; call it before anybody asks for frames."""
        self._drawn = [self._timed(seconds)]

    def continue_from(self, other: GeneratorTrack) -> None:
        """Begin with the newest frame of another track, which differs little, and with the one it is drawing.

        Changes that follow each other faster than frames are drawn still get newer frames in this way.
        """
        self._drawn, self._coming = other._drawn[-1:], other._coming

    def at(self, seconds: float, exact: bool = False) -> Tensor:
        """The frame at a time, (3, R, R).

        Fast where the time follows on the last one asked for; after a jump one frame is drawn now.

        Args:
            seconds: The time.
            exact: Draw the very frame where there is none before and after it.
        """
        self._collect()
        ahead = min(_REACH * self.cost, _MOST_AHEAD)
        rarely = 1.0 if self.pace.full else SPARING * max(1.0, self.pace.previews / _MANY)
        spacing = max(self._spacing * rarely, ahead)
        near = 0.0 if exact else ahead + spacing if self.pace.full else max(ahead + spacing, _STALE)
        if not self._drawn or not self._drawn[0][0] - near <= seconds <= self._drawn[-1][0] + near:
            self._drawn = [self._timed(seconds)]
        while len(self._drawn) > 1 and self._drawn[1][0] <= seconds:
            self._drawn.pop(0)
        newest = self._drawn[-1][0]
        due = newest <= seconds + ahead and not (exact or self.pace.hurried)
        if self._coming is None and not self._closed and due:
            self._coming = self._executor.submit(self._timed, max(newest + spacing, seconds + ahead))
        first, last = self._drawn[0], self._drawn[min(1, len(self._drawn) - 1)]
        if first is last or seconds <= first[0]:
            return first[1]
        return torch.lerp(first[1], last[1], min(1.0, (seconds - first[0]) / (last[0] - first[0])))

    def close(self) -> None:
        """Draw nothing more ahead."""
        self._closed = True

    def _collect(self) -> None:
        if self._coming is not None and self._coming.done():
            coming, self._coming = self._coming, None  # a frame that could not be drawn fails once, not for ever
            if not coming.cancelled():
                time_drawn, frame = coming.result()
                if self._drawn and time_drawn > self._drawn[-1][0]:
                    self._drawn.append((time_drawn, frame))

    def _timed(self, seconds: float) -> tuple[float, Tensor]:
        began = time.perf_counter()
        frame = self._draw(seconds)
        self.cost += 0.3 * (time.perf_counter() - began - self.cost)
        return seconds, frame
