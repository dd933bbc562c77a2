"""The generative model of landscapes: mapping network M and generator G (paper, 3.1.1)."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from landscape.networks.generator_block import GeneratorBlock, GeneratorConfig
from landscape.networks.layers import (
    LEAKY_SLOPE,
    EqualConv2d,
    EqualLinear,
    pixel_norm,
)

Z_DYNAMIC_WIDTH = 3


class Mapping(nn.Module):
    """M: z = (z_static, z_dynamic) to the style vector w, both (N, style_width)."""

    def __init__(self, style_width: int, light_gain: float = 1.0, layers: int = 8) -> None:
        super().__init__()
        self.layers = nn.ModuleList(EqualLinear(style_width, style_width) for _ in range(layers))
        with torch.no_grad():
            self.get_parameter("layers.0.weight")[:, -Z_DYNAMIC_WIDTH:] *= light_gain

    def forward(self, z: Tensor) -> Tensor:
        """Map z, drawn from the unit normal distribution, to w."""
        w = pixel_norm(z)
        for layer in self.layers:
            w = F.leaky_relu(layer(w), LEAKY_SLOPE)
        return w


class Generator(nn.Module):
    """G: style vectors and spatial maps to an image in about [-1, 1] (paper, 3.1.1).

    Attributes:
        config: The sizes.
        w_mean: Running mean of w over training, (style_width,): where inversion without an encoder starts.
        z_mean: Mean of z in samples, (style_width,); zero unless a prior was fitted to real images.
        z_root: Root of its covariance, (style_width, style_width), lower triangular; the identity unless fitted.
    """

    w_mean: Tensor
    z_mean: Tensor
    z_root: Tensor

    def __init__(self, config: GeneratorConfig) -> None:
        super().__init__()
        self.config = config
        before = (config.channels[0], *config.channels[:-1])
        self.mapping = Mapping(config.style_width, config.light_gain)
        self.blocks = nn.ModuleList(
            GeneratorBlock(c_in, c, resolution, config)
            for c_in, c, resolution in zip(before, config.channels, config.resolutions, strict=True)
        )
        self.to_rgb = nn.ModuleList(EqualConv2d(c, 3, 1) for c in config.channels)
        self.register_buffer("w_mean", torch.zeros(config.style_width))
        self.register_buffer("z_mean", torch.zeros(config.style_width))
        self.register_buffer("z_root", torch.eye(config.style_width))

    @property
    def resolution(self) -> int:
        """Output resolution of the last block in pixels."""
        return self.config.resolutions[-1]

    def depth(self, resolution: int | None = None) -> int:
        """Number of blocks that an output of this resolution takes (all by default)."""
        return self.config.resolutions.index(resolution or self.resolution) + 1

    def forward(
        self,
        w: Tensor,
        s_static: list[Tensor],
        s_dynamic: list[Tensor],
        resolution: int | None = None,
        alpha: float = 1.0,
    ) -> Tensor:
        """Draw images.

        Args:
            w: Style vectors, (N, style_width) for all blocks or (N, blocks, style_width).
            s_static: Static maps, (N, 1, 4, 4), (N, 1, 8, 8), ... up to the output's resolution.
            s_dynamic: Dynamic maps of the same sizes.
            resolution: Output resolution in pixels, the last block's by default.
            alpha: Share of the last block while it fades in during training, 0 to 1.

        Returns:
            Images (N, 3, R, R), RGB, about [-1, 1].
        """
        depth = self.depth(resolution)
        x: Tensor | None = None
        before: Tensor | None = None
        for i in range(depth):
            before = x
            style = w if w.ndim == 2 else w[:, i]
            x = self.blocks[i](x, style, s_static[i], s_dynamic[i])
        image: Tensor = self.to_rgb[depth - 1](x)
        if alpha < 1 and before is not None:
            faded: Tensor = self.to_rgb[depth - 2](before)
            image = torch.lerp(F.interpolate(faded, scale_factor=2), image, alpha)
        return image

    def sample_maps(
        self, count: int, resolution: int | None = None, rng: torch.Generator | None = None
    ) -> list[Tensor]:
        """Draw one set of spatial maps S from the unit normal distribution.

        Returns:
            Maps (count, 1, 4, 4), (count, 1, 8, 8), ... up to the resolution, on the generator's device.
        """
        sizes = self.config.resolutions[: self.depth(resolution)]
        return [torch.randn(count, 1, size, size, generator=rng).to(self.w_mean) for size in sizes]

    def sample_z(self, count: int, rng: torch.Generator | None = None) -> Tensor:
        """Draw z = (z_static, z_dynamic), (count, style_width): unit normal, or as the fitted prior has it."""
        z = torch.randn(count, self.config.style_width, generator=rng).to(self.w_mean)
        return self.z_mean + z @ self.z_root.T

    def redraw_light(self, z: Tensor, rng: torch.Generator | None = None) -> Tensor:
        """The same places under other lights: z (N, style_width) with a newly drawn z_dynamic."""
        other = self.sample_z(len(z), rng)[:, -Z_DYNAMIC_WIDTH:]
        return torch.cat([z[:, :-Z_DYNAMIC_WIDTH], other], dim=1)

    def _load_from_state_dict(self, state_dict: dict[str, Tensor], prefix: str, *more: Any) -> None:
        # Weights that were trained without a prior have none: unit normal.
        for name, buffer in (("z_mean", self.z_mean), ("z_root", self.z_root)):
            state_dict.setdefault(prefix + name, buffer)
        super()._load_from_state_dict(state_dict, prefix, *more)
