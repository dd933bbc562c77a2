"""``landscape animate``: a photo becomes a video."""

from __future__ import annotations

import dataclasses
import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from landscape.commands.choices import given, shot_of, with_settings
from landscape.commands.console import cancel_on_signals, console, progress_bars
from landscape.commands.weights import WeightsOption
from landscape.errors import printable
from landscape.files import replacing
from landscape.marks import MARK, VERSION
from landscape.output.formats import require_fits
from landscape.scene.recipe import is_scene_file, read_recipe, recipe_beside, shot_in_scene, write_recipe
from landscape.scene.shot import Shot
from landscape.targets import require_targets

OTHER_SHAPE = "The masks in this recipe are those of a photo of another shape: sky and water were found anew."


@with_settings
def animate(
    context: typer.Context,
    photo: Annotated[Path, typer.Argument(help="The photo: JPEG, PNG, WebP, TIFF or HEIC; or a .landscape scene.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="The file to write: .mp4, .webm, .gif or .zip.")],
    recipe: Annotated[
        Path | None, typer.Option(help="Begin with the settings of this recipe, or of a clip made with one.")
    ] = None,
    save_scene: Annotated[
        Path | None, typer.Option(help="Keep the fitted scene here, ending in .landscape; animate it again at once.")
    ] = None,
    mask: Annotated[
        Path | None, typer.Option(help="PNG of 16 bits (red sky, green water) or labels (0 other, 1 sky, 2 water).")
    ] = None,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or mps.")] = "auto",
    weights: WeightsOption = None,
    report: Annotated[Path | None, typer.Option("--json", help="Write a report here.")] = None,
) -> None:
    """Animate a photo: clouds drift, water moves, light changes."""
    begun = shot_in_scene(photo) if is_scene_file(photo) else Shot()
    shot, written = shot_of(context, begun if recipe is None else read_recipe(recipe), out), given(context)
    if weights is not None and weights.is_file() and recipe is None and "fit_numbers" not in written:
        shot = shot.with_values({"fit_numbers": "release"})  # of the released models, fitted as they were
    if shot.export.fps < context.params["fps"] and "fps" in written:
        sentence = f"The format {shot.export.format} has {shot.export.fps} frames a second at most."
        console.print(sentence, style="yellow")

    from landscape.masks.find import completed
    from landscape.masks.labels import same_shape
    from landscape.masks.matte import Matte
    from landscape.masks.matte_files import read_mask
    from landscape.models.bundle import choose_device, default_folder, load_models
    from landscape.photo.read import Photo, read_photo
    from landscape.scene import files as scene_files
    from landscape.scene.scene import Scene

    def own_masks(picture: Photo) -> Matte | None:
        if mask is None:
            if shot.masks is None or not same_shape(shot.masks.sky.shape, (picture.height, picture.width)):
                return None
            return completed(shot.masks, picture.pixels)
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
        if is_scene_file(photo):
            scene = scene_files.open_scene(photo, load_models(weights, choose_device(device)))
            require_fits(shot.export, scene.photo.width, scene.photo.height)
            masks = own_masks(scene.photo)
            scene = scene if masks is None else scene.with_masks(masks)
        else:
            picture = read_photo(photo)
            require_fits(shot.export, picture.width, picture.height)
            masks = own_masks(picture)
            models = load_models(weights, choose_device(device))
            scene = Scene.open(picture, models, shot.inversion, masks=masks, progress=progress, cancel=cancel)
        if save_scene is not None:
            scene_files.save_scene(scene, save_scene, shot)
        others = [OTHER_SHAPE] if masks is None and shot.masks is not None else []
        for sentence in [*others, *scene.warnings]:
            console.print(sentence, style="yellow", soft_wrap=True)
        result = scene.render(out, shot, progress=progress, cancel=cancel)
    made = dataclasses.replace(shot, inversion=scene.settings, masks=None if masks is None else scene.masks)
    write_recipe(recipe_beside(out), made, photo)
    if report is not None:
        settings = made.as_dict(with_masks=False) | {"photo": str(photo), "device": device}
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
    with replacing(path, marked=True) as partial:
        partial.write_text(json.dumps({MARK: VERSION, "report": True} | content, indent=2) + "\n", encoding="utf-8")
