"""Memory that visitors leave goes back to the system, where its allocator would keep it (glibc)."""

from __future__ import annotations

import ctypes
import functools
import gc
import sys
import threading

_ARENA_MAX = -8
"""glibc's number for the parameter that ``MALLOC_ARENA_MAX`` sets."""
_ARENAS = 2
"""Every thread would begin a heap of its own, up to eight per core, and each keeps what its largest photo took."""
_AFTER = 5.0
"""Seconds after which nothing holds on to a photo any more that was put away."""


@functools.cache
def _allocator() -> ctypes.CDLL | None:
    """The C library, where it is one that knows both functions."""
    if not sys.platform.startswith("linux"):
        return None
    library = ctypes.CDLL(None)
    return library if hasattr(library, "mallopt") and hasattr(library, "malloc_trim") else None


def share_heaps() -> bool:
    """Let all threads share a few heaps; call it before there are many. Returns whether that is possible here."""
    library = _allocator()
    return library is not None and library.mallopt(_ARENA_MAX, _ARENAS) == 1


def give_back(cycles: bool = True) -> None:
    """Give free memory back to the system.

    Args:
        cycles: Whether to look for what refers to itself first, which stops all else for a moment.
    """
    if cycles:
        gc.collect()
    library = _allocator()
    if library is not None:
        library.malloc_trim(0)


_lock = threading.Lock()
_timer: threading.Timer | None = None
_again = _cycles = False


def give_back_soon(cycles: bool = True) -> None:
    """Give free memory back when a photo that was just put away is gone.

    Photos put away meanwhile count as one; where visitors come one after the other, it is given back in between.

    Args:
        cycles: As for :func:`give_back`; False where nothing was put away, but much was needed for a moment.
    """
    global _again, _cycles
    with _lock:
        _cycles |= cycles
        _again = _timer is not None
        if not _again:
            _begin()


def _begin() -> None:
    """Wait; callers hold the lock."""
    global _timer
    _timer = threading.Timer(_AFTER, _in_time)
    _timer.name, _timer.daemon = "landscape-memory", True
    _timer.start()


def _in_time() -> None:
    global _timer, _again, _cycles
    with _lock:
        cycles, _cycles = _cycles, False
    give_back(cycles)
    with _lock:
        _timer = None
        if _again:
            _again = False
            _begin()
