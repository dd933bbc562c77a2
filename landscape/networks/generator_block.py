"""The blocks of the generator: AdaIN, and S_static and S_dynamic that are added to the features (paper, 3.1)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from landscape.networks.layers import LEAKY_SLOPE, Blur, EqualConv2d, EqualLinear, FusedUpsampleConv2d

FIRST_RESOLUTION = 4


@dataclass(frozen=True)
class GeneratorConfig:
    """Size of a generator.

    Attributes:
        channels: Channels of each block, 4 px first; the last block's resolution is 4 * 2^(blocks - 1).
        style_width: Width of z and w.
        fused_from: Resolution from which convolution and upsampling are one step (128 in the release).
        padding_mode: Padding of the 3x3 convolutions, ``"zeros"`` (the release) or ``"reflect"``.
        blur: Whether a 1-2-1 filter follows each upsampling, as in the release.
        map_scale: Deviation of the effective scales of S at the start of training, 0 in the release. Short trainings
            need more: from zero, scales with equalised learning rate take thousands of steps to matter.
        light_gain: Factor on the weights of z_dynamic in the first layer of M at the start of training, 1 in the
            release. Three of hundreds of numbers otherwise hardly change w, and M learns slowly.
    """

    channels: tuple[int, ...]
    style_width: int
    fused_from: int = 128
    padding_mode: str = "zeros"
    blur: bool = True
    map_scale: float = 0.0
    light_gain: float = 1.0

    @property
    def resolutions(self) -> tuple[int, ...]:
        """Output resolution of each block."""
        return tuple(FIRST_RESOLUTION << i for i in range(len(self.channels)))


class NoiseScale(nn.Module):
    """Adds a one-channel map, scaled by one learnt factor per channel: the spatial inputs S of the generator."""

    def __init__(self, channels: int, deviation: float = 0.0) -> None:
        super().__init__()
        self.scale = math.sqrt(2 / channels)
        self.weight = nn.Parameter(torch.randn(1, channels, 1, 1) * (deviation / self.scale))

    def forward(self, x: Tensor, s: Tensor) -> Tensor:
        """Add s (N, 1, H, W) to x (N, C, H, W)."""
        return torch.addcmul(x, self.weight * self.scale, s)


def add_maps(x: Tensor, static: NoiseScale, dynamic: NoiseScale, s_static: Tensor, s_dynamic: Tensor) -> Tensor:
    """Add both maps (N, 1, H, W) to features x (N, C, H, W); any of them may be one for all."""
    if not torch.is_grad_enabled() or not len(x) == len(s_static) == len(s_dynamic):
        return dynamic(static(x, s_static), s_dynamic)
    # With gradients one product of matrices takes half of the time of two scaled sums.
    scales = torch.cat([(item.weight * item.scale).flatten(1).T for item in (static, dynamic)], dim=1)
    maps = torch.cat([s_static, s_dynamic], dim=1).flatten(2)
    return torch.baddbmm(x.flatten(2), scales.expand(len(x), -1, -1), maps).view_as(x)


class AdaIn(nn.Module):
    """Adaptive instance normalisation: channel means and deviations are set from w."""

    def __init__(self, channels: int, style_width: int) -> None:
        super().__init__()
        self.style = EqualLinear(style_width, 2 * channels)
        with torch.no_grad():
            self.style.bias[:channels] = 1.0

    def forward(self, x: Tensor, w: Tensor) -> Tensor:
        """Normalise x (N, C, H, W) and apply the style w (N, style_width)."""
        gamma, beta = self.style(w)[:, :, None, None].chunk(2, dim=1)
        # The layer norm of flat maps is their instance norm, in a third of the time of means and variances on a CPU.
        normalised = F.layer_norm(x.flatten(2), (x.shape[2] * x.shape[3],)).view_as(x)
        return torch.addcmul(beta, normalised, gamma)


class GeneratorBlock(nn.Module):
    """One resolution of G: twice (convolution, + S_static and S_dynamic, activation, AdaIN).

    The order noise, activation, AdaIN is that of the release; the paper's text leaves the activation out.
    """

    def __init__(self, channels_in: int, channels: int, resolution: int, config: GeneratorConfig) -> None:
        super().__init__()
        mode = config.padding_mode
        self.constant: nn.Parameter | None = None
        self.upsample: nn.Module | None = None
        self.blur: nn.Module | None = None
        if resolution == FIRST_RESOLUTION:
            self.constant = nn.Parameter(torch.randn(1, channels, resolution, resolution))
        elif resolution >= config.fused_from:
            self.upsample = FusedUpsampleConv2d(channels_in, channels, mode)
        else:
            self.upsample = nn.Sequential(nn.Upsample(scale_factor=2), EqualConv2d(channels_in, channels, 3, mode))
        if self.upsample is not None and config.blur:
            self.blur = Blur(mode)
        self.static1 = NoiseScale(channels, config.map_scale)
        self.dynamic1 = NoiseScale(channels, config.map_scale)
        self.adain1 = AdaIn(channels, config.style_width)
        self.conv2 = EqualConv2d(channels, channels, 3, mode)
        self.static2 = NoiseScale(channels, config.map_scale)
        self.dynamic2 = NoiseScale(channels, config.map_scale)
        self.adain2 = AdaIn(channels, config.style_width)

    def forward(self, x: Tensor | None, w: Tensor, s_static: Tensor, s_dynamic: Tensor) -> Tensor:
        """Compute the features (N, C, R, R) of this resolution.

        Args:
            x: Features of the block before, (N, C_in, R/2, R/2); None for the first block.
            w: Style vectors, (N, style_width).
            s_static: Static map of this resolution, (N, 1, R, R).
            s_dynamic: Dynamic map of this resolution, (N, 1, R, R).
        """
        if self.constant is not None:
            x = self.constant.expand(w.shape[0], -1, -1, -1)
        else:
            assert x is not None and self.upsample is not None
            x = self.upsample(x)
            if self.blur is not None:
                x = self.blur(x)
        x = add_maps(x, self.static1, self.dynamic1, s_static, s_dynamic)
        x = self.adain1(F.leaky_relu(x, LEAKY_SLOPE), w)
        x = add_maps(self.conv2(x), self.static2, self.dynamic2, s_static, s_dynamic)
        return self.adain2(F.leaky_relu(x, LEAKY_SLOPE), w)
