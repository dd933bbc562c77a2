"""The network that tells how much of each pixel is sky and water, from the photo and what the segmenter knows."""

from __future__ import annotations

import torch
import torch.nn.functional as functional
from torch import Tensor, nn

FINE, COARSE = 6, 4
"""Channels of the features at full and at half size, see :func:`landscape.masks.solve.features`."""
MULTIPLE = 32
"""Heights and widths must be multiples of so many pixels."""
_WIDTHS = (16, 24, 32, 48, 48)
_PATIENCE = 1e-3
"""Keeps logarithms of the segmenter's probabilities finite."""


class MatteNetwork(nn.Module):
    """A small U-Net at half the resolution that corrects the segmenter's probabilities pixel by pixel.

    Four pixels are decided at once, as in sub-pixel convolution (Shi et al., CVPR 2016): the same at a quarter of the
    cost.
    """

    def __init__(self) -> None:
        """Build the network, initialised to leave the segmenter's answer as it is."""
        super().__init__()
        widths = [4 * FINE + COARSE, *_WIDTHS]
        self.down = nn.ModuleList(
            nn.Sequential(
                nn.Conv2d(before, after, 3, stride=1 if level == 0 else 2, padding=1),
                nn.ReLU(inplace=True),
                nn.Conv2d(after, after, 3, padding=1),
                nn.ReLU(inplace=True),
            )
            for level, (before, after) in enumerate(zip(widths[:-1], widths[1:], strict=True))
        )
        self.side = nn.ModuleList(nn.Conv2d(a, b, 1) for a, b in zip(_WIDTHS[1:], _WIDTHS[:-1], strict=True))
        self.up = nn.ModuleList(
            nn.Sequential(nn.Conv2d(width, width, 3, padding=1), nn.ReLU(inplace=True)) for width in _WIDTHS[:-1]
        )
        self.last = nn.Conv2d(_WIDTHS[0], 16, 3, padding=1)
        nn.init.zeros_(self.last.weight)
        nn.init.zeros_(self.last.bias if self.last.bias is not None else torch.zeros(1))

    def forward(self, fine: Tensor, coarse: Tensor, soft: Tensor) -> tuple[Tensor, Tensor]:
        """Estimate shares.

        Args:
            fine: Features (N, 6, H, W).
            coarse: Features (N, 4, H / 2, W / 2).
            soft: The segmenter's probabilities of other, sky and water, (N, 3, H / 2, W / 2).

        Returns:
            Shares of other, sky and water (N, 3, H, W), which add up to 1, and their expected error (N, 1, H, W) in
            [0, 1].
        """
        picture = torch.cat([functional.pixel_unshuffle(fine, 2), coarse], dim=1)
        levels = []
        for block in self.down:
            picture = block(picture)
            levels.append(picture)
        for level in reversed(range(len(self.up))):
            larger = functional.interpolate(self.side[level](picture), scale_factor=2.0, mode="bilinear")
            picture = self.up[level](levels[level] + larger)
        found = functional.pixel_shuffle(self.last(picture), 2)
        known = functional.interpolate((soft + _PATIENCE).log(), scale_factor=2.0, mode="bilinear")
        return (known + found[:, :3]).softmax(1), torch.sigmoid(found[:, 3:] - 2)
