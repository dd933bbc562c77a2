"""State and steps of one training run of the generator (paper, 3.1.2 and section 6).

Everything random in a step is drawn from a generator seeded with the run's seed and the step's number.
"""

from __future__ import annotations

import json
import math
import threading
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from landscape.errors import LandscapeError
from landscape.models.bundle import PERCEPTUAL_FILE, default_folder
from landscape.models.config import ModelConfig
from landscape.models.files import digest_of
from landscape.models.frozen import load_lpips
from landscape.networks.discriminators import Discriminator
from landscape.networks.generator import Generator
from landscape.networks.prior import LatentPrior
from landscape.progress import Progress, ignore_progress
from landscape.training.data.batches import RealData
from landscape.training.gan.adversarial import AdversarialStep
from landscape.training.gan.judge import ProjectedJudge, build_judge
from landscape.training.gan.optimisers import build_optimisers, computes_half
from landscape.training.gan.reconstruction import Reconstruction
from landscape.training.gan.sample_bank import SampleBank
from landscape.training.gan.schedule import Stage, total_images
from landscape.training.run.checkpoint import MovingAverage, load_optimiser
from landscape.training.run.processes import Processes


class GanTrainer:
    """State and steps of one training run.

    Args:
        config: Sizes and schedule.
        prepared: Folder with the prepared arrays, or a pack.
        seed: Seed of everything.
        device: Where to train.
        processes: The processes that share every batch.
        precision: ``float32``; ``bf16``, in which layers compute while weights stay float32; or ``auto``: bf16 on GPUs
            that have it.
    """

    def __init__(
        self,
        config: ModelConfig,
        prepared: Path,
        seed: int = 0,
        device: str = "cpu",
        processes: Processes | None = None,
        precision: str = "auto",
    ) -> None:
        self.config, self.prepared, self.seed = config, prepared, seed
        self.processes = processes or Processes()
        self.device = torch.device(device)
        self.schedule = config.training
        self.half = computes_half(self.device, precision)
        torch.manual_seed(seed)
        self.generator = Generator(config.generator).to(self.device)
        channels, depth = config.generator.channels, self.schedule.discriminator_convolutions
        self.static = Discriminator(channels, 1, depth).to(self.device)
        self.pairwise = Discriminator(channels, 2, depth).to(self.device)
        if self.half:  # the order in which half-precision units take pictures
            for network in (self.generator, self.static, self.pairwise):
                network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.average = MovingAverage(self.generator, self.schedule.average_half_life)
        self.optimisers = build_optimisers(self.generator, self.static, self.pairwise)
        self.judge: ProjectedJudge | None = None
        self.reconstruction: Reconstruction | None = None
        if self.schedule.reconstruction_share > 0:
            weight = self.schedule.reconstruction_judged
            if weight > 0:
                self.judge = build_judge(self.device, self.processes)
                self.optimisers["projected"] = self.judge.optimiser
            self.reconstruction = Reconstruction(
                self.generator,
                load_lpips(default_folder() / PERCEPTUAL_FILE, device),
                judge=self.judge,
                judge_weight=weight,
                processes=self.processes,
            )
            self.optimisers["reconstruction"] = self.reconstruction.optimiser
        networks = (self.generator, self.static, self.pairwise)
        self.adversarial = AdversarialStep(*networks, self.optimisers, self.schedule, self.processes)
        self.step = 0
        self.images = 0
        self._taken_over: set[str] = set()
        self.prior: LatentPrior | None = None
        self._prior_name: str | None = None
        self._round_over = False
        self._data: dict[int, RealData] = {}

    # State

    def _networks(self) -> dict[str, nn.Module]:
        networks: dict[str, nn.Module] = {
            "generator": self.generator,
            "average": self.average.network,
            "static": self.static,
            "pairwise": self.pairwise,
        }
        if self.judge is not None:
            networks["heads"] = self.judge.network.heads
        if self.reconstruction is not None:
            networks["posterior"] = self.reconstruction.posterior
        return networks

    def state(self) -> dict[str, Any]:
        """Everything that a resumed run needs."""
        self.adversarial.settle()
        return {
            "config": json.dumps(asdict(self.config), default=str),
            "seed": self.seed,
            "step": self.step,
            "images": self.images,
            "images_in_all": total_images(self.schedule),
            "prior": self._prior_name,
            "networks": {name: network.state_dict() for name, network in self._networks().items()},
            "optimisers": {name: optimiser.state_dict() for name, optimiser in self.optimisers.items()},
        }

    def load(self, state: dict[str, Any]) -> None:
        """Continue from a state.

        Raises:
            LandscapeError: If the state belongs to other networks.
        """
        sizes, networks = json.loads(state["config"])["generator"], state["networks"]
        if sizes != json.loads(json.dumps(asdict(self.config.generator))) or networks.keys() != self._networks().keys():
            raise LandscapeError("The run was begun with another configuration; resume it with that one.")
        self.seed, self.step, self.images = state["seed"], state["step"], state["images"]
        self._taken_over, self._prior_name = set(networks), state.get("prior")
        self._round_over = self.images >= state.get("images_in_all", math.inf)
        for name, network in self._networks().items():
            network.load_state_dict(networks[name])
        for name, optimiser in self.optimisers.items():
            load_optimiser(optimiser, state["optimisers"][name])

    def start_from(self, networks: dict[str, dict[str, Tensor]], step: int, images: int) -> None:
        """Take over the networks of another run with fresh optimisers; networks it lacks keep their start."""
        self.step, self.images = step, images
        networks = {"average": networks["generator"]} | networks
        self._taken_over = set(networks)
        for name, network in self._networks().items():
            if name in networks:
                network.load_state_dict(networks[name])

    def judge_samples(
        self,
        prior: LatentPrior | None,
        progress: Progress = ignore_progress,
        cancel: threading.Event | None = None,
    ) -> None:
        """Let the judge see samples of a prior, once networks were taken over; the posterior stands still from now on.

        Args:
            prior: The prior of the taken over posterior's latents; None leaves everything as it is.
            progress: Called while samples are drawn.
            cancel: Set to stop that.

        Raises:
            LandscapeError: If the run goes on from one with a prior and gets none, or another one before its schedule
                was over, if no posterior was taken over, if the prior belongs to other sizes, or if there is no judge.
            Cancelled: If ``cancel`` was set.
        """
        name = None if prior is None else digest_of(prior)
        # A run that came to its end begins another round: with the prior that learnt meanwhile.
        if self._prior_name not in (None, name) and (name is None or not self._round_over):
            which = "a prior of its posterior's latents" if self._round_over else "that very file"
            raise LandscapeError(f"This run's judge sees samples of a prior; resume it with --prior and {which}.")
        if prior is None:
            return
        if self.reconstruction is None or self.judge is None:
            raise LandscapeError("Samples of a prior need a judge; set reconstruction_judged in the configuration.")
        if "posterior" not in self._taken_over:
            raise LandscapeError("A prior belongs to a run that goes on; add --resume or --start-from.")
        config = self.generator.config
        if prior.style_width != config.style_width or not set(prior.resolutions) <= set(config.resolutions):
            raise LandscapeError("This prior belongs to a generator of another size; give the one of this run.")
        self.prior, self._prior_name = prior.to(self.device), name
        self.reconstruction.judge_samples(SampleBank(self.generator, self.prior, progress=progress, cancel=cancel))

    # One step

    def train_step(self, stage: Stage) -> dict[str, float]:
        """One step: real images are reconstructed, or discriminators and generator work against each other.

        Args:
            stage: Where training stands.

        Returns:
            The losses of this process's part of the batch; all processes get the same names.
        """
        rng = torch.Generator().manual_seed((self.seed << 40) + self.step)
        self._set_rates(stage)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.half):
            losses, batch = self._learn(stage, rng)
        self.step += 1
        self.images += batch
        self.average.update(self.generator, self.images, batch)
        return losses

    def _learn(self, stage: Stage, rng: torch.Generator) -> tuple[dict[str, float], int]:
        reconstructs = self.reconstruction is not None and stage.resolution >= self.schedule.reconstruction_from
        if reconstructs and bool(torch.rand((), generator=rng) < self.schedule.reconstruction_share):
            assert self.reconstruction is not None
            batch = stage.batch
            places = self._real_data(stage.resolution).places_batch(batch, rng).part(self.processes.mine, self.device)
            # While a resolution fades in, drawn images are softer than real ones whatever the generator does.
            judged = stage.alpha >= 1 and stage.resolution >= self.schedule.judged_from
            return self.reconstruction.step(places, stage.alpha, rng, judged), batch
        return self.adversarial(self._real_data(stage.resolution), stage, self.step, rng)

    def _set_rates(self, stage: Stage) -> None:
        for name in ("generator", "static", "pairwise"):
            for group in self.optimisers[name].param_groups:
                group["lr"] = stage.learning_rate * group["factor"] * stage.cooling
        for part in (self.reconstruction, self.judge):
            if part is not None:
                part.cool(stage.cooling)

    def _real_data(self, resolution: int) -> RealData:
        if resolution not in self._data:
            self._data[resolution] = RealData(self.prepared, resolution)
        return self._data[resolution]
