"""Motion in time: the dynamic noise maps carried by the flow of sky and water (paper, 3.1.3).

Time is continuous and in seconds. The homographies are in :mod:`landscape.motion.homography`, the flow in
:mod:`landscape.motion.flow`; their public names can be imported from here.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from landscape.motion.flow import displacement, flow_homography
from landscape.motion.homography import clock_displacements, homography_power, step_homography, warp
from landscape.motion.noise import NoiseStack
from landscape.photo.squares import WHOLE, Square
from landscape.settings import MotionSettings

__all__ = [
    "DynamicMotion",
    "clock_displacements",
    "displacement",
    "dynamic_maps",
    "flow_homography",
    "homography_power",
    "step_homography",
    "warp",
]


class DynamicMotion:
    """The dynamic noise maps of a photo in motion: prepared once, cheap at every time.

    The maps are upsampled, carried by the flows of sky and water with reflecting borders, averaged down again and
    brought back to the mean and standard deviation they had. Where the motion goes on for longer than a lap, the noise
    is exchanged bit by bit for that of other places of the same sky, mirrored or not, so that it is not stretched
    without end. White noise would not do: the maps of a fitted sky are correlated, in space and with one another, and
    a generator draws clouds from such maps alone. A loop returns to the photo's own noise: copies at t and t - loop are
    blended with weights sqrt(1 - a) and sqrt(a), which keeps the variance.
    """

    def __init__(
        self,
        s_dynamic: Sequence[Tensor],
        motion: MotionSettings,
        horizon: float,
        loop_seconds: float | None = None,
        seed: int = 0,
        window: Square = WHOLE,
        aspect: float = 1.0,
    ) -> None:
        """Prepare the motion.

        Args:
            s_dynamic: (N, 1, r, r) maps from small to large.
            motion: Direction, speed and amounts.
            horizon: Fraction of the height.
            loop_seconds: Period of an exact loop, None for endless motion.
            seed: Seed of the places that come in.
            window: The part of the photo that the maps cover; motion and horizon are the photo's.
            aspect: Height of the photo over its width.

        Raises:
            ValueError: If the maps are not in order or the period is not positive.
        """
        self._maps = [item.detach() for item in s_dynamic]
        sizes = [item.shape[-1] for item in self._maps]
        if not sizes or sizes != sorted(sizes):
            raise ValueError("The dynamic maps go from small to large.")
        if loop_seconds is not None and not loop_seconds > 0:
            raise ValueError("The period of a loop must be positive.")
        self._loop = loop_seconds
        self._still = motion.speed * (motion.sky + motion.water) == 0
        # The largest map alone is carried at full size: the others need a quarter of its work, with room to spare.
        groups = [group for group in (self._maps[:-1], self._maps[-1:]) if group]
        self._stacks = [NoiseStack(group, motion, horizon, loop_seconds, seed, window, aspect) for group in groups]

    @torch.no_grad()
    def at(self, seconds: float) -> list[Tensor]:
        """The maps at a time.

        Args:
            seconds: Any real number; 0 is the photo.

        Returns:
            Maps of the same shapes; new tensors.
        """
        if self._loop is not None:
            seconds %= self._loop
        if self._still or seconds == 0:
            return [item.clone() for item in self._maps]
        return [item for stack in self._stacks for item in stack.at(seconds)]


def dynamic_maps(
    s_dynamic: Sequence[Tensor],
    motion: MotionSettings,
    horizon: float,
    seconds: float,
    loop_seconds: float | None = None,
    seed: int = 0,
) -> list[Tensor]:
    """The dynamic maps at one time; prepare a :class:`DynamicMotion` for many.

    Args:
        s_dynamic: (N, 1, r, r) maps, from small to large.
        motion: Direction, speed and amounts.
        horizon: Fraction of the height.
        seconds: Any real number; 0 is the photo.
        loop_seconds: Period of an exact loop, None for endless motion.
        seed: Seed of the places that come in.

    Returns:
        Maps of the same shapes.
    """
    return DynamicMotion(s_dynamic, motion, horizon, loop_seconds, seed).at(seconds)
