"""The export panel: the kind of file, the button, and the visitor's clips."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import gradio as gr

from landscape.output.formats import FORMATS
from landscape.scene.recipe import READABLE
from landscape.settings import FASTEST, RATES, ExportSettings
from landscape.ui.page.fields import field, fields
from landscape.ui.page.scripts import STATIC, part


def rates(format: str) -> list[int]:
    """Frame rates on offer for a format."""
    return [rate for rate in RATES if rate <= FASTEST.get(format, rate)]


RECIPE_TYPES = list(READABLE)
CLIPS_KEPT = "Clips stay on this computer for an hour after the page was last open."


@dataclass(frozen=True)
class ExportPanel:
    """What is chosen about the file, the settings by their names, and what came of it."""

    fields: dict[str, Any]
    estimate: gr.HTML
    estimate_now: gr.Button
    export: gr.Button
    recipe: gr.UploadButton
    batch: gr.UploadButton
    clips: gr.HTML


def export_panel(photo_types: list[str]) -> ExportPanel:
    """Build the panel.

    Args:
        photo_types: What the photo's file dialog offers.
    """
    with gr.Column(elem_id="export-panel"):
        gr.HTML("<h2>Export</h2>")
        found = {
            "format": field("format", [(entry.label, entry.name) for entry in FORMATS.values()]),
            "crf": field("crf"),
            "fps": field("fps", [(str(rate), rate) for rate in rates(ExportSettings().format)], min_width=110),
        }
        found = fields("file", found, {})
        export = gr.Button("Export", variant="primary", size="lg", elem_id="export")
        estimate = gr.HTML(elem_id="estimate", js_on_load=part("estimate"))
        estimate_now = gr.Button(visible="hidden", elem_id="estimate-now")
        with gr.Row(elem_id="export-more"):
            batch = gr.UploadButton(
                "More photos like this…", file_count="multiple", file_types=photo_types, size="sm", elem_id="batch"
            )
            recipe = gr.UploadButton("Settings from a clip…", file_types=RECIPE_TYPES, size="sm", elem_id="recipe")
        gr.HTML(
            '<button type="button" class="plain">Save the scene</button>'
            "<p>Photo, masks and fit in one file: drop it here another day and go on at once.</p>",
            js_on_load=part("savedScene"),
            elem_id="save-scene",
            apply_default_css=False,
        )
        clips = gr.HTML(
            html_template=f'<div class="clips"><ol></ol><p class="clips-note" hidden>{CLIPS_KEPT}</p>'
            '<dialog class="player"><video loop playsinline controls></video><img alt="">'
            '<form method="dialog"><button aria-label="Close">×</button></form></dialog></div>',
            js_on_load=part("clips"),
            elem_id="clips",
            apply_default_css=False,
        )
    return ExportPanel(found, estimate, estimate_now, export, recipe, batch, clips)


def export_css() -> str:
    """The panel's style sheet."""
    return (STATIC / "export.css").read_text(encoding="utf-8")
