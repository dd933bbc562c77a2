"""The scoreboard of the generator: how real its samples are, and what each of its inputs controls.

The second part needs no labels (paper, section 4): samples that differ in one input are compared with one another.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from landscape.evaluation.frechet import Features, feature_moments, frechet_distance
from landscape.evaluation.metrics import direction_error, sky_flow
from landscape.evaluation.references import COMPARED, reference_moments
from landscape.generate.sampler import Sampler
from landscape.generate.synthesis import SYNTHETIC_HORIZON
from landscape.images.similarity import ssim
from landscape.images.tensors import to_pixels
from landscape.masks.labels import OTHER, SKY
from landscape.motion.maps import DynamicMotion
from landscape.networks.generator import Z_DYNAMIC_WIDTH, Generator
from landscape.networks.perceptual import LpipsAlex
from landscape.networks.prior import LatentPrior
from landscape.progress import Progress, check_cancelled, ignore_progress
from landscape.settings import MotionSettings

BATCH = 50
SEGMENTED_AT = 256
LIGHT_STEPS = torch.linspace(-2, 2, 9)
FRAMES, FRAME_STEP = 7, 4 / 30
"""Frames between which the optical flow is measured, and the seconds from one to the next."""
LUMINANCE = (0.299, 0.587, 0.114)


@torch.inference_mode()
def frechet_distances(
    sampler: Sampler,
    prepared: Path,
    features: dict[str, Features],
    samples: int,
    reference: int = 64,
    seed: int = 0,
    progress: Progress = ignore_progress,
    cancel: threading.Event | None = None,
    enlarge: Callable[[Tensor], Tensor] | None = None,
) -> dict[str, float]:
    """Fréchet distances of samples from real stills.

    Args:
        sampler: Draws samples with its generator, from its prior or from white noise.
        prepared: Folder of :func:`landscape.training.data.pictures.prepare`; keeps the features of the real stills.
        features: Networks by name.
        samples: Number of samples.
        reference: Resolution of the real stills, pixels. It does not follow the generator's, so that the figures of
            generators of different resolutions compare: what small samples lack counts.
        seed: Seed of the samples.
        progress: Called for every batch.
        cancel: Set to stop.
        enlarge: What enlarges the samples first, as the program enlarges the generator's frames.

    Returns:
        Per network ``NAME_training``, against the stills with their shares in the training, and ``NAME_held_out``,
        against the few stills that it never saw; ``NAME_floor`` is the distance between these two sets of real stills.
    """

    def report(task: str, done: int, total: int) -> None:
        check_cancelled(cancel)
        progress(task, done, total)

    real = {
        name: reference_moments(prepared, reference, name, network, partial(report, f"{name} features of stills"))
        for name, network in features.items()
    }
    found: dict[str, list[Tensor]] = {name: [] for name in features}
    rng = torch.Generator().manual_seed(seed)
    for start in range(0, samples, BATCH):
        batch = min(BATCH, samples - start)
        images = sampler.draw_images(sampler.draw(batch, rng)).clamp(-1, 1)
        if enlarge is not None:
            images = enlarge(images).clamp(-1, 1)
        for name, network in features.items():
            found[name].append(network(images).cpu())
        report("features of samples", start + batch, samples)
    result: dict[str, float] = {}
    for name, references in real.items():
        drawn = feature_moments(torch.cat(found[name]).numpy())
        result[f"{name}_training"] = frechet_distance(drawn, references.training)
        result[f"{name}_held_out"] = frechet_distance(drawn, references.held_out)
        result[f"{name}_floor"] = frechet_distance(references.training, references.held_out)
    return {name: round(value, 4) for name, value in result.items()}


@torch.inference_mode()
def disentanglement(
    generator: Generator,
    segmenter: nn.Module,
    perceptual: LpipsAlex,
    scenes: int = 64,
    seed: int = 0,
    progress: Progress = ignore_progress,
    cancel: threading.Event | None = None,
    prior: LatentPrior | None = None,
) -> dict[str, Any]:
    """Measure what the dynamic inputs change in samples (paper, section 4).

    Args:
        generator: M and G.
        segmenter: Finds sky and water in the samples.
        perceptual: LPIPS.
        scenes: Number of samples per figure.
        seed: Seed of the samples.
        progress: Called for every scene.
        cancel: Set to stop.
        prior: The prior of the latents, white noise without it.

    Returns:
        ``static_ssim`` and ``static_lpips``: what stands still, between samples that share the static part only.
        ``moving_lpips``: the same of sky and water, which should differ about as much as those of a clip do, see
        :func:`landscape.evaluation.references.change_of_clips`.
        ``flow``, ``direction_error_deg``: motion of the sky while S_dynamic moves to the right.
        ``light``: per coordinate of z_dynamic the change of luminance and of warmth (red less blue) from -2 to 2, in
        units of [0, 1], and the share of scenes in which luminance or warmth goes one way only.
    """
    rng = torch.Generator().manual_seed(seed)
    sampler = Sampler(generator, prior)
    rows: list[dict[str, float]] = []
    ranges: list[NDArray[np.float64]] = []
    steady: list[NDArray[np.bool_]] = []
    for index in range(scenes):
        check_cancelled(cancel)
        scene = sampler.draw(1, rng)
        z, static = scene.z, scene.s_static
        dynamic = [scene.s_dynamic, sampler.redraw_dynamic(scene, rng).s_dynamic]
        other = generator.redraw_light(z, rng)
        first = generator(generator.mapping(z), static, dynamic[0]).clamp(-1, 1)
        labels = _labels(first, segmenter)
        rows.append(_static_figures(generator, first, (z, other), static, dynamic, labels == OTHER, perceptual))
        rows[-1] |= _motion_figures(generator, z, static, dynamic[0], labels == SKY)
        change, one_way = _light_figures(generator, z, static, dynamic[0])
        ranges.append(change)
        steady.append(one_way)
        progress("comparing samples", index + 1, scenes)
    names = sorted({name for row in rows for name in row})
    figures: dict[str, Any] = {
        name: round(float(np.mean([row[name] for row in rows if name in row])), 4) for name in names
    }
    means, shares = np.mean(ranges, axis=0), np.mean(steady, axis=0)
    figures["light"] = [
        {
            "luminance": round(float(means[i, 0]), 4),
            "warmth": round(float(means[i, 1]), 4),
            "monotonic": round(float(shares[i]), 3),
        }
        for i in range(Z_DYNAMIC_WIDTH)
    ]
    figures["scenes_with_sky"] = sum("flow" in row for row in rows)
    return figures


def _labels(image: Tensor, segmenter: nn.Module) -> Tensor:
    large = F.interpolate(image, (SEGMENTED_AT, SEGMENTED_AT), mode="bicubic", align_corners=False).clamp(-1, 1)
    logits = F.interpolate(segmenter(large), image.shape[2:], mode="bilinear", align_corners=False, antialias=True)
    return logits.argmax(dim=1, keepdim=True)


def _static_figures(
    generator: Generator,
    first: Tensor,
    codes: tuple[Tensor, Tensor],
    static: list[Tensor],
    dynamic: list[list[Tensor]],
    still: Tensor,
    perceptual: LpipsAlex,
) -> dict[str, float]:
    """Compare a sample with one of the same light and another S_dynamic, and with one of another light as well.

    Outside the compared part both images show the first one, so that only that part can differ.
    """
    figures: dict[str, float] = {}
    moved = generator(generator.mapping(codes[0]), static, dynamic[1]).clamp(-1, 1)
    relit = generator(generator.mapping(codes[1]), static, dynamic[1]).clamp(-1, 1)
    share = still.float().mean().item()
    if COMPARED < share < 1 - COMPARED:
        for name, image in (("static", moved), ("static_relit", relit)):
            pasted = torch.where(still, image, first)
            figures[f"{name}_lpips"] = float(perceptual(pasted, first)) / share
            figures[f"{name}_ssim"] = 1 - (1 - ssim(pasted, first)) / share
        figures["moving_lpips"] = float(perceptual(torch.where(still, first, moved), first)) / (1 - share)
    return figures


def _motion_figures(
    generator: Generator, z: Tensor, static: list[Tensor], dynamic: list[Tensor], sky: Tensor
) -> dict[str, float]:
    region = sky[0, 0].float().cpu().numpy()
    if region.mean() < 0.1:
        return {}
    settings = MotionSettings()
    carried = DynamicMotion(dynamic, settings, SYNTHETIC_HORIZON)
    w = generator.mapping(z)
    frames = [to_pixels(generator(w, static, carried.at(i * FRAME_STEP)))[0] for i in range(FRAMES)]
    flow = sky_flow(frames, region)
    return {
        "flow": flow.magnitude / (FRAME_STEP * 30),
        "direction_error_deg": direction_error(flow.direction_deg, settings.direction),
    }


def _light_figures(
    generator: Generator, z: Tensor, static: list[Tensor], dynamic: list[Tensor]
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Change of luminance and warmth along each coordinate (3, 2), and whether one of them is monotonic (3,)."""
    change, one_way = np.zeros((Z_DYNAMIC_WIDTH, 2)), np.zeros(Z_DYNAMIC_WIDTH, bool)
    for coordinate in range(Z_DYNAMIC_WIDTH):
        codes = z.repeat(len(LIGHT_STEPS), 1)
        codes[:, -Z_DYNAMIC_WIDTH:] = 0
        codes[:, -Z_DYNAMIC_WIDTH + coordinate] = LIGHT_STEPS.to(z)
        maps = ([s.expand(len(codes), -1, -1, -1) for s in each] for each in (static, dynamic))
        colours = (generator(generator.mapping(codes), *maps).clamp(-1, 1) / 2 + 0.5).mean(dim=(2, 3)).cpu()
        curves = (colours @ torch.tensor(LUMINANCE), colours[:, 0] - colours[:, 2])
        for i, curve in enumerate(curves):
            steps = curve.diff()
            change[coordinate, i] = float((curve.max() - curve.min()).abs())
            one_way[coordinate] |= bool((steps > -1e-4).all() or (steps < 1e-4).all())
    return change, one_way
