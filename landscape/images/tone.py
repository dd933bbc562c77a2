"""Colour of light: the mean colours of a picture in three bands, and curves that move them.

The bands are the upper sky, the sky above the horizon, and the land (or water) below. A change of light multiplies what
gets darker, as another illuminant would, and bends the curve of what gets brighter with fixed ends, so that colours
never leave their range.
"""

from __future__ import annotations

import torch
from torch import Tensor

BANDS = ("upper sky", "horizon", "land")
LUMINANCE = (0.2126, 0.7152, 0.0722)
_SOFTNESS = 9.0
"""Steepness of the soft steps between the bands, per height of the picture."""
_GAIN_RANGE = (0.02, 10.0)
_DARKEST = 0.004
_REFINEMENTS = 4


def to_unit(images: Tensor) -> Tensor:
    """Images (N, 3, H, W) in about [-1, 1] to [0, 1]."""
    return (images.clamp(-1, 1) + 1) / 2


def band_weights(height: int, horizon: float = 0.5) -> Tensor:
    """Share of each band in each row, (3, height), summing to 1 over the bands.

    Args:
        height: Rows.
        horizon: Where land begins, as a fraction of the height; the horizon's band is the lower half of the sky.
    """
    y = (torch.arange(height) + 0.5) / height
    horizon = min(max(horizon, 0.1), 0.95)
    below_upper = torch.sigmoid(_SOFTNESS * 2 * (y - horizon / 2))
    land = torch.sigmoid(_SOFTNESS * 2 * (y - horizon))
    upper = 1 - below_upper
    return torch.stack([upper, below_upper - land, land]).clamp_min(0)


def band_colours(unit: Tensor, horizon: float = 0.5) -> Tensor:
    """Mean colour of each band, (N, 3 bands, 3), of pictures (N, 3, H, W) in [0, 1]."""
    weights = band_weights(unit.shape[2], horizon).to(unit)
    rows = unit.mean(dim=3)
    return torch.einsum("bh,nch->nbc", weights / weights.sum(dim=1, keepdim=True), rows)


def luminance(colours: Tensor) -> Tensor:
    """Luminance of colours (..., 3) in [0, 1]."""
    return colours @ torch.tensor(LUMINANCE).to(colours)


def warmth(colours: Tensor) -> Tensor:
    """Red minus blue of colours (..., 3)."""
    return colours[..., 0] - colours[..., 2]


def _brighten(unit: Tensor, slope: Tensor) -> Tensor:
    return unit * slope / (1 + (slope - 1) * unit)


def move_colours(unit: Tensor, wanted: Tensor, horizon: float = 0.5) -> Tensor:
    """Move the mean colour of every band to a wanted one.

    Args:
        unit: Pictures (N, 3, H, W) in [0, 1].
        wanted: Mean colours, (N, 3 bands, 3) in [0, 1].
        horizon: See :func:`band_weights`.

    Returns:
        Pictures of the same shape in [0, 1]. The bands overlap, so means are met approximately; where the wanted
        value of a channel lies below (above) its mean in all bands, every pixel of it gets darker (brighter).
    """
    own = band_colours(unit, horizon).clamp(_DARKEST, 1 - _DARKEST)
    goal = wanted.clamp(_DARKEST, 1 - _DARKEST)
    weights = band_weights(unit.shape[2], horizon).to(unit)
    result = torch.zeros_like(unit)
    for band, weight in enumerate(weights):
        before, after = own[:, band, :, None, None], goal[:, band, :, None, None]
        share = (weight / weight.sum())[None, None, :, None] / unit.shape[3]
        gain = (after / before).clamp(_GAIN_RANGE[0], 1.0)
        slope = (after * (1 - before) / (before * (1 - after))).clamp(1.0, _GAIN_RANGE[1])
        for _ in range(_REFINEMENTS):
            reached = (_brighten(unit, slope) * share).sum(dim=(2, 3), keepdim=True).clamp(_DARKEST, 1 - _DARKEST)
            slope = (slope * after * (1 - reached) / (reached * (1 - after))).clamp(1.0, _GAIN_RANGE[1])
        result += weight[None, None, :, None] * torch.where(after < before, unit * gain, _brighten(unit, slope))
    return result
