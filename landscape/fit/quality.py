"""How well a reconstruction shows the photo: the marks of the paper's table 2 and one number for people."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from landscape.images.similarity import ssim
from landscape.networks.perceptual import LpipsAlex

ENOUGH_SSIM, ENOUGH_LPIPS = 0.96, 0.04
"""A fit is good enough where both are reached: each step more would fit noise and cost the sky its freedom."""
UNLIKE_LPIPS = 0.5
"""Perceptual distance at which two pictures have nothing in common to the eye."""


@dataclass(frozen=True)
class Quality:
    """How well the model shows a photo, at its resolution.

    Attributes:
        ssim: Structural similarity, 1 for the photo itself.
        lpips: Perceptual distance, 0 for the photo itself.
    """

    ssim: float
    lpips: float

    @property
    def score(self) -> int:
        """0 (another picture) to 100 (the photo itself): the worse of the two measures, each on that scale.

        92 and more is good enough.
        """
        worst = min(self.ssim, 1 - self.lpips / UNLIKE_LPIPS)
        return round(100 * min(max(worst, 0.0), 1.0))

    @property
    def enough(self) -> bool:
        """Whether the fit need not get any better."""
        return self.ssim >= ENOUGH_SSIM and self.lpips <= ENOUGH_LPIPS


class QualityMeter:
    """Measures reconstructions of one photo, whose features are computed once.

    Args:
        target: The photo, (1, 3, R, R) in [-1, 1].
        perceptual: LPIPS.
    """

    def __init__(self, target: Tensor, perceptual: LpipsAlex) -> None:
        self._target, self._perceptual = target, perceptual
        with torch.no_grad():
            self._features = perceptual.features(target)

    @torch.no_grad()
    def __call__(self, image: Tensor) -> Quality:
        """Measure a reconstruction, (1, 3, R, R)."""
        features = self._perceptual.features(image.detach().clamp(-1, 1))
        return Quality(ssim(image, self._target), float(self._perceptual.distance(features, self._features)))
