"""``landscape evaluate segmentation`` and ``matte``: figures that say how right it is what moves."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import numpy as np
import typer

from landscape.commands.animate import write_json
from landscape.commands.console import cancel_on_signals, console, progress_bars
from landscape.commands.weights import WeightsOption
from landscape.files import write_table
from landscape.targets import require_targets

if TYPE_CHECKING:
    from landscape.training.data.masks import LabelledPhoto

evaluate_masks = typer.Typer()

JsonOption = Annotated[Path | None, typer.Option("--json", help="Write the figures here.")]
TableOption = Annotated[Path | None, typer.Option(help="Write a Markdown table here.")]


def tell(text: str, figures: dict[str, object], report: Path | None, table: Path | None) -> None:
    """Print figures, and write them where somebody wants them.

    Args:
        text: A Markdown table.
        figures: What the report holds.
        report: JSON to write, or None.
        table: Markdown to write, or None.
    """
    console.print(text)
    if report is not None:
        write_json(report, figures)
    if table is not None:
        write_table(table, text)


@evaluate_masks.command()
def segmentation(
    data: Annotated[Path, typer.Option(help="Folder with labelled sets.")],
    report: JsonOption = None,
    sheet: Annotated[
        Path | None, typer.Option(help="Draw the worst photos here, *.png: found beside labelled.")
    ] = None,
    worst: Annotated[int, typer.Option(min=1, help="Photos on the sheet and in the list.")] = 24,
    weights: WeightsOption = None,
) -> None:
    """Intersection over union of sky and water on held-out photos, by set and by kind of water, worst first."""
    from landscape.evaluation.mask_sheet import mask_sheet, shrunk, tinted
    from landscape.evaluation.segmentation import evaluate_segmentation
    from landscape.files import save_picture
    from landscape.models.bundle import SEGMENTER_FILE, load_corrector
    from landscape.models.frozen import load_segmenter
    from landscape.models.named import weights_file

    # A file that is named here is the segmenter's own; elsewhere one file of weights is a generator.
    file = weights if weights is not None and weights.is_file() else weights_file(weights, SEGMENTER_FILE)
    require_targets([file], (report, "report"), (sheet, "picture"))
    network = load_segmenter(file)
    looks: dict[tuple[str, str], list[np.ndarray]] = {}

    def look(photo: LabelledPhoto, guess: np.ndarray) -> None:
        looks[photo.source, photo.name] = [shrunk(tinted(photo.pixels, labels)) for labels in (guess, photo.labels)]

    with progress_bars() as progress:
        figures = evaluate_segmentation(data, network, progress, look if sheet else None, load_corrector(weights))
    console.print(json.dumps(figures | {"photos": figures["photos"][:worst]}, indent=2))
    if report is not None:
        write_json(report, dict(figures))
    if sheet is not None:
        rows = figures["photos"][:worst]
        cells = [(" ".join(str(value) for value in row.values()), looks[row["set"], row["name"]]) for row in rows]
        save_picture(mask_sheet(cells), sheet)


@evaluate_masks.command()
def matte(
    folder: Annotated[Path, typer.Argument(help="Folder with folders of photos; composites are made of its cuts.")],
    composites: Annotated[int, typer.Option(help="How many composites.")] = 220,
    side: Annotated[int, typer.Option(help="Long side of the composites in pixels.")] = 768,
    sized: Annotated[int, typer.Option(help="On how many of them frames of several sizes are compared.")] = 11,
    sheet: Annotated[Path | None, typer.Option(help="PNG to write: the worst crops of photos.")] = None,
    photos: Annotated[int, typer.Option(help="How many photos the sheet shows.")] = 40,
    report: JsonOption = None,
    table: TableOption = None,
    seed: Annotated[int, typer.Option(help="Seed of the first composite.")] = 0,
    weights: WeightsOption = None,
) -> None:
    """What is carried, on composites whose mattes are known: errors at edges, trails, what stands, sizes."""
    from landscape.evaluation import matte as judge
    from landscape.files import save_picture
    from landscape.masks.find import find_matte
    from landscape.models.bundle import default_folder, load_models
    from landscape.training.data.cuts import find_cuts, find_photos, is_judged

    require_targets([folder, weights or default_folder()], (sheet, "picture"), (report, "report"), (table, "table"))
    models = load_models(weights)

    def find(pixels: judge.Pixels) -> judge.Matte:
        return find_matte(pixels, models.segmenter, models.corrector)

    with cancel_on_signals() as cancel, progress_bars() as progress:
        cuts = find_cuts(folder, models.segmenter, is_judged, progress)
        rows = judge.evaluate_composites(cuts, find, composites, sized, seed, side, progress=progress, cancel=cancel)
        if sheet is not None:
            picture = judge.worst_crops(judge.spread(find_photos(folder), photos), find, progress=progress)
            save_picture(picture, sheet)
    summary = judge.summarise(rows)
    tell(judge.markdown_table(summary), {"summary": summary, "composites": rows}, report, table)
