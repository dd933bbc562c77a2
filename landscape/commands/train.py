"""``landscape train``: the networks of the project, each resumable after a kill at any moment."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from landscape.commands.console import cancel_on_signals, console, progress_bars
from landscape.commands.train_gan import gan
from landscape.commands.train_options import (
    CheckpointsOption,
    DataOption,
    DeviceOption,
    MinutesOption,
    OutOption,
    PackOption,
    ResumeOption,
    SeedOption,
    WeightsOption,
    require_weights,
)
from landscape.commands.train_pack import pack
from landscape.commands.train_photos import train_photos
from landscape.errors import LandscapeError
from landscape.targets import require_targets

train = typer.Typer(help="Train the networks.", no_args_is_help=True)
train.add_typer(train_photos)
train.command()(gan)
train.command()(pack)


@train.command()
def export(
    run: Annotated[Path, typer.Argument(help="A run's folder or state file.")],
    out: Annotated[Path, typer.Option(help="The weights to write.")],
    resolution: Annotated[int | None, typer.Option(help="Pixels; the run's current one by default.")] = None,
    posterior: Annotated[Path | None, typer.Option(help="Write the posterior here, as the encoder.")] = None,
    data: PackOption = None,
    discriminators: Annotated[
        Path | None, typer.Option(help="Write what a later run needs to go on from these weights.")
    ] = None,
) -> None:
    """Write the moving average of a run's generator as a weights file, cut at the resolution it has reached."""
    from landscape.training.gan.export import export_generator, export_warm_start, export_with_posterior

    state = run if run.is_file() else run / "state.pt"
    require_weights([state], out, posterior, discriminators)
    if posterior is not None:
        export_with_posterior(state, out, posterior, data or state.parent / "data", resolution)
    else:
        export_generator(state, out, resolution)
    if discriminators is not None:
        export_warm_start(state, discriminators)


@train.command()
def prior(
    run: Annotated[Path, typer.Argument(help="The folder of the generator's run.")],
    steps: Annotated[int, typer.Option(help="Training steps of 64 images.")] = 3000,
    seed: SeedOption = 0,
    resume: ResumeOption = False,
    start_from: Annotated[
        Path | None, typer.Option(help="Start from the prior of the generator that this one was trained from.")
    ] = None,
    weights: WeightsOption = None,
    data: PackOption = None,
    checkpoints: CheckpointsOption = None,
) -> None:
    """Train the prior of the latents that the bundled posterior finds in the run's stills."""
    from landscape.models.bundle import ENCODER_FILE, GENERATOR_FILE, default_folder
    from landscape.models.weights import load_encoder, load_generator, load_prior, save_prior
    from landscape.networks.posterior import Posterior
    from landscape.training.latent_prior import train_prior

    folder = checkpoints or default_folder()
    require_weights([folder / GENERATOR_FILE, folder / ENCODER_FILE, start_from], weights)
    generator = load_generator(folder / GENERATOR_FILE)
    posterior = load_encoder(folder / ENCODER_FILE, generator)
    if not isinstance(posterior, Posterior):
        raise LandscapeError("A prior needs a posterior; export one with train export --posterior.")
    start = None if start_from is None else load_prior(start_from, None)
    if start_from is not None and start is None:
        raise LandscapeError(f"There is no prior {start_from}; give the file that train prior wrote.")
    with cancel_on_signals() as cancel, progress_bars() as progress:
        network = train_prior(
            generator,
            posterior,
            data or run / "data",
            run,
            steps=steps,
            seed=seed,
            resume=resume,
            start=start,
            progress=progress,
            cancel=cancel,
        )
    if weights is not None:
        save_prior(weights, network, generator, {"steps": steps, "seed": seed})


@train.command()
def curves(
    run: Annotated[Path, typer.Argument(help="A run's folder.")],
    out: Annotated[Path | None, typer.Option(help="The picture, curves.png in the run's folder by default.")] = None,
) -> None:
    """Draw the curves of a run from its metrics file."""
    from landscape.training.run.curves import draw_curves

    require_targets([run / "metrics.jsonl"], (out or run / "curves.png", "picture"))
    console.print(str(draw_curves(run, out)))


@train.command()
def encoder(
    data: DataOption,
    out: OutOption,
    samples: Annotated[int, typer.Option(help="Samples of G to learn from.")] = 50_000,
    seed: SeedOption = 0,
    resume: ResumeOption = False,
    minutes: MinutesOption = None,
    device: DeviceOption = "auto",
    weights: WeightsOption = None,
    checkpoints: CheckpointsOption = None,
) -> None:
    """Train E on samples of G (paper, 3.2) and on how well it redraws real stills."""
    from landscape.models.bundle import GENERATOR_FILE, choose_device, default_folder
    from landscape.models.files import save_weights
    from landscape.models.weights import load_generator
    from landscape.training.data.pictures import prepare
    from landscape.training.encoder import train_encoder

    network_file = (checkpoints or default_folder()) / GENERATOR_FILE
    require_weights([network_file], weights)
    generator = load_generator(network_file)
    with cancel_on_signals() as cancel, progress_bars() as progress:
        prepared = out / "data"
        prepare(data, prepared, (generator.resolution,), seed, progress)
        network = train_encoder(
            generator,
            out,
            samples=samples,
            prepared=prepared,
            seed=seed,
            device=choose_device(device),
            resume=resume,
            minutes=minutes,
            progress=progress,
            cancel=cancel,
        )
    if weights is not None:
        save_weights(weights, network.state_dict(), {"samples": samples, "seed": seed})


@train.command()
def lighting(
    out: OutOption,
    steps: Annotated[int, typer.Option(help="Training steps.")] = 1500,
    seed: SeedOption = 0,
    resume: ResumeOption = False,
    weights: WeightsOption = None,
    checkpoints: CheckpointsOption = None,
) -> None:
    """Train A, which moves w towards another light (paper, 3.2)."""
    from landscape.models.bundle import GENERATOR_FILE, default_folder
    from landscape.models.weights import load_generator, save_lighting
    from landscape.training.lighting import train_lighting

    network_file = (checkpoints or default_folder()) / GENERATOR_FILE
    require_weights([network_file], weights)
    generator = load_generator(network_file)
    with cancel_on_signals() as cancel, progress_bars() as progress:
        network = train_lighting(
            generator, out, steps=steps, seed=seed, resume=resume, progress=progress, cancel=cancel
        )
    if weights is not None:
        save_lighting(weights, network)
