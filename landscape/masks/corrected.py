"""The segmenter's answer, corrected pixel by pixel by a small network."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from landscape.images.filters import resize
from landscape.images.pixels import Array
from landscape.images.tensors import from_pixels

_SIDE, _MULTIPLE = 768, 16
"""Long side in pixels at which the network looks at most, and what both sides are a multiple of."""


@torch.inference_mode()
def corrected(photo: npt.NDArray[np.uint8], soft: Array, network: nn.Module, device: str = "cpu") -> Array:
    """Correct the segmenter where small things stand before the sky or in the water.

    Args:
        photo: uint8 (H, W, 3) RGB.
        soft: The segmenter's probabilities of other, sky and water, (H, W, 3).
        network: :class:`landscape.networks.matte.MatteNetwork`, in evaluation mode on ``device``.
        device: Torch device.

    Returns:
        Shares of other, sky and water, float32 (H, W, 3).
    """
    height, width = soft.shape[:2]
    scale = min(1.0, _SIDE / max(height, width))
    size = tuple(_MULTIPLE * max(1, round(side * scale / _MULTIPLE)) for side in (height, width))
    images = from_pixels(resize(photo, *size)[None]).to(device)
    known = torch.from_numpy(np.ascontiguousarray(resize(soft, *size).transpose(2, 0, 1)))[None].to(device)
    shares = network(images.contiguous(memory_format=torch.channels_last), known).exp()
    return resize(np.ascontiguousarray(shares[0].permute(1, 2, 0).float().cpu().numpy()), height, width)
