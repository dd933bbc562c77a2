"""Progress bars with time left, on standard error."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.progress import Progress as Bars

from landscape.progress import Progress
from landscape.stopping import SIGNALS, outlives, stop_at_once

console = Console(stderr=True, markup=False, emoji=False, highlight=False)
"""Names of files are shown as they are: brackets and colons in them mean nothing."""
PATIENCE = 2.0
"""Seconds after which a second Ctrl+C no longer waits for the end of a step; sooner it is the same wish, as programs
that start several processes hand it on as well."""
stopped_by: list[int] = []
"""The signals that asked for an end of the work."""


@contextmanager
def progress_bars() -> Iterator[Progress]:
    """Give a progress callback that draws one bar per stage with the time left."""
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    with Bars(*columns, console=console, refresh_per_second=4) as bars:
        tasks: dict[str, TaskID] = {}

        def report(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = bars.add_task(stage, total=total)
            elif done < bars.tasks[tasks[stage]].completed:  # the same stage of the next photo
                bars.reset(tasks[stage])
            bars.update(tasks[stage], completed=done, total=total)

        yield report


@contextmanager
def cancel_on_signals() -> Iterator[threading.Event]:
    """Give an event that Ctrl+C or a termination request sets, so that work ends cleanly between two steps.

    Whoever asks again after some patience ends the program at once, which leaves nothing half-written either.
    """
    event = threading.Event()
    asked: list[float] = []

    def stop(signum: int, frame: Any) -> None:
        if asked and time.monotonic() - asked[0] > PATIENCE:
            stop_at_once(signum)
        asked.append(time.monotonic())
        stopped_by.append(signum)
        event.set()

    before = {number: signal.signal(number, stop) for number in SIGNALS if not outlives(number)}
    try:
        yield event
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
