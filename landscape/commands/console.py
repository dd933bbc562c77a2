"""Progress bars with time left, on standard error."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.progress import Progress as Bars

from landscape.progress import Progress

console = Console(stderr=True)


@contextmanager
def progress_bars() -> Iterator[Progress]:
    """Give a progress callback that draws one bar per stage with the time left."""
    columns = (
        TextColumn("{task.description}"),
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
    """Give an event that Ctrl+C or a termination request sets, so that work ends cleanly between two steps."""
    event = threading.Event()

    def stop(signum: int, frame: Any) -> None:
        event.set()

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield event
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
