"""The encoder E: an image to style vectors in one pass (paper, 3.2 step 1)."""

from __future__ import annotations

from dataclasses import dataclass

import timm
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from landscape.networks.layers import LEAKY_SLOPE


@dataclass(frozen=True)
class Trunk:
    """How one ImageNet network is used.

    Attributes:
        levels: Levels of its feature pyramid that are pooled.
        hidden: Width of the hidden layer behind them.
        size: Side of the square images that it sees, pixels.
        mean: Mean per channel of its own preprocessing, in units of [0, 1].
        deviation: Deviation per channel of the same.
    """

    levels: tuple[int, ...]
    hidden: int
    size: int
    mean: tuple[float, float, float]
    deviation: tuple[float, float, float]


TRUNKS = {
    "tf_efficientnet_lite0": Trunk((1, 2, 3, 4), 512, 64, (0.5, 0.5, 0.5), (0.5, 0.5, 0.5)),
    "resnet152": Trunk((1, 3, 4), 2048, 256, (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
}


class Encoder(nn.Module):
    """Predicts the style vector of every block of the generator from an image.

    Pooled features of several levels of an ImageNet trunk go through two linear layers. The output is an offset from
    ``w_mean``, so an untrained encoder already predicts about the generator's mean. The trunk's batch normalisation
    always uses its ImageNet statistics, also during training.

    Args:
        blocks: Blocks of the generator.
        style_width: Width of w.
        trunk: A key of :data:`TRUNKS`; ``resnet152`` is the paper's.
        rows: Rows of each level that are pooled apart; 1, the whole picture at once, is the release's.
    """

    w_mean: Tensor
    input_mean: Tensor
    input_deviation: Tensor

    def __init__(self, blocks: int, style_width: int, trunk: str = "tf_efficientnet_lite0", rows: int = 2) -> None:
        super().__init__()
        self.blocks, self.style_width, self.rows = blocks, style_width, rows
        self.recipe = TRUNKS[trunk]
        self.trunk = timm.create_model(trunk, pretrained=False, features_only=True, out_indices=self.recipe.levels)
        channels: list[int] = self.trunk.feature_info.channels()  # type: ignore[union-attr,operator,assignment]
        # The upper and the lower half are pooled apart: the light of the sky and that of the land differ.
        self.hidden = nn.Linear(rows * sum(channels), self.recipe.hidden)
        self.norm = nn.LayerNorm(self.recipe.hidden)
        self.output = nn.Linear(self.recipe.hidden, blocks * style_width)
        self.register_buffer("w_mean", torch.zeros(style_width))
        shape = (1, 3, 1, 1)
        self.register_buffer("input_mean", torch.tensor(self.recipe.mean).view(shape), persistent=False)
        self.register_buffer("input_deviation", torch.tensor(self.recipe.deviation).view(shape), persistent=False)

    def train(self, mode: bool = True) -> Encoder:
        """Set training mode for everything but the trunk's batch normalisation."""
        super().train(mode)
        self.trunk.eval()
        return self

    def features(self, image: Tensor) -> Tensor:
        """Pooled features of the trunk, (N, F), for images (N, 3, H, W) in [-1, 1]."""
        size = (self.recipe.size, self.recipe.size)
        if image.shape[2:] != size:
            image = F.interpolate(image, size, mode="bilinear", align_corners=False, antialias=image.shape[2] > size[0])
        levels: list[Tensor] = self.trunk((image / 2 + 0.5 - self.input_mean) / self.input_deviation)
        return torch.cat([F.adaptive_avg_pool2d(level, (self.rows, 1)).flatten(1) for level in levels], dim=1)

    def predict(self, features: Tensor) -> Tensor:
        """Predict w, (N, blocks, style_width), from :meth:`features` (N, F)."""
        hidden = F.leaky_relu(self.norm(self.hidden(features)), LEAKY_SLOPE)
        offset: Tensor = self.output(hidden).unflatten(1, (self.blocks, self.style_width))
        return self.w_mean + offset

    def forward(self, image: Tensor) -> Tensor:
        """Predict w, (N, blocks, style_width), for images (N, 3, H, W) in [-1, 1] of any size."""
        return self.predict(self.features(image))
