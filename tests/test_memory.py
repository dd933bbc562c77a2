"""Memory that was freed goes back to the system."""

from __future__ import annotations

import subprocess
import sys

import pytest

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
