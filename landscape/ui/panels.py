"""What stands on the page: the photo on the left, the controls on the right."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import gradio as gr

from landscape.recipe import READABLE
from landscape.ui import widgets
from landscape.ui.controls import NATIVE, QUALITIES, SIZES, STANDARD, STYLE_CHOICES, Controls

PHOTO_TYPES = [".jpg", ".jpeg", ".png", ".webp", ".heic", ".heif", ".avif", ".tif", ".tiff", ".bmp", ".gif", ".jp2"]
"""What the photo's file dialog offers."""
HIDDEN: Literal["hidden"] = "hidden"
"""Not shown but kept in the page: parts that are built only when shown lose updates that arrive meanwhile."""
_DEFAULTS = Controls()
_SIZE_NAMES = [*((f"{size} px", size) for size in SIZES), ("the photo's own", NATIVE)]


@dataclass(frozen=True)
class PhotoPanel:
    """The left side: the photo, what was found in it, the video."""

    notice: gr.HTML
    welcome: gr.Column
    upload: gr.File
    samples: gr.HTML
    sample_paths: dict[str, Path]
    back: gr.Button
    studio: gr.Column
    tabs: gr.Tabs
    stage: gr.HTML
    scene: gr.HTML
    sky: gr.Checkbox
    water: gr.Checkbox
    mask: gr.UploadButton
    find_again: gr.Button
    another: gr.Button
    meter: gr.HTML
    cancel: gr.Button


@dataclass(frozen=True)
class ControlPanel:
    """The right side: what the visitor asks for."""

    dial: gr.HTML
    direction: gr.Slider
    speed: gr.Slider
    style: gr.Radio
    strength: gr.Slider
    day_cycle: gr.Checkbox
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
    with gr.Column(elem_id="welcome") as welcome:
        upload = gr.File(
            label="Photo", show_label=False, file_types=[*PHOTO_TYPES, *READABLE], elem_id="photo", height=420
        )
        gr.HTML("<p>Any landscape with sky or water will do. Or begin with one of these:</p>", elem_id="welcome-hint")
        samples, paths = widgets.samples(assets)
        back = gr.Button("Back to the open photo", size="sm", visible=HIDDEN, elem_id="back")
    with (
        gr.Column(visible=HIDDEN, elem_id="studio") as studio,
        gr.Tabs(elem_id="tabs", selected="scene") as tabs,
        gr.Tab("Scene", id="scene"),
    ):
        stage, scene = widgets.stage()
        with gr.Row(elem_id="moves"):
            sky = gr.Checkbox(True, label="Sky moves", info="Blue in the mask.", min_width=130)
            water = gr.Checkbox(True, label="Water moves", info="Green in the mask.", min_width=130)
            mask = gr.UploadButton("Use my own mask…", file_types=[".png"], size="sm", elem_id="mask")
            find_again = gr.Button("Found mask", size="sm", elem_id="find-again")
            another = gr.Button("Another photo", size="sm", elem_id="another")
        gr.HTML(
            "<p>Your own mask is a grey PNG of the photo's shape: 1 is sky, 2 is water, 0 stands still.</p>",
            elem_id="mask-hint",
        )
    meter = gr.HTML(elem_id="meter")
    cancel = gr.Button("Cancel", variant="secondary", size="lg", visible=HIDDEN, elem_id="cancel")
    return PhotoPanel(
        notice, welcome, upload, samples, paths, back, studio, tabs, stage, scene,
        sky, water, mask, find_again, another, meter, cancel,
    )  # fmt: skip


def control_panel() -> ControlPanel:
    """Build the right side."""
    with gr.Column(elem_id="motion-panel"):
        gr.HTML("<h2>Motion</h2>")
        with gr.Row(elem_id="direction-row"):
            dial = widgets.dial(_DEFAULTS.direction)
            with gr.Column(min_width=180):
                direction = gr.Slider(
                    0, 359, _DEFAULTS.direction, step=1, label="Direction", elem_id="direction",
                    info="0° is up, 90° right.", buttons=[],
                )  # fmt: skip
                speed = gr.Slider(
                    0, 4, _DEFAULTS.speed, step=0.1, label="Speed", elem_id="speed",
                    info="▲ is real clouds, 2.5.", buttons=[],
                )  # fmt: skip
    with gr.Column(elem_id="light-panel"):
        gr.HTML("<h2>Light</h2>")
        style = gr.Radio(
            list(STYLE_CHOICES), value=_DEFAULTS.style, label="Style", elem_id="style",
            info="The light of the whole clip.", show_label=False,
        )  # fmt: skip
        with gr.Row():
            strength = gr.Slider(
                0, 1, _DEFAULTS.strength, step=0.05, label="Strength", info="How far it goes.", buttons=[],
                elem_id="strength",
            )  # fmt: skip
            day_cycle = gr.Checkbox(
                _DEFAULTS.day_cycle, label="Day cycle", info="A whole day in one clip.", elem_id="day-cycle"
            )
    with gr.Column(elem_id="clip-panel"):
        gr.HTML("<h2>Clip</h2>")
        with gr.Row():
            seconds = gr.Slider(
                0.2, 30, _DEFAULTS.seconds, step=0.2, label="Length", info="In seconds.", buttons=[],
                elem_id="seconds",
            )  # fmt: skip
            loop = gr.Checkbox(_DEFAULTS.loop, label="Loop", info="The end meets the beginning.", elem_id="loop")
        with gr.Row():
            long_side = gr.Dropdown(
                _SIZE_NAMES, value=_DEFAULTS.long_side, label="Size", elem_id="size",
                info="Long side in pixels.",
            )  # fmt: skip
            quality = gr.Radio(
                list(QUALITIES), value=STANDARD, label="Fit", elem_id="quality",
                info="Standard is truer, slower.",
            )  # fmt: skip
    return ControlPanel(dial, direction, speed, style, strength, day_cycle, seconds, long_side, loop, quality)
