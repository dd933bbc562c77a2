"""The page's own controls: the stage, the clock, the sample photos and the progress bar."""

from __future__ import annotations

import html
import math
from pathlib import Path
from typing import Any

import gradio as gr

from landscape.ui.jobs import Status
from landscape.ui.pictures import thumbnail_uri

STATIC = Path(__file__).parent

_STAGE = """
<div class="stage" data-mode="mask">
  <div class="stage-frame">
    <img class="stage-photo" alt="">
    <img class="stage-sky" alt=""><img class="stage-water" alt="">
    <canvas class="stage-live" width="3" height="2"></canvas>
    <div class="stage-mode" role="group" aria-label="What the picture shows">
      <button type="button" data-mode="live" aria-pressed="false">Live preview</button>
      <button type="button" data-mode="mask" aria-pressed="true">Mask</button>
    </div>
    <div class="stage-legend"><span class="of-sky">sky</span><span class="of-water">water</span></div>
    <div class="stage-caption"></div>
    <div class="stage-build"><i></i></div>
  </div>
</div>
"""


def stage() -> tuple[gr.HTML, gr.HTML]:
    """The picture in the middle: its moving part (``stage.js``) and the photo with its masks (``scene.js``)."""
    live = gr.HTML(value=None, html_template=_STAGE, js_on_load=_script("stage.js"), elem_id="stage")
    scene = gr.HTML(value=None, html_template="<i></i>", js_on_load=_script("scene.js"), elem_id="scene")
    return live, scene


def dial(direction: float) -> gr.HTML:
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
"""
    return gr.HTML(
        value=direction,
        html_template=template,
        js_on_load=_script("dial.js"),
        elem_id="dial",
        label="Direction",
    )


def samples(folder: Path) -> tuple[gr.HTML, dict[str, Path]]:
    """Sample photos as buttons, and their paths by name. Its ``select`` event carries the name."""
    paths = {path.stem: path for path in sorted(folder.glob("*.jpg"))}
    buttons = "".join(
        f'<button type="button" data-name="{html.escape(name)}" title="{html.escape(title(name))}">'
        f'<img src="{thumbnail_uri(path)}" alt="{html.escape(title(name))}"></button>'
        for name, path in paths.items()
    )
    template = f'<div class="samples">{buttons}</div>'
    return gr.HTML(html_template=template, js_on_load=_script("samples.js"), elem_id="samples"), paths


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


def _script(name: str) -> str:
    return (STATIC / name).read_text(encoding="utf-8")
