"""Which values of the spatial maps belong to the moving parts of a photo (paper, 3.2)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from landscape.photo.squares import WHOLE, Square


def moving_cells(moving: Tensor, sizes: Sequence[int]) -> list[Tensor]:
    """Divide the cells of the maps between S_dynamic and S_static.

    Args:
        moving: (1, 1, R, R) in [0, 1].
        sizes: Side of each map in cells.

    Returns:
        One (1, 1, r, r) map per size: 1 where at least half of the cell moves, 0 elsewhere.
    """
    return [(F.adaptive_avg_pool2d(moving, size) >= 0.5).to(moving) for size in sizes]


def confine_dynamic(s_dynamic: Sequence[Tensor], moving: Tensor) -> list[Tensor]:
    """Set S_dynamic to zero in the static parts, where the fit has kept it at zero.

    Args:
        s_dynamic: (N, 1, r, r) maps.
        moving: (1, 1, R, R) in [0, 1].
    """
    cells = moving_cells(moving, [item.shape[-1] for item in s_dynamic])
    return [item * cell for item, cell in zip(s_dynamic, cells, strict=True)]


def extend_dynamic(s_dynamic: Sequence[Tensor], moving: Tensor, seed: int = 0, window: Square = WHOLE) -> list[Tensor]:
    """Continue S_dynamic behind the static parts, so that what the motion brings in from there is like the rest.

    Each map is continued smoothly from its nearest moving cells, and noise is added until the continuation has the
    spread of the moving cells. Follow the motion of such maps by :func:`confine_dynamic`: at rest that gives back the
    fitted maps.

    Args:
        s_dynamic: (N, 1, r, r) maps; only their moving cells are read.
        moving: (1, 1, R, R) in [0, 1].
        seed: Seed of the noise.
        window: The part of the photo that the maps cover; noise of one seed agrees where windows overlap.

    Returns:
        New maps of the same shapes. A map none of whose cells move becomes zero.
    """
    generator = torch.Generator().manual_seed(seed)
    extended = []
    for item, cell in zip(s_dynamic, moving_cells(moving, [m.shape[-1] for m in s_dynamic]), strict=True):
        noise = window.noise(item.shape, generator).to(item)
        inside = cell.sum()
        if not bool(inside > 0):
            extended.append(torch.zeros_like(item))
            continue
        mean = (item * cell).sum(dim=(2, 3), keepdim=True) / inside
        variance = ((item - mean).square() * cell).sum(dim=(2, 3), keepdim=True) / inside
        smooth = pull_push(item * cell, cell)
        outside = (1 - cell).sum().clamp(min=1)
        present = ((smooth - mean).square() * (1 - cell)).sum(dim=(2, 3), keepdim=True) / outside
        missing = (variance - present).clamp(min=0).sqrt()
        extended.append(torch.where(cell > 0, item, smooth + missing * noise))
    return extended


def pull_push(weighted: Tensor, weight: Tensor) -> Tensor:
    """Fill the cells of weight 0 from the others by averages over ever larger cells.

    Args:
        weighted: (N, 1, r, r) values times weights.
        weight: (1 or N, 1, r, r) in [0, 1], not zero everywhere.
    """
    values = weighted / weight.clamp(min=1e-6)
    size = weighted.shape[-1]
    if size == 1 or bool((weight > 0).all()):
        return values
    coarse = pull_push(F.avg_pool2d(weighted, 2, ceil_mode=True), F.avg_pool2d(weight, 2, ceil_mode=True))
    coarse = F.interpolate(coarse, size=size, mode="bilinear", align_corners=False)
    return torch.where(weight > 0, values, coarse)
