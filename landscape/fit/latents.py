"""The latents of a photo and where their fit starts (paper, 3.2 step 1)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from landscape.fit.cells import moving_cells
from landscape.fit.numbers import Variant
from landscape.networks.generator import Generator
from landscape.networks.posterior import Posterior


@dataclass(frozen=True)
class Latents:
    """What the generator draws an image from.

    Attributes:
        w: Style vectors, (1, blocks, width).
        s_static: Static maps, (1, 1, 4, 4), (1, 1, 8, 8), ... (1, 1, R, R).
        s_dynamic: Dynamic maps of the same sizes.
    """

    w: Tensor
    s_static: list[Tensor]
    s_dynamic: list[Tensor]

    def tensors(self) -> list[Tensor]:
        """All of them in one list: w, static maps, dynamic maps."""
        return [self.w, *self.s_static, *self.s_dynamic]

    @classmethod
    def of(cls, tensors: list[Tensor]) -> Latents:
        """The inverse of :meth:`tensors`."""
        depth = len(tensors) // 2
        return cls(tensors[0], tensors[1 : depth + 1], tensors[depth + 1 :])

    def copy(self, value: Callable[[Tensor], Tensor] = lambda item: item) -> Latents:
        """The same latents, or a function of each tensor, in tensors of their own."""
        return Latents.of([value(item).detach().clone() for item in self.tensors()])


Start = Callable[[Tensor, Tensor, Generator, nn.Module | None, Variant, int], Latents]
"""Gives the latents that a fit starts from, in new tensors; arguments as of :func:`starting_latents`."""


@torch.no_grad()
def starting_latents(
    image: Tensor, moving: Tensor, generator: Generator, encoder: nn.Module | None, variant: Variant, seed: int
) -> Latents:
    """Take W from the encoder, or the mean w, and S from the posterior, or as zero, or noise.

    Args:
        image: The photo, (1, 3, R, R) in [-1, 1].
        moving: How much each pixel moves, (1, 1, R, R) in [0, 1]; for starts that divide the maps.
        generator: G.
        encoder: E, or the posterior, which predicts S as well; None starts every variant at the mean w.
        variant: Says which of them.
        seed: Seed of the noise.
    """
    depth = generator.depth()
    rng = torch.Generator().manual_seed(seed)
    if variant.encoder_start and isinstance(encoder, Posterior):
        found = encoder(image, moving)
        w = generator.mapping(found.z.mean)[:, None].repeat(1, depth, 1)
        if not variant.random_maps:
            cells = moving_cells(moving, generator.config.resolutions)
            s_static = [own.mean * (1 - cell) for own, cell in zip(found.s_static, cells, strict=True)]
            s_dynamic = [own.mean * cell for own, cell in zip(found.s_dynamic, cells, strict=True)]
            return Latents(w, s_static, s_dynamic)
    elif variant.encoder_start and encoder is not None:
        w = encoder(image)[:, :depth].clone()
    else:
        w = generator.w_mean.expand(1, depth, -1).clone()
    s_static, s_dynamic = generator.sample_maps(1, rng=rng), generator.sample_maps(1, rng=rng)
    if not variant.random_maps:
        s_static, s_dynamic = ([torch.zeros_like(item) for item in maps] for maps in (s_static, s_dynamic))
    return Latents(w, s_static, s_dynamic)
