"""The fit of the style table: what z_dynamic does to a trained generator, and what light looks like in real stills."""

from __future__ import annotations

import logging
import threading
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from torch import Tensor

from landscape.errors import LandscapeError
from landscape.files import save_picture
from landscape.images.tone import BANDS, band_colours, to_unit
from landscape.light.styles import Style, StyleTable
from landscape.networks.generator import Z_DYNAMIC_WIDTH, Generator
from landscape.networks.lighting import LightingNetwork
from landscape.progress import Progress, check_cancelled, ignore_progress
from landscape.settings import STYLES
from landscape.training.encoder import load_stills
from landscape.training.style_draws import (
    DESCRIPTIONS,
    STILLS,
    SampledScenes,
    draw_lit,
    draw_scenes,
    layout_kept,
    light_of,
    measure_grades,
)

log = logging.getLogger(__name__)

CANDIDATES, RANGE = 64, 4.0
SCENES = 24
STILLS_RESOLUTION = 32
LAYOUT_KEPT = 0.8
"""Least correlation between the details of a sample and of the same sample under other light."""
COEFFICIENTS = (0.7, 0.5, 0.3)
"""Interpolation coefficients that the fit tries, from the largest: the release uses 0.7 and 0.3."""


def choose_reach(
    generator: Generator, scenes: SampledScenes, candidates: Tensor, first: int, network: LightingNetwork | None = None
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
    own = light_of(band_colours(to_unit(base)))
    report: dict[str, Any] = {}
    for c in COEFFICIENTS:
        for block in range(first, generator.depth()):
            drawn = [draw_lit(generator, scenes, candidate, c, block, network) for candidate in candidates]
            kept = sum(layout_kept(base, images) for images in drawn) / len(drawn)
            change = sum((light_of(band_colours(to_unit(i))) - own).abs().mean().item() for i in drawn) / len(drawn)
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
    effects = torch.stack([(light_of(lit_colours) - light_of(base)).mean(dim=0) for lit_colours in colours])
    effects = effects - effects.mean(dim=0)
    goals = torch.cat([light_of(torch.tensor(grades[name].colours)[None]) for name in DESCRIPTIONS])
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
