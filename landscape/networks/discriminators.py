"""Static and pairwise discriminators (paper, 3.1.2 and 6.0.2)."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from landscape.networks.generator_block import FIRST_RESOLUTION
from landscape.networks.layers import LEAKY_SLOPE, EqualConv2d, EqualLinear, FusedDownsampleConv2d


class DiscriminatorBlock(nn.Module):
    """One resolution: two convolutions (or one), the last one fused with downsampling by 2."""

    def __init__(self, channels: int, channels_out: int, convolutions: int = 2) -> None:
        super().__init__()
        self.conv1 = EqualConv2d(channels, channels, 3) if convolutions == 2 else None
        self.conv2 = FusedDownsampleConv2d(channels, channels_out)

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, R, R) to (N, C_out, R/2, R/2)."""
        if self.conv1 is not None:
            x = F.leaky_relu(self.conv1(x), LEAKY_SLOPE)
        return F.leaky_relu(self.conv2(x), LEAKY_SLOPE)


def minibatch_deviation(x: Tensor, group: int = 4) -> Tensor:
    """Append the mean standard deviation within groups of a batch as one more channel.

    Args:
        x: Features (N, C, H, W).
        group: Images compared with each other; reduced to the largest divisor of N.

    Returns:
        (N, C + 1, H, W).
    """
    count = x.shape[0]
    while count % group:
        group -= 1
    grouped = x.reshape(group, count // group, *x.shape[1:])
    # The root's slope is infinite at zero; groups of one have zero variance.
    deviation = (grouped.var(dim=0, correction=0) + 1e-8).sqrt().mean(dim=(1, 2, 3))
    column = deviation.repeat(group)[:, None, None, None]
    return torch.cat([x, column.expand(-1, 1, *x.shape[2:])], dim=1)


class Discriminator(nn.Module):
    """StyleGAN's discriminator for one frame (static) or two frames of one scene (pairwise).

    With two frames the 1x1 from-RGB convolution has half the channels, is applied to each frame, and the results are
    concatenated; everything else is shared (paper, 6.0.2).

    Args:
        channels: Channels per resolution, 4 px first, as in the generator.
        frames: 1 for the static discriminator, 2 for the pairwise one.
        convolutions: Per resolution: 2 as in StyleGAN, or 1, which judges less well but leaves more than half of the
            arithmetic of a training step to the generator.
    """

    def __init__(self, channels: tuple[int, ...], frames: int = 1, convolutions: int = 2) -> None:
        super().__init__()
        if frames not in (1, 2):
            raise ValueError("a discriminator looks at one frame or at a pair")
        self.frames = frames
        self.from_rgb = nn.ModuleList(EqualConv2d(3, c // frames, 1) for c in channels)
        self.blocks = nn.ModuleList(
            DiscriminatorBlock(c, lower, convolutions) for lower, c in zip(channels[:-1], channels[1:], strict=True)
        )
        self.conv = EqualConv2d(channels[0] + 1, channels[0], 3)
        self.linear1 = EqualLinear(channels[0] * FIRST_RESOLUTION**2, channels[0])
        self.linear2 = EqualLinear(channels[0], 1)

    def _features(self, images: Tensor, level: int) -> Tensor:
        frames = images.unflatten(1, (self.frames, 3)).unbind(1)
        return F.leaky_relu(torch.cat([self.from_rgb[level](frame) for frame in frames], dim=1), LEAKY_SLOPE)

    def forward(self, images: Tensor, alpha: float = 1.0) -> Tensor:
        """Judge images.

        Args:
            images: (N, 3 * frames, R, R) in [-1, 1]; the frames of a pair lie behind each other in the channels.
            alpha: Share of the highest resolution while it fades in, 0 to 1.

        Returns:
            Logits (N,), high for real.
        """
        level = (images.shape[-1] // FIRST_RESOLUTION).bit_length() - 1
        x = self._features(images, level)
        for i in range(level, 0, -1):
            x = self.blocks[i - 1](x)
            if i == level and alpha < 1:
                x = torch.lerp(self._features(F.avg_pool2d(images, 2), level - 1), x, alpha)
        x = F.leaky_relu(self.conv(minibatch_deviation(x)), LEAKY_SLOPE)
        x = F.leaky_relu(self.linear1(x.flatten(1)), LEAKY_SLOPE)
        return self.linear2(x).squeeze(1)
