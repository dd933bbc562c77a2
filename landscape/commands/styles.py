"""``landscape styles``: the nine-style table of a generator."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from landscape.commands.console import cancel_on_signals, console, progress_bars
from landscape.commands.scenes import open_scenes
from landscape.commands.weights import WeightsOption
from landscape.settings import VARIANTS, FitSettings
from landscape.targets import require_targets

styles = typer.Typer(help="The nine styles of light.", no_args_is_help=True)


@styles.callback()
def _group() -> None:
    """The nine styles of light."""


@styles.command()
def fit(
    data: Annotated[Path, typer.Option(help="Folder of folders with stills or clips.")],
    out: Annotated[Path, typer.Option(help="Folder for styles.json and a sheet of the stills that define the styles.")],
    seed: Annotated[int, typer.Option(help="Seed of scenes and candidates.")] = 0,
    weights: WeightsOption = None,
) -> None:
    """Find the z_dynamic of every style by measuring what it does to samples through the lighting network."""
    from landscape.models.bundle import GENERATOR_FILE, LIGHTING_FILE
    from landscape.models.named import weights_file
    from landscape.models.weights import load_generator, load_lighting
    from landscape.training.data.pictures import prepare
    from landscape.training.styles import STILLS_RESOLUTION, fit_styles

    out.mkdir(parents=True, exist_ok=True)
    require_targets([], (out / "styles.json", "style table"), (out / "style_stills.png", "picture"))
    generator, network = (
        load_generator(weights_file(weights, GENERATOR_FILE)),
        load_lighting(weights_file(weights, LIGHTING_FILE)),
    )
    with cancel_on_signals() as cancel, progress_bars() as progress:
        prepared = out / "data"
        prepare(data, prepared, (STILLS_RESOLUTION,), progress=progress)
        fit_styles(generator, prepared, out, seed, network=network, progress=progress, cancel=cancel)


@styles.command()
def sheet(
    photos: Annotated[list[Path], typer.Argument(help="Photos or scenes, one row each.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="The sheet to write, *.jpg or *.png.")],
    variant: Annotated[str, typer.Option(help=f"Inversion: {', '.join(VARIANTS)}.")] = FitSettings().variant,
    seed: Annotated[int, typer.Option(help="Seed of the fits.")] = 0,
    weights: WeightsOption = None,
) -> None:
    """Show photos in all styles."""
    from landscape.evaluation.styles import style_sheet
    from landscape.files import require_picture_name, save_picture
    from landscape.models.bundle import default_folder

    require_picture_name(out)
    require_targets([*photos, weights or default_folder()], (out, "picture"))
    with cancel_on_signals() as cancel, progress_bars() as progress:
        drawn = style_sheet(open_scenes(photos, weights, seed, progress, cancel, variant), progress, cancel)
    save_picture(drawn, out)


@styles.command()
def sets(
    data: Annotated[Path, typer.Argument(help="Folder with photos, stills and clips.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="The list of names to write, *.txt.")],
    weights: WeightsOption = None,
) -> None:
    """Choose real pictures of each light, for evaluate light."""
    from landscape.models.bundle import SEGMENTER_FILE
    from landscape.models.frozen import load_segmenter
    from landscape.models.named import weights_file
    from landscape.training.light_sets import choose_sets, save_sets

    require_targets([data, weights], (out, "list"))
    segmenter = load_segmenter(weights_file(weights, SEGMENTER_FILE))
    with cancel_on_signals() as cancel, progress_bars() as progress:
        chosen = choose_sets(data, segmenter, progress, cancel)
    save_sets(out, chosen)
    for style, names in chosen.items():
        console.print(f"{style}: {len(names)}")


@styles.command()
def measure(
    data: Annotated[Path, typer.Argument(help="Folder with the real pictures of each light.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="The file to write, light.json.")],
    weights: WeightsOption = None,
) -> None:
    """Measure the light of every style on its real pictures."""
    from landscape.models.bundle import SEGMENTER_FILE
    from landscape.models.frozen import load_segmenter
    from landscape.models.named import weights_file
    from landscape.training.light_models import measure_lights
    from landscape.training.light_sets import load_sets

    require_targets([data, weights], (out, "measured light"))
    segmenter = load_segmenter(weights_file(weights, SEGMENTER_FILE))
    with cancel_on_signals() as cancel, progress_bars() as progress:
        measure_lights(data, load_sets(), segmenter, progress, cancel).save(out)
