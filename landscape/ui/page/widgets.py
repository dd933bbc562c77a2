"""The page's own controls: the stage, the clock, the sample photos and the progress bar."""

from __future__ import annotations

import html
import json
import math
from pathlib import Path
from typing import Any

import gradio as gr

from landscape.kinds import Kind
from landscape.light.paths import DAY
from landscape.settings import PHOTO_LIGHT, STYLES
from landscape.ui.page.scripts import STATIC, page_script, part
from landscape.ui.pictures import thumbnail_uri
from landscape.ui.visitors.jobs import Status

STYLE_CHOICES = (PHOTO_LIGHT, *STYLES)
"""The styles as the page names them."""
STYLE_COLOURS = dict(
    zip(
        STYLE_CHOICES,
        ("#9fb4c8", "#5aa7ee", "#d7e6f1", "#ffd9a0", "#ffb27a", "#f57c4a", "#3d5fae", "#14213d", "#9db9dd", "#5aa7ee"),
        strict=True,
    )
)
"""A colour for each style, shown until there is a picture of it."""


def stage() -> gr.HTML:
    """The picture in the middle with everything that lies on it (brush, arrows and sun have files of their own)."""
    return gr.HTML(
        html_template=_read("stage.html"),
        js_on_load=part("stage"),
        elem_id="stage",
        apply_default_css=False,
    )


def masks() -> gr.HTML:
    """The tools of the mask brush (``masks.js``)."""
    return gr.HTML(
        html_template=_read("masks.html"), js_on_load=part("masks"), elem_id="mask-tools", apply_default_css=False
    )


def cards(kind: Kind, style: str, name: str) -> gr.HTML:
    """Cards with pictures of the open photo; the value is the name of the chosen style."""
    items = "".join(
        f'<button type="button" class="card" role="radio" data-style="{html.escape(item)}" '
        f'style="--swatch:{STYLE_COLOURS[item]}"><img alt=""><span>{html.escape(item)}</span></button>'
        for item in STYLE_CHOICES
    )
    template = f'<div class="cards" role="radiogroup" aria-label="Light">{items}</div>'
    return gr.HTML(value=style, html_template=template, js_on_load=part("cards"), elem_id=name, apply_default_css=False)


def timeline(kind: Kind, keys: list[Any], name: str) -> gr.HTML:
    """The key frames of the day cycle; the value is a list of ``{"time": fraction, "style": name}``."""
    day = [{"time": round(float(time), 4), "style": style} for time, style in zip(DAY, STYLES, strict=True)]
    options = "".join(f"<option>{html.escape(item)}</option>" for item in STYLE_CHOICES)
    template = (
        _read("timeline.html")
        .replace("@day", html.escape(json.dumps(day)))
        .replace("@colours", html.escape(json.dumps(STYLE_COLOURS)))
        .replace("@options", options)
    )
    return gr.HTML(
        value=keys, html_template=template, js_on_load=part("timeline"), elem_id=name, apply_default_css=False
    )


def held(kind: Kind, value: Any, name: str) -> gr.HTML:
    """A value that is chosen elsewhere on the page, as on the photo, by ``landscape.choose(name, value)``."""
    return gr.HTML(value=value, html_template="", js_on_load=part("held", name), elem_id=name, apply_default_css=False)


def dial(kind: Kind, direction: float, name: str) -> gr.HTML:
    """A clock to choose a direction with; its value is in degrees clockwise from up."""
    hours = []
    for hour in range(1, 13):
        turn = math.radians(30 * hour)
        x, y = 100 + 78 * math.sin(turn), 100 - 78 * math.cos(turn)
        hours.append(f'<text class="dial-hour" data-hour="{hour}" x="{x:.1f}" y="{y + 5:.1f}">{hour}</text>')
    template = f"""
<svg class="dial" viewBox="0 0 200 200" role="slider" tabindex="0" aria-label="Direction of the clouds"
     aria-valuemin="0" aria-valuemax="359">
  <circle class="dial-face" cx="100" cy="100" r="97"/>
  {"".join(hours)}
  <g class="dial-hand"><path d="M100 134 V52"/><path d="M88 66 L100 48 L112 66"/></g>
  <circle class="dial-pin" cx="100" cy="100" r="4"/>
</svg>
<span class="dial-value"></span>
"""
    with gr.Row(elem_id=f"{name}-row"):
        shown = gr.HTML(
            value=direction,
            html_template=template,
            js_on_load=part("dial"),
            elem_id=name,
            apply_default_css=False,
            label=kind.label,
        )
        gr.HTML(f"<h3>{kind.label}</h3><p>{kind.hint}</p>", elem_id=f"{name}-hint", apply_default_css=False)
    return shown


def samples(folder: Path) -> tuple[gr.HTML, dict[str, Path]]:
    """Sample photos as buttons, and their paths by name. Its ``select`` event carries the name."""
    paths = {path.stem: path for path in sorted(folder.glob("*.jpg"))}
    buttons = "".join(
        f'<button type="button" data-name="{html.escape(name)}" title="{html.escape(title(name))}">'
        f'<img src="{thumbnail_uri(path)}" alt="{html.escape(title(name))}"></button>'
        for name, path in paths.items()
    )
    template = f'<div class="samples">{buttons}</div>'
    return gr.HTML(
        html_template=template, js_on_load=part("samples"), elem_id="samples", apply_default_css=False
    ), paths


def title(name: str) -> str:
    """A file's name as words."""
    return name.replace("_", " ").replace("-", " ").capitalize()


def meter(status: Status | None) -> str:
    """Progress as HTML; nothing for None."""
    if status is None:
        return ""
    stage = html.escape(status.stage[:1].upper() + status.stage[1:])
    if status.fraction is None:
        return f'<div class="meter running"><p><b>{stage}</b></p><div class="meter-bar"><i></i></div></div>'
    percent = round(100 * status.fraction)
    left = "" if status.left is None else f"{remaining(status.left)} left"
    return (
        f'<div class="meter"><p><b>{stage}</b><span>{left}</span></p>'
        f'<div class="meter-bar" role="progressbar" aria-valuenow="{percent}">'
        f'<i style="width:{percent}%"></i></div></div>'
    )


def remaining(seconds: float) -> str:
    """A time in words: ``about 40 s``, ``about 3 min``."""
    if seconds < 5:
        return "a few seconds"
    if seconds < 90:
        return f"about {5 * math.ceil(seconds / 5)} s"
    return f"about {math.ceil(seconds / 60)} min"


def notice(sentence: str) -> str:
    """A sentence beside the photo as HTML; nothing for an empty one."""
    return f'<div class="notice" role="alert">{html.escape(sentence)}</div>' if sentence else ""


def event_name(event: Any) -> str:
    """The name that a ``select`` event of :func:`samples` carries."""
    return str((getattr(event, "_data", None) or {}).get("name", ""))


def head(facts: dict[str, Any], more_css: str = "") -> str:
    """Style sheets and scripts that the parts of the page share, for the page's head.

    Gradio's own way for style sheets rewrites their selectors, which then cannot depend on the page's state.

    Args:
        facts: What the scripts must know, as JSON.
        more_css: Style sheets of other panels.
    """
    sheets = [*(_read(name) for name in ("page.css", "stage.css", "panels.css")), more_css, _read("narrow.css")]
    styles = "".join(f"<style>{sheet}</style>" for sheet in sheets)
    return f"{styles}<script>{page_script(facts)}</script>"


def sentences() -> gr.HTML:
    """Where the sentences of the live line go (``marks.js``)."""
    return gr.HTML(
        '<div class="notice" role="alert" hidden><span></span>'
        '<button type="button" aria-label="Close">×</button></div>',
        elem_id="line-notice",
        apply_default_css=False,
    )


def heading() -> gr.HTML:
    """The bar at the top and the help that opens from it."""
    return gr.HTML(_read("heading.html"), elem_id="heading", apply_default_css=False)


def _read(name: str) -> str:
    return (STATIC / name).read_text(encoding="utf-8")
