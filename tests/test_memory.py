"""Memory that was freed goes back to the system."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest

from landscape.ui import memory

_MEASURE = """
import threading, sys
from pathlib import Path
from landscape.ui.memory import give_back, share_heaps
if sys.argv[1] == "shared": assert share_heaps()
def resident():
    status = Path("/proc/self/status").read_text()
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS"))) / 1000
kept = []
def visit():
    # Small pieces, of which the last one of each visit stays: nothing above them could be given back by itself.
    pieces = [bytes(60_000) for _ in range(1500)]
    kept.append(pieces[-1])
before = resident()
for _ in range(6):
    threads = [threading.Thread(target=visit) for _ in range(4)]
    for thread in threads: thread.start()
    for thread in threads: thread.join()
grown = resident() - before
give_back()
print(grown, resident() - before)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc's allocator")
def test_what_visits_leave_is_given_back() -> None:
    run = subprocess.run(
        [sys.executable, "-c", _MEASURE, "shared"], capture_output=True, text=True, timeout=120, check=True
    )
    grown, left = map(float, run.stdout.split())
    assert grown > 40
    assert left < 0.4 * grown


def test_visitors_one_after_the_other_do_not_put_it_off(monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[float] = []
    with memory._lock:  # what other tests put away waits for seconds
        if memory._timer is not None:
            memory._timer.cancel()
        memory._timer, memory._again = None, False
    monkeypatch.setattr(memory, "_AFTER", 0.1)
    monkeypatch.setattr(memory, "give_back", lambda cycles: given.append(time.monotonic()))
    end = time.monotonic() + 0.6
    while time.monotonic() < end:
        memory.give_back_soon()
        time.sleep(0.01)
    assert len(given) >= 2
    last = time.monotonic()
    while given[-1] < last and time.monotonic() < last + 20:  # what was put away last is given back, too
        time.sleep(0.01)
    assert given[-1] >= last
