"""What stands on the page: the photo on the left, one panel of controls at a time on the right."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import gradio as gr

from landscape.scene.files import SUFFIX
from landscape.scene.recipe import READABLE
from landscape.ui.page import widgets
from landscape.ui.page.fields import field, fields
from landscape.ui.visitors.controls import QUALITIES, STANDARD

PHOTO_TYPES = [".jpg", ".jpeg", ".png", ".webp", ".heic", ".heif", ".avif", ".tif", ".tiff", ".bmp", ".gif", ".jp2"]
"""What the photo's file dialog offers."""
HIDDEN: Literal["hidden"] = "hidden"
"""Not shown but kept in the page: parts that are built only when shown lose updates that arrive meanwhile."""
_TABS = (("motion", "Motion"), ("light", "Light"), ("masks", "Masks"), ("export", "Export"))


@dataclass(frozen=True)
class PhotoPanel:
    """The left side: the photo, or the place to drop one."""

    notice: gr.HTML
    upload: gr.File
    samples: gr.HTML
    sample_paths: dict[str, Path]
    stage: gr.HTML
    meter: gr.HTML
    cancel: gr.Button


@dataclass(frozen=True)
class ControlPanel:
    """Motion, light and masks; the settings by their names."""

    fields: dict[str, Any]
    link: gr.Checkbox
    mask: gr.UploadButton


@dataclass(frozen=True)
class ClipPanel:
    """Length and size of the clip; the settings by their names."""

    fields: dict[str, Any]
    quality: gr.Radio
    weights: gr.Dropdown


def shown(visible: bool) -> bool | Literal["hidden"]:
    """The ``visible`` of a part that is shown or hidden."""
    return True if visible else HIDDEN


def photo_panel(assets: Path) -> PhotoPanel:
    """Build the left side.

    Args:
        assets: Folder of the sample photos.
    """
    notice = gr.HTML(elem_id="notice")
    widgets.sentences()
    with gr.Column(elem_id="welcome"):
        upload = gr.File(
            label="Photo", show_label=False, file_types=[*PHOTO_TYPES, SUFFIX, *READABLE], elem_id="photo", height=420
        )
        hint = "Any landscape with sky or water; it stays on this computer. Or begin with one of these:"
        gr.HTML(f"<p>{hint}</p>", elem_id="welcome-hint")
        samples, paths = widgets.samples(assets)
    stage = widgets.stage()
    with gr.Row(elem_id="progress"):
        meter = gr.HTML(elem_id="meter")
        cancel = gr.Button("Stop", size="sm", visible=HIDDEN, elem_id="cancel")
    return PhotoPanel(notice, upload, samples, paths, stage, meter, cancel)


def tabs() -> gr.HTML:
    """The names of the panels."""
    buttons = "".join(
        f'<button type="button" role="tab" data-panel-tab="{name}" aria-selected="{str(name == "motion").lower()}" '
        f'aria-controls="{name}-panel">{title}</button>'
        for name, title in _TABS
    )
    return gr.HTML(
        f'<div class="panel-tabs" role="tablist">{buttons}</div>', elem_id="panel-tabs", apply_default_css=False
    )


def control_panel() -> ControlPanel:
    """Build the panels of motion, light and masks."""
    link = gr.Checkbox(False, label="Link sky and water", info="One amount for both.", elem_id="link", render=False)
    with gr.Column(elem_id="motion-panel"):
        found = fields("motion", {}, {"amounts": link.render})
    with gr.Column(elem_id="light-panel"):
        found |= fields("light", {}, {})
    with gr.Column(elem_id="masks-panel"):
        widgets.masks()
        mask = gr.UploadButton("Load a PNG…", file_types=[".png"], size="sm", elem_id="mask")
    return ControlPanel(found, link, mask)


def clip_panel(offered: list[str]) -> ClipPanel:
    """Build the first part of the export panel: how long and how large, and which weights are fitted.

    Args:
        offered: Names of the weights that can be chosen, those in use first; a menu is shown where there are several.
    """
    found = {"seconds": field("seconds"), "loop": field("loop")}
    with gr.Row(elem_id="size-row"):
        found["long_side"] = field("long_side", min_width=110)
        quality = gr.Radio(
            list(QUALITIES), value=STANDARD, label="Fit", info="Standard is truer.", elem_id="quality", min_width=300
        )
    settings = fields("clip", found, {})
    weights = gr.Dropdown(
        offered, value=offered[0], label="Weights", info="What is fitted to the photo.", elem_id="weights",
        visible=shown(len(offered) > 1),
    )  # fmt: skip
    return ClipPanel(settings, quality, weights)
