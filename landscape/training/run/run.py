"""The loop that every training shares: resuming, saving, the journal, progress and cancelling."""

from __future__ import annotations

import json
import math
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from landscape.errors import Cancelled
from landscape.progress import Progress, ignore_progress
from landscape.training.run.checkpoint import (
    Means,
    drop_later_lines,
    load_optimiser,
    load_state,
    require_new_run,
    save_state,
)

Part = nn.Module | torch.optim.Optimizer
DIGITS = 5
"""Digits of the figures in a journal."""


@dataclass(frozen=True)
class Rhythm:
    """How often a run writes.

    Attributes:
        log_every: Steps between two lines of the journal.
        save_every: Steps between two states on disk, or None.
        save_seconds: Seconds between two states on disk, or None.
    """

    log_every: int = 10
    save_every: int | None = None
    save_seconds: float | None = None


class Run:
    """One training: its parts on disk and the steps that are left.

    A run that was killed and resumed repeats the steps after its last state with the same numbers, as every step draws
    from a seed of its own.

    Attributes:
        facts: What the state holds besides its parts; a resumed run has those that it was begun with.
        first: Number of the first step that is left, from 0 on.
        seconds: Time spent on the run so far, with that before it was resumed.
        over: Set it to end the run after the present step, as if it were the last one.
    """

    def __init__(
        self,
        stage: str,
        state: Path,
        journal: Path,
        parts: Mapping[str, Part],
        steps: int,
        rhythm: Rhythm,
        *,
        resume: bool,
        facts: dict[str, Any] | None = None,
        check: Callable[[dict[str, Any]], None] | None = None,
        measure: Callable[[], dict[str, float]] | None = None,
        progress: Progress = ignore_progress,
        cancel: threading.Event | None = None,
    ) -> None:
        """Begin a run or go on with one.

        Args:
            stage: Name for the progress.
            state: File of its state, in a folder that is made if it is missing.
            journal: File of its figures, one JSON object a line.
            parts: Networks and optimisers that are saved, by their names in the state.
            steps: Steps in all.
            rhythm: How often it writes.
            resume: Go on from the state.
            facts: What else the state holds.
            check: Looks at a state before it is taken over; raises LandscapeError if it is another training's.
            measure: Figures for the journal whenever the state is saved.
            progress: Called after every step.
            cancel: Ends the run at the next step; its state is kept.

        Raises:
            LandscapeError: If there is no state to resume, or another run in the folder.
        """
        require_new_run(state, resume)
        state.parent.mkdir(parents=True, exist_ok=True)
        self._stage, self._state, self._journal = stage, state, journal
        self._parts, self._steps, self._rhythm = parts, steps, rhythm
        self._measure, self._progress, self._cancel = measure, progress, cancel
        self._means = Means()
        self._last: dict[str, float] = {}
        self.facts = dict(facts or {})
        self.over = False
        self.first, spent = 0, 0.0
        if resume:
            saved = load_state(state)
            if check is not None:
                check(saved)
            for name, part in parts.items():
                if isinstance(part, nn.Module):
                    part.load_state_dict(saved[name])
                else:
                    load_optimiser(part, saved[name])
            self.first, spent = int(saved["step"]), float(saved.get("seconds", 0.0))
            self.facts |= {name: saved[name] for name in self.facts if name in saved}
            drop_later_lines(journal, self.first)
        self._began = time.monotonic() - spent

    @property
    def seconds(self) -> float:
        """Time spent on the run so far, in seconds."""
        return time.monotonic() - self._began

    def note(self, **figures: float) -> None:
        """Take note of figures of a step; the journal gets their means."""
        self._means.add(figures)

    def tell(self, **figures: float) -> None:
        """Take note of figures whose last value alone the journal gets."""
        self._last |= figures

    def steps(self) -> Iterator[int]:
        """The numbers of the steps that are left, from 0 on; after each, what is due is written.

        Raises:
            Cancelled: If the run was cancelled; the state was written before.
        """
        saved = time.monotonic()
        for step in range(self.first, self._steps):
            if self._cancelled:
                self._save(step)
                raise Cancelled
            yield step
            done = step + 1
            self._progress(self._stage, done, self._steps)
            stopped = self._cancelled  # asked once, so that what is written and what is raised agree
            last = done == self._steps or self.over or stopped
            due = last or self._due(done, time.monotonic() - saved)
            if due:
                measured = {} if self._measure is None else self._measure()
                self._save(done)
                saved = time.monotonic()
            if due or done % self._rhythm.log_every == 0:
                self._write(done, measured if due else {})
            if stopped and done < self._steps:
                raise Cancelled
            if self.over:
                return

    @property
    def _cancelled(self) -> bool:
        return self._cancel is not None and self._cancel.is_set()

    def _due(self, done: int, seconds: float) -> bool:
        often, seldom = self._rhythm.save_every, self._rhythm.save_seconds
        return (often is not None and done % often == 0) or (seldom is not None and seconds > seldom)

    def _save(self, done: int) -> None:
        parts = {name: part.state_dict() for name, part in self._parts.items()}
        save_state(self._state, parts | self.facts | {"step": done, "seconds": self.seconds})

    def _write(self, done: int, measured: dict[str, float]) -> None:
        figures = self._means.take() | self._last | measured
        line = {"step": done} | {name: round(value, DIGITS) for name, value in figures.items()}
        with self._journal.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line | {"seconds": round(self.seconds, 1), "time": round(time.time(), 1)}) + "\n")


def cosine(share: float) -> float:
    """A factor on a rate that falls from 1 at a share of 0 to 0 at a share of 1 along a cosine."""
    return 0.5 + 0.5 * math.cos(math.pi * min(1.0, share))


def set_rate(optimiser: torch.optim.Optimizer, rate: float) -> None:
    """Give every group of an optimiser this rate times its own ``factor``, 1 where it has none."""
    for group in optimiser.param_groups:
        group["lr"] = rate * group.get("factor", 1.0)


def descend(optimiser: torch.optim.Optimizer, loss: torch.Tensor, clip: nn.Module | None = None) -> None:
    """One step of an optimiser down a loss.

    Args:
        optimiser: Its parameters get new gradients.
        loss: A scalar.
        clip: A network whose gradients are cut to a norm of 1 before the step.
    """
    optimiser.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call]
    if clip is not None:
        nn.utils.clip_grad_norm_(clip.parameters(), 1.0)
    optimiser.step()
