"""The brush's end of the live line: strokes and mask settings in, masks out."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from landscape.masks.editor import MaskEditor
from landscape.ui.live.messages import mask_message
from landscape.ui.live.trouble import Trouble
from landscape.ui.visitors.studio import Studio

PUT_DOWN = 4.0
"""Seconds after the last stroke at which the brush counts as put down."""


class LiveEdits:
    """Edits the masks of one studio in a thread of its own, one edit after another.

    Args:
        send: Sends a message to the page.
        changed: Called after every edit; the preview then shows it before the page gets the masks.
        trouble: Takes what fails.
    """

    def __init__(self, send: Callable[[bytes], None], changed: Callable[[], None], trouble: Trouble) -> None:
        self._send, self._changed, self._trouble = send, changed, trouble
        self._pool = ThreadPoolExecutor(1, "landscape-edits")
        self._studio: Studio | None = None
        self._sent = 0
        self._last_stroke = 0
        self._edited: float | None = None

    def open(self, studio: Studio) -> None:
        """Edit the masks of another studio from now on."""
        self._studio, self._sent, self._edited = studio, 0, None

    def edit(self, change: Callable[[MaskEditor], None], stroke: int = 0) -> None:
        """Change the masks soon.

        Args:
            change: What to do.
            stroke: Number of the stroke, if it is one.
        """
        studio = self._studio
        if studio is None:
            return

        def work() -> None:
            studio.edit(change)
            self._last_stroke = max(self._last_stroke, stroke)
            self._edited = time.monotonic()
            self._changed()
            self._tell(studio)

        self.submit(work)

    def follow(self) -> None:
        """Send masks that others changed, and fit the model again when the brush is put down and much else moves."""
        studio = self._studio
        if studio is None:
            return
        if studio.mask.revision != self._sent:
            self.submit(lambda: self._tell(studio))
        if self._edited is not None and time.monotonic() - self._edited > PUT_DOWN:
            self._edited = None
            self.submit(studio.refit)

    def submit(self, work: Callable[[], object]) -> None:
        """Do something else after the edits so far."""

        def guarded() -> None:
            try:
                work()
            except Exception as error:
                self._trouble.note(error)

        self._pool.submit(guarded)

    def close(self) -> None:
        """End."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _tell(self, studio: Studio) -> None:
        state = studio.mask
        if studio is self._studio and state.revision != self._sent:
            self._sent = state.revision
            self._send(mask_message(state, self._last_stroke))
