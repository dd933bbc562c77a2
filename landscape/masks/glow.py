"""Sun, moon and stars: what shines in the sky and stays in place while clouds move.

They are light that is added to the sky behind them, so they need no edge: as cut-out pieces of the photo they would
carry a rim of the old sky into every other light.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np
import numpy.typing as npt

from landscape.images.filters import fill, resize, smoothstep
from landscape.images.pixels import Array
from landscape.masks.discs import SMALL_SIDE, find_discs

Pixels = npt.NDArray[np.uint8]

_NIGHT = 100
"""Median luminance of skies, 0 to 255, in which there may be a moon or stars."""
_STAR = 0.002
"""Radius of the largest star as a fraction of the long side."""
_STAR_LIGHT = (9, 22)
"""How much brighter than their surroundings stars begin to be, and surely are."""
_LONG = 2.5
"""Largest ratio of a star's length and breadth."""
_STEEP = (6.0, 14.0)
"""Differences of the starless sky within a star's reach, 0 to 255, from which a bright spot is a cloud's edge."""
_BURNT = (248.0, 255.0)
"""Values, 0 to 255, from which a disc is brighter than a photo can show."""
_CORE = (0.985, 1.0)
"""Where in a disc's glow, 1 on the disc, that may be: white clouds beside the sun are burnt out as well."""
_SOFT = 0.003
"""Softness of the burnt disc's edge as a fraction of the long side."""


@dataclass(frozen=True)
class Glow:
    """Sun, moon and stars, which stay in place.

    Attributes:
        backdrop: (h, w, 3) uint8, the sky without them.
        place: (h, w) uint8, 255 where they are.
        burnt: (h, w) uint8, 255 where they are brighter than a photo can show.
        night: Whether they are moon and stars, which a brighter sky outshines, and not the sun.
    """

    backdrop: Pixels = field(repr=False)
    place: Pixels = field(repr=False)
    burnt: Pixels = field(repr=False)
    night: bool

    def taken_out(self, photo: Pixels) -> tuple[Pixels, Pixels]:
        """Divide a photo (H, W, 3) of any size into what is left without them and their light, both (H, W, 3) uint8."""
        height, width = photo.shape[:2]
        place = resize(self.place, height, width).astype(np.float32) / 255
        left = photo.copy()
        rows = np.flatnonzero(place.max(axis=1) > 0)
        if len(rows):
            part = slice(int(rows[0]), int(rows[-1]) + 1)
            behind = resize(self.backdrop, height, width)[part].astype(np.float32)
            left[part] = np.rint(photo[part] + place[part, :, None] * (np.minimum(behind, photo[part]) - photo[part]))
        return left, np.asarray(cv2.subtract(photo, left), np.uint8)

    def without(self, share: Array) -> Glow:
        """The glow less a share (H, W) of it, in [0, 1], at any size."""
        kept = 1 - resize(share, *self.place.shape)
        return Glow(self.backdrop, _bytes(self.place / 255 * kept), _bytes(self.burnt / 255 * kept), self.night)


def find_glow(photo: Pixels, sky: Array) -> Glow | None:
    """Find sun, moon and stars.

    Args:
        photo: (H, W, 3) uint8.
        sky: (H, W) share of the sky, in [0, 1].

    Returns:
        What shines, at the photo's size, or None where nothing does.
    """
    backdrop, burnt, place = photo, np.zeros(sky.shape, np.float32), np.zeros(sky.shape, np.float32)
    discs = find_discs(photo, sky)
    if discs is not None:
        backdrop, place = _paint_over(photo, discs, sky), smoothstep(discs, 0.0, 0.05)
        burnt = smoothstep(photo.min(axis=2), *_BURNT) * smoothstep(discs, *_CORE)
        burnt = cv2.GaussianBlur(burnt, (0, 0), _SOFT * max(burnt.shape))
    starless = find_stars(backdrop, sky)
    if starless is not None:
        differs = (cv2.absdiff(starless, backdrop).max(axis=2) > 0).astype(np.float32)
        place = np.maximum(place, cv2.blur(cv2.dilate(differs, np.ones((5, 5), np.uint8)), (3, 3)))
        backdrop = starless
    if backdrop is photo:
        return None
    dark = float(np.median(cv2.cvtColor(backdrop, cv2.COLOR_RGB2GRAY)[sky > 0.5])) < _NIGHT
    return Glow(backdrop, _bytes(place), _bytes(burnt), dark)


def _bytes(share: Array) -> Pixels:
    return np.asarray(np.rint(255 * np.clip(share, 0, 1)), np.uint8)


def _paint_over(photo: Pixels, discs: Array, sky: Array) -> Pixels:
    """Continue the sky around discs smoothly over them, without the land that hides a part of them."""
    height, width = discs.shape
    scale = min(1.0, SMALL_SIDE / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    around = 1 - smoothstep(cv2.resize(discs, size, interpolation=cv2.INTER_AREA), 0.0, 0.1)
    around = np.asarray(around * smoothstep(cv2.resize(sky, size, interpolation=cv2.INTER_AREA), 0.5, 1.0), np.float32)
    small = cv2.resize(photo, size, interpolation=cv2.INTER_AREA).astype(np.float32)
    smooth = fill(small, around)
    painted = photo.copy()
    share = smoothstep(discs, 0.05, 0.6)[..., None]
    rows = np.flatnonzero(share.max(axis=(1, 2)) > 0)
    part = slice(int(rows[0]), int(rows[-1]) + 1)
    large = cv2.resize(smooth, (width, height), interpolation=cv2.INTER_CUBIC)[part]
    painted[part] = np.clip(np.rint(photo[part] + share[part] * (large - photo[part])), 0, 255)
    return painted


def find_stars(photo: Pixels, sky: Array) -> Pixels | None:
    """Find the stars of a night sky.

    Args:
        photo: (H, W, 3) uint8.
        sky: (H, W) in [0, 1].

    Returns:
        The photo (H, W, 3) without them; None by day or without stars.
    """
    light = cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY)
    region = sky > 0.9
    if not region.any() or float(np.median(light[region])) > _NIGHT:
        return None
    reach = 2 * max(1, round(_STAR * max(light.shape))) + 1
    kernel = np.ones((reach, reach), np.uint8)  # a square, as OpenCV is fast with it
    excess = cv2.morphologyEx(light, cv2.MORPH_TOPHAT, kernel)
    noise = 3 * float(np.median(excess[region]))
    bright = smoothstep(excess, _STAR_LIGHT[0] + noise, _STAR_LIGHT[1] + noise) * region
    starless = cv2.blur(cv2.morphologyEx(light, cv2.MORPH_OPEN, kernel), (2 * reach + 1, 2 * reach + 1))
    bright *= 1 - smoothstep(cv2.morphologyEx(starless, cv2.MORPH_GRADIENT, kernel), *_STEEP)
    bright *= _compact(bright, 2 * reach)
    if not bright.any():
        return None
    # Sharpening leaves dark rings around stars. The darkest of a grainy sky would be dark spots, its median is not.
    around = cv2.dilate(bright, np.ones((5, 5), np.uint8)) > 0
    rows = np.flatnonzero(around.any(axis=1))
    part, without = slice(max(0, rows[0] - reach), rows[-1] + reach + 1), photo.copy()
    without[part][around[part]] = cv2.medianBlur(photo[part], 2 * reach + 1)[around[part]]
    return without


def _compact(bright: Array, widest: int) -> Array:
    """1 on bright spots that are at most so wide and high, 0 on the threads of a cloud and on meteors, (H, W)."""
    count, labels, figures, _ = cv2.connectedComponentsWithStats((bright > 0.1).astype(np.uint8))
    sides = figures[:, [cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT]].max(axis=1)
    kept = ((sides <= widest) & (_elongation(labels, count) <= _LONG)).astype(np.float32)
    kept[0] = 0
    return np.asarray(kept[labels], np.float32)


def _elongation(labels: npt.NDArray[np.generic], count: int) -> npt.NDArray[np.float64]:
    """Ratio of length and breadth of every component but the background, by the second moments of its pixels."""
    y, x = np.nonzero(labels)
    label = labels[y, x]

    def mean(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        return np.bincount(label, values, count) / np.maximum(np.bincount(label, minlength=count), 1)

    centre_x, centre_y = mean(x.astype(np.float64)), mean(y.astype(np.float64))
    dx, dy = x - centre_x[label], y - centre_y[label]
    # A pixel has an extent of its own.
    xx, yy, xy = mean(dx * dx) + 1 / 12, mean(dy * dy) + 1 / 12, mean(dx * dy)
    half, root = (xx + yy) / 2, np.sqrt(((xx - yy) / 2) ** 2 + xy**2)
    return np.asarray(np.sqrt((half + root) / (half - root)))
