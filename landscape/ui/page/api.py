"""Named endpoints for programs: open a photo, mark it, look at a frame, make clips."""

from __future__ import annotations

import dataclasses
import inspect
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np

from landscape.errors import LandscapeError
from landscape.kinds import Flag, Kind, Number
from landscape.masks.matte import Matte
from landscape.scene.files import SUFFIX
from landscape.scene.recipe import READABLE, read_recipe
from landscape.scene.shot import PLACES, Shot
from landscape.ui.page.panels import PHOTO_TYPES
from landscape.ui.sentences import told
from landscape.ui.visitors.controls import CONTROLS, STANDARD, WISHES, choices_of, inversion, named, shot_of
from landscape.ui.visitors.handlers import Handlers, View, last
from landscape.ui.visitors.sessions import SessionStore

logger = logging.getLogger(__name__)


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
        """Open a photo and fit the model to it, or a scene file; replaces the photo opened before."""
        if photo is None:
            raise gr.Error("Give a photo.")
        identifier = session or self._store.create(request.session_hash)
        views = self._handlers.open(identifier, Path(photo), quality)
        _answer(lambda: last(views, lambda view: view.opened))
        studio = self._store.get(identifier).studio
        assert studio is not None
        facts = {
            "name": studio.photo.name,
            "width": studio.photo.width,
            "height": studio.photo.height,
        } | _shares(studio.mask.masks)
        return identifier, facts

    def use_mask(self, session: str | None, mask: str | None) -> dict[str, Any]:
        """Use a mask of one's own, a PNG of the photo's shape: red sky and green water, or grey (1 sky, 2 water)."""
        if mask is None:
            raise gr.Error("Give a mask.")
        views = self._handlers.use_mask(session or "", Path(mask))
        _answer(lambda: last(views, lambda view: view.opened))
        studio = self._store.get(session).studio
        assert studio is not None
        return _shares(studio.mask.masks)

    def use_weights(self, session: str | None, weights: str, request: gr.Request) -> tuple[str, dict[str, Any]]:
        """Go on with other weights, by a name that is offered, and fit the open photo again; empty tells the names."""
        identifier = session or self._store.create(request.session_hash)
        if weights:
            _answer(lambda: self._handlers.use_weights(identifier, weights))
        used = self._handlers.weights_in_use(identifier)
        return identifier, {"weights": used, "offered": self._handlers.offered_weights()}

    def frame(self, session: str | None, seconds: Any, *values: Any) -> np.ndarray:
        """One frame of the clip, without making the clip."""

        def work() -> np.ndarray:
            return self._handlers.exports.frame(session or "", shot_of(named(WISHES, values)), seconds)

        frame: np.ndarray = _answer(work)
        return frame

    def animate(self, session: str | None, *values: Any) -> str:
        """Make a clip of the photo that was opened."""
        return self._clip(session, lambda: shot_of(named(("quality", *CONTROLS), values)))

    def animate_recipe(self, session: str | None, recipe: str | None) -> str:
        """Make a clip of the photo that was opened as a recipe says, or as a clip with a recipe in it was made."""
        if recipe is None:
            raise gr.Error("Give a recipe.")

        def shot() -> Shot:
            whole = read_recipe(Path(recipe))
            return dataclasses.replace(whole, inversion=inversion(choices_of(whole)["quality"]))

        return self._clip(session, shot)

    def _clip(self, session: str | None, shot: Callable[[], Shot]) -> str:
        return str(_answer(lambda: last(self._handlers.animate(session or "", shot()), _video)))


def add_endpoints(handlers: Handlers, store: SessionStore, slot: dict[str, Any]) -> None:
    """Add the endpoints ``/open``, ``/use_mask``, ``/use_weights``, ``/frame``, ``/animate``, ``/animate_recipe``.

    Args:
        handlers: What they do.
        store: The sessions.
        slot: Concurrency arguments of everything that computes.
    """
    functions = Endpoints(handlers, store)
    session = gr.State(None, delete_callback=store.close)
    with gr.Column(visible=False):
        photo = gr.File(label="photo", file_types=[*PHOTO_TYPES, SUFFIX, ".zip"])
        mask = gr.File(label="mask", file_types=[".png"])
        recipe = gr.File(label="recipe", file_types=list(READABLE))
        quality = gr.Textbox(STANDARD, label="quality")
        weights = gr.Textbox("", label="weights")
        seconds = gr.Number(0, label="time")
        values = {name: _parameter(name, PLACES[name].kind) for name in CONTROLS}
        facts = gr.JSON(label="facts")
        picture = gr.Image(label="frame", format="png")
        video = gr.File(label="video")
        button = gr.Button()
    button.click(functions.open, [session, photo, quality], [session, facts], api_name="open", **slot)
    button.click(functions.use_mask, [session, mask], facts, api_name="use_mask", **slot)
    button.click(functions.use_weights, [session, weights], [session, facts], api_name="use_weights", **slot)
    frame = _named(functions.frame, "session", "time", *WISHES)
    wishes = [values[name] for name in WISHES]
    button.click(frame, [session, seconds, *wishes], picture, api_name="frame", **slot)
    animate = _named(functions.animate, "session", "quality", *CONTROLS)
    button.click(animate, [session, quality, *values.values()], video, api_name="animate", **slot)
    button.click(functions.animate_recipe, [session, recipe], video, api_name="animate_recipe", **slot)


def _parameter(name: str, kind: Kind) -> Any:
    """The component by which Gradio knows the type and the default of a setting."""
    value = Shot().shown(name)
    if isinstance(kind, Flag):
        return gr.Checkbox(value, label=name)
    if isinstance(kind, Number):
        # A default must be a value for Gradio, so a number that may be left open is text, as on the page.
        return gr.Textbox(kind.none[-1], label=name) if kind.none else gr.Number(value, label=name)
    return gr.Textbox(value, label=name) if isinstance(value, str) else gr.JSON(value, label=name)


def _named(function: Callable[..., Any], *names: str) -> Callable[..., Any]:
    """The function with a name for each of its values, by which programs call it."""

    def call(*values: Any) -> Any:
        return function(*values)

    call.__doc__ = function.__doc__
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    call.__signature__ = inspect.Signature([inspect.Parameter(name, kind) for name in names])  # type: ignore[attr-defined]
    return call


def _shares(masks: Matte) -> dict[str, Any]:
    return {
        "sky": round(float(masks.sky.mean()), 4),
        "water": round(float(masks.water.mean()), 4),
        "horizon": round(masks.horizon, 4),
    }


def _video(view: View) -> Path | None:
    return view.video


def _answer(work: Callable[[], Any]) -> Any:
    try:
        return work()
    except Exception as error:
        if not isinstance(error, LandscapeError):
            logger.exception("an endpoint failed")
        raise gr.Error(told(error)) from error
