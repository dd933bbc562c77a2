"""Tables and sheets of how skies move: the worst first, with six frames each."""

from __future__ import annotations

import base64
import html
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from landscape.evaluation.clips import Clip
from landscape.evaluation.motion import LIMITS, faults
from landscape.evaluation.tables import table_lines
from landscape.images.pixels import Pixels

FRAMES = 6
"""Frames of a clip on a sheet."""
COLUMNS = (
    "path", "back", "back_max", "back_alone", "land", "evolves", "streaks", "sharp", "colour_drift", "jerk",
    "outlines", "copies", "flow_ratio", "flow_error_deg", "drawn", "evolves_held",
)  # fmt: skip
_STYLE = (
    "body{font:14px sans-serif;background:#181818;color:#ddd}table{border-collapse:collapse}td,th{padding:2px 8px;"
    "text-align:right}img{width:250px;margin:1px}.bad{color:#f96}h2{margin:1em 0 0.2em;font-size:15px}"
)


@dataclass(frozen=True)
class Row:
    """A clip's figures.

    Attributes:
        name: The clip.
        figures: Those of :func:`landscape.evaluation.motion.measure`.
        pictures: JPEGs of some frames.
        real: The row of the real clip with the same first frame, if there is one.
    """

    name: str
    figures: dict[str, Any]
    pictures: tuple[bytes, ...] = ()
    real: Row | None = None

    @property
    def badness(self) -> float:
        """Sum of how far the figures are outside their limits."""
        return sum(faults(self.figures).values())

    def as_dict(self) -> dict[str, Any]:
        """For reports."""
        beside = {} if self.real is None else {"real": self.real.as_dict()}
        return {"name": self.name, **self.figures, "faults": faults(self.figures), **beside}


def make_row(clip: Clip, figures: dict[str, Any], real: Row | None = None) -> Row:
    """A clip's row with frames at equal distances."""
    places = np.linspace(0, len(clip.frames) - 1, FRAMES).round().astype(int)
    return Row(clip.name, figures, tuple(jpeg(clip.frames[place]) for place in places), real)


def worst_first(rows: Sequence[Row]) -> list[Row]:
    """Rows in the order in which one works down them."""
    return sorted(rows, key=lambda row: -row.badness)


def summarise(rows: Sequence[Row]) -> dict[str, Any]:
    """Median, lowest and highest of each figure, and the number of clips outside its limits; of real ones as well."""
    summary: dict[str, Any] = {"clips": len(rows)}
    for name in COLUMNS:
        values = [row.figures[name] for row in rows if name in row.figures]
        if values:
            outside = sum(name in faults(row.figures) for row in rows)
            summary[name] = {
                "median": round(float(np.median(values)), 3),
                "lowest": min(values),
                "highest": max(values),
                "outside": outside,
            }
    beside = _beside(rows)
    return summary | ({"real": summarise(beside)} if beside else {})


def _beside(rows: Sequence[Row]) -> list[Row]:
    """Rows of the real clips beside others."""
    return [row.real for row in rows if row.real is not None]


def markdown_table(rows: Sequence[Row]) -> str:
    """One line per clip, the worst first, and the medians; what real clips have is in brackets."""
    names = [name for name in COLUMNS if any(name in row.figures for row in rows)]
    lines = [[row.name, *(_cell(row, name) for name in names)] for row in worst_first(rows)]
    summary = summarise(rows)
    real = summary.get("real", {})
    medians = (
        f"{summary[name]['median']:g}" + (f" ({real[name]['median']:g})" if name in real else "") for name in names
    )
    return "\n".join(table_lines(["clip", *names], [*lines, ["**median**", *medians]]))


def html_sheet(rows: Sequence[Row]) -> str:
    """A page that needs nothing else: the medians, and each clip with its figures and frames, the worst first."""
    parts = ["<!doctype html><meta charset=utf-8><title>How skies move</title>", f"<style>{_STYLE}</style>"]
    summary = summarise(rows)
    names = [name for name in COLUMNS if name in summary]
    head = "".join(f"<th>{name}" for name in names)
    medians = "".join(f"<td>{summary[name]['median']:g}" for name in names)
    limits = "".join(f"<td>{LIMITS[name][0]:g} … {LIMITS[name][1]:g}" if name in LIMITS else "<td>" for name in names)
    outside = "".join(f"<td>{summary[name]['outside']}" for name in names)
    parts.append(f"<table><tr><th>{head}<tr><th>median{medians}<tr><th>limits{limits}<tr><th>outside{outside}</table>")
    shown = [(row, title) for first in worst_first(rows) for row, title in ((first, first.name), (first.real, "real"))]
    for row, title in shown:
        if row is None:
            continue
        wrong = faults(row.figures)
        cells = [
            f"<span class={'bad' if name in wrong else 'good'}>{name} {row.figures[name]:g}</span>"
            for name in names
            if name in row.figures
        ]
        parts.append(f"<h2>{html.escape(title)}</h2><div>{' · '.join(cells)}</div><div>")
        parts += [f'<img src="data:image/jpeg;base64,{base64.b64encode(p).decode()}">' for p in row.pictures]
        parts.append("</div>")
    return "\n".join(parts) + "\n"


def _cell(row: Row, name: str) -> str:
    if name not in row.figures:
        return ""
    text = f"**{row.figures[name]:g}**" if name in faults(row.figures) else f"{row.figures[name]:g}"
    return text if row.real is None else f"{text} ({_cell(row.real, name)})"


def jpeg(frame: Pixels) -> bytes:
    """A frame as a JPEG."""
    done, data = cv2.imencode(".jpg", cv2.cvtColor(frame, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, 85])
    if not done:
        raise ValueError("A frame could not be written as a JPEG.")
    return data.tobytes()
