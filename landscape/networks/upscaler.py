"""The networks that enlarge the generator's frames four times (paper, Super Resolution).

The paper takes ESRGAN's RRDBNet, which suits GPUs. The compact one does a hundredth of its work, so that it keeps pace
with the generator on a processor. Both take and give images in [-1, 1] of any size.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

FACTOR = 4
"""Output pixels per input pixel along each side."""
_SLOPE = 0.2
_PRELU = 0.25
_RESIDUAL = 0.2
"""Share of a block's answer that is added to its input; keeps 69 dense blocks in a row trainable (ESRGAN)."""
_DENSE = 5
"""Convolutions in a dense block."""


@dataclass(frozen=True)
class UpscalerConfig:
    """Sizes of an upscaler.

    Attributes:
        network: ``compact`` or ``rrdb``.
        width: Features of the trunk.
        depth: Convolutions (compact) or residual-in-residual dense blocks (rrdb) of the trunk.
        growth: Features that each convolution of a dense block adds; rrdb only.
    """

    network: str = "compact"
    width: int = 48
    depth: int = 14
    growth: int = 32


CONFIGS = {"compact": UpscalerConfig(), "rrdb": UpscalerConfig("rrdb", 64, 23, 32)}
"""The bundled sizes, and the paper's."""


class CompactUpscaler(nn.Module):
    """Convolutions at the input's resolution that correct its bicubic enlargement.

    Args:
        config: Sizes.
    """

    def __init__(self, config: UpscalerConfig) -> None:
        super().__init__()
        self.config = config
        layers: list[nn.Module] = []
        channels = 3
        for _ in range(config.depth + 1):
            convolution = nn.Conv2d(channels, config.width, 3, padding=1, padding_mode="replicate")
            # PyTorch's own start shrinks the features threefold with every layer: after fourteen nothing is left.
            nn.init.kaiming_normal_(convolution.weight, a=_PRELU)
            layers += [convolution, nn.PReLU(config.width, init=_PRELU)]
            channels = config.width
        last = nn.Conv2d(channels, 3 * FACTOR**2, 3, padding=1, padding_mode="replicate")
        # Training starts at the bicubic enlargement rather than at noise around it.
        nn.init.zeros_(last.weight)
        assert last.bias is not None
        nn.init.zeros_(last.bias)
        self.body = nn.Sequential(*layers, last)

    def forward(self, images: Tensor) -> Tensor:
        """Enlarge images (N, 3, H, W) in [-1, 1] to (N, 3, 4H, 4W), about [-1, 1]."""
        # Convolutions of few pixels with many channels are three times as fast with the channels last on processors.
        x = images.contiguous(memory_format=torch.channels_last)
        return F.pixel_shuffle(self.body(x), FACTOR) + bicubic(images)


class DenseBlock(nn.Module):
    """Five convolutions, each of which sees the answers of all before it."""

    def __init__(self, width: int, growth: int) -> None:
        super().__init__()
        outputs = [growth] * (_DENSE - 1) + [width]
        self.convolutions = nn.ModuleList(
            nn.Conv2d(width + index * growth, output, 3, padding=1) for index, output in enumerate(outputs)
        )

    def forward(self, x: Tensor) -> Tensor:
        """Refine features (N, width, H, W)."""
        seen = x
        for convolution in self.convolutions[:-1]:
            seen = torch.cat([seen, F.leaky_relu(convolution(seen), _SLOPE)], dim=1)
        return x + _RESIDUAL * self.convolutions[-1](seen)


class ResidualInResidual(nn.Module):
    """Three dense blocks within one more residual connection."""

    def __init__(self, width: int, growth: int) -> None:
        super().__init__()
        self.blocks = nn.Sequential(*(DenseBlock(width, growth) for _ in range(3)))

    def forward(self, x: Tensor) -> Tensor:
        """Refine features (N, width, H, W)."""
        return x + _RESIDUAL * self.blocks(x)


class RRDBNet(nn.Module):
    """ESRGAN's generator (Wang et al. 2018), which the paper uses.

    Args:
        config: Sizes; those of ESRGAN are 23 blocks, 64 features, growth 32.
    """

    def __init__(self, config: UpscalerConfig) -> None:
        super().__init__()
        self.config = config
        width = config.width
        self.first = nn.Conv2d(3, width, 3, padding=1)
        self.trunk = nn.Sequential(*(ResidualInResidual(width, config.growth) for _ in range(config.depth)))
        self.trunk_end = nn.Conv2d(width, width, 3, padding=1)
        self.doublings = nn.ModuleList(nn.Conv2d(width, width, 3, padding=1) for _ in range(2))
        self.fine = nn.Conv2d(width, width, 3, padding=1)
        self.last = nn.Conv2d(width, 3, 3, padding=1)

    def forward(self, images: Tensor) -> Tensor:
        """Enlarge images (N, 3, H, W) in [-1, 1] to (N, 3, 4H, 4W), about [-1, 1]."""
        # ESRGAN's weights are made for colours from 0 to 1.
        x = self.first(images * 0.5 + 0.5)
        x = x + self.trunk_end(self.trunk(x))
        for doubling in self.doublings:
            x = F.leaky_relu(doubling(F.interpolate(x, scale_factor=2.0)), _SLOPE)
        drawn: Tensor = self.last(F.leaky_relu(self.fine(x), _SLOPE))
        return drawn * 2 - 1


Upscaler = CompactUpscaler | RRDBNet


def build_upscaler(config: UpscalerConfig) -> Upscaler:
    """Build an upscaler with random weights.

    Raises:
        ValueError: If the network's name is unknown.
    """
    if config.network not in CONFIGS:
        raise ValueError(f"Choose an upscaler from: {', '.join(CONFIGS)}; not {config.network}.")
    return CompactUpscaler(config) if config.network == "compact" else RRDBNet(config)


def bicubic(images: Tensor) -> Tensor:
    """Enlarge images (N, 3, H, W) to (N, 3, 4H, 4W) by bicubic interpolation."""
    return F.interpolate(images, scale_factor=float(FACTOR), mode="bicubic", align_corners=False)
