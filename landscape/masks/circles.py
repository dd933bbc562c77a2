"""Discs whose faces are patchy, by their outlines: the moon near the horizon, by day, or between clouds.

The gradient on the outline of a disc points at its centre, so every edge votes for the centres from which it is a
radius away (Kimme, Ballard and Sklansky, Finding circles by an array of accumulators, 1975). What wins is looked at
along its radii: the sky must be darker all around, and fall off steeply at one distance in most directions.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from landscape.images.pixels import Array

_STEEP = 6.0
"""Least gradient of an outline, 0 to 255 a pixel."""
_RADII = (6.0, 100.0)
"""Radii that are looked for, in pixels."""
_STEP = 1.12
"""Ratio of one radius to the next."""
_SPREAD = 0.12
"""How far from one another votes count as votes for one place, in radii."""
_CANDIDATES = 6
"""Winners of the votes that are looked at."""
_RAYS = 72
"""Directions in which the outline is looked for."""
_REACH = 0.25
"""How far from a voted circle the outline is looked for, in radii."""
_ROUNDS = 4
"""How often a circle is fitted to the outline that was found from the one before."""
_FITTED = 0.06
"""How far from the middle distance an outline may lie and be fitted, in radii."""
_OFF = (0.02, 0.4)
"""How far an outline may be off its circle and count: in radii, and in pixels."""
_LIMB = (0.6, 0.85)
"""Least part of the directions in which the outline of large and of small discs is on the circle. A waning moon has a
soft side within it; but small patches of clouds are soon nearly round."""
_LARGE = 24.0
"""Radius of large discs; the least one is that of small ones."""
_FREE = 0.6
"""Least part of the directions that are not hidden by land, branches and the picture's border."""
_SECTORS, _FALL = 8, 10.0
"""Sectors in each of which the sky must be so much darker than the disc."""


class Circle(NamedTuple):
    """A circle in pixels.

    Attributes:
        x: Column of its centre.
        y: Row of its centre.
        radius: Its radius.
    """

    x: float
    y: float
    radius: float


def find_bright_circle(light: Array, region: npt.NDArray[np.bool_]) -> Circle | None:
    """Find the disc that is brighter than the sky all around it, whatever its face looks like.

    Args:
        light: (h, w) luminance, 0 to 255; some 500 pixels wide.
        region: (h, w) the sky.

    Returns:
        The disc; None without one.
    """
    smooth = cv2.GaussianBlur(np.asarray(light, np.float32), (0, 0), 0.8)
    across, down = (cv2.Scharr(smooth, cv2.CV_32F, *step) / 32 for step in ((1, 0), (0, 1)))
    slope = np.hypot(across, down)
    free = cv2.erode(region.astype(np.float32), np.ones((5, 5), np.uint8), borderValue=0)
    best, most = None, 0.0
    for circle in _voted(across, down, slope, free):
        found, part = _fitted(smooth, free, circle)
        least = float(np.interp(found.radius, (_RADII[0], _LARGE), _LIMB[::-1]))
        if part > max(most, least) and _outshines(smooth, free, found):
            best, most = found, part
    return best


def _voted(across: Array, down: Array, slope: Array, free: Array) -> list[Circle]:
    """The circles on which most of the outline, for their size, looks like an edge of something bright."""
    y, x = np.nonzero((free > 0) & (slope >= _STEEP))
    if not len(x):
        return []
    height, width = slope.shape
    unit_x, unit_y = across[y, x] / slope[y, x], down[y, x] / slope[y, x]
    found = []
    radius = _RADII[0]
    while radius <= min(_RADII[1], max(height, width) / 2):
        column, row = np.rint(x + radius * unit_x).astype(int), np.rint(y + radius * unit_y).astype(int)
        inside = (column >= 0) & (column < width) & (row >= 0) & (row < height)
        votes = np.bincount(row[inside] * width + column[inside], minlength=height * width)
        reach = max(1, round(_SPREAD * radius))
        share = cv2.boxFilter(
            votes.reshape(height, width).astype(np.float32), -1, (2 * reach + 1, 2 * reach + 1), normalize=False
        )
        number = int(share.argmax())
        found.append((float(share.flat[number]) / radius, Circle(number % width, number // width, radius)))
        radius *= _STEP
    return [circle for _, circle in sorted(found, key=lambda one: -one[0])[:_CANDIDATES]]


def _rays(image: Array, circle: Circle, distances: Array) -> tuple[Array, Array, Array]:
    """Values, columns and rows (rays, n) at distances from a circle's centre; 0 beyond the image."""
    angles = np.arange(_RAYS)[:, None] * (2 * np.pi / _RAYS)
    x = (circle.x + np.cos(angles) * distances).astype(np.float32)
    y = (circle.y + np.sin(angles) * distances).astype(np.float32)
    return cv2.remap(image, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT), x, y


def _fitted(light: Array, free: Array, circle: Circle) -> tuple[Circle, float]:
    """A circle through the steepest falls around another one, and in what part of the directions they lie on it."""
    part, rays = 0.0, np.arange(_RAYS)
    for _ in range(_ROUNDS):
        distances = np.arange((1 - _REACH) * circle.radius, (1 + _REACH) * circle.radius, 0.25)
        values, columns, rows = _rays(light, circle, distances)
        shown = _rays(free, circle, distances)[0].min(axis=1) > 0.5
        falls = values[:, :-4] - values[:, 4:]
        at = falls.argmax(axis=1)
        x, y = (places[rays, at + 2].astype(np.float64) for places in (columns, rows))
        edge = shown & (falls[rays, at] >= _STEEP)
        if shown.mean() < _FREE or edge.sum() < _LIMB[0] * shown.sum():
            return circle, 0.0
        off = distances[at + 2] - np.median(distances[at + 2][edge])
        near = edge & (np.abs(off) <= max(_FITTED * circle.radius, 1.0))
        matrix = np.stack([2 * x, 2 * y, np.ones_like(x)], axis=1)[near]
        a, b, c = np.linalg.lstsq(matrix, (x * x + y * y)[near], rcond=None)[0]
        circle = Circle(float(a), float(b), float(np.sqrt(max(c + a * a + b * b, 0.0))))
        if not _RADII[0] / _STEP <= circle.radius <= _RADII[1] * _STEP:
            return circle, 0.0
        off = np.hypot(x - circle.x, y - circle.y) - circle.radius
        part = float((edge & (np.abs(off) <= _OFF[0] * circle.radius + _OFF[1])).sum() / shown.sum())
    return circle, part


def _outshines(light: Array, free: Array, circle: Circle) -> bool:
    """Whether the sky is darker than the disc in every direction."""
    inner = _rays(light, circle, circle.radius * np.linspace(0.2, 0.8, 8))[0].mean(axis=1)
    distances = circle.radius * np.linspace(1.15, 1.4, 6)
    outer, shown = _rays(light, circle, distances)[0].mean(axis=1), _rays(free, circle, distances)[0].min(axis=1) > 0.5
    sector = np.arange(_RAYS) * _SECTORS // _RAYS
    falls = [(inner - outer)[shown & (sector == number)] for number in range(_SECTORS)]
    return all(fall.mean() >= _FALL for fall in falls if fall.size)
