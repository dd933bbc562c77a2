"""How long operations report progress and learn that they were cancelled."""

from __future__ import annotations

import threading
from collections.abc import Callable

from landscape.errors import Cancelled

Progress = Callable[[str, int, int], None]
"""Called as ``progress(stage, done, total)`` after every step of a long operation."""


def ignore_progress(stage: str, done: int, total: int) -> None:
    """The progress callback of callers who do not care."""


def check_cancelled(cancel: threading.Event | None) -> None:
    """Stop a long operation at the caller's request.

    Args:
        cancel: The event that the caller sets to stop the operation, or None when it cannot be cancelled.

    Raises:
        Cancelled: If the event is set.
    """
    if cancel is not None and cancel.is_set():
        raise Cancelled
