"""Moving pictures of a scene that someone watches and changes at the same time."""

from __future__ import annotations

import dataclasses
import logging
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from landscape.generator_track import GeneratorTrack
from landscape.preview_parts import PreviewParts, Take
from landscape.preview_size import PreviewSize
from landscape.scene import Scene
from landscape.settings import STYLES, LightSettings, MotionSettings

logger = logging.getLogger(__name__)

Pixels = NDArray[np.uint8]

DRAFT_SIDE = 384
"""Long side of the first pictures after a change, which must come at once."""
RATE = 30.0
"""Frames a second that are aimed at."""
SPARING_RATE = 8.0
"""Frames a second while others need the computer."""
_MOST_SPACING, _PIXELS_APART = 0.1, 0.16
"""Seconds of the clip between two frames of the generator at most, and times the speed. Clouds move by half a
generator's pixel from one to the next then, so that a blend of the two is as good as a frame of its own."""
_WAITING_RATE = 12.0
"""Frames a second while a change is prepared."""
SPARING_SIDE = 512
"""Long side that is sharp enough while others need the computer."""
_BREATH = 0.15
"""Most seconds between preparing one change and the next."""
_SETTLED = 0.35
"""Seconds without a change after which the sharp picture is prepared."""


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
class _Player:
    parts: PreviewParts
    take: Take
    track: GeneratorTrack
    side: int
    number: int
    run: int


class LivePreview:
    """Plays a scene without end; what is shown follows the newest :meth:`show`.

    One thread asks for frames by :meth:`next_frame`; any thread may change what they show. Preparing a change and
    drawing the generator's frames happen in two threads of the preview's own.
    """

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self._clock = clock
        self._changed = threading.Condition()
        self._take: Take | None = None
        self._number = 0
        self._player: _Player | None = None
        self._playing = True
        self._sparing = False
        self._position = 0.0
        self._since = clock()
        self._size = PreviewSize()
        self._due = 0.0
        self._shown = (0, -1.0)
        self._closed = False
        self._builder = ThreadPoolExecutor(1, "landscape-preview")
        self._drawer = ThreadPoolExecutor(2, "landscape-generator")
        self._sharpener = ThreadPoolExecutor(1, "landscape-sharp-preview")
        self._busy = False
        self._building: Future[None] | None = None
        self._sharpening: Future[None] | None = None
        self._touched = 0.0

    @property
    def side(self) -> int:
        """Long side of the sharp picture at present, in pixels."""
        return self._size.side

    def show(self, scene: Scene, motion: MotionSettings, light: LightSettings, seconds: float, loop: bool) -> int:
        """Show a scene from now on; returns the number of the change."""
        with self._changed:
            take = Take(scene, motion, light, seconds, loop)
            if self._take is not None and take.same(self._take):
                return self._number
            self._rebase()
            self._take = take
            self._number += 1
            self._touched = self._clock()
            self._wake()
            return self._number

    def play(self, playing: bool) -> None:
        """Let time pass or stand still."""
        with self._changed:
            self._rebase()
            self._playing = playing
            self._changed.notify_all()

    def seek(self, seconds: float) -> None:
        """Go to a time of the clip."""
        with self._changed:
            self._position, self._since = max(0.0, seconds), self._clock()
            self._shown = (self._shown[0], -1.0)
            self._changed.notify_all()

    def limit(self, side: int) -> None:
        """Make no pictures larger than this, in pixels: the page shows no more."""
        with self._changed:
            self._size.limit(side)

    def spare(self, sparing: bool) -> None:
        """Leave most of the computer to others: fewer pictures, and none larger than now."""
        with self._changed:
            if sparing != self._sparing:
                self._sparing = sparing
                self._size.forget()
                self._wake()

    def next_frame(self, timeout: float) -> LiveFrame | None:
        """Make the next picture when it is due.

        Args:
            timeout: Most seconds to wait.

        Returns:
            The picture, or None where there is nothing new to show.
        """
        with self._changed:
            if not self._changed.wait_for(self._anything_new, timeout):
                return None
            if self._closed or self._player is None:
                return None
            wait = min(timeout, self._due - self._clock())
        if wait > 0:
            time.sleep(wait)
        with self._changed:
            player, seconds, playing, sparing = self._player, self._time(), self._playing, self._sparing
            waited_for = player.number != self._number  # what is coming matters more than what is going
            self._shown = (player.run, seconds)
        began = self._clock()
        self._due = max(self._due + 1 / (SPARING_RATE if sparing else _WAITING_RATE if waited_for else RATE), began)
        player.track.sparing = sparing
        generated, place = player.track.at(seconds, exact=not playing), player.take.wrapped(seconds)
        pixels = player.parts.frame(player.take, generated, place)
        frame = LiveFrame(pixels, place, player.run, player.number, player.take.light.active)
        if not sparing:
            self._adapt(player, self._clock() - began)
        return frame

    def close(self) -> None:
        """End; frees the threads."""
        with self._changed:
            self._closed = True
            self._take = None
            self._changed.notify_all()
        for pool in (self._builder, self._sharpener, self._drawer):
            pool.shutdown(wait=False, cancel_futures=True)

    def _anything_new(self) -> bool:
        if self._closed:
            return True
        return self._player is not None and (self._playing or self._shown != (self._player.run, self._time()))

    def _time(self) -> float:
        """The time since the beginning, over all repetitions; callers hold the lock."""
        return self._position + (self._clock() - self._since if self._playing else 0.0)

    def _rebase(self) -> None:
        """Keep the present position when what determines it changes; callers hold the lock."""
        self._position, self._since = self._time(), self._clock()

    def _preparing(self) -> bool:
        return any(future is not None and not future.done() for future in (self._building, self._sharpening))

    def _wake(self) -> None:
        """Have the builder look at the newest change; callers hold the lock."""
        if not self._closed and not self._busy:
            self._busy = True
            self._building = self._builder.submit(self._build)

    def _build(self) -> None:
        """Prepare the newest take, and the one that came meanwhile."""
        while True:
            with self._changed:
                take, number, old = self._take, self._number, self._player
                if take is None or self._closed or (old is not None and old.number == number):
                    self._busy = False
                    if not self._closed:
                        self._sharpening = self._sharpener.submit(self._sharpen)
                    return
            side = min(self._size.side, DRAFT_SIDE)
            if old is not None and (take.same_picture(old.take) or take.same_wish(old.take)):
                side = old.side  # another motion is prepared quickly at any size, and nobody waits for a better fit
            began = self._clock()
            try:
                self._install(take, number, side, old)
            except Exception:
                with self._changed:
                    self._busy = False
                if not self._closed:
                    logger.exception("a preview failed")
                return
            # While a slider moves, one change follows on the other: the pictures between need their time as well.
            time.sleep(min(_BREATH, self._clock() - began))

    def _sharpen(self) -> None:
        """Prepare the wanted size once no more changes come; a change does not wait for it."""
        while True:
            with self._changed:
                player, side, sparing = self._player, self._size.side, self._sparing
                rest = _SETTLED - (self._clock() - self._touched)
            if self._closed or player is None or player.side == side or (sparing and player.side >= SPARING_SIDE):
                return
            if rest > 0:
                time.sleep(min(rest, 0.05))
                continue
            parts = PreviewParts.prepare(player.take, side, player.parts)
            with self._changed:
                if self._player is player:
                    self._player = dataclasses.replace(player, parts=parts, side=side)
                    self._size.forget()
                    self._shown = (-1, -1.0)
                    self._changed.notify_all()

    def _install(self, take: Take, number: int, side: int, old: _Player | None) -> None:
        """Prepare a take while the one before goes on, and put it in its place when its first frame can be made."""
        former = None if old is None else old.parts
        moving = former.moving if former is not None and former.suits(take) else take.moving()
        track = self._track(take, moving, old)
        first: Future[None] | None = None
        if old is not None and take.same_light(old.take):
            track.continue_from(old.track)
        else:
            with self._changed:
                seconds = self._time()
            first = self._drawer.submit(track.prepare, seconds)
        same = old is not None and take.same_motion(old.take)  # another light needs no other composite
        parts = former if same and former is not None else PreviewParts.prepare(take, side, former, moving)
        if first is not None:
            first.result()
        run = 0 if old is None else old.run + 1
        with self._changed:
            if self._closed:
                return
            self._rebase()
            self._player = _Player(parts, take, track, side, number, run)
            self._size.forget()
            self._shown = (-1, -1.0)
            self._changed.notify_all()
        if old is not None:
            old.track.close()

    def _track(self, take: Take, moving: Tensor, old: _Player | None) -> GeneratorTrack:
        """The generator's frames of a take; what they need is made when the first is drawn."""
        animator = cache(lambda: take.animator(moving))
        fastest = take.motion.speed * max(take.motion.sky, take.motion.water)
        spacing = min(_MOST_SPACING, _PIXELS_APART / max(fastest, 1e-6))
        cost = 0.03 if old is None else old.track.cost
        return GeneratorTrack(lambda time: animator().frame(take.wrapped(time)), self._drawer, spacing, cost)

    def _adapt(self, player: _Player, spent: float) -> None:
        """Choose the size by the time that pictures take while nothing else is prepared."""
        with self._changed:
            if self._preparing():
                self._size.forget()
            elif self._size.note(player.side, spent):
                self._wake()


def style_pictures(scene: Scene, side: int, strength: float = 1.0) -> Iterator[tuple[str, Pixels]]:
    """The photo in each style, for choosing one.

    Args:
        scene: The scene.
        side: Long side in pixels.
        strength: How far the light goes, 0 to 1.

    Yields:
        Style and picture, uint8 (H, W, 3), one by one: each takes a moment.
    """
    still = MotionSettings(speed=0.0)
    take = Take(scene, still, LightSettings(), 1.0, False)
    parts = PreviewParts.prepare(take, side)
    for style in STYLES:
        lit = dataclasses.replace(take, light=LightSettings(style, strength))
        yield style, parts.frame(lit, lit.animator(parts.moving).frame(0.0), 0.0)
