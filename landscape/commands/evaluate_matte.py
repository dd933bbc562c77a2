"""``landscape evaluate matte``: what moves, on composites whose mattes are known, and the worst crops of photos."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from landscape.commands.console import cancel_on_signals, progress_bars
from landscape.commands.evaluate import CheckpointsOption, JsonOption, TableOption, tell
from landscape.targets import require_targets


def matte(
    folder: Annotated[Path, typer.Argument(help="Folder with folders of photos; composites are made of its cuts.")],
    composites: Annotated[int, typer.Option(help="How many composites.")] = 220,
    sized: Annotated[int, typer.Option(help="On how many of them frames of several sizes are compared.")] = 11,
    sheet: Annotated[Path | None, typer.Option(help="PNG to write: the worst crops of photos.")] = None,
    photos: Annotated[int, typer.Option(help="How many photos the sheet shows.")] = 40,
    report: JsonOption = None,
    table: TableOption = None,
    seed: Annotated[int, typer.Option(help="Seed of the first composite.")] = 0,
    checkpoints: CheckpointsOption = None,
) -> None:
    """What is carried, on composites whose mattes are known: errors at edges, trails, what stands, sizes."""
    from landscape.evaluation import matte as judge
    from landscape.files import save_picture
    from landscape.masks.find import find_matte
    from landscape.models.bundle import default_folder, load_models
    from landscape.training.data.cuts import find_cuts, find_photos, is_judged

    require_targets([folder, checkpoints or default_folder()], (sheet, "picture"), (report, "report"), (table, "table"))
    models = load_models(checkpoints)

    def find(pixels: judge.Pixels) -> judge.Matte:
        return find_matte(pixels, models.segmenter, models.matte)

    with cancel_on_signals() as cancel, progress_bars() as progress:
        cuts = find_cuts(folder, models.segmenter, is_judged, progress)
        rows = judge.evaluate_composites(cuts, find, composites, sized, seed, progress=progress, cancel=cancel)
        if sheet is not None:
            picture = judge.worst_crops(judge.spread(find_photos(folder), photos), find, progress=progress)
            save_picture(picture, sheet)
    summary = judge.summarise(rows)
    tell(judge.markdown_table(summary), {"summary": summary, "composites": rows}, report, table)
