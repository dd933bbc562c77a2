"""What a page asks for over its live line: wishes, strokes, times, files.

Nothing that the page says ends the line: a value of no use leaves the last one of use in force, an exception gets a
sentence.
"""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from landscape.errors import LandscapeError, require_range
from landscape.masks.editor import MaskEditor
from landscape.masks.layers import MaskSettings
from landscape.masks.strokes import Stroke
from landscape.settings import LONGEST
from landscape.ui.live.cards import StyleCards
from landscape.ui.live.edits import LiveEdits
from landscape.ui.live.messages import ASKED, matte_message, refusal_message, told
from landscape.ui.live.trouble import MISUNDERSTANDINGS, NOT_DONE, NOT_UNDERSTOOD, Trouble
from landscape.ui.visitors.controls import accepted
from landscape.ui.visitors.engine import Engine
from landscape.ui.visitors.saved_scenes import save_scene_file
from landscape.ui.visitors.sessions import Session
from landscape.ui.visitors.studio import Studio

Send = Callable[[str | bytes], None]

IN_FLIGHT = 3
"""Most pictures sent and not yet shown: more would only grow old on the way."""
GIVE_WAY = 0.4
"""Seconds after a change in which the fit rests, so that the change is seen at once."""
CARDS_AFTER = 1.5
"""Seconds without a wish after which the style cards are drawn."""
LONGEST_SIDE = 100_000
"""Pixels: no screen is larger."""


class Receiver:
    """The half of a live line that listens; what it has understood is in its state.

    Args:
        session: The visitor.
        engine: The models.
        send: Sends a message to the page; may be called from any thread.
    """

    def __init__(self, session: Session, engine: Engine, send: Send) -> None:
        self._session = session
        self._engine = engine
        self._send = send
        self._live = engine.live()
        self._trouble = Trouble(self._say)
        self._edits = LiveEdits(send, self._changed, self._trouble)
        self._cards = StyleCards(engine, send, self._quiet, self._trouble)
        self._closed = threading.Event()
        self._credit = threading.BoundedSemaphore(IN_FLIGHT)
        self._wish = self._drawn = session.wish
        self._refused: dict[str, str] = {}
        self._hidden = False
        self._studio: Studio | None = None
        self._status = ""
        self._looked, self._waits = 0.0, False
        self._touched = time.monotonic()
        self._changes = (0, 0, self._wish)
        self._counting = threading.Lock()

    def receive(self, text: str) -> None:
        """Take a message of the page; those that cannot be understood get a sentence as their answer."""
        if self._closed.is_set():
            return
        try:
            message = json.loads(text)
            kind = message.pop("kind")
            if set(message) != set(ASKED[kind]):
                raise ValueError(kind)
            getattr(self, f"_on_{kind}")(**message)
        except Exception as error:
            if not self._closed.is_set():
                self._trouble.note(error, NOT_UNDERSTOOD if isinstance(error, MISUNDERSTANDINGS) else NOT_DONE)

    def _on_ack(self) -> None:
        with contextlib.suppress(ValueError):  # a picture that another line has sent
            self._credit.release()

    def _on_wish(self, values: dict[str, Any]) -> None:
        self._wish, refused = accepted(values, self._wish)
        self._session.wish = self._wish
        if refused != self._refused:
            self._refused = refused
            self._send(refusal_message(refused, self._wish))
        self._changed()

    def _on_cards(self, shown: bool) -> None:
        self._cards.shown = bool(shown)

    def _on_play(self, playing: bool) -> None:
        self._live.play(bool(playing))

    def _on_seek(self, seconds: float) -> None:
        require_range("time in seconds", seconds, 0, LONGEST)
        self._live.seek(float(seconds))

    def _on_view(self, side: int, hidden: bool) -> None:
        require_range("size of the preview in pixels", side, 1, LONGEST_SIDE)
        self._hidden = bool(hidden)
        self._live.limit(int(side))

    def _on_stroke(self, number: int, points: list[list[float]], size: float, softness: float, paints: str) -> None:
        with np.errstate(over="ignore"):  # what is too large becomes infinite, which a stroke refuses
            places = np.asarray(points, np.float32)
        stroke = Stroke(places, float(size), float(softness), str(paints))
        self._edit(lambda editor: editor.paint(stroke), int(number))

    def _on_mask(self, **values: Any) -> None:
        settings = MaskSettings(**values)

        def change(editor: MaskEditor) -> None:
            editor.settings = settings

        self._edit(change)

    def _on_save_mask(self) -> None:
        studio = self._require()
        self._edits.submit(lambda: self._send(matte_message(studio)))

    def _on_save_scene(self) -> None:
        self._require()

        def save() -> None:
            file = None
            try:
                file = save_scene_file(self._session, self._engine).as_posix()
            finally:
                self._send(told("scene", file=file))

        self._edits.submit(save)

    def _on_fit(self, running: bool) -> None:
        fit = self._require().fit
        fit.resume() if running else fit.pause()
        self._looked = 0.0

    def _on_undo(self) -> None:
        self._edit(MaskEditor.undo)

    def _on_redo(self) -> None:
        self._edit(MaskEditor.redo)

    def _on_reset(self) -> None:
        self._edit(MaskEditor.reset)

    def _require(self) -> Studio:
        if self._studio is None:
            raise LandscapeError("Choose a photo first.")
        return self._studio

    def _edit(self, change: Callable[[MaskEditor], None], stroke: int = 0) -> None:
        self._require()
        self._touch()
        self._edits.edit(change, stroke)

    def _touch(self) -> None:
        """Let the fit rest for a moment, as the page asks for a change."""
        self._touched = time.monotonic()
        if self._studio is not None:
            self._studio.fit.give_way(GIVE_WAY)

    def _changed(self) -> None:
        """Show a change at once."""
        self._touch()
        with self._counting:  # wishes and strokes come in two threads
            self._changes = (self._changes[0] + 1, self._show(), self._wish)

    def _show(self) -> int:
        """Show what is wished of the newest scene; returns the preview's number of it."""
        scene = None if self._studio is None else self._studio.preview_scene()
        if scene is None:
            return 0
        return self._live.show(scene, self._wish)

    def _untouched_for(self, seconds: float) -> bool:
        """Whether the page has asked for no change for so long."""
        return time.monotonic() - self._touched > seconds

    def _quiet(self) -> bool:
        """Whether nobody waits for anything."""
        return self._untouched_for(CARDS_AFTER) and not self._engine.hurried

    def _say(self, sentence: str) -> None:
        self._send(told("notice", text=sentence))
