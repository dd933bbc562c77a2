"""What kind of water there is in each part of a photo: a mirror, running water, or the waves of open water.

Whether a part runs or stands is told by figures of its shape, colour and texture with a logistic regression
(``landscape train water-kinds``); water that stands is a mirror as far as it shows what lies above it.
"""

from __future__ import annotations

import json
import math
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
from landscape.masks.banks import find_source
from landscape.masks.streaks import Streaks, find_streaks

WEIGHTS = Path(__file__).with_suffix(".json")
"""Mean, spread and weight of each figure, and the bias, as trained."""
FIGURES = (
    "white", "white_spread", "level", "area", "both_sides", "rough", "mirror", "colour", "falling", "light", "aside",
    "white_beside", "compact", "open",
)  # fmt: skip
"""Share of white water and its spread; columns whose top lies on one level, as a part of the photo's width; area;
whether it reaches both sides; mean gradient; likeness with what lies above; saturation; share of it that falls; light;
whether a river there would run past the viewer; lightness of the darkest colour of what lies beside the water, of which
snow and ice have much; how far its middle is from its shores in proportion to its size; columns in which the sky
follows above little land, as a part of its columns, as beyond lakes and seas. Colour and texture are those of
what does not fall, as a fall says nothing of its pool."""
_FALLING = 0.5
_LEAST_STILL = 0.3
"""Least part that has to be left without what falls."""
_PAST = 1.5
"""Water comes from so far beside the middle, in widths, from where it runs past the viewer."""
_LAND = 0.05
"""So little land, in widths, is a far shore before the sky."""
_BESIDE = 9
"""Cells across which what lies beside water is looked at."""
_RUNS = (0.35, 0.65)
"""Probability from which a part begins to run, and runs."""
_MIRROR = (0.32, 0.45)
"""Likeness of water with what lies above it between which it begins to be, and is, a mirror."""
_CLEAR = (0.5, 0.65)
"""Likeness from which water begins to be, and is, so clear a mirror that it does not run whatever its shape says."""
_FALLS = (0.2, 0.5)
"""How much streaks must tell of a fall for water to begin to fall, and to fall, whatever its part is."""
_UPRIGHT = (1.2, 2.0)
"""Height over width of a part whose sides are seen between which it begins to be, and is, too upright to stand."""
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
        source: The point of the horizon from which it comes if it runs, see :func:`landscape.masks.banks.find_source`.
    """

    share: Array = field(repr=False)
    streaks: Streaks = field(repr=False)
    parts: npt.NDArray[np.int32] = field(repr=False)
    kinds: Array = field(repr=False)
    above: npt.NDArray[np.bool_] = field(repr=False)
    source: tuple[float, float]

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


def find_waters(
    photo: npt.NDArray[np.uint8], water: Array, sky: Array, mirror: float, height: int, width: int
) -> Waters:
    """Tell the kinds of a photo's water.

    Args:
        photo: (H, W, 3) uint8 RGB.
        water: (H, W) share of the water, in [0, 1].
        sky: (H, W) share of the sky, in [0, 1].
        mirror: Likeness of the water with what lies above it, -1 to 1.
        height: Rows of the small grid.
        width: Columns of the small grid.
    """
    share = np.clip(resize(np.asarray(water, np.float32), height, width), 0, 1)
    streaks, source = find_streaks(photo, water, height, width), find_source(photo, water)
    count, parts = cv2.connectedComponents((share > 0.5).astype(np.uint8), connectivity=4)
    kinds = np.zeros((count, len(WATER_KINDS)), np.float32)
    kinds[0] = (0, 1, 0)
    if count > 1:
        areas, logits = (
            np.bincount(parts.ravel())[1:] / parts.size,
            _logits(figures_of(photo, np.asarray(parts, np.int32), sky, streaks, mirror, source[0])),
        )
        common = float((areas * logits).sum() / areas.sum())
        logits = (areas * logits + _SMALL * common) / (areas + _SMALL)
        runs = smoothstep(1 / (1 + np.exp(-logits)), *_RUNS)
        runs *= 1 - smoothstep(mirror, *_CLEAR)
        runs = np.maximum(runs, _upright(parts, count))
        still = smoothstep(mirror, *_MIRROR)
        kinds[1:] = np.stack([(1 - runs) * still, runs, (1 - runs) * (1 - still)], axis=1)
    return Waters(share, streaks, np.asarray(parts, np.int32), kinds, _above(parts, count), source)


def _upright(parts: npt.NDArray[np.int32], count: int) -> Array:
    """How sure parts (count - 1,) do not lie flat, as they are higher than wide between shores that are both seen."""
    tall = np.zeros(count - 1, np.float32)
    for number in range(1, count):
        rows, columns = np.nonzero(parts == number)
        if columns.min() > 0 and columns.max() < parts.shape[1] - 1:
            tall[number - 1] = (np.ptp(rows) + 1) / (np.ptp(columns) + 1)
    return smoothstep(tall, *_UPRIGHT)


def _above(parts: npt.NDArray[np.int32], count: int) -> npt.NDArray[np.bool_]:
    """Cells above the level at which most of their part's columns begin: no mirror reaches up there."""
    rows = np.arange(parts.shape[0])[:, None]
    levels = np.zeros(count)
    for number in range(1, count):
        levels[number] = _level(parts == number)[0] - 1
    return np.asarray((rows < levels[parts]) & (parts > 0))


def sky_beyond(sky: Array, water: Array) -> Array:
    """The sky close above water: all of the sky that :func:`find_waters` looks at.

    Args:
        sky: (H, W) share of the sky, in [0, 1].
        water: (H, W) share of the water, in [0, 1].

    Returns:
        (H, W) in [0, 1].
    """
    reach = math.ceil(_LAND * water.shape[1]) + 1
    return np.minimum(sky, cv2.dilate(water, np.ones((2 * reach + 1, 1), np.uint8)))


def _level(here: npt.NDArray[np.bool_]) -> tuple[int, float]:
    """The first row of the band in which most columns of a part begin, and these as a part of the width."""
    height, width = here.shape
    band = 2 * max(1, round(_BAND * height))
    tops = np.bincount(here.argmax(axis=0)[here.any(axis=0)], minlength=height)
    begun = np.convolve(tops, np.ones(band))[band - 1 :]
    return int(begun.argmax()), float(begun.max()) / width


def figures_of(
    photo: npt.NDArray[np.uint8],
    parts: npt.NDArray[np.int32],
    sky: Array,
    streaks: Streaks,
    mirror: float,
    aside: float,
) -> npt.NDArray[np.float64]:
    """The :data:`FIGURES` of all parts of the water, (parts, n).

    Args:
        photo: (H, W, 3) uint8 RGB.
        parts: (h, w) number of the connected part, 0 for none.
        sky: (H, W) share of the sky, in [0, 1].
        streaks: What the texture tells.
        mirror: Likeness of the water with what lies above it, -1 to 1.
        aside: Where water comes from if it runs, x in widths.
    """
    height, width = parts.shape
    pixels = resize(photo, height, width).astype(np.float32) / 255
    light, darkest = pixels.mean(axis=2), pixels.min(axis=2)
    saturation = pixels.max(axis=2) - darkest
    rough = np.hypot(cv2.Sobel(light, cv2.CV_32F, 1, 0), cv2.Sobel(light, cv2.CV_32F, 0, 1))
    wet = (parts > 0).astype(np.uint8)
    beside = (cv2.dilate(wet, np.ones((_BESIDE, _BESIDE), np.uint8)) > 0) & (wet == 0)
    before = _sky_above(resize(np.asarray(sky, np.float32), height, width) > 0.5)
    common = (max(mirror, 0.0), float(abs(aside - 0.5) > _PAST), float(darkest[beside].mean()) if beside.any() else 0.0)
    rows = []
    for number in range(1, int(parts.max()) + 1):
        part = parts == number
        here = part & (streaks.falling < _FALLING)
        here = here if here.sum() > _LEAST_STILL * part.sum() else part
        both = float(part[:, 0].any() and part[:, -1].any())
        inner = cv2.copyMakeBorder(part.astype(np.uint8), 1, 1, 1, 1, cv2.BORDER_REPLICATE)
        reach = float(cv2.distanceTransform(inner, cv2.DIST_L2, cv2.DIST_MASK_5).max())
        white = streaks.white[here]
        shape = (white.mean(), white.std(), _level(part)[1], part.mean(), both, rough[here].mean())
        colour = (saturation[here].mean(), streaks.falling[part].mean(), light[here].mean())
        compact = min(reach, max(parts.shape)) / np.sqrt(part.sum())
        columns = np.flatnonzero(part.any(axis=0))
        tops = part.argmax(axis=0)[columns]
        far = float((tops - before[tops, columns] < _LAND * width).mean())
        rows.append([*shape, common[0], *colour, *common[1:], compact, far])
    return np.array(rows, np.float64)


def _sky_above(sky: npt.NDArray[np.bool_]) -> npt.NDArray[np.intp]:
    """The row after the lowest cell of the sky above each cell, (h, w); far above the picture where there is none."""
    rows = np.arange(sky.shape[0])[:, None]
    return np.asarray(np.maximum.accumulate(np.where(sky, rows + 1, -2 * max(sky.shape)), axis=0), np.intp)


@lru_cache(maxsize=1)
def _weights() -> tuple[npt.NDArray[np.float64], float]:
    """Weights of the figures and the bias."""
    content = json.loads(WEIGHTS.read_text(encoding="utf-8"))
    mean, spread, weight = (
        np.array([content[name][figure] for figure in FIGURES]) for name in ("mean", "spread", "weight")
    )
    return weight / spread, float(content["bias"] - (weight * mean / spread).sum())


def _logits(figures: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    weight, bias = _weights()
    logits: npt.NDArray[np.float64] = figures @ weight + bias
    return logits
