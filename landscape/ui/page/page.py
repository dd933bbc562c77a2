"""The page: panels put together and their events wired to handlers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gradio as gr

from landscape.errors import LandscapeError
from landscape.scene.recipe import is_scene_file
from landscape.ui.page import widgets
from landscape.ui.page.api import add_endpoints
from landscape.ui.page.export_events import ExportEvents, is_recipe
from landscape.ui.page.export_panel import ExportPanel, export_panel
from landscape.ui.page.panels import (
    PHOTO_TYPES,
    ClipPanel,
    ControlPanel,
    PhotoPanel,
    clip_panel,
    control_panel,
    photo_panel,
    shown,
    tabs,
)
from landscape.ui.sentences import told
from landscape.ui.visitors.controls import CHOICES, WISHES
from landscape.ui.visitors.handlers import Handlers, View, Views
from landscape.ui.visitors.jobs import Status
from landscape.ui.visitors.sessions import LIFETIME, SessionStore

SLOT: dict[str, Any] = {"concurrency_id": "compute", "concurrency_limit": 32}
"""Events that wait for the compute slot, see ``slot.py``: they only look on, so that many visitors can."""
UNLISTED: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
UNQUEUED: dict[str, Any] = {"queue": False, **UNLISTED}
WAITING = Status("Waiting for the computer")
_WISH = f"(...values) => window.landscape.wish({json.dumps(WISHES)}, values)"

Updates = dict[Any, Any]


def build(handlers: Handlers, store: SessionStore, assets: Path) -> gr.Blocks:
    """Build the page.

    Args:
        handlers: What the page does.
        store: The sessions, one for each open page.
        assets: Folder of the sample photos.
    """
    with gr.Blocks(
        title="landscape", delete_cache=(600, int(LIFETIME)), analytics_enabled=False, fill_width=True
    ) as page:
        session = gr.State(None, delete_callback=store.close)
        widgets.heading()
        with gr.Row(elem_id="page"):
            with gr.Column(elem_id="left"):
                photo = photo_panel(assets)
            with gr.Column(elem_id="controls"):
                tabs()
                controls = control_panel()
                with gr.Column(elem_id="clip-panel"):
                    clip = clip_panel(handlers.offered_weights())
                    export = export_panel(PHOTO_TYPES)
        _Wiring(handlers, store, session, photo, controls, clip, export).connect(page)
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
        clip: ClipPanel,
        export: ExportPanel,
    ) -> None:
        self._handlers = handlers
        self._session = session
        self._photo = photo
        self._controls = controls
        self._clip = clip
        settings = controls.fields | clip.fields | export.fields
        self._wishes: list[Any] = [settings[name] for name in WISHES]
        self._outputs = [session, photo.notice, photo.upload, photo.cancel, photo.meter, clip.weights]
        choices = [(settings | {"quality": clip.quality})[name] for name in CHOICES]
        self._exporting = ExportEvents(handlers.exports, store, session, photo.notice, export, choices)

    def connect(self, page: gr.Blocks) -> None:
        """Attach all events."""
        self._exporting.connect(page, self._resume, self._outputs, {**SLOT, **UNLISTED})
        page.load(None, self._wishes, None, js=_WISH, **UNQUEUED)
        self._connect_photo()
        self._connect_wishes()
        self._connect_jobs()

    def _connect_photo(self) -> None:
        photo, quality = self._photo, self._clip.quality
        uploaded = photo.upload.upload(self._wait, self._session, self._outputs, **UNQUEUED)
        outputs = [*self._outputs, *self._exporting.choices]
        uploaded.then(self._open_upload, [self._session, photo.upload, quality], outputs, **SLOT, **UNLISTED)
        picked = gr.State("")
        sampled = photo.samples.select(self._pick, None, picked, **UNQUEUED)
        sampled.then(self._wait, self._session, self._outputs, **UNQUEUED).then(
            self._open_sample, [self._session, picked, quality], self._outputs, **SLOT, **UNLISTED
        )

    def _connect_wishes(self) -> None:
        link, sky, water = self._controls.link, self._controls.fields["sky"], self._controls.fields["water"]
        # The preview is told by the browser itself, without a detour over the queue of events.
        gr.on([component.change for component in self._wishes], None, self._wishes, None, js=_WISH, **UNQUEUED)
        for mine, other in ((sky, water), (water, sky)):
            js = "(mine, linked, other) => (linked ? mine : other)"
            mine.input(None, [mine, link, other], other, js=js, **UNQUEUED)
        js = "(linked, sky, water) => (linked ? sky : water)"
        link.input(None, [link, sky, water], water, js=js, **UNQUEUED)
        weights = self._clip.weights
        weights.input(self._use_weights, [self._session, weights], self._outputs, **SLOT, **UNLISTED)
        mask = self._controls.mask
        mask.upload(self._use_mask, [self._session, mask], self._outputs, **SLOT, **UNLISTED)

    def _connect_jobs(self) -> None:
        self._photo.cancel.click(self._handlers.cancel, self._session, None, **UNQUEUED)

    def _resume(self, identifier: str) -> Iterator[Updates]:
        offered = self._handlers.offered_weights()  # others may lie there by now
        used = self._handlers.weights_in_use(identifier)
        yield {self._clip.weights: gr.Dropdown(offered, value=used, visible=shown(len(offered) > 1))}
        yield from self._rendered(self._handlers.resume(identifier))

    def _wait(self, identifier: str) -> Updates:
        self._handlers.queue(identifier)
        return self._render(View(status=WAITING, notice="", busy=True))

    def _pick(self, event: gr.EventData) -> str:
        return widgets.event_name(event)

    def _open_upload(self, identifier: str, path: str, quality: str) -> Iterator[Updates]:
        if is_recipe(Path(path)):
            targets = [self._photo.notice, *self._exporting.choices]
            yield dict(zip(targets, self._exporting.apply(Path(path), quality), strict=True))
            yield from self._rendered(self._handlers.resume(identifier))
            yield {self._photo.upload: gr.File(value=None), **self._render(View(busy=False))}
            return
        yield from self._rendered(self._handlers.open(identifier, Path(path), quality))
        chosen = self._exporting.apply(Path(path), quality)[1:] if is_scene_file(Path(path)) else []
        yield {self._photo.upload: gr.File(value=None), **dict(zip(self._exporting.choices, chosen, strict=False))}

    def _open_sample(self, identifier: str, name: str, quality: str) -> Iterator[Updates]:
        path = self._photo.sample_paths.get(name)
        if path is not None:
            yield from self._rendered(self._handlers.open(identifier, path, quality))

    def _use_weights(self, identifier: str, name: str) -> Updates:
        notice = ""
        try:
            self._handlers.use_weights(identifier, name)
        except LandscapeError as error:
            notice = told(error)
        used = self._handlers.weights_in_use(identifier)
        return {self._clip.weights: gr.Dropdown(value=used), **self._render(View(notice=notice))}

    def _use_mask(self, identifier: str, path: str) -> Iterator[Updates]:
        yield from self._rendered(self._handlers.use_mask(identifier, Path(path)))

    def _rendered(self, views: Views) -> Iterator[Updates]:
        empty = True
        for view in views:
            empty = False
            yield self._render(view)
        if empty:
            yield {self._session: gr.skip()}

    def _render(self, view: View) -> Updates:
        photo = self._photo
        updates: Updates = {self._session: gr.skip()}
        if view.notice is not None:
            updates[photo.notice] = widgets.notice(view.notice)
        if view.status is not None:
            updates[photo.meter] = widgets.meter(view.status)
        if view.busy is not None:
            updates[photo.cancel] = gr.Button(visible=shown(view.busy))
        if view.busy is False:
            updates[photo.meter] = ""
        return updates
