"""Sample grids: what the generator draws, and what each of its inputs does."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from landscape.files import save_picture
from landscape.generate.sampler import Sampler
from landscape.images.tensors import to_pixels
from landscape.networks.generator import Z_DYNAMIC_WIDTH, Generator
from landscape.networks.prior import Codes, LatentPrior

COLUMNS = 8
SAMPLED_ROWS = 4
CELL = 96


@torch.inference_mode()
def sample_grid(
    generator: Generator, resolution: int, alpha: float = 1.0, seed: int = 7, prior: LatentPrior | None = None
) -> np.ndarray:
    """Draw a grid of samples.

    Four rows of independent samples; one row of a scene under z_dynamic's first coordinate from -2.5 to 2.5, one for
    each further coordinate; one row of a scene with new S_dynamic in every cell.

    Args:
        generator: M and G.
        resolution: Of the samples, pixels.
        alpha: Share of the last block while it fades in.
        seed: Seed of the latents.
        prior: The prior of the latents, white noise without it.

    Returns:
        uint8 (8 * R, 8 * R, 3) pixels.
    """
    sampler, rng = Sampler(generator, prior), torch.Generator().manual_seed(seed)
    depth = generator.depth(resolution)

    def draw(codes: Codes) -> Tensor:
        maps = codes.s_static[:depth], codes.s_dynamic[:depth]
        drawn: Tensor = generator(generator.mapping(codes.z), *maps, resolution, alpha)
        return drawn

    rows = [draw(sampler.draw(COLUMNS, rng)) for _ in range(SAMPLED_ROWS)]
    for coordinate in range(-Z_DYNAMIC_WIDTH, 1):
        scene = sampler.draw(1, rng)
        scenes = Codes(
            scene.z.repeat(COLUMNS, 1),
            [level.expand(COLUMNS, -1, -1, -1) for level in scene.s_static],
            [level.expand(COLUMNS, -1, -1, -1) for level in scene.s_dynamic],
        )
        if coordinate < 0:
            scenes.z[:, -Z_DYNAMIC_WIDTH:] = 0
            scenes.z[:, coordinate] = torch.linspace(-2.5, 2.5, COLUMNS)
        else:
            scenes = sampler.redraw_dynamic(scenes, rng)
        rows.append(draw(scenes))
    return np.concatenate([np.concatenate(list(to_pixels(row)), axis=1) for row in rows], axis=0)


def save_grid(
    generator: nn.Module, path: Path, resolution: int, alpha: float = 1.0, prior: LatentPrior | None = None
) -> None:
    """Write a sample grid as PNG with cells of about 96 px."""
    assert isinstance(generator, Generator)
    pixels = sample_grid(generator, resolution, alpha, prior=prior)
    factor = max(1, CELL // resolution)
    save_picture(pixels.repeat(factor, axis=0).repeat(factor, axis=1), path)
