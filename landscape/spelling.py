"""Settings as people write them: directions, words for none, lists."""

from __future__ import annotations

import contextlib
import re
from typing import Any

from landscape.declared import Rows
from landscape.errors import LandscapeError, require
from landscape.kinds import Angle, Kind, Number


def spelled(kind: Kind, text: Any) -> Any:
    """What somebody means by a text; what is no text stays as it is.

    Raises:
        LandscapeError: If it cannot be understood.
    """
    if isinstance(kind, Rows) and isinstance(text, list):
        return tuple(row for part in text for row in parse_rows(kind, part))
    if not isinstance(text, str):
        return text
    if isinstance(kind, Angle):
        return parse_direction(text)
    if isinstance(kind, Rows):
        return parse_rows(kind, text)
    if isinstance(kind, Number):
        with contextlib.suppress(ValueError):
            return float(text)
    return text


def parse_direction(text: str) -> float:
    """Read a direction given as a clock position or an angle.

    Args:
        text: ``"3"`` (clock hour, 1 to 12) or ``"90deg"`` (degrees clockwise from up).

    Returns:
        Degrees clockwise from up in [0, 360): 3 o'clock is 90.

    Raises:
        LandscapeError: If the text is neither.
    """
    match = re.fullmatch(r"\s*(-?\d+(?:\.\d+)?)\s*(deg|°)?\s*", text)
    require(match is not None, f"Give the direction as a clock hour like 3 or an angle like 90deg, not “{text}”.")
    assert match is not None
    value = float(match.group(1))
    if match.group(2):
        return value % 360.0
    require(
        value == int(value) and 1 <= value <= 12, f"Clock directions go from 1 to 12, not {text}; angles end in deg."
    )
    return (value % 12) * 30.0


def parse_rows(kind: Rows, text: str) -> tuple[Any, ...]:
    """Read a list such as ``"0 photo, 0.5 deep night, 1 photo"``: rows between commas, the last part with any spaces.

    Of rows that are written one at a time, as in ``"0.5,0.4,0,0.1"``, it is one row.

    Raises:
        LandscapeError: If the text is no such list.
    """
    rows = []
    for part in (text,) if kind.repeated else text.split(","):
        words = part.split(",") if kind.repeated else part.split(maxsplit=len(kind.columns) - 1)
        words = [word.strip().rstrip(":") for word in words]
        if len(words) != len(kind.columns):
            raise LandscapeError(f"Give {kind.called} like “{kind.example}”, not “{part.strip()}”.")
        rows.append([spelled(column, word) for column, word in zip(kind.columns.values(), words, strict=True)])
    return tuple(kind.check(rows))
