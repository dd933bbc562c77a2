"""The networks of a generative model of a single image (Shaham et al. 2019, SinGAN), small."""

from __future__ import annotations

from torch import Tensor, nn

_SLOPE = 0.2


class Patches(nn.Module):
    """Five convolutions, which see patches of 11 pixels: generator and critic of one scale.

    Args:
        width: Features.
        outputs: Channels of the answer: 3 of the generator, 1 of the critic.
    """

    def __init__(self, width: int, outputs: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        channels = 3
        for _ in range(4):
            layers += [nn.Conv2d(channels, width, 3, padding=1)]
            layers += [nn.GroupNorm(1, width), nn.LeakyReLU(_SLOPE)]
            channels = width
        self.body = nn.Sequential(*layers, nn.Conv2d(width, outputs, 3, padding=1))

    def forward(self, x: Tensor) -> Tensor:
        """Images (N, 3, H, W) to answers (N, outputs, H, W)."""
        answer: Tensor = self.body(x)
        return answer
