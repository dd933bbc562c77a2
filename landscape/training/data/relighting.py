"""Another light for real images: colour statistics of one photo carried over to another one.

The clips at hand hold little change of daylight, and a pairwise discriminator that never sees light change teaches the
generator to keep it. Means and deviations of colour, of sky and land apart, come from stills at sunrise, day and night.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

DEVIATION_RATIO = (0.55, 1.6)
ROWS_SHARE = 0.15


@dataclass(frozen=True)
class LightStatistics:
    """Colour statistics of N images in opponent colours, for their sky and their land.

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


def _sky_weight(images: Tensor, moving: Tensor | None) -> Tensor:
    """Share of the sky's light per pixel, (N, 1, H, W) in [0, 1].

    It is where things move, as water mirrors the sky. Rows have a little say, so that no part is ever empty, and all of
    it where nobody knows what moves: 1 at the top, a soft step in the middle, 0 at the bottom.
    """
    count, _, height, width = images.shape
    rows = torch.sigmoid(-6 * torch.linspace(-1, 1, height, device=images.device))
    weight = rows[None, None, :, None].expand(count, 1, height, width).to(images.dtype)
    return weight if moving is None else torch.lerp(moving, weight, ROWS_SHARE)


def light_statistics(images: Tensor, moving: Tensor | None = None) -> LightStatistics:
    """Measure the light of images (N, 3, H, W) in [-1, 1], with sky and water where ``moving`` (N, 1, H, W) is 1."""
    colours = torch.einsum("kc,nchw->nkhw", _opponent(), images)
    sky = _sky_weight(images, moving)
    means, deviations = [], []
    for weight in (sky, 1 - sky):
        weight = weight / weight.sum(dim=(2, 3), keepdim=True)
        mean = (colours * weight).sum(dim=(2, 3))
        variance = ((colours - mean[:, :, None, None]).square() * weight).sum(dim=(2, 3))
        means.append(mean)
        deviations.append((variance + 1e-4).sqrt())
    return LightStatistics(torch.stack(means, 1), torch.stack(deviations, 1))


def relight(images: Tensor, target: LightStatistics, strength: Tensor, moving: Tensor | None = None) -> Tensor:
    """Carry the light of other images over.

    Args:
        images: (N, 3, H, W) in [-1, 1].
        target: Statistics of N images with the wanted light.
        strength: (N,), 0 keeps the light, 1 takes all of the target's.
        moving: Where sky and water are, (N, 1, H, W) in [0, 1]; without it the upper half counts as sky.

    Returns:
        Images of the same shape, clamped to [-1, 1].
    """
    own = light_statistics(images, moving)
    matrix = _opponent()
    colours = torch.einsum("kc,nchw->nkhw", matrix, images)
    sky = _sky_weight(images, moving)
    result = torch.zeros_like(colours)
    for part, weight in enumerate((sky, 1 - sky)):
        ratio = (target.deviation[:, part] / own.deviation[:, part]).clamp(*DEVIATION_RATIO)[:, :, None, None]
        mean, wanted = own.mean[:, part, :, None, None], target.mean[:, part, :, None, None]
        result += weight * ((colours - mean) * ratio + wanted)
    mixed = torch.lerp(colours, result, strength[:, None, None, None])
    return torch.einsum("kc,nkhw->nchw", matrix, mixed).clamp(-1, 1)
