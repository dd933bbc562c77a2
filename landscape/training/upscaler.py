"""Training of the network that enlarges the generator's frames (paper, Super Resolution)."""

from __future__ import annotations

import threading
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from landscape.errors import LandscapeError
from landscape.images.tensors import from_pixels
from landscape.models.weights import save_upscaler
from landscape.networks.perceptual import LpipsAlex
from landscape.networks.upscaler import UpscalerConfig, bicubic, build_upscaler
from landscape.progress import Progress, ignore_progress
from landscape.training.data.upscaler_pairs import PairSource, shrink
from landscape.training.gan.judge import build_judge
from landscape.training.run.checkpoint import MovingAverage, load_state
from landscape.training.run.run import Part, Rhythm, Run, cosine, descend, set_rate
from landscape.training.upscaler_loss import UpscalerTraining, upscaler_loss

CHECKPOINT = "checkpoint.pt"
LOG_EVERY = 10
BETAS = (0.9, 0.99)
SCORED = 4
"""Held-out pictures of each side that are scored along the way."""


def train_upscaler(
    pairs: Path,
    sides: tuple[int, ...],
    out: Path,
    perceptual: LpipsAlex,
    config: UpscalerConfig,
    *,
    steps: int = 3000,
    settings: UpscalerTraining | None = None,
    start: dict[str, Tensor] | None = None,
    seed: int = 0,
    device: str = "cpu",
    resume: bool = False,
    checkpoint_minutes: float = 5.0,
    progress: Progress = ignore_progress,
    cancel: threading.Event | None = None,
) -> Path:
    """Train an upscaler; ``out`` gets its checkpoint and ``metrics.jsonl``.

    Args:
        pairs: Folder written by :func:`landscape.training.data.upscaler_data.prepare_pairs`.
        sides: Sides of the large pictures to learn from, in turns.
        out: The run's folder.
        perceptual: Frozen network of the scores along the way.
        config: Which network.
        steps: Steps in all.
        settings: Batch, rates and weights.
        start: Weights to start from, those of a random network by default.
        seed: Seed of everything random.
        device: Torch device.
        resume: Go on from the run's checkpoint.
        checkpoint_minutes: Time between checkpoints.
        progress: Called after every step.
        cancel: Set it to stop after the next step, whose state is kept.

    Returns:
        The checkpoint's path.

    Raises:
        LandscapeError: If a checkpoint cannot be read or belongs to another network.
        Cancelled: If ``cancel`` was set.
    """
    settings = settings or UpscalerTraining()
    torch.manual_seed(seed)
    network = build_upscaler(config).to(device)
    if start is not None:
        network.load_state_dict(start)
    average = MovingAverage(network, settings.half_life)
    optimiser = torch.optim.Adam(network.parameters(), settings.rate, BETAS)
    sources = [PairSource(pairs / f"{side:04d}") for side in sides]
    held_out = [np.load(pairs / f"{side:04d}" / "held_out.npy", mmap_mode="r")[:SCORED] for side in sides]
    perceptual = perceptual.to(device)
    judge = build_judge(device) if settings.judge_weight > 0 else None
    parts: dict[str, Part] = {"network": network, "average": average.network, "optimiser": optimiser}
    if judge is not None:
        parts |= {"heads": judge.network.heads, "judge_optimiser": judge.optimiser}
    begun = {
        "config": asdict(config),
        "judge_weight": settings.judge_weight,
        "lattice_weight": settings.lattice_weight,
        "shift_weight": settings.shift_weight,
    }

    def measure() -> dict[str, float]:
        figures: dict[str, float] = {}
        for side, pictures in zip(sides, held_out, strict=True):
            figures |= held_out_scores(average.network, pictures, perceptual, side)
        return figures

    run = Run(
        "upscaler",
        out / CHECKPOINT,
        out / "metrics.jsonl",
        parts,
        steps,
        Rhythm(LOG_EVERY, save_seconds=60 * checkpoint_minutes),
        resume=resume,
        facts=begun,
        check=lambda state: _require_alike(state, begun),
        measure=measure,
        progress=progress,
        cancel=cancel,
    )
    for step in run.steps():
        rng = np.random.default_rng([seed, step])
        cooling = cosine(step / steps)
        set_rate(optimiser, settings.rate * cooling * min(1.0, (step + 1) / settings.warmup))
        if judge is not None:
            judge.cool(cooling)
        loss, named = upscaler_loss(network, sources[step % len(sources)], judge, settings, rng)
        descend(optimiser, loss, clip=network)
        average.update(network, (step + 1) * settings.batch, settings.batch)
        # Sides and kinds of steps take turns: the last step alone would always be of the same one.
        run.note(**{name: value.item() for name, value in named.items()})
    return out / CHECKPOINT


@torch.no_grad()
def held_out_scores(network: nn.Module, pictures: np.ndarray, perceptual: LpipsAlex, side: int) -> dict[str, float]:
    """Mean LPIPS of shrunk and enlarged pictures (N, side, side, 3) to themselves, and that of bicubic enlargement."""
    scores: dict[str, list[float]] = {f"lpips_{side}": [], f"bicubic_lpips_{side}": []}
    for picture in pictures:
        large = from_pixels(picture[None]).to(perceptual.shift.device)
        small = shrink(large)
        for name, enlarged in zip(scores, (network(small), bicubic(small)), strict=True):
            scores[name].append(float(perceptual(enlarged, large)))
    return {name: round(sum(values) / max(len(values), 1), 4) for name, values in scores.items()}


def export_upscaler(run: Path, out: Path) -> None:
    """Write the averaged weights of a run as float16 safetensors.

    Args:
        run: Folder of the run.
        out: The file to write, for example ``checkpoints/upscaler.safetensors``.

    Raises:
        LandscapeError: If the run has no checkpoint.
    """
    state = load_state(run / CHECKPOINT)
    network = build_upscaler(UpscalerConfig(**state["config"]))
    network.load_state_dict(state["average"])
    save_upscaler(out, network, {"step": state["step"]})


def _require_alike(state: dict[str, Any], begun: dict[str, Any]) -> None:
    """Refuse a state of a run that was begun with other settings."""
    if state["config"] != begun["config"]:
        raise LandscapeError("The run was begun with another upscaler; resume it with that one.")
    weight = state.get("judge_weight", 0.0)
    if weight != begun["judge_weight"]:
        raise LandscapeError(f"The run was begun with --judged {weight:g}; resume it with that.")
    if any(state.get(name, 0.0) != begun[name] for name in ("lattice_weight", "shift_weight")):
        raise LandscapeError("The run was begun with another loss; start again in another folder with --start-from.")
