"""What stands on the page: the photo on the left, one panel of controls at a time on the right."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import gradio as gr

from landscape.scene.files import SUFFIX
from landscape.scene.recipe import READABLE
from landscape.ui.page import widgets
from landscape.ui.visitors.controls import NATIVE, QUALITIES, SIZES, STANDARD, Controls

PHOTO_TYPES = [".jpg", ".jpeg", ".png", ".webp", ".heic", ".heif", ".avif", ".tif", ".tiff", ".bmp", ".gif", ".jp2"]
"""What the photo's file dialog offers."""
HIDDEN: Literal["hidden"] = "hidden"
"""Not shown but kept in the page: parts that are built only when shown lose updates that arrive meanwhile."""
_DEFAULTS = Controls()
_SIZE_NAMES = [*((f"{size} px", size) for size in SIZES), ("the photo's own", NATIVE)]
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
    """Motion, light and masks; in ``wishes`` what a preview follows, in the order of ``Controls``."""

    dial: gr.HTML
    speed: gr.Slider
    sky: gr.Slider
    water: gr.Slider
    link: gr.Checkbox
    perspective: gr.Slider
    change: gr.Slider
    style: gr.HTML
    strength: gr.Slider
    day_cycle: gr.Checkbox
    keys: gr.HTML
    mask: gr.UploadButton


@dataclass(frozen=True)
class ClipPanel:
    """Length and size of the clip."""

    seconds: gr.Slider
    long_side: gr.Dropdown
    loop: gr.Checkbox
    quality: gr.Radio


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
    with gr.Column(elem_id="motion-panel"):
        with gr.Row(elem_id="direction-row"):
            dial = widgets.dial(_DEFAULTS.direction)
            gr.HTML(
                "<h3>Direction</h3><p>Where the clouds go. Drag the hand, click an hour, or press ← and →.</p>",
                elem_id="direction-hint",
                apply_default_css=False,
            )
        speed = _slider("Speed", 0, 4, _DEFAULTS.speed, 0.1, "speed", "From still to four times calm.")
        change = _slider("Change", 0, 2, _DEFAULTS.change, 0.05, "change", "How much clouds change: still to lively.")
        with gr.Row(elem_id="amounts"):
            sky = _slider("Sky", 0, 2, _DEFAULTS.sky, 0.05, "sky", "How much.")
            water = _slider("Water", 0, 2, _DEFAULTS.water, 0.05, "water", "How much.")
        link = gr.Checkbox(False, label="Link sky and water", info="One amount for both.", elem_id="link")
        perspective = _slider(
            "Depth", 0, 1, _DEFAULTS.perspective, 0.05, "perspective",
            "Slower towards the horizon, which is the line to drag on the photo.",
        )  # fmt: skip
    with gr.Column(elem_id="light-panel"):
        style = widgets.cards(_DEFAULTS.style)
        strength = _slider("Strength", 0, 1, _DEFAULTS.strength, 0.05, "strength", "How far the light goes.")
        day_cycle = gr.Checkbox(
            _DEFAULTS.day_cycle, label="Day cycle", info="The light travels through the clip.", elem_id="day-cycle"
        )
        keys = widgets.timeline()
    with gr.Column(elem_id="masks-panel"):
        widgets.masks()
        mask = gr.UploadButton("Load a PNG…", file_types=[".png"], size="sm", elem_id="mask")
    return ControlPanel(dial, speed, sky, water, link, perspective, change, style, strength, day_cycle, keys, mask)


def clip_panel() -> ClipPanel:
    """Build the first part of the export panel: how long and how large."""
    seconds = _slider("Length", 0.2, 30, _DEFAULTS.seconds, 0.2, "seconds", "In seconds.")
    loop = gr.Checkbox(_DEFAULTS.loop, label="Loop", info="The end meets the beginning.", elem_id="loop")
    with gr.Row(elem_id="size-row"):
        long_side = gr.Dropdown(
            _SIZE_NAMES, value=_DEFAULTS.long_side, label="Size", info="Long side.", elem_id="size", min_width=110
        )
        quality = gr.Radio(
            list(QUALITIES), value=STANDARD, label="Fit", info="Standard is truer.", elem_id="quality", min_width=300
        )
    return ClipPanel(seconds, long_side, loop, quality)


def _slider(label: str, low: float, high: float, value: float, step: float, name: str, hint: str) -> gr.Slider:
    options: dict[str, Any] = {"step": step, "label": label, "info": hint, "elem_id": name, "buttons": []}
    return gr.Slider(low, high, value, min_width=130, **options)
