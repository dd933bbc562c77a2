"""The page's events: panels wired to handlers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gradio as gr

from landscape.ui import widgets
from landscape.ui.api import add_endpoints
from landscape.ui.controls import Controls
from landscape.ui.export_events import ExportEvents, is_recipe
from landscape.ui.export_panel import ExportPanel, export_panel
from landscape.ui.handlers import Handlers, View, Views
from landscape.ui.jobs import Status
from landscape.ui.panels import HIDDEN, PHOTO_TYPES, ControlPanel, PhotoPanel, control_panel, photo_panel, shown
from landscape.ui.sessions import LIFETIME, SessionStore

SLOT: dict[str, Any] = {"concurrency_id": "compute", "concurrency_limit": 32}
"""Events that wait for the compute slot, see ``slot.py``: they only look on, so that many visitors can."""
PRIVATE: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
LIGHT: dict[str, Any] = {"queue": False, **PRIVATE}
WAITING = Status("Waiting for the computer")
_HEADING = '<div class="heading"><h1>landscape</h1><p>One photo in, a living time-lapse out.</p></div>'

Updates = dict[Any, Any]


def build(handlers: Handlers, store: SessionStore, assets: Path) -> gr.Blocks:
    """Build the page.

    Args:
        handlers: What the page does.
        store: The sessions, one for each open page.
        assets: Folder of the sample photos.
    """
    with gr.Blocks(title="landscape", delete_cache=(600, int(LIFETIME)), analytics_enabled=False) as page:
        session = gr.State(None, delete_callback=store.close)
        gr.HTML(_HEADING, elem_id="heading")
        with gr.Row(elem_id="page"):
            with gr.Column(scale=5, min_width=620, elem_id="left"):
                photo = photo_panel(assets)
            with gr.Column(scale=3, min_width=420, elem_id="controls"):
                controls = control_panel()
                export = export_panel(PHOTO_TYPES)
        _Wiring(handlers, store, session, photo, controls, export).connect(page)
        add_endpoints(handlers, store, SLOT)
    return page


class _Wiring:
    """Connects events to handlers and views to components."""

    def __init__(
        self,
        handlers: Handlers,
        store: SessionStore,
        session: gr.State,
        photo: PhotoPanel,
        controls: ControlPanel,
        export: ExportPanel,
    ) -> None:
        self._handlers = handlers
        self._session = session
        self._photo = photo
        self._controls = controls
        self._wishes: list[Any] = [
            controls.direction, controls.speed, photo.sky, photo.water, controls.style, controls.strength,
            controls.day_cycle, controls.seconds, controls.long_side, controls.loop,
        ]  # fmt: skip
        self._outputs = [
            session, photo.notice, photo.welcome, photo.studio, photo.back, photo.upload, photo.tabs, photo.stage,
            photo.scene, photo.cancel, photo.meter,
        ]  # fmt: skip
        self._exporting = ExportEvents(
            handlers.exports, store, session, photo.notice, export, self._wishes, controls.quality, [controls.dial]
        )

    def connect(self, page: gr.Blocks) -> None:
        """Attach all events."""
        slot = {**SLOT, **PRIVATE}
        resumed = self._exporting.connect(page, self._resume, self._outputs, slot)
        self._exporting.estimate_after(resumed)
        resumed.then(self._preview, self._session, self._outputs, **slot)
        self._connect_photo()
        self._connect_wishes()
        self._connect_jobs()

    def _connect_photo(self) -> None:
        photo, quality = self._photo, self._controls.quality
        uploaded = photo.upload.upload(self._wait, self._session, self._outputs, **LIGHT)
        choices = self._exporting.choices
        opened = uploaded.then(
            self._open_upload,
            [self._session, photo.upload, quality],
            [*self._outputs, *choices, self._controls.dial],
            **SLOT,
            **PRIVATE,
        )
        picked = gr.State("")
        sampled = photo.samples.select(self._pick, None, picked, **LIGHT)
        chosen = sampled.then(self._wait, self._session, self._outputs, **LIGHT).then(
            self._open_sample, [self._session, picked, quality], self._outputs, **SLOT, **PRIVATE
        )
        for event in (opened, chosen):
            self._exporting.estimate_after(event)
            event.then(self._preview, self._session, self._outputs, **SLOT, **PRIVATE)
        photo.another.click(self._show_welcome, None, self._outputs, **LIGHT)
        photo.back.click(self._show_studio, None, self._outputs, **LIGHT)

    def _connect_wishes(self) -> None:
        photo, controls = self._photo, self._controls
        controls.dial.input(None, controls.dial, controls.direction, js="(value) => Number(value)", **LIGHT)
        controls.direction.input(None, controls.direction, controls.dial, js="(value) => value", **LIGHT)
        for box, name in ((photo.sky, "sky"), (photo.water, "water")):
            js = f"(on) => {{ document.querySelector('#stage').dataset.{name} = on ? 'on' : 'off'; }}"
            box.change(None, box, None, js=js, **LIGHT)
        asked = gr.on(
            [component.change for component in self._wishes],
            self._ask,
            [self._session, *self._wishes],
            photo.tabs,
            trigger_mode="always_last",
            **LIGHT,
        )
        asked.then(self._preview, self._session, self._outputs, trigger_mode="multiple", **SLOT, **PRIVATE)
        for button, work, inputs in (
            (photo.mask.upload, self._use_mask, [self._session, photo.mask]),
            (photo.find_again.click, self._find_again, [self._session]),
        ):
            button(work, inputs, self._outputs, **SLOT, **PRIVATE).then(
                self._preview, self._session, self._outputs, **SLOT, **PRIVATE
            )

    def _connect_jobs(self) -> None:
        photo = self._photo
        photo.cancel.click(self._handlers.cancel, self._session, None, **LIGHT)

    def _resume(self, identifier: str) -> Iterator[Updates]:
        yield from self._rendered(self._handlers.resume(identifier))

    def _wait(self, identifier: str) -> Updates:
        self._handlers.queue(identifier)
        return self._render(View(status=WAITING, notice="", busy=True))

    def _pick(self, event: gr.EventData) -> str:
        return widgets.event_name(event)

    def _open_upload(self, identifier: str, path: str, quality: str) -> Iterator[Updates]:
        if is_recipe(Path(path)):
            targets = [self._photo.notice, *self._exporting.choices, self._controls.dial]
            yield dict(zip(targets, self._exporting.apply(Path(path), quality), strict=True))
            yield from self._rendered(self._handlers.resume(identifier))
            yield {self._photo.upload: gr.File(value=None), **self._render(View(busy=False))}
            return
        yield from self._rendered(self._handlers.open(identifier, Path(path), quality))
        yield {self._photo.upload: gr.File(value=None)}

    def _open_sample(self, identifier: str, name: str, quality: str) -> Iterator[Updates]:
        path = self._photo.sample_paths.get(name)
        if path is not None:
            yield from self._rendered(self._handlers.open(identifier, path, quality))

    def _ask(self, identifier: str, *values: Any) -> Any:
        self._handlers.ask(identifier, Controls(*values))
        return gr.Tabs(selected="scene")

    def _preview(self, identifier: str) -> Iterator[Updates]:
        yield from self._rendered(self._handlers.preview(identifier))

    def _use_mask(self, identifier: str, path: str) -> Iterator[Updates]:
        yield from self._rendered(self._handlers.use_mask(identifier, Path(path)))

    def _find_again(self, identifier: str) -> Iterator[Updates]:
        yield from self._rendered(self._handlers.find_again(identifier))

    def _show_welcome(self) -> Updates:
        photo = self._photo
        return {
            photo.welcome: gr.Column(visible=True),
            photo.studio: gr.Column(visible=HIDDEN),
            photo.back: gr.Button(visible=True),
        }

    def _show_studio(self) -> Updates:
        photo = self._photo
        return {photo.welcome: gr.Column(visible=HIDDEN), photo.studio: gr.Column(visible=True)}

    def _rendered(self, views: Views) -> Iterator[Updates]:
        empty = True
        for view in views:
            empty = False
            yield self._render(view)
        if empty:
            yield {self._session: gr.skip()}

    def _render(self, view: View) -> Updates:
        photo = self._photo
        updates: Updates = {}
        if view.scene is not None:
            updates[photo.scene] = view.scene
        if view.live is not None:
            updates[photo.stage] = view.live
        if view.notice is not None:
            updates[photo.notice] = widgets.notice(view.notice)
        if view.status is not None:
            updates[photo.meter] = widgets.meter(view.status)
        if view.opened:
            updates[photo.welcome] = gr.Column(visible=HIDDEN)
            updates[photo.studio] = gr.Column(visible=True)
            updates[photo.tabs] = gr.Tabs(selected="scene")
        if view.busy is not None:
            updates[photo.cancel] = gr.Button(visible=shown(view.busy))
        if view.busy is False:
            updates[photo.meter] = ""
        return updates
