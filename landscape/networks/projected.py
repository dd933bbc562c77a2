"""A discriminator on frozen image features: cheap and strong; a judge beside errors at every pixel.

Features of an ImageNet trunk at four strides are mixed by fixed random projections across channels and scales; small
spectrally normalised heads judge them. Nothing in it sees a whole batch, so alone it would let images become alike.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

TRUNK_SIZE = 64
MIXED_CHANNELS = (32, 48, 64, 96)


def _head(channels: int) -> nn.Module:
    return nn.Sequential(
        spectral_norm(nn.Conv2d(channels, 64, 3, padding=1)),
        nn.LeakyReLU(0.2),
        spectral_norm(nn.Conv2d(64, 1, 1)),
    )


class ProjectedDiscriminator(nn.Module):
    """Judges frames by frozen features.

    Args:
        trunk: Frozen feature network: (N, 3, H, W) in [-1, 1] to a list of feature maps of falling size; the last
            four are used.
        channels: Channels of these four maps.
        size: Input size that frames are brought to, pixels; larger frames keep theirs.
        seed: Seed of the random projections.
    """

    def __init__(self, trunk: nn.Module, channels: tuple[int, ...], size: int = TRUNK_SIZE, seed: int = 0) -> None:
        super().__init__()
        self.trunk = trunk.eval().requires_grad_(False)
        self.size = size
        rng = torch.Generator().manual_seed(seed)
        self.mixers = nn.ParameterList(
            nn.Parameter(torch.randn(m, c, 1, 1, generator=rng) / c**0.5, requires_grad=False)
            for c, m in zip(channels, MIXED_CHANNELS, strict=True)
        )
        down = list(zip(MIXED_CHANNELS[1:], MIXED_CHANNELS[:-1], strict=True))
        self.top_down = nn.ParameterList(
            nn.Parameter(torch.randn(low, high, 3, 3, generator=rng) / (9 * high) ** 0.5, requires_grad=False)
            for high, low in down
        )
        self.heads = nn.ModuleList(_head(c) for c in MIXED_CHANNELS)

    def train(self, mode: bool = True) -> ProjectedDiscriminator:
        """Switch the heads; the trunk stays in evaluation mode."""
        super().train(mode)
        self.trunk.eval()
        return self

    def features(self, images: Tensor) -> list[Tensor]:
        """Frozen features of images (N, 3, H, W) in [-1, 1], mixed across channels and scales: (N, C, h, w) each."""
        if images.shape[-1] < self.size:
            images = F.interpolate(images, size=(self.size, self.size), mode="bilinear", align_corners=False)
        features = self.trunk(images)[-len(self.heads) :]
        mixed = [F.conv2d(x, mixer) for x, mixer in zip(features, self.mixers, strict=True)]
        for i in range(len(mixed) - 2, -1, -1):
            above = F.conv2d(mixed[i + 1], self.top_down[i], padding=1)
            above = F.interpolate(above, size=mixed[i].shape[2:], mode="bilinear", align_corners=False)
            mixed[i] = mixed[i] + above
        return mixed

    def judge(self, features: list[Tensor]) -> list[Tensor]:
        """Logits per scale, (N, 1, h, w) each, high for real, from what :meth:`features` finds."""
        return [head(x) for head, x in zip(self.heads, features, strict=True)]

    def own_parameters(self) -> list[nn.Parameter]:
        """What training changes: the heads."""
        return list(self.heads.parameters())


@dataclass(frozen=True)
class Augmentation:
    """Draws for a batch of N images.

    Attributes:
        brightness: What is added, (N, 1, 1, 1).
        contrast: Factor around the mean, (N, 1, 1, 1).
        shift: Move of the whole batch down and to the right, fractions of the size within a quarter.
    """

    brightness: Tensor
    contrast: Tensor
    shift: tuple[float, float]

    def part(self, cut: Callable[[Tensor], Tensor]) -> Augmentation:
        """The draws for a part of the batch."""
        return Augmentation(cut(self.brightness), cut(self.contrast), self.shift)


def draw_augmentation(count: int, rng: torch.Generator) -> Augmentation:
    """Draw for so many images."""
    brightness = torch.rand(count, 1, 1, 1, generator=rng) * 0.4 - 0.2
    contrast = torch.rand(count, 1, 1, 1, generator=rng) * 0.6 + 0.7
    down, right = ((torch.rand(2, generator=rng) - 0.5) * 0.5).tolist()
    return Augmentation(brightness, contrast, (down, right))


def augment(images: Tensor, draws: Augmentation) -> Tensor:
    """Mild differentiable augmentation: brightness, contrast, translation by up to a quarter with reflection.

    Args:
        images: (N, 3, H, W) in [-1, 1].
        draws: For N images.
    """
    height, width = images.shape[2:]
    mean = images.mean(dim=(1, 2, 3), keepdim=True)
    images = (images - mean) * draws.contrast.to(images) + mean + draws.brightness.to(images)
    # One move for the whole batch keeps the cost of gathering low.
    pad_y, pad_x = height // 4, width // 4
    padded = F.pad(images, (pad_x, pad_x, pad_y, pad_y), mode="reflect")
    top, left = round(pad_y + draws.shift[0] * height), round(pad_x + draws.shift[1] * width)
    return padded[:, :, top : top + height, left : left + width]
