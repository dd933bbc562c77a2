"""The posterior network: one pass from a photo to all latents of the generator, S_static and S_dynamic among them.

The paper's E predicts w alone and leaves S to the optimisation. This network gives the mean and the deviation of every
latent, so it can be trained with the generator as a variational autoencoder, and inversion starts where the photo
already is.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from landscape.networks.generator_block import FIRST_RESOLUTION
from landscape.networks.layers import LEAKY_SLOPE

CHANNELS = {4: 128, 8: 128, 16: 96, 32: 48, 64: 24, 128: 16, 256: 12}
LOG_VARIANCE_START = -2.0
LOG_VARIANCE_RANGE = (-8.0, 2.0)


@dataclass(frozen=True)
class Gaussian:
    """Independent normal distributions: ``mean`` and ``log_variance`` of one shape."""

    mean: Tensor
    log_variance: Tensor

    def sample(self, noise: Tensor) -> Tensor:
        """Turn unit normal noise of the same shape into a draw that gradients pass through."""
        return self.mean + noise * (self.log_variance / 2).exp()

    def divergence(self) -> Tensor:
        """Kullback-Leibler divergence from the unit normal distribution, elementwise, in nats."""
        return 0.5 * (self.mean.square() + self.log_variance.exp() - 1 - self.log_variance)


@dataclass(frozen=True)
class LatentDistributions:
    """Distributions of all latents of a batch of photos.

    Attributes:
        z: (N, style_width).
        s_static: (N, 1, 4, 4), (N, 1, 8, 8), ...
        s_dynamic: The same shapes.
    """

    z: Gaussian
    s_static: list[Gaussian]
    s_dynamic: list[Gaussian]


class Posterior(nn.Module):
    """Predicts the latents of photos.

    A pyramid of strided convolutions down to 4 px gives z; a path back up, with lateral connections, gives the maps.

    Args:
        resolution: Largest output resolution of the generator, pixels.
        style_width: Width of z.
    """

    def __init__(self, resolution: int, style_width: int) -> None:
        super().__init__()
        self.sizes = [r for r in CHANNELS if FIRST_RESOLUTION <= r <= resolution]
        self.style_width = style_width
        widths = [CHANNELS[r] for r in self.sizes]
        # The photo and its mask enter at the resolution that the generator is at.
        self.stems = nn.ModuleList(nn.Conv2d(4, c, 3, padding=1, padding_mode="replicate") for c in widths)
        self.down = nn.ModuleList(
            nn.Conv2d(fine, coarse, 4, stride=2, padding=1, padding_mode="replicate")
            for coarse, fine in zip(widths[:-1], widths[1:], strict=True)
        )
        self.lateral = nn.ModuleList(nn.Conv2d(c, c, 1) for c in widths)
        self.top_down = nn.ModuleList(nn.Conv2d(a, b, 1) for a, b in zip(widths[:-1], widths[1:], strict=True))
        self.refine = nn.ModuleList(nn.Conv2d(c, c, 3, padding=1, padding_mode="replicate") for c in widths)
        self.maps = nn.ModuleList(nn.Conv2d(c, 4, 1) for c in widths)
        self.z = nn.Linear(widths[0] * FIRST_RESOLUTION**2, 2 * style_width)
        for layer in [*self.maps, self.z]:
            assert isinstance(layer, nn.Conv2d | nn.Linear) and layer.bias is not None
            nn.init.normal_(layer.weight, std=0.01)
            nn.init.zeros_(layer.bias)
        with torch.no_grad():
            self.get_parameter("z.bias")[style_width:] = LOG_VARIANCE_START
            for i in range(len(widths)):
                self.get_parameter(f"maps.{i}.bias")[2:] = LOG_VARIANCE_START / 2

    def forward(self, images: Tensor, moving: Tensor) -> LatentDistributions:
        """Predict latents.

        Args:
            images: (N, 3, R, R) in [-1, 1]; R is a resolution of the generator.
            moving: Where sky and water are, (N, 1, R, R) in [0, 1].
        """
        top = self.sizes.index(images.shape[-1])
        x = F.leaky_relu(self.stems[top](torch.cat([images, 2 * moving - 1], dim=1)), LEAKY_SLOPE)
        levels = [x]
        for i in range(top - 1, -1, -1):
            levels.insert(0, F.leaky_relu(self.down[i](levels[0]), LEAKY_SLOPE))
        z = _gaussian(self.z(levels[0].flatten(1)), self.style_width)
        s_static, s_dynamic = [], []
        above: Tensor | None = None
        for i, level in enumerate(levels):
            x = self.lateral[i](level)
            if above is not None:
                x = x + F.interpolate(self.top_down[i - 1](above), scale_factor=2.0)
            above = F.leaky_relu(self.refine[i](F.leaky_relu(x, LEAKY_SLOPE)), LEAKY_SLOPE)
            maps = self.maps[i](above)
            s_static.append(_gaussian(maps[:, 0::2], 1))
            s_dynamic.append(_gaussian(maps[:, 1::2], 1))
        return LatentDistributions(z, s_static, s_dynamic)


def _gaussian(values: Tensor, width: int) -> Gaussian:
    low, high = LOG_VARIANCE_RANGE
    return Gaussian(values[:, :width], values[:, width:].clamp(low, high))
