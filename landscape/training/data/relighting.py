"""Another light for real images: colour statistics of one photo carried over to another one.

The clips at hand hold little change of daylight, and a pairwise discriminator that never sees light change teaches the
generator to keep it. Means and deviations of colour, above and below, come from stills at sunrise, day and night.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

DEVIATION_RATIO = (0.55, 1.6)


@dataclass(frozen=True)
class LightStatistics:
    """Colour statistics of N images in opponent colours, for their upper and lower part.

    Attributes:
        mean: (N, 2, 3).
        deviation: (N, 2, 3).
    """

    mean: Tensor
    deviation: Tensor

    def select(self, chosen: Tensor) -> LightStatistics:
        """The statistics of the images with these indices (M,)."""
        return LightStatistics(self.mean[chosen], self.deviation[chosen])


def _opponent() -> Tensor:
    """Orthonormal rows: luminance, yellow - blue, red - green."""
    rows = torch.tensor([[1.0, 1.0, 1.0], [1.0, 1.0, -2.0], [1.0, -1.0, 0.0]])
    return rows / torch.tensor([[math.sqrt(3)], [math.sqrt(6)], [math.sqrt(2)]])


def _upper_weight(height: int) -> Tensor:
    """Share of the upper part per row, (1, 1, H, 1): 1 at the top, a soft step in the middle, 0 at the bottom."""
    y = torch.linspace(-1, 1, height)
    return torch.sigmoid(-6 * y)[None, None, :, None]


def light_statistics(images: Tensor) -> LightStatistics:
    """Measure the light of images (N, 3, H, W) in [-1, 1]."""
    colours = torch.einsum("kc,nchw->nkhw", _opponent(), images)
    upper = _upper_weight(images.shape[2]).expand(1, 1, -1, images.shape[3])
    means, deviations = [], []
    for weight in (upper, 1 - upper):
        weight = weight / weight.sum()
        mean = (colours * weight).sum(dim=(2, 3))
        variance = ((colours - mean[:, :, None, None]).square() * weight).sum(dim=(2, 3))
        means.append(mean)
        deviations.append((variance + 1e-4).sqrt())
    return LightStatistics(torch.stack(means, 1), torch.stack(deviations, 1))


def relight(images: Tensor, target: LightStatistics, strength: Tensor) -> Tensor:
    """Carry the light of other images over.

    Args:
        images: (N, 3, H, W) in [-1, 1].
        target: Statistics of N images with the wanted light.
        strength: (N,), 0 keeps the light, 1 takes all of the target's.

    Returns:
        Images of the same shape, clamped to [-1, 1].
    """
    own = light_statistics(images)
    matrix = _opponent()
    colours = torch.einsum("kc,nchw->nkhw", matrix, images)
    upper = _upper_weight(images.shape[2])
    result = torch.zeros_like(colours)
    for part, weight in enumerate((upper, 1 - upper)):
        ratio = (target.deviation[:, part] / own.deviation[:, part]).clamp(*DEVIATION_RATIO)[:, :, None, None]
        mean, wanted = own.mean[:, part, :, None, None], target.mean[:, part, :, None, None]
        result += weight * ((colours - mean) * ratio + wanted)
    mixed = torch.lerp(colours, result, strength[:, None, None, None])
    return torch.einsum("kc,nkhw->nchw", matrix, mixed).clamp(-1, 1)
