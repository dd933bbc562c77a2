"""The generator written down straightforwardly from the paper and the facts about its release.

It takes its numbers from a generator of the product and shares no code with it. Every layer does what its description
says, as one would write it first: weights are scaled where they are used, pixels are repeated before a convolution,
maps are added one after another. ``tests/test_drawing.py`` holds both to the same pictures.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class PlainGenerator(nn.Module):
    """G as a plain module.

    Args:
        generator: Where sizes and numbers are taken from.
    """

    def __init__(self, generator: nn.Module) -> None:
        super().__init__()
        self.config = generator.config
        self.numbers = {name: value.detach().clone() for name, value in generator.named_parameters()}
        self.reflect = self.config.padding_mode == "reflect"

    def forward(self, w: Tensor, s_static: list[Tensor], s_dynamic: list[Tensor]) -> Tensor:
        """Draw images (N, 3, R, R) of w (N, blocks, width) and maps."""
        x = self.numbers["blocks.0.constant"].expand(len(w), -1, -1, -1)
        for i, side in enumerate(self.config.resolutions):
            if i > 0:
                x = self._fused(i, x) if side >= self.config.fused_from else self._enlarged(i, x)
                x = self._blurred(x) if self.config.blur else x
            for part in (1, 2):
                if part == 2:
                    x = self._conv(f"blocks.{i}.conv2", x)
                x = x + self._scale(f"blocks.{i}.static{part}") * s_static[i]
                x = x + self._scale(f"blocks.{i}.dynamic{part}") * s_dynamic[i]
                x = F.leaky_relu(x, 0.2)
                gamma, beta = self._linear(f"blocks.{i}.adain{part}.style", w[:, i])[:, :, None, None].chunk(2, 1)
                x = gamma * F.instance_norm(x) + beta
        return self._conv(f"to_rgb.{len(self.config.resolutions) - 1}", x)

    def _linear(self, name: str, x: Tensor) -> Tensor:
        weight = self.numbers[name + ".weight"]
        return F.linear(x, weight * math.sqrt(2 / weight.shape[1]), self.numbers[name + ".bias"])

    def _conv(self, name: str, x: Tensor) -> Tensor:
        weight, bias = self.numbers[name + ".weight"], self.numbers[name + ".bias"]
        weight = weight * math.sqrt(2 / weight[0].numel())
        return F.conv2d(self._padded(x) if weight.shape[-1] > 1 else x, weight, bias)

    def _padded(self, x: Tensor) -> Tensor:
        return F.pad(x, (1, 1, 1, 1), mode="reflect") if self.reflect else F.pad(x, (1, 1, 1, 1))

    def _scale(self, name: str) -> Tensor:
        weight = self.numbers[name + ".weight"]
        return weight * math.sqrt(2 / weight.shape[1])

    def _enlarged(self, i: int, x: Tensor) -> Tensor:
        return self._conv(f"blocks.{i}.upsample.1", F.interpolate(x, scale_factor=2, mode="nearest"))

    def _fused(self, i: int, x: Tensor) -> Tensor:
        weight = self.numbers[f"blocks.{i}.upsample.weight"]
        padded = F.pad(weight * math.sqrt(2 / (weight.shape[0] * 9)), (1, 1, 1, 1))
        kernel = (padded[..., 1:, 1:] + padded[..., :-1, 1:] + padded[..., 1:, :-1] + padded[..., :-1, :-1]) / 4
        padding = 1
        if self.reflect:
            x, padding = self._padded(x), 3
        return F.conv_transpose2d(x, kernel, self.numbers[f"blocks.{i}.upsample.bias"], stride=2, padding=padding)

    def _blurred(self, x: Tensor) -> Tensor:
        taps = torch.tensor([1.0, 2.0, 1.0])
        kernel = (taps[:, None] * taps / 16).expand(x.shape[1], 1, 3, 3)
        return F.conv2d(self._padded(x), kernel, groups=x.shape[1])
