"""The two optimised stages of an inversion: latents, then weights (paper, 3.2 steps 2 and 3, algorithms 1 and 2)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from landscape.fit.cells import moving_cells
from landscape.fit.descent import Group, Turn, descend
from landscape.fit.latents import Latents
from landscape.fit.losses import PerceptualNetwork, ReconstructionLoss, style_tie
from landscape.fit.numbers import FitNumbers, Schedule, Variant
from landscape.fit.quality import QualityMeter
from landscape.fit.rehearsal import rehearsed_views
from landscape.fit.state import Step
from landscape.networks.folding import folded
from landscape.networks.generator import Generator
from landscape.networks.generator_block import NoiseScale

LATENT_STAGE = "fitting latents"
TUNE_STAGE = "fine-tuning"
HEARD = 0.2
"""Root mean square of the learnt noise scales at which maps move as fast as W. Adam undoes the constant factor 0.001 of
the paper; what counts is how far a step of S moves the features, and that is the noise scale's doing."""
LARGEST_GAIN = 100.0
VIEWS = 8
"""Rehearsed views of a photo; every second fine-tuning step is on one of them."""


def fit_latents(
    generator: Generator,
    latents: Latents,
    image: Tensor,
    moving: Tensor,
    perceptual: PerceptualNetwork,
    variant: Variant,
    numbers: FitNumbers,
    schedule: Schedule,
) -> Iterator[Step]:
    """Step 2: change the latents in place (algorithm 2 where the variant is split, else algorithm 1).

    Args:
        generator: G.
        latents: Where to start and where to end.
        image: The photo, (1, 3, R, R) in [-1, 1].
        moving: How much each pixel moves, (1, 1, R, R) in [0, 1].
        perceptual: The perceptual network of the loss.
        variant: What is fitted.
        numbers: Weight of the tie and pace of the maps.
        schedule: Steps and rates.

    Returns:
        The states of the latents.
    """
    w, s_static, s_dynamic = latents.w, latents.s_static, latents.s_dynamic
    start = w.clone()
    drawing = folded(generator)
    cells = moving_cells(moving, generator.config.resolutions)

    def turn(region: Tensor | None, maps: Sequence[Tensor]) -> Turn:
        reconstruction = ReconstructionLoss(image, perceptual, region)

        def loss(drawn: Tensor) -> Tensor:
            total = reconstruction(drawn, schedule.perceptual_weight)
            return total + numbers.tie_weight * style_tie(w, start) if variant.tie_w else total

        parameters = [*([w] if variant.optimise_w else []), *(maps if variant.optimise_maps else [])]
        return Turn(lambda: drawing(w, s_static, s_dynamic), loss, parameters)

    def confine() -> None:
        for static, dynamic, cell in zip(s_static, s_dynamic, cells, strict=True):
            static.mul_(1 - cell)
            dynamic.mul_(cell)

    if variant.split and not numbers.joint:
        turns = [turn(1 - moving, s_static), turn(moving, s_dynamic)]
    else:
        turns = [turn(None, [*s_static, *s_dynamic])]
    groups = [Group([w], schedule.rate)] if variant.optimise_w else []
    if variant.optimise_maps and numbers.map_gradient is not None:
        groups.append(Group([*s_static, *s_dynamic], schedule.rate, numbers.map_gradient))
    elif variant.optimise_maps:
        rates = [schedule.rate * gain for gain in _map_gains(generator)]
        groups += [Group(list(maps), rate) for *maps, rate in zip(s_static, s_dynamic, rates, strict=True)]
    return descend(LATENT_STAGE, turns, groups, schedule, confine if variant.split else None)


def _map_gains(generator: Generator) -> list[float]:
    """How much faster than W the maps of each resolution move, the more the less the generator listens to them."""
    gains = []
    for block in generator.blocks:
        scales = [item.weight.flatten() * item.scale for item in block.modules() if isinstance(item, NoiseScale)]
        heard = torch.cat(scales).square().mean().sqrt()
        gains.append(min(HEARD / max(float(heard), 1e-9), LARGEST_GAIN))
    return gains


def tuned_weights(generator: Generator, blocks: int | None = None) -> list[Tensor]:
    """The weights that step 3 changes: those of the last blocks (all by default) and of the output."""
    first = _first_tuned(generator, blocks)
    return [*generator.blocks[first:].parameters(), *generator.to_rgb[-1].parameters()]


def _first_tuned(generator: Generator, blocks: int | None) -> int:
    return 0 if blocks is None else max(0, len(generator.blocks) - blocks)


def tune(
    generator: Generator,
    latents: Latents,
    image: Tensor,
    moving: Tensor,
    perceptual: PerceptualNetwork,
    judge: QualityMeter,
    variant: Variant,
    numbers: FitNumbers,
    schedule: Schedule,
    seed: int,
) -> Iterator[Step]:
    """Step 3: change the weights of the generator in place; latents stay.

    Args:
        generator: A copy of G.
        latents: What it draws from.
        image: The photo, (1, 3, R, R) in [-1, 1].
        moving: How much each pixel moves, (1, 1, R, R) in [0, 1].
        perceptual: The perceptual network of the loss.
        judge: Says when it is enough.
        variant: What is fitted.
        numbers: Whether to rehearse and whether to end early.
        schedule: Steps and rates.
        seed: Seed of the rehearsed views.

    Returns:
        The states of the weights.
    """
    weights = tuned_weights(generator, numbers.tuned_blocks)
    first = _first_tuned(generator, numbers.tuned_blocks)

    def turn(maps: list[Tensor], target: Tensor, region: Tensor | None) -> Turn:
        reconstruction = ReconstructionLoss(target, perceptual, region)
        with torch.no_grad():
            early = _run_blocks(generator, None, latents.w, latents.s_static, maps, 0, first)

        def draw() -> Tensor:
            late = _run_blocks(generator, early, latents.w, latents.s_static, maps, first, len(generator.blocks))
            image: Tensor = generator.to_rgb[-1](late)
            return image

        return Turn(
            draw,
            lambda drawn: reconstruction(drawn, schedule.perceptual_weight),
            weights,
            (lambda drawn: judge(drawn).enough) if numbers.enough and region is None else None,
        )

    still = turn(latents.s_dynamic, image, None)
    turns = [still]
    if numbers.rehearse and variant.split:
        views = rehearsed_views(image, latents.s_dynamic, moving, VIEWS, seed)
        turns = [item for view in views for item in (still, turn(view.s_dynamic, view.target, view.region))]
    return descend(TUNE_STAGE, turns, [Group(weights, schedule.rate)], schedule)


def _run_blocks(
    generator: Generator,
    x: Tensor | None,
    w: Tensor,
    s_static: list[Tensor],
    s_dynamic: list[Tensor],
    first: int,
    end: int,
) -> Tensor | None:
    """Features after the blocks ``first`` to ``end - 1``, from those before them."""
    for index in range(first, end):
        x = generator.blocks[index](x, w[:, index], s_static[index], s_dynamic[index])
    return x
