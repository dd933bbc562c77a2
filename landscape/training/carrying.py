"""Carried views: real images whose sky and water have moved on, for the reconstruction to learn motion from.

In the product S_dynamic is carried along a flow, and the sky is to follow. Nothing in the reconstruction of resting
images asks for that: maps of 4 and 8 px could well tell where a cloud is in a way that does not survive half a cell of
motion. So S_dynamic of an image is carried as the product carries it, and the image whose moving parts went the same
way must come out.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from landscape.flow import flow_homography, water_share
from landscape.homography import pixel_centres, sample, transform
from landscape.noise import upsampling
from landscape.regions import pull_push
from landscape.settings import MotionSettings

FARTHEST_SECONDS = 4.0
"""At speed 1 the fastest clouds cross two fifths of the picture in this time."""
HORIZONS = (0.4, 0.75)
_GAIN_RANGE = (0.5, 2.0)


@dataclass(frozen=True)
class Flow:
    """Where every pixel of a carried view comes from.

    Attributes:
        grid: (R, R, 2) positions x, y in [-1, 1].
    """

    grid: Tensor

    def image(self, images: Tensor) -> Tensor:
        """Carry images (N, C, R, R), borders reflecting."""
        return sample(images, self.grid.to(images))

    def maps(self, maps: list[Tensor], cells: list[Tensor]) -> list[Tensor]:
        """Carry S_dynamic as :class:`landscape.noise.NoiseStack` does; gradients pass.

        Args:
            maps: (N, 1, 4, 4), (N, 1, 8, 8), ... up to R.
            cells: Which of their values belong to moving parts, of the same shapes, 0 or 1.

        Returns:
            Maps of the same shapes, meant for their moving cells; these keep mean and spread.
        """
        side = maps[-1].shape[-1]
        extended = [pull_push(item * cell, cell) for item, cell in zip(maps, cells, strict=True)]
        matrices = [upsampling(item.shape[-1], side).to(item) for item in maps]
        stack = torch.cat([m @ item @ m.T for m, item in zip(matrices, extended, strict=True)], dim=1)
        moved = self.image(stack)
        results = []
        for level, (item, cell) in enumerate(zip(maps, cells, strict=True)):
            carried = F.adaptive_avg_pool2d(moved[:, level : level + 1], item.shape[-1])
            (now, spread), (mean, wanted) = _statistics(carried, cell), _statistics(item, cell)
            gain = (wanted / spread.clamp(min=1e-6)).clamp(*_GAIN_RANGE).detach()
            results.append((carried - now) * gain + mean)
        return results


def _statistics(maps: Tensor, cells: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation over the moving cells, each (N, 1, 1, 1)."""
    total = cells.sum(dim=(2, 3), keepdim=True).clamp(min=1)
    mean = (maps * cells).sum(dim=(2, 3), keepdim=True) / total
    variance = ((maps - mean).square() * cells).sum(dim=(2, 3), keepdim=True) / total
    return mean, (variance + 1e-12).sqrt()


def draw_flow(size: int, rng: torch.Generator) -> Flow:
    """Draw a flow of the product: any direction, a way of up to two fifths of the picture.

    Args:
        size: Side of the images, pixels.
        rng: Source of randomness, on the CPU.
    """
    numbers = torch.rand(5, generator=rng).tolist()
    # Clouds mostly drift sideways: directions near 3 and 9 o'clock are drawn most often.
    angle = 90.0 + 180.0 * (numbers[0] < 0.5) + 90.0 * (2 * numbers[1] - 1) ** 3
    motion = MotionSettings(direction=angle % 360.0, perspective=float(numbers[4] < 0.7))
    seconds = FARTHEST_SECONDS * numbers[2]
    horizon = HORIZONS[0] + (HORIZONS[1] - HORIZONS[0]) * numbers[3]
    centres = pixel_centres(size)
    share = water_share(centres, horizon)[:, None, None]
    sky, water = (
        transform(flow_homography(motion, horizon, seconds, below), centres, centres) for below in (False, True)
    )
    return Flow(torch.lerp(sky, water, share))


def carried_view(flow: Flow, images: Tensor, moving: Tensor) -> tuple[Tensor, Tensor]:
    """Carry the moving parts of images.

    Args:
        flow: Where to.
        images: (N, 3, R, R) in [-1, 1].
        moving: (N, 1, R, R) in [0, 1].

    Returns:
        The views (N, 3, R, R), and where they are known, (N, 1, R, R) in [0, 1]: what comes from behind static parts is
        not.
    """
    view = torch.lerp(images, flow.image(images), moving)
    return view, 1 - moving * (1 - flow.image(moving))
