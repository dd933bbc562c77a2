"""The projected discriminator as a judge: it learns to tell drawn frames from real ones, and says how real they are."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from landscape.networks.projected import MIXED_CHANNELS, ProjectedDiscriminator, augment, draw_augmentation
from landscape.training.run.pretrained import imagenet_lite0
from landscape.training.run.processes import Processes

RATE = 4e-4
BETAS = (0.0, 0.99)
RANGE_WEIGHT, RANGE_LIMIT = 2.0, 1.05


def range_wall(images: Tensor) -> Tensor:
    """A soft wall for colours of images (N, 3, R, R) far outside [-1, 1], where frozen features give no gradient."""
    wall: Tensor = RANGE_WEIGHT * F.relu(images.abs() - RANGE_LIMIT).mean()
    return wall


def build_judge(device: torch.device | str, processes: Processes | None = None) -> ProjectedJudge:
    """A judge on EfficientNet-Lite0's features that has learnt nothing yet; needs the training packages."""
    trunk = imagenet_lite0(features_only=True)
    widths = tuple(trunk.feature_info.channels())[-len(MIXED_CHANNELS) :]  # type: ignore[union-attr,operator]
    return ProjectedJudge(ProjectedDiscriminator(trunk, widths).to(device), processes or Processes())


class ProjectedJudge:
    """A projected discriminator and its optimiser.

    Args:
        network: The discriminator.
        processes: The processes that share every batch.
    """

    def __init__(self, network: ProjectedDiscriminator, processes: Processes) -> None:
        self.network, self._processes = network, processes
        self.optimiser = torch.optim.Adam(network.own_parameters(), lr=RATE, betas=BETAS, fused=True)

    def cool(self, factor: float) -> None:
        """Multiply the rate at which the next steps learn."""
        for group in self.optimiser.param_groups:
            group["lr"] = RATE * factor

    def __call__(self, real: Tensor, fake: Tensor, rng: torch.Generator) -> tuple[float, Tensor]:
        """One step of the discriminator, and what it thinks afterwards.

        The frozen trunk sees the drawn images once: its features serve the step, and carry the gradient to them.

        Args:
            real: Real images of this process, (N, 3, R, R) in [-1, 1].
            fake: Drawn ones of the same shape.
            rng: Source of randomness, on the CPU.

        Returns:
            The discriminator's loss, and how little it takes the drawn images for real: what their network is to
            reduce.
        """
        with torch.no_grad():
            real_features = self._features(real, rng)
        fake_features = self._features(fake, rng)
        real_logits, fake_logits = (
            self.network.judge([part.detach() for part in features]) for features in (real_features, fake_features)
        )
        loss = torch.stack(
            [F.relu(1 - r).mean() + F.relu(1 + f).mean() for r, f in zip(real_logits, fake_logits, strict=True)]
        ).mean()
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        self._processes.average_gradients(self.network.heads.parameters())
        self.optimiser.step()
        self.network.heads.requires_grad_(False)
        doubt = -torch.stack([x.mean() for x in self.network.judge(fake_features)]).mean()
        self.network.heads.requires_grad_(True)
        return loss.item(), doubt

    def _features(self, images: Tensor, rng: torch.Generator) -> list[Tensor]:
        draws = draw_augmentation(len(images) * self._processes.count, rng)
        features: list[Tensor] = self.network.features(augment(images, draws.part(self._processes.mine)))
        return features
