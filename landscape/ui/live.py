"""The live line between a page and its visitor's studio: moving pictures out, wishes and strokes in.

The header of a picture says how many of the page's changes, wishes and strokes, it shows.

Everything goes over one WebSocket. Messages are JSON; pictures are a JSON header and the picture in one binary
message: four bytes with the header's length (big endian), the header, the picture.
"""

from __future__ import annotations

import json
import logging
import struct
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from landscape.errors import LandscapeError
from landscape.mask_edits import MaskEditor, MaskSettings, Stroke
from landscape.ui.controls import Controls
from landscape.ui.engine import Engine, Live
from landscape.ui.pictures import STAGE_SIDE, jpeg, png
from landscape.ui.saved_scenes import save_scene_file
from landscape.ui.sessions import Session
from landscape.ui.studio import Studio

logger = logging.getLogger(__name__)

Send = Callable[[str | bytes], None]

IN_FLIGHT = 3
"""Most pictures sent and not yet shown: more would only grow old on the way."""
CARD_SIDE = 300
"""Long side of the pictures on the style cards."""
FRAME_QUALITY = 86
STATUS_INTERVAL = 0.4
"""Seconds between two looks at the fit."""
PUT_DOWN = 4.0
"""Seconds after the last stroke at which the brush counts as put down."""
GIVE_WAY = 0.4
"""Seconds after a change in which the fit rests, so that the change is seen at once."""
CARDS_AFTER = 1.5
"""Seconds without a wish after which the style cards are drawn."""


class LiveLine:
    """One page's line; :meth:`run` works in a thread of its own until :meth:`close`.

    Args:
        session: The visitor.
        engine: The models.
        send: Sends a message to the page; may be called from any thread.
    """

    def __init__(self, session: Session, engine: Engine, send: Send) -> None:
        self._session = session
        self._engine = engine
        self._send = send
        self._live: Live = engine.live()
        self._edits = ThreadPoolExecutor(1, "landscape-edits")
        self._cards = ThreadPoolExecutor(1, "landscape-cards")
        self._drawing_cards = False
        self._closed = threading.Event()
        self._credit = threading.Semaphore(IN_FLIGHT)
        self._wish = session.wish
        self._hidden = False
        self._studio: Studio | None = None
        self._mask_sent = 0
        self._status: dict[str, Any] = {}
        self._looked = 0.0
        self._edited = self._wished = time.monotonic()
        self._unsettled = False
        self._cards_of = (0, False)
        self._cards_shown = False
        self._changes = (0, 0)
        self._last_stroke = 0

    def run(self) -> None:
        """Send what changes until the line is closed."""
        try:
            while not self._closed.is_set():
                self._follow()
                if self._hidden or self._studio is None:
                    self._closed.wait(0.05)
                elif self._credit.acquire(timeout=0.25):
                    frame = self._live.next_frame(0.2)
                    if frame is None:
                        self._credit.release()
                        continue
                    count, number = self._changes
                    header = {"kind": "frame", "time": round(frame.seconds, 4), "run": frame.run, "lit": frame.lit}
                    header["changes"] = count if frame.number >= number else count - 1
                    self._send(packed(header, jpeg(frame.pixels, FRAME_QUALITY)))
        except Exception:
            if not self._closed.is_set():
                logger.exception("a live line failed")
        finally:
            self.close()

    def close(self) -> None:
        """End the line; the session stays."""
        self._closed.set()
        self._live.close()
        for pool in (self._edits, self._cards):
            pool.shutdown(wait=False, cancel_futures=True)

    def receive(self, text: str) -> None:
        """Take a message of the page; those that cannot be understood get a sentence as their answer."""
        try:
            message = json.loads(text)
            action = self._actions[str(message.pop("kind"))]
            action(self, **message)
        except LandscapeError as error:
            self._say(str(error))
        except (ValueError, TypeError, KeyError, AttributeError, OverflowError) as error:
            logger.debug("a message of the page was not understood: %s", error)
            self._say("The page and the app do not understand each other: reload the page.")

    def _on_ack(self) -> None:
        self._credit.release()

    def _on_wish(self, values: dict[str, Any]) -> None:
        wish = Controls(**values)
        wish.motion(), wish.light()
        self._wish = self._session.wish = wish
        self._changed()

    def _on_cards(self, shown: bool) -> None:
        self._cards_shown = bool(shown)

    def _on_play(self, playing: bool) -> None:
        self._live.play(bool(playing))

    def _on_seek(self, seconds: float) -> None:
        self._live.seek(float(seconds))

    def _on_view(self, side: int, hidden: bool) -> None:
        self._hidden = bool(hidden)
        self._live.limit(int(side))

    def _on_stroke(self, number: int, points: list[list[float]], size: float, softness: float, paints: str) -> None:
        stroke = Stroke(np.asarray(points, np.float32), float(size), float(softness), str(paints))
        self._edit(lambda editor: editor.paint(stroke), int(number))

    def _on_mask(self, **values: Any) -> None:
        settings = MaskSettings(**values)

        def change(editor: MaskEditor) -> None:
            editor.settings = settings

        self._edit(change)

    def _on_undo(self) -> None:
        self._edit(MaskEditor.undo)

    def _on_redo(self) -> None:
        self._edit(MaskEditor.redo)

    def _on_reset(self) -> None:
        self._edit(MaskEditor.reset)

    def _on_save_mask(self) -> None:
        studio = self._require()

        def save() -> None:
            masks = studio.full_masks()
            labels = masks.labels()
            labels[masks.freeze > 0.5] = 0
            self._send(packed({"kind": "labels", "name": studio.photo.name}, png(labels)))

        self._edits.submit(save)

    def _on_save_scene(self) -> None:
        self._require()

        def save() -> None:
            file = None
            try:
                file = save_scene_file(self._session, self._engine).as_posix()
            except LandscapeError as error:
                self._say(str(error))
            self._send(json.dumps({"kind": "scene", "file": file}))

        self._edits.submit(save)

    def _on_fit(self, running: bool) -> None:
        fit = self._require().fit
        fit.resume() if running else fit.pause()
        self._looked = 0.0

    _actions: dict[str, Callable[..., None]] = {
        "ack": _on_ack,
        "wish": _on_wish,
        "cards": _on_cards,
        "play": _on_play,
        "seek": _on_seek,
        "view": _on_view,
        "stroke": _on_stroke,
        "mask": _on_mask,
        "undo": _on_undo,
        "redo": _on_redo,
        "reset": _on_reset,
        "save_mask": _on_save_mask,
        "save_scene": _on_save_scene,
        "fit": _on_fit,
    }

    def _require(self) -> Studio:
        if self._studio is None:
            raise LandscapeError("Choose a photo first.")
        return self._studio

    def _edit(self, change: Callable[[MaskEditor], None], stroke: int = 0) -> None:
        studio = self._require()

        def work() -> None:
            studio.edit(change)
            self._last_stroke = max(self._last_stroke, stroke)
            self._edited, self._unsettled = time.monotonic(), True
            self._changed()

        studio.fit.give_way(GIVE_WAY)
        self._edits.submit(work)

    def _changed(self) -> None:
        """Show a change at once; the fit rests meanwhile."""
        self._wished = time.monotonic()
        if self._studio is not None:
            self._studio.fit.give_way(GIVE_WAY)
        self._changes = (self._changes[0] + 1, self._show())

    def _show(self) -> int:
        """Show what is wished of the newest scene; returns the preview's number of it."""
        scene = None if self._studio is None else self._studio.preview_scene()
        if scene is None:
            return 0
        wish = self._wish
        return self._live.show(scene, wish.motion(), wish.light(), float(wish.seconds), bool(wish.loop))

    def _follow(self) -> None:
        """Notice what others changed: another photo, other masks, a better fit."""
        studio = self._session.studio
        if studio is not self._studio and studio is not None:
            self._studio, self._mask_sent, self._status, self._cards_of = studio, 0, {}, (0, False)
            photo = studio.photo
            facts = {"kind": "photo", "name": photo.name, "width": photo.width, "height": photo.height}
            self._send(packed(facts, jpeg(photo.resized(STAGE_SIDE).pixels, 88)))
        if studio is None:
            return
        state = studio.mask
        if state.revision != self._mask_sent:
            self._mask_sent = state.revision
            layers = np.dstack([state.masks.sky, state.masks.water, state.masks.freeze])
            header = {
                "kind": "mask",
                "undo": state.can_undo,
                "redo": state.can_redo,
                "touched": state.touched,
                "horizon": state.masks.horizon,
                "stroke": self._last_stroke,
            }
            self._send(packed(header, png(np.rint(np.clip(layers, 0, 1) * 255).astype(np.uint8))))
        now = time.monotonic()
        resting = studio.fit.done or studio.fit.paused or now - max(self._wished, self._edited) < GIVE_WAY
        self._live.spare(not resting)
        if now - self._looked > STATUS_INTERVAL:
            self._looked = now
            self._show()
            self._tell_fit(studio)
            if self._unsettled and now - self._edited > PUT_DOWN:
                self._unsettled = False
                self._edits.submit(studio.refit)
            quiet = now - max(self._wished, self._edited) > CARDS_AFTER
            if quiet and not self._drawing_cards:
                self._begin_cards(studio)

    def _tell_fit(self, studio: Studio) -> None:
        fit = studio.fit
        quality, outlook = fit.quality, fit.outlook
        status = {
            "kind": "fit",
            "score": None if quality is None else quality.score,
            "ssim": None if quality is None else round(quality.ssim, 3),
            "lpips": None if quality is None else round(quality.lpips, 3),
            "done": fit.done,
            "paused": fit.paused,
            "failed": fit.error is not None,
            "left": None if outlook.seconds_left is None else round(outlook.seconds_left),
        }
        if status != self._status:
            self._status = status
            self._send(json.dumps(status))

    def _begin_cards(self, studio: Studio) -> None:
        """Draw the style cards when the fit has ended, and whenever they are old where somebody looks at them."""
        scene = studio.preview_scene()
        wanted = (studio.mask.revision, studio.fit.done)
        if scene is None or self._cards_of == wanted:
            return
        if not self._cards_shown and (self._cards_of[1] or not studio.fit.done):
            return
        former, self._cards_of, self._drawing_cards = self._cards_of, wanted, True

        def work() -> None:
            try:
                for style, pixels in self._engine.style_pictures(scene, CARD_SIDE):
                    if self._closed.is_set() or studio is not self._studio:
                        return
                    self._send(packed({"kind": "card", "style": style}, jpeg(pixels, 84)))
                    if time.monotonic() - self._wished < CARDS_AFTER:  # a change comes first; they begin anew after it
                        self._cards_of = former
                        return
            except Exception:
                logger.exception("style cards failed")
            finally:
                self._drawing_cards = False

        self._cards.submit(work)

    def _say(self, sentence: str) -> None:
        self._send(json.dumps({"kind": "notice", "text": sentence}))


def packed(header: dict[str, Any], picture: bytes) -> bytes:
    """A picture and what belongs to it as one binary message."""
    head = json.dumps(header).encode()
    return struct.pack(">I", len(head)) + head + picture
