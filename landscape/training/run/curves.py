"""Curves of a training run, from its metrics file alone."""

from __future__ import annotations

import contextlib
import io
import json
from pathlib import Path
from typing import Any

from landscape.errors import LandscapeError
from landscape.files import replacing
from landscape.marks import seal_picture

PANELS = {
    "discriminators": ("d_static", "d_pairwise", "d_projected", "d_sampled"),
    "generator": ("g_static", "g_pairwise", "g_projected", "g_sampled"),
    "logits, static": ("real_static", "fake_static"),
    "logits, pairs": ("real_pairwise", "fake_pairwise"),
    "reconstruction": ("rec_l1", "rec_lpips", "carried_l1", "carried_lpips"),
    "divergence": ("rec_kl", "carried_kl"),
    "R1": ("r1_static", "r1_pairwise"),
    "images per second": ("images_per_second",),
    "Fréchet distance": ("lite0_training", "lite0_held_out", "fid_training", "fid_held_out"),
}


def read_metrics(path: Path) -> list[dict[str, Any]]:
    """Read the lines of a ``metrics.jsonl``; a line that a kill cut short is left out.

    Evaluations, which have no counter of their own, get that of the line before.

    Raises:
        LandscapeError: If there is no such file or it holds nothing.
    """
    if not path.is_file():
        raise LandscapeError(f"Give the folder of a run; {path.parent} has no {path.name}.")
    lines: list[dict[str, Any]] = []
    for text in path.read_text(encoding="utf-8").splitlines():
        with contextlib.suppress(json.JSONDecodeError):
            line = json.loads(text)
            if "evaluation" in line:
                line = line["evaluation"] | {"images": lines[-1]["images"] if lines else 0}
            lines.append(line)
    if not lines:
        raise LandscapeError(f"{path} holds no measurements yet; look again in a minute.")
    return lines


def draw_curves(run: Path, out: Path | None = None) -> Path:
    """Draw the curves of a run.

    Args:
        run: Folder with ``metrics.jsonl``.
        out: The picture, ``run/curves.png`` by default.

    Returns:
        The picture's path.

    Raises:
        LandscapeError: If there is nothing to draw or matplotlib is missing.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise LandscapeError("Curves are drawn by matplotlib: install the package matplotlib.") from error
    lines = read_metrics(run / "metrics.jsonl")
    panels = {title: names for title, names in PANELS.items() if any(n in line for n in names for line in lines)}
    figure = Figure(figsize=(14, 3.2 * ((len(panels) + 2) // 3)), layout="constrained")
    for index, (title, names) in enumerate(panels.items()):
        axes = figure.add_subplot((len(panels) + 2) // 3, 3, index + 1)
        for name in names:
            points = [(line["images"] / 1000, line[name]) for line in lines if name in line]
            if points:
                axes.plot(*zip(*points, strict=True), label=name, linewidth=1, marker="." if len(points) < 20 else "")
        for image in _new_resolutions(lines):
            axes.axvline(image / 1000, color="grey", linewidth=0.5)
        axes.set_title(title)
        axes.set_xlabel("thousand images")
        axes.legend(fontsize=8)
    out = out or run / "curves.png"
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=80)
    with replacing(out) as partial:
        partial.write_bytes(seal_picture(buffer.getvalue()))
    return out


def _new_resolutions(lines: list[dict[str, Any]]) -> list[int]:
    steps = [line for line in lines if "step" in line]
    return [b["images"] for a, b in zip(steps[:-1], steps[1:], strict=True) if a["resolution"] != b["resolution"]]
