"""``landscape train gan``: the generator."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from landscape.commands.console import cancel_on_signals, progress_bars
from landscape.commands.train_options import (
    DeviceOption,
    MinutesOption,
    OutOption,
    PackedDataOption,
    ResumeOption,
    SeedOption,
)
from landscape.errors import LandscapeError


def gan(
    data: PackedDataOption,
    out: OutOption,
    config: Annotated[str, typer.Option(help="compact, paper-256, paper-512 or a YAML file.")] = "compact",
    seed: SeedOption = 0,
    resume: ResumeOption = False,
    start_from: Annotated[
        Path | None, typer.Option(help="Start from the file that train export --discriminators wrote.")
    ] = None,
    prior: Annotated[
        Path | None,
        typer.Option(help="Let the judge see samples of this prior, too; the posterior, which it knows, stands still."),
    ] = None,
    resolution: Annotated[int | None, typer.Option(help="End after this resolution, pixels.")] = None,
    threads: Annotated[int | None, typer.Option(help="CPU threads.")] = None,
    device: DeviceOption = "auto",
    minutes: MinutesOption = None,
    checkpoint_minutes: Annotated[float, typer.Option(help="Minutes between two states on disk.")] = 4.0,
    file_mb: Annotated[
        float | None, typer.Option(min=1, help="Most megabytes of a file of the state; it lies in pieces then.")
    ] = None,
    precision: Annotated[
        str, typer.Option(help="auto, float32 or bf16: auto takes bf16 on GPUs that have it.")
    ] = "auto",
) -> None:
    """Train M and G with the static and the pairwise discriminator, or by reconstruction, as configured."""
    import torch

    from landscape.models.bundle import SEGMENTER_FILE, choose_device, default_folder
    from landscape.models.config import load_config
    from landscape.models.frozen import load_segmenter
    from landscape.models.weights import load_prior
    from landscape.training.data.moving import mark_moving
    from landscape.training.data.pictures import prepare
    from landscape.training.data.stored import require_resolution
    from landscape.training.gan.gan import train_gan
    from landscape.training.gan.schedule import cut_schedule
    from landscape.training.run.processes import join_processes

    latents = load_prior(prior, None) if prior else None
    if prior and latents is None:
        raise LandscapeError(f"There is no prior {prior}; give the file that train prior wrote.")
    processes, place = join_processes(choose_device(device))
    chosen = load_config(config)
    chosen = cut_schedule(chosen, resolution or chosen.generator.resolutions[-1])
    if threads:
        torch.set_num_threads(threads)
    with cancel_on_signals() as cancel, progress_bars() as progress:
        prepared = data if data.is_file() else out / "data"
        resolutions = tuple(sorted(chosen.training.stable_images))
        if data.is_file():
            require_resolution(data, resolutions[-1])
        elif processes.first:
            prepare(data, prepared, resolutions, seed, progress)
            if chosen.training.reconstruction_share > 0:
                mark_moving(prepared, resolutions, load_segmenter(default_folder() / SEGMENTER_FILE), progress)
        processes.wait()
        train_gan(
            chosen,
            prepared,
            out,
            seed=seed,
            device=place,
            resume=resume,
            start_from=start_from,
            prior=latents,
            checkpoint_minutes=checkpoint_minutes,
            minutes=minutes,
            most_bytes=None if file_mb is None else int(file_mb * 1e6),
            precision=precision,
            processes=processes,
            progress=progress,
            cancel=cancel,
        )
