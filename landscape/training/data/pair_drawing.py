"""Images drawn from the latents that the posterior finds in pairs of real ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from landscape.fit.cells import moving_cells
from landscape.networks.generator import Z_DYNAMIC_WIDTH, Generator
from landscape.networks.posterior import Gaussian, Posterior
from landscape.training.data.carried_views import Flow
from landscape.training.run.processes import Processes

# Inversion starts at the means, with zero where a map is not used; samples draw everything. G must cope with both.
CALM_SHARE = 0.5
# Batches in which only the coarser maps know the photo: else the finest ones, where a photo is copied most easily,
# would carry all of it, and samples would look like the noise that their maps are.
COARSE_SHARE = 0.5


@dataclass(frozen=True)
class PairBatch:
    """Two images of one place and what moves in them.

    Attributes:
        first: Where the static latents come from, (N, 3, R, R) in [-1, 1].
        second: Where the dynamic latents come from, and what must come out, of the same shape.
        moving: (N, 1, R, R) in [0, 1].
        clouds: Where S_dynamic comes from, of the shape of the images: the second ones under a light of their own, so
            that S_dynamic need not be asked what light there is. None takes the second ones.
    """

    first: Tensor
    second: Tensor
    moving: Tensor
    clouds: Tensor | None = None

    def part(self, cut: Callable[[Tensor], Tensor], device: torch.device) -> PairBatch:
        """A part of the pairs on a device."""
        first = cut(self.first).to(device)
        second = first if self.second is self.first else cut(self.second).to(device)
        clouds = None if self.clouds is None else cut(self.clouds).to(device)
        return PairBatch(first, second, cut(self.moving).to(device), clouds)


def join_codes(first: Gaussian, second: Gaussian) -> Gaussian:
    """The code z with the static part of the first and the dynamic part of the second."""

    def join(a: Tensor, b: Tensor) -> Tensor:
        return torch.cat([a[:, :-Z_DYNAMIC_WIDTH], b[:, -Z_DYNAMIC_WIDTH:]], dim=1)

    return Gaussian(join(first.mean, second.mean), join(first.log_variance, second.log_variance))


def reconstruct_pairs(
    generator: Generator,
    posterior: Posterior,
    pairs: PairBatch,
    alpha: float,
    rng: torch.Generator,
    processes: Processes | None = None,
    flow: Flow | None = None,
) -> tuple[Tensor, Tensor]:
    """Draw the second images from the latents of both.

    Args:
        generator: M and G.
        posterior: The network that predicts the latents.
        pairs: The images.
        alpha: Share of the last block while it fades in.
        rng: Source of randomness, on the CPU.
        processes: The processes that share the batch, of which ``pairs`` is this one's part.
        flow: Carries S_dynamic, if given.

    Returns:
        The drawn images (N, 3, R, R), and the divergence of the used latents per number of an image, (N,), in nats.
    """
    count, _, resolution, _ = pairs.first.shape
    first = posterior(pairs.first, pairs.moving)
    second = first if pairs.second is pairs.first else posterior(pairs.second, pairs.moving)
    clouds = second if pairs.clouds is None else posterior(pairs.clouds, pairs.moving)
    z = join_codes(first.z, second.z)
    divergence = z.divergence().sum(dim=1)
    processes = processes or Processes()

    def normal(shape: torch.Size) -> Tensor:
        whole = (shape[0] * processes.count, *shape[1:])
        return processes.mine(torch.randn(whole, generator=rng)).to(z.mean)

    lively = processes.mine(torch.rand(count * processes.count, 1, 1, 1, generator=rng) >= CALM_SHARE).to(z.mean)
    depth = generator.depth(resolution)
    known = known_levels(depth, rng)
    cells = moving_cells(pairs.moving, generator.config.resolutions[:depth])
    maps: dict[str, list[Tensor]] = {}
    for name, found, own_cells in (
        ("static", first.s_static, [1 - cell for cell in cells]),
        ("dynamic", clouds.s_dynamic, cells),
    ):
        drawn = [item.sample(lively * normal(item.mean.shape)) for item in found]
        if flow is not None and name == "dynamic":
            drawn = flow.maps(drawn, cells)
        maps[name] = []
        for level, (item, own, cell) in enumerate(zip(found, drawn, own_cells, strict=True)):
            used = float(level < known) * cell
            maps[name].append(used * own + (1 - used) * lively * normal(cell.shape))
            divergence = divergence + (used * item.divergence()).sum(dim=(1, 2, 3))
    w = generator.mapping(z.sample(lively[:, :, 0, 0] * normal(z.mean.shape)))
    return generator(w, maps["static"], maps["dynamic"], resolution, alpha), divergence / (3 * resolution**2)


def known_levels(depth: int, rng: torch.Generator) -> int:
    """How many maps know the photo, coarse ones first; the others are noise or zero."""
    if torch.rand((), generator=rng) >= COARSE_SHARE or depth == 1:
        return depth
    return int(torch.randint(min(2, depth - 1), depth, (), generator=rng))
