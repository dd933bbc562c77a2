"""The live line between a page and its visitor's studio: moving pictures out, wishes and strokes in.

The header of a picture says how many of the page's changes, wishes and strokes, it shows.

Everything goes over one WebSocket, in the messages of :mod:`landscape.ui.live.messages`. Nothing that fails ends the
line: an exception gets a sentence, and the line goes on.
"""

from __future__ import annotations

import time

from landscape.preview.clock import Pace
from landscape.ui.live.messages import fit_status, frame_message, photo_message
from landscape.ui.live.receiver import GIVE_WAY, Receiver
from landscape.ui.live.trouble import NOT_DRAWN, NOT_DRAWN_SO
from landscape.ui.memory import give_back_soon
from landscape.ui.visitors.studio import Studio

STATUS_INTERVAL = 0.4
"""Seconds between two looks at the fit."""
FIRST_INTERVAL = 0.03
"""The same before it has given anything to show."""


class LiveLine(Receiver):
    """One page's line; :meth:`run` works in a thread of its own until :meth:`close`."""

    def run(self) -> None:
        """Send what changes until the line is closed."""
        try:
            while not self._closed.is_set():
                try:
                    self._go_on()
                except Exception as error:
                    if not self._closed.is_set():
                        self._recover(error)
        finally:
            self.close()

    def _go_on(self) -> None:
        """Send the next picture if it is due."""
        self._follow()
        if self._hidden or self._studio is None:
            self._closed.wait(0.05)
        elif self._credit.acquire(timeout=0.25):
            sent = False
            try:
                sent = self._send_frame()
            finally:
                if not sent:
                    self._on_ack()

    def _send_frame(self) -> bool:
        """Send the next picture; returns whether there was one."""
        frame = self._live.next_frame(FIRST_INTERVAL if self._waits else 0.2)
        if frame is None:
            return False
        count, number, wish = self._changes
        newest = frame.number >= number
        self._send(frame_message(frame, count if newest else count - 1))
        if newest:
            self._drawn = wish
        self._trouble.over()
        return True

    def _recover(self, error: Exception) -> None:
        """Go on after an exception: with the last wish that was drawn, and after a rest."""
        wish, drawn = self._wish, self._drawn
        self._trouble.note(error, NOT_DRAWN if wish == drawn else NOT_DRAWN_SO)
        if self._wish is wish:
            self._wish = self._session.wish = drawn
        self._looked = 0.0
        self._closed.wait(self._trouble.rest())

    def close(self) -> None:
        """End the line; the session stays."""
        self._closed.set()
        self._live.close()
        self._cards.close()
        self._edits.close()

    def _follow(self) -> None:
        """Notice what others changed: another photo, other masks, a better fit."""
        studio = self._session.studio
        if studio is not self._studio and studio is not None:
            self._live.clear()
            self._cards.forget()
            self._send(photo_message(studio))
            self._edits.open(studio)
            self._studio, self._status, self._waits = studio, "", True
        if studio is None:
            return
        resting = studio.fit.done or studio.fit.paused or not self._untouched_for(GIVE_WAY)
        self._live.spare(Pace(not resting, self._engine.hurried))
        self._edits.follow()
        if self._waits or time.monotonic() - self._looked > STATUS_INTERVAL:
            self._looked = time.monotonic()
            self._waits = studio.preview_scene() is None and not studio.fit.done
            self._show()
            self._tell_fit(studio)
            self._cards.follow(studio)

    def _tell_fit(self, studio: Studio) -> None:
        status = fit_status(studio.fit)
        if status != self._status:
            self._status = status
            self._send(status)
            give_back_soon(cycles=False)  # what the fit and better pictures needed for a moment
