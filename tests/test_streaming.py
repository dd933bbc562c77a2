"""The pipeline of frames: order, errors, bounds, early stops."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import closing

import pytest

from landscape.streaming import ahead


def test_items_come_in_order_from_another_thread() -> None:
    def work() -> Iterator[tuple[int, int]]:
        for index in range(20):
            yield index, threading.get_ident()

    items = list(ahead(work(), 3))
    assert [index for index, _ in items] == list(range(20))
    assert {thread for _, thread in items} != {threading.get_ident()}


def test_few_items_wait() -> None:
    made = []

    def work() -> Iterator[int]:
        for index in range(50):
            made.append(index)
            yield index

    with closing(ahead(work(), 2)) as items:
        assert next(items) == 0
        time.sleep(0.3)
        assert len(made) <= 5


def test_errors_reach_the_taker() -> None:
    def work() -> Iterator[int]:
        yield 1
        raise ValueError("broken")

    items = ahead(work(), 2)
    assert next(items) == 1
    with pytest.raises(ValueError, match="broken"):
        next(items)


def test_an_early_stop_ends_the_thread_and_closes_the_work() -> None:
    closed = threading.Event()

    def work() -> Iterator[int]:
        try:
            yield from range(1000)
        finally:
            closed.set()

    before = threading.active_count()
    with closing(ahead(work(), 1)) as items:
        next(items)
    assert closed.is_set()
    assert threading.active_count() == before
