"""The perceptual distance of the paper's inversion: VGG-19 features (paper, 3.2; the released implementation)."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

_PLAN = (64, 64, 0, 128, 128, 0, 256, 256, 256, 256, 0, 512, 512, 512, 512, 0, 512)
"""Channels of the convolutions among the first 30 layers; 0 is a pooling."""


class Vgg19(nn.Module):
    """Sum over thirteen activations of the mean absolute difference of their features.

    Average pooling stands in for the network's max pooling, as in the release. The interface is that of
    :class:`~landscape.networks.perceptual.LpipsAlex`: a fixed target's features are computed once.
    """

    mean: Tensor
    deviation: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.features_list = nn.ModuleDict()
        before, index = 3, 0
        for channels in _PLAN:
            if channels:
                self.features_list[str(index)] = nn.Conv2d(before, channels, 3, padding=1)
                before = channels
            index += 2 if channels else 1
        self.register_buffer("mean", torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("deviation", torch.tensor([0.229, 0.224, 0.225]).view(1, 3, 1, 1), persistent=False)

    def features(self, images: Tensor) -> list[Tensor]:
        """Activations of images (N, 3, H, W) in [-1, 1], sides of 16 px and more: thirteen tensors (N, C, h, w)."""
        x = (images / 2 + 0.5 - self.mean) / self.deviation
        found = []
        layers = iter(self.features_list.values())
        for channels in _PLAN:
            if channels:
                x = F.relu(next(layers)(x))
                found.append(x)
            else:
                x = F.avg_pool2d(x, 2)
        return found

    def distance(self, first: list[Tensor], second: list[Tensor]) -> Tensor:
        """Compare features of :meth:`features`: (N,) distances, 0 for the same image."""
        layers = [(a - b).abs().mean(dim=(1, 2, 3)) for a, b in zip(first, second, strict=True)]
        return torch.stack(layers).sum(dim=0)
