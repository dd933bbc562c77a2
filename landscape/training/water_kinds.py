"""Learning to tell water that runs from water that stands: a logistic regression on a few figures of each part."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
from torch import nn

from landscape.errors import LandscapeError
from landscape.images.filters import resize
from landscape.masks.banks import find_source
from landscape.masks.find import segment_softly
from landscape.masks.labels import SKY, WATER
from landscape.masks.mirror import mirror_likeness
from landscape.masks.streaks import find_streaks
from landscape.masks.water_kinds import FIGURES, figures_of
from landscape.progress import Progress, check_cancelled, ignore_progress
from landscape.training.data.masks import LabelledPhoto, read_labelled_photos

RUNNING, STANDING = ("river", "creek", "rapids", "fall"), ("sea", "lake", "pond", "ice")
"""Kinds of water of photos, as :mod:`landscape.training.data.label_rules` tells them of held-out ones."""
_LISTED = Path(__file__).parent / "data" / "running_water.txt"
"""Sets, and photos of other sets, with running water alone; those of :data:`_STANDING_SETS` not listed have none."""
_STANDING_SETS = ("hand_labelled", "sea_horizon_weak", "water_clip_frames")
_SIDE = 112
"""Long side in cells of the grid on which figures are measured."""
_LEAST = 0.006
"""Smallest part, as a share of the photo, that is learnt from."""
_STANDING = 1.5
"""How much more standing water counts than running water: of what people photograph most stands, and a lake that runs
off sideways is seen at once, while a calm river that rocks is not."""
_DECAY = 0.02
_STEPS = 30
STAGE = "looking at water"

Matrix = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Example:
    """A part of the water of a photo: its figures, whether it runs, how much it counts, whether it is held out."""

    figures: Matrix
    runs: bool
    weight: float
    held_out: bool
    kind: str


def examples(
    data: Path,
    segmenter: nn.Module,
    progress: Progress = ignore_progress,
    cancel: threading.Event | None = None,
) -> list[Example]:
    """Parts of the water of all labelled photos whose kind of water is known.

    Args:
        data: Folder of labelled sets.
        segmenter: The network that finds the sky, which many labels of water leave out, in evaluation mode.
        progress: Called after every photo.
        cancel: Set it to stop.
    """
    listed, found = set(_LISTED.read_text(encoding="utf-8").split()), []
    photos = [photo for photo in read_labelled_photos(data) if (photo.labels == WATER).any()]
    for index, photo in enumerate(photos):
        check_cancelled(cancel)
        progress(STAGE, index, len(photos))
        runs = _runs(photo, listed)
        if runs is not None:
            found += _parts(photo, runs, segmenter)
    progress(STAGE, len(photos), len(photos))
    return found


def _runs(photo: LabelledPhoto, listed: set[str]) -> bool | None:
    if photo.kind in RUNNING or photo.kind in STANDING:
        return photo.kind in RUNNING
    if photo.kind:
        return None
    if photo.source in listed or f"{photo.source}/{photo.name}" in listed:
        return True
    return False if photo.source in _STANDING_SETS else None


def _parts(photo: LabelledPhoto, runs: bool, segmenter: nn.Module) -> list[Example]:
    water = (photo.labels == WATER).astype(np.float32)
    scale = _SIDE / max(water.shape)
    height, width = (max(4, round(side * scale)) for side in water.shape)
    share, streaks = resize(water, height, width), find_streaks(photo.pixels, water, height, width)
    count, parts = cv2.connectedComponents((share > 0.5).astype(np.uint8), connectivity=4)
    areas = np.bincount(parts.ravel(), minlength=count)[1:] / parts.size
    if not len(areas):
        return []
    mirror = mirror_likeness(photo.pixels, water)
    aside = find_source(photo.pixels, water)[0]
    sky = segment_softly(photo.pixels, segmenter)[..., SKY]
    rows = figures_of(photo.pixels, np.asarray(parts, np.int32), sky, streaks, mirror, aside)
    return [
        Example(row, runs, float(area**0.5 * photo.rank), photo.held_out, photo.kind)
        for row, area in zip(rows, areas, strict=True)
        if area > _LEAST
    ]


def fit_kinds(found: list[Example]) -> dict[str, object]:
    """Fit the regression by Newton's method; both kinds weigh the same but for :data:`_STANDING`.

    Returns:
        What :data:`landscape.masks.water_kinds.WEIGHTS` holds.

    Raises:
        LandscapeError: If one of the kinds is missing.
    """
    runs = np.array([example.runs for example in found], np.float64)
    if not 0 < runs.sum() < len(runs):
        raise LandscapeError("Give labelled sets with running water and with standing water.")
    figures = np.stack([example.figures for example in found])
    weight = np.array([example.weight for example in found])
    for kind, share in ((0, _STANDING), (1, 1.0)):
        weight[runs == kind] *= share / (1 + _STANDING) * len(runs) / weight[runs == kind].sum()
    mean, spread = figures.mean(axis=0), figures.std(axis=0) + 1e-6
    inputs = np.column_stack([(figures - mean) / spread, np.ones(len(runs))])
    decay = _DECAY * len(runs) * np.append(np.ones(len(FIGURES)), 1e-6)
    solution = np.zeros(inputs.shape[1])
    for _ in range(_STEPS):
        likely = 1 / (1 + np.exp(-inputs @ solution))
        slope = inputs.T @ (weight * (likely - runs)) + decay * solution
        curvature = (inputs * (weight * likely * (1 - likely))[:, None]).T @ inputs + np.diag(decay)
        solution -= np.linalg.solve(curvature, slope)
    named = {"mean": mean, "spread": spread, "weight": solution[:-1]}
    content: dict[str, object] = {
        name: {figure: round(float(value), 5) for figure, value in zip(FIGURES, values, strict=True)}
        for name, values in named.items()
    }
    return content | {"bias": round(float(solution[-1]), 5)}


def judge_kinds(content: dict[str, object], found: list[Example]) -> dict[str, str]:
    """How many of the held-out parts are told rightly, by kind: weighted by area, and their number."""
    columns = {name: content[name] for name in ("mean", "spread", "weight")}
    mean, spread, weight = (np.array([column[figure] for figure in FIGURES]) for column in columns.values())  # type: ignore[index]
    right: Counter[str] = Counter()
    total: Counter[str] = Counter()
    count: Counter[str] = Counter()
    for example in found:
        score = float(((example.figures - mean) / spread) @ weight) + float(content["bias"])  # type: ignore[arg-type]
        for kind in (example.kind, "runs" if example.runs else "stands"):
            right[kind] += example.weight * ((score > 0) == example.runs)  # type: ignore[assignment]
            total[kind] += example.weight  # type: ignore[assignment]
            count[kind] += 1
    return {kind: f"{right[kind] / total[kind]:.2f} of {count[kind]}" for kind in sorted(total)}
