"""The booth's screen."""

from __future__ import annotations

import html
import json
from pathlib import Path

import gradio as gr

from landscape.ui.booth.booth import MOODS
from landscape.ui.page.scripts import STATIC, bundle
from landscape.ui.page.widgets import title

IDLE_SECONDS = 60
"""Seconds without a touch after which the screen begins anew."""


def build_booth(samples: dict[str, Path], idle: int = IDLE_SECONDS) -> gr.Blocks:
    """Build the page.

    Args:
        samples: Sample photos by name.
        idle: Seconds without a touch after which the screen begins anew.
    """
    tiles = "".join(
        f'<button type="button" data-sample="{html.escape(name)}">'
        f'<img src="landscape/booth/photo/{html.escape(name)}.jpg" alt="{html.escape(title(name))}"></button>'
        for name in samples
    )
    moods = "".join(
        f'<button type="button" data-mood="{name}">{html.escape(words)}</button>' for name, (words, _) in MOODS.items()
    )
    facts = html.escape(json.dumps({"samples": list(samples), "idle": idle}))
    template = (STATIC / "booth.html").read_text(encoding="utf-8")
    for word, value in (("tiles", tiles), ("moods", moods), ("facts", facts)):
        template = template.replace(f"[[{word}]]", value)
    with gr.Blocks(title="landscape", analytics_enabled=False) as page:
        gr.HTML(
            html_template=template,
            js_on_load=f"{bundle('booth')}.booth({{ element }});",
            elem_id="booth",
        )
    return page


def booth_css() -> str:
    """The screen's style sheet."""
    return (STATIC / "booth.css").read_text(encoding="utf-8")
