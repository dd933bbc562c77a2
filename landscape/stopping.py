"""Ending the program at once and cleanly: Ctrl+C, a request to terminate, a terminal that closes.

Only what Python holds already is imported here: the program takes its signals first of all, so that whoever stops it
while the libraries are still loaded is heard, too. Python's own way, an exception wherever the program happens to be,
would show as a traceback in imports, threads and C code.
"""

from __future__ import annotations

import _signal
import atexit
import itertools
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import NoReturn

SIGNALS: tuple[int, ...] = tuple(
    int(getattr(_signal, name)) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(_signal, name)
)
"""What ends the program."""
WORD = "Stopped."
"""What the program says when it was stopped."""
_SHOW_CURSOR = "\x1b[?25h\n"

_cleanups: dict[int, Callable[[], None]] = {}
_numbers = itertools.count()
_program = os.getpid()


def on_stop(cleanup: Callable[[], None]) -> int:
    """Register what must be done before the program ends at once; returns the number to :func:`forget` it by."""
    number = next(_numbers)
    _cleanups[number] = cleanup
    return number


def forget(number: int) -> None:
    """Take back what was registered; unknown numbers are ignored."""
    _cleanups.pop(number, None)


def stop_at_once(number: int, frame: object = None) -> NoReturn:
    """Handler of signals: clean up, say that the program was stopped, and end it with the status of the signal."""
    ignore_signals()
    if os.getpid() != _program:  # a copy of the process, which owns nothing of this
        os._exit(status(number))
    for cleanup in list(_cleanups.values()):
        try:
            cleanup()
        except Exception:  # the other ones count
            continue
    try:
        cursor = _SHOW_CURSOR if os.isatty(2) else ""
        os.write(2, f"{cursor}{WORD}\n".encode())
    finally:  # the terminal may be gone
        os._exit(status(number))


def take_signals() -> None:
    """Let :data:`SIGNALS` end the program at once; one that was started to outlive its terminal goes on doing so."""
    for number in SIGNALS:
        if not outlives(number):
            _signal.signal(number, stop_at_once)


def end(code: str | int | None) -> NoReturn:
    """End the program with the code of a ``SystemExit``, without Python's own slow end, which hears no signals."""
    atexit._run_exitfuncs()
    if isinstance(code, str):
        sys.stderr.write(f"{code}\n")
        code = 1
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):  # nobody listens
            code = code or 1
    ignore_signals()
    os._exit(code or 0)


def ignore_signals() -> None:
    """Let the program end undisturbed."""
    for number in SIGNALS:
        _signal.signal(number, _signal.SIG_IGN)


def outlives(number: int) -> bool:
    """Whether the program was started to go on when its terminal closes (``nohup``)."""
    return number == getattr(_signal, "SIGHUP", None) and _signal.getsignal(number) == _signal.SIG_IGN


def status(number: int) -> int:
    """Exit status of a program that a signal stopped: 130 for Ctrl+C."""
    return 128 + number
