"""The terms that fitting a photo minimises, (paper, 3.2, algorithms 1 and 2)."""

from __future__ import annotations

from typing import Protocol

import torch.nn.functional as F
from torch import Tensor

from landscape.networks.vgg import Vgg19

PERCEPTUAL_SCALE = 1.5
"""Factor of LPIPS in place of the paper's perceptual term, a sum of VGG-19 differences. Measured: 30, 10 and 3 pass the
LPIPS mark many times over while SSIM lags behind; with 1.5 both are reached soonest."""


class PerceptualNetwork(Protocol):
    """LPIPS, or the paper's VGG-19."""

    def features(self, images: Tensor) -> list[Tensor]:
        """What distances compare, of images (N, 3, H, W) in [-1, 1]."""

    def distance(self, first: list[Tensor], second: list[Tensor]) -> Tensor:
        """(N,) distances of features."""


class ReconstructionLoss:
    """Mean absolute error and perceptual distance to one photo, whose features are computed once.

    Args:
        target: The photo, (1, 3, R, R) in [-1, 1].
        perceptual: The perceptual network.
        region: What counts, (1, 1, R, R) in [0, 1], or None for everything; both images are multiplied by it.
    """

    def __init__(self, target: Tensor, perceptual: PerceptualNetwork, region: Tensor | None = None) -> None:
        self._region = region
        self._target = target if region is None else target * region
        self._perceptual = perceptual
        self._features = perceptual.features(self._target)
        self._scale = 1.0 if isinstance(perceptual, Vgg19) else PERCEPTUAL_SCALE

    def __call__(self, image: Tensor, perceptual_weight: float) -> Tensor:
        """MAE + weight * distance, a scalar; ``perceptual_weight`` is in the paper's units, LPIPS is scaled to them."""
        if self._region is not None:
            image = image * self._region
        loss = F.l1_loss(image, self._target)
        if perceptual_weight:
            distance = self._perceptual.distance(self._perceptual.features(image), self._features).mean()
            loss = loss + perceptual_weight * self._scale * distance
        return loss


def style_tie(w: Tensor, start: Tensor) -> Tensor:
    """Penalty that keeps W near the encoder's prediction: mean squared difference, a scalar."""
    return F.mse_loss(w, start)
