"""Settings as people write them: directions and key frames."""

from __future__ import annotations

import re

from landscape.errors import LandscapeError, require
from landscape.settings import LightKey


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


def parse_keys(text: str) -> tuple[LightKey, ...]:
    """Read key frames such as ``"0 photo, 0.5 deep night, 1 photo"``.

    Raises:
        LandscapeError: If the text is no such list.
    """
    keys = []
    for part in text.split(","):
        match = re.fullmatch(r"\s*([0-9.]+)\s*:?\s+([A-Za-z ]+?)\s*", part)
        require(match is not None, f"Give key frames like “0 photo, 0.5 deep night, 1 photo”, not “{part.strip()}”.")
        assert match is not None
        try:
            time = float(match.group(1))
        except ValueError as error:
            raise LandscapeError(f"“{match.group(1)}” is no time: give a fraction of the clip like 0.5.") from error
        keys.append(LightKey(time, match.group(2)))
    return tuple(keys)
