"""What styles are fitted on: real stills of a light, and scenes of the generator in it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from landscape.images.tensors import from_pixels
from landscape.images.tone import band_colours, luminance, to_unit, warmth
from landscape.light.paths import move_w
from landscape.light.styles import StyleGrade
from landscape.networks.generator import Z_DYNAMIC_WIDTH, Generator
from landscape.networks.lighting import LightingNetwork

STILLS = 14
DIFFERENT = 0.05
"""Least mean difference between two chosen stills, so that views of one photo count once."""
LAYOUT_RESOLUTION = 16


@dataclass(frozen=True)
class Description:
    """A style in words of measurable light, for the bands upper sky, horizon, land.

    Attributes:
        luminance: Luminance of each band in [0, 1].
        warmth: Red minus blue of each band.
        dims: See :class:`~landscape.light.styles.StyleGrade`.
    """

    luminance: tuple[float, float, float]
    warmth: tuple[float, float, float]
    dims: float = 0.0


DESCRIPTIONS = {
    "blue day": Description((0.55, 0.68, 0.45), (-0.36, -0.20, -0.02)),
    "bright white day": Description((0.86, 0.84, 0.55), (-0.02, -0.02, 0.0)),
    "bright evening": Description((0.66, 0.74, 0.42), (-0.12, 0.08, 0.06)),
    "light sunset": Description((0.55, 0.66, 0.33), (0.02, 0.25, 0.12)),
    "warm sunset": Description((0.40, 0.50, 0.20), (0.30, 0.52, 0.22)),
    "blue hour": Description((0.30, 0.40, 0.17), (-0.25, -0.14, -0.09), dims=1.0),
    "deep night": Description((0.08, 0.12, 0.05), (-0.14, -0.10, -0.05), dims=1.0),
    "blue morning": Description((0.45, 0.58, 0.32), (-0.24, -0.10, -0.07)),
}


def choose_stills(pixels: NDArray[np.uint8], description: Description, count: int = STILLS) -> list[int]:
    """Indices of the stills (N, R, R, 3) whose light is nearest to a description, no two of them nearly the same."""
    colours, small = [], []
    for start in range(0, len(pixels), 512):
        unit = to_unit(from_pixels(pixels[start : start + 512]))
        colours.append(band_colours(unit))
        small.append(F.adaptive_avg_pool2d(unit, 4).flatten(1))
    thumbnails = torch.cat(small)
    wanted = torch.tensor([*description.luminance, *description.warmth])
    distance = (light_of(torch.cat(colours)) - wanted).square().sum(dim=1)
    chosen: list[int] = []
    for index in distance.argsort().tolist():
        if not chosen or (thumbnails[chosen] - thumbnails[index]).abs().mean(dim=1).min() > DIFFERENT:
            chosen.append(index)
        if len(chosen) == count:
            break
    return chosen


def measure_grades(pixels: NDArray[np.uint8]) -> tuple[dict[str, StyleGrade], dict[str, list[int]]]:
    """Mean band colours of the chosen stills of each description, and which stills they are."""
    grades, indices = {}, {}
    for name, description in DESCRIPTIONS.items():
        indices[name] = choose_stills(pixels, description)
        colours = band_colours(to_unit(from_pixels(pixels[indices[name]]))).mean(dim=0)
        rows = tuple(tuple(round(value, 4) for value in row) for row in colours.tolist())
        grades[name] = StyleGrade(rows, description.dims)
    return grades, indices


@dataclass(frozen=True)
class SampledScenes:
    """Fixed samples to try lights on: z (N, W) and their spatial maps."""

    z: Tensor
    s_static: list[Tensor]
    s_dynamic: list[Tensor]


def draw_scenes(generator: Generator, count: int, rng: torch.Generator) -> SampledScenes:
    """Draw samples whose light is to be changed."""
    maps = [generator.sample_maps(count, rng=rng) for _ in range(2)]
    return SampledScenes(generator.sample_z(count, rng), maps[0], maps[1])


@torch.no_grad()
def draw_lit(
    generator: Generator,
    scenes: SampledScenes,
    z_dynamic: Tensor | None,
    c: float,
    first_block: int,
    network: LightingNetwork | None = None,
) -> Tensor:
    """Draw the scenes, from ``first_block`` on under the light z_dynamic (3,) by A or else by the exact M."""
    w = generator.mapping(scenes.z)[:, None].repeat(1, generator.depth(), 1)
    if z_dynamic is not None and network is not None:
        w = move_w(w, z_dynamic, c, first_block, network)
    elif z_dynamic is not None:
        z = scenes.z.clone()
        z[:, -Z_DYNAMIC_WIDTH:] = z[:, -Z_DYNAMIC_WIDTH:] * (1 - c) ** 0.5 + z_dynamic.to(z) * c**0.5
        w[:, first_block:] = generator.mapping(z)[:, None]
    return generator(w, scenes.s_static, scenes.s_dynamic)  # type: ignore[no-any-return]


def layout_kept(before: Tensor, after: Tensor) -> float:
    """Mean correlation of the luminance of images (N, 3, R, R), each freed of the mean of its rows."""
    details = []
    for images in (before, after):
        small = F.adaptive_avg_pool2d(to_unit(images), min(LAYOUT_RESOLUTION, images.shape[2]))
        grey = luminance(small.permute(0, 2, 3, 1))
        details.append((grey - grey.mean(dim=2, keepdim=True)).flatten(1))
    return F.cosine_similarity(details[0], details[1], dim=1).mean().item()


def light_of(colours: Tensor) -> Tensor:
    """Luminance and warmth of band colours (N, 3, 3) as (N, 6)."""
    return torch.cat([luminance(colours), warmth(colours)], dim=1)
