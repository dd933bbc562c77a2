"""Sample grids: what the generator draws, and what each of its inputs does."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from landscape.files import save_picture
from landscape.networks.generator import Z_DYNAMIC_WIDTH, Generator
from landscape.synthesis import to_pixels

COLUMNS = 8
CELL = 96


@torch.inference_mode()
def sample_grid(generator: Generator, resolution: int, alpha: float = 1.0, seed: int = 7) -> np.ndarray:
    """Draw a grid of samples.

    Four rows of independent samples; one row of a scene under z_dynamic's first coordinate from -2.5 to 2.5, one for
    each further coordinate; one row of a scene with new S_dynamic in every cell.

    Returns:
        uint8 (7 * R, 8 * R, 3) pixels.
    """
    rng = torch.Generator().manual_seed(seed)
    rows: list[Tensor] = []
    for _ in range(4):
        z, maps = generator.sample_z(COLUMNS, rng), [generator.sample_maps(COLUMNS, resolution, rng) for _ in range(2)]
        rows.append(generator(generator.mapping(z), *maps, resolution, alpha))
    for coordinate in range(Z_DYNAMIC_WIDTH + 1):
        z = generator.sample_z(1, rng).repeat(COLUMNS, 1)
        static, dynamic = (
            [s.expand(COLUMNS, -1, -1, -1) for s in generator.sample_maps(1, resolution, rng)] for _ in range(2)
        )
        if coordinate < Z_DYNAMIC_WIDTH:
            z[:, -Z_DYNAMIC_WIDTH:] = 0
            z[:, -Z_DYNAMIC_WIDTH + coordinate] = torch.linspace(-2.5, 2.5, COLUMNS)
        else:
            dynamic = generator.sample_maps(COLUMNS, resolution, rng)
        rows.append(generator(generator.mapping(z), static, dynamic, resolution, alpha))
    return np.concatenate([np.concatenate(list(to_pixels(row)), axis=1) for row in rows], axis=0)


def save_grid(generator: nn.Module, path: Path, resolution: int, alpha: float = 1.0) -> None:
    """Write a sample grid as PNG with cells of about 96 px."""
    assert isinstance(generator, Generator)
    pixels = sample_grid(generator, resolution, alpha)
    factor = max(1, CELL // resolution)
    save_picture(pixels.repeat(factor, axis=0).repeat(factor, axis=1), path)
