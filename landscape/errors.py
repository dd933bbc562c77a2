"""Errors that carry a sentence for the person in front of the screen, and checks that raise them."""

from __future__ import annotations

import math
import numbers
import unicodedata
from collections.abc import Sequence

_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def printable(text: str) -> str:
    """Text on one line, without what is no letter of it: names of files may hold any bytes.

    Bytes that are no UTF-8, and characters that move the cursor or turn the direction of writing, become U+FFFD.
    """
    return "".join(
        "\ufffd" if unicodedata.category(letter) in ("Cc", "Cs") or letter in _TURNING else letter for letter in text
    )


class LandscapeError(Exception):
    """A problem the user can solve.

    The message is one clear sentence that says what is wrong and what to do. The command line prints it and ends
    with exit status 2, the app shows it beside the photo. Names of files in it are made fit to be shown.
    """

    def __init__(self, message: object = "") -> None:
        super().__init__(printable(str(message)))


class Cancelled(Exception):
    """Raised by a long operation at its next step after its cancel event was set."""


def require(condition: bool, sentence: str) -> None:
    """Make sure that something holds.

    Raises:
        LandscapeError: With the sentence if it does not.
    """
    if not condition:
        raise LandscapeError(sentence)


def is_number(value: object) -> bool:
    """Whether a value of any type is a finite number that a float can hold."""
    try:
        return isinstance(value, numbers.Real) and math.isfinite(value)
    except OverflowError:  # whole numbers have no end
        return False


def require_range(name: str, value: object, low: float, high: float) -> None:
    """Make sure that a value of any type is a number within a range, which the sentence names.

    Raises:
        LandscapeError: If it is not.
    """
    fits = isinstance(value, numbers.Real) and is_number(value) and low <= float(value) <= high
    require(fits, f"Choose a {name} between {low:g} and {high:g}.")


def meant(value: object, choices: Sequence[str]) -> str | None:
    """Which of some names is meant by a value of any type, None if none: capitals and small letters are one."""
    found = " ".join(value.split()).casefold() if isinstance(value, str) else None
    return next((choice for choice in choices if choice.casefold() == found), None)


def named(name: str, value: object, choices: Sequence[str]) -> str:
    """Which of some names is meant by a value of any type, see :func:`meant`.

    Raises:
        LandscapeError: If it is none of them, with a sentence that lists them.
    """
    choice = meant(value, choices)
    if choice is None:
        raise LandscapeError(f"Choose a {name} from: {', '.join(choices)}.")
    return choice
