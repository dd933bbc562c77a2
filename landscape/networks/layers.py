"""Layers with equalised learning rate, shared by the generator and the discriminators.

The effective weight of a layer is its parameter times sqrt(2 / fan_in) (as in StyleGAN), so that
every parameter starts at unit variance and Adam moves all layers at one rate.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

LEAKY_SLOPE = 0.2


def pixel_norm(x: Tensor) -> Tensor:
    """Scale every vector of a batch (N, C, ...) to unit mean square over the channels."""
    return x * torch.rsqrt(x.square().mean(dim=1, keepdim=True) + 1e-8)


class EqualLinear(nn.Module):
    """Linear layer with equalised learning rate: (N, fan_in) to (N, fan_out)."""

    def __init__(self, fan_in: int, fan_out: int, bias_init: float = 0.0) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(fan_out, fan_in))
        self.bias = nn.Parameter(torch.full((fan_out,), bias_init))
        self.scale = math.sqrt(2 / fan_in)

    def forward(self, x: Tensor) -> Tensor:
        """Apply the layer."""
        return F.linear(x, self.weight * self.scale, self.bias)


class EqualConv2d(nn.Module):
    """Convolution with equalised learning rate that keeps the size of an (N, C, H, W) map.

    Args:
        channels_in: Channels of the input.
        channels_out: Channels of the output.
        kernel: Odd kernel size.
        padding_mode: ``"zeros"`` (the release) or ``"reflect"`` (no dark borders).
    """

    def __init__(self, channels_in: int, channels_out: int, kernel: int, padding_mode: str = "zeros") -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(channels_out, channels_in, kernel, kernel))
        self.bias = nn.Parameter(torch.zeros(channels_out))
        self.scale = math.sqrt(2 / (channels_in * kernel * kernel))
        self.padding = kernel // 2
        self.padding_mode = padding_mode

    def forward(self, x: Tensor) -> Tensor:
        """Apply the layer."""
        weight = self.weight * self.scale
        if weight.shape[-1] == 1:
            # As a product of matrices, few colours from many channels take a quarter of the convolution's time.
            many = weight.flatten(1).expand(len(x), -1, -1)
            return torch.baddbmm(self.bias[:, None], many, x.flatten(2)).unflatten(2, x.shape[2:])
        if self.padding and self.padding_mode == "reflect":
            x = F.pad(x, (self.padding,) * 4, mode="reflect")
            return F.conv2d(x, weight, self.bias)
        return F.conv2d(x, weight, self.bias, padding=self.padding)


class _FusedConv2d(nn.Module):
    """3x3 convolution fused with resampling by 2: what both directions share.

    Args:
        channels_in: Channels of the input.
        channels_out: Channels of the output.
        transposed: Whether the weights have the channels of the input first.
    """

    fusing: Tensor

    def __init__(self, channels_in: int, channels_out: int, transposed: bool) -> None:
        super().__init__()
        channels = (channels_in, channels_out) if transposed else (channels_out, channels_in)
        self.weight = nn.Parameter(torch.randn(*channels, 3, 3))
        self.bias = nn.Parameter(torch.zeros(channels_out))
        self.scale = math.sqrt(2 / (channels_in * 9))
        padded = F.pad(torch.eye(9).view(9, 3, 3), (1, 1, 1, 1))
        mean = (padded[:, 1:, 1:] + padded[:, :-1, 1:] + padded[:, 1:, :-1] + padded[:, :-1, :-1]) / 4
        self.register_buffer("fusing", mean.flatten(1), persistent=False)

    def kernel(self) -> Tensor:
        """The effective kernels, 4x4, which convolve and resample at once."""
        # One product with a small matrix takes a tenth of the time of shifted sums, forward and backward.
        fused = torch.mm(self.weight.reshape(-1, 9), self.fusing * self.scale)
        return fused.view(*self.weight.shape[:2], 4, 4)


class FusedUpsampleConv2d(_FusedConv2d):
    """3x3 convolution fused with upsampling by 2: (N, C_in, H, W) to (N, C_out, 2H, 2W).

    One transposed convolution touches four inputs per output, less than half the work of upsampling first.
    """

    def __init__(self, channels_in: int, channels_out: int, padding_mode: str = "zeros") -> None:
        super().__init__(channels_in, channels_out, transposed=True)
        self.padding_mode = padding_mode

    def forward(self, x: Tensor) -> Tensor:
        """Apply the layer."""
        if self.padding_mode == "reflect":
            x = F.pad(x, (1, 1, 1, 1), mode="reflect")
            return F.conv_transpose2d(x, self.kernel(), self.bias, stride=2, padding=3)
        return F.conv_transpose2d(x, self.kernel(), self.bias, stride=2, padding=1)


class FusedDownsampleConv2d(_FusedConv2d):
    """3x3 convolution fused with average pooling by 2: (N, C_in, H, W) to (N, C_out, H/2, W/2)."""

    def __init__(self, channels_in: int, channels_out: int) -> None:
        super().__init__(channels_in, channels_out, transposed=False)

    def forward(self, x: Tensor) -> Tensor:
        """Apply the layer."""
        return F.conv2d(x, self.kernel(), self.bias, stride=2, padding=1)


class Blur(nn.Module):
    """Depthwise 1-2-1 low-pass filter of an (N, C, H, W) map."""

    kernel: Tensor

    def __init__(self, padding_mode: str = "zeros") -> None:
        super().__init__()
        taps = torch.tensor([1.0, 2.0, 1.0])
        self.register_buffer("kernel", torch.outer(taps, taps)[None, None] / 16, persistent=False)
        self.padding_mode = "constant" if padding_mode == "zeros" else padding_mode

    def forward(self, x: Tensor) -> Tensor:
        """Apply the filter."""
        x = F.pad(x, (1, 1, 1, 1), mode=self.padding_mode)
        return F.conv2d(x, self.kernel.expand(x.shape[1], 1, 3, 3), groups=x.shape[1])
