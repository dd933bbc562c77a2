"""``landscape batch``: many photos, one recipe."""

from __future__ import annotations

import dataclasses
import logging
from pathlib import Path
from typing import Annotated

import typer

from landscape.commands.console import cancel_on_signals, console, progress_bars
from landscape.commands.weights import WeightsOption
from landscape.errors import printable
from landscape.scene.recipe import read_recipe
from landscape.scene.shot import Shot
from landscape.targets import require_folder


def batch(
    photos: Annotated[list[Path], typer.Argument(help="Photos, or folders of photos.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="Folder of the clips; made if it is missing.")],
    recipe: Annotated[
        Path | None, typer.Option(help="A recipe, or a clip made with one; the defaults otherwise.")
    ] = None,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or mps.")] = "auto",
    weights: WeightsOption = None,
) -> None:
    """Animate many photos in the same way; run it again to go on where it stopped.

    Photos whose clip was made with this recipe before are skipped. Photos that fail are listed at the end, and the exit
    status is then 1.
    """
    # Masks belong to one photo.
    chosen = Shot() if recipe is None else dataclasses.replace(read_recipe(recipe), masks=None)

    from landscape.models.bundle import choose_device, default_folder, load_models
    from landscape.scene.batch import animator, plan_batch, run_batch

    items = plan_batch(photos, out, chosen, [recipe, weights or default_folder()])
    require_folder(out)
    logging.getLogger("landscape.scene.batch").setLevel(logging.CRITICAL)  # failures are listed below
    with cancel_on_signals() as cancel, progress_bars() as progress:
        models = load_models(weights, choose_device(device))
        report = run_batch(items, chosen, animator(models), progress, cancel)
    for photo, sentence in report.failed.items():
        console.print(printable(f"{photo}: {sentence}"), style="red", soft_wrap=True)
    for photo, sentence in report.notes.items():
        console.print(printable(f"{photo}: {sentence}"), style="yellow", soft_wrap=True)
    counts = f"{len(report.written)} made, {len(report.skipped)} there before, {len(report.failed)} failed"
    console.print(printable(f"{out}: {counts}"), soft_wrap=True)
    if report.failed:
        raise typer.Exit(1)
