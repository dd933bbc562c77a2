"""Training of the lighting network A on the mapping network alone: no images are needed."""

from __future__ import annotations

import threading
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from landscape.networks.generator import Z_DYNAMIC_WIDTH, Generator, Mapping
from landscape.networks.lighting import LightingNetwork
from landscape.progress import Progress, ignore_progress
from landscape.training.run.run import Rhythm, Run, cosine, descend, set_rate

ABSOLUTE_WEIGHT, DIFFERENCE_WEIGHT, DIRECTION_WEIGHT = 10.0, 10.0, 1.0
# Styles sit at the edge of z_dynamic's distribution, so its targets are drawn wider than the unit normal.
WIDEST_TARGET = 4.0
WARMUP = 100
SAVE_EVERY = 500
TEST_COUNT = 4096


def interpolation_batch(
    mapping: Mapping, style_width: int, count: int, rng: torch.Generator
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Draw a batch of what A learns.

    Returns:
        w_a (N, W), z_dynamic_b (N, 3), c (N, 1) and the mapping's w at z_a * sqrt(1 - c) + z_b * sqrt(c), which keeps
        the variance of z_dynamic.
    """
    device = next(mapping.parameters()).device
    z = torch.randn(count, style_width, generator=rng)
    spread = 1 + (WIDEST_TARGET / 2 - 1) * torch.rand(count, 1, generator=rng)
    target = (torch.randn(count, Z_DYNAMIC_WIDTH, generator=rng) * spread).clamp(-WIDEST_TARGET, WIDEST_TARGET)
    c = torch.rand(count, 1, generator=rng)
    moved = z.clone()
    moved[:, -Z_DYNAMIC_WIDTH:] = z[:, -Z_DYNAMIC_WIDTH:] * (1 - c).sqrt() + target * c.sqrt()
    with torch.no_grad():
        before, after = mapping(torch.cat([z, moved]).to(device)).chunk(2)
    return before, target.to(device), c.to(device), after


def lighting_loss(predicted: Tensor, before: Tensor, after: Tensor) -> Tensor:
    """L1 of the result, L1 of the change and 1 - cosine of the change (paper, 3.2); vectors (N, W)."""
    change, wanted = predicted - before, after - before
    absolute, difference = F.l1_loss(predicted, after), F.l1_loss(change, wanted)
    direction = 1 - F.cosine_similarity(change, wanted, dim=1).mean()
    return ABSOLUTE_WEIGHT * absolute + DIFFERENCE_WEIGHT * difference + DIRECTION_WEIGHT * direction


@torch.no_grad()
def lighting_error(generator: Generator, network: LightingNetwork, seed: int = 1) -> dict[str, float]:
    """Measure A on unseen vectors.

    Returns:
        ``l1``, the ``trivial_l1`` of keeping w as it is, and the ``cosine`` of predicted and true change.
    """
    rng = torch.Generator().manual_seed(seed)
    before, target, c, after = interpolation_batch(generator.mapping, generator.config.style_width, TEST_COUNT, rng)
    predicted = network(before, target, c)
    cosine = F.cosine_similarity(predicted - before, after - before, dim=1).mean()
    return {
        "l1": F.l1_loss(predicted, after).item(),
        "trivial_l1": F.l1_loss(before, after).item(),
        "cosine": cosine.item(),
    }


def train_lighting(
    generator: Generator,
    out: Path,
    *,
    steps: int = 1500,
    batch: int = 512,
    blocks: int = 4,
    learning_rate: float = 2e-3,
    seed: int = 0,
    resume: bool = False,
    progress: Progress = ignore_progress,
    cancel: threading.Event | None = None,
) -> LightingNetwork:
    """Train A for a generator.

    Args:
        generator: The trained generator; only its mapping network is used.
        out: Folder for ``lighting_state.pt`` and ``lighting.jsonl``.
        steps: Optimisation steps.
        batch: Vectors per step.
        blocks: Residual blocks, 10 in the release.
        learning_rate: Adam's highest rate; it warms up and falls along a cosine.
        seed: Seed of the weights and of every batch.
        resume: Continue from ``lighting_state.pt``; the result is that of an uninterrupted run.
        progress: Called after every step.
        cancel: Event that stops training at the next step.

    Returns:
        The trained network in evaluation mode.

    Raises:
        LandscapeError: If there is no state to resume, or another run in the folder.
        Cancelled: If the event was set; the state was written before.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = LightingNetwork(generator.config.style_width, blocks).to(generator.w_mean.device)
    optimiser = torch.optim.Adam(network.parameters(), lr=learning_rate)
    run = Run(
        "training the lighting network",
        out / "lighting_state.pt",
        out / "lighting.jsonl",
        {"network": network, "optimiser": optimiser},
        steps,
        Rhythm(SAVE_EVERY, SAVE_EVERY),
        resume=resume,
        measure=lambda: lighting_error(generator, network),
        progress=progress,
        cancel=cancel,
    )
    for step in run.steps():
        set_rate(optimiser, learning_rate * min(1.0, (step + 1) / WARMUP) * cosine(step / steps))
        rng = torch.Generator().manual_seed((seed << 40) + step)
        before, target, c, after = interpolation_batch(generator.mapping, generator.config.style_width, batch, rng)
        loss = lighting_loss(network(before, target, c), before, after)
        descend(optimiser, loss)
        run.tell(loss=loss.item())
    return network.eval().requires_grad_(False)
