"""Fitting the model to a photo: latents W and S, then a copy of the generator (paper, 3.2, algorithms 1 and 2).

The variants of the paper's table 2 are rows of :data:`~landscape.fit.numbers.VARIANTS`, its numbers an entry of
:data:`~landscape.fit.numbers.FIT_NUMBERS`, for one optimisation loop.
"""

from __future__ import annotations

import copy
import dataclasses
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, partial

import torch
from torch import Tensor, nn

from landscape.fit.latents import Latents, Start, starting_latents
from landscape.fit.losses import PerceptualNetwork
from landscape.fit.numbers import FIT_NUMBERS, VARIANTS, Schedule
from landscape.fit.precision import quick_precision
from landscape.fit.quality import Quality, QualityMeter
from landscape.fit.stages import fit_latents, tune, tuned_weights
from landscape.fit.state import FitState, Step
from landscape.networks.drawing import Drawing
from landscape.networks.generator import Generator
from landscape.networks.perceptual import LpipsAlex
from landscape.settings import FitSettings

STARTED = "starting"
"""The stage of fits that end at the encoder's answer."""
SMALL = 64
"""Generators up to this resolution, in pixels, draw a frame within milliseconds, fastest on one core."""


@dataclass(frozen=True)
class Inversion:
    """A photo in the model's terms.

    Attributes:
        w: Style vectors, (1, blocks, width).
        s_static: Static maps, (1, 1, 4, 4), (1, 1, 8, 8), ... (1, 1, R, R).
        s_dynamic: Dynamic maps of the same sizes; with a mask, zero in the static parts.
        generator: The fine-tuned copy, or the generator itself where nothing is tuned.
        ssim: Structural similarity of the reconstruction at model resolution.
        lpips: Perceptual distance of the reconstruction at model resolution.
        seconds: Time that the fit took.
        split: Whether the mask divides the maps; if so, S_dynamic is extended before it moves and confined after.
    """

    w: Tensor
    s_static: list[Tensor]
    s_dynamic: list[Tensor]
    generator: Generator
    ssim: float
    lpips: float
    seconds: float
    split: bool = True

    @cached_property
    def drawing(self) -> Drawing:
        """The generator made ready for drawing, once for all motions and lights.

        Generators of more than 64 px draw in bf16 where the processor is quick at it; smaller ones take milliseconds.
        """
        large = self.generator.resolution > SMALL
        return Drawing(self.generator, quick_precision(self.w.device.type) if large else torch.float32)

    @property
    def quality(self) -> Quality:
        """How well the photo is met."""
        return Quality(self.ssim, self.lpips)

    @torch.no_grad()
    def reconstruction(self) -> Tensor:
        """The photo as the model draws it, (1, 3, R, R), about [-1, 1]."""
        image: Tensor = self.generator(self.w, self.s_static, self.s_dynamic)
        return image


def fit(
    image: Tensor,
    moving: Tensor,
    generator: Generator,
    encoder: nn.Module | None,
    perceptual: LpipsAlex,
    settings: FitSettings | None = None,
    *,
    start: Start = starting_latents,
    teacher: PerceptualNetwork | None = None,
) -> Iterator[FitState[Inversion]]:
    """Find latents, and with most variants a copy of the generator, that draw a photo.

    Args:
        image: The photo, (1, 3, R, R) in [-1, 1] at the generator's resolution.
        moving: How much each pixel moves, (1, 1, R, R) in [0, 1].
        generator: G; it is never changed.
        encoder: E, (1, 3, R, R) to (1, blocks, width); None starts every variant at the mean w.
        perceptual: LPIPS, which measures the result.
        settings: Variant, numbers, most steps and seed.
        start: Gives the latents to start from.
        teacher: The perceptual network of the loss, if it is another one.

    Yields:
        The state before and after every step of the stages "fitting latents" and "fine-tuning", from the start on; the
        snapshot of the last is the best fit seen.

    Raises:
        ValueError: If the sizes do not fit the generator.
    """
    settings = settings or FitSettings()
    size = generator.resolution
    if image.shape != (1, 3, size, size) or moving.shape != (1, 1, size, size):
        raise ValueError(f"The model takes one photo and its mask at {size} x {size} pixels.")
    started = time.perf_counter()
    variant, numbers = VARIANTS[settings.variant], FIT_NUMBERS[settings.numbers]
    judge = QualityMeter(image, perceptual)
    teacher = teacher or perceptual
    latents = start(image, moving, generator, encoder, variant, settings.seed)

    def result(state: Latents, fitted: Generator) -> Inversion:
        with torch.no_grad():
            quality = judge(fitted(state.w, state.s_static, state.s_dynamic))
        seconds = time.perf_counter() - started
        return Inversion(
            state.w, state.s_static, state.s_dynamic, fitted, quality.ssim, quality.lpips, seconds, variant.split
        )

    def latents_of(step: Step) -> Inversion:
        return result(latents.copy(step.kept), generator)

    def weights_of(step: Step) -> Inversion:
        tuned = working_copy(generator)
        state = [step.kept(item).detach() for item in tuned_weights(working, numbers.tuned_blocks)]
        torch._foreach_copy_(tuned_weights(tuned, numbers.tuned_blocks), state)
        return result(latents.copy(), tuned)

    stage, total = STARTED, 0
    idle = not (variant.optimise_w or variant.optimise_maps or variant.tune)
    working = generator if idle else working_copy(generator)
    if variant.optimise_w or variant.optimise_maps:
        schedule = _limited(numbers.latents_of(settings.variant), settings.latent_steps)
        for step in fit_latents(working, latents, image, moving, teacher, variant, numbers, schedule):
            stage, total = step.stage, step.total
            yield FitState(stage, step.done, total, partial(latents_of, step), step.end)
    if variant.tune:
        schedule = _limited(numbers.tuning, settings.tune_steps)
        for step in tune(working, latents, image, moving, teacher, judge, variant, numbers, schedule, settings.seed):
            stage, total = step.stage, step.total
            yield FitState(stage, step.done, total, partial(weights_of, step), step.end)
        _round(tuned_weights(working, numbers.tuned_blocks))
    found = result(latents, working if variant.tune else generator)
    yield FitState(stage, total, total, lambda: found, lambda: None, finished=True)


@torch.no_grad()
def _round(weights: list[Tensor]) -> None:
    """Round weights to half precision, which no eye can see, so that a scene file keeps them in half the space."""
    torch._foreach_copy_(weights, [item.half() for item in weights])


def _limited(schedule: Schedule, steps: int | None) -> Schedule:
    return schedule if steps is None else dataclasses.replace(schedule, steps=steps)


def working_copy(generator: Generator) -> Generator:
    """A frozen copy to tune; the mapping and what no image passes through are shared with the original."""
    shared: dict[int, nn.Module] = {id(generator.mapping): generator.mapping}
    shared.update((id(layer), layer) for layer in generator.to_rgb[:-1])
    copied = copy.deepcopy(generator, shared).eval()
    copied.blocks.requires_grad_(False)
    copied.to_rgb[-1].requires_grad_(False)
    return copied
