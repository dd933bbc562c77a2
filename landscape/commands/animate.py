"""``landscape animate``: a photo becomes a video."""

from __future__ import annotations

import dataclasses
import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from landscape.commands.choices import given, override, recipe_of, with_format, with_light
from landscape.commands.console import cancel_on_signals, console, progress_bars
from landscape.commands.weights import WeightsOption
from landscape.errors import printable
from landscape.files import replacing
from landscape.marks import MARK, VERSION
from landscape.output.formats import format_of, require_fits
from landscape.settings import FIT_NUMBERS, FORMATS, PHOTO_STYLE, STYLES, VARIANTS, as_dict
from landscape.spelling import parse_direction
from landscape.targets import require_targets

OTHER_SHAPE = "The masks in this recipe are those of a photo of another shape: sky and water were found anew."


def animate(
    context: typer.Context,
    photo: Annotated[Path, typer.Argument(help="The photo: JPEG, PNG, WebP, TIFF or HEIC; or a .landscape scene.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="The file to write: .mp4, .webm, .gif or .zip.")],
    direction: Annotated[
        str, typer.Option(help="Clock hour like 3, or an angle like 90deg (clockwise from up).")
    ] = "3",
    speed: Annotated[float, typer.Option(help="1 is calm, 2.5 as fast as time-lapse clouds, 0 still.")] = 1.0,
    sky: Annotated[float, typer.Option(help="Amount of motion in the sky.")] = 1.0,
    water: Annotated[float, typer.Option(help="Amount of motion in the water.")] = 1.0,
    perspective: Annotated[float, typer.Option(help="1 slows down towards the horizon, 0 moves all alike.")] = 1.0,
    change: Annotated[float, typer.Option(help="How much clouds change: 0 still, 1 as real ones, 2 lively.")] = 1.0,
    style: Annotated[str | None, typer.Option(help=f"Light: {PHOTO_STYLE} or {', '.join(STYLES)}.")] = None,
    strength: Annotated[float, typer.Option(help="How far the light goes towards the style, 0 to 1.")] = 1.0,
    day_cycle: Annotated[
        bool, typer.Option("--day-cycle/--no-day-cycle", help="Travel through all styles of a day.")
    ] = False,
    keys: Annotated[
        str | None, typer.Option(help="Key frames of the day cycle: “0 photo, 0.5 deep night, 1 photo”.")
    ] = None,
    seconds: Annotated[float, typer.Option(help="Length of the clip.")] = 6.0,
    fps: Annotated[int, typer.Option(help="Frames a second; a GIF has 50 at most.")] = 30,
    size: Annotated[int, typer.Option(help="Long side in pixels.")] = 1280,
    loop: Annotated[
        bool, typer.Option("--loop/--no-loop", help="The end leads seamlessly into the beginning.")
    ] = False,
    crf: Annotated[int, typer.Option(help="Quality: 0 is lossless, 18 very good, 28 small.")] = 18,
    format: Annotated[str | None, typer.Option(help=f"{', '.join(FORMATS)}; by the file's ending otherwise.")] = None,
    recipe: Annotated[
        Path | None, typer.Option(help="Begin with the settings of this recipe, or of a clip made with one.")
    ] = None,
    generator_only: Annotated[
        bool, typer.Option("--generator-only/--no-generator-only", help="Show only what the generator draws.")
    ] = False,
    variant: Annotated[str, typer.Option(help=f"Inversion: {', '.join(VARIANTS)}.")] = "EOIFS",
    fit_numbers: Annotated[
        str, typer.Option("--fit-numbers", "--fit-recipe", help=f"Numbers of the fit: {', '.join(FIT_NUMBERS)}.")
    ] = "product",
    fit_seconds: Annotated[float | None, typer.Option(help="Most seconds for the inversion.")] = None,
    save_scene: Annotated[
        Path | None, typer.Option(help="Keep the fitted scene here, ending in .landscape; animate it again at once.")
    ] = None,
    mask: Annotated[
        Path | None, typer.Option(help="PNG of 16 bits (red sky, green water) or labels (0 other, 1 sky, 2 water).")
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of everything random.")] = 0,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or mps.")] = "auto",
    weights: WeightsOption = None,
    report: Annotated[Path | None, typer.Option("--json", help="Write a report here.")] = None,
) -> None:
    """Animate a photo: clouds drift, water moves, light changes."""
    start, written = recipe_of(recipe), given(context)
    turn = parse_direction(direction)
    motion = override(start.motion, written, direction=turn, speed=speed, sky=sky, water=water)
    motion = override(motion, written, perspective=perspective, change=change)
    light = with_light(start.light, written, style=style, strength=strength, day_cycle=day_cycle, keys=keys)
    inversion = override(start.inversion, written, variant=variant, seed=seed)
    if "fit_numbers" in written:
        inversion = dataclasses.replace(inversion, numbers=fit_numbers)
    elif weights is not None and weights.is_file() and recipe is None:
        inversion = dataclasses.replace(inversion, numbers="release")  # of the released models, fitted as they were
    if "fit_seconds" in written:
        inversion = dataclasses.replace(inversion, seconds=fit_seconds)
    clip = {"seconds": seconds, "fps": fps, "loop": loop, "crf": crf, "generator_only": generator_only}
    export = override(start.export, written, format=format, **clip)
    if "size" in written:
        export = dataclasses.replace(export, long_side=size)
    export = with_format(export, out, written)
    format_of(out)
    if "fps" in written and export.fps < fps:
        console.print(f"The format {export.format} has {export.fps} frames a second at most.", style="yellow")

    from landscape.masks.find import completed
    from landscape.masks.labels import same_shape
    from landscape.masks.matte import Matte
    from landscape.masks.matte_files import read_mask
    from landscape.models.bundle import choose_device, default_folder, load_models
    from landscape.photo.read import Photo, read_photo
    from landscape.scene import files as scene_files
    from landscape.scene.recipe import Recipe, recipe_beside, write_recipe
    from landscape.scene.scene import Scene

    def own_masks(picture: Photo) -> Matte | None:
        if mask is None:
            if start.masks is None or not same_shape(start.masks.sky.shape, (picture.height, picture.width)):
                return None
            return completed(start.masks, picture.pixels)
        return read_mask(mask, picture.pixels)

    if save_scene is not None:
        scene_files.require_ending(save_scene)
    require_targets(
        [photo, recipe, mask, weights or default_folder()],
        (out, "clip"),
        (recipe_beside(out), "recipe"),
        (report, "report"),
        (save_scene, "scene"),
    )
    with cancel_on_signals() as cancel, progress_bars() as progress:
        if scene_files.is_scene_file(photo):
            scene = scene_files.open_scene(photo, load_models(weights, choose_device(device)))
            require_fits(export, scene.photo.width, scene.photo.height)
            masks = own_masks(scene.photo)
            scene = scene if masks is None else scene.with_masks(masks)
        else:
            picture = read_photo(photo)
            require_fits(export, picture.width, picture.height)
            masks = own_masks(picture)
            models = load_models(weights, choose_device(device))
            scene = Scene.open(picture, models, inversion, masks=masks, progress=progress, cancel=cancel)
        if save_scene is not None:
            scene_files.save_scene(scene, save_scene)
        others = [OTHER_SHAPE] if masks is None and start.masks is not None else []
        for sentence in [*others, *scene.warnings]:
            console.print(sentence, style="yellow", soft_wrap=True)
        result = scene.render(out, motion, light, export, progress=progress, cancel=cancel)
    kept = None if masks is None else scene.masks
    write_recipe(recipe_beside(out), Recipe(motion, light, scene.settings, export, kept), photo)
    if report is not None:
        settings = as_dict(motion, light, scene.settings, export) | {"photo": str(photo), "device": device}
        settings |= {"mask": str(mask) if mask else None, "weights": str(weights) if weights else None}
        write_json(
            report,
            {
                "timings": scene.timings | result.timings,
                "variant": scene.settings.variant,
                "reconstruction": dataclasses.asdict(scene.quality) | {"score": scene.quality.score},
                "model_resolution": scene.resolution,
                "mean_photo_weight": result.mean_photo_weight,
                "peak_memory_mb": _peak_memory_mb(),
                "output": dataclasses.asdict(result, dict_factory=_output_only),
                "settings": settings,
            },
        )
    console.print(printable(f"{out}: {result.width} x {result.height}, {result.frames} frames"), soft_wrap=True)


def _output_only(items: list[tuple[str, Any]]) -> dict[str, Any]:
    return {name: value for name, value in items if name in ("width", "height", "frames", "fps")}


def _peak_memory_mb() -> float | None:
    """Most memory this process ever held, None where the system (Windows) does not tell."""
    try:
        import resource
    except ImportError:
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (2**20 if sys.platform == "darwin" else 2**10), 1)


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Write a report, marked as one, under a temporary name and rename it.

    Raises:
        LandscapeError: If the folder cannot be written to.
    """
    with replacing(path) as partial:
        partial.write_text(json.dumps({MARK: VERSION, "report": True} | content, indent=2) + "\n", encoding="utf-8")
