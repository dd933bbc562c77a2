"""Fitting the model to a photo: latents W and S, then a copy of the generator (paper, 3.2, algorithms 1 and 2).

The variants of the paper's table 2 are rows of :data:`VARIANTS` for one optimisation loop. The paper scales the
gradient of S by 0.001, which Adam undoes but for its eps; here the learning rate of each map is set by how strongly the
generator has learnt to listen to it, so that a step of S moves the features as far whatever the noise scales are.
"""

from __future__ import annotations

import copy
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from landscape.descent import Group, Phase, descend
from landscape.losses import ReconstructionLoss, style_tie
from landscape.networks.generator import Generator, NoiseScale
from landscape.networks.perceptual import LpipsAlex
from landscape.progress import Progress, ignore_progress
from landscape.regions import confine_dynamic, extend_dynamic, moving_cells
from landscape.rehearsal import View, rehearsed_views
from landscape.settings import InversionSettings
from landscape.similarity import ssim

__all__ = ["VARIANTS", "Inversion", "Variant", "confine_dynamic", "extend_dynamic", "invert"]

LATENT_STAGE = "fitting latents"
TUNE_STAGE = "fine-tuning"
HEARD = 0.2
"""Root mean square of the learnt noise scales at which maps move as fast as W. Adam undoes the constant factor 0.001 of
the release; what counts is how far a step of S moves the features, and that is the noise scale's doing."""
LARGEST_GAIN = 100.0
VIEWS = 8
"""Rehearsed views of a photo; every second fine-tuning step is on one of them."""
TUNE_RATE = 2e-3
"""The paper takes 1e-3 for a generator with four times the channels; measured, 2e-3 is there in half of the steps."""
TUNE_PERCEPTUAL_WEIGHT = 0.1
ENOUGH_SSIM, ENOUGH_LPIPS = 0.96, 0.04
"""Fine-tuning ends where both are reached: each step more would fit noise and cost the sky its freedom."""


@dataclass(frozen=True)
class Variant:
    """A way to fit the model to a photo (a row of the paper's figure 3).

    Attributes:
        encoder_start: Whether W starts at the encoder's prediction or at the mean w.
        random_maps: Whether S starts at unit normal noise or at zero.
        optimise_w: Whether step 2 changes W.
        optimise_maps: Whether step 2 changes S.
        tie_w: Whether W is tied to where it started.
        tune: Whether step 3 fine-tunes the generator.
        split: Whether the mask divides S_static from S_dynamic.
        rate: Adam's first learning rate of step 2.
        perceptual_weight: Weight of the perceptual term of step 2, in the paper's units.
        step_factor: Steps of step 2 per step of the settings.
    """

    encoder_start: bool = True
    random_maps: bool = False
    optimise_w: bool = True
    optimise_maps: bool = True
    tie_w: bool = True
    tune: bool = False
    split: bool = False
    rate: float = 0.1
    perceptual_weight: float = 0.01
    step_factor: int = 1


VARIANTS = {
    "I2S": Variant(False, True, optimise_maps=False, tie_w=False, rate=0.01, perceptual_weight=1.0, step_factor=8),
    "MO": Variant(False, tie_w=False),
    "E": Variant(random_maps=True, optimise_w=False, optimise_maps=False, tie_w=False),
    "EO": Variant(tie_w=False),
    "EOI": Variant(),
    "EOIF": Variant(tune=True),
    "EOIFS": Variant(tune=True, split=True),
}


@dataclass(frozen=True)
class Inversion:
    """A photo in the model's terms.

    Attributes:
        w: Style vectors, (1, blocks, width).
        s_static: Static maps, (1, 1, 4, 4), (1, 1, 8, 8), ... (1, 1, R, R).
        s_dynamic: Dynamic maps of the same sizes; with a mask, zero in the static parts.
        generator: The fine-tuned copy, or the generator itself where the variant does not tune.
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

    @torch.no_grad()
    def reconstruction(self) -> Tensor:
        """The photo as the model draws it, (1, 3, R, R), about [-1, 1]."""
        image: Tensor = self.generator(self.w, self.s_static, self.s_dynamic)
        return image


def invert(
    image: Tensor,
    moving: Tensor,
    generator: Generator,
    encoder: nn.Module | None,
    perceptual: LpipsAlex,
    settings: InversionSettings | None = None,
    progress: Progress = ignore_progress,
    cancel: threading.Event | None = None,
) -> Inversion:
    """Find latents, and with most variants a copy of the generator, that draw a photo.

    Args:
        image: The photo, (1, 3, R, R) in [-1, 1] at the generator's resolution.
        moving: How much each pixel moves, (1, 1, R, R) in [0, 1].
        generator: G; it is never changed.
        encoder: E, (1, 3, R, R) to (1, blocks, width); None starts every variant at the mean w.
        perceptual: The perceptual network.
        settings: Variant, most steps and seed.
        progress: Called after every step with the stages "fitting latents" and "fine-tuning".
        cancel: Set to stop at the next step.

    Returns:
        The best fit seen.

    Raises:
        ValueError: If the sizes do not fit the generator.
        landscape.errors.Cancelled: If ``cancel`` is set.
    """
    settings = settings or InversionSettings()
    size = generator.resolution
    if image.shape != (1, 3, size, size) or moving.shape != (1, 1, size, size):
        raise ValueError(f"The model takes one photo and its mask at {size} x {size} pixels.")
    started = time.perf_counter()
    variant = VARIANTS[settings.variant]
    judge = _Judge(image, perceptual)
    w, s_static, s_dynamic = _start(image, generator, encoder, variant, settings.seed)
    fitted = generator
    if variant.optimise_w or variant.optimise_maps:
        frozen = copy.deepcopy(generator).eval().requires_grad_(False)
        steps = settings.latent_steps * variant.step_factor
        _fit_latents(frozen, w, s_static, s_dynamic, image, moving, perceptual, variant, steps, progress, cancel)
    if variant.tune:
        fitted = copy.deepcopy(generator).eval()
        views = rehearsed_views(image, s_dynamic, moving, VIEWS, settings.seed) if variant.split else []
        _tune(fitted, w, s_static, s_dynamic, image, views, perceptual, judge, settings.tune_steps, progress, cancel)
        fitted.requires_grad_(False)
    with torch.no_grad():
        similarity, distance = judge(fitted(w, s_static, s_dynamic))
    return Inversion(w, s_static, s_dynamic, fitted, similarity, distance, time.perf_counter() - started, variant.split)


class _Judge:
    """Measures reconstructions by the marks of the paper's table 2."""

    def __init__(self, target: Tensor, perceptual: LpipsAlex) -> None:
        self._target, self._perceptual = target, perceptual
        self._features = perceptual.features(target)

    @torch.no_grad()
    def __call__(self, image: Tensor) -> tuple[float, float]:
        features = self._perceptual.features(image.detach().clamp(-1, 1))
        return ssim(image, self._target), float(self._perceptual.distance(features, self._features))

    def satisfied(self, image: Tensor) -> bool:
        similarity, distance = self(image)
        return similarity >= ENOUGH_SSIM and distance <= ENOUGH_LPIPS


@torch.no_grad()
def _start(
    image: Tensor, generator: Generator, encoder: nn.Module | None, variant: Variant, seed: int
) -> tuple[Tensor, list[Tensor], list[Tensor]]:
    depth = generator.depth()
    if variant.encoder_start and encoder is not None:
        w = encoder(image)[:, :depth].clone()
    else:
        w = generator.w_mean.expand(1, depth, -1).clone()
    rng = torch.Generator().manual_seed(seed)
    s_static, s_dynamic = generator.sample_maps(1, rng=rng), generator.sample_maps(1, rng=rng)
    if not variant.random_maps:
        s_static, s_dynamic = ([torch.zeros_like(item) for item in maps] for maps in (s_static, s_dynamic))
    return w, s_static, s_dynamic


def _fit_latents(
    generator: Generator,
    w: Tensor,
    s_static: list[Tensor],
    s_dynamic: list[Tensor],
    image: Tensor,
    moving: Tensor,
    perceptual: LpipsAlex,
    variant: Variant,
    steps: int,
    progress: Progress,
    cancel: threading.Event | None,
) -> None:
    """Step 2: change the latents in place."""
    start = w.clone()
    cells = moving_cells(moving, generator.config.resolutions)

    def phase(region: Tensor | None, maps: Sequence[Tensor]) -> Phase:
        reconstruction = ReconstructionLoss(image, perceptual, region)

        def loss(drawn: Tensor) -> Tensor:
            total = reconstruction(drawn, variant.perceptual_weight)
            return total + style_tie(w, start) if variant.tie_w else total

        parameters = [*([w] if variant.optimise_w else []), *(maps if variant.optimise_maps else [])]
        return Phase(lambda: generator(w, s_static, s_dynamic), loss, parameters)

    def confine() -> None:
        for static, dynamic, cell in zip(s_static, s_dynamic, cells, strict=True):
            static.mul_(1 - cell)
            dynamic.mul_(cell)

    if variant.split:
        phases = [phase(1 - moving, s_static), phase(moving, s_dynamic)]
    else:
        phases = [phase(None, [*s_static, *s_dynamic])]
    groups = [Group([w], variant.rate)] if variant.optimise_w else []
    if variant.optimise_maps:
        rates = [variant.rate * gain for gain in _map_gains(generator)]
        groups += [Group([a, b], rate) for a, b, rate in zip(s_static, s_dynamic, rates, strict=True)]
    descend(LATENT_STAGE, phases, groups, steps, progress, cancel, confine if variant.split else None)


def _map_gains(generator: Generator) -> list[float]:
    """How much faster than W the maps of each resolution move, the more the less the generator listens to them."""
    gains = []
    for block in generator.blocks:
        scales = [item.weight.flatten() * item.scale for item in block.modules() if isinstance(item, NoiseScale)]
        heard = torch.cat(scales).square().mean().sqrt()
        gains.append(min(HEARD / max(float(heard), 1e-9), LARGEST_GAIN))
    return gains


def _tune(
    generator: Generator,
    w: Tensor,
    s_static: list[Tensor],
    s_dynamic: list[Tensor],
    image: Tensor,
    views: Sequence[View],
    perceptual: LpipsAlex,
    judge: _Judge,
    steps: int,
    progress: Progress,
    cancel: threading.Event | None,
) -> None:
    """Step 3: change the weights of the generator in place; latents stay."""
    weights: list[Tensor] = [*generator.blocks.parameters(), *generator.to_rgb[-1].parameters()]

    def phase(maps: list[Tensor], target: Tensor, region: Tensor | None) -> Phase:
        reconstruction = ReconstructionLoss(target, perceptual, region)
        return Phase(
            lambda: generator(w, s_static, maps),
            lambda drawn: reconstruction(drawn, TUNE_PERCEPTUAL_WEIGHT),
            weights,
            judge.satisfied if region is None else None,
        )

    still = phase(s_dynamic, image, None)
    turns = [turn for view in views for turn in (still, phase(view.s_dynamic, view.target, view.region))]
    descend(TUNE_STAGE, turns or [still], [Group(weights, TUNE_RATE)], steps, progress, cancel)
