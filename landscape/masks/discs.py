"""The discs of sun and moon: of any size, whole, half set, or behind branches."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from landscape.images.filters import smoothstep
from landscape.images.pixels import Array, Pixels
from landscape.masks.circles import find_bright_circle

SMALL_SIDE = 512
"""Long side in pixels at which discs are looked for."""
_GLARE, _MOONLIGHT = 249, 90
"""Least luminance of the sun, and how much brighter than the sky the moon is."""
_LEVELS = 5
"""Levels of luminance at which discs are looked for."""
_SMALLEST = 1.5
"""Least radius in pixels of the small picture."""
_OUTLINE = 8
"""Least outline of a disc that is seen in the sky, in pixels of the small picture."""
_STALK = 7
"""Width of stalks and branches that do not divide a disc, in pixels of the small picture."""
_ARC = 0.4
"""Least part of a disc's circle that is seen as an edge in the sky."""
_WHOLE = 0.3
"""Least part of a disc that is not hidden."""
_UNROUND = (0.06, 0.6)
"""How far outlines of discs may be off a circle: in radii, and in pixels of the small picture."""
_FALL = 14
"""How much darker it must be in all directions around the disc."""
_GLOW = (1.3, 3.0)
"""Distances from the disc's centre, in radii, from where to where the sky begins to move."""
_HALO = (1.1, 1.5)
"""The same of discs with a sharp outline, whose glow hides no clouds."""


def find_discs(photo: Pixels, sky: Array) -> Array | None:
    """Find the sun and the moon.

    Args:
        photo: (H, W, 3) uint8.
        sky: (H, W) in [0, 1].

    Returns:
        (H, W) in [0, 1], 1 on the disc and falling off through its glow; None where there is none.
    """
    height, width = photo.shape[:2]
    scale = min(1.0, SMALL_SIDE / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    light = cv2.cvtColor(cv2.resize(photo, size, interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2GRAY)
    region = cv2.resize(np.asarray(sky, np.float32), size, interpolation=cv2.INTER_AREA) > 0.5
    if not region.any():
        return None
    median = float(np.median(light[region]))
    # The highest level first: whole discs are white, a low sun is yellow or red, and so is the moon.
    for level in np.linspace(_GLARE, min(_GLARE, median + _MOONLIGHT), _LEVELS):
        distance = _disc(light, region, level)
        if distance is not None:
            return cv2.resize(1 - smoothstep(distance, *_GLOW), (width, height), interpolation=cv2.INTER_LINEAR)
    # A face of light and dark patches has no level of its own, but an outline.
    circle = find_bright_circle(light, region)
    if circle is None:
        return None
    y, x = np.mgrid[: size[1], : size[0]].astype(np.float32)
    distance = np.asarray(np.hypot(x - circle.x, y - circle.y) / circle.radius, np.float32)
    return cv2.resize(1 - smoothstep(distance, *_HALO), (width, height), interpolation=cv2.INTER_LINEAR)


def _disc(light: Array, region: npt.NDArray[np.bool_], level: float) -> Array | None:
    """Distances (h, w), in radii, from the centre of the disc that is brighter than a level; None without one."""
    bright = ((light >= level) & region).astype(np.uint8)
    joined = cv2.morphologyEx(bright, cv2.MORPH_CLOSE, np.ones((_STALK, _STALK), np.uint8))
    count, labels, figures, _ = cv2.connectedComponentsWithStats(np.where(region, bright, joined))
    if count < 2:
        return None
    # White clouds have many such patches; the sun and the moon outshine everything else.
    largest = 1 + int(figures[1:, cv2.CC_STAT_AREA].argmax())
    circle = _circle((labels == largest).astype(np.uint8), region)
    if circle is None:
        return None
    centre_x, centre_y, radius = circle
    y, x = np.mgrid[: light.shape[0], : light.shape[1]].astype(np.float32)
    distance = np.asarray(np.hypot(x - centre_x, y - centre_y) / radius, np.float32)
    angle = np.arctan2(y - centre_y, x - centre_x)
    return distance if _falls_off(light, region, distance, angle) else None


def _circle(patch: Pixels, region: npt.NDArray[np.bool_]) -> tuple[float, float, float] | None:
    """Centre and radius of the disc that a patch is a part of; None where its outline in the sky is no circle.

    What land, branches and the picture's border hide of a disc leaves no outline in the sky.
    """
    around = cv2.dilate(patch, np.ones((3, 3), np.uint8)) > patch
    # An outline beside the land is the land's.
    free = cv2.erode(region.astype(np.uint8), np.ones((5, 5), np.uint8), borderValue=0) > 0
    y, x = (values.astype(np.float64) for values in np.nonzero(around & free))
    if len(x) < _OUTLINE:
        return None
    solved = np.linalg.lstsq(np.stack([2 * x, 2 * y, np.ones_like(x)], axis=1), x * x + y * y, rcond=None)[0]
    centre_x, centre_y = float(solved[0]), float(solved[1])
    radius = float(np.sqrt(max(0.0, solved[2] + centre_x**2 + centre_y**2)))
    angles = np.arctan2(y - centre_y, x - centre_x)
    seen = len(np.unique(np.floor((angles + np.pi) / (2 * np.pi) * 24))) / 24
    off = float(np.sqrt(np.mean((np.hypot(x - centre_x, y - centre_y) - radius) ** 2)))
    round_enough = off <= _UNROUND[0] * radius + _UNROUND[1]
    whole = patch.sum() >= _WHOLE * np.pi * radius**2
    if radius - 0.5 < _SMALLEST or seen < _ARC or not round_enough or not whole:
        return None
    return centre_x, centre_y, radius - 0.5


def _falls_off(light: Array, region: npt.NDArray[np.bool_], distance: Array, angle: Array) -> bool:
    """Whether the sky is darker than the disc in every direction, unlike around a white patch of a cloud."""
    ring = (distance > 1.3) & (distance < 1.8) & region
    sector = np.floor((angle + np.pi) / (2 * np.pi) * 8).clip(0, 7)
    inner = light[(distance < 0.7) & region]
    if not inner.size:
        return False
    core = float(inner.mean())
    parts = [ring & (sector == number) for number in range(8)]
    drops = [core - float(light[part].mean()) for part in parts if part.any()]
    return len(drops) >= 4 and min(drops) >= _FALL
