"""The current: which way, and how fast, water goes at each place, from what a photo shows and from arrows.

A small smooth problem in the water alone: a velocity near to what shape and texture tell, smooth, equal to an arrow
along the arrow, and along the shores at the shores.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
import numpy.typing as npt
from scipy.sparse import csc_matrix, diags

from landscape.arrows import Arrow
from landscape.images.filters import fill, smoothstep
from landscape.images.pixels import Array
from landscape.motion.water_course import Cells

SIDE = 112
"""Long side in cells of the grid on which the current is solved."""
FALL, RUN, ROLL = 0.15, 0.06, 0.05
"""Widths a second, at speed 1, of a fall, of a river and of swell at the photo's lower edge, as measured on clips."""
_FAR = 0.12
"""Slowest that water near the horizon is, in parts of its speed at the lower edge."""
_FOOT = 4
"""Cells above their foot in which falls slow down."""
_VANISHING = 0.15
"""How far behind the horizon, in widths, the point lies from which waves seem to come: far off they run straight."""
_BREAKING = 0.05
"""Waves do not come in nearer to a shore than this, in widths: there they run up and back."""
_CALM = 0.45
"""Speed of water without foam, in parts of that of white water."""
_SMOOTH = 1.5
"""Weight of smoothness, in cells squared, against what the photo tells."""
_HARD = 1e4
"""Weight of an arrow against what the photo tells."""
_OWN, _LEAST = 0.18, 1e-3
"""An arrow holds for the water around it as far as this, in widths; so little what the photo tells counts beside it."""
_BEYOND = 0.2
"""Water goes on beyond the picture's borders by this fraction of the long side."""
_SHORE = (0.5, 2.5)
"""Cells from a shore within which nothing goes to it, and from which on the shore does not matter."""


@dataclass(frozen=True)
class Survey:
    """What a photo tells of the current of its water, without arrows.

    Attributes:
        water: (h, w) share of the water in each cell.
        course: (h, w, 2) velocity of water that runs or falls, widths a second at speed 1.
        rolling: (h, w, 2) the same of water whose waves come in.
        away: (h, w, 2) unit vectors away from the nearest shore.
        distance: (h, w) how far the nearest shore is, in widths; the picture's borders are none.
        beach: (h, w) how much waves run up what is there, in [0, 1].
    """

    water: Array = field(repr=False)
    course: Array = field(repr=False)
    rolling: Array = field(repr=False)
    away: Array = field(repr=False)
    distance: Array = field(repr=False)
    beach: Array = field(repr=False)


def cells_of(height: int, width: int) -> tuple[int, int]:
    """Rows and columns of the grid on which the current of a photo of this size is solved."""
    scale = SIDE / max(height, width)
    return max(4, round(height * scale)), max(4, round(width * scale))


def survey(
    water: Array,
    course: Array,
    direction: Array,
    falling: Array,
    white: Array,
    horizon: float,
    waves: float = 180.0,
    beach: Array | None = None,
) -> Survey:
    """Find what a photo tells of the current of its water.

    Args:
        water: (h, w) share of the water in each cell, in [0, 1].
        course: (h, w, 2) which way it runs by its shape, see :func:`landscape.motion.water_course.find_course`.
        direction: (h, w, 2) unit vectors along streaks, downwards.
        falling: (h, w) how much the water falls, in [0, 1].
        white: (h, w) how white it is, in [0, 1].
        horizon: Fraction of the height.
        waves: Where waves go, in degrees clockwise from away from the viewer.
        beach: (h, w) how much waves run up what is there, in [0, 1]; nowhere if None.
    """
    height, width = water.shape
    inside = water > 0.5
    away, distance = _shores(inside)
    rows = (np.arange(height, dtype=np.float32)[:, None] + 0.5) / height
    columns = (np.arange(width, dtype=np.float32)[None, :] + 0.5) / width - 0.5
    near = _FAR + (1 - _FAR) * np.clip((rows - horizon) / max(1 - horizon, 0.05), 0, 1)
    way = _unit(course)
    seen = (falling * np.linalg.norm(direction, axis=2))[..., None]
    way = _unit(way + seen * (2 * direction - way))
    # Falls stand upright: they know no perspective. At their foot they end in foam, which stays there.
    fast = np.minimum(falling, np.vstack([falling[_FOOT:], np.repeat(falling[-1:], min(_FOOT, height), axis=0)]))
    speed = fast * FALL + (1 - fast) * RUN * near * (_CALM + (1 - _CALM) * white)
    # Waves on the plane under the horizon come straight, and apart as they get nearer.
    down = np.maximum((rows - horizon) * np.float32(height / width), 0) + np.float32(_VANISHING)
    turn = math.radians(waves)
    right, away_from = np.float32(math.sin(turn)), np.float32(math.cos(turn))
    inwards = _unit(np.dstack(np.broadcast_arrays(right - columns * away_from, -down * away_from)))
    rolling = inwards * (ROLL * near**1.5 * smoothstep(distance, 0.0, _BREAKING))[..., None]
    velocity = np.asarray(way * speed[..., None], np.float32)
    beach = np.zeros_like(water) if beach is None else beach
    return Survey(water, velocity, np.asarray(rolling, np.float32), away, distance, beach)


def solve_current(found: Survey, running: Array, rolling: Array, arrows: Sequence[Arrow] = ()) -> Array:
    """Solve for the current.

    Args:
        found: What the photo tells.
        running: (h, w) how much the water runs as rivers and falls do, in [0, 1].
        rolling: (h, w) how much it rolls in as the sea does, in [0, 1].
        arrows: Where somebody wants it to go, or to stand.

    Returns:
        (h, w, 2) velocity x, y in widths a second at speed 1; continued smoothly beyond the water.
    """
    inside = found.water > 0.5
    if not inside.any():
        return np.zeros((*inside.shape, 2), np.float32)
    wanted = found.course * running[..., None] + found.rolling * rolling[..., None]
    sure = np.ones(inside.shape, np.float32)
    forced, near = _drawn(arrows, inside, wanted)
    if forced is not None:
        wanted = _turned(wanted, forced, inside)
        sure = np.maximum((1 - near) ** 2, _LEAST).astype(np.float32)
        held = forced[..., 2] > 0
        wanted[held], sure[held] = forced[held, :2], _HARD
    cells = Cells.of(inside)
    weight = sure[inside].astype(np.float64)
    matrix = csc_matrix(_SMOOTH * cells.stiffness() + diags(weight))
    solved = np.zeros((*inside.shape, 2), np.float32)
    solved[inside] = cells.solve(matrix, weight[:, None] * wanted[inside].astype(np.float64))
    close = 1 - smoothstep(found.distance * inside.shape[1] - 0.5, *_SHORE)
    solved -= found.away * ((solved * found.away).sum(axis=2) * close)[..., None]
    return np.asarray(fill(solved, inside.astype(np.float32)), np.float32)


def _shores(inside: npt.NDArray[np.bool_]) -> tuple[Array, Array]:
    """Unit vectors away from shores, and how far the nearest is in widths; water goes on beyond the picture."""
    reach = max(2, round(_BEYOND * max(inside.shape)))
    wide = cv2.copyMakeBorder(inside.astype(np.uint8), reach, reach, reach, reach, cv2.BORDER_REPLICATE)
    here = (slice(reach, -reach), slice(reach, -reach))
    if wide.all():
        return np.zeros((*inside.shape, 2), np.float32), np.ones(inside.shape, np.float32)
    distance, outside = (cv2.distanceTransform(part, cv2.DIST_L2, cv2.DIST_MASK_5) for part in (wide, 1 - wide))
    smooth = cv2.GaussianBlur(distance - outside, (0, 0), 1.0)
    away = _unit(np.dstack([cv2.Sobel(smooth, cv2.CV_32F, 1, 0), cv2.Sobel(smooth, cv2.CV_32F, 0, 1)]))
    return np.ascontiguousarray(away[here]), np.asarray(distance[here] / inside.shape[1], np.float32)


def _drawn(arrows: Sequence[Arrow], inside: npt.NDArray[np.bool_], wanted: Array) -> tuple[Array | None, Array]:
    """Arrows in cells: (h, w, 3) velocity and 1 where one lies, and how near one is, (h, w) in [0, 1]."""
    height, width = inside.shape
    forced = np.zeros((height, width, 3), np.float32)
    for arrow in arrows:
        foot = np.array([arrow.x * width, arrow.y * height])
        way = np.array([arrow.dx * width, arrow.dy * height])
        steps = max(1, int(np.ceil(np.abs(way).max() * 2)))
        for part in np.linspace(0, 1, steps + 1):
            x, y = np.floor(foot + part * way).astype(int)
            if 0 <= x < width and 0 <= y < height and inside[y, x]:
                forced[y, x] = (way[0] / width, way[1] / width, 1)
    held = forced[..., 2] > 0
    if not held.any():
        return None, np.zeros(inside.shape, np.float32)
    distance = cv2.distanceTransform((~held).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5)
    return forced, np.asarray(1 - smoothstep(distance / width, 0.0, 2 * _OWN), np.float32)


def _turned(wanted: Array, forced: Array, inside: npt.NDArray[np.bool_]) -> Array:
    """What the photo tells, the other way round in parts whose arrows go against it."""
    count, parts = cv2.connectedComponents(inside.astype(np.uint8), connectivity=4)
    along = (wanted * forced[..., :2]).sum(axis=2) * forced[..., 2]
    against = np.bincount(parts.ravel(), along.ravel(), count) < 0
    return np.where(against[parts][..., None], -wanted, wanted)


def _unit(vectors: Array) -> Array:
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=2, keepdims=True), 1e-9), np.float32)
