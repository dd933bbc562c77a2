"""Reconstruction as a second signal: the generator as the decoder of a variational autoencoder.

Discriminators learn slowly on few images; real images that must come back through the latents give the generator a
gradient at every pixel from the first step on. Some properties of the model are asked for directly instead of being
left to a discriminator:

- *What moves is S_dynamic's.* In sky and water only S_dynamic knows the photo, elsewhere only S_static; the other one
  is noise there, so G must not listen to it.
- *The static part is shared.* z_static and S_static are read from one frame, z_dynamic and S_dynamic from another frame
  of the same clip, and the second frame must come out.
- *Motion is S_dynamic's.* In a part of the batches S_dynamic is carried along a flow, and the image carried along the
  same flow must come out (:mod:`landscape.training.data.carried_views`).
- *Samples are judged, too.* Once there is a prior, the judge sees what G draws from it in a part of the batches. The
  posterior stands still then, and with it what the prior knows.
- *Light is z_dynamic's.* The two images of a pair are one still under two lights; only z_dynamic, three numbers, may
  tell them apart. S_dynamic is read under a third light in half of the batches: what it says of light is of no use.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from landscape.networks.generator import Generator
from landscape.networks.perceptual import LpipsAlex
from landscape.networks.posterior import Posterior
from landscape.training.data.carried_views import carried_view, draw_flow
from landscape.training.data.pair_drawing import PairBatch, reconstruct_pairs
from landscape.training.gan.judge import ProjectedJudge, range_wall
from landscape.training.gan.sample_bank import SampleBank
from landscape.training.run.processes import Processes

L1_WEIGHT, LPIPS_WEIGHT = 1.0, 0.5
# A Laplace likelihood with this scale: the size of errors that are not worth latents.
KL_WEIGHT = 0.1
# Batches whose sky and water have moved on.
CARRIED_SHARE = 0.5
# Batches in which the judge sees samples of the prior, if there is one, and the weight of its word then.
SAMPLED_SHARE, SAMPLED_WEIGHT = 0.5, 4.0
BETAS = (0.9, 0.99)
POSTERIOR_RATE = 1e-3


class Reconstruction:
    """The posterior, and the optimiser of it and of the generator for this signal.

    Args:
        generator: M and G, trained in place.
        perceptual: Frozen network of the perceptual term.
        learning_rate: Adam's rate of the generator.
        mapping_rate: Factor of that rate for the mapping network.
        judge: Tells drawn images from real ones: errors at every pixel alone make soft pictures. Or None.
        judge_weight: Weight of its word.
        processes: The processes that share every batch.
    """

    def __init__(
        self,
        generator: Generator,
        perceptual: LpipsAlex,
        learning_rate: float = 1e-3,
        mapping_rate: float = 0.3,
        judge: ProjectedJudge | None = None,
        judge_weight: float = 0.0,
        processes: Processes | None = None,
    ) -> None:
        self.generator, self.perceptual, self.processes = generator, perceptual, processes or Processes()
        self._judge, self._judge_weight = judge, judge_weight
        self._samples: SampleBank | None = None
        self.posterior = Posterior(generator.resolution, generator.config.style_width).to(generator.w_mean.device)
        mapping = [p for name, p in generator.named_parameters() if name.startswith("mapping.")]
        synthesis = [p for name, p in generator.named_parameters() if not name.startswith("mapping.")]
        self._rates = (POSTERIOR_RATE, learning_rate, learning_rate * mapping_rate)
        parameters = (list(self.posterior.parameters()), synthesis, mapping)
        groups = [{"params": part, "lr": rate} for part, rate in zip(parameters, self._rates, strict=True)]
        self.optimiser = torch.optim.Adam(groups, betas=BETAS, fused=True)

    def cool(self, factor: float) -> None:
        """Multiply the rates at which the next steps learn."""
        for group, rate in zip(self.optimiser.param_groups, self._rates, strict=True):
            group["lr"] = rate * factor

    def judge_samples(self, samples: SampleBank) -> None:
        """Let the judge see samples of a prior, too; the posterior, whose latents the prior knows, stands still."""
        self._samples = samples
        self.posterior.requires_grad_(False)

    def step(self, pairs: PairBatch, alpha: float, rng: torch.Generator, judged: bool = True) -> dict[str, float]:
        """One step on a batch of pairs.

        Args:
            pairs: The images of this process.
            alpha: Share of the last block while it fades in.
            rng: Source of randomness, on the CPU.
            judged: Whether the judge, if there is one, has a word.

        Returns:
            ``rec_l1``, ``rec_lpips`` and ``rec_kl`` of the batch; ``carried_l1`` and so on if its sky moved on. With a
            judge ``d_projected`` and ``g_projected`` as well, or ``d_sampled`` and ``g_sampled`` if it saw samples.
        """
        target = pairs.second
        flow = None
        if torch.rand((), generator=rng) < CARRIED_SHARE:
            flow = draw_flow(target.shape[-1], rng)
        drawn, divergence = reconstruct_pairs(self.generator, self.posterior, pairs, alpha, rng, self.processes, flow)
        drawn = drawn.to(target.dtype)  # where layers compute in half precision
        name, whole = "rec", drawn
        if flow is not None:
            name = "carried"
            target, seen = carried_view(flow, target, pairs.moving)
            # What has come from behind static parts may be any sky.
            drawn = torch.lerp(target, drawn, seen)
        error = F.l1_loss(drawn, target)
        distance = self.perceptual(drawn, target).mean()
        kl = divergence.mean()
        loss = L1_WEIGHT * error + LPIPS_WEIGHT * distance + KL_WEIGHT * kl
        losses = {f"{name}_l1": error.item(), f"{name}_lpips": distance.item(), f"{name}_kl": kl.item()}
        if self._judge is not None and judged:
            kind, weight = "projected", self._judge_weight
            if self._samples is not None and torch.rand((), generator=rng) < SAMPLED_SHARE:
                kind, weight = "sampled", SAMPLED_WEIGHT * self._judge_weight
                whole = self._sampled(self._samples, len(target), target.shape[-1], alpha, rng)
                loss = loss + range_wall(whole)
            losses[f"d_{kind}"], doubt = self._judge(pairs.second, whole, rng)
            losses[f"g_{kind}"] = doubt.item()
            loss = loss + weight * doubt
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        self.processes.average_gradients([*self.generator.parameters(), *self.posterior.parameters()])
        nn.utils.clip_grad_norm_(self.posterior.parameters(), 1.0)
        self.optimiser.step()
        return losses

    def _sampled(self, samples: SampleBank, count: int, resolution: int, alpha: float, rng: torch.Generator) -> Tensor:
        """Samples (count, 3, R, R) for this process."""
        g, processes = self.generator, self.processes
        whole = count * processes.count
        codes = samples.draw([g.sample_maps(whole, resolution, rng) for _ in range(2)], rng)
        static, dynamic = ([processes.mine(level) for level in maps] for maps in (codes.s_static, codes.s_dynamic))
        drawn: Tensor = g(g.mapping(processes.mine(codes.z)), static, dynamic, resolution, alpha)
        return drawn
