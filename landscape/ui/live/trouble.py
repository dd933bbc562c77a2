"""What becomes of exceptions in a live line: they are logged, told in a sentence, and the line goes on."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from landscape.errors import LandscapeError
from landscape.ui.sentences import told

logger = logging.getLogger(__name__)

NOT_UNDERSTOOD = "The page and the app do not understand each other: reload the page."
NOT_DRAWN = "The preview could not be drawn: change a setting, or choose the photo again, to go on."
NOT_DRAWN_SO = "The preview could not be drawn with the newest setting and shows the one before: choose another one."
NOT_DONE = "That did not work: try it again. The terminal that runs the app says more."
MISUNDERSTANDINGS = (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError)
"""What values of the wrong type or shape raise where they are used."""
SAME_AGAIN = 20.0
"""Seconds in which the same exception is not logged again."""
_FIRST_REST, _LONGEST_REST = 0.2, 5.0


class Trouble:
    """Exceptions of one live line; every member may be used from any thread.

    Args:
        say: Tells the page a sentence.
        clock: Seconds of a monotonic clock.
    """

    def __init__(self, say: Callable[[str], None], clock: Callable[[], float] = time.monotonic) -> None:
        self._say = say
        self._clock = clock
        self._lock = threading.Lock()
        self._logged: dict[str, float] = {}
        self._rest = 0.0

    def note(self, error: Exception, sentence: str = NOT_DONE) -> None:
        """Log an exception and tell the page a sentence: the exception's own if it carries one."""
        known = isinstance(error, LandscapeError)
        name, now = f"{type(error).__name__}: {error}", self._clock()
        with self._lock:
            self._logged = {logged: since for logged, since in self._logged.items() if now - since < SAME_AGAIN}
            again = name in self._logged
            self._logged.setdefault(name, now)
        if not known and not again:
            logger.error("an exception in a live line", exc_info=error)
        self._say(told(error, sentence))

    def rest(self) -> float:
        """How many seconds to leave the work alone that failed: longer each time until :meth:`over`."""
        self._rest = min(_LONGEST_REST, max(_FIRST_REST, 2 * self._rest))
        return self._rest

    def over(self) -> None:
        """Note that the work succeeded."""
        self._rest = 0.0
