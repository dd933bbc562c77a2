"""Training of the network that corrects the segmenter pixel by pixel, on composites and labelled photos."""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from landscape.errors import LandscapeError
from landscape.models.files import save_weights
from landscape.models.weights import load_matte
from landscape.networks.matte import MatteNetwork
from landscape.progress import Progress, ignore_progress
from landscape.training.data.matte_examples import Example, draw_batch
from landscape.training.run.checkpoint import load_state, weights_between
from landscape.training.run.run import Rhythm, Run, cosine, descend, set_rate

CHECKPOINT = "checkpoint.pt"
_SIZE, _EACH = 256, 5
"""Side of the cuts in pixels, and cuts of composites and of photos in a step."""
_RATE, _WARMUP = 3e-3, 30
_EMA = 0.99
_NOTHING = -30.0
"""Logarithm of a share that is not allowed."""


def matte_loss(shares: Tensor, truth: Tensor, weight: Tensor) -> Tensor:
    """Cross entropy with known shares; where several labels are possible, with their sum.

    Args:
        shares: (N, 3, H, W), logarithms.
        truth: (N, 3, H, W), shares that add up to 1, or 1 for each of several possible labels.
        weight: (N, H, W).

    Returns:
        The weighted mean, a scalar.
    """
    exact = -(truth * shares).sum(1)
    either = -torch.logsumexp(shares.masked_fill(truth == 0, _NOTHING), 1)
    loss = torch.where(truth.sum(1) > 1.5, either, exact)
    return (loss * weight).sum() / weight.sum().clamp(min=1.0)


def train_matte(
    examples: Callable[[], Sequence[Sequence[Example]]],
    out: Path,
    steps: int,
    seed: int = 0,
    resume: bool = False,
    progress: Progress = ignore_progress,
    cancel: threading.Event | None = None,
    size: int = _SIZE,
    start_from: Path | None = None,
) -> Path:
    """Train the network on the processor.

    Args:
        examples: Gives composites and labelled photos.
        out: Folder of the run: ``checkpoint.pt`` and ``metrics.jsonl``.
        steps: Length of the run; also of the cosine decay.
        seed: Seed of everything random.
        resume: Continue from the checkpoint in ``out``.
        progress: Called after every step.
        cancel: Stops the run after the current step; the checkpoint is written first.
        size: Side of the cuts in pixels, a multiple of 16.
        start_from: Weights to begin with; None leaves the segmenter's answer as it is at first.

    Returns:
        The path of the last checkpoint.

    Raises:
        Cancelled: If ``cancel`` was set.
        LandscapeError: If there is nothing to resume, or another run in the folder.
    """
    torch.manual_seed(seed)
    network = MatteNetwork() if start_from is None else load_matte(start_from).train().requires_grad_(True)
    network = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    average = copy.deepcopy(network).eval()
    optimizer = torch.optim.AdamW(network.parameters(), lr=_RATE, weight_decay=0.01)
    run = Run(
        "matte",
        out / CHECKPOINT,
        out / "metrics.jsonl",
        {"network": network, "average": average, "optimizer": optimizer},
        steps,
        Rhythm(save_seconds=120),
        resume=resume,
        progress=progress,
        cancel=cancel,
    )
    sets = examples()
    for step in run.steps():
        set_rate(optimizer, _RATE * min(1.0, (step + 1) / _WARMUP) * cosine(step / steps))
        images, soft, truth, weight = draw_batch(sets, size, _EACH, np.random.default_rng((seed, step)))
        with torch.autocast("cpu", torch.bfloat16):  # in half the time
            shares = network(images.contiguous(memory_format=torch.channels_last), soft)
        loss = matte_loss(shares.float(), truth, weight)
        descend(optimizer, loss, clip=network)
        _follow(average, network, min(_EMA, (step + 1) / (step + 10)))
        run.note(loss=float(loss.detach()))
    return out / CHECKPOINT


def export_matte(run: Path, out: Path, start_from: Path | None = None, share: float = 1.0) -> Path:
    """Write the averaged weights of a run as float16 safetensors.

    Args:
        run: Folder of the run.
        out: The file to write.
        start_from: What the run started from, for a ``share`` below 1.
        share: Share of the run's weights in what is written, 0 to 1; the rest are those that it started from.

    Raises:
        LandscapeError: If the run has no checkpoint, or the weights that it started from cannot be read.
    """
    if not (run / CHECKPOINT).is_file():
        raise LandscapeError(f"{run} holds no trained network of the matte; train one first.")
    state = load_state(run / CHECKPOINT)
    weights = state["average"]
    if start_from is not None:
        weights = weights_between(load_matte(start_from).state_dict(), weights, share)
    save_weights(out, weights, {"network": "matte", "step": state["step"]})
    return out


@torch.no_grad()
def _follow(average: MatteNetwork, network: MatteNetwork, decay: float) -> None:
    for mean, value in zip(average.state_dict().values(), network.state_dict().values(), strict=True):
        if mean.is_floating_point():
            mean.lerp_(value, 1 - decay)
        else:
            mean.copy_(value)
