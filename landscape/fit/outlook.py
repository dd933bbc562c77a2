"""How far a fit is and how long it takes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from landscape.fit.numbers import FIT_NUMBERS, VARIANTS
from landscape.fit.stages import LATENT_STAGE, TUNE_STAGE
from landscape.settings import FitSettings

MEMORY = 0.9
"""Share of the earlier steps in the mean duration of a step."""


@dataclass(frozen=True)
class Outlook:
    """How far a fit is.

    Attributes:
        stage: What is being done, for people.
        done: Steps done of all stages.
        total: Most steps of all stages.
        seconds_left: Longest time that the rest takes, None before anything is known; a fit that is good enough ends
            earlier.
    """

    stage: str
    done: int
    total: int
    seconds_left: float | None


def planned_steps(settings: FitSettings, squares: int = 1) -> dict[str, int]:
    """Most steps of each stage of a fit of so many squares."""
    variant, numbers = VARIANTS[settings.variant], FIT_NUMBERS[settings.numbers]
    plan = {}
    if variant.optimise_w or variant.optimise_maps:
        steps = settings.latent_steps
        plan[LATENT_STAGE] = numbers.latents_of(settings.variant).steps if steps is None else steps
    if variant.tune:
        plan[TUNE_STAGE] = numbers.tuning.steps if settings.tune_steps is None else settings.tune_steps
    return {stage: steps * squares for stage, steps in plan.items()}


class WorkClock:
    """Seconds of work, without the time spent resting, and the mean duration of the latest steps.

    Attributes:
        seconds_per_step: The mean, 0 before two steps are done.
    """

    def __init__(self) -> None:
        self.seconds_per_step = 0.0
        self.restart()

    def restart(self) -> None:
        """Begin at zero."""
        self._started = time.monotonic()
        self._rested = 0.0
        self._last: float | None = None
        self._stage = ""

    def seconds(self) -> float:
        """Seconds of work so far."""
        return time.monotonic() - self._started - self._rested

    def step(self, stage: str) -> None:
        """Note that a step of a stage is done."""
        now = self.seconds()
        if self._last is not None:
            kept = MEMORY if stage == self._stage else 0.0
            self.seconds_per_step = kept * self.seconds_per_step + (1 - kept) * (now - self._last)
        self._last, self._stage = now, stage

    @contextmanager
    def resting(self) -> Iterator[None]:
        """Do not count what happens within."""
        began = time.monotonic()
        try:
            yield
        finally:
            self._rested += time.monotonic() - began
