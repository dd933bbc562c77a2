"""Samples of the prior for the generator's training: what people will draw is judged, too."""

from __future__ import annotations

import threading

import torch
from torch import Tensor

from landscape.generate.sampler import Sampler
from landscape.networks.generator import Generator
from landscape.networks.prior import Codes, LatentPrior
from landscape.progress import Progress, check_cancelled, ignore_progress

COUNT = 3000
DRAWN_AT_ONCE = 50


class SampleBank:
    """Latents drawn once, as the prior takes longer for a sample than a training step for an image.

    Args:
        generator: M and G; only sizes count.
        prior: Knows the latents that its posterior finds, so that posterior must not learn any more.
        count: Number of latents.
        seed: Seed of the latents.
        progress: Called for every batch.
        cancel: Set to stop.

    Raises:
        Cancelled: If ``cancel`` was set.
    """

    def __init__(
        self,
        generator: Generator,
        prior: LatentPrior,
        count: int = COUNT,
        seed: int = 0,
        progress: Progress = ignore_progress,
        cancel: threading.Event | None = None,
    ) -> None:
        sampler, rng = Sampler(generator, prior), torch.Generator().manual_seed(seed)
        depth = len(prior.resolutions)
        drawn: list[Codes] = []
        for start in range(0, count, DRAWN_AT_ONCE):
            check_cancelled(cancel)
            codes = sampler.draw(min(DRAWN_AT_ONCE, count - start), rng)
            # Finer maps are white noise, and most of the memory.
            drawn.append(Codes(codes.z, codes.s_static[:depth], codes.s_dynamic[:depth]))
            progress("drawing samples", min(count, start + DRAWN_AT_ONCE), count)
        self._z = torch.cat([codes.z for codes in drawn])
        self._static, self._dynamic = (
            [torch.cat(maps) for maps in zip(*levels, strict=True)]
            for levels in ([codes.s_static for codes in drawn], [codes.s_dynamic for codes in drawn])
        )

    def draw(self, noise: list[list[Tensor]], rng: torch.Generator) -> Codes:
        """Latents of random samples, half of them mirrored.

        Args:
            noise: White noise for S_static and for S_dynamic, (N, 1, 4, 4), (N, 1, 8, 8), ...; maps finer than the
                prior's are taken from it.
            rng: Source of randomness, on the CPU.
        """
        count = len(noise[0][0])
        rows = torch.randint(len(self._z), (count,), generator=rng).to(self._z.device)
        mirrored = (torch.rand(count, generator=rng) < 0.5)[:, None, None, None].to(self._z.device)

        def pick(known: list[Tensor], fresh: list[Tensor]) -> list[Tensor]:
            found = [torch.where(mirrored, level[rows].flip(3), level[rows]) for level in known[: len(fresh)]]
            return found + fresh[len(found) :]

        return Codes(self._z[rows], pick(self._static, noise[0]), pick(self._dynamic, noise[1]))
