"""``landscape evaluate motion`` and ``water``: figures and sheets that say how skies and water move."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from landscape.commands.console import cancel_on_signals, progress_bars
from landscape.commands.evaluate_masks import tell
from landscape.commands.scenes import open_scenes
from landscape.commands.weights import WeightsOption
from landscape.errors import LandscapeError
from landscape.files import write_table
from landscape.settings import FitSettings, MotionSettings
from landscape.spelling import parse_direction
from landscape.targets import require_targets


def motion(
    clips: Annotated[list[Path], typer.Argument(help="Videos, folders of frames, folders of these; or photos.")],
    animate: Annotated[
        bool, typer.Option("--animate", help="Animate photos, or the first frames of clips, and measure that.")
    ] = False,
    direction: Annotated[str, typer.Option(help="Clock hour or angle, for --animate.")] = "3",
    speed: Annotated[float, typer.Option(help="Speed, for --animate.")] = 1.5,
    seconds: Annotated[float, typer.Option(help="Length of the clips, for --animate.")] = 8.0,
    fit_seconds: Annotated[float, typer.Option(help="Most seconds for each inversion, for --animate.")] = 10.0,
    held: Annotated[
        bool, typer.Option("--held", help="With --animate: also tell how much of the change the generator makes.")
    ] = False,
    beside: Annotated[
        bool, typer.Option("--beside", help="Animate first frames as their clips' skies go, and measure both.")
    ] = False,
    report: Annotated[Path | None, typer.Option("--json", help="Write the figures here.")] = None,
    table: Annotated[Path | None, typer.Option(help="Write a Markdown table here.")] = None,
    sheet: Annotated[Path | None, typer.Option("--html", help="Write a sheet here, the worst first.")] = None,
    weights: WeightsOption = None,
) -> None:
    """How skies move: whether they travel and change like real ones, or come back, lean, pulse and ghost."""
    from landscape.evaluation.cases import read_cases
    from landscape.evaluation.clips import MOST_FRAMES
    from landscape.evaluation.motion import measure
    from landscape.evaluation.motion_clips import finished_clips, made_clips, paired_clips
    from landscape.evaluation.motion_sheet import html_sheet, make_row, markdown_table, summarise, worst_first
    from landscape.models.bundle import load_models

    require_targets([*clips, weights], (report, "report"), (table, "table"), (sheet, "table"))
    if beside and (animate or held):
        raise LandscapeError("--beside moves skies as their clips do; give it without --animate and --held.")
    settings = MotionSettings(direction=parse_direction(direction), speed=speed)
    models = load_models(weights)
    with cancel_on_signals() as cancel, progress_bars() as progress:
        if beside:
            cases = read_cases(clips, models, MOST_FRAMES, progress=progress, cancel=cancel)
            pairs = paired_clips(cases, models, FitSettings(seconds=fit_seconds))
            rows = [make_row(ours, measure(ours), make_row(real, measure(real))) for real, ours in pairs]
        else:
            if animate:
                found = made_clips(clips, models, settings, seconds, fit_seconds, held, progress, cancel)
            else:
                found = finished_clips(clips, models, progress, cancel)
            rows = [make_row(clip, measure(clip)) for clip in found if clip.tells]
    if not rows:
        raise LandscapeError("No clip has 12 frames and some sky; give longer clips that show the sky.")
    figures: dict[str, object] = {"summary": summarise(rows), "clips": [row.as_dict() for row in worst_first(rows)]}
    tell(markdown_table(rows), figures, report, table)
    if sheet is not None:
        write_table(sheet, html_sheet(rows))


def length(
    photos: Annotated[list[Path], typer.Argument(help="Photos with sky, or scenes of them.")],
    direction: Annotated[str, typer.Option(help="Clock hour or angle.")] = "3",
    speed: Annotated[float, typer.Option(help="Speed.")] = 1.5,
    seconds: Annotated[float, typer.Option(help="Length of the clips.")] = 600.0,
    size: Annotated[int, typer.Option(help="Long side of the frames in pixels.")] = 256,
    rate: Annotated[float, typer.Option(help="Frames a second.")] = 2.0,
    report: Annotated[Path | None, typer.Option("--json", help="Write the figures here.")] = None,
    table: Annotated[Path | None, typer.Option(help="Write a Markdown table here.")] = None,
    seed: Annotated[int, typer.Option(help="Seed of everything random.")] = 0,
    weights: WeightsOption = None,
) -> None:
    """Long clips: whether their sky returns within a minute, and keeps sharpness, colours and memory."""
    from landscape.evaluation.length import markdown_table, measure_length

    require_targets([*photos, weights], (report, "report"), (table, "table"))
    settings = MotionSettings(direction=parse_direction(direction), speed=speed)
    rows = []
    with cancel_on_signals() as cancel, progress_bars() as progress:
        for scene in open_scenes(photos, weights, seed, progress, cancel):
            figures = measure_length(scene, settings, seconds, size, rate, cancel)
            rows.append({"name": scene.photo.name, **figures})
    tell(markdown_table(rows), {"seconds": seconds, "size": size, "rate": rate, "photos": rows}, report, table)


def water(
    shots: Annotated[list[Path], typer.Argument(help="Photos, videos, folders of frames, folders of these.")],
    labels: Annotated[
        Path | None, typer.Option(help="Folder of NAME.png (2 water) for each NAME; found by the segmenter otherwise.")
    ] = None,
    report: Annotated[Path | None, typer.Option("--json", help="Write the figures here.")] = None,
    table: Annotated[Path | None, typer.Option(help="Write a Markdown table here.")] = None,
    sheet: Annotated[Path | None, typer.Option("--html", help="Write a sheet here, the worst first.")] = None,
    checkpoints: Annotated[
        Path | None, typer.Option(help="Folder with the weights, the bundled ones by default.")
    ] = None,
) -> None:
    """How water moves: its direction against real clips and streaks, what stands still, contrast, loops."""
    from landscape.evaluation.water import measure_water
    from landscape.evaluation.water_sheet import html_sheet, markdown_table, summarise, water_row, worst_first
    from landscape.evaluation.water_shots import water_shots
    from landscape.models.bundle import load_models

    require_targets([*shots, labels, checkpoints], (report, "report"), (table, "table"), (sheet, "table"))
    models = load_models(checkpoints)
    rows = []
    with cancel_on_signals() as cancel, progress_bars() as progress:
        for shot in water_shots(shots, models, labels, progress, cancel):
            figures, current, frames = measure_water(shot, models.perceptual)
            rows.append(water_row(shot.name, figures, shot.frames[0], current, frames))
    if not rows:
        raise LandscapeError("None of these shows water; give photos or clips of water, or labels that tell it.")
    figures = {"summary": summarise(rows), "shots": [{"name": r.name, **r.figures} for r in worst_first(rows)]}
    tell(markdown_table(rows), figures, report, table)
    if sheet is not None:
        write_table(sheet, html_sheet(rows))
