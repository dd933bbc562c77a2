"""What kind of water there is in each part of a photo: a mirror, running water, or the waves of open water.

Whether a part runs or stands is told by eight figures of its shape and texture with a logistic regression
(``landscape train water-kinds``); water that stands is a mirror as far as it shows what lies above it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from landscape.arrows import WATER_KINDS, WaterKind
from landscape.images.filters import resize, smoothstep
from landscape.images.pixels import Array
from landscape.masks.streaks import Streaks, find_streaks

WEIGHTS = Path(__file__).with_suffix(".json")
"""Mean, spread and weight of each figure, and the bias, as trained."""
FIGURES = ("white", "white_spread", "level", "area", "both_sides", "rough", "lying", "mirror")
"""Share of white water and its spread; columns whose top lies on one level, as a part of the photo's width; area;
whether it reaches both sides; mean gradient; logarithm of the vertical gradient over the horizontal one; likeness with
what lies above."""
_RUNS = (0.35, 0.65)
"""Probability from which a part begins to run, and runs."""
_MIRROR = (0.32, 0.45)
"""Likeness of water with what lies above it between which it begins to be, and is, a mirror."""
_CLEAR = (0.5, 0.65)
"""Likeness from which water begins to be, and is, so clear a mirror that it does not run whatever its shape says."""
_FALLS = (0.2, 0.5)
"""How much streaks must tell of a fall for water to begin to fall, and to fall, whatever its part is."""
_BAND = 0.02
"""Height of the band, in heights, in which tops of columns lie on one level."""
_SMALL = 0.02
"""Parts much smaller than this share of the photo are likely to be what the others are."""


@dataclass(frozen=True)
class Waters:
    """The water of a photo on a small grid, part by part.

    Attributes:
        share: (h, w) share of the water in each cell.
        streaks: What its texture tells.
        parts: (h, w) number of the connected part, 0 for none.
        kinds: (n, 3) how much each part is of each of :data:`landscape.arrows.WATER_KINDS`; rows sum to 1.
        above: (h, w) cells that lie too high in their part for a mirror, as falls into a pool do.
    """

    share: Array = field(repr=False)
    streaks: Streaks = field(repr=False)
    parts: npt.NDArray[np.int32] = field(repr=False)
    kinds: Array = field(repr=False)
    above: npt.NDArray[np.bool_] = field(repr=False)

    def shares(self, chosen: Sequence[WaterKind] = ()) -> Array:
        """How much each cell is of each kind, (h, w, 3); falls fall in every part whose kind was not chosen by hand."""
        kinds, by_hand = self.kinds.copy(), np.zeros(len(self.kinds), bool)
        for choice in chosen:
            part = self.part_at(choice.x, choice.y)
            if part > 0:
                by_hand[part] = True
                kinds[part] = [float(kind == choice.kind) for kind in WATER_KINDS]
        found = kinds[self.parts]
        # What a mirror shows is drawn out upright, like streaks.
        mirror = found[..., 0] * ~self.above
        falls = smoothstep(self.streaks.falling, *_FALLS) * (1 - mirror) * ~by_hand[self.parts]
        flow = np.array([kind == "flow" for kind in WATER_KINDS], np.float32)
        return np.asarray(found + falls[..., None] * (flow - found), np.float32)

    def part_at(self, x: float, y: float) -> int:
        """Number of the part at a place, fractions of width and height, or nearest to it within a few cells; or 0."""
        height, width = self.parts.shape
        column, row = min(int(x * width), width - 1), min(int(y * height), height - 1)
        for reach in range(4):
            near = self.parts[max(0, row - reach) : row + reach + 1, max(0, column - reach) : column + reach + 1]
            if near.any():
                return int(np.bincount(near[near > 0]).argmax())
        return 0


def find_waters(photo: npt.NDArray[np.uint8], water: Array, mirror: float, height: int, width: int) -> Waters:
    """Tell the kinds of a photo's water.

    Args:
        photo: (H, W, 3) uint8 RGB.
        water: (H, W) share of the water, in [0, 1].
        mirror: Likeness of the water with what lies above it, -1 to 1.
        height: Rows of the small grid.
        width: Columns of the small grid.
    """
    share = np.clip(resize(np.asarray(water, np.float32), height, width), 0, 1)
    streaks = find_streaks(photo, water, height, width)
    count, parts = cv2.connectedComponents((share > 0.5).astype(np.uint8), connectivity=4)
    kinds = np.zeros((count, len(WATER_KINDS)), np.float32)
    kinds[0] = (0, 1, 0)
    if count > 1:
        areas, logits = np.bincount(parts.ravel())[1:] / parts.size, _logits(photo, parts, count, streaks, mirror)
        common = float((areas * logits).sum() / areas.sum())
        logits = (areas * logits + _SMALL * common) / (areas + _SMALL)
        runs = smoothstep(1 / (1 + np.exp(-logits)), *_RUNS)
        runs *= 1 - smoothstep(mirror, *_CLEAR)
        still = smoothstep(mirror, *_MIRROR)
        kinds[1:] = np.stack([(1 - runs) * still, runs, (1 - runs) * (1 - still)], axis=1)
    return Waters(share, streaks, np.asarray(parts, np.int32), kinds, _above(parts, count))


def _above(parts: npt.NDArray[np.int32], count: int) -> npt.NDArray[np.bool_]:
    """Cells above the level at which most of their part's columns begin: no mirror reaches up there."""
    rows = np.arange(parts.shape[0])[:, None]
    levels = np.zeros(count)
    for number in range(1, count):
        levels[number] = _level(parts == number)[0] - 1
    return np.asarray((rows < levels[parts]) & (parts > 0))


def _level(here: npt.NDArray[np.bool_]) -> tuple[int, float]:
    """The first row of the band in which most columns of a part begin, and these as a part of the width."""
    height, width = here.shape
    band = 2 * max(1, round(_BAND * height))
    tops = np.bincount(here.argmax(axis=0)[here.any(axis=0)], minlength=height)
    begun = np.convolve(tops, np.ones(band))[band - 1 :]
    return int(begun.argmax()), float(begun.max()) / width


def figures_of(
    photo: npt.NDArray[np.uint8], parts: npt.NDArray[np.int32], count: int, streaks: Streaks, mirror: float
) -> npt.NDArray[np.float64]:
    """The :data:`FIGURES` of all parts of the water, (count - 1, 8); arguments as in :func:`find_waters`."""
    height, width = parts.shape
    light = resize(photo, height, width).astype(np.float32).mean(axis=2) / 255
    gx, gy = (np.abs(cv2.Sobel(light, cv2.CV_32F, *axes)) for axes in ((1, 0), (0, 1)))
    rough = np.hypot(gx, gy)
    rows = []
    for number in range(1, count):
        here = parts == number
        level = _level(here)[1]
        both = float(here[:, 0].any() and here[:, -1].any())
        white = streaks.white[here]
        lying = np.log((gy[here].mean() + 1e-3) / (gx[here].mean() + 1e-3))
        shape = (white.mean(), white.std(), level, here.mean(), both)
        rows.append([*shape, rough[here].mean(), lying, max(mirror, 0.0)])
    return np.array(rows, np.float64)


@lru_cache(maxsize=1)
def _weights() -> tuple[npt.NDArray[np.float64], float]:
    """Weights of the figures and the bias."""
    content = json.loads(WEIGHTS.read_text(encoding="utf-8"))
    mean, spread, weight = (
        np.array([content[name][figure] for figure in FIGURES]) for name in ("mean", "spread", "weight")
    )
    return weight / spread, float(content["bias"] - (weight * mean / spread).sum())


def _logits(
    photo: npt.NDArray[np.uint8], parts: npt.NDArray[np.int32], count: int, streaks: Streaks, mirror: float
) -> npt.NDArray[np.float64]:
    weight, bias = _weights()
    logits: npt.NDArray[np.float64] = figures_of(photo, parts, count, streaks, mirror) @ weight + bias
    return logits
