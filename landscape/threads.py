"""How many cores torch uses in a thread."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def one_core() -> Iterator[None]:
    """Let torch work on one core in this thread; other threads, which may fit another photo, keep theirs.

    Small networks gain nothing from a second core, and where that is busy, its threads wait for each other: a frame
    then takes many times as long.
    """
    before = torch.get_num_threads()
    if before == 1:
        yield
        return
    torch.set_num_threads(1)
    # The number is this thread's own, but also what new threads begin with: another thread sets that back.
    restoring = threading.Thread(target=torch.set_num_threads, args=(before,))
    restoring.start()
    restoring.join()
    try:
        yield
    finally:
        torch.set_num_threads(before)
