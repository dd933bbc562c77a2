"""The generator's frames ahead of time, so that compositing never waits for them."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Executor, Future

import torch
from torch import Tensor

_REACH = 1.5
"""How far ahead frames are drawn, in times of what drawing one takes."""
_AHEAD = (1 / 30, 0.5)
"""Least and most seconds ahead."""


class GeneratorTrack:
    """Frames of the generator at any time from those that it managed to draw.

    One frame at a time is drawn ahead by an executor; in between they are blended. Clouds move by a fraction of one of
    the generator's pixels from one drawn frame to the next, so that the blend is as good as a drawn frame.

    Args:
        draw: Draws the frame at a time, (3, R, R).
        executor: Draws in another thread.
        cost: Seconds that drawing a frame is expected to take.
    """

    def __init__(self, draw: Callable[[float], Tensor], executor: Executor, cost: float = 0.03) -> None:
        self._draw = draw
        self._executor = executor
        self._drawn: list[tuple[float, Tensor]] = []
        self._coming: Future[tuple[float, Tensor]] | None = None
        self._closed = False
        self.cost = cost
        """Seconds that drawing a frame takes."""

    def at(self, seconds: float) -> Tensor:
        """The frame at a time, (3, R, R).

        Fast where the time follows on the last one asked for; after a jump one frame is drawn now.
        """
        self._collect()
        ahead = min(max(_REACH * self.cost, _AHEAD[0]), _AHEAD[1])
        if not self._drawn or not self._drawn[0][0] <= seconds <= self._drawn[-1][0] + 2 * ahead:
            self._drawn = [self._timed(seconds)]
        while len(self._drawn) > 1 and self._drawn[1][0] <= seconds:
            self._drawn.pop(0)
        if self._coming is None and not self._closed and self._drawn[-1][0] <= seconds + ahead / 2:
            self._coming = self._executor.submit(self._timed, seconds + ahead)
        first, last = self._drawn[0], self._drawn[min(1, len(self._drawn) - 1)]
        if first is last or seconds <= first[0]:
            return first[1]
        return torch.lerp(first[1], last[1], min(1.0, (seconds - first[0]) / (last[0] - first[0])))

    def close(self) -> None:
        """Draw nothing more ahead."""
        self._closed = True

    def _collect(self) -> None:
        if self._coming is not None and self._coming.done():
            if not self._coming.cancelled():
                time_drawn, frame = self._coming.result()
                if self._drawn and time_drawn > self._drawn[-1][0]:
                    self._drawn.append((time_drawn, frame))
            self._coming = None

    def _timed(self, seconds: float) -> tuple[float, Tensor]:
        began = time.perf_counter()
        frame = self._draw(seconds)
        self.cost += 0.3 * (time.perf_counter() - began - self.cost)
        return seconds, frame
