"""The prior of the latents: which z, S_static and S_dynamic real photos have, learnt by flow matching.

The posterior keeps the latents of one photo near the unit normal distribution, but those of all photos together are not
spread like it: neighbouring cells of the maps agree, and the maps follow z. Samples from white noise therefore look
like noise. This network carries white noise to latents such as real photos have, along straight paths (Lipman et al.,
2023, "Flow Matching for Generative Modeling").

Static and dynamic latents have a time of their own on this path, so that S_dynamic and z_dynamic can also be drawn for
given static ones: other skies over the same land.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

WIDTHS = {4: 160, 8: 112, 16: 64, 32: 24}
"""Channels by resolution of the maps; finer maps than these are drawn as white noise."""
CONDITION_WIDTH = 160
TIME_FREQUENCIES = 8
GROUPS = 8


@dataclass(frozen=True)
class Codes:
    """Latents of a batch.

    Attributes:
        z: (N, style_width), z_static first.
        s_static: (N, 1, 4, 4), (N, 1, 8, 8), ...
        s_dynamic: The same shapes.
    """

    z: Tensor
    s_static: list[Tensor]
    s_dynamic: list[Tensor]

    def to(self, device: torch.device) -> Codes:
        """The same latents on a device."""
        move = [[item.to(device) for item in maps] for maps in (self.s_static, self.s_dynamic)]
        return Codes(self.z.to(device), *move)


class _Block(nn.Module):
    """Two convolutions beside a shortcut; the condition scales and shifts what lies between them."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm1 = nn.GroupNorm(GROUPS, channels)
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=1)
        self.norm2 = nn.GroupNorm(GROUPS, channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1)
        self.condition = nn.Linear(CONDITION_WIDTH, 2 * channels)
        nn.init.zeros_(self.conv2.weight)

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        """Change features x (N, C, R, R) by a condition (N, CONDITION_WIDTH)."""
        scale, shift = self.condition(condition)[:, :, None, None].chunk(2, dim=1)
        y = self.norm2(self.conv1(F.silu(self.norm1(x))))
        return x + self.conv2(F.silu(torch.addcmul(shift, y, 1 + scale)))


class LatentPrior(nn.Module):
    """Predicts the velocity from noise to latents; everything is in units of the latents' own deviations.

    Args:
        style_width: Width of z.
        resolutions: Resolutions of the maps, 4 px first.
    """

    z_mean: Tensor
    z_deviation: Tensor
    map_deviation: Tensor

    def __init__(self, style_width: int, resolutions: tuple[int, ...] = tuple(WIDTHS)) -> None:
        super().__init__()
        self.style_width, self.resolutions = style_width, resolutions
        widths = [WIDTHS[r] for r in resolutions]
        self.register_buffer("z_mean", torch.zeros(style_width))
        self.register_buffer("z_deviation", torch.ones(style_width))
        self.register_buffer("map_deviation", torch.ones(len(widths), 2))
        self.times = nn.Sequential(
            nn.Linear(4 * TIME_FREQUENCIES + style_width, CONDITION_WIDTH),
            nn.SiLU(),
            nn.Linear(CONDITION_WIDTH, CONDITION_WIDTH),
            nn.SiLU(),
        )
        # Both maps and the height: what is sky and what is land depends on it.
        self.stems = nn.ModuleList(nn.Conv2d(3, c, 3, padding=1) for c in widths)
        self.down = nn.ModuleList(
            nn.Conv2d(fine, coarse, 2, stride=2) for coarse, fine in zip(widths[:-1], widths[1:], strict=True)
        )
        self.up = nn.ModuleList(nn.Conv2d(a, b, 1) for a, b in zip(widths[:-1], widths[1:], strict=True))
        self.downward = nn.ModuleList(_Block(c) for c in widths)
        self.upward = nn.ModuleList(_Block(c) for c in widths)
        self.maps = nn.ModuleList(nn.Conv2d(c, 2, 3, padding=1) for c in widths)
        self.z = nn.Sequential(
            nn.Linear(widths[0] * resolutions[0] ** 2 + CONDITION_WIDTH, 2 * style_width),
            nn.SiLU(),
            nn.Linear(2 * style_width, style_width),
        )

    def scaled(self, codes: Codes) -> Codes:
        """Latents in units of their deviations, z about its mean."""
        static, dynamic = self.map_deviation.T
        return Codes(
            (codes.z - self.z_mean) / self.z_deviation,
            [item / unit for item, unit in zip(codes.s_static, static, strict=True)],
            [item / unit for item, unit in zip(codes.s_dynamic, dynamic, strict=True)],
        )

    def unscaled(self, codes: Codes) -> Codes:
        """The inverse of :meth:`scaled`."""
        static, dynamic = self.map_deviation.T
        return Codes(
            codes.z * self.z_deviation + self.z_mean,
            [item * unit for item, unit in zip(codes.s_static, static, strict=True)],
            [item * unit for item, unit in zip(codes.s_dynamic, dynamic, strict=True)],
        )

    def forward(self, codes: Codes, static_time: Tensor, dynamic_time: Tensor) -> Codes:
        """Velocities of the static and of the dynamic latents.

        Args:
            codes: Scaled latents on their way: ``(1 - time) * latents + time * noise``.
            static_time: (N,), 0 at the latents, 1 at the noise.
            dynamic_time: (N,).
        """
        powers = 2.0 ** torch.arange(TIME_FREQUENCIES, device=codes.z.device)
        angles = torch.stack([static_time, dynamic_time], dim=1)[:, :, None] * powers * (math.pi / 2)
        waves = torch.cat([angles.sin(), angles.cos()], dim=2).flatten(1)
        condition = self.times(torch.cat([waves, codes.z], dim=1))
        x: Tensor | None = None
        levels: list[Tensor] = []
        for i in range(len(self.resolutions) - 1, -1, -1):
            pair = torch.cat([codes.s_static[i], codes.s_dynamic[i]], dim=1)
            height = torch.linspace(-1, 1, pair.shape[-1], device=pair.device)[None, None, :, None]
            stem = self.stems[i](torch.cat([pair, height.expand(len(pair), 1, -1, pair.shape[-1])], dim=1))
            x = stem if x is None else stem + self.down[i](x)
            x = self.downward[i](x, condition)
            levels.insert(0, x)
        velocities: list[Tensor] = []
        above: Tensor | None = None
        for i, level in enumerate(levels):
            if above is not None:
                level = level + F.interpolate(self.up[i - 1](above), scale_factor=2.0)
            above = self.upward[i](level, condition)
            velocities.append(self.maps[i](F.silu(above)))
            if i == 0:
                z = self.z(torch.cat([F.silu(above).flatten(1), condition], dim=1))
        return Codes(z, [v[:, :1] for v in velocities], [v[:, 1:] for v in velocities])
