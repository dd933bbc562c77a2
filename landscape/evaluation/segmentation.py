"""How well the masks of sky and water agree with labels, on photos that no training has seen."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from torch import nn

from landscape.errors import LandscapeError
from landscape.masks.find import find_matte
from landscape.masks.labels import SKY, UNKNOWN, WATER
from landscape.progress import Progress, ignore_progress
from landscape.training.data.label_rules import NOT_WATER
from landscape.training.data.masks import LabelledPhoto, read_labelled_photos

DRY = "dry"
"""The kind of photos that are known to hold no water."""
MUCH_FALSE_WATER = 0.01
"""Share of a dry photo above which it counts as spoilt."""

Look = Callable[[LabelledPhoto, np.ndarray], None]


def overlap(guess: np.ndarray, labels: np.ndarray, value: int) -> tuple[float, float]:
    """Measure the intersection and the union of one class.

    Args:
        guess: Labels uint8 (H, W): 0 other, 1 sky, 2 water.
        labels: The truth, uint8 (H, W); 255 is left out, 3 is anything but sky, 4 anything but water: there nothing is
            known about the sky, and so it is left out for that.
        value: The class.

    Returns:
        Both areas as fractions of the photo, so that every photo counts alike.
    """
    known = (labels != UNKNOWN) & ((value != SKY) | (labels != NOT_WATER))
    hit, truth = (guess == value) & known, labels == value
    return float((hit & truth).mean()), float((hit | truth).mean())


@dataclass(frozen=True)
class PhotoScore:
    """How one photo was segmented.

    Attributes:
        source: Its set.
        name: Its file stem.
        kind: Kind of its water, ``DRY`` if there is known to be none, "" if nobody has told.
        sky: Intersection and union of the sky as fractions of the photo; None if its sky is not labelled.
        water: The same of the water.
        seconds: Time that it took.
    """

    source: str
    name: str
    kind: str
    sky: tuple[float, float] | None
    water: tuple[float, float] | None
    seconds: float

    @property
    def row(self) -> dict[str, Any]:
        """What reports say about it; ``false_water`` is the share of a dry photo that is taken for water."""
        row: dict[str, Any] = {"set": self.source, "name": self.name, "kind": self.kind}
        if self.sky is not None:
            row["sky_iou"] = _iou([self.sky])
        if self.kind == DRY and self.water is not None:
            row["false_water"] = round(self.water[1], 4)
        elif self.water is not None:
            row["water_iou"] = _iou([self.water])
        return row


def score_photo(
    network: nn.Module, photo: LabelledPhoto, look: Look | None = None, corrector: nn.Module | None = None
) -> PhotoScore:
    """Compare the labels of :func:`landscape.masks.find.find_matte` with those of a photo.

    Args:
        network: The segmenter, in evaluation mode.
        photo: A photo with labels.
        look: Called with the photo and what was found, labels uint8 (H, W).
        corrector: Corrects the segmenter, as for :func:`~landscape.masks.find.find_matte`.
    """
    start = time.perf_counter()
    found = find_matte(photo.pixels, network, corrector)
    guess = found.resized(*photo.labels.shape).labels()
    seconds = time.perf_counter() - start
    if look is not None:
        look(photo, guess)
    kind = photo.kind
    if not kind and photo.labels_water and not (photo.labels == WATER).any():
        kind = DRY
    sky = overlap(guess, photo.labels, SKY) if photo.labels_sky else None
    water = overlap(guess, photo.labels, WATER) if photo.labels_water else None
    return PhotoScore(photo.source, photo.name, kind, sky, water, seconds)


def summarise(scores: Sequence[PhotoScore]) -> dict[str, float]:
    """Put the scores of photos together.

    Args:
        scores: At least one score.

    Returns:
        ``photos`` and ``milliseconds`` per photo; ``sky_iou`` over those whose sky is labelled and ``water_iou`` over
        those whose water is (sums of intersections over sums of unions) with their number ``water_photos``, if any of
        them shows some; for dry photos their number ``dry_photos``, the mean ``false_water`` as a share of the photo,
        and how many have more than a hundredth of it.
    """
    skies = [score.sky for score in scores if score.sky is not None]
    waters = [score.water for score in scores if score.water is not None]
    dry = [score.water[1] for score in scores if score.kind == DRY and score.water is not None]
    figures: dict[str, float] = {"photos": len(scores)}
    if sum(union for _, union in skies) > 0:
        figures["sky_iou"] = _iou(skies)
    if len(waters) > len(dry):
        figures |= {"water_iou": _iou(waters), "water_photos": len(waters)}
    if dry:
        spoilt = sum(share > MUCH_FALSE_WATER for share in dry)
        figures |= {"dry_photos": len(dry), "false_water": round(sum(dry) / len(dry), 5), "spoilt_dry_photos": spoilt}
    return figures | {"milliseconds": round(1000 * sum(score.seconds for score in scores) / len(scores), 1)}


def evaluate_segmentation(
    data: Path,
    network: nn.Module,
    progress: Progress = ignore_progress,
    look: Look | None = None,
    corrector: nn.Module | None = None,
) -> dict[str, Any]:
    """Score the held-out photos of every set of labels.

    Args:
        data: Folder of labelled sets, see :func:`landscape.training.data.masks.read_labelled_photos`.
        network: The segmenter, in evaluation mode.
        progress: Called after every photo.
        look: Called with every photo and what was found in it, labels uint8 (H, W).
        corrector: Corrects the segmenter, as for :func:`~landscape.masks.find.find_matte`.

    Returns:
        ``sets``: the figures of :func:`summarise` for each set and for ``all``; ``kinds``: those for each kind of water
        and for dry photos, the worst first; ``photos``: one :attr:`PhotoScore.row` each, the worst water first.

    Raises:
        LandscapeError: If there is no data or nothing in it is held out.
    """
    photos = [photo for photo in read_labelled_photos(data, area=None) if photo.held_out]
    if not photos:
        raise LandscapeError(f"No labelled photo in {data} is held out for evaluation; add more photos.")
    scores: list[PhotoScore] = []
    for done, photo in enumerate(photos):
        scores.append(score_photo(network, photo, look, corrector))
        progress("segmentation", done + 1, len(photos))
    sets = {source: [s for s in scores if s.source == source] for source in dict.fromkeys(s.source for s in scores)}
    kinds = {kind: [s for s in scores if s.kind == kind] for kind in sorted({s.kind for s in scores} - {""})}
    by_kind = {kind: summarise(part) for kind, part in kinds.items()}
    return {
        "sets": {source: summarise(part) for source, part in {**sets, "all": scores}.items()},
        "kinds": dict(sorted(by_kind.items(), key=lambda item: item[1].get("water_iou", 1.0))),
        "photos": sorted((score.row for score in scores), key=_goodness),
    }


def _goodness(row: dict[str, Any]) -> tuple[float, float]:
    """How well a photo went: its water, or the land that was not taken for water, and its sky."""
    return row.get("water_iou", 1 - row.get("false_water", 0.0)), row.get("sky_iou", 1.0)


def _iou(overlaps: Sequence[tuple[float, float]]) -> float:
    hit, union = (sum(pair[i] for pair in overlaps) for i in (0, 1))
    return round(hit / union, 4) if union else 1.0
