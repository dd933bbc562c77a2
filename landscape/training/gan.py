"""Training of the generator with both discriminators (paper, 3.1.2 and section 6).

Everything random in a step is drawn from a generator seeded with the run's seed and the step's number. A run that was
killed and resumed repeats the steps after its last checkpoint with the same numbers and ends the same.
"""

from __future__ import annotations

import contextlib
import json
import logging
import re
import threading
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from landscape.config import ModelConfig
from landscape.errors import Cancelled, LandscapeError
from landscape.files import replacing
from landscape.networks.discriminators import Discriminator
from landscape.networks.generator import Z_DYNAMIC_WIDTH, Generator
from landscape.networks.perceptual import load_lpips
from landscape.networks.projected import ProjectedDiscriminator, augment
from landscape.progress import Progress, check_cancelled, ignore_progress
from landscape.training.checkpoint import MovingAverage, load_state, save_state
from landscape.training.export import import_warm_start
from landscape.training.grids import save_grid
from landscape.training.pretrained import imagenet_lite0
from landscape.training.reconstruction import Reconstruction
from landscape.training.sampling import RealData
from landscape.training.schedule import Stage, stage_at, total_images
from landscape.weights import PERCEPTUAL_FILE, default_folder

log = logging.getLogger(__name__)

MIXING_PROBABILITY = 0.9
CROP_PROBABILITY = 0.5
MAPPING_RATE = 0.01
# The scales of S would need thousands of steps at the common rate to reach the size of the features.
MAP_SCALE_RATE = 5.0
PROJECTED_RATE = 4e-4
BETAS = (0.0, 0.99)
W_MEAN_RATE = 0.01
# Soft wall for colours far outside the range, where frozen features give no gradient.
RANGE_WEIGHT, RANGE_LIMIT = 2.0, 1.05
LOG_EVERY = 50
MAP_SCALE = re.compile(r"\.(static|dynamic)[12]\.")


class GanTrainer:
    """State and steps of one training run.

    Args:
        config: Sizes and schedule.
        prepared: Folder with the prepared arrays.
        out: The run's folder: ``state.pt``, ``metrics.jsonl``, ``samples_*.png``.
        seed: Seed of everything.
        device: Where to train.
    """

    def __init__(self, config: ModelConfig, prepared: Path, out: Path, seed: int = 0, device: str = "cpu") -> None:
        self.config, self.prepared, self.out, self.seed = config, prepared, out, seed
        self.device = torch.device(device)
        self.schedule = config.training
        torch.manual_seed(seed)
        self.generator = Generator(config.generator).to(self.device)
        channels, depth = config.generator.channels, self.schedule.discriminator_convolutions
        self.static = Discriminator(channels, 1, depth).to(self.device)
        self.pairwise = Discriminator(channels, 2, depth).to(self.device)
        self.projected: ProjectedDiscriminator | None = None
        if self.schedule.projected_from is not None:
            trunk = imagenet_lite0(features_only=True)
            widths = tuple(trunk.feature_info.channels())[-4:]  # type: ignore[union-attr,operator]
            self.projected = ProjectedDiscriminator(trunk, widths).to(self.device)
        self.average = MovingAverage(self.generator, self.schedule.average_half_life)
        self.optimisers = self._optimisers()
        self.reconstruction: Reconstruction | None = None
        if self.schedule.reconstruction_share > 0:
            perceptual = load_lpips(default_folder() / PERCEPTUAL_FILE, device)
            self.reconstruction = Reconstruction(self.generator, perceptual)
            self.optimisers["reconstruction"] = self.reconstruction.optimiser
        self.step = 0
        self.images = 0
        self._data: RealData | None = None

    def _optimisers(self) -> dict[str, torch.optim.Optimizer]:
        mapping: list[nn.Parameter] = []
        scales: list[nn.Parameter] = []
        synthesis: list[nn.Parameter] = []
        for name, parameter in self.generator.named_parameters():
            kind = mapping if name.startswith("mapping.") else scales if MAP_SCALE.search(name) else synthesis
            kind.append(parameter)
        groups = [
            {"params": synthesis, "factor": 1.0},
            {"params": mapping, "factor": MAPPING_RATE},
            {"params": scales, "factor": MAP_SCALE_RATE},
        ]
        optimisers: dict[str, torch.optim.Optimizer] = {"generator": torch.optim.Adam(groups, betas=BETAS)}
        for name, network in (("static", self.static), ("pairwise", self.pairwise)):
            optimisers[name] = torch.optim.Adam([{"params": list(network.parameters()), "factor": 1.0}], betas=BETAS)
        if self.projected is not None:
            group = {"params": self.projected.own_parameters(), "factor": 0.0}
            optimisers["projected"] = torch.optim.Adam([group], lr=PROJECTED_RATE, betas=BETAS)
        return optimisers

    # State

    def _networks(self) -> dict[str, nn.Module]:
        networks: dict[str, nn.Module] = {
            "generator": self.generator,
            "average": self.average.network,
            "static": self.static,
            "pairwise": self.pairwise,
        }
        if self.projected is not None:
            networks["heads"] = self.projected.heads
        if self.reconstruction is not None:
            networks["posterior"] = self.reconstruction.posterior
        return networks

    def state(self) -> dict[str, Any]:
        """Everything that a resumed run needs."""
        return {
            "config": json.dumps(asdict(self.config), default=str),
            "seed": self.seed,
            "step": self.step,
            "images": self.images,
            "networks": {name: network.state_dict() for name, network in self._networks().items()},
            "optimisers": {name: optimiser.state_dict() for name, optimiser in self.optimisers.items()},
        }

    def load(self, state: dict[str, Any]) -> None:
        """Continue from a state.

        Raises:
            LandscapeError: If the state belongs to networks of other sizes.
        """
        if json.loads(state["config"])["generator"] != json.loads(json.dumps(asdict(self.config.generator))):
            raise LandscapeError("The run was begun with another configuration; resume it with that one.")
        self.seed, self.step, self.images = state["seed"], state["step"], state["images"]
        for name, network in self._networks().items():
            network.load_state_dict(state["networks"][name])
        for name, optimiser in self.optimisers.items():
            optimiser.load_state_dict(state["optimisers"][name])

    def start_from(self, networks: dict[str, dict[str, Tensor]], step: int, images: int) -> None:
        """Take over the networks of another run with fresh optimisers; networks it lacks keep their start."""
        self.step, self.images = step, images
        networks = {"average": networks["generator"]} | networks
        for name, network in self._networks().items():
            if name in networks:
                network.load_state_dict(networks[name])

    # One step

    def train_step(self, stage: Stage) -> dict[str, float]:
        """A reconstruction, or one step of a discriminator and then one of the generator on the same fakes."""
        rng = torch.Generator().manual_seed((self.seed << 40) + self.step)
        data = self._real_data(stage.resolution)
        reconstructs = self.reconstruction is not None and stage.resolution >= self.schedule.reconstruction_from
        if reconstructs and bool(torch.rand((), generator=rng) < self.schedule.reconstruction_share):
            assert self.reconstruction is not None
            places = data.places_batch(stage.batch, rng).to(self.device)
            losses = self.reconstruction.step(places, stage.alpha, rng)
            self._count(stage.batch)
            return losses
        pairs = bool(torch.rand((), generator=rng) < stage.pair_share)
        crops = pairs and bool(torch.rand((), generator=rng) < CROP_PROBABILITY)
        self._set_rates(stage)

        batch = max(2, stage.batch // 2) if pairs else stage.batch
        real = (data.pairs_batch if pairs else data.stills_batch)(batch, rng).to(self.device)
        fake = self._fakes(batch, pairs, stage, rng)
        fooling = data.crops_batch(batch, rng).to(self.device) if crops else fake.detach()

        name = "pairwise" if pairs else "static"
        network = self.pairwise if pairs else self.static
        losses = self._discriminator_step(name, network, real, fooling, stage)
        use_projected = (
            self.projected is not None
            and not pairs
            and self.schedule.projected_from is not None
            and stage.resolution >= self.schedule.projected_from
        )
        if use_projected:
            losses |= self._projected_step(real, fake.detach(), rng)
        losses |= self._generator_step(network, fake, stage, rng, use_projected)
        losses["pairs"] = float(pairs)

        self._count(batch)
        return losses

    def _count(self, batch: int) -> None:
        self.step += 1
        self.images += batch
        self.average.update(self.generator, self.images, batch)

    def _set_rates(self, stage: Stage) -> None:
        for name, optimiser in self.optimisers.items():
            if name not in ("projected", "reconstruction"):
                for group in optimiser.param_groups:
                    group["lr"] = stage.learning_rate * group["factor"]

    def _fakes(self, count: int, pairs: bool, stage: Stage, rng: torch.Generator) -> Tensor:
        """Fake images (N, 3, R, R), or pairs (N, 6, R, R) that share z_static and S_static (paper, 3.1.2)."""
        g, depth = self.generator, self.generator.depth(stage.resolution)
        s_static = g.sample_maps(count, stage.resolution, rng)
        # Style mixing: two codes, exchanged at a random block.
        codes = [g.sample_z(count, rng) for _ in range(2)]
        crossover = torch.where(
            torch.rand(count, generator=rng) < MIXING_PROBABILITY,
            torch.randint(1, depth, (count,), generator=rng),
            depth,
        ).to(self.device)
        late = torch.arange(depth, device=self.device)[None, :, None] >= crossover[:, None, None]
        frames = []
        for _ in range(2 if pairs else 1):
            for code in codes:
                code[:, -Z_DYNAMIC_WIDTH:] = torch.randn(count, Z_DYNAMIC_WIDTH, generator=rng).to(self.device)
            early_w, late_w = g.mapping(codes[0].clone()), g.mapping(codes[1].clone())
            with torch.no_grad():
                g.w_mean.lerp_(early_w.mean(dim=0), W_MEAN_RATE)
            w = torch.where(late, late_w[:, None], early_w[:, None])
            frames.append(g(w, s_static, g.sample_maps(count, stage.resolution, rng), stage.resolution, stage.alpha))
        return torch.cat(frames, dim=1)

    def _discriminator_step(
        self, name: str, network: Discriminator, real: Tensor, fake: Tensor, stage: Stage
    ) -> dict[str, float]:
        penalise = self.step % self.schedule.r1_every == 0
        real = real.requires_grad_(penalise)
        real_logits = network(real, stage.alpha)
        fake_logits = network(fake, stage.alpha)
        loss = F.softplus(-real_logits).mean() + F.softplus(fake_logits).mean()
        values = {f"d_{name}": loss.item(), f"real_{name}": real_logits.mean().item()}
        values[f"fake_{name}"] = fake_logits.mean().item()
        if penalise:
            (slope,) = torch.autograd.grad(real_logits.sum(), real, create_graph=True)
            penalty = slope.square().sum(dim=(1, 2, 3)).mean()
            loss = loss + self.schedule.r1_gamma / 2 * self.schedule.r1_every * penalty
            values[f"r1_{name}"] = penalty.item()
        self._update(name, loss)
        return values

    def _projected_step(self, real: Tensor, fake: Tensor, rng: torch.Generator) -> dict[str, float]:
        assert self.projected is not None
        real_logits = self.projected(augment(real.detach(), rng))
        fake_logits = self.projected(augment(fake, rng))
        loss = torch.stack(
            [F.relu(1 - r).mean() + F.relu(1 + f).mean() for r, f in zip(real_logits, fake_logits, strict=True)]
        ).mean()
        self._update("projected", loss)
        return {"d_projected": loss.item()}

    def _generator_step(
        self, network: Discriminator, fake: Tensor, stage: Stage, rng: torch.Generator, use_projected: bool
    ) -> dict[str, float]:
        judges: list[nn.Module] = [network] + ([self.projected] if use_projected and self.projected else [])
        for judge in judges:
            judge.requires_grad_(False)
        loss = F.softplus(-network(fake, stage.alpha)).mean()
        values = {"g_pairwise" if network is self.pairwise else "g_static": loss.item()}
        if use_projected and self.projected is not None:
            logits = self.projected(augment(fake, rng))
            projected_loss = -torch.stack([x.mean() for x in logits]).mean()
            loss = loss + self.schedule.projected_weight * projected_loss
            values["g_projected"] = projected_loss.item()
        loss = loss + RANGE_WEIGHT * F.relu(fake.abs() - RANGE_LIMIT).mean()
        self._update("generator", loss)
        network.requires_grad_(True)
        if use_projected and self.projected is not None:
            self.projected.heads.requires_grad_(True)
        return values

    def _update(self, name: str, loss: Tensor) -> None:
        optimiser = self.optimisers[name]
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()

    def _real_data(self, resolution: int) -> RealData:
        if self._data is None or self._data.resolution != resolution:
            self._data = RealData(self.prepared, resolution)
        return self._data


def train_gan(
    config: ModelConfig,
    prepared: Path,
    out: Path,
    *,
    seed: int = 0,
    device: str = "cpu",
    resume: bool = False,
    start_from: Path | None = None,
    checkpoint_minutes: float = 4.0,
    grid_images: int = 10_000,
    progress: Progress = ignore_progress,
    cancel: threading.Event | None = None,
) -> None:
    """Train the generative model until its schedule ends.

    Args:
        config: What to train.
        prepared: Folder written by :func:`landscape.training.data.prepare`.
        out: The run's folder.
        seed: Seed of everything random.
        device: Torch device.
        resume: Continue from ``out/state.pt``.
        start_from: Start from the networks of another run, a file written by
            :func:`landscape.training.export.export_warm_start`, instead of random weights.
        checkpoint_minutes: Time between checkpoints.
        grid_images: Images between sample grids.
        progress: Called with images seen and images of the schedule.
        cancel: Ends the run at the next step; its state is kept.

    Raises:
        LandscapeError: If there is nothing to resume from or no data.
        Cancelled: If ``cancel`` was set; the state was written before.
    """
    state_file, metrics_file = out / "state.pt", out / "metrics.jsonl"
    if state_file.exists() and not resume:
        raise LandscapeError(f"{out} holds a run already; add --resume to go on with it, or choose another folder.")
    out.mkdir(parents=True, exist_ok=True)
    trainer = GanTrainer(config, prepared, out, seed, device)
    if resume:
        trainer.load(load_state(state_file))
    elif start_from is not None:
        trainer.start_from(**import_warm_start(start_from))
    _drop_later_lines(metrics_file, trainer.step)
    total = total_images(config.training)
    saved = started = time.monotonic()
    sums: dict[str, list[float]] = {}
    counted = trainer.images
    try:
        while (stage := stage_at(config.training, trainer.images)) is not None:
            check_cancelled(cancel)
            for name, value in trainer.train_step(stage).items():
                sums.setdefault(name, []).append(value)
            progress(f"training at {stage.resolution} px", min(trainer.images, total), total)
            if trainer.step % LOG_EVERY == 0:
                now = time.monotonic()
                record: dict[str, float] = {
                    "step": trainer.step,
                    "images": trainer.images,
                    "resolution": stage.resolution,
                    "alpha": round(stage.alpha, 4),
                    "images_per_second": round((trainer.images - counted) / (now - started), 2),
                } | {name: round(sum(v) / len(v), 5) for name, v in sums.items()}
                started, counted, sums = now, trainer.images, {}
                with metrics_file.open("a") as file:
                    file.write(json.dumps(record) + "\n")
            after = stage_at(config.training, trainer.images)
            finished = after is None or after.resolution != stage.resolution
            if finished or trainer.images // grid_images != (trainer.images - stage.batch) // grid_images:
                save_grid(
                    trainer.average.network, out / f"samples_{trainer.images:08d}.png", stage.resolution, stage.alpha
                )
            if finished:
                save_state(out / f"state_{stage.resolution}.pt", trainer.state())
            if finished or time.monotonic() - saved > checkpoint_minutes * 60:
                save_state(state_file, trainer.state())
                saved = time.monotonic()
    except Cancelled:
        # Between two steps all networks are of one age; after any other error they may not be.
        save_state(state_file, trainer.state())
        raise
    save_state(state_file, trainer.state())


def _drop_later_lines(metrics: Path, step: int) -> None:
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
