"""Training of the prior of the latents by flow matching, on the posterior's latents of the training stills."""

from __future__ import annotations

import threading
from pathlib import Path

import torch
from torch import Tensor

from landscape.errors import LandscapeError
from landscape.networks.generator import Z_DYNAMIC_WIDTH, Generator
from landscape.networks.posterior import Posterior
from landscape.networks.prior import WIDTHS, Codes, LatentPrior
from landscape.progress import Progress, ignore_progress
from landscape.training.data.batches import RealData
from landscape.training.data.latent_set import read_latents
from landscape.training.run.checkpoint import MovingAverage, require_new_run
from landscape.training.run.run import Rhythm, Run, descend, set_rate

BATCH, RATE, WARMUP = 64, 1e-3, 200
# Part of the training over which the rate falls to zero in the end.
FALL = 0.4
AVERAGE_HALF_LIFE = 12_000
# Batches with a time of their own for the dynamic latents, half of them with the static ones known.
APART_SHARE = 0.5
SAVE_SECONDS, LOG_EVERY = 180.0, 100


def fit_units(prior: LatentPrior, codes: Codes) -> None:
    """Set the units of the prior, in place, to mean and deviation of latents of many images."""
    prior.z_mean.copy_(codes.z.mean(dim=0))
    prior.z_deviation.copy_(codes.z.std(dim=0))
    for column, maps in enumerate((codes.s_static, codes.s_dynamic)):
        prior.map_deviation[:, column] = torch.stack([item.std() for item in maps]).to(prior.map_deviation)


def flow_loss(prior: LatentPrior, codes: Codes, rng: torch.Generator) -> Tensor:
    """Squared error of the predicted velocities, the mean over the latents of each kind and size, summed.

    Args:
        prior: The network.
        codes: Latents of a batch, on the CPU.
        rng: Source of randomness, on the CPU.
    """
    count, device = len(codes.z), prior.z_mean.device
    codes = prior.scaled(codes.to(device))
    # Times in the middle of the path are the hardest (Esser et al., 2024).
    static_time = torch.randn(count, generator=rng).sigmoid()
    apart = torch.rand(count, generator=rng) < APART_SHARE
    dynamic_time = torch.where(apart, torch.randn(count, generator=rng).sigmoid(), static_time)
    known = apart & (torch.rand(count, generator=rng) < 0.5)
    static_time = torch.where(known, 0.0, static_time)
    static_time, dynamic_time = static_time.to(device), dynamic_time.to(device)
    noise = Codes(
        torch.randn(codes.z.shape, generator=rng),
        [torch.randn(item.shape, generator=rng) for item in codes.s_static],
        [torch.randn(item.shape, generator=rng) for item in codes.s_dynamic],
    ).to(device)
    z_time = static_time[:, None].repeat(1, codes.z.shape[1])
    z_time[:, -Z_DYNAMIC_WIDTH:] = dynamic_time[:, None]
    on_the_way = Codes(
        torch.lerp(codes.z, noise.z, z_time),
        [torch.lerp(a, b, _spread(static_time)) for a, b in zip(codes.s_static, noise.s_static, strict=True)],
        [torch.lerp(a, b, _spread(dynamic_time)) for a, b in zip(codes.s_dynamic, noise.s_dynamic, strict=True)],
    )
    found = prior(on_the_way, static_time, dynamic_time)
    unknown = (~known).to(codes.z)
    z_error = (found.z - (noise.z - codes.z)).square()
    place, light = z_error[:, :-Z_DYNAMIC_WIDTH], z_error[:, -Z_DYNAMIC_WIDTH:]
    loss = (place.mean(dim=1) * unknown).mean() + light.mean()
    for a, b, velocity in zip(codes.s_static, noise.s_static, found.s_static, strict=True):
        loss = loss + ((velocity - (b - a)).square().mean(dim=(1, 2, 3)) * unknown).mean()
    for a, b, velocity in zip(codes.s_dynamic, noise.s_dynamic, found.s_dynamic, strict=True):
        loss = loss + (velocity - (b - a)).square().mean()
    return loss


def _spread(times: Tensor) -> Tensor:
    return times[:, None, None, None]


def train_prior(
    generator: Generator,
    posterior: Posterior,
    prepared: Path,
    out: Path,
    *,
    steps: int = 3000,
    seed: int = 0,
    resume: bool = False,
    start: LatentPrior | None = None,
    progress: Progress = ignore_progress,
    cancel: threading.Event | None = None,
) -> LatentPrior:
    """Train the prior of a generator's latents.

    Args:
        generator: M and G.
        posterior: The posterior that was trained with it.
        prepared: Folder of :func:`landscape.training.data.pictures.prepare` and
            :func:`landscape.training.data.moving.mark_moving` with the generator's resolution.
        out: Folder for ``prior_state.pt`` and ``prior.jsonl``.
        steps: Optimisation steps of 64 images.
        seed: Seed of the weights and of every batch; a resumed run keeps its own.
        resume: Continue from ``prior_state.pt``; with the same ``steps`` the result is that of an uninterrupted run,
            with more the rate rises again to what a run of so many has there.
        start: The prior of a generator from which this one was trained further: most of it still holds. A
            resumed run goes on from its own.
        progress: Called after every step.
        cancel: Event that stops training at the next step.

    Returns:
        The moving average of the network, in evaluation mode.

    Raises:
        LandscapeError: If there is nothing to resume, another run in the folder, no masks of the stills, or ``start``
            belongs to a generator of another size.
        Cancelled: If the event was set; the state was written before.
    """
    require_new_run(out / "prior_state.pt", resume)  # before the stills are read, which takes minutes
    if prepared.is_dir() and not (prepared / f"{generator.resolution:04d}" / "moving.npy").is_file():
        raise LandscapeError(f"{prepared} holds no stills with masks; train the generator there first.")
    sizes = (generator.config.style_width, tuple(r for r in WIDTHS if r <= generator.resolution))
    if start is not None and (start.style_width, start.resolutions) != sizes:
        raise LandscapeError("The prior to start from belongs to a generator of another size; start without it.")
    data = RealData(prepared, generator.resolution)
    assert data.moving is not None
    latents = read_latents(posterior, data.stills, data.moving, progress, cancel)
    weights = data.weights.repeat(2)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        prior = LatentPrior(*sizes)
    if start is not None:
        prior.load_state_dict(start.state_dict())
    rng = torch.Generator().manual_seed(seed)
    fit_units(
        prior.to(generator.w_mean.device),
        latents.draw(torch.multinomial(weights, 2048, replacement=True, generator=rng), rng),
    )
    average = MovingAverage(prior, AVERAGE_HALF_LIFE)
    optimiser = torch.optim.Adam(prior.parameters(), lr=RATE, betas=(0.9, 0.99))
    run = Run(
        "training the prior",
        out / "prior_state.pt",
        out / "prior.jsonl",
        {"network": prior, "average": average.network, "optimiser": optimiser},
        steps,
        Rhythm(LOG_EVERY, save_seconds=SAVE_SECONDS),
        resume=resume,
        facts={"seed": seed},
        progress=progress,
        cancel=cancel,
    )
    seed = run.facts["seed"]
    for step in run.steps():
        set_rate(optimiser, RATE * min(1.0, (step + 1) / WARMUP, (1 - step / steps) / FALL))
        rng = torch.Generator().manual_seed((seed << 40) + step)
        rows = torch.multinomial(weights, BATCH, replacement=True, generator=rng)
        loss = flow_loss(prior, latents.draw(rows, rng), rng)
        descend(optimiser, loss, clip=prior)
        average.update(prior, (step + 1) * BATCH, BATCH)
        run.note(loss=loss.item())
    result = average.network
    assert isinstance(result, LatentPrior)
    return result
