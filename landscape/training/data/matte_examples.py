"""What the matte's network learns from: composites whose shares are known, and labelled photos."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor, nn

from landscape.images.tensors import from_pixels
from landscape.masks.find import look_softly
from landscape.masks.labels import OTHER, SKY, WATER
from landscape.progress import Progress, check_cancelled, ignore_progress
from landscape.training.data.composites import make_composite
from landscape.training.data.cuts import find_cuts, is_judged
from landscape.training.data.label_rules import NOT_SKY, NOT_WATER, UNKNOWN
from landscape.training.data.masks import read_labelled_photos

Pixels = np.ndarray
_SIDE = 768
"""Long side of composites in pixels, and of photos, about."""
_FIRST = 1_000_000
"""Seeds of composites for training begin here; judging begins at 0."""
_LIT = 0.5
"""How many things in them are lit by the sun: a network that saw a fifth missed pale masts and fences."""
_UNSURE = 9
"""Pixels of labels within half of this from an edge are not learnt from: labels are rough."""
_ALLOWED = {OTHER: (1, 0, 0), SKY: (0, 1, 0), WATER: (0, 0, 1), NOT_SKY: (1, 0, 1), NOT_WATER: (1, 1, 0)}
_MAGNIFIED = (0.75, 1.4)
_THING = 12.0
"""How much more pixels of things count than others do."""


@dataclass(frozen=True)
class Example:
    """A picture of which it is known what moves.

    Attributes:
        pixels: (H, W, 3) uint8.
        soft: (H, W, 3) float16, the segmenter's probabilities of other, sky and water.
        truth: (H, W, 3) uint8, 255 times the shares of other, sky and water; where several are 255 it is one of them.
        weight: (H, W) uint8, 0 where nothing is known, 2 on things, otherwise 1.
    """

    pixels: Pixels = field(repr=False)
    soft: np.ndarray = field(repr=False)
    truth: Pixels = field(repr=False)
    weight: Pixels = field(repr=False)


def make_examples(
    data: Path,
    segmenter: nn.Module,
    composites: int,
    photos: int,
    seed: int = 0,
    progress: Progress = ignore_progress,
    cancel: threading.Event | None = None,
) -> tuple[list[Example], list[Example]]:
    """Composites of cuts of a folder's photos, and labelled photos.

    Args:
        data: Folder with folders of photos, and ``masks``, that of the labelled sets; what mattes or the segmenter are
            judged on is left out.
        segmenter: The network that finds sky and water, in evaluation mode.
        composites: How many composites.
        photos: How many labelled photos at most.
        seed: Of everything random.
        progress: Called after every picture.
        cancel: Set it to stop.

    Returns:
        Both, in this order.

    Raises:
        Cancelled: If ``cancel`` was set.
        LandscapeError: If the photos show too little sky or ground, or there are no labels.
    """
    labelled = [p for p in read_labelled_photos(data / "masks", _SIDE**2 * 2 // 3) if not p.held_out]
    labelled = [photo for photo in labelled if not is_judged(photo.name)]
    cuts = find_cuts(data, segmenter, lambda stem: not is_judged(stem), progress)
    made, real = [], []
    for index in range(composites):
        check_cancelled(cancel)
        known = make_composite(cuts, _FIRST * (seed + 1) + index, _SIDE, lit=_LIT)
        truth = np.dstack([np.clip(1 - known.sky - known.water, 0, 1), known.sky, known.water])
        near = cv2.dilate((known.thing > 0.1).astype(np.uint8), np.ones((5, 5), np.uint8))
        soft = look_softly(known.pixels, segmenter).astype(np.float16)
        made.append(Example(known.pixels, soft, np.rint(255 * truth).astype(np.uint8), np.asarray(1 + near, np.uint8)))
        progress("making composites", index + 1, composites)
    kernel, allowed = np.ones((_UNSURE, _UNSURE), np.uint8), np.zeros((256, 3), np.uint8)
    for label, shares in _ALLOWED.items():
        allowed[label] = 255 * np.array(shares)
    order = np.random.default_rng(seed).permutation(len(labelled))[:photos]
    for done, index in enumerate(order):
        check_cancelled(cancel)
        photo = labelled[index]
        soft = look_softly(photo.pixels, segmenter).astype(np.float16)
        known_pixels = (cv2.dilate(photo.labels, kernel) == cv2.erode(photo.labels, kernel)) & (photo.labels != UNKNOWN)
        real.append(Example(photo.pixels, soft, allowed[photo.labels], known_pixels.astype(np.uint8)))
        progress("reading photos", done + 1, len(order))
    return made, real


def draw_batch(
    sets: Sequence[Sequence[Example]], size: int, each: int, rng: np.random.Generator
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Cut, magnify, flip and relight examples at random.

    Args:
        sets: Examples; each set gives the same number of cuts.
        size: Side of the cuts in pixels.
        each: Cuts of each set.
        rng: Source of randomness.

    Returns:
        Images (N, 3, size, size) in [-1, 1], probabilities and truth of the same shape in [0, 1], and weights
        (N, size, size).
    """
    cuts = [_cut(part[int(rng.integers(len(part)))], size, rng) for part in sets for _ in range(each)]
    images, soft, truth, weight = (np.stack(planes) for planes in zip(*cuts, strict=True))
    weights = torch.from_numpy(np.where(weight > 1, 1 + _THING, weight).astype(np.float32))
    known = torch.from_numpy(truth.astype(np.float32) / 255).permute(0, 3, 1, 2)
    return from_pixels(images), torch.from_numpy(soft).permute(0, 3, 1, 2), known, weights


def _cut(example: Example, size: int, rng: np.random.Generator) -> tuple[np.ndarray, ...]:
    height, width = example.weight.shape
    side = min(round(size / np.exp(rng.uniform(*np.log(_MAGNIFIED)))), height, width)
    for _ in range(4):  # mostly where there is a thing, if there is any
        y, x = (int(rng.integers(0, length - side + 1)) for length in (height, width))
        here = (slice(y, y + side), slice(x, x + side))
        if (example.weight[here] > 1).mean() > 0.01:
            break
    turned = slice(None, None, -1 if rng.random() < 0.5 else 1)
    planes = [example.pixels[here], example.soft[here].astype(np.float32), example.truth[here]]
    parts = [cv2.resize(p, (size, size), interpolation=cv2.INTER_LINEAR)[:, turned] for p in planes]
    weight = cv2.resize(example.weight[here], (size, size), interpolation=cv2.INTER_NEAREST)[:, turned]
    light = rng.uniform(0.7, 1.25) * rng.uniform(0.92, 1.08, 3)
    lit = 255 * np.clip(parts[0] / 255 * light, 0, 1) ** rng.uniform(0.8, 1.25)
    return lit.astype(np.uint8), parts[1], parts[2], weight
