"""LPIPS v0.1 with the AlexNet trunk: a perceptual distance of images, used as a metric and as a loss."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

SMALLEST_INPUT = 64
"""Shorter sides are enlarged to this: below it the trunk's last layers would see a pixel or two."""

_LAYERS = ((3, 64, 11, 4, 2), (64, 192, 5, 1, 2), (192, 384, 3, 1, 1), (384, 256, 3, 1, 1), (256, 256, 3, 1, 1))
"""Input and output channels, kernel, stride and padding of AlexNet's convolutions."""
_POOLED = (1, 2)
_EPS = 1e-10


class LpipsAlex(nn.Module):
    """Learned perceptual distance: weighted squared differences of unit-normalised AlexNet features.

    A fixed target's features are computed once with :meth:`features` and compared with :meth:`distance`.
    """

    shift: Tensor
    scale: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.trunk = nn.ModuleList(nn.Conv2d(*sizes) for sizes in _LAYERS)
        self.heads = nn.ParameterList(nn.Parameter(torch.ones(1, sizes[1], 1, 1)) for sizes in _LAYERS)
        self.register_buffer("shift", torch.tensor([-0.030, -0.088, -0.188]).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("scale", torch.tensor([0.458, 0.448, 0.450]).view(1, 3, 1, 1), persistent=False)

    def features(self, images: Tensor) -> list[Tensor]:
        """Compute the features that distances compare.

        Args:
            images: (N, 3, H, W), RGB in [-1, 1]. If a side is shorter than 64 px, both are enlarged bilinearly by the
                factor that makes it 64 px.

        Returns:
            Five tensors (N, C, h, w), unit vectors over the channels, scaled by the square roots of the heads.
        """
        shortest = min(images.shape[2:])
        if shortest < SMALLEST_INPUT:
            size = [max(SMALLEST_INPUT, round(side * SMALLEST_INPUT / shortest)) for side in images.shape[2:]]
            images = F.interpolate(images, size=size, mode="bilinear", align_corners=False)
        x = (images - self.shift) / self.scale
        found = []
        for index, (convolution, head) in enumerate(zip(self.trunk, self.heads, strict=True)):
            if index in _POOLED:
                x = F.max_pool2d(x, 3, 2)
            x = F.relu(convolution(x))
            # The eps stands inside the root: outside, features that are zero everywhere would have no gradient.
            length = torch.sqrt(x.square().sum(dim=1, keepdim=True) + _EPS**2)
            found.append(x * (head.clamp(min=0).sqrt() / length))
        return found

    def distance(self, first: list[Tensor], second: list[Tensor]) -> Tensor:
        """Compare features of :meth:`features`: (N,) distances, 0 for the same image."""
        layers = [(a - b).square().sum(dim=1).mean(dim=(1, 2)) for a, b in zip(first, second, strict=True)]
        return torch.stack(layers).sum(dim=0)

    def forward(self, first: Tensor, second: Tensor) -> Tensor:
        """Compare images (N, 3, H, W), RGB in [-1, 1]: (N,) distances, 0 for the same image."""
        return self.distance(self.features(first), self.features(second))
