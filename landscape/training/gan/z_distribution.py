"""The distribution of z that the posterior finds in real images, for sampling (ex-post density estimation).

The divergence term keeps the code of every single image near the unit normal distribution, but the codes of all images
together are not spread like it: samples from it get colours that no photo has. A normal distribution fitted to the
codes of real images is stored with the generator and is what :meth:`Generator.sample_z` draws from. The static and the
dynamic part stay independent of each other.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from landscape.errors import require
from landscape.images.tensors import from_pixels
from landscape.networks.generator import Z_DYNAMIC_WIDTH, Generator
from landscape.networks.posterior import Posterior
from landscape.training.data.stored import open_stored

BATCH = 64
LEAST_VARIANCE = 1e-3
MOST_IMAGES = 4096


@torch.no_grad()
def fit_z_distribution(generator: Generator, posterior: Posterior, prepared: Path, seed: int = 0) -> None:
    """Fit the generator's distribution of z to the codes of the prepared training stills, in place.

    Args:
        generator: M and G.
        posterior: The posterior that was trained with it.
        prepared: Folder of :func:`landscape.training.data.pictures.prepare` and
            :func:`landscape.training.data.moving.mark_moving` with the generator's resolution, or a pack.
        seed: Seed of the draws.
    """
    stored = open_stored(prepared, generator.resolution)
    stills, moving = stored.stills, stored.moving
    require(moving is not None, "These stills have no masks: train the generator on them first.")
    assert moving is not None
    rng = torch.Generator().manual_seed(seed)
    chosen = torch.randperm(len(stills), generator=rng)[:MOST_IMAGES].numpy()
    codes = []
    for start in range(0, len(chosen), BATCH):
        rows = np.sort(chosen[start : start + BATCH])
        masks = torch.from_numpy(moving[rows])[:, None].float() / 255
        z = posterior(from_pixels(stills[rows]).to(generator.w_mean), masks.to(generator.w_mean)).z
        codes.append(z.sample(torch.randn(z.mean.shape, generator=rng).to(z.mean)))
    set_z_distribution(generator, torch.cat(codes))


def set_z_distribution(generator: Generator, codes: Tensor) -> None:
    """Give the generator the mean and the covariance of codes (N, style_width); N must exceed the width."""
    codes = codes.double()
    covariance = torch.cov(codes.T)
    # Light says nothing about the place, and the other way round.
    covariance[:-Z_DYNAMIC_WIDTH, -Z_DYNAMIC_WIDTH:] = 0
    covariance[-Z_DYNAMIC_WIDTH:, :-Z_DYNAMIC_WIDTH] = 0
    covariance += LEAST_VARIANCE * torch.eye(len(covariance), dtype=covariance.dtype, device=covariance.device)
    generator.z_mean.copy_(codes.mean(dim=0))
    generator.z_root.copy_(torch.linalg.cholesky(covariance))
    generator.w_mean.copy_(generator.mapping(codes.float()).mean(dim=0))
