"""Noise carried by the flow of sky and water without end, and in loops (paper, 3.1.3)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

from landscape.motion.flow import STEPS_PER_SECOND, flow_homography, steps_rate, water_share
from landscape.motion.homography import clock_displacements, pixel_centres, sample, transform
from landscape.photo.squares import WHOLE, Square
from landscape.settings import MotionSettings

LAP_TRAVEL = 1.5
"""Travel of the fastest corner, in halves of the picture, after which the noise is replaced by that of other places."""
CROSSFADE = 0.7
"""Part of a lap in which two copies of the noise are blended; in the rest one copy is alone."""
GAIN_RANGE = (0.5, 2.0)  # small maps have few values: their spread in one frame says little about the noise
_PLACES = (0.5, 1.5)
"""How far aside, in halves of the picture, the places lie whose noise comes in."""


@dataclass(frozen=True)
class _Copy:
    """A copy of the noise in a blend: which place it is of, how far it has travelled and with what weight."""

    source: int
    seconds: float
    weight: float


def _copies(seconds: float, lap: float, sources: int | None) -> list[_Copy]:
    """The one or two copies seen at a time; their squared weights sum to 1, so independent noise keeps its variance.

    Args:
        seconds: Time.
        lap: Seconds from one source to the next; infinite for a single one.
        sources: Number of sources that take turns in a loop, None for ever new ones.
    """
    if math.isinf(lap):
        return [_Copy(0, seconds, 1.0)]
    nearest = math.floor(seconds / lap + 0.5)
    offset = seconds / lap - nearest
    index = nearest if sources is None else nearest % sources
    part = (abs(offset) - (1.0 - CROSSFADE) / 2.0) / CROSSFADE
    if part <= 0.0:
        return [_Copy(index, offset * lap, 1.0)]
    side = 1 if offset > 0 else -1
    other = nearest + side if sources is None else (nearest + side) % sources
    angle = 0.5 * math.pi * part * part * (3.0 - 2.0 * part)
    return [_Copy(index, offset * lap, math.cos(angle)), _Copy(other, (offset - side) * lap, math.sin(angle))]


@lru_cache(maxsize=64)
def _place(seed: int, source: int) -> tuple[float, float]:
    """Whether the noise of a source is that of a mirrored place (-1) or not (1), and how far aside the place lies.

    The golden ratio keeps the places of successive sources apart.
    """
    rng = np.random.default_rng(seed % 2**63)
    near, far = _PLACES
    way = near + (far - near) * ((rng.uniform() + source * (math.sqrt(5) - 1) / 2) % 1.0)
    side = rng.choice([-1.0, 1.0]) * (1.0 if source % 2 else -1.0)
    return float(rng.choice([-1.0, 1.0]) * (1.0 if source // 2 % 2 else -1.0)), float(side * way)


class _MovingPart:
    """The sky or the water of a stack of maps: its rows, its flow and the statistics it keeps."""

    def __init__(
        self,
        sizes: Sequence[int],
        share: Tensor,
        motion: MotionSettings,
        horizon: float,
        loop: float | None,
        below: bool,
        seed: int,
        window: Square,
        aspect: float,
    ) -> None:
        covered = torch.nonzero(share > 0).flatten()
        self.rows = slice(int(covered[0]), int(covered[-1]) + 1)
        self.share = share[self.rows, None]
        self.level_shares = [F.adaptive_avg_pool1d(share[None], size)[0, :, None] for size in sizes]
        self._sizes = share.new_tensor([float(size) for size in sizes])[:, None, None]
        centres = pixel_centres(share.shape[0], share.device)
        self._window = window
        self._xs, self._ys = window.outward(centres, centres[self.rows])
        self._motion, self._horizon, self._below, self._seed = motion, horizon, below, seed
        self._aspect = aspect
        steps = STEPS_PER_SECOND * steps_rate(motion, below)
        travel = steps * float(np.linalg.norm(clock_displacements(motion.direction), axis=1).max())
        travel /= min(window.half_width, window.half_height)
        self._still = travel == 0
        self._lap = LAP_TRAVEL / travel if travel > 0 else math.inf
        self._sources: int | None = None
        if loop is not None and travel > 0:
            self._sources = max(1, round(loop / self._lap))
            self._lap = loop / self._sources

    def copies(self, seconds: float) -> list[_Copy]:
        return _copies(0.0 if self._still else seconds, self._lap, self._sources)

    def flow(self, copies: list[_Copy], stack: Tensor) -> Tensor:
        """The rows of this region, (N, C, rows, R), from the stack."""
        if self._still:
            return stack[:, :, self.rows]
        grids = [self._grid(copy) for copy in copies]
        layers = [sample_stack(stack, grid) for grid in grids]
        if len(layers) == 1:
            return layers[0]
        first, second = copies
        blend = first.weight * layers[0] + second.weight * layers[1]
        # Two nearby samples of one noise add up in amplitude; its correlation at their distance tells by how much.
        cells = (_folded(grids[0]) - _folded(grids[1])).norm(dim=-1)[None] * self._sizes / 2.0
        alike = torch.exp(-2.5 * cells.square())
        return blend * torch.rsqrt(1.0 + 2.0 * first.weight * second.weight * alike)

    def _grid(self, copy: _Copy) -> Tensor:
        """Where a copy is sampled, (rows, R, 2) positions in the stack."""
        power = flow_homography(self._motion, self._horizon, copy.seconds, self._below, self._aspect)
        grid = self._window.inward(transform(power, self._ys, self._xs))
        if copy.source:
            # Aside in the square, whose maps are all there is: overlapping squares see other places each.
            mirrored, way = _place(self._seed, copy.source)
            grid = torch.stack([mirrored * grid[..., 0] + way, grid[..., 1]], dim=-1)
        return grid


def _folded(grid: Tensor) -> Tensor:
    """Positions as the reflecting borders fold them back into [-1, 1]."""
    return 1.0 - ((grid + 1.0) % 4.0 - 2.0).abs()


def stack_maps(maps: Sequence[Tensor]) -> Tensor:
    """Upsample maps (N, 1, r, r), from small to large, to the largest size and join them, (N, levels, R, R)."""
    target = maps[-1].shape[-1]
    matrices = [upsampling(item.shape[-1], target).to(item) for item in maps]
    return torch.cat([matrix @ item @ matrix.T for matrix, item in zip(matrices, maps, strict=True)], dim=1)


def sample_stack(stack: Tensor, grid: Tensor) -> Tensor:
    """Sample a stack whose last channel alone has detail at pixel scale, which bilinear sampling would blur."""
    finest = sample(stack[:, -1:], grid, "bicubic")
    return torch.cat([sample(stack[:, :-1], grid), finest], dim=1) if stack.shape[1] > 1 else finest


@lru_cache(maxsize=32)
def upsampling(size: int, target: int) -> Tensor:
    """(target, size) matrix of bicubic upsampling whose result has exactly the given values as cell averages."""
    # What is kept must serve training too, whoever asks for it first.
    with torch.inference_mode(False):
        if size == target:
            return torch.eye(size)
        cubic = F.interpolate(torch.eye(size, dtype=torch.float64)[None, None], (size, target), mode="bicubic")[0, 0]
        averages = F.adaptive_avg_pool1d(cubic, size)
        return torch.linalg.solve(averages, cubic).T.float().contiguous()


def statistics(maps: Tensor, share: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation of maps (N, 1, r, r) where a share of their shape, or broadcast to it, is not 0."""
    total = share.expand_as(maps).sum(dim=(1, 2, 3), keepdim=True).clamp(min=1e-6)
    mean = (maps * share).sum(dim=(1, 2, 3), keepdim=True) / total
    variance = ((maps - mean).square() * share).sum(dim=(1, 2, 3), keepdim=True) / total
    return mean, variance.clamp(min=1e-24).sqrt()


class NoiseStack:
    """Maps of several sizes carried together.

    They are upsampled to the size of the largest, carried with reflecting borders, averaged down again and brought back
    to the mean and standard deviation they had in the sky and in the water.
    """

    def __init__(
        self,
        s_dynamic: Sequence[Tensor],
        motion: MotionSettings,
        horizon: float,
        loop_seconds: float | None,
        seed: int,
        window: Square = WHOLE,
        aspect: float = 1.0,
    ) -> None:
        """Prepare the stack; the arguments are those of :class:`~landscape.motion.maps.DynamicMotion`."""
        sizes = [int(item.shape[-1]) for item in s_dynamic]
        self._maps = [item.detach() for item in s_dynamic]
        self._means = [item.mean(dim=(1, 2, 3), keepdim=True) for item in self._maps]
        device = self._maps[-1].device
        centres = pixel_centres(sizes[-1], device)
        water = water_share(window.outward(centres, centres)[1], horizon)
        self._regions = [
            _MovingPart(sizes, share, motion, horizon, loop_seconds, below, seed, window, aspect)
            for below, share in ((False, 1.0 - water), (True, water))
            if bool((share > 0).any())
        ]
        centred = [item - mean for item, mean in zip(self._maps, self._means, strict=True)]
        self._targets = [
            [statistics(item, share) for item, share in zip(centred, region.level_shares, strict=True)]
            for region in self._regions
        ]
        self._photo = stack_maps(centred)

    def at(self, seconds: float) -> list[Tensor]:
        """The maps at a time."""
        stack = torch.zeros_like(self._photo)
        for region in self._regions:
            stack[:, :, region.rows] += region.share * region.flow(region.copies(seconds), self._photo)
        results = []
        for level, (item, mean) in enumerate(zip(self._maps, self._means, strict=True)):
            moved = F.adaptive_avg_pool2d(stack[:, level : level + 1], item.shape[-1])
            result = mean.expand_as(moved).clone()
            for region, targets in zip(self._regions, self._targets, strict=True):
                share = region.level_shares[level]
                now, spread = statistics(moved, share)
                wanted, wanted_spread = targets[level]
                gain = (wanted_spread / spread.clamp(min=1e-12)).clamp(*GAIN_RANGE)
                result += share * ((moved - now) * gain + wanted)
            results.append(result)
        return results
