"""Training state on disk: written atomically, read without executing anything."""

from __future__ import annotations

import contextlib
import copy
import hashlib
import io
import json
import pickle
import re
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from landscape.errors import LandscapeError
from landscape.files import replacing


def save_state(path: Path, state: dict[str, Any], most_bytes: int | None = None) -> None:
    """Write tensors, numbers and nested dictionaries so that a kill at any moment leaves a whole state behind.

    Args:
        path: The file.
        state: What to write.
        most_bytes: Most bytes of a file, for places that take no larger ones: what is larger lies in pieces beside the
            path, which then names them. None for one file, however large.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    before = _pieces(path)
    if most_bytes is None:
        with replacing(path) as partial:
            torch.save(state, partial)
    else:
        buffer = io.BytesIO()
        torch.save(state, buffer)
        data = buffer.getbuffer()
        digest = hashlib.sha256(data).hexdigest()
        parts = [data[start : start + most_bytes] for start in range(0, len(data), most_bytes)]
        names = [f"{path.name}.{digest[:8]}-{i:03d}" for i in range(len(parts))]
        for name, part in zip(names, parts, strict=True):
            with replacing(path.with_name(name)) as partial:
                partial.write_bytes(part)
        before -= {path.with_name(name) for name in names}
        with replacing(path) as partial:
            torch.save({"pieces": names, "sha256": digest}, partial)
    for old in before:
        old.unlink(missing_ok=True)


def _pieces(path: Path) -> set[Path]:
    """The pieces that lie beside a state."""
    name = re.compile(re.escape(path.name) + r"\.[0-9a-f]{8}-\d{3,}")
    return {item for item in path.parent.iterdir() if name.fullmatch(item.name)}


def require_new_run(state: Path, resume: bool) -> None:
    """Find out before training that no other run's state is written over.

    Raises:
        LandscapeError: If the state is there and nobody wants to go on with it.
    """
    if state.exists() and not resume:
        raise LandscapeError(
            f"{state.parent} holds a run already; add --resume to go on with it, or choose another folder."
        )


def load_state(path: Path) -> dict[str, Any]:
    """Read a file written by :func:`save_state`.

    Raises:
        LandscapeError: If the file is missing or damaged.
    """
    try:
        state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
        if state.keys() == {"pieces", "sha256"}:
            data = b"".join(path.with_name(Path(name).name).read_bytes() for name in state["pieces"])
            if hashlib.sha256(data).hexdigest() != state["sha256"]:
                raise ValueError("digest")
            state = torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
    except (OSError, RuntimeError, EOFError, ValueError, pickle.UnpicklingError) as error:
        raise LandscapeError(f"The training state {path} cannot be read; start again without --resume.") from error
    return state


def load_optimiser(optimiser: torch.optim.Optimizer, state: dict[str, Any]) -> None:
    """Go on with an optimiser's state, in the way that this one takes its steps, whichever the saved one had."""
    ours = [group.get("fused") for group in optimiser.param_groups]
    groups = [group | {"fused": fused} for group, fused in zip(state["param_groups"], ours, strict=True)]
    optimiser.load_state_dict(state | {"param_groups": groups})


class Means:
    """Means of named figures of the steps since they were last taken; not every step has every figure."""

    def __init__(self) -> None:
        self._seen: dict[str, list[float]] = {}

    def add(self, figures: dict[str, float]) -> None:
        """Take note of a step."""
        for name, value in figures.items():
            self._seen.setdefault(name, []).append(value)

    def take(self) -> dict[str, float]:
        """The means by name, and begin anew."""
        means = {name: sum(values) / len(values) for name, values in self._seen.items()}
        self._seen = {}
        return means


def drop_later_lines(metrics: Path, step: int) -> None:
    """Steps after the checkpoint are repeated: their old lines go."""
    if not metrics.exists():
        return
    kept = []
    for line in metrics.read_text().splitlines():
        # A kill may have cut the last line short.
        with contextlib.suppress(json.JSONDecodeError):
            # Evaluations have no step of their own.
            if json.loads(line).get("step", 0) <= step:
                kept.append(line + "\n")
    with replacing(metrics) as partial:
        partial.write_text("".join(kept))


class MovingAverage:
    """Exponential moving average of a network's parameters and buffers.

    The average forgets half of its past within ``half_life`` images, less at the start, so that samples of young
    networks mean something.
    """

    RAMP = 0.05

    def __init__(self, network: nn.Module, half_life: float) -> None:
        self.network = copy.deepcopy(network).eval().requires_grad_(False)
        self.half_life = half_life

    @torch.no_grad()
    def update(self, source: nn.Module, images: int, batch: int) -> None:
        """Move towards the source, which has seen this many images, by one batch."""
        decay = 0.5 ** (batch / max(1.0, min(self.half_life, images * self.RAMP)))
        own: list[Tensor] = list(self.network.parameters())
        torch._foreach_lerp_(own, list(source.parameters()), 1 - decay)
        for mine, theirs in zip(self.network.buffers(), source.buffers(), strict=True):
            mine.copy_(theirs)


def weights_between(before: dict[str, Tensor], after: dict[str, Tensor], share: float) -> dict[str, Tensor]:
    """Weights on the way from those of a network to those that it was trained on to from there.

    They keep much of what either knows (Wortsman et al., 2022, Robust fine-tuning).

    Args:
        before: What the run started from.
        after: What it reached, of the same keys and shapes.
        share: How far on the way, 0 to 1.
    """
    return {
        key: torch.lerp(before[key], value, share) if value.is_floating_point() else value
        for key, value in after.items()
    }
