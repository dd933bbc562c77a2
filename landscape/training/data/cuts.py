"""Rectangles of photos that surely show one thing alone: what composites are made of."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image
from torch import nn

from landscape.errors import LandscapeError
from landscape.images.filters import resize
from landscape.masks.find import segment_softly
from landscape.masks.labels import OTHER, SKY, WATER
from landscape.photo.read import read_photo
from landscape.progress import Progress
from landscape.training.data.split import is_held_out

Pixels = npt.NDArray[np.uint8]
Array = npt.NDArray[np.float32]

_LARGE = 1000
"""Least long side in pixels of photos that are of use."""
SUFFIXES = (".jpg", ".jpeg", ".png")
_CELL = 32
"""Cuts are looked for on cells of so many pixels."""
_LEAST = {SKY: 320, OTHER: 256, WATER: 160}
"""Least sides in pixels of cuts of each label."""


@dataclass(frozen=True)
class Cuts:
    """Rectangles of photos that show one thing alone.

    Attributes:
        sky: Pictures (h, w, 3) uint8 of skies.
        ground: Of what stands still.
        water: Of water.
    """

    sky: Sequence[Pixels]
    ground: Sequence[Pixels]
    water: Sequence[Pixels]


def is_judged(stem: str) -> bool:
    """Whether a photo, by its file's stem, is for judging mattes, which no training may learn from it: three in ten."""
    return is_held_out(stem) or hashlib.sha256(f"matte {stem}".encode()).digest()[0] < 64


def cut_photo(pixels: Pixels, soft: Array) -> dict[int, Pixels]:
    """The largest rectangle of a photo that surely shows one label, for each label that has one.

    Args:
        pixels: (H, W, 3) uint8.
        soft: (h, w, 3) probabilities of other, sky and water.
    """
    height, width = pixels.shape[:2]
    found = {}
    for label, least in _LEAST.items():
        sure = cv2.erode((soft[..., label] > 0.97).astype(np.uint8), np.ones((9, 9), np.uint8), borderValue=1)
        cells = resize(sure.astype(np.float32), height // _CELL, width // _CELL) > 0.999
        top, bottom, left, right = (_CELL * edge for edge in _largest_rectangle(cells))
        if min(bottom - top, right - left) >= least:
            found[label] = pixels[top:bottom, left:right].copy()
    return found


def find_cuts(folder: Path, segmenter: nn.Module, wanted: Callable[[str], bool], progress: Progress) -> Cuts:
    """Cut rectangles out of the photos of a folder and its folders whose stem is wanted."""
    paths = [path for path in find_photos(folder) if wanted(path.stem)]
    found = []
    for done, path in enumerate(paths):
        pixels = read_photo(path).resized(1600).pixels
        found.append(cut_photo(pixels, segment_softly(pixels, segmenter)))
        progress("cutting photos", done + 1, len(paths))
    ground, sky, water = ([cuts[label] for cuts in found if label in cuts] for label in range(3))
    if not ground or not sky:
        raise LandscapeError(f"The photos of {folder} show too little sky or ground to make composites of; give more.")
    return Cuts(sky, ground, water)


def find_photos(folder: Path) -> list[Path]:
    """Pictures in a folder and its folders that are large enough, in the order of their names."""
    return sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES and _long_side(path) >= _LARGE)


def _long_side(path: Path) -> int:
    try:
        with Image.open(path) as picture:
            return max(picture.size)
    except OSError:
        return 0


def _largest_rectangle(cells: npt.NDArray[np.bool_]) -> tuple[int, int, int, int]:
    """First and last + 1 row and column of the largest rectangle of true cells, by the histogram method."""
    best, found = 0, (0, 0, 0, 0)
    heights = np.zeros(cells.shape[1] + 1, int)
    for row in range(cells.shape[0]):
        heights[:-1] = np.where(cells[row], heights[:-1] + 1, 0)
        stack: list[int] = []
        for column, high in enumerate(heights):
            while stack and heights[stack[-1]] >= high:
                tall = int(heights[stack.pop()])
                left = stack[-1] + 1 if stack else 0
                if tall * (column - left) > best:
                    best, found = tall * (column - left), (row + 1 - tall, row + 1, left, column)
            stack.append(column)
    return found
