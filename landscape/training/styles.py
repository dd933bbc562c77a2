"""The fit of the style table: what z_dynamic does to a trained generator, and what light looks like in real stills."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from torch import Tensor

from landscape.errors import LandscapeError
from landscape.files import save_picture
from landscape.images.tone import BANDS, band_colours, luminance, to_unit, warmth
from landscape.light.styles import Style, StyleTable
from landscape.networks.generator import Z_DYNAMIC_WIDTH, Generator
from landscape.networks.lighting import LightingNetwork
from landscape.progress import Progress, check_cancelled, ignore_progress
from landscape.settings import STYLES
from landscape.training.encoder import load_stills
from landscape.training.style_draws import _Scenes, draw_lit, draw_scenes, layout_kept, measure_grades

log = logging.getLogger(__name__)

CANDIDATES, RANGE = 64, 4.0
SCENES = 24
STILLS = 14
STILLS_RESOLUTION = 32
DIFFERENT = 0.05
"""Least mean difference between two chosen stills, so that views of one photo count once."""
LAYOUT_KEPT = 0.8
"""Least correlation between the details of a sample and of the same sample under other light."""
LAYOUT_RESOLUTION = 16
COEFFICIENTS = (0.7, 0.5, 0.3)
"""Interpolation coefficients that the fit tries, from the largest: the release uses 0.7 and 0.3."""


@dataclass(frozen=True)
class Description:
    """A style in words of measurable light, for the bands upper sky, horizon, land.

    Attributes:
        luminance: Luminance of each band in [0, 1].
        warmth: Red minus blue of each band.
        dims: See :class:`~landscape.light.styles.StyleGrade`.
    """

    luminance: tuple[float, float, float]
    warmth: tuple[float, float, float]
    dims: float = 0.0


DESCRIPTIONS = {
    "blue day": Description((0.55, 0.68, 0.45), (-0.36, -0.20, -0.02)),
    "bright white day": Description((0.86, 0.84, 0.55), (-0.02, -0.02, 0.0)),
    "bright evening": Description((0.66, 0.74, 0.42), (-0.12, 0.08, 0.06)),
    "light sunset": Description((0.55, 0.66, 0.33), (0.02, 0.25, 0.12)),
    "warm sunset": Description((0.40, 0.50, 0.20), (0.30, 0.52, 0.22)),
    "blue hour": Description((0.30, 0.40, 0.17), (-0.25, -0.14, -0.09), dims=1.0),
    "deep night": Description((0.08, 0.12, 0.05), (-0.14, -0.10, -0.05), dims=1.0),
    "blue morning": Description((0.45, 0.58, 0.32), (-0.24, -0.10, -0.07)),
}


def _light(colours: Tensor) -> Tensor:
    """Luminance and warmth of band colours (N, 3, 3) as (N, 6)."""
    return torch.cat([luminance(colours), warmth(colours)], dim=1)


def choose_reach(
    generator: Generator, scenes: _Scenes, candidates: Tensor, first: int, network: LightingNetwork | None = None
) -> tuple[float, int, dict[str, Any]]:
    """How far the style may change while the layout stays.

    Args:
        generator: The generator.
        scenes: Samples to try on.
        candidates: z_dynamic to try, (M, 3).
        first: Coarsest block to consider.
        network: See :func:`draw_lit`.

    Returns:
        The largest coefficient c and for it the coarsest block that keep the layout (the smallest c and the last
        block if none does), and what was measured for every choice tried.
    """
    base = draw_lit(generator, scenes, None, 0.0, 0)
    own = _light(band_colours(to_unit(base)))
    report: dict[str, Any] = {}
    for c in COEFFICIENTS:
        for block in range(first, generator.depth()):
            drawn = [draw_lit(generator, scenes, candidate, c, block, network) for candidate in candidates]
            kept = sum(layout_kept(base, images) for images in drawn) / len(drawn)
            change = sum((_light(band_colours(to_unit(i))) - own).abs().mean().item() for i in drawn) / len(drawn)
            report[f"c {c:g}, block {block}"] = {"layout_kept": round(kept, 4), "light_change": round(change, 4)}
            if kept >= LAYOUT_KEPT:
                return c, block, report
    return COEFFICIENTS[-1], generator.depth() - 1, report


def fit_styles(
    generator: Generator,
    prepared: Path,
    out: Path,
    seed: int = 0,
    *,
    network: LightingNetwork | None = None,
    match: float = 0.88,
    progress: Progress = ignore_progress,
    cancel: threading.Event | None = None,
) -> StyleTable:
    """Fit the table of a generator and write ``styles.json`` and ``style_stills.png``.

    The stills nearest to each style's description give its colours. Random z_dynamic are tried on fixed scenes; each
    style takes one of its own whose mean effect on luminance and warmth, scaled to the strength of the stills, is
    nearest.

    Args:
        generator: The trained generator.
        prepared: Folder of prepared stills.
        out: Folder to write to.
        seed: Seed of scenes and candidates.
        network: The trained lighting network, to measure what the product will draw; without it the mapping network
            itself moves z.
        match: See :class:`~landscape.light.styles.StyleTable`.
        progress: Called after every candidate.
        cancel: Event that stops the fit.

    Returns:
        The table; its ``measured`` holds the share of each style's light that the generator draws by itself.

    Raises:
        LandscapeError: If there are too few stills.
        Cancelled: If the event was set.
    """
    out.mkdir(parents=True, exist_ok=True)
    generator = generator.eval()
    pixels = load_stills(prepared, STILLS_RESOLUTION)
    if len(pixels) < STILLS:
        raise LandscapeError(f"The styles need at least {STILLS} prepared stills; {prepared} holds {len(pixels)}.")
    grades, indices = measure_grades(pixels)
    _save_sheet(np.stack([pixels[i] for chosen in indices.values() for i in chosen]), STILLS, out / "style_stills.png")

    rng = torch.Generator().manual_seed(seed)
    scenes = draw_scenes(generator, SCENES, rng)
    candidates = (torch.rand(CANDIDATES, Z_DYNAMIC_WIDTH, generator=rng) * 2 - 1) * RANGE
    # The coarser half of the blocks is never touched.
    first = max(1, generator.depth() // 2)
    coefficient, first_block, reach = choose_reach(generator, scenes, candidates[:4], first, network)
    base = band_colours(to_unit(draw_lit(generator, scenes, None, coefficient, first_block)))
    colours = []
    for done, candidate in enumerate(candidates):
        check_cancelled(cancel)
        lit = draw_lit(generator, scenes, candidate, coefficient, first_block, network)
        colours.append(band_colours(to_unit(lit)))
        progress("trying lights", done + 1, CANDIDATES)
    effects = torch.stack([(_light(lit_colours) - _light(base)).mean(dim=0) for lit_colours in colours])
    effects = effects - effects.mean(dim=0)
    goals = torch.cat([_light(torch.tensor(grades[name].colours)[None]) for name in DESCRIPTIONS])
    wanted = goals - goals.mean(dim=0)
    scale = wanted.square().mean().sqrt() / effects.square().mean().sqrt().clamp_min(1e-8)
    # Each style gets a z_dynamic of its own.
    nearest = linear_sum_assignment(torch.cdist(wanted, effects * scale).square().numpy())[1]

    styles, report = [], {}
    for row, (name, index) in enumerate(zip(DESCRIPTIONS, nearest.tolist(), strict=True)):
        z = tuple(round(value, 3) for value in candidates[index].tolist())
        styles.append(Style(name, z, grades[name]))  # type: ignore[arg-type]
        done_by_itself = (effects[index] @ wanted[row] / wanted[row].square().sum()).item()
        parts = effects[index].unflatten(0, (2, len(BANDS))).mean(dim=1).tolist()
        report[name] = {
            "generator_luminance": round(parts[0], 4),
            "generator_warmth": round(parts[1], 4),
            "generator_share": round(done_by_itself, 4),
            "wanted_luminance": round(wanted[row, : len(BANDS)].mean().item(), 4),
            "wanted_warmth": round(wanted[row, len(BANDS) :].mean().item(), 4),
        }
    styles.append(Style(STYLES[-1], styles[0].z_dynamic, styles[0].grade))
    table = StyleTable(tuple(styles), coefficient, first_block, match, {"styles": report, "reach": reach})
    table.save(out / "styles.json")
    return table


def _save_sheet(cells: NDArray[np.uint8], columns: int, path: Path) -> None:
    size = cells.shape[1]
    rows = cells.reshape(-1, columns, size, size, 3)
    sheet = np.ascontiguousarray(rows.transpose(0, 2, 1, 3, 4).reshape(len(rows) * size, columns * size, 3))
    save_picture(sheet, path)
