"""The network that corrects the segmenter pixel by pixel, where small things stand before the sky or in the water."""

from __future__ import annotations

import torch
import torch.nn.functional as functional
from torch import Tensor, nn

MULTIPLE = 16
"""Heights and widths must be multiples of so many pixels."""
_WIDTHS = (24, 32, 48, 64)
_LEAST = 0.02
"""Least probability that the segmenter is believed to mean."""


def _layer(before: int, after: int, stride: int = 1, dilation: int = 1) -> nn.Sequential:
    # With zeros around it, the picture's border would look like an edge of something dark.
    convolution = nn.Conv2d(before, after, 3, stride, dilation, dilation, bias=False, padding_mode="replicate")
    return nn.Sequential(convolution, nn.BatchNorm2d(after), nn.ReLU(inplace=True))


class MatteNetwork(nn.Module):
    """A small U-Net at half the resolution.

    Four pixels are decided at once, as in sub-pixel convolution (Shi et al., CVPR 2016): the same at a quarter of the
    cost, and what is one pixel wide is still seen.
    """

    def __init__(self) -> None:
        """Build the network, initialised to leave the segmenter's answer as it is."""
        super().__init__()
        pairs = list(zip(_WIDTHS[:-1], _WIDTHS[1:], strict=True))
        self.down = nn.ModuleList([nn.Sequential(_layer(15, _WIDTHS[0]), _layer(_WIDTHS[0], _WIDTHS[0]))])
        self.down.extend(nn.Sequential(_layer(a, b, 2), _layer(b, b)) for a, b in pairs)
        self.around = _layer(_WIDTHS[-1], _WIDTHS[-1], dilation=4)
        self.side = nn.ModuleList(nn.Conv2d(b, a, 1) for a, b in pairs)
        self.up = nn.ModuleList(_layer(a, a) for a, _ in pairs)
        self.last = nn.Conv2d(_WIDTHS[0], 12, 1)
        nn.init.zeros_(self.last.weight)
        if self.last.bias is not None:
            nn.init.zeros_(self.last.bias)

    def forward(self, images: Tensor, soft: Tensor) -> Tensor:
        """Estimate shares.

        Args:
            images: (N, 3, H, W), RGB in [-1, 1].
            soft: The segmenter's probabilities of other, sky and water, (N, 3, H, W).

        Returns:
            Logarithms of the shares of other, sky and water, (N, 3, H, W).
        """
        known = soft.clamp(min=_LEAST).log()
        coarse = functional.avg_pool2d(known, 2) / 3 + 0.5
        picture, levels = torch.cat([functional.pixel_unshuffle(images, 2), coarse], dim=1), []
        for block in self.down:
            picture = block(picture)
            levels.append(picture)
        picture = self.around(picture)
        for level in reversed(range(len(self.up))):
            larger = functional.interpolate(self.side[level](picture), scale_factor=2.0, mode="bilinear")
            picture = self.up[level](levels[level] + larger)
        return functional.log_softmax(known + functional.pixel_shuffle(self.last(picture), 2), dim=1)
