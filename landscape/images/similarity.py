"""The structural similarity index of images."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

Image = np.ndarray | Tensor
"""uint8 (H, W, 3); float (H, W, 3) in [0, 1]; or a torch tensor (N, 3, H, W) in [-1, 1]."""

WINDOW = 11
WINDOW_SIGMA = 1.5
K1, K2 = 0.01, 0.03


def ssim(a: Image, b: Image, mask: np.ndarray | Tensor | None = None) -> float:
    """Structural similarity index (Wang et al. 2004), mean over RGB and pixels.

    A Gaussian window of 11 px and sigma 1.5 (the largest odd one that fits, for smaller images), on values in [0, 1];
    windows that leave the image do not count.

    Args:
        a: An image; see :data:`Image` for the accepted forms.
        b: Another of the same form and size.
        mask: (H, W) or (N, 1, H, W) weights in [0, 1]; the index of each window counts by the weight at its centre.

    Returns:
        1 for equal images, less otherwise.

    Raises:
        ValueError: If the sizes differ or the mask is empty.
    """
    first, second = as_unit_batch(a), as_unit_batch(b)
    if first.shape != second.shape:
        raise ValueError(f"SSIM needs images of one size, not {tuple(first.shape)} and {tuple(second.shape)}.")
    index = _ssim_map(first, second)
    if mask is None:
        return float(index.mean())
    weight = torch.as_tensor(mask, dtype=index.dtype, device=index.device).reshape(-1, 1, *first.shape[2:])
    border = (first.shape[2] - index.shape[2]) // 2, (first.shape[3] - index.shape[3]) // 2
    weight = weight[:, :, border[0] : border[0] + index.shape[2], border[1] : border[1] + index.shape[3]]
    weight = weight.expand(index.shape[0], -1, -1, -1)
    if not float(weight.sum()) > 0:
        raise ValueError("SSIM needs a mask that covers some of the image, away from its border.")
    return float((index * weight).sum() / weight.sum())


def as_unit_batch(image: Image) -> Tensor:
    """Bring an image of any of the accepted forms to a float32 tensor (N, 3, H, W) in [0, 1]."""
    if isinstance(image, Tensor):
        return image.detach().float().clamp(-1, 1) * 0.5 + 0.5
    values = torch.from_numpy(np.ascontiguousarray(image)).permute(2, 0, 1)[None].float()
    return values / 255 if image.dtype == np.uint8 else values


def _ssim_map(a: Tensor, b: Tensor) -> Tensor:
    """The index of every window inside the image, mean over the channels: (N, 1, h, w)."""
    size = min(WINDOW, *(side - 1 + side % 2 for side in a.shape[2:]))
    offsets = torch.arange(size, dtype=a.dtype, device=a.device) - size // 2
    taps = torch.exp(-offsets.square() / (2 * WINDOW_SIGMA**2))
    taps = taps / taps.sum()

    def window(x: Tensor) -> Tensor:
        flat = x.reshape(-1, 1, *x.shape[2:])
        flat = F.conv2d(F.conv2d(flat, taps.view(1, 1, -1, 1)), taps.view(1, 1, 1, -1))
        return flat.reshape(*x.shape[:2], *flat.shape[2:])

    mean_a, mean_b = window(a), window(b)
    variance_a = window(a * a) - mean_a.square()
    variance_b = window(b * b) - mean_b.square()
    covariance = window(a * b) - mean_a * mean_b
    c1, c2 = K1**2, K2**2
    index = (2 * mean_a * mean_b + c1) * (2 * covariance + c2)
    index = index / ((mean_a.square() + mean_b.square() + c1) * (variance_a + variance_b + c2))
    return index.mean(dim=1, keepdim=True)
