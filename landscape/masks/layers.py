"""Layers that are painted on, and the matte that they become: grown, feathered, snapped to the photo's edges.

Mattes are computed plane by plane: NumPy takes many times as long over the last axis of a picture.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from landscape.declared import Declared, setting
from landscape.images.filters import guided, resize, soften
from landscape.kinds import Flag, Number
from landscape.masks.matte import Matte
from landscape.masks.sizes import FEATHER, SNAP_RADIUS, SNAP_SLOPE, WORK_SIDE
from landscape.masks.strokes import Layers

EDIT_SIDE = WORK_SIDE
"""Long side of the layers in pixels: that of mattes, so that a stroke leaves everything else as fine as it was."""

_WIDEST = 0.03
"""Most growth and feather as a fraction of the long side."""


@dataclass(frozen=True)
class MaskSettings(Declared):
    """How painted layers become masks."""

    grow: float = setting(0.0, Number(
        "Growth", "Widens (or, negative, narrows) what moves; fraction of the long side.",
        low=-_WIDEST, high=_WIDEST, step=0.001,
    ))  # fmt: skip
    feather: float = setting(FEATHER, Number(
        "Feather", "Width of the soft border as a fraction of the long side; the matte's own at the default.",
        low=0, high=_WIDEST, step=0.001,
    ))  # fmt: skip
    snap: bool = setting(True, Flag("Snapping to edges", "Painted borders follow the photo's edges (guided filter)."))
    horizon: float | None = setting(None, Number(
        "Horizon", "Fraction of the height from the top, or the one that was found.", low=0, high=1, none=("found",),
    ))  # fmt: skip


def layers_of(matte: Matte) -> Layers:
    """A matte as layers without strokes, at most :data:`EDIT_SIDE` pixels long."""
    height, width = matte.sky.shape
    scale = min(1.0, EDIT_SIDE / max(height, width))
    small = matte.resized(max(1, round(height * scale)), max(1, round(width * scale)))
    nothing = np.zeros_like(small.sky)
    stack = np.dstack([small.sky, small.water, small.freeze, nothing])
    return np.rint(np.clip(stack, 0, 1) * 255).astype(np.uint8)


def matte_of(layers: Layers, pixels: np.ndarray, settings: MaskSettings, found: Matte) -> Matte:
    """Turn layers into a matte: what was painted is as it was painted, and certain.

    Args:
        layers: The layers.
        pixels: The photo, uint8 (H, W, 3) RGB; the matte gets its size.
        settings: Growth, feather, snapping.
        found: The matte that the layers were made of; tells what nobody can paint.

    Returns:
        A matte of the photo's size, which is any size of the photo.
    """
    *planes, strokes = cv2.split(resize(layers, *pixels.shape[:2]))
    parts = [plane * np.float32(1 / 255) for plane in planes]
    if settings.snap and strokes.any():
        _snap(parts, strokes, pixels)
    sky, water = (_feathered(part, settings.feather) for part in _grown(parts[0], parts[1], settings.grow))
    total = np.maximum(sky + water, 1)
    level = found.horizon if settings.horizon is None else settings.horizon
    freeze = _feathered(parts[2], settings.feather)
    painted = strokes * np.float32(1 / 255)
    certainty = np.maximum(resize(found.certainty, *painted.shape), painted)
    # What somebody paints over the sun is sky that moves, or stands.
    glow = found.glow if found.glow is None or not strokes.any() else found.glow.without(painted)
    return Matte(sky / total, water / total, freeze, level, certainty, glow, found.mirror)


def _snap(parts: list[np.ndarray], strokes: np.ndarray, pixels: np.ndarray) -> None:
    """Let masks follow the photo's edges near strokes, in place: the rest was found with these edges already."""
    near = _near(strokes * np.float32(1 / 255))
    here = _surroundings(near)
    near, guide = near[here], np.ascontiguousarray(pixels[here])
    radius = SNAP_RADIUS * max(pixels.shape) / max(guide.shape)
    for part in parts:
        if part[here].any():
            snapped = guided(part[here][..., None], guide, radius)[..., 0]
            part[here] += near * (np.clip(SNAP_SLOPE * (snapped - 0.5) + 0.5, 0, 1) - part[here])


def _near(strokes: np.ndarray) -> np.ndarray:
    """How near pixels are to strokes (H, W), 1 within them; so smooth that a quarter of the size will do."""
    height, width = strokes.shape
    small = resize(strokes, -(-height // 4), -(-width // 4))
    return np.clip(2 * resize(soften(small, 2 * SNAP_RADIUS), height, width), 0, 1)


def _surroundings(near: np.ndarray) -> tuple[slice, slice]:
    """Rows and columns of an (H, W) mask in which it is not zero, with what the guided filter sees around them."""
    reach = 4 * max(4, round(SNAP_RADIUS * max(near.shape)))
    slices = []
    for axis in (1, 0):
        there = np.flatnonzero(near.any(axis=axis))
        # An even beginning: the filter halves the picture.
        slices.append(slice(max(0, int(there[0]) - reach) // 2 * 2, int(there[-1]) + reach + 1))
    return slices[0], slices[1]


def _grown(sky: np.ndarray, water: np.ndarray, grow: float) -> tuple[np.ndarray, np.ndarray]:
    """Sky and water (H, W), widened into what stands still or narrowed; neither enters the other."""
    reach = round(abs(grow) * max(sky.shape))
    if reach == 0:
        return sky, water
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    both = np.minimum(sky + water, 1)
    # Where the two meet nothing changes: what grows or shrinks is their union.
    if grow < 0:
        left = cv2.erode(both, kernel) / np.maximum(both, 1e-3)
        return sky * left, water * left
    extra = cv2.dilate(both, kernel) - both
    wide_sky, wide_water = (cv2.dilate(plane, kernel) for plane in (sky, water))
    extra /= np.maximum(wide_sky + wide_water, 1e-3)
    return sky + extra * wide_sky, water + extra * wide_water


def _feathered(mask: np.ndarray, feather: float) -> np.ndarray:
    """A mask (H, W) whose borders, found with :data:`FEATHER`, get another width."""
    if feather > FEATHER:
        return soften(mask, float(np.sqrt(feather**2 - FEATHER**2)))
    steeper = FEATHER / max(feather, FEATHER / 8)
    return np.clip((mask - 0.5) * steeper + 0.5, 0, 1) if steeper > 1 else mask
