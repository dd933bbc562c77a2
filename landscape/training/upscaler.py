"""Training of the network that enlarges the generator's frames (paper, Super Resolution)."""

from __future__ import annotations

import json
import math
import threading
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from landscape.errors import LandscapeError
from landscape.images.tensors import from_pixels
from landscape.models.bundle import save_upscaler
from landscape.networks.perceptual import LpipsAlex
from landscape.networks.upscaler import Upscaler, UpscalerConfig, bicubic, build_upscaler
from landscape.progress import Progress, check_cancelled, ignore_progress
from landscape.training.data.upscaler_pairs import PairSource, shrink
from landscape.training.gan.judge import ProjectedJudge, build_judge
from landscape.training.run.checkpoint import (
    Means,
    MovingAverage,
    load_optimiser,
    load_state,
    require_new_run,
    save_state,
)
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
    require_new_run(out / CHECKPOINT, resume)
    out.mkdir(parents=True, exist_ok=True)
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
    parts = _Parts(network, average.network, optimiser, judge)
    begun = {
        "config": asdict(config),
        "judge_weight": settings.judge_weight,
        "lattice_weight": settings.lattice_weight,
        "shift_weight": settings.shift_weight,
    }
    first = parts.restore(out / CHECKPOINT, begun) if resume else 0
    saved, means = time.monotonic(), Means()
    for step in range(first, steps):
        rng = np.random.default_rng([seed, step])
        cooling = 0.5 * (1 + math.cos(math.pi * step / steps))
        optimiser.param_groups[0]["lr"] = settings.rate * cooling * min(1.0, (step + 1) / settings.warmup)
        if judge is not None:
            judge.cool(cooling)
        loss, named = upscaler_loss(network, sources[step % len(sources)], judge, settings, rng)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        average.update(network, (step + 1) * settings.batch, settings.batch)
        progress("upscaler", step + 1, steps)
        means.add({name: value.item() for name, value in named.items()})
        figures: dict[str, float] = {"step": step + 1}
        last = step + 1 == steps or (cancel is not None and cancel.is_set())
        if last or time.monotonic() - saved > 60 * checkpoint_minutes:
            for side, pictures in zip(sides, held_out, strict=True):
                figures |= held_out_scores(average.network, pictures, perceptual, side)
            save_state(out / CHECKPOINT, parts.state() | begun | {"step": step + 1})
            saved = time.monotonic()
        if (step + 1) % LOG_EVERY == 0 or last or f"lpips_{sides[0]}" in figures:
            # Sides and kinds of steps take turns: the last step alone would always be of the same one.
            figures |= {name: round(value, 5) for name, value in means.take().items()}
            with (out / "metrics.jsonl").open("a", encoding="utf-8") as file:
                file.write(json.dumps(figures | {"time": round(time.time(), 1)}) + "\n")
        check_cancelled(cancel)
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


@dataclass(frozen=True)
class _Parts:
    """What a checkpoint holds."""

    network: Upscaler
    average: nn.Module
    optimiser: torch.optim.Optimizer
    judge: ProjectedJudge | None

    def _all(self) -> dict[str, nn.Module | torch.optim.Optimizer]:
        parts: dict[str, nn.Module | torch.optim.Optimizer] = {
            "network": self.network,
            "average": self.average,
            "optimiser": self.optimiser,
        }
        if self.judge is not None:
            parts |= {"heads": self.judge.network.heads, "judge_optimiser": self.judge.optimiser}
        return parts

    def state(self) -> dict[str, Any]:
        return {name: part.state_dict() for name, part in self._all().items()}

    def restore(self, path: Path, begun: dict[str, Any]) -> int:
        """Take over a checkpoint, if there is one, of a run that was begun with the same; returns its step."""
        if not path.is_file():
            return 0
        state = load_state(path)
        if state["config"] != begun["config"]:
            raise LandscapeError("The run was begun with another upscaler; resume it with that one.")
        weight = state.get("judge_weight", 0.0)
        if weight != begun["judge_weight"]:
            raise LandscapeError(f"The run was begun with --judged {weight:g}; resume it with that.")
        if any(state.get(name, 0.0) != begun[name] for name in ("lattice_weight", "shift_weight")):
            raise LandscapeError(
                "The run was begun with another loss; start again in another folder with --start-from."
            )
        for name, part in self._all().items():
            if isinstance(part, torch.optim.Optimizer):
                load_optimiser(part, state[name])
            else:
                part.load_state_dict(state[name])
        return int(state["step"])
