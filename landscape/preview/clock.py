"""The time of a preview, which passes or stands still, and how often it is looked at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

RATE = 30.0
"""Frames a second that are aimed at."""
SPARING_RATE, HURRIED_RATE = 8.0, 0.75
"""Frames a second while others need the computer, and while somebody waits for a first picture."""
SHARED_RATE = 10.0
"""Frames a second of all previews together while others need the computer."""


@dataclass(frozen=True)
class Pace:
    """How much of the computer a preview may take.

    Attributes:
        sparing: Whether others need most of it: fewer pictures, and none larger than now.
        hurried: Whether somebody waits for a first picture, to whom all is left but changes.
        previews: How many previews are looked at, which share what others leave.
    """

    sparing: bool = False
    hurried: bool = False
    previews: int = 1

    @property
    def full(self) -> bool:
        """Whether nobody else needs the computer."""
        return not (self.sparing or self.hurried)

    @property
    def rate(self) -> float:
        """Frames a second."""
        if self.hurried:
            return HURRIED_RATE
        return max(HURRIED_RATE, min(SPARING_RATE, SHARED_RATE / self.previews)) if self.sparing else RATE


class PreviewClock:
    """Counts the seconds of a clip over all its repetitions; its owner makes sure that one thread uses it at a time.

    Args:
        now: Seconds of any clock.

    Attributes:
        playing: Whether time passes.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._position = 0.0
        self._since = now()
        self.playing = True

    @property
    def seconds(self) -> float:
        """The time at present."""
        return self._position + (self._now() - self._since if self.playing else 0.0)

    def play(self, playing: bool) -> None:
        """Let time pass or stand still."""
        self.seek(self.seconds)
        self.playing = playing

    def seek(self, seconds: float) -> None:
        """Go to a time."""
        self._position, self._since = max(0.0, seconds), self._now()
