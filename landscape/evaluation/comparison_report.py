"""The comparison of methods as a table, as curves and as a page with all clips side by side."""

from __future__ import annotations

import base64
import html
import io
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from landscape.errors import LandscapeError
from landscape.evaluation.comparison import MOMENTS, REAL, Made, verdict_of
from landscape.evaluation.tables import table_lines
from landscape.images.pixels import Pixels
from landscape.output.video import write_video

CURVES = {
    "static_ssim": "SSIM of what stands still",
    "static_lpips": "LPIPS of what stands still",
    "frechet": "Fréchet distance to real first frames",
}
COLUMNS = {
    "static_ssim": "SSIM, static, last",
    "static_lpips": "LPIPS, static, last",
    "frechet": "Fréchet distance, last",
    "fvd": "Fréchet video distance",
    "sky_flow_ratio": "flow of the sky / real",
    "water_flow_ratio": "flow of water / real",
    "direction_error": "direction error, degrees",
    "skies": "figures of skies in real limits",
    "classifier": "told from real (95 %)",
}
_RATE = 10
_SUREST = 12
_STYLE = (
    "body{font:14px sans-serif;background:#181818;color:#ddd}table{border-collapse:collapse}td,th{padding:2px 10px;"
    "text-align:right}video,img{margin:1px}figure{display:inline-block;margin:4px}h2{font-size:15px}"
)


def markdown_table(summary: Mapping[str, dict[str, Any]]) -> str:
    """One row for each method; of curves the last moment."""
    names = _columns(summary)
    rows = ([method, *(_cell(figures.get(name)) for name in names)] for method, figures in summary.items())
    lines = table_lines(["", *(COLUMNS[name] for name in names)], rows)
    clips = next(iter(summary.values()))["clips"]
    return "\n".join([*lines, "", f"{clips} clips; medians, but for curves, which are means."])


def _columns(summary: Mapping[str, dict[str, Any]]) -> list[str]:
    """The figures that anything has."""
    return [name for name in COLUMNS if any(name in figures for figures in summary.values())]


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, dict):
        low, high = value["interval"]
        return f"{value['accuracy']:.0%} ({low:.0%} to {high:.0%})"
    number = value[-1] if isinstance(value, list) else value
    return f"{number:.0f}" if abs(number) >= 100 else f"{number + 0.0:.3g}"  # no minus before a zero


def draw_curves(summary: Mapping[str, dict[str, Any]]) -> bytes:
    """The curves over time of all methods, a PNG.

    Raises:
        LandscapeError: If matplotlib is missing.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise LandscapeError("Curves are drawn by matplotlib: install the package matplotlib.") from error
    figure = Figure(figsize=(14, 4), layout="constrained")
    for index, (name, title) in enumerate(CURVES.items()):
        axes = figure.add_subplot(1, len(CURVES), index + 1)
        for method, figures in summary.items():
            if name in figures:
                axes.plot(np.linspace(0, 1, MOMENTS), figures[name], label=method, marker=".")
        axes.set_title(title)
        axes.set_xlabel("part of the clip")
        axes.legend(fontsize=8)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=80)
    return buffer.getvalue()


def html_report(summary: Mapping[str, dict[str, Any]], found: Mapping[str, Made]) -> str:
    """A page that needs nothing else: table, curves, the windows that give a method away, and all clips side by side.

    Args:
        summary: Of :func:`landscape.evaluation.comparison.summarise`.
        found: Of :func:`landscape.evaluation.comparison.compare`.
    """
    names = _columns(summary)
    head = "".join(f"<th>{COLUMNS[name]}" for name in names)
    rows = "".join(
        f"<tr><th>{html.escape(method)}" + "".join(f"<td>{_cell(figures.get(name))}" for name in names)
        for method, figures in summary.items()
    )
    parts = ["<!doctype html><meta charset=utf-8><title>Methods compared</title>", f"<style>{_STYLE}</style>"]
    parts += [f"<table><tr><th>{head}{rows}</table>", f'<img src="{_uri("image/png", draw_curves(summary))}">']
    if next(iter(summary.values()))["clips"] > 1:
        for method in found:
            if method != REAL:
                parts.append(f"<h2>{html.escape(method)}: the windows that give it away most</h2>")
                parts.append(f'<img src="{_uri("image/jpeg", _jpeg(surest_windows(found, method)))}">')
    for clip in found[REAL].shown:
        parts.append(f"<h2>{html.escape(clip)}</h2>")
        for method, made in found.items():
            frames = made.shown[clip]
            data = _uri("video/mp4", _video(frames))
            film = f'<video src="{data}" width={frames[0].shape[1]} autoplay muted loop playsinline></video>'
            parts.append(f"<figure>{film}<figcaption>{html.escape(method)}</figcaption></figure>")
    return "\n".join(parts) + "\n"


def surest_windows(found: Mapping[str, Made], name: str) -> Pixels:
    """The made windows that a classifier is surest about: both frames and what changes, the surest first.

    Args:
        found: Of :func:`landscape.evaluation.comparison.compare`, of two clips or more.
        name: The method.

    Returns:
        uint8 (H, W, 3).
    """
    scores = verdict_of(found, name).scores
    looks = [(clip, look) for clip, looks in zip(found[name].clips, found[name].looks, strict=True) for look in looks]
    rows = []
    for index in np.argsort(-scores)[:_SUREST]:
        clip, look = looks[index]
        text = f"{clip} {scores[index]:.2f}"
        rows.append(cv2.putText(look.copy(), text, (4, 12), cv2.FONT_HERSHEY_SIMPLEX, 0.4, (255, 255, 0)))
    return np.asarray(np.concatenate(rows), np.uint8)


def _uri(kind: str, data: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"


def _video(frames: list[Pixels]) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        return write_video(Path(folder) / "clip.mp4", frames, _RATE, crf=28).read_bytes()


def _jpeg(picture: Pixels) -> bytes:
    done, data = cv2.imencode(".jpg", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
    assert done
    return data.tobytes()
