"""Cuts that the upscaler learns from, out of what :mod:`landscape.training.data.upscaler_data` prepares."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from landscape.images.tensors import from_pixels
from landscape.networks.upscaler import FACTOR

BLUR, NOISE = 0.7, 6 / 127.5
"""Largest blur in small pixels and deviation of the noise of pictures that no generator has drawn."""


def shrink(images: Tensor) -> Tensor:
    """Average images (N, 3, 4H, 4W) to (N, 3, H, W), as photos reach the generator."""
    return F.avg_pool2d(images, FACTOR)


class PairSource:
    """Random pairs of small and large cuts.

    Args:
        folder: One side's folder, written by :func:`landscape.training.data.upscaler_data.prepare_pairs`.
    """

    def __init__(self, folder: Path) -> None:
        self.large: NDArray[np.uint8] = np.load(folder / "large.npy", mmap_mode="r")
        drawn = folder / "drawn.npy"
        self.drawn: NDArray[np.uint8] | None = np.load(drawn, mmap_mode="r") if drawn.is_file() else None

    def batch(self, count: int, cut: int, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
        """Cut pairs out of random places, half of them drawn by the generator where it has drawn any.

        Args:
            count: Number of pairs.
            cut: Side of the small cuts, pixels.
            rng: Source of randomness.

        Returns:
            Small cuts (count, 3, cut, cut) and large ones (count, 3, 4 cut, 4 cut), in [-1, 1].
        """
        pairs = [self._pair(cut, rng) for _ in range(count)]
        return torch.cat([small for small, _ in pairs]), torch.cat([large for _, large in pairs])

    def _pair(self, cut: int, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
        index = int(rng.integers(len(self.large)))
        top, left = rng.integers(0, self.large.shape[1] // FACTOR - cut + 1, 2)
        here = np.s_[index, top : top + cut, left : left + cut]
        there = np.s_[index, FACTOR * top : FACTOR * (top + cut), FACTOR * left : FACTOR * (left + cut)]
        large = from_pixels(self.large[there][None])
        small = shrink(large)
        if self.drawn is not None and rng.integers(2):
            small = torch.lerp(small, from_pixels(self.drawn[here][None]), float(rng.uniform(0, 1)))
        else:
            small = degrade(small, rng)
        if rng.integers(2):
            small, large = small.flip(3), large.flip(3)
        return small, large

    def shifted_batch(self, count: int, cut: int, rng: np.random.Generator) -> tuple[Tensor, Tensor, tuple[int, int]]:
        """Pairs of which the second half begins lower and further to the right, by less than a small pixel.

        Args:
            count: Number of pairs, even.
            cut: Side of the small cuts, pixels.
            rng: Source of randomness.

        Returns:
            Small and large cuts as :meth:`batch` gives them, but without noise, which does not move with what is seen;
            and by how many large pixels the second half begins lower and further to the right.
        """
        down, right = divmod(int(rng.integers(1, FACTOR**2)), FACTOR)
        span, side = self.large.shape[1] - FACTOR * (cut + 1), FACTOR * cut
        halves: tuple[list[NDArray[np.uint8]], list[NDArray[np.uint8]]] = [], []
        for _ in range(count // 2):
            picture = self.large[int(rng.integers(len(self.large)))][:, :: int(rng.choice((-1, 1)))]
            top, left = rng.integers(0, span + 1, 2)
            for half, y, x in zip(halves, (top, top + down), (left, left + right), strict=True):
                half.append(picture[y : y + side, x : x + side])
        large = from_pixels(np.stack(halves[0] + halves[1]))
        return blur(shrink(large), rng), large, (down, right)


def blur(images: Tensor, rng: np.random.Generator) -> Tensor:
    """Blur images (N, 3, H, W) a little."""
    sigma = rng.uniform(0.05, BLUR)
    taps = torch.exp(-torch.tensor([1.0, 0.0, 1.0]) / (2 * sigma**2))
    kernel = torch.outer(taps, taps) / taps.sum() ** 2
    padded = F.pad(images, (1, 1, 1, 1), mode="replicate")
    return F.conv2d(padded, kernel.expand(3, 1, 3, 3), groups=3)


def degrade(images: Tensor, rng: np.random.Generator) -> Tensor:
    """Blur images (N, 3, H, W) a little and add a little noise, as any generator's frames have both."""
    blurred = blur(images, rng)
    noise = rng.uniform(0, NOISE)
    return blurred + noise * torch.from_numpy(rng.standard_normal(tuple(images.shape), np.float32))
