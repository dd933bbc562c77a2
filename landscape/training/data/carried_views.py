"""Carried views: real images whose sky and water have moved on, for the reconstruction to learn motion from.

In the product S_dynamic is carried along a flow, and the sky is to follow. Nothing in the reconstruction of resting
images asks for that: maps of 4 and 8 px could well tell where a cloud is in a way that does not survive half a cell of
motion. So S_dynamic of an image is carried as the product carries it, and the image whose moving parts went the same
way must come out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from landscape.fit.cells import pull_push
from landscape.motion.flow import STEPS_PER_SECOND, flow_homography, water_share
from landscape.motion.homography import clock_displacements, pixel_centres, sample, transform
from landscape.motion.noise import GAIN_RANGE, sample_stack, stack_maps, statistics
from landscape.settings import MotionSettings

FARTHEST = 0.8
"""Longest way of the fastest corner, in halves of the picture."""
HORIZONS = (0.4, 0.75)


@dataclass(frozen=True)
class Flow:
    """Where every pixel of a carried view comes from.

    Attributes:
        grid: (R, R, 2) positions x, y in [-1, 1].
    """

    grid: Tensor

    def image(self, images: Tensor) -> Tensor:
        """Carry images (N, C, R, R) bilinearly, borders reflecting."""
        return sample(images, self.grid.to(images))

    def maps(self, maps: list[Tensor], cells: list[Tensor]) -> list[Tensor]:
        """Carry S_dynamic as :class:`landscape.motion.noise.NoiseStack` does; gradients pass.

        Args:
            maps: (N, 1, 4, 4), (N, 1, 8, 8), ... up to R.
            cells: Which of their values belong to moving parts, of the same shapes, 0 or 1.

        Returns:
            Maps of the same shapes, meant for their moving cells; these keep mean and spread.
        """
        extended = [pull_push(item * cell, cell) for item, cell in zip(maps, cells, strict=True)]
        moved = sample_stack(stack_maps(extended), self.grid.to(maps[-1]))
        results = []
        for level, (item, cell) in enumerate(zip(maps, cells, strict=True)):
            carried = F.adaptive_avg_pool2d(moved[:, level : level + 1], item.shape[-1])
            (now, spread), (mean, wanted) = statistics(carried, cell), statistics(item, cell)
            results.append((carried - now) * (wanted / spread).clamp(*GAIN_RANGE).detach() + mean)
        return results


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
    step = float(np.linalg.norm(clock_displacements(motion.direction), axis=1).max())
    seconds = FARTHEST * numbers[2] / (STEPS_PER_SECOND * step)
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
