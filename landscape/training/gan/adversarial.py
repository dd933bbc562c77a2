"""One step of a discriminator and of the generator on the same fakes (paper, 3.1.2 and 6.0.1)."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from landscape.models.config import TrainingConfig
from landscape.networks.discriminators import Discriminator
from landscape.networks.generator import Generator
from landscape.training.data.batches import RealData
from landscape.training.gan.judge import range_wall
from landscape.training.gan.schedule import Stage
from landscape.training.run.processes import Averaging, Processes

MIXING_PROBABILITY = 0.9
CROP_PROBABILITY = 0.5
W_MEAN_RATE = 0.01


class AdversarialStep:
    """The generator, its judges and their optimisers.

    Args:
        generator: M and G.
        static: Judges frames.
        pairwise: Judges pairs of frames.
        optimisers: One each, by the names ``generator``, ``static`` and ``pairwise``.
        schedule: Weights of the losses.
        processes: The processes that share every batch.
    """

    def __init__(
        self,
        generator: Generator,
        static: Discriminator,
        pairwise: Discriminator,
        optimisers: dict[str, torch.optim.Optimizer],
        schedule: TrainingConfig,
        processes: Processes,
    ) -> None:
        self.generator, self.static, self.pairwise = generator, static, pairwise
        self.optimisers, self.schedule, self.processes = optimisers, schedule, processes
        self.device = generator.w_mean.device
        self._waiting: tuple[torch.optim.Optimizer, list[float], Averaging] | None = None

    def __call__(self, data: RealData, stage: Stage, step: int, rng: torch.Generator) -> tuple[dict[str, float], int]:
        """Do the step.

        Args:
            data: Real images of the stage's resolution.
            stage: Where training stands.
            step: Number of the step: R1 comes at every so many.
            rng: Source of randomness, on the CPU.

        Returns:
            The losses of this process's part of the batch, and the size of the whole batch.
        """
        pairs = bool(torch.rand((), generator=rng) < stage.pair_share)
        crops = pairs and bool(torch.rand((), generator=rng) < CROP_PROBABILITY)
        batch = max(2, stage.batch // 2) if pairs else stage.batch
        mine = self.processes.mine
        real = mine((data.pairs_batch if pairs else data.stills_batch)(batch, rng)).to(self.device)
        fake, w_means = self._fakes(batch, pairs, stage, rng)
        self.settle()
        name = "pairwise" if pairs else "static"
        network = self.pairwise if pairs else self.static
        # One pass over the fakes serves both: the generator is asked by the discriminator that is about to learn.
        fake_logits = network(fake, stage.alpha)
        losses = {"pairs": float(pairs)} | self._ask_generator(name, fake, fake_logits)
        # The way of the generator's gradients is hidden by the work on the discriminator's.
        generators = self.processes.begin_average_of_gradients(self.generator.parameters(), *w_means)
        if crops:
            fake_logits = network(mine(data.crops_batch(batch, rng)).to(self.device), stage.alpha)
        losses |= self._teach(name, network, real, fake_logits, stage, step)
        judges = self.processes.begin_average_of_gradients(network.parameters())
        generators.finish()
        for w_mean in w_means:
            self.generator.w_mean.lerp_(w_mean, W_MEAN_RATE)
        self.optimisers["generator"].step()
        optimiser = self.optimisers[name]
        self._waiting = (optimiser, [group["lr"] for group in optimiser.param_groups], judges)
        if self.processes.count == 1:
            self.settle()
        return losses, batch

    def settle(self) -> None:
        """Let the last step's discriminator learn, whose gradients may still be on their way.

        On several processes that comes after the next fakes, which do not ask it; whoever reads its weights calls this
        before.
        """
        if self._waiting is None:
            return
        (optimiser, rates, averaging), self._waiting = self._waiting, None
        averaging.finish()
        present = [group["lr"] for group in optimiser.param_groups]
        # The rates of its own step: those of the next one may be set already.
        for group, rate in zip(optimiser.param_groups, rates, strict=True):
            group["lr"] = rate
        optimiser.step()
        for group, rate in zip(optimiser.param_groups, present, strict=True):
            group["lr"] = rate

    def _fakes(self, count: int, pairs: bool, stage: Stage, rng: torch.Generator) -> tuple[Tensor, list[Tensor]]:
        """Fake images (N, 3, R, R), or pairs (N, 6, R, R) that share z_static and S_static (paper, 3.1.2).

        With them comes this process's mean of w for every frame.
        """
        g, depth, mine = self.generator, self.generator.depth(stage.resolution), self.processes.mine
        s_static = [mine(s) for s in g.sample_maps(count, stage.resolution, rng)]
        # Style mixing: two codes, exchanged at a random block.
        codes = [g.sample_z(count, rng) for _ in range(2)]
        crossover = torch.where(
            torch.rand(count, generator=rng) < MIXING_PROBABILITY,
            torch.randint(1, depth, (count,), generator=rng),
            depth,
        )
        late = torch.arange(depth)[None, :, None] >= mine(crossover)[:, None, None]
        frames, w_means = [], []
        for _ in range(2 if pairs else 1):
            early_w, late_w = (g.mapping(mine(g.redraw_light(code, rng))) for code in codes)
            w_means.append(early_w.detach().to(g.w_mean.dtype).mean(dim=0))
            w = torch.where(late.to(self.device), late_w[:, None], early_w[:, None])
            s_dynamic = [mine(s) for s in g.sample_maps(count, stage.resolution, rng)]
            frames.append(g(w, s_static, s_dynamic, stage.resolution, stage.alpha))
        return torch.cat(frames, dim=1), w_means

    def _ask_generator(self, name: str, fake: Tensor, fake_logits: Tensor) -> dict[str, float]:
        """The generator's gradients."""
        loss = F.softplus(-fake_logits).mean()
        values = {f"g_{name}": loss.item()}
        self._gradients("generator", self.generator, loss + range_wall(fake), keep=True)
        return values

    def _teach(
        self, name: str, network: Discriminator, real: Tensor, fake_logits: Tensor, stage: Stage, step: int
    ) -> dict[str, float]:
        """The discriminator's gradients."""
        penalise = step % self.schedule.r1_every == 0
        real = real.requires_grad_(penalise)
        real_logits = network(real, stage.alpha)
        loss = F.softplus(-real_logits).mean() + F.softplus(fake_logits).mean()
        values = {f"d_{name}": loss.item(), f"real_{name}": real_logits.mean().item()}
        values[f"fake_{name}"] = fake_logits.mean().item()
        if penalise:
            (slope,) = torch.autograd.grad(real_logits.sum(), real, create_graph=True)
            penalty = slope.square().sum(dim=(1, 2, 3)).mean()
            loss = loss + self.schedule.r1_gamma / 2 * self.schedule.r1_every * penalty
            values[f"r1_{name}"] = penalty.item()
        self._gradients(name, network, loss)
        return values

    def _gradients(self, name: str, network: nn.Module, loss: Tensor, *, keep: bool = False) -> None:
        """Of one network alone: those of the other one are not even computed."""
        self.optimisers[name].zero_grad(set_to_none=True)
        used = [parameter for parameter in network.parameters() if parameter.requires_grad]
        torch.autograd.backward(loss, inputs=used, retain_graph=keep)
