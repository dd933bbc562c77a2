"""How well the masks of sky and water agree with labels, on photos that no training has seen."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from torch import nn

from landscape.errors import LandscapeError
from landscape.masks.find import find_matte
from landscape.masks.labels import SKY, UNKNOWN, WATER
from landscape.networks.matte import MatteNetwork
from landscape.progress import Progress, ignore_progress
from landscape.training.data.masks import LabelledPhoto, read_labelled_photos


def overlap(guess: np.ndarray, labels: np.ndarray, value: int) -> tuple[float, float]:
    """Measure the intersection and the union of one class.

    Args:
        guess: Labels uint8 (H, W): 0 other, 1 sky, 2 water.
        labels: The truth, uint8 (H, W); 255 is left out, 3 is anything but sky.
        value: The class.

    Returns:
        Both areas as fractions of the photo, so that every photo counts alike.
    """
    hit, truth = (guess == value) & (labels != UNKNOWN), labels == value
    return float((hit & truth).mean()), float((hit | truth).mean())


@dataclass(frozen=True)
class PhotoScore:
    """Intersections and unions of one photo as fractions of it, the time, and whether its water is labelled."""

    sky: tuple[float, float]
    water: tuple[float, float]
    labels_water: bool
    seconds: float


def score_photo(network: nn.Module, matte: MatteNetwork, photo: LabelledPhoto, device: str = "cpu") -> PhotoScore:
    """Compare the labels of :func:`landscape.masks.find.find_matte` with those of a photo.

    Args:
        network: The segmenter, in evaluation mode on ``device``.
        matte: What corrects it pixel by pixel, likewise.
        photo: A photo with labels.
        device: Torch device.
    """
    start = time.perf_counter()
    found = find_matte(photo.pixels, network, matte)
    guess = found.resized(*photo.labels.shape).labels()
    seconds = time.perf_counter() - start
    sky, water = (overlap(guess, photo.labels, value) for value in (SKY, WATER))
    return PhotoScore(sky, water, photo.labels_water, seconds)


def summarise(scores: Sequence[PhotoScore]) -> dict[str, float]:
    """Put the scores of photos together.

    Args:
        scores: At least one score.

    Returns:
        ``sky_iou`` over all photos, ``water_iou`` over those whose water is labelled (sums of intersections over sums
        of unions), ``photos``, ``water_photos`` and ``milliseconds`` per photo.
    """
    watered = [score.water for score in scores if score.labels_water]
    figures: dict[str, float] = {"sky_iou": _iou([score.sky for score in scores]), "photos": len(scores)}
    if sum(union for _, union in watered) > 0:
        figures |= {"water_iou": _iou(watered), "water_photos": len(watered)}
    return figures | {"milliseconds": round(1000 * sum(score.seconds for score in scores) / len(scores), 1)}


def evaluate_segmentation(
    data: Path, network: nn.Module, matte: MatteNetwork, device: str = "cpu", progress: Progress = ignore_progress
) -> dict[str, dict[str, float]]:
    """Score the held-out photos of every set of labels.

    Args:
        data: Folder of labelled sets, see :func:`landscape.training.data.masks.read_labelled_photos`.
        network: The segmenter, in evaluation mode on ``device``.
        matte: What corrects it pixel by pixel, likewise.
        device: Torch device.
        progress: Called after every photo.

    Returns:
        The figures of :func:`summarise` for each set and for ``all``.

    Raises:
        LandscapeError: If there is no data or nothing in it is held out.
    """
    photos = [photo for photo in read_labelled_photos(data, area=None) if photo.held_out]
    if not photos:
        raise LandscapeError(f"No labelled photo in {data} is held out for evaluation; add more photos.")
    scores: dict[str, list[PhotoScore]] = {}
    for done, photo in enumerate(photos):
        scores.setdefault(photo.source, []).append(score_photo(network, matte, photo, device))
        progress("segmentation", done + 1, len(photos))
    everything = [score for part in scores.values() for score in part]
    return {source: summarise(part) for source, part in {**scores, "all": everything}.items()}


def _iou(overlaps: Sequence[tuple[float, float]]) -> float:
    hit, union = (sum(pair[i] for pair in overlaps) for i in (0, 1))
    return round(hit / union, 4) if union else 1.0
