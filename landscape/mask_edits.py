"""Editing masks by hand: strokes of a brush, growing, feathering, snapping to the photo's edges."""

from __future__ import annotations

import dataclasses
from collections import deque
from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from landscape.errors import LandscapeError
from landscape.mask_filters import guided, resize, soften
from landscape.masking import Masks

Layers = NDArray[np.uint8]
"""(H, W, 4): coverage of sky, water, freeze, and where strokes were painted, 0 to 255."""

CLASSES = ("sky", "water", "freeze", "none")
"""What a stroke can paint; ``none`` erases the others."""
EDIT_SIDE = 1024
"""Long side of the layers in pixels. Strokes are soft, and snapping finds the photo's edges again."""
FEATHER = 0.004
"""Feather of the masks as they are found, as a fraction of the long side."""
_SNAP_RADIUS = 0.012
_UNDO_STEPS = 200
_MAX_POINTS = 20_000


@dataclass(frozen=True)
class Stroke:
    """One stroke of the brush.

    Attributes:
        points: (n, 2) x, y in fractions of the width and the height.
        size: Diameter as a fraction of the long side, above 0 to 0.5.
        softness: Part of the brush that fades out, 0 (hard) to 1.
        paints: One of :data:`CLASSES`.
    """

    points: NDArray[np.float32]
    size: float
    softness: float
    paints: str

    def __post_init__(self) -> None:
        shape = self.points.shape
        if len(shape) != 2 or shape[1] != 2 or not 1 <= shape[0] <= _MAX_POINTS or not np.isfinite(self.points).all():
            raise LandscapeError("A stroke needs points with two coordinates.")
        if not 0 < self.size <= 0.5 or not 0 <= self.softness <= 1:
            raise LandscapeError("Choose a brush up to half of the photo, with a softness between 0 and 1.")
        if self.paints not in CLASSES:
            raise LandscapeError(f"Choose what to paint from: {', '.join(CLASSES)}.")


@dataclass(frozen=True)
class MaskSettings:
    """How painted layers become masks.

    Attributes:
        grow: Widens (or, negative, narrows) what moves; fraction of the long side, -0.03 to 0.03.
        feather: Width of the soft border as a fraction of the long side, 0 to 0.03.
        snap: Whether painted borders follow the photo's edges (guided filter).
        horizon: Fraction of the height, or None for the one that was found.
    """

    grow: float = 0.0
    feather: float = FEATHER
    snap: bool = True
    horizon: float | None = None

    def __post_init__(self) -> None:
        for name, value, low in (("growth", self.grow, -0.03), ("feather", self.feather, 0.0)):
            if not low <= value <= 0.03:
                raise LandscapeError(f"Choose a {name} between {low:g} and 0.03.")
        if self.horizon is not None and not 0 <= self.horizon <= 1:
            raise LandscapeError("Choose a horizon between 0 (the top) and 1.")


def coverage(stroke: Stroke, height: int, width: int) -> NDArray[np.float32]:
    """How much a stroke covers each pixel, (height, width) in [0, 1]; crossing itself makes it no denser."""
    diameter = stroke.size * max(height, width)
    hard = max(1.0, diameter * (1 - stroke.softness / 2))
    sigma = diameter * stroke.softness / 6
    scale = 16  # OpenCV draws at sixteenths of a pixel
    points = stroke.points * [width, height] - 0.5
    reach = diameter + 4 * sigma + 2
    left, top = (max(0, int(value)) for value in np.floor(points.min(axis=0) - reach))
    right, bottom = (int(value) for value in np.ceil(points.max(axis=0) + reach))
    right, bottom = min(width, right), min(height, bottom)
    result = np.zeros((height, width), np.float32)
    if right <= left or bottom <= top:
        return result
    part = np.zeros((bottom - top, right - left), np.uint8)
    line = np.rint(np.clip((points - [left, top]) * scale, -(2**24), 2**24)).astype(np.int32)
    if hard >= 2:
        cv2.polylines(part, [line], False, 255, round(hard), cv2.LINE_AA, shift=4)
    for point in line[[0, -1]]:
        cv2.circle(part, tuple(int(v) for v in point), round(hard * scale / 2), 255, -1, cv2.LINE_AA, shift=4)
    if sigma > 0.1:
        part = np.asarray(cv2.GaussianBlur(part, (0, 0), sigma), np.uint8)
    result[top:bottom, left:right] = part / np.float32(255)
    return result


def layers_of(masks: Masks) -> Layers:
    """Masks as layers without strokes, at most :data:`EDIT_SIDE` pixels long."""
    height, width = masks.sky.shape
    scale = min(1.0, EDIT_SIDE / max(height, width))
    small = masks.resized(max(1, round(height * scale)), max(1, round(width * scale)))
    nothing = np.zeros_like(small.sky)
    stack = np.dstack([small.sky, small.water, small.freeze, nothing])
    return np.rint(np.clip(stack, 0, 1) * 255).astype(np.uint8)


def painted(layers: Layers, stroke: Stroke) -> Layers:
    """Layers after a stroke: it replaces sky by water and so on; ``freeze`` lies above both, ``none`` clears all."""
    alpha = coverage(stroke, *layers.shape[:2])[..., None]
    target = np.zeros(4, np.float32)
    if stroke.paints != "none":
        target[CLASSES.index(stroke.paints)] = 255
    target[3] = 255
    kept = [0, 1] if stroke.paints == "freeze" else []
    rows, columns = (np.flatnonzero(alpha[..., 0].any(axis=axis)) for axis in (1, 0))
    result = layers.copy()
    if not len(rows):
        return result
    part = (slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1))
    before = layers[part].astype(np.float32)
    after = before + alpha[part] * (target - before)
    after[..., kept] = before[..., kept]
    result[part] = np.rint(after).astype(np.uint8)
    return result


def masks_of(layers: Layers, pixels: np.ndarray, settings: MaskSettings, horizon: float) -> Masks:
    """Turn layers into masks.

    Args:
        layers: The layers.
        pixels: The photo, uint8 (H, W, 3) RGB; the masks get its size.
        settings: Growth, feather, snapping.
        horizon: The horizon where the settings name none.

    Returns:
        Masks of the photo's size, which is any size of the photo.
    """
    height, width = pixels.shape[:2]
    unit = resize(layers, height, width).astype(np.float32) / 255
    parts, strokes = np.ascontiguousarray(unit[..., :3]), unit[..., 3:]
    if settings.snap and strokes.any():
        # Only what was painted: the rest was found with the photo's edges already.
        near = np.clip(2 * soften(strokes[..., 0], 2 * _SNAP_RADIUS), 0, 1)[..., None]
        here = _surroundings(near[..., 0])
        radius = _SNAP_RADIUS * max(pixels.shape) / max(pixels[here].shape)
        snapped = np.clip(1.6 * (guided(parts[here], np.ascontiguousarray(pixels[here]), radius) - 0.5) + 0.5, 0, 1)
        parts[here] += near[here] * (snapped - parts[here])
    moving, freeze = parts[..., :2], parts[..., 2]
    moving = _feathered(_grown(moving, settings.grow), settings.feather)
    freeze = _feathered(freeze[..., None], settings.feather)[..., 0]
    moving = moving / np.maximum(moving.sum(axis=2, keepdims=True), 1)
    level = horizon if settings.horizon is None else settings.horizon
    sky, water = (np.ascontiguousarray(moving[..., i]) for i in range(2))
    return Masks(sky, water, np.ascontiguousarray(freeze), level)


def _surroundings(near: np.ndarray) -> tuple[slice, slice]:
    """Rows and columns of an (H, W) mask in which it is not zero, with what the guided filter sees around them."""
    reach = 4 * max(4, round(_SNAP_RADIUS * max(near.shape)))
    slices = []
    for axis in (1, 0):
        there = np.flatnonzero(near.any(axis=axis))
        # An even beginning: the filter halves the picture.
        slices.append(slice(max(0, int(there[0]) - reach) // 2 * 2, int(there[-1]) + reach + 1))
    return slices[0], slices[1]


def _grown(moving: np.ndarray, grow: float) -> np.ndarray:
    """Sky and water (H, W, 2), widened into what stands still or narrowed; neither enters the other."""
    reach = round(abs(grow) * max(moving.shape[:2]))
    if reach == 0:
        return moving
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    both = np.ascontiguousarray(np.clip(moving.sum(axis=2), 0, 1))
    # Where the two meet nothing changes: what grows or shrinks is their union.
    union = cv2.dilate(both, kernel) if grow > 0 else cv2.erode(both, kernel)
    if grow < 0:
        return np.asarray(moving * (union / np.maximum(both, 1e-3))[..., None])
    wide = np.stack([cv2.dilate(np.ascontiguousarray(moving[..., i]), kernel) for i in range(2)], axis=2)
    extra = wide / np.maximum(wide.sum(axis=2, keepdims=True), 1e-3)
    return np.asarray(moving + (union - both)[..., None] * extra)


def _feathered(masks: np.ndarray, feather: float) -> np.ndarray:
    """Masks (H, W, C) whose borders, found with :data:`FEATHER`, get another width."""
    if feather > FEATHER:
        return soften(masks, float(np.sqrt(feather**2 - FEATHER**2))).reshape(masks.shape)
    steeper = FEATHER / max(feather, FEATHER / 8)
    return np.clip((masks - 0.5) * steeper + 0.5, 0, 1) if steeper > 1 else masks


@dataclass
class MaskEditor:
    """A photo's masks under someone's hands, with undo and redo.

    Attributes:
        found: The masks to begin with and to return to.
        settings: Growth, feather, snapping, horizon.
    """

    found: Masks
    settings: MaskSettings = field(default_factory=MaskSettings)
    _layers: Layers = field(init=False, repr=False)
    _past: deque[bytes] = field(default_factory=lambda: deque(maxlen=_UNDO_STEPS), repr=False)
    _future: list[bytes] = field(default_factory=list, repr=False)
    _changes: int = 0
    _made: tuple[Any, Masks] | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        self._layers = layers_of(self.found)

    @property
    def can_undo(self) -> bool:
        """Whether there is a stroke to take back."""
        return bool(self._past)

    @property
    def can_redo(self) -> bool:
        """Whether there is a stroke to bring back."""
        return bool(self._future)

    @property
    def touched(self) -> bool:
        """Whether the masks differ from those found, but for the horizon."""
        return dataclasses.replace(self.settings, horizon=None) != MaskSettings() or bool(self._past)

    def paint(self, stroke: Stroke) -> None:
        """Add a stroke."""
        self._change(painted(self._layers, stroke))

    def reset(self) -> None:
        """Return to the masks found and to the settings' defaults; the strokes can be brought back by :meth:`undo`."""
        self.settings = MaskSettings()
        self._change(layers_of(self.found))

    def replace(self, masks: Masks) -> None:
        """Use other masks, as read from a file."""
        height, width = self._layers.shape[:2]
        layers = layers_of(masks.resized(height, width))
        self._change(layers)

    def undo(self) -> None:
        """Take the last change of the layers back, if there is one."""
        if self._past:
            self._future.append(_packed(self._layers))
            self._put(_unpacked(self._past.pop()))

    def redo(self) -> None:
        """Bring back what :meth:`undo` took, if there is something."""
        if self._future:
            self._past.append(_packed(self._layers))
            self._put(_unpacked(self._future.pop()))

    def masks(self, pixels: np.ndarray) -> Masks:
        """The masks for the photo, uint8 (H, W, 3), at any size: those found where nothing was changed."""
        key = (self._changes, pixels.shape, dataclasses.replace(self.settings, horizon=None), self.touched)
        if self._made is None or self._made[0] != key:
            if self.touched:
                made = masks_of(self._layers, pixels, self.settings, self.found.horizon)
            else:
                same = self.found.sky.shape == pixels.shape[:2]
                made = self.found if same else self.found.resized(*pixels.shape[:2])
            self._made = (key, made)
        masks, level = self._made[1], self.settings.horizon
        wanted = self.found.horizon if level is None else level
        # Another horizon leaves the arrays as they are, which tells a preview that the picture is the same.
        return masks if masks.horizon == wanted else dataclasses.replace(masks, horizon=wanted)

    def _change(self, layers: Layers) -> None:
        self._past.append(_packed(self._layers))
        self._future.clear()
        self._put(layers)

    def _put(self, layers: Layers) -> None:
        self._layers = layers
        self._changes += 1


def _packed(layers: Layers) -> bytes:
    """Layers as a PNG: a hundred steps of undo in a few megabytes."""
    return bytes(cv2.imencode(".png", layers, [cv2.IMWRITE_PNG_COMPRESSION, 1])[1].tobytes())


def _unpacked(png: bytes) -> Layers:
    return np.asarray(cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_UNCHANGED), np.uint8)
