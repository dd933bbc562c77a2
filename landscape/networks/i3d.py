"""I3D, the network of the Fréchet video distance (Carreira and Zisserman 2017): clips to the logits of Kinetics-400."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

SIDE, LEAST_FRAMES = 224, 9
"""Side of the frames in pixels, and the shortest clip."""
CLASSES = 400
Size = tuple[int, int, int]
MIXED: dict[str, tuple[int, tuple[int, ...]]] = {
    "Mixed_3b": (192, (64, 96, 128, 16, 32, 32)),
    "Mixed_3c": (256, (128, 128, 192, 32, 96, 64)),
    "Mixed_4b": (480, (192, 96, 208, 16, 48, 64)),
    "Mixed_4c": (512, (160, 112, 224, 24, 64, 64)),
    "Mixed_4d": (512, (128, 128, 256, 24, 64, 64)),
    "Mixed_4e": (512, (112, 144, 288, 32, 64, 64)),
    "Mixed_4f": (528, (256, 160, 320, 32, 128, 128)),
    "Mixed_5b": (832, (256, 160, 320, 32, 128, 128)),
    "Mixed_5c": (832, (384, 192, 384, 48, 128, 128)),
}
"""Channels that go into each block, and those of its convolutions."""
_POOLED_BEFORE: dict[str, tuple[Size, Size]] = {
    "Conv3d_2b_1x1": ((1, 3, 3), (1, 2, 2)),
    "Mixed_3b": ((1, 3, 3), (1, 2, 2)),
    "Mixed_4b": ((3, 3, 3), (2, 2, 2)),
    "Mixed_5b": ((2, 2, 2), (2, 2, 2)),
}


def _padded(x: Tensor, kernel: Size, stride: Size, value: float = 0.0) -> Tensor:
    """Padding that TensorFlow calls "same", which depends on the size and may be uneven."""
    sides: list[int] = []
    for axis in (2, 1, 0):
        size = x.shape[axis + 2]
        whole = max((-(-size // stride[axis]) - 1) * stride[axis] + kernel[axis] - size, 0)
        sides += [whole // 2, whole - whole // 2]
    return F.pad(x, sides, value=value)


def _pooled(x: Tensor, kernel: Size, stride: Size) -> Tensor:
    return F.max_pool3d(_padded(x, kernel, stride, float("-inf")), kernel, stride)


class Unit(nn.Module):
    """Convolution, batch normalisation, ReLU; the last layer is a convolution alone."""

    def __init__(
        self, channels_in: int, channels_out: int, kernel: Size, stride: Size = (1, 1, 1), last: bool = False
    ) -> None:
        super().__init__()
        self.kernel, self.stride = kernel, stride
        self.conv = nn.Conv3d(channels_in, channels_out, kernel, stride, bias=last)
        self.norm = None if last else nn.BatchNorm3d(channels_out, eps=1e-3)

    def forward(self, x: Tensor) -> Tensor:
        """Apply the layer to (N, C, T, H, W)."""
        x = self.conv(_padded(x, self.kernel, self.stride))
        return x if self.norm is None else F.relu(self.norm(x))


class Mixed(nn.Module):
    """Four branches side by side."""

    def __init__(self, channels_in: int, c: tuple[int, ...]) -> None:
        super().__init__()
        one, three = (1, 1, 1), (3, 3, 3)
        self.branches = nn.ModuleList(
            [
                nn.Sequential(Unit(channels_in, c[0], one)),
                nn.Sequential(Unit(channels_in, c[1], one), Unit(c[1], c[2], three)),
                nn.Sequential(Unit(channels_in, c[3], one), Unit(c[3], c[4], three)),
                nn.Sequential(Unit(channels_in, c[5], one)),
            ]
        )

    def forward(self, x: Tensor) -> Tensor:
        """Apply the block to (N, C, T, H, W)."""
        inputs = (x, x, x, _pooled(x, (3, 3, 3), (1, 1, 1)))
        return torch.cat([branch(item) for branch, item in zip(self.branches, inputs, strict=True)], dim=1)


class I3d(nn.Module):
    """The network; its layers have the names of the published ones."""

    def __init__(self) -> None:
        super().__init__()
        layers: dict[str, nn.Module] = {
            "Conv3d_1a_7x7": Unit(3, 64, (7, 7, 7), (2, 2, 2)),
            "Conv3d_2b_1x1": Unit(64, 64, (1, 1, 1)),
            "Conv3d_2c_3x3": Unit(64, 192, (3, 3, 3)),
        }
        layers |= {name: Mixed(*sizes) for name, sizes in MIXED.items()}
        self.layers = nn.ModuleDict(layers)
        self.head = Unit(1024, CLASSES, (1, 1, 1), last=True)

    def forward(self, clips: Tensor) -> Tensor:
        """Logits (N, 400) of clips (N, 3, T, 224, 224) in [-1, 1] of at least nine frames."""
        x = clips
        for name, layer in self.layers.items():
            if name in _POOLED_BEFORE:
                x = _pooled(x, *_POOLED_BEFORE[name])
            x = layer(x)
        pooled = F.avg_pool3d(x, (2, 7, 7), 1)
        logits: Tensor = self.head(pooled)[:, :, :, 0, 0].mean(dim=2)
        return logits
