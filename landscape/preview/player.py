"""One take of a preview as it is played: its parts, and the generator's frames that are drawn ahead."""

from __future__ import annotations

import dataclasses
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import cache

from landscape.images.pixels import Pixels
from landscape.preview.clock import Pace
from landscape.preview.parts import PreviewParts
from landscape.preview.track import GeneratorTrack
from landscape.scene.take import Take

_MOST_SPACING, _PIXELS_APART = 0.2, 0.16
"""Seconds of the clip between two frames of the generator at most, and times the speed. Clouds move by half a
generator's pixel from one to the next then, so that a blend of the two is as good as a frame of its own."""
_FIRST_COST = 0.03
"""Seconds that drawing a frame is expected to take until it was measured."""


@dataclass(frozen=True)
class LiveFrame:
    """One picture.

    Attributes:
        pixels: uint8 (H, W, 3).
        seconds: Its time in the clip.
        run: Grows whenever the picture may jump: another motion, other masks, a newer fit.
        number: Number of the newest change that it shows.
        lit: Whether the light differs from the photo's; if not, what stands still has the photo's own pixels.
    """

    pixels: Pixels
    seconds: float
    run: int
    number: int
    lit: bool


@dataclass(frozen=True)
class Player:
    """Plays one take.

    Attributes:
        parts: Everything but the generator's frames.
        track: The generator's frames.
        number: Number of the newest change that is shown.
        run: Grows whenever the picture may jump.
    """

    parts: PreviewParts
    track: GeneratorTrack
    number: int
    run: int

    @classmethod
    def begin(cls, parts: PreviewParts, number: int, drawer: Executor, seconds: float, former: Player | None) -> Player:
        """Play parts from a time on.

        Under the same light the frames of the former player lead over to the new ones; under another one the first is
        drawn at once.

        Args:
            parts: What to play.
            number: Number of the change.
            drawer: Draws the generator's frames ahead.
            seconds: The time.
            former: What was played before.
        """
        take = parts.take
        animator = cache(lambda: take.animator(parts.moving))
        fastest = take.motion.speed * max(take.motion.sky, take.motion.water)
        spacing = min(_MOST_SPACING, _PIXELS_APART / max(fastest, 1e-6))
        cost = _FIRST_COST if former is None else former.track.cost
        track = GeneratorTrack(lambda time: animator().frame(take.wrapped(time)), drawer, spacing, cost)
        if former is not None and take.same_photo(former.take) and take.same_light(former.take):
            track.continue_from(former.track)
        else:
            track.prepare(seconds)
        return cls(parts, track, number, 0 if former is None else former.run + 1)

    @property
    def take(self) -> Take:
        """What is shown."""
        return self.parts.take

    @property
    def side(self) -> int:
        """Long side of the pictures in pixels."""
        return self.parts.side

    def follows(self, take: Take) -> bool:
        """Whether :meth:`turned` can show a take."""
        return take.same_photo(self.take)

    def turned(self, take: Take, number: int, drawer: Executor, seconds: float) -> Player:
        """Play another wish for the same photo; takes a moment and no more.

        Args:
            take: Another take of the same photo.
            number: Number of the change.
            drawer: Draws the generator's frames ahead.
            seconds: The time.
        """
        if take.same_wish(self.take):  # a better fit, for which nobody waits
            return dataclasses.replace(self, number=number)
        return Player.begin(self.parts.turned(take), number, drawer, seconds, self)

    def frame(self, seconds: float, exact: bool, pace: Pace) -> LiveFrame:
        """The picture at a time.

        Args:
            seconds: The time, over all repetitions.
            exact: Draw the generator's very frame.
            pace: How much of the computer may be taken.
        """
        self.track.pace = pace
        place = self.take.wrapped(seconds)
        pixels = self.parts.frame(self.track.at(seconds, exact), place)
        return LiveFrame(pixels, place, self.run, self.number, self.take.light.active)
