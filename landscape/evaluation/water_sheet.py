"""Tables and sheets of how water moves: the worst first, with the current drawn over the photo and frames of a loop."""

from __future__ import annotations

import base64
import html
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from landscape.evaluation.motion_sheet import jpeg
from landscape.evaluation.tables import table_lines
from landscape.images.filters import resize
from landscape.images.pixels import Array, Pixels

COLUMNS = (
    "mirror", "flow", "waves", "direction_deg", "clip_flow", "speed_ratio", "streaks_deg", "falls_down", "moves",
    "stands", "contrast", "seam", "lpips_ours", "lpips_warp", "flow_ours", "flow_warp",
)  # fmt: skip
LIMITS = {"direction_deg": 35.0, "streaks_deg": 30.0, "stands": 2.0, "seam": 2.0}
"""What figures are at most."""
_FRAMES = 8
_STYLE = (
    "body{font:14px sans-serif;background:#181818;color:#ddd}td,th{padding:2px 8px;text-align:right}"
    "img{width:300px;margin:1px}h2{margin:1em 0 0.2em;font-size:15px}"
)
_STEP = 18
"""Pixels between the arrows of a current."""


@dataclass(frozen=True)
class WaterRow:
    """Figures of a photo's water, and JPEGs of the current and of frames."""

    name: str
    figures: dict[str, Any]
    pictures: tuple[bytes, ...] = ()

    @property
    def badness(self) -> float:
        """How far figures are over their limits, in limits."""
        return sum(max(0.0, self.figures[name] / most - 1) for name, most in LIMITS.items() if name in self.figures)


def water_row(name: str, figures: dict[str, Any], photo: Pixels, current: Array, frames: Sequence[Pixels]) -> WaterRow:
    """A row with pictures."""
    places = np.linspace(0, len(frames) - 1, _FRAMES).round().astype(int)
    return WaterRow(name, figures, (jpeg(with_current(photo, current)), *(jpeg(frames[place]) for place in places)))


def with_current(photo: Pixels, current: Array) -> Pixels:
    """A photo with arrows along a current (h, w, 2), which may be smaller and is 0 where nothing flows."""
    drawn, field = photo.copy(), resize(current, *photo.shape[:2])
    speed = np.linalg.norm(field, axis=2)
    fastest = float(np.percentile(speed[speed > 0], 95)) if (speed > 0).any() else 1.0
    for y in range(_STEP // 2, photo.shape[0], _STEP):
        for x in range(_STEP // 2, photo.shape[1], _STEP):
            if speed[y, x] > 0.02 * fastest:
                half = field[y, x] / speed[y, x] * 0.45 * _STEP * np.clip(speed[y, x] / fastest, 0.35, 1)
                ends = [(round(float(x + s * half[0])), round(float(y + s * half[1]))) for s in (-1, 1)]
                cv2.arrowedLine(drawn, ends[0], ends[1], (255, 220, 0), 1, cv2.LINE_AA, tipLength=0.4)
    return drawn


def worst_first(rows: Sequence[WaterRow]) -> list[WaterRow]:
    """Rows in the order in which one works down them."""
    return sorted(rows, key=lambda row: -row.badness)


def summarise(rows: Sequence[WaterRow]) -> dict[str, Any]:
    """Medians of each figure, of all and by kind of water."""
    kinds = sorted({row.figures["kind"] for row in rows if row.figures["kind"]})
    groups = {"all": rows} | {kind: [row for row in rows if row.figures["kind"] == kind] for kind in kinds}
    summary = {}
    for kind, members in groups.items():
        medians: dict[str, Any] = {"photos": len(members)}
        for name in COLUMNS:
            values = [row.figures[name] for row in members if name in row.figures]
            if values:
                medians[name] = round(float(np.median(values)), 3)
        summary[kind] = medians
    return summary


def markdown_table(rows: Sequence[WaterRow]) -> str:
    """One line per photo or clip, the worst first, and medians by kind."""
    names = [name for name in COLUMNS if any(name in row.figures for row in rows)]
    shown = [(row.name, row.figures["kind"], row.figures) for row in worst_first(rows)]
    shown += [("**median**", kind, medians) for kind, medians in summarise(rows).items()]
    cells = ([name, kind, *(f"{found[n]:g}" if n in found else "" for n in names)] for name, kind, found in shown)
    return "\n".join(table_lines(["water", "kind", *names], cells))


def html_sheet(rows: Sequence[WaterRow]) -> str:
    """A page that needs nothing else: each photo with its figures, its current and frames, the worst first."""
    parts = ["<!doctype html><meta charset=utf-8><title>How water moves</title>", f"<style>{_STYLE}</style>"]
    for row in worst_first(rows):
        figures = " · ".join(f"{name} {row.figures[name]:g}" for name in COLUMNS if name in row.figures)
        parts.append(f"<h2>{html.escape(row.name)} {html.escape(row.figures['kind'])}</h2><div>{figures}</div><div>")
        parts += [f'<img src="data:image/jpeg;base64,{base64.b64encode(p).decode()}">' for p in row.pictures]
        parts.append("</div>")
    return "\n".join(parts) + "\n"
