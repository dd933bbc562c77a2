"""Examples for the network of the matte: composites whose shares are known, and photos far from borders."""

from __future__ import annotations

import dataclasses
import threading
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
from torch import nn

from landscape.images.filters import resize
from landscape.images.pixels import Array
from landscape.masks.closer_look import SIDE as CLOSER_SIDE
from landscape.masks.closer_look import blend_in
from landscape.masks.find import segment_softly
from landscape.masks.labels import SKY, WATER
from landscape.masks.solve import features, tidied
from landscape.networks.matte import MULTIPLE
from landscape.photo.read import read_photo
from landscape.progress import Progress, check_cancelled, ignore_progress
from landscape.training.data.composites import KINDS, make_composite
from landscape.training.data.cuts import find_cuts, find_photos, is_judged

SIDES = (640, 768, 768, 1024)
"""Long sides of the composites in pixels."""
_FAR, _SURE = (0.06, 0.012), 0.9
"""How far from borders the segmenter is right about photos in the sky, where twigs are seen, and elsewhere, as
fractions of the long side, and how sure it must be."""
_FIRST = 1_000_000
"""Seeds of composites for training begin here; judging begins at 0."""


@dataclass(frozen=True)
class Example:
    """A picture whose shares are known, as the network sees it.

    Attributes:
        fine: (H, W, 6) float16 features.
        coarse: (H / 2, W / 2, 4) float16 features.
        soft: (H / 2, W / 2, 3) float16, the segmenter's probabilities.
        shares: (H, W, 2) uint8, 255 times the shares of sky and water.
        weight: (H / 2, W / 2) float16, how much each place counts.
    """

    fine: Array = field(repr=False)
    coarse: Array = field(repr=False)
    soft: Array = field(repr=False)
    shares: Array = field(repr=False)
    weight: Array = field(repr=False)

    @classmethod
    def of(cls, pixels: Array, soft: Array, sky: Array, water: Array) -> Example:
        """An example of a picture (H, W, 3), probabilities at any size, and shares (H, W); crops a remainder of 32."""
        height, width = (side // MULTIPLE * MULTIPLE for side in pixels.shape[:2])
        known = tidied(resize(np.asarray(soft, np.float32), -(-pixels.shape[0] // 2), -(-pixels.shape[1] // 2)))
        known = np.ascontiguousarray(known[: height // 2, : width // 2])
        fine, coarse = features(np.ascontiguousarray(pixels[:height, :width]), known)
        shares = np.rint(255 * np.dstack([sky, water])[:height, :width]).astype(np.uint8)
        weight = np.ones(known.shape[:2], np.float16)
        return cls(fine.astype(np.float16), coarse.astype(np.float16), known.astype(np.float16), shares, weight)

    @classmethod
    def of_photo(cls, pixels: Array, soft: Array) -> Example:
        """An example of a photo (H, W, 3) of which the segmenter is right far from borders; the rest counts nothing."""
        example = cls.of(pixels, soft, *np.zeros((2, *pixels.shape[:2]), np.float32))
        labels = example.soft.argmax(axis=2).astype(np.uint8)
        border = cv2.morphologyEx(labels, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8))
        distance = cv2.distanceTransform((border == 0).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5) / max(
            labels.shape
        )
        sure = (distance > np.where(labels == SKY, *_FAR)) & (example.soft.max(axis=2) > _SURE)
        height, width = example.shares.shape[:2]
        large = cv2.resize(labels, (width, height), interpolation=cv2.INTER_NEAREST)
        shares = np.dstack([large == SKY, large == WATER]).astype(np.uint8) * np.uint8(255)
        return dataclasses.replace(example, shares=shares, weight=sure.astype(np.float16))


def make_examples(
    folder: Path,
    segmenter: nn.Module,
    composites: int = 132,
    photos: int = 64,
    seed: int = 0,
    progress: Progress = ignore_progress,
    cancel: threading.Event | None = None,
) -> list[Example]:
    """Composites of cuts of a folder's photos, and some of the photos, as the network sees them.

    Args:
        folder: Photos, in it and in its folders; those that mattes are judged on are left out.
        segmenter: The network that finds sky and water, in evaluation mode.
        composites: How many composites.
        photos: How many photos at most.
        seed: Of everything random.
        progress: Called after every picture.
        cancel: Set it to stop.

    Raises:
        Cancelled: If ``cancel`` was set.
        LandscapeError: If the photos show too little sky or ground.
    """
    cuts = find_cuts(folder, segmenter, lambda stem: not is_judged(stem), progress)
    examples = []
    for index in range(composites):
        check_cancelled(cancel)
        side = SIDES[index // len(KINDS) % len(SIDES)]
        known = make_composite(cuts, _FIRST * (seed + 1) + index, side)
        examples.append(Example.of(known.pixels, _look(known.pixels, segmenter), known.sky, known.water))
        progress("making composites", index + 1, composites)
    paths = [path for path in find_photos(folder) if not is_judged(path.stem)]
    np.random.default_rng(seed).shuffle(paths)  # type: ignore[arg-type]
    for index, path in enumerate(paths[:photos]):
        check_cancelled(cancel)
        pixels = read_photo(path).resized(SIDES[index % len(SIDES)]).pixels
        examples.append(Example.of_photo(pixels, _look(pixels, segmenter)))
        progress("reading photos", index + 1, len(paths[:photos]))
    return examples


def _look(pixels: Array, segmenter: nn.Module) -> Array:
    """The segmenter's probabilities, half as large as the picture; from its right side alone, in half the time."""
    rows, columns = (-(-length // 2) for length in pixels.shape[:2])
    return blend_in(*(resize(segment_softly(pixels, segmenter, side=s), rows, columns) for s in (480, CLOSER_SIDE)))
