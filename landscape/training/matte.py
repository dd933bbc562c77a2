"""Training of the network that tells how much of each pixel is sky and water, on composites whose shares are known."""

from __future__ import annotations

import json
import math
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor, nn

from landscape.images.pixels import Array
from landscape.models.files import save_weights
from landscape.networks.matte import MatteNetwork
from landscape.progress import Progress, check_cancelled, ignore_progress
from landscape.training.data.matte_examples import Example
from landscape.training.run.checkpoint import load_state, require_new_run, save_state

CHECKPOINT = "checkpoint.pt"
_CROP, _BATCH = 128, 8
"""Side of the cuts in pixels, and cuts per step."""
_RATE = 2e-3
_DOUBT = 20.0
"""Weight of pixels in which the segmenter errs, against 1 of the others."""


def train_matte(
    examples: Callable[[], Sequence[Example]],
    out: Path,
    steps: int = 4000,
    seed: int = 0,
    resume: bool = True,
    progress: Progress = ignore_progress,
    cancel: threading.Event | None = None,
    checkpoint_minutes: float = 2.0,
) -> Path:
    """Train the network on the processor.

    Args:
        examples: Gives the examples; asked for once.
        out: Folder of the run: ``checkpoint.pt`` and ``metrics.jsonl``.
        steps: Length of the run; also of the cosine decay.
        seed: Seed of everything random.
        resume: Continue from the checkpoint in ``out`` if there is one.
        progress: Called after every step.
        cancel: Stops the run after the current step; the checkpoint is written first.
        checkpoint_minutes: Time between checkpoints.

    Returns:
        The path of the last checkpoint.

    Raises:
        Cancelled: If ``cancel`` was set.
    """
    require_new_run(out / CHECKPOINT, resume)
    out.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(seed)
    network = MatteNetwork()
    optimizer = torch.optim.Adam(network.parameters(), lr=_RATE)
    start = 0
    if resume and (out / CHECKPOINT).is_file():
        state = load_state(out / CHECKPOINT)
        network.load_state_dict(state["network"])
        optimizer.load_state_dict(state["optimizer"])
        start = int(state["step"])
    known = examples()
    network = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    saved, losses = time.monotonic(), []
    for step in range(start, steps):
        optimizer.param_groups[0]["lr"] = (
            _RATE * min(1.0, (step + 1) / 100) * 0.5 * (1 + math.cos(math.pi * step / steps))
        )
        fine, coarse, soft, truth, weight = _batch(known, np.random.default_rng((seed, step)))
        found, error = network(fine, coarse, soft)
        loss = matte_loss(found, error, soft, truth, weight)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        losses.append(float(loss.detach()))
        progress("matte", step + 1, steps)
        last = step + 1 == steps or (cancel is not None and cancel.is_set())
        if last or time.monotonic() - saved > 60 * checkpoint_minutes:
            save_state(
                out / CHECKPOINT,
                {"step": step + 1, "network": network.state_dict(), "optimizer": optimizer.state_dict()},
            )
            with (out / "metrics.jsonl").open("a") as file:
                file.write(json.dumps({"step": step + 1, "loss": round(float(np.mean(losses)), 5)}) + "\n")
            saved, losses = time.monotonic(), []
        check_cancelled(cancel)
    return out / CHECKPOINT


def matte_loss(shares: Tensor, error: Tensor, soft: Tensor, truth: Tensor, weight: Tensor) -> Tensor:
    """Mean error of shares and of their gradients, where the segmenter errs counted more, and of the error expected.

    Args:
        shares: (N, 3, H, W) of other, sky and water.
        error: (N, 1, H, W), the error that is expected of them.
        soft: (N, 3, H / 2, W / 2), what the segmenter said.
        truth: (N, 2, H, W), the shares of sky and water.
        weight: (N, 1, H / 2, W / 2), how much each place counts.
    """
    before = nn.functional.interpolate(soft[:, 1:], scale_factor=2.0, mode="bilinear")
    doubt = (before - truth).abs().amax(dim=1, keepdim=True)
    weight = nn.functional.interpolate(weight, scale_factor=2.0)
    emphasis = weight * (1 + _DOUBT * doubt)
    wrong = shares[:, 1:] - truth
    loss = (emphasis * wrong.abs()).mean()
    for axis in (2, 3):
        loss = loss + 0.5 * (weight * wrong).diff(dim=axis).abs().mean()
    actual = wrong.detach().abs().amax(dim=1, keepdim=True)
    return loss + 0.2 * (weight * (error - actual).abs()).mean()


def export_matte(run: Path, out: Path) -> Path:
    """Write the weights of a run as float16 safetensors.

    Raises:
        LandscapeError: If the run has no checkpoint.
    """
    state = load_state(run / CHECKPOINT)
    save_weights(out, state["network"], {"network": "matte", "step": state["step"]})
    return out


def _batch(examples: Sequence[Example], rng: np.random.Generator) -> tuple[Tensor, ...]:
    parts: tuple[list[Array], ...] = ([], [], [], [], [])
    for _ in range(_BATCH):
        example = examples[int(rng.integers(len(examples)))]
        height, width = example.shares.shape[:2]
        # Most cuts show something that the segmenter errs in.
        y, x = int(rng.integers(height)), int(rng.integers(width))
        if rng.random() < 0.7:
            guess = cv2.resize(example.soft[..., 1].astype(np.float32), (width, height), interpolation=cv2.INTER_LINEAR)
            wrong = np.abs(guess - example.shares[..., 0] * np.float32(1 / 255)) > 0.25
            places = np.flatnonzero(wrong.ravel()[::97])
            if len(places):
                y, x = divmod(97 * int(places[rng.integers(len(places))]), width)
        side = min(_CROP, height, width)
        top, left = (int(np.clip(p - side // 2, 0, m - side)) // 2 * 2 for p, m in ((y, height), (x, width)))
        turned = slice(None, None, -1 if rng.random() < 0.5 else 1)
        for part, image in zip(
            parts, (example.fine, example.coarse, example.soft, example.shares, example.weight[..., None]), strict=True
        ):
            step = height // image.shape[0]
            cut = image[top // step : (top + side) // step, left // step : (left + side) // step][:, turned]
            part.append(cut.astype(np.float32))
    fine, coarse, soft, shares, weight = (torch.from_numpy(np.stack(part)).permute(0, 3, 1, 2) for part in parts)
    return fine, coarse, soft, shares / 255, weight
