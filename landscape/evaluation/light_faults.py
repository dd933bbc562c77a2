"""What a change of light spoils: structure, clipped areas, halos along edges, jumps within a day."""

from __future__ import annotations

import cv2
import numpy as np

from landscape.images.pixels import Array, Pixels
from landscape.light.figures import to_lab
from landscape.masks.matte import Matte

_PURE, _LEAST = 0.98, 0.02
"""Share from which a pixel is of one side alone; least share of a picture that is measured."""
_BAND = 0.012
"""Width of the band along edges as a fraction of the long side."""
_BURNT, _BLACK = (250, 254), (6, 1)
"""Values between which a pixel gets burnt out, or black."""


def kept_gradients(photo: Pixels, styled: Pixels, static: Array) -> float | None:
    """Correlation of the gradients of what stands still; None where nothing does.

    Gradients are those of the luminance as a fraction of that around: another exposure changes none of them.

    Args:
        photo: (H, W, 3) uint8.
        styled: The same in another light.
        static: (H, W) share of what stands still.
    """
    inside = cv2.erode((static > _PURE).astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    if inside.mean() < _LEAST:
        return None
    pair = []
    for picture in (photo, styled):
        grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.float32)
        grey /= cv2.GaussianBlur(grey, (0, 0), max(grey.shape) / 24) + 6
        gradients = np.stack([cv2.Sobel(grey, cv2.CV_32F, 1, 0), cv2.Sobel(grey, cv2.CV_32F, 0, 1)])
        pair.append(gradients[:, inside].ravel())
    one, other = pair
    return float((one @ other) / max(float(np.linalg.norm(one) * np.linalg.norm(other)), 1e-6))


def clipped(photo: Pixels, styled: Pixels) -> float:
    """Share of pixels that are burnt out or black in another light and were not."""
    burnt = (styled.min(axis=2) >= _BURNT[1]) & (photo.min(axis=2) < _BURNT[0])
    black = (styled.max(axis=2) <= _BLACK[1]) & (photo.max(axis=2) > _BLACK[0])
    return float((burnt | black).mean())


def halo(photo: Pixels, styled: Pixels, matte: Matte) -> float:
    """How much farther the band along the sky's edges leaves the range of both its sides than in the photo, in L."""
    return _overshoot(to_lab(styled)[..., 0], matte) - _overshoot(to_lab(photo)[..., 0], matte)


def _overshoot(light: Array, matte: Matte) -> float:
    reach = 2 * max(2, round(_BAND * max(light.shape))) + 1
    sky, land = (share > _PURE for share in (matte.sky, 1 - matte.sky - matte.water))
    band = _grown(sky, reach) & _grown(land, reach)
    if not band.any():
        return 0.0
    # Beyond the band the sides show what they are; within it nothing may stand out from them.
    near = _grown(band, reach) & ~band
    wide = np.ones((3 * reach, 3 * reach), np.uint8)
    known = (sky | land) & near
    low = cv2.erode(np.where(known, light, 200).astype(np.float32), wide)
    high = cv2.dilate(np.where(known, light, -100).astype(np.float32), wide)
    inside = band & (high >= low)
    over = np.maximum(light - high, 0) + np.maximum(low - light, 0)
    return float(over[inside].mean()) if inside.any() else 0.0


def _grown(area: np.ndarray, reach: int) -> np.ndarray:
    return np.asarray(cv2.dilate(area.astype(np.uint8), np.ones((reach, reach), np.uint8)) > 0)


def worst_jump(course: Array) -> float:
    """The largest step of a course of colours (n, 3) as a multiple of the steps beside it, at least one Delta E long.

    A light that changes evenly has steps like those beside them, whatever their length; one that jumps has not.
    """
    steps = np.linalg.norm(np.diff(course, axis=0), axis=1)
    beside = np.maximum(np.maximum(steps[:-2], steps[2:]), 1.0)
    return float((steps[1:-1] / beside).max()) if len(steps) > 2 else 0.0
