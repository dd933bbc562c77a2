"""Pictures of the models, tensors in [-1, 1], to pixels and back."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from landscape.images.pixels import Pixels


def to_pixels(images: Tensor) -> Pixels:
    """Images (N, 3, H, W) in [-1, 1] to uint8 (N, H, W, 3)."""
    scaled = images.detach().float().clamp(-1, 1).add(1).mul(127.5).round()
    result: Pixels = scaled.byte().permute(0, 2, 3, 1).cpu().numpy()
    return result


def from_pixels(pixels: np.ndarray) -> Tensor:
    """Pixels uint8 (N, H, W, 3) to images float32 (N, 3, H, W) in [-1, 1]."""
    return torch.from_numpy(np.array(pixels)).permute(0, 3, 1, 2).float().div_(127.5).sub_(1)
