"""A bounded pipeline: stages of work on frames that run at the same time."""

from __future__ import annotations

import queue
import threading
from collections.abc import Generator, Iterator
from typing import TypeVar

Item = TypeVar("Item")

_WAIT = 0.1
"""Seconds after which a full stage looks whether anybody still wants its items."""


class _End:
    """The last thing in a queue, with what went wrong."""

    def __init__(self, error: BaseException | None) -> None:
        self.error = error


def ahead(items: Iterator[Item], count: int) -> Generator[Item, None, None]:
    """Work on an iterator in a thread of its own, a few items ahead of whoever takes them.

    The work's exceptions are raised where the items are taken. When the taker stops early, the thread ends and the
    iterator is closed.

    Args:
        items: The work; it is used in the thread alone.
        count: Most finished items that wait, at least 1; it bounds the memory.

    Yields:
        The items in their order.
    """
    waiting: queue.Queue[Item | _End] = queue.Queue(count)
    stopped = threading.Event()

    def put(item: Item | _End) -> bool:
        while not stopped.is_set():
            try:
                waiting.put(item, timeout=_WAIT)
                return True
            except queue.Full:
                continue
        return False

    def work() -> None:
        error: BaseException | None = None
        try:
            for item in items:
                if not put(item):
                    break
        except BaseException as raised:  # noqa: BLE001 - it is raised again by the taker
            error = raised
        finally:
            close = getattr(items, "close", None)
            if close is not None:
                close()
        put(_End(error))

    worker = threading.Thread(target=work, daemon=True, name="frames ahead")
    worker.start()
    try:
        while not isinstance(item := waiting.get(), _End):
            yield item
        if item.error is not None:
            raise item.error
    finally:
        stopped.set()
        worker.join()
