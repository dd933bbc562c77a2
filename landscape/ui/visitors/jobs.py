"""How far a long operation is."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

INTERVAL = 0.2
"""Seconds between two reports."""


@dataclass(frozen=True)
class Status:
    """How far an operation is.

    Attributes:
        stage: What is being done.
        fraction: Part of the stage that is done, 0 to 1, or None when unknown.
        left: Seconds left in this stage, or None when unknown.
    """

    stage: str
    fraction: float | None = None
    left: float | None = None


class Meter:
    """Turns progress calls into a status with the time left; one thread writes, another reads."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._stage = ""
        self._began = clock()
        self._first = 0
        self._done = 0
        self._total = 0

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Note that ``done`` of ``total`` steps of a stage are done."""
        if stage != self._stage:
            self._stage, self._began, self._first = stage, self._clock(), done
        self._done, self._total = done, total

    def status(self, waiting: str) -> Status:
        """The status; ``waiting`` names the stage before the first call."""
        if not self._total:
            return Status(self._stage or waiting)
        steps = self._done - self._first
        elapsed = self._clock() - self._began
        left = elapsed / steps * (self._total - self._done) if steps > 0 and elapsed > 1 else None
        return Status(self._stage, min(1.0, self._done / self._total), left)
