"""Tables and contact sheets of the nine lights: the worst first."""

from __future__ import annotations

import base64
import html
from collections.abc import Sequence
from typing import Any

import cv2

from landscape.evaluation.light import JUDGED, StyledPhoto
from landscape.evaluation.tables import table_lines
from landscape.images.pixels import Pixels

GRADIENTS, CLIPPED, HALO = 0.97, 0.02, 1.5
"""Least correlation of gradients, largest share of clipped pixels and largest halo, in L, that pass."""
_SPOILT = ("gradients", "clipped", "halo")
_STYLE = (
    "body{font:14px sans-serif;background:#181818;color:#ddd}table{border-collapse:collapse}td,th{padding:2px 8px;"
    "text-align:right}figure{display:inline-block;margin:2px}img{width:320px;display:block}.bad{color:#f96}"
    "h2{margin:1em 0 0.2em;font-size:15px}"
)


def faults(styled: StyledPhoto) -> dict[str, float]:
    """What is wrong with a photo in a light, each as a multiple of what passes."""
    if not styled.faults:
        return {}
    found = {"clipped": styled.faults["clipped"] / CLIPPED, "halo": styled.faults["halo"] / HALO}
    if styled.faults["gradients"] is not None:
        found["gradients"] = (1 - styled.faults["gradients"]) / (1 - GRADIENTS)
    return {name: value for name, value in found.items() if value > 1}


def markdown_table(report: dict[str, dict[str, Any]]) -> str:
    """One line per style: distances of styled and plain photos to real light, and what was spoilt (median / worst)."""
    heads = ("style", "real", "sky", "land", "water", "Fréchet", "within the real quartiles", *_SPOILT)
    lines = []
    for style, row in report.items():
        distances = [
            f"{row['distance'][region]:g} (from {row['from'][region]:g})" if region in row["distance"] else ""
            for region in ("sky", "land", "water")
        ]
        seen = row.get("frechet")
        distances.append(f"{seen['real']:.3g} (from {seen['from']:.3g}), nearest {seen['nearest']}" if seen else "")
        within = ", ".join(f"{name} {found['share']:.0%}" for name, found in row["within"].items() if found)
        spoilt = [" / ".join(f"{value:g}" for value in row[name]) for name in _SPOILT]
        lines.append([style, row["real"], *distances, within, *spoilt])
    return "\n".join(table_lines(heads, lines))


def html_sheet(styled: Sequence[StyledPhoto], report: dict[str, dict[str, Any]]) -> str:
    """A page that needs nothing else: the table, and each photo in all styles, the worst photo first."""
    by_photo: dict[str, list[StyledPhoto]] = {}
    for item in styled:
        by_photo.setdefault(item.photo, []).append(item)
    parts = ["<!doctype html><meta charset=utf-8><title>The nine lights</title>", f"<style>{_STYLE}</style>"]
    cells = [line.strip("|").split("|") for line in markdown_table(report).splitlines() if not line.startswith("|---")]
    rows = ("<tr>" + "".join(f"<td>{html.escape(cell.strip())}" for cell in row) for row in cells)
    parts.append("<table>" + "".join(rows) + "</table>")
    order = sorted(by_photo, key=lambda name: -sum(sum(faults(item).values()) for item in by_photo[name]))
    for name in order:
        parts.append(f"<h2>{html.escape(name)}</h2>")
        for item in by_photo[name]:
            wrong = ", ".join(f"{fault} {value:.1f}" for fault, value in faults(item).items())
            data = base64.b64encode(jpeg(item.picture)).decode()
            caption = f"{item.style} <span class=bad>{wrong}</span>"
            parts.append(
                f'<figure><img src="data:image/jpeg;base64,{data}"><figcaption>{caption}</figcaption></figure>'
            )
    return "\n".join(parts) + "\n"


def as_rows(styled: Sequence[StyledPhoto]) -> list[dict[str, Any]]:
    """Figures of every photo in every style, for reports."""
    return [
        {
            "photo": item.photo,
            "style": item.style,
            **{k: round(v, 3) for k, v in item.lit.figures.items()},
            **item.faults,
        }
        for item in styled
        if item.style in ("photo", *JUDGED)
    ]


def jpeg(picture: Pixels) -> bytes:
    """A picture (H, W, 3) uint8 as a JPEG."""
    done, data = cv2.imencode(".jpg", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, 88])
    if not done:
        raise ValueError("A picture could not be written as a JPEG.")
    return data.tobytes()
