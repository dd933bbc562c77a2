"""The projected discriminator as a judge: it learns to tell drawn frames from real ones, and says how real they are."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from landscape.networks.projected import ProjectedDiscriminator, augment, draw_augmentation
from landscape.training.processes import Processes

RATE = 4e-4
BETAS = (0.0, 0.99)


class ProjectedJudge:
    """A projected discriminator and its optimiser.

    Args:
        network: The discriminator.
        processes: The processes that share every batch.
    """

    def __init__(self, network: ProjectedDiscriminator, processes: Processes) -> None:
        self.network, self._processes = network, processes
        self.optimiser = torch.optim.Adam(network.own_parameters(), lr=RATE, betas=BETAS)

    def learn(self, real: Tensor, fake: Tensor, rng: torch.Generator) -> float:
        """One step of the discriminator on real and drawn images of this process, (N, 3, R, R); returns its loss."""
        real_logits, fake_logits = (self._logits(images.detach(), rng) for images in (real, fake))
        loss = torch.stack(
            [F.relu(1 - r).mean() + F.relu(1 + f).mean() for r, f in zip(real_logits, fake_logits, strict=True)]
        ).mean()
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        self._processes.average_gradients(self.network.heads.parameters())
        self.optimiser.step()
        return loss.item()

    def doubt(self, fake: Tensor, rng: torch.Generator) -> Tensor:
        """How little the discriminator takes drawn images (N, 3, R, R) for real: what their network is to reduce."""
        self.network.heads.requires_grad_(False)
        logits = self._logits(fake, rng)
        self.network.heads.requires_grad_(True)
        return -torch.stack([x.mean() for x in logits]).mean()

    def _logits(self, images: Tensor, rng: torch.Generator) -> list[Tensor]:
        draws = draw_augmentation(len(images) * self._processes.count, rng)
        logits: list[Tensor] = self.network(augment(images, draws.part(self._processes.mine)))
        return logits
