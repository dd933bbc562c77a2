"""The computer's compute slot and the fair queue before it.

Jobs belong to visitors, not to pages: a page that goes away and comes back finds its jobs where they are.
"""

from __future__ import annotations

import logging
import secrets
import threading
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from typing import Any, Literal

from landscape.errors import Cancelled
from landscape.progress import Progress
from landscape.ui.visitors.jobs import INTERVAL, Meter, Status

logger = logging.getLogger(__name__)

State = Literal["waiting", "running", "done", "failed", "stopped"]
Work = Callable[[Progress, "Job"], Any]
"""What a job does, called as ``work(progress, job)``; it stops when the job's ``cancel`` is set."""


@dataclass(eq=False)
class Job:
    """Something that a visitor waits for.

    Attributes:
        owner: The visitor.
        work: What is done; forgotten when it is done.
        title: For people.
        urgent: Goes before the same visitor's other jobs.
        cancel: Set to stop it; use :meth:`Slot.stop`.
        finish: Set to end it early and keep what there is.
        identifier: Name that cannot be guessed.
        state: How far it is.
        result: What ``work`` returned.
        error: What ``work`` raised.
        ended: Set when it is over, whatever the end was.
        facts: What the page shows beside it.
    """

    owner: str
    work: Work | None
    title: str
    urgent: bool = False
    cancel: threading.Event = field(default_factory=threading.Event)
    finish: threading.Event = field(default_factory=threading.Event)
    identifier: str = field(default_factory=lambda: secrets.token_urlsafe(12))
    state: State = "waiting"
    result: Any = None
    error: BaseException | None = None
    ended: threading.Event = field(default_factory=threading.Event)
    meter: Meter = field(default_factory=Meter)
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def active(self) -> bool:
        """Whether it waits or runs."""
        return not self.ended.is_set()


class Slot:
    """Runs one job at a time, or a few; visitors take turns.

    The next job is the one of the visitor who was served longest ago. The threads end when nothing waits.

    Args:
        places: Most jobs that run at a time.
    """

    def __init__(self, places: int = 1) -> None:
        self._places = places
        self._lock = threading.Lock()
        self._waiting: list[Job] = []
        self._running: list[Job] = []
        self._threads = 0
        self._turn = 0
        self._served: dict[str, int] = {}

    def submit(self, job: Job) -> Job:
        """Put a job into the queue."""
        with self._lock:
            self._waiting.append(job)
            if self._threads < self._places:
                self._threads += 1
                threading.Thread(target=self._work, name="landscape-slot", daemon=True).start()
        return job

    def stop(self, job: Job) -> None:
        """Stop a job: at once while it waits, at its next step while it runs."""
        job.cancel.set()
        with self._lock:
            if job in self._waiting:
                self._waiting.remove(job)
                self._end(job, "stopped")

    def drop(self, owner: str) -> None:
        """Stop all jobs of a visitor who is gone."""
        with self._lock:
            jobs = [job for job in (*self._waiting, *self._running) if job.owner == owner]
            self._served.pop(owner, None)
        for job in jobs:
            self.stop(job)

    def busy(self, owner: str) -> bool:
        """Whether a job of a visitor waits or runs."""
        with self._lock:
            return any(job.owner == owner for job in (*self._waiting, *self._running))

    def positions(self) -> dict[str, int]:
        """How many jobs come before each waiting job, by the job's identifier."""
        with self._lock:
            waiting, served, turn = list(self._waiting), dict(self._served), self._turn
            before = 1 if len(self._running) >= self._places else 0
        order: dict[str, int] = {}
        while waiting:
            job = _next(waiting, served)
            waiting.remove(job)
            turn += 1
            served[job.owner] = turn
            order[job.identifier] = before
            before += 1
        return order

    def follow(self, job: Job) -> Generator[Status, None, Any]:
        """Report on a job until it is over; closing the generator leaves the job alone.

        Yields:
            The status, several times a second.

        Returns:
            What the job's work returned.

        Raises:
            Cancelled: If the job was stopped.
            BaseException: What the job's work raised.
        """
        while job.active:
            if job.cancel.is_set():
                self.stop(job)
            yield self.status(job)
            job.ended.wait(INTERVAL)
        if job.error is not None:
            raise job.error
        return job.result

    def status(self, job: Job) -> Status:
        """How far a job is."""
        if job.state == "waiting":
            before = self.positions().get(job.identifier, 0)
            return Status("Next in line" if before <= 1 else f"Waiting: {before} before you")
        return job.meter.status(job.title)

    def _work(self) -> None:
        while True:
            with self._lock:
                if not self._waiting:
                    self._threads -= 1
                    return
                job = _next(self._waiting, self._served)
                self._waiting.remove(job)
                self._turn += 1
                self._served[job.owner] = self._turn
                self._running.append(job)
                job.state = "running"
            state: State = "done"
            try:
                assert job.work is not None
                if job.cancel.is_set():
                    raise Cancelled
                job.meter = Meter(time.monotonic)
                job.result = job.work(job.meter, job)
            except BaseException as error:
                job.error = error
                # What was stopped may have failed on its way to the end: its folder is gone, its encoder hears of it.
                state = "stopped" if isinstance(error, Cancelled) or job.cancel.is_set() else "failed"
            with self._lock:
                self._running.remove(job)
                self._end(job, state)

    def _end(self, job: Job, state: State) -> None:
        job.state, job.work = state, None
        if state == "stopped" and job.error is None:
            job.error = Cancelled()
        if job.error is not None:
            job.error.__traceback__ = None  # frames of the work would be kept with the job, and scenes with them
        job.ended.set()


def _next(waiting: list[Job], served: dict[str, int]) -> Job:
    """The job whose turn it is; of one visitor's jobs the urgent, then the first."""
    owners = {job.owner for job in waiting}
    owner = min(owners, key=lambda name: (served.get(name, 0), min(_order(waiting, name))))
    own = [job for job in waiting if job.owner == owner]
    return next((job for job in own if job.urgent), own[0])


def _order(waiting: list[Job], owner: str) -> list[int]:
    return [index for index, job in enumerate(waiting) if job.owner == owner]
