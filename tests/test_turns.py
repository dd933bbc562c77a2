"""Fits of several visitors take turns, and nobody waits for the first picture."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable

import numpy as np
import pytest

from landscape.scene.background_fit import BackgroundFit
from landscape.scene.turns import SLICE, Turns
from landscape.settings import FitSettings


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def never() -> bool:
    return False


def until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not true():
        assert time.monotonic() < end
        time.sleep(0.001)


def in_line(turns: Turns, count: int) -> None:
    until(lambda: len(turns._waiting) >= count)


def test_a_turn_lasts_while_nobody_waits_and_then_for_its_time() -> None:
    clock = Clock()
    turns = Turns(clock)
    one, other = turns.turn(), turns.turn()
    one.take(never)
    clock.now = 100.0
    assert not one.over, "nobody waits"
    one.take(never)  # held already
    other.served = 1
    waiting = threading.Thread(target=other.take, args=(never,))
    clock.now = 0.5 * SLICE
    waiting.start()
    in_line(turns, 1)
    assert not one.over
    clock.now = SLICE
    assert one.over
    one.leave()
    waiting.join(10)
    assert other.served == 2 and turns._holder is other
    one.leave()
    assert turns._holder is other, "only its holder gives a turn back"


def test_newcomers_come_first_then_whoever_waits_longest() -> None:
    turns = Turns(Clock())
    holder, order = turns.turn(), []
    holder.take(never)

    def work(name: str, served: int) -> None:
        turn = turns.turn()
        turn.served = served
        turn.take(never)
        order.append(name)
        turn.leave()

    threads = []
    for count, (name, served) in enumerate([("late", -1), ("old", -3), ("older", -4)], 1):
        threads.append(threading.Thread(target=work, args=(name, served + 100)))
        threads[-1].start()
        in_line(turns, count)
    assert not holder.over
    threads.append(threading.Thread(target=work, args=("new", 0)))
    threads[-1].start()
    in_line(turns, 4)
    assert holder.over, "a first turn is waited for by nobody"
    holder.leave()
    for thread in threads:
        thread.join(10)
    assert order == ["new", "older", "old", "late"]


def test_whoever_gives_up_holds_nobody_up() -> None:
    turns = Turns()
    holder, other = turns.turn(), turns.turn()
    holder.take(never)
    other.take(lambda: True)
    assert turns._holder is holder and not turns._waiting
    with_time = threading.Timer(0.05, holder.leave)
    with_time.start()
    other.take(never)
    assert turns._holder is other and other.served == 2


def test_work_that_somebody_waits_for_lets_first_turns_alone_go_on() -> None:
    turns = Turns(Clock())
    holder, order = turns.turn(), []
    holder.take(never)
    with turns.first(), turns.first():
        assert turns.hurried and holder.over, "it begins at once, the holder rests after its step"
        old = threading.Thread(target=lambda: (holder.take(never), order.append("old")))
        holder.leave()
        old.start()
        in_line(turns, 1)
        new = turns.turn()
        new.take(never)
        order.append("new")
        assert new.over
        new.leave()
        again = threading.Thread(target=lambda: (new.take(never), order.append("again"), new.leave()))
        again.start()
        in_line(turns, 2)
        time.sleep(0.3)
        assert order == ["new"]
    assert not turns.hurried
    old.join(10)
    holder.leave()
    again.join(10)
    assert order == ["new", "old", "again"]


def test_who_looks_on_is_counted_for_seconds() -> None:
    clock = Clock()
    turns = Turns(clock)
    assert [turns.looking(who) for who in (1, 2, 2, 3)] == [1, 2, 2, 3]
    clock.now = 2.0
    assert turns.looking(1) == 3
    clock.now = 4.0
    assert turns.looking(2) == 2


def test_a_first_scene_is_waited_for(photo, masks, small_models, monkeypatch) -> None:
    turns, hurried = Turns(), []
    publish = BackgroundFit._publish
    monkeypatch.setattr(
        BackgroundFit, "_publish", lambda fit, scene: hurried.append(turns.hurried) or publish(fit, scene)
    )
    fit = BackgroundFit(photo, masks, small_models, FitSettings(latent_steps=6, tune_steps=6), turns).start()
    assert fit.wait(60) and hurried[0] and not any(hurried[1:]) and not turns.hurried
    monkeypatch.setattr(BackgroundFit, "_publish", lambda *_: 1 / 0)
    fit = BackgroundFit(photo, masks, small_models, FitSettings("E"), turns).start()
    assert fit.wait(60) and fit.error is not None and not turns.hurried


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="priorities of threads")
def test_a_fit_comes_after_the_rest_once_its_first_scene_is_there(photo, masks, small_models, monkeypatch) -> None:
    priorities = []
    publish = BackgroundFit._publish

    def note(fit: BackgroundFit, scene: object) -> None:
        priorities.append(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))
        publish(fit, scene)

    monkeypatch.setattr(BackgroundFit, "_publish", note)
    fit = BackgroundFit(photo, masks, small_models, FitSettings(latent_steps=6, tune_steps=6)).start()
    assert fit.wait(60) and len(priorities) > 1
    own = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
    assert priorities[0] == own and set(priorities[1:]) == {min(own + 5, 19)}


def test_fits_work_one_at_a_time_and_end_as_they_do_alone(photo, masks, small_models, monkeypatch) -> None:
    monkeypatch.setattr("landscape.scene.turns.SLICE", 0.02)
    settings, turns = FitSettings(latent_steps=6, tune_steps=6), Turns()
    working, most, firsts = set(), [], []
    begin = threading.Barrier(3)

    class Watched(BackgroundFit):
        def _look_at(self, state) -> None:
            working.add(self)
            most.append(len(working))
            if self.version == 0:
                firsts.append(len(most))
            super()._look_at(state)
            time.sleep(0.005)
            working.discard(self)

        def _work(self) -> None:
            begin.wait(10)
            super()._work()

    alone = BackgroundFit(photo, masks, small_models, settings).start()
    assert alone.wait(60)
    fits = [Watched(photo, masks, small_models, settings, turns).start() for _ in range(3)]
    assert all(fit.wait(60) and fit.error is None for fit in fits)
    assert max(most) == 1
    assert firsts[-1] <= 8, "all have their first scene before any has gone far"
    assert turns._holder is None
    for fit in fits:
        assert np.allclose(fit.scene.inversion.w.numpy(), alone.scene.inversion.w.numpy(), atol=1e-4)


def test_a_fit_that_is_paused_or_cancelled_lets_others_work(photo, masks, small_models) -> None:
    turns = Turns()
    settings = FitSettings(latent_steps=40, tune_steps=40)
    paused = BackgroundFit(photo, masks, small_models, settings, turns).start()
    until(lambda: paused.latest()[1] is not None)
    paused.pause()
    other = BackgroundFit(photo, masks, small_models, FitSettings(latent_steps=2, tune_steps=2), turns).start()
    assert other.wait(60) and not paused.done
    paused.cancel()
    assert paused.wait(60) and turns._holder is None
