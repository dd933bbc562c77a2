"""The events of the export panel, of settings that come back, and of pages that come back to their session."""

from __future__ import annotations

import html
import json
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import gradio as gr

from landscape.errors import LandscapeError
from landscape.scene.recipe import READABLE, is_scene_file, read_recipe
from landscape.ui.page import widgets
from landscape.ui.page.export_panel import ExportPanel, rates
from landscape.ui.sentences import UNEXPECTED, told
from landscape.ui.visitors.controls import CHOICES, choices_of, named, remembered, shot_of
from landscape.ui.visitors.exports import Exports
from landscape.ui.visitors.sessions import SessionStore

logger = logging.getLogger(__name__)

UNQUEUED: dict[str, Any] = {"queue": False, "api_visibility": "private", "show_progress": "hidden"}
_ESTIMATE: dict[str, Any] = {
    "concurrency_id": "estimate", "concurrency_limit": 1, "api_visibility": "private", "show_progress": "hidden",
}  # fmt: skip
# Where a field is empty Gradio would stop an event with an exception; the settings' own validators say a sentence.
_RAW: dict[str, Any] = {"preprocess": False}
_LOOK = "document.dispatchEvent(new Event('landscape-clips'));"
_REMEMBERED = "() => window.landscape.remembered()"
_KEEP_SESSION = f"(name) => {{ window.landscape.tab.hold(name); window.landscape.join(name); {_LOOK} }}"
_KEEP_SETTINGS = (
    f"const names = {json.dumps(CHOICES)};"
    """
  const text = JSON.stringify(Object.fromEntries(names.map((name, index) => [name, values[index]])));
  try { sessionStorage.setItem('landscape-settings', text); localStorage.setItem('landscape-settings', text); } catch {}
  window.landscape.emit('choices');
"""
)
_KEEP_SETTINGS = f"(...values) => {{ {_KEEP_SETTINGS} }}"
RECIPE_SUFFIXES = tuple(suffix for suffix in READABLE if suffix != ".gif")
"""Files dropped as a photo that are recipes; a GIF is a photo unless it holds a recipe."""


class ExportEvents:
    """Connects the export panel.

    Args:
        exports: The clips.
        store: The sessions.
        session: Holds the session's identifier on the page.
        notice: Where sentences go.
        panel: The panel.
        choices: Components of all that is chosen, in the order of :data:`CHOICES`.
    """

    def __init__(
        self,
        exports: Exports,
        store: SessionStore,
        session: gr.State,
        notice: gr.HTML,
        panel: ExportPanel,
        choices: list[Any],
    ) -> None:
        self._exports = exports
        self._store = store
        self._session = session
        self._notice = notice
        self._panel = panel
        self.choices = choices

    def connect(self, page: gr.Blocks, resume: Callable[..., Any], resumed: list[Any], slot: dict[str, Any]) -> None:
        """Attach all events.

        Args:
            page: The page.
            resume: Shows what a session has, given its identifier.
            resumed: Outputs of ``resume``.
            slot: Concurrency arguments of what takes time.
        """
        panel, choices = self._panel, self.choices
        name = gr.Textbox(visible="hidden", elem_id="session-name")
        saved = gr.Textbox(visible="hidden", elem_id="saved-settings")
        page.unload(self._leave)
        begun = page.load(self._begin, [name, saved], [self._session, name, *choices], js=_REMEMBERED, **UNQUEUED)
        begun.then(None, name, None, js=_KEEP_SESSION, **UNQUEUED)
        begun.then(resume, self._session, resumed, **slot)
        gr.on([component.change for component in choices], None, choices, None, js=_KEEP_SETTINGS, **UNQUEUED)
        # The page asks when it shows the panel and nothing is being moved: a sample costs as much as many pictures.
        panel.estimate_now.click(
            self._estimate, [self._session, *choices], panel.estimate, trigger_mode="always_last", **_RAW, **_ESTIMATE
        )
        form, fps = panel.fields["format"], panel.fields["fps"]
        form.change(_offer_rates, [form, fps], fps, **_RAW, **UNQUEUED)
        look = {"js": f"() => {{ {_LOOK} }}", **UNQUEUED}
        panel.export.click(self._export, [self._session, *choices], self._notice, **_RAW, **UNQUEUED).then(
            None, None, None, **look
        )
        panel.batch.upload(self._batch, [self._session, panel.batch, *choices], self._notice, **_RAW, **slot).then(
            None, None, None, **look
        )
        panel.recipe.upload(self._recipe, [panel.recipe, *choices], [self._notice, *choices], **_RAW, **UNQUEUED)

    def _begin(self, name: str, saved: str, request: gr.Request) -> list[Any]:
        identifier = self._store.attach(name, request.session_hash)
        return [identifier, identifier, *self._shown(remembered(saved))]

    def _leave(self, request: gr.Request) -> None:
        self._store.leave(request.session_hash or "")

    def _shown(self, choices: dict[str, Any] | None) -> list[Any]:
        """Updates of the choices."""
        return [gr.skip()] * len(self.choices) if choices is None else list(choices.values())

    def _export(self, identifier: str, *values: Any) -> str:
        try:
            self._exports.submit(identifier, shot_of(named(CHOICES, values)))
        except LandscapeError as error:
            return widgets.notice(told(error))
        except Exception:
            logger.exception("no export")
            return widgets.notice(UNEXPECTED)
        return ""

    def _batch(self, identifier: str, files: list[dict[str, Any]] | None, *values: Any) -> Iterator[str]:
        sentences = []
        for file in files or []:
            try:
                self._exports.submit_photo(identifier, Path(file["path"]), shot_of(named(CHOICES, values)))
            except LandscapeError as error:
                sentences.append(told(error))
                yield widgets.notice(" ".join(sentences))
        if not sentences:
            yield ""

    def _estimate(self, identifier: str, *values: Any) -> str:
        try:
            size = self._exports.estimate(identifier, shot_of(named(CHOICES, values)))
        except LandscapeError as error:
            size = told(error)
        except Exception:
            logger.exception("no estimate")
            size = ""
        return f"<p>{html.escape(size)}</p>" if size else ""

    def _recipe(self, file: dict[str, Any], *values: Any) -> list[Any]:
        return self.apply(Path(file["path"]), str(values[CHOICES.index("quality")]))

    def apply(self, path: Path, quality: str) -> list[Any]:
        """Use the settings of a recipe: updates of the notice and the choices."""
        try:
            choices = choices_of(read_recipe(path), quality)
        except LandscapeError as error:
            return [widgets.notice(told(error)), *self._shown(None)]
        return ["", *self._shown(choices)]


def _offer_rates(format: str, fps: Any) -> Any:
    """The frame rates that a format can do; the chosen one, or the nearest below."""
    offered = rates(format)
    return gr.Dropdown(offered, value=fps if fps in offered else max(offered))


def is_recipe(path: Path) -> bool:
    """Whether a file dropped onto the page is a recipe or a clip with one, and no photo and no scene."""
    suffix = path.suffix.lower()
    if is_scene_file(path):
        return False
    if suffix == ".gif":
        try:
            read_recipe(path)
            return True
        except LandscapeError:
            return False
    return suffix in RECIPE_SUFFIXES
