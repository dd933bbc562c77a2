"""Pictures of the photo in every style, drawn while nothing else is asked for."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from landscape.ui.live.messages import packed
from landscape.ui.live.trouble import Trouble
from landscape.ui.pictures import jpeg
from landscape.ui.visitors.engine import Engine
from landscape.ui.visitors.studio import Studio

CARD_SIDE = 300
"""Long side of the pictures on the style cards."""


class StyleCards:
    """Draws the cards when the fit has ended, and whenever they are old where somebody looks at them.

    Args:
        engine: The models.
        send: Sends a picture to the page; called from another thread.
        quiet: Whether the page has asked for nothing for a while: a change comes first.
        trouble: Takes what fails.

    Attributes:
        shown: Whether the page shows the cards.
    """

    def __init__(
        self, engine: Engine, send: Callable[[bytes], None], quiet: Callable[[], bool], trouble: Trouble
    ) -> None:
        self._engine, self._send, self._quiet, self._trouble = engine, send, quiet, trouble
        self._pool = ThreadPoolExecutor(1, "landscape-cards")
        self._stop = threading.Event()
        self._drawing = False
        self._drawn = (0, False)
        self.shown = False

    def forget(self) -> None:
        """Begin anew, as there is another photo."""
        self._stop.set()
        self._stop, self._drawn = threading.Event(), (0, False)

    def follow(self, studio: Studio) -> None:
        """Begin to draw where it is time to."""
        scene = studio.preview_scene()
        wanted = (studio.mask.revision, studio.fit.done)
        if scene is None or self._drawing or self._drawn == wanted or not self._quiet():
            return
        if not self.shown and (self._drawn[1] or not studio.fit.done):
            return
        former, self._drawn, self._drawing, stop = self._drawn, wanted, True, self._stop

        def work() -> None:
            try:
                own = scene.own_light()
                self._send(packed(b"", "light", style=own.style, sun_side=own.sun_side))
                for style, pixels in self._engine.style_pictures(scene, CARD_SIDE):
                    if stop.is_set():
                        return
                    self._send(packed(jpeg(pixels, 84), "card", style=style))
                    if not self._quiet():  # they begin anew when the page rests
                        self._drawn = former
                        return
            except Exception as error:
                self._trouble.note(error, "The pictures of the lights could not be drawn; the lights work without.")
            finally:
                self._drawing = False

        self._pool.submit(work)

    def close(self) -> None:
        """End."""
        self._stop.set()
        self._pool.shutdown(wait=False, cancel_futures=True)
