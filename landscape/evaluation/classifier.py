"""A classifier test: can windows of real clips be told from made ones? At 50 % they cannot."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from landscape.evaluation.frechet import Features
from landscape.images.pixels import Pixels
from landscape.images.tensors import from_pixels

Rows = NDArray[np.float64]

WINDOWS = 6
"""Windows of a clip, at equal distances."""
GAP = 2
"""Frames between the two of a window."""
PENALTY = 1.0
"""Weight of the squared coefficients, in parts of the mean variance of the features times their number."""
_DRAWS = 1000
_PICTURE = 128
"""Side at which windows are seen by the network, pixels."""
_SHOWN = (160, 96)
"""Size at which people see them."""


@dataclass(frozen=True)
class Verdict:
    """What a classifier makes of the windows.

    Attributes:
        accuracy: Share of the windows that it tells rightly, of places that it has not seen; 0.5 is chance.
        low: Lower end of the interval that holds 95 % of the accuracies of resampled places.
        high: Upper end.
        scores: How sure it is that each made window is made, in the order of the clips; 0 is undecided.
    """

    accuracy: float
    low: float
    high: float
    scores: NDArray[np.float64]


def window_places(frames: int) -> list[int]:
    """First frames of the windows of a clip."""
    return sorted({int(place) for place in np.linspace(0, frames - 1 - GAP, WINDOWS).round()})


def window_features(frames: Sequence[Pixels], network: Features) -> Rows:
    """Features of the windows of a clip, (windows, 3 F): of a frame, of what changes, and of the change's picture.

    Args:
        frames: The clip.
        network: Frozen features of pictures, as of :func:`landscape.evaluation.frechet.lite0_features`.
    """
    size = (_PICTURE, _PICTURE)
    small = [np.asarray(cv2.resize(frame, size, interpolation=cv2.INTER_AREA), np.uint8) for frame in frames]
    places = window_places(len(frames))
    first, second = (np.stack([small[place + offset] for place in places]) for offset in (0, GAP))
    change = _change(first, second)
    with torch.inference_mode():
        seen = [network(from_pixels(pictures)).double().cpu().numpy() for pictures in (first, second, change)]
    return np.concatenate([seen[0], seen[1] - seen[0], seen[2]], axis=1)


def window_pictures(frames: Sequence[Pixels]) -> list[Pixels]:
    """The windows of a clip as people see them: both frames and what changes, side by side, small."""
    found = []
    for place in window_places(len(frames)):
        first, second = (
            np.asarray(cv2.resize(frames[at], _SHOWN, interpolation=cv2.INTER_AREA), np.uint8)
            for at in (place, place + GAP)
        )
        found.append(np.concatenate([first, second, _change(first, second)], axis=1))
    return found


def _change(first: Pixels, second: Pixels) -> Pixels:
    """What changes from one picture to another, four times as strong, about grey."""
    return np.clip(128 + 4 * (second.astype(np.float32) - first), 0, 255).astype(np.uint8)


def classify(real: Sequence[Rows], made: Sequence[Rows], seed: int = 0) -> Verdict:
    """Train a linear classifier with a squared penalty, and try it on places that it has not seen.

    Args:
        real: Features of the windows of each place's real clip.
        made: The same of each place's made clip, in the same order.
        seed: Seed of the interval.

    Raises:
        ValueError: If there are fewer than two places.
    """
    if len(real) != len(made) or len(real) < 2:
        raise ValueError("A classifier is tried on other places than it learnt from: it takes two.")
    right, scores = [], []
    for place in range(len(real)):
        others = [i for i in range(len(real)) if i != place]
        seen = np.concatenate([real[i] for i in others] + [made[i] for i in others])
        labels = np.concatenate([[-1.0] * len(real[i]) for i in others] + [[1.0] * len(made[i]) for i in others])
        decide = _fitted(seen, labels)
        on_real, on_made = decide(real[place]), decide(made[place])
        right.append(np.concatenate([on_real < 0, on_made > 0]))
        scores.append(on_made)
    rng = np.random.default_rng(seed)
    drawn = rng.integers(0, len(right), (_DRAWS, len(right)))
    shares = [float(np.mean(np.concatenate([right[i] for i in row]))) for row in drawn]
    low, high = np.percentile(shares, [2.5, 97.5])
    return Verdict(float(np.mean(np.concatenate(right))), float(low), float(high), np.concatenate(scores))


def _fitted(rows: Rows, labels: Rows) -> Callable[[Rows], Rows]:
    """A linear function of features that is near their labels, -1 and 1."""
    mean, spread = rows.mean(axis=0), rows.std(axis=0) + 1e-6
    scaled = (rows - mean) / spread
    kernel = scaled @ scaled.T  # as there are fewer windows than features
    weights = np.linalg.solve(kernel + PENALTY * scaled.shape[1] * np.eye(len(rows)), labels - labels.mean())
    slope, offset = scaled.T @ weights, labels.mean()
    return lambda others: np.asarray(((others - mean) / spread) @ slope + offset)
