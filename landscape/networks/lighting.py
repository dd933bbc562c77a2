"""The lighting network A: how the mapping network's output moves with z_dynamic (paper, 3.2 Lighting manipulation)."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from landscape.networks.generator import Z_DYNAMIC_WIDTH
from landscape.networks.layers import LEAKY_SLOPE


class ResidualBlock(nn.Module):
    """x + Linear(LeakyReLU(LayerNorm(Linear(x)))) on (N, width), LayerNorm without affine parameters."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = nn.Linear(width, width)
        self.norm = nn.LayerNorm(width, elementwise_affine=False)
        self.second = nn.Linear(width, width)
        nn.init.zeros_(self.second.weight)
        nn.init.zeros_(self.second.bias)

    def forward(self, x: Tensor) -> Tensor:
        """Apply the block."""
        residual: Tensor = self.second(F.leaky_relu(self.norm(self.first(x)), LEAKY_SLOPE))
        return x + residual


class LightingNetwork(nn.Module):
    """A: moves a style vector w towards another z_dynamic without knowing its z.

    Untrained it keeps w: only the change is left to learn.

    Args:
        style_width: Width of w.
        blocks: Residual blocks, 10 in the release.
        scaled: Feed z_dynamic * sqrt(c) and 1 - sqrt(1 - c), what z really moves by, instead of z_dynamic and c as the
            release does. A small network trained for minutes otherwise never learns their product.
    """

    def __init__(self, style_width: int, blocks: int = 10, scaled: bool = True) -> None:
        super().__init__()
        self.scaled = scaled
        width = style_width + Z_DYNAMIC_WIDTH + 1
        self.blocks = nn.Sequential(*(ResidualBlock(width) for _ in range(blocks)))
        self.output = nn.Linear(width, style_width)
        nn.init.eye_(self.output.weight)
        nn.init.zeros_(self.output.bias)

    def forward(self, w: Tensor, z_dynamic: Tensor, c: Tensor) -> Tensor:
        """Predict the moved style vectors.

        Args:
            w: Style vectors, (N, style_width).
            z_dynamic: The light to move to, (N, 3).
            c: How far to move, (N, 1) in [0, 1]: 0 keeps w, 1 arrives at ``z_dynamic``.

        Returns:
            Style vectors, (N, style_width).
        """
        if self.scaled:
            z_dynamic, c = z_dynamic * c.sqrt(), 1 - (1 - c).sqrt()
        moved: Tensor = self.output(self.blocks(torch.cat([w, z_dynamic, c], dim=1)))
        return moved
