"""The time of a preview, which passes or stands still."""

from __future__ import annotations

from collections.abc import Callable


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
