"""The compute slot: turns, positions, stopping, and pages that look away."""

from __future__ import annotations

import gc
import threading
import time
import weakref

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from landscape.errors import Cancelled, LandscapeError
from landscape.progress import Progress, check_cancelled
from landscape.ui.visitors.slot import Job, Slot


class Gate:
    """Work that waits until it is let go and notes the order."""

    def __init__(self) -> None:
        self.order: list[str] = []
        self.open = threading.Event()

    def job(self, owner: str, title: str, urgent: bool = False) -> Job:
        def work(progress: Progress, job: Job) -> str:
            assert self.open.wait(20)
            self.order.append(title)
            return title

        return Job(owner, work, title, urgent=urgent)


def wait(*jobs: Job) -> None:
    for job in jobs:
        assert job.ended.wait(20)


def test_visitors_take_turns_and_see_their_place() -> None:
    slot, gate = Slot(), Gate()
    first = slot.submit(gate.job("a", "a1"))
    while first.state == "waiting":
        time.sleep(0.01)
    names = ["a2", "a3", "b1", "b2", "c1"]
    jobs = [slot.submit(gate.job(name[0], name)) for name in names]
    urgent = slot.submit(gate.job("b", "b3", urgent=True))
    places = slot.positions()
    by_place = sorted([*jobs, urgent], key=lambda job: places[job.identifier])
    expected = ["b3", "c1", "a2", "b1", "a3", "b2"]
    assert [job.title for job in by_place] == expected
    assert [places[job.identifier] for job in by_place] == [1, 2, 3, 4, 5, 6]
    assert "3 before you" in slot.status(jobs[0]).stage and "Next" in slot.status(urgent).stage
    gate.open.set()
    wait(first, *jobs, urgent)
    assert gate.order == ["a1", *expected]


def test_a_few_jobs_run_at_a_time_and_the_next_sees_its_place() -> None:
    slot, gate = Slot(2), Gate()
    running = [slot.submit(gate.job(name, name)) for name in "ab"]
    while any(job.state == "waiting" for job in running):
        time.sleep(0.01)
    waiting = [slot.submit(gate.job(name, name)) for name in "cd"]
    assert [slot.positions()[job.identifier] for job in waiting] == [1, 2]
    assert slot.busy("a") and slot.busy("b") and slot.busy("c")
    assert [job.state for job in waiting] == ["waiting", "waiting"]
    slot.drop("b")
    gate.open.set()
    wait(*running, *waiting)
    assert running[1].cancel.is_set() and [job.state for job in waiting] == ["done", "done"]
    again = slot.submit(gate.job("a", "again"))
    wait(again)
    assert again.state == "done"


@settings(max_examples=30, deadline=None)
@given(st.lists(st.sampled_from("abcd"), min_size=1, max_size=12))
def test_nobody_waits_for_more_than_one_job_of_each_other(owners: list[str]) -> None:
    slot, gate = Slot(), Gate()
    blocker = slot.submit(gate.job("z", "z"))
    while blocker.state == "waiting":
        time.sleep(0.001)
    jobs = [slot.submit(gate.job(owner, str(index))) for index, owner in enumerate(owners)]
    places = slot.positions()
    for owner in set(owners):
        first = next(job for job in jobs if job.owner == owner)
        assert places[first.identifier] <= len(set(owners))
    gate.open.set()
    wait(*jobs)
    order = [int(name) for name in gate.order[1:]]
    assert [places[jobs[index].identifier] for index in order] == sorted(places.values())


def test_a_waiting_job_stops_at_once_and_a_running_one_at_its_next_step() -> None:
    slot, gate = Slot(), Gate()

    def endless(progress: Progress, job: Job) -> None:
        while True:
            check_cancelled(job.cancel)
            time.sleep(0.005)

    running = slot.submit(Job("a", endless, "running"))
    waiting = slot.submit(gate.job("b", "waiting"))
    slot.stop(waiting)
    assert waiting.state == "stopped" and gate.order == []
    assert slot.busy("a") and not slot.busy("b")
    slot.drop("a")
    wait(running)
    assert running.state == "stopped" and not slot.busy("a")
    with pytest.raises(Cancelled):
        list(slot.follow(running))


def test_following_reports_and_returns_and_looking_away_changes_nothing() -> None:
    slot, gate = Slot(), Gate()
    job = slot.submit(gate.job("a", "work"))
    away = slot.follow(job)
    next(away)
    away.close()
    assert job.active
    gate.open.set()
    following = slot.follow(job)
    with pytest.raises(StopIteration) as end:
        while True:
            next(following)
    assert end.value.value == "work"


def test_errors_reach_the_follower_and_the_next_job_runs() -> None:
    slot = Slot()

    def fail(progress: Progress, job: Job) -> None:
        raise LandscapeError("No.")

    broken = slot.submit(Job("a", fail, ""))
    fine = slot.submit(Job("a", lambda progress, job: 7, ""))
    wait(broken, fine)
    assert (broken.state, fine.state, fine.result) == ("failed", "done", 7)
    with pytest.raises(LandscapeError, match="No"):
        list(slot.follow(broken))


@pytest.mark.parametrize("fails", [False, True])
def test_a_finished_job_holds_nothing(fails: bool) -> None:
    class Large:
        pixels = np.zeros(10)

    large = Large()
    gone = weakref.ref(large)

    def work(progress: Progress, job: Job, large: Large = large) -> None:
        held = large
        if fails:
            raise RuntimeError(str(held)[:1])

    slot = Slot()
    job = slot.submit(Job("a", work, ""))
    del work, large
    wait(job)
    for _ in range(50):
        gc.collect()
        if gone() is None:
            return
        time.sleep(0.02)
    raise AssertionError("the work is still held")
