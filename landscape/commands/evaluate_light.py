"""``landscape evaluate light``: figures and a contact sheet that say how believable the nine lights are."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from landscape.commands.console import cancel_on_signals, progress_bars
from landscape.commands.evaluate_masks import JsonOption, TableOption, tell
from landscape.commands.weights import WeightsOption
from landscape.files import write_table
from landscape.settings import VARIANTS, FitSettings
from landscape.targets import require_targets


def light(
    photos: Annotated[list[Path], typer.Argument(help="Photos.")],
    real: Annotated[Path | None, typer.Option(help="Folder with the real pictures of each light.")] = None,
    size: Annotated[int, typer.Option(help="Long side of the pictures in pixels.")] = 320,
    cycles: Annotated[int, typer.Option(help="How many photos go through a day.")] = 3,
    variant: Annotated[str, typer.Option(help=f"Inversion: {', '.join(VARIANTS)}.")] = "E",
    report: JsonOption = None,
    table: TableOption = None,
    sheet: Annotated[Path | None, typer.Option("--html", help="Write a contact sheet here, the worst first.")] = None,
    seed: Annotated[int, typer.Option(help="Seed of the fits.")] = 0,
    weights: WeightsOption = None,
) -> None:
    """The nine lights against real pictures of them: colours by region, structure, halos, a day without jumps.

    Real pictures that are among the photos do not count.
    """
    from landscape.evaluation.frechet import lite0_features
    from landscape.evaluation.light import day_jump, judge, style_photo
    from landscape.evaluation.light_features import SIDE, light_frechet
    from landscape.evaluation.light_sheet import as_rows, html_sheet, markdown_table
    from landscape.models.bundle import load_models
    from landscape.photo.read import read_photo
    from landscape.scene.scene import Scene
    from landscape.training.light_sets import load_sets, measured_sets, without

    require_targets([*photos, weights], (report, "report"), (table, "table"), (sheet, "table"))
    models, settings = load_models(weights), FitSettings(variant, seed=seed)
    styled, jumps = [], []
    with cancel_on_signals() as cancel, progress_bars() as progress:
        found = {} if real is None else without(load_sets(), real, photos)
        pictures = {} if real is None else measured_sets(real, found, models.segmenter, progress)
        for index, path in enumerate(photos):
            progress("photos", index, len(photos))
            scene = Scene.open(read_photo(path).resized(2 * size), models, settings, cancel=cancel)
            styled += list(style_photo(scene, size, progress, cancel))
            if index < cycles:
                jumps.append(round(day_jump(scene, size // 2, cancel), 2))
        progress("photos", len(photos), len(photos))
    judged = judge(styled, {style: [picture.lit for picture in of_style] for style, of_style in pictures.items()})
    if pictures:
        seen = {style: [picture.pixels for picture in of_style] for style, of_style in pictures.items()}
        for style, distances in light_frechet(styled, seen, lite0_features(SIDE)).items():
            judged[style]["frechet"] = distances
    figures: dict[str, object] = {"photos": len(photos), "styles": judged, "day_jumps": jumps, "rows": as_rows(styled)}
    tell(markdown_table(judged), figures, report, table)
    if sheet is not None:
        write_table(sheet, html_sheet(styled, judged))
