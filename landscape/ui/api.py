"""Two named endpoints for programs: open a photo, animate it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import gradio as gr

from landscape.errors import LandscapeError
from landscape.ui.controls import STANDARD, Controls
from landscape.ui.handlers import Handlers, View, last
from landscape.ui.panels import PHOTO_TYPES
from landscape.ui.sessions import SessionStore


class Endpoints:
    """Functions of the endpoints; each caller has a session of its own.

    Args:
        handlers: What they do.
        store: The sessions.
    """

    def __init__(self, handlers: Handlers, store: SessionStore) -> None:
        self._handlers = handlers
        self._store = store

    def open(
        self, session: str | None, photo: str | None, quality: str, request: gr.Request
    ) -> tuple[str, dict[str, Any]]:
        """Open a photo and fit the model to it; replaces the photo opened before."""
        if photo is None:
            raise gr.Error("Give a photo.")
        identifier = session or self._store.create(request.session_hash)
        views = self._handlers.open(identifier, Path(photo), quality)
        _answer(lambda: last(views, lambda view: view.opened))
        studio = self._store.get(identifier).studio
        assert studio is not None
        photo_now, masks = studio.photo, studio.found
        facts = {
            "name": photo_now.name,
            "width": photo_now.width,
            "height": photo_now.height,
            "sky": round(float(masks.sky.mean()), 4),
            "water": round(float(masks.water.mean()), 4),
            "horizon": round(masks.horizon, 4),
        }
        return identifier, facts

    def animate(self, session: str | None, *values: Any) -> str:
        """Make the video of the photo that was opened."""
        views = self._handlers.animate(session or "", Controls(*values))
        return _answer(lambda: str(last(views, _video)))


def add_endpoints(handlers: Handlers, store: SessionStore, slot: dict[str, Any]) -> None:
    """Add the endpoints ``/open`` and ``/animate`` to the page being built.

    Args:
        handlers: What they do.
        store: The sessions.
        slot: Concurrency arguments of everything that computes.
    """
    functions = Endpoints(handlers, store)
    defaults = Controls()
    session = gr.State(None, delete_callback=store.close)
    with gr.Column(visible=False):
        photo = gr.File(label="photo", file_types=PHOTO_TYPES)
        quality = gr.Textbox(STANDARD, label="quality")
        wishes = [
            gr.Number(defaults.direction, label="direction"),
            gr.Number(defaults.speed, label="speed"),
            gr.Number(defaults.sky, label="sky"),
            gr.Number(defaults.water, label="water"),
            gr.Number(defaults.perspective, label="perspective"),
            gr.Textbox(defaults.style, label="style"),
            gr.Number(defaults.strength, label="strength"),
            gr.Checkbox(defaults.day_cycle, label="day_cycle"),
            gr.JSON([], label="keys"),
            gr.Number(defaults.seconds, label="seconds"),
            gr.Number(defaults.long_side, label="long_side"),
            gr.Checkbox(defaults.loop, label="loop"),
        ]
        facts = gr.JSON(label="facts")
        video = gr.File(label="video")
        button = gr.Button()
    button.click(functions.open, [session, photo, quality], [session, facts], api_name="open", **slot)
    button.click(functions.animate, [session, *wishes], video, api_name="animate", **slot)


def _video(view: View) -> Path | None:
    return view.video


def _answer(work: Callable[[], Any]) -> Any:
    try:
        return work()
    except LandscapeError as error:
        raise gr.Error(str(error)) from error
