"""Synthetic scenes: stills and videos sampled from the model (paper, 3.1.3)."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import cv2
import numpy as np
import torch
from torch import Tensor

from landscape.generate.sampler import Sampler
from landscape.images.pixels import Pixels
from landscape.images.tensors import to_pixels
from landscape.motion.maps import DynamicMotion
from landscape.networks.generator import Generator
from landscape.networks.prior import Codes, LatentPrior
from landscape.settings import MotionSettings

SYNTHETIC_HORIZON = 0.55
"""Samples have no mask to find a horizon in; theirs lies near the middle, as in the training photos."""


def _grid(images: Tensor, cell: int) -> Pixels:
    """Arrange images in a nearly square grid of cells; missing ones stay black."""
    method = cv2.INTER_AREA if images.shape[-1] > cell else cv2.INTER_CUBIC
    pixels = [cv2.resize(image, (cell, cell), interpolation=method) for image in to_pixels(images)]
    columns = math.ceil(math.sqrt(len(pixels)))
    pixels += [np.zeros_like(pixels[0])] * (-len(pixels) % columns)
    rows = [np.concatenate(pixels[i : i + columns], axis=1) for i in range(0, len(pixels), columns)]
    return np.concatenate(rows, axis=0)


@torch.inference_mode()
def sample_stills(
    generator: Generator,
    count: int,
    cell: int = 256,
    seed: int = 0,
    prior: LatentPrior | None = None,
    enlarge: Callable[[Tensor], Tensor] | None = None,
) -> Pixels:
    """Draw a grid of samples.

    Args:
        generator: M and G.
        count: Number of scenes.
        cell: Size of one scene in the grid, pixels.
        seed: Seed of the scenes; scene i does not depend on ``count``.
        prior: The prior of the latents, white noise without it.
        enlarge: The upscaler, asked where a scene is to be larger than the generator draws it.

    Returns:
        uint8 (rows * cell, columns * cell, 3).
    """
    sampler = Sampler(generator, prior)
    drawn = [sampler.draw_images(_codes(sampler, seed, i)) for i in range(count)]
    if enlarge is not None and cell > generator.resolution:
        drawn = [enlarge(image.clamp(-1, 1)) for image in drawn]
    return _grid(torch.cat(drawn), cell)


@torch.inference_mode()
def sample_video(
    generator: Generator,
    count: int,
    cell: int,
    motion: MotionSettings,
    frames: int,
    fps: float,
    seed: int = 0,
    prior: LatentPrior | None = None,
) -> Iterator[Pixels]:
    """Draw moving scenes: S_dynamic is warped by the homography, z_dynamic goes from one sample to another.

    Args:
        generator: M and G.
        count: Number of scenes.
        cell: Size of one scene, pixels.
        motion: Direction and speed.
        frames: Number of frames.
        fps: Frames a second.
        seed: Seed of the scenes.
        prior: The prior of the latents, white noise without it.

    Yields:
        Grids as :func:`sample_stills` returns them.
    """
    sampler = Sampler(generator, prior)
    scenes = [_codes(sampler, seed, i) for i in range(count)]
    motions = [DynamicMotion(scene.s_dynamic, motion, SYNTHETIC_HORIZON) for scene in scenes]
    targets = []
    for i, scene in enumerate(scenes):
        rng = torch.Generator().manual_seed((seed << 20) + 7919 * i + 1)
        targets.append(generator.redraw_light(scene.z, rng))
    for frame in range(frames):
        share = frame / max(1, frames - 1)
        images = []
        for scene, target, moving in zip(scenes, targets, motions, strict=True):
            now = Codes(torch.lerp(scene.z, target, share), scene.s_static, moving.at(frame / fps))
            images.append(sampler.draw_images(now))
        yield _grid(torch.cat(images), cell)


def _codes(sampler: Sampler, seed: int, index: int) -> Codes:
    return sampler.draw(1, torch.Generator().manual_seed((seed << 20) + 7919 * index))
