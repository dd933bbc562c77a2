"""What the posterior finds in the training stills, for the training of the prior of the latents."""

from __future__ import annotations

import threading
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from landscape.fit.cells import moving_cells
from landscape.images.tensors import from_pixels
from landscape.networks.posterior import Gaussian, Posterior
from landscape.networks.prior import WIDTHS, Codes
from landscape.progress import Progress, check_cancelled, ignore_progress
from landscape.training.data.stored import Images

READ_BATCH = 64


@dataclass(frozen=True)
class LatentSet:
    """What the posterior finds in N images, and which cells of their maps move.

    Attributes:
        z: (N, style_width).
        s_static: (N, 1, r, r) per resolution.
        s_dynamic: The same shapes.
        cells: The same shapes, bool.
    """

    z: Gaussian
    s_static: list[Gaussian]
    s_dynamic: list[Gaussian]
    cells: list[Tensor]

    def draw(self, rows: Tensor, rng: torch.Generator) -> Codes:
        """Latents of these images as the generator's training composes them: noise where a map is not used."""

        def pick(found: Gaussian) -> Tensor:
            chosen = Gaussian(found.mean[rows].float(), found.log_variance[rows].float())
            return chosen.sample(torch.randn(chosen.mean.shape, generator=rng))

        def compose(found: Gaussian, used: Tensor) -> Tensor:
            return torch.where(used, pick(found), torch.randn(used.shape, generator=rng))

        cells = [cell[rows] for cell in self.cells]
        static = [compose(found, ~cell) for found, cell in zip(self.s_static, cells, strict=True)]
        return Codes(
            pick(self.z), static, [compose(found, cell) for found, cell in zip(self.s_dynamic, cells, strict=True)]
        )


@torch.no_grad()
def read_latents(
    posterior: Posterior,
    stills: Images,
    moving: Images,
    progress: Progress = ignore_progress,
    cancel: threading.Event | None = None,
) -> LatentSet:
    """Read the latents of images and of their mirror images, which follow the others in the same order.

    Args:
        posterior: The trained posterior.
        stills: uint8 (N, R, R, 3).
        moving: uint8 (N, R, R).
        progress: Called for every batch.
        cancel: Stops at the next batch.
    """
    device = posterior.z.weight.device
    resolutions = [r for r in WIDTHS if r <= posterior.sizes[-1]]
    found: list[list[Tensor]] = []
    cells: list[list[Tensor]] = []
    total = 2 * len(stills)
    for mirrored in (False, True):
        for start in range(0, len(stills), READ_BATCH):
            check_cancelled(cancel)
            images = from_pixels(stills[start : start + READ_BATCH])
            masks = torch.from_numpy(np.array(moving[start : start + READ_BATCH]))[:, None].float() / 255
            if mirrored:
                images, masks = images.flip(3), masks.flip(3)
            latents = posterior(images.to(device), masks.to(device))
            numbers = [latents.z, *latents.s_static[: len(resolutions)], *latents.s_dynamic[: len(resolutions)]]
            found.append([part.half().cpu() for item in numbers for part in (item.mean, item.log_variance)])
            cells.append([cell > 0 for cell in moving_cells(masks, resolutions)])
            progress("reading latents", mirrored * len(stills) + start + len(images), total)
    joined = [torch.cat(parts) for parts in zip(*found, strict=True)]
    gaussians = [Gaussian(mean, spread) for mean, spread in zip(joined[::2], joined[1::2], strict=True)]
    half = len(resolutions) + 1
    return LatentSet(
        gaussians[0], gaussians[1:half], gaussians[half:], [torch.cat(part) for part in zip(*cells, strict=True)]
    )
