"""Pairs of small and large pictures that the upscaler learns from (paper, Super Resolution).

The paper's small pictures are what the first steps of the inversion make of a real one, so that the network also mends
what the generator errs in. Here they are anything between the posterior's answer, where the inversion starts, and the
real picture, which it approaches.
"""

from __future__ import annotations

import json
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from landscape.files import replacing
from landscape.latents import starting_latents
from landscape.networks.upscaler import FACTOR
from landscape.progress import Progress, ignore_progress
from landscape.synthesis import from_pixels, to_pixels
from landscape.training.arrays import GrowingArray
from landscape.training.data import find_sources, load_views
from landscape.training.moving import find_moving
from landscape.variants import VARIANTS
from landscape.weights import Models

SIDES = (256, 512)
"""Sides of the large pictures; the generator's frames are a quarter of them at 64 and 128 px."""
MOST_VIEWS = 4
DRAWN_AT_ONCE = 16
BLUR, NOISE = 0.7, 6 / 127.5
"""Largest blur in small pixels and deviation of the noise of pictures that no generator has drawn."""


def prepare_pairs(
    data: Path, out: Path, models: Models, seed: int = 0, progress: Progress = ignore_progress
) -> tuple[int, ...]:
    """Write the large pictures and what the generator makes of them, unless they are there already.

    For each side L of :data:`SIDES`, ``out/LLLL`` gets ``large.npy`` and ``held_out.npy``, (N, L, L, 3) uint8; where L
    is four times the generator's resolution R also ``drawn.npy`` (N, R, R, 3), in the order of ``large.npy``.

    Args:
        data: See :func:`landscape.training.data.find_sources`; its clips are not used.
        out: Where to write.
        models: The generator, what predicts latents, the segmenter.
        seed: Seed of the views.
        progress: Called for every picture.

    Returns:
        The sides for which there are pictures to learn from.

    Raises:
        LandscapeError: If there is nothing to read.
    """
    index = out / "pairs.json"
    wanted = {"data": str(data.resolve()), "seed": seed, "resolution": models.generator.resolution}
    if not index.is_file() or json.loads(index.read_text())["settings"] != wanted:
        counts = _write_large(data, out, seed, progress)
        side = FACTOR * models.generator.resolution
        if counts.get(side):
            _write_drawn(out / f"{side:04d}", models, progress)
        with replacing(index) as partial:
            partial.write_text(json.dumps({"settings": wanted, "counts": counts}))
    counts = json.loads(index.read_text())["counts"]
    return tuple(side for side in SIDES if counts[str(side)])


def _write_large(data: Path, out: Path, seed: int, progress: Progress) -> dict[int, int]:
    sources, _ = find_sources(data)
    broken: list[str] = []
    with ExitStack() as stack:
        arrays = {}
        for side in SIDES:
            folder = out / f"{side:04d}"
            folder.mkdir(parents=True, exist_ok=True)
            for name in ("large", "held_out"):
                arrays[side, name] = stack.enter_context(GrowingArray(folder / f"{name}.npy", side))
        for done, source in enumerate(sources):
            name, most = ("held_out", 1) if source.held_out else ("large", MOST_VIEWS)
            for side, views in load_views(source, SIDES, seed, broken).items():
                for view in views[:most]:
                    arrays[side, name].append(view)
            progress("reading stills", done + 1, len(sources))
        for array in arrays.values():
            array.finish()
    return {side: arrays[side, "large"].count for side in SIDES}


def _write_drawn(folder: Path, models: Models, progress: Progress) -> None:
    large, size = np.load(folder / "large.npy", mmap_mode="r"), models.generator.resolution
    masks = find_moving(large, np.arange(len(large)), models.segmenter, progress)
    with GrowingArray(folder / "drawn.npy", size) as drawn:
        for start in range(0, len(large), DRAWN_AT_ONCE):
            pictures = from_pixels(large[start : start + DRAWN_AT_ONCE])
            moving = torch.from_numpy(masks[start : start + DRAWN_AT_ONCE])[:, None].float() / 255
            for picture in to_pixels(redraw(shrink(pictures), shrink(moving), models)):
                drawn.append(picture)
            progress("drawing", start + len(pictures), len(large))
        drawn.finish()


@torch.no_grad()
def redraw(small: Tensor, moving: Tensor, models: Models) -> Tensor:
    """The generator's answer to pictures (N, 3, R, R) with masks (N, 1, R, R) before any step on the latents."""
    latents = starting_latents(small, moving, models.generator, models.encoder, VARIANTS["EOIFS"], 0)
    drawn: Tensor = models.generator(latents.w, latents.s_static, latents.s_dynamic)
    return drawn


def shrink(images: Tensor) -> Tensor:
    """Average images (N, 3, 4H, 4W) to (N, 3, H, W), as photos reach the generator."""
    return F.avg_pool2d(images, FACTOR)


class PairSource:
    """Random pairs of small and large cuts.

    Args:
        folder: One side's folder, written by :func:`prepare_pairs`.
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


def degrade(images: Tensor, rng: np.random.Generator) -> Tensor:
    """Blur images (N, 3, H, W) a little and add a little noise, as any generator's frames have both."""
    sigma, noise = rng.uniform(0.05, BLUR), rng.uniform(0, NOISE)
    taps = torch.exp(-torch.tensor([1.0, 0.0, 1.0]) / (2 * sigma**2))
    kernel = torch.outer(taps, taps) / taps.sum() ** 2
    padded = F.pad(images, (1, 1, 1, 1), mode="replicate")
    blurred = F.conv2d(padded, kernel.expand(3, 1, 3, 3), groups=3)
    return blurred + noise * torch.from_numpy(rng.standard_normal(tuple(images.shape), np.float32))
