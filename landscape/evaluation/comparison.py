"""Made clips beside real ones (paper, 4 and 8): likeness over time, flow, how skies move, and whether it shows."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from statistics import median
from typing import Any

import numpy as np
import torch
from torch import Tensor

from landscape.errors import require
from landscape.evaluation.cases import Case, Mask
from landscape.evaluation.classifier import Rows, Verdict, classify, window_features, window_pictures
from landscape.evaluation.frechet import Features, feature_moments, frechet_distance
from landscape.evaluation.methods import Method
from landscape.evaluation.metrics import direction_error, lpips, sky_flow
from landscape.evaluation.motion import LIMITS, measure
from landscape.evaluation.recording import coded
from landscape.evaluation.video_distance import clip_logits
from landscape.images.pixels import Pixels
from landscape.images.similarity import ssim
from landscape.images.tensors import from_pixels
from landscape.networks.perceptual import LpipsAlex
from landscape.progress import Progress, check_cancelled, ignore_progress

REAL = "real"
"""The real clips themselves, as a row of the tables."""
STAGE = "measuring methods"
MOMENTS = 6
"""Frames of a clip that are compared with its first, at equal distances."""
_LEAST_WATER = 0.02
"""Share of the picture below which the flow of water says nothing."""


@dataclass
class Made:
    """What one method made, and what was measured of it.

    Attributes:
        clips: Figures of each clip, by its name; see :func:`compare`.
        pictures: Features of single frames: by moment, one row for each clip.
        windows: Features of the windows of each clip.
        films: Logits of each clip, for the Fréchet video distance, where it was asked for.
        looks: The windows of each clip as people see them.
        shown: All frames of the first few clips, by the clip's name.
    """

    clips: dict[str, dict[str, Any]] = field(default_factory=dict)
    pictures: list[list[Rows]] = field(default_factory=lambda: [[] for _ in range(MOMENTS)])
    windows: list[Rows] = field(default_factory=list)
    films: list[Rows] = field(default_factory=list)
    looks: list[list[Pixels]] = field(default_factory=list)
    shown: dict[str, list[Pixels]] = field(default_factory=dict)


def moments_of(frames: int) -> list[int]:
    """Which frames of a clip are compared with its first, which is the first of them."""
    return [round(place) for place in np.linspace(0, frames - 1, MOMENTS)]


def compare(
    cases: Iterable[Case],
    methods: Mapping[str, Method],
    perceptual: LpipsAlex,
    network: Features,
    film_network: Callable[[Tensor], Tensor] | None = None,
    shown: int = 12,
    progress: Progress = ignore_progress,
    cancel: threading.Event | None = None,
    crf: int | None = None,
    turns: Mapping[str, float] | None = None,
) -> dict[str, Made]:
    """Let every method animate every case, and measure what it made and the real clips.

    Args:
        cases: The cases.
        methods: By name.
        perceptual: LPIPS.
        network: Features for Fréchet distances and for the classifier.
        film_network: I3D, for the Fréchet video distance; None leaves that out.
        shown: Clips whose frames are kept for the report.
        progress: Called after every clip of every method.
        cancel: Set it to stop.
        crf: Rate factor of the video as which real and made frames alike are coded first; None compares them as they
            are, real ones with the noise and the coding of their recording.
        turns: By how many degrees methods go another way than the real sky, where they do.

    Returns:
        By method, and for :data:`REAL`, what was measured. Of each clip: lists over :data:`MOMENTS` of ``static_ssim``
        and ``static_lpips``, frames against the first with what moves set to zero; ``sky_flow`` and ``water_flow`` in
        half widths a frame, and as ``sky_flow_ratio``, ``water_flow_ratio`` to the real clip's; ``direction_error``
        of the sky against the real one in degrees; and the figures of :func:`landscape.evaluation.motion.measure`.

    Raises:
        Cancelled: If ``cancel`` was set.
    """
    found: dict[str, Made] = {name: Made() for name in (REAL, *methods)}
    done = 0
    for case in cases:
        real: dict[str, Any] = {}
        for name, made in found.items():
            check_cancelled(cancel)
            frames = case.frames if name == REAL else methods[name](case)
            frames = frames if crf is None else coded(frames, crf)
            figures = _figures(case, frames, perceptual)
            real = figures if name == REAL else real
            made.clips[case.name] = figures | _against(figures, real, (turns or {}).get(name, 0.0))
            moments = moments_of(len(frames))
            for rows, place in zip(made.pictures, moments, strict=True):
                with torch.inference_mode():
                    rows.append(network(from_pixels(frames[place][None])).double().cpu().numpy())
            made.windows.append(window_features(frames, network))
            if film_network is not None:
                made.films.append(clip_logits(frames, film_network))
            made.looks.append(window_pictures(frames))
            if len(made.shown) < shown:
                made.shown[case.name] = frames
            done += 1
            progress(STAGE, done, done + 1)
    return found


def _figures(case: Case, frames: list[Pixels], perceptual: LpipsAlex) -> dict[str, Any]:
    still = 1 - (case.alpha > 0.02)
    shown = [(frames[place] * still).astype(np.uint8) for place in moments_of(len(frames))]
    figures: dict[str, Any] = {
        "static_ssim": [round(ssim(frame, shown[0]), 4) for frame in shown],
        "static_lpips": [round(lpips(frame, shown[0], perceptual), 4) for frame in shown],
    }
    for name, mask in (("sky", case.sky), ("water", case.water)):
        if float(mask.mean()) > _LEAST_WATER:
            flow = _flow(frames, mask)
            figures[f"{name}_flow"] = round(flow[0], 5)
            if name == "sky":
                figures["sky_direction"] = round(flow[1], 1)
    return figures | measure(case.clip(frames))


def _flow(frames: list[Pixels], mask: Mask) -> tuple[float, float]:
    found = sky_flow(frames, mask.astype(np.float32))
    return found.magnitude, found.direction_deg


def _against(figures: dict[str, Any], real: dict[str, Any], turn: float) -> dict[str, float]:
    """Figures of a made clip as ratios to those of the real one, whose sky goes so many degrees another way."""
    result = {}
    for name in ("sky_flow", "water_flow"):
        if name in figures and real.get(name, 0) > 1e-4:
            result[f"{name}_ratio"] = round(figures[name] / real[name], 3)
    if not math.isnan(real.get("sky_direction", math.nan)):
        asked = (real["sky_direction"] + turn) % 360
        result["direction_error"] = round(direction_error(figures["sky_direction"], asked), 1)
    return result


def summarise(found: Mapping[str, Made], seed: int = 0) -> dict[str, dict[str, Any]]:
    """Figures of each method over all clips.

    Args:
        found: What :func:`compare` gave.
        seed: Seed of the classifier's interval.

    Returns:
        By method: curves over :data:`MOMENTS` of the means of ``static_ssim`` and ``static_lpips`` and of ``frechet``,
        the distance between real first frames and made frames of that moment; ``fvd``,
        that between clips; medians of the other figures; ``skies``,
        the share of skies' figures within the limits of real ones; and, but for the real clips, ``classifier`` with
        accuracy and interval. Fréchet distances and the classifier take two clips.

    Raises:
        LandscapeError: If there are no clips.
    """
    real, summary = found[REAL], {}
    require(bool(real.clips), "No clip has 12 frames and some sky: give longer clips that show the sky.")
    for name, made in found.items():
        rows = list(made.clips.values())
        figures: dict[str, Any] = {"clips": len(rows)}
        for curve in ("static_ssim", "static_lpips"):
            figures[curve] = [round(float(value), 4) for value in np.mean([row[curve] for row in rows], axis=0)]
        for key in sorted({key for row in rows for key in row} - {"static_ssim", "static_lpips", "sky_direction"}):
            figures[key] = round(median(float(row[key]) for row in rows if key in row), 4)
        kept = [low <= row[key] <= high for row in rows for key, (low, high) in LIMITS.items() if key in row]
        figures["skies"] = round(float(np.mean(kept)), 3)
        if len(rows) > 1:
            first = feature_moments(np.concatenate(real.pictures[0]))
            moments = [feature_moments(np.concatenate(rows)) for rows in made.pictures]
            if made.films:
                films = (feature_moments(np.concatenate(rows)) for rows in (real.films, made.films))
                figures["fvd"] = round(frechet_distance(*films), 1)
            figures["frechet"] = [round(frechet_distance(first, own), 2) for own in moments]
            if name != REAL:
                verdict = verdict_of(found, name, seed)
                interval = [round(verdict.low, 3), round(verdict.high, 3)]
                figures["classifier"] = {"accuracy": round(verdict.accuracy, 3), "interval": interval}
        summary[name] = figures
    return summary


def verdict_of(found: Mapping[str, Made], name: str, seed: int = 0) -> Verdict:
    """What a classifier makes of a method's windows beside the real ones."""
    return classify(found[REAL].windows, found[name].windows, seed)
