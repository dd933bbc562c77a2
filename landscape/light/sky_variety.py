"""How light real skies of one style are, from horizon to top, and how much of that a photo's own sky brings with it.

The table of a style is the middle of many skies. A photo's keeps so much of its own difference from an ordinary sky as
skies of that style differ by among each other: under a sunset a dark sky stays darker, a pale horizon paler. Hues are
the style's own: with those of a blue day some sunsets would be none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np

from landscape.images.pixels import Array
from landscape.light.sky_frame import SkyFrame

ELEVATIONS = (0.0, 0.1, 0.3, 0.6, 1.0)
"""Knots of elevation, from the horizon to the top of a sky."""
_FARTHEST = 1.5
"""Deviations beyond which an unusual sky counts no more: few real skies of a style are farther from their middle."""
_NONE: tuple[tuple[float, ...], ...] = ()


@dataclass(frozen=True)
class SkyVariety:
    """Directions in which the lightness of skies of a style differs.

    Attributes:
        adds: For each direction the L at every elevation that one deviation adds.
        reads: For each direction the weights of a photo's own L that tell how many deviations it brings.
        offsets: What these give for an ordinary sky.
    """

    adds: tuple[tuple[float, ...], ...] = field(default=_NONE, repr=False)
    reads: tuple[tuple[float, ...], ...] = field(default=_NONE, repr=False)
    offsets: tuple[float, ...] = field(default=(), repr=False)

    def of(self, own: Array) -> Array:
        """What a photo's own sky changes of the style's L at every elevation, given its own there (elevations,)."""
        if not self.adds:
            return np.zeros(len(ELEVATIONS), np.float32)
        told = np.asarray(self.reads) @ own - np.asarray(self.offsets)
        return np.asarray(np.clip(told, -_FARTHEST, _FARTHEST) @ np.asarray(self.adds), np.float32)


def sky_lightness(picture: Array, sky: Array, frame: SkyFrame) -> Array:
    """Mean L of a sky around the knots of elevation, (elevations,); where it has none, that of the nearest.

    Args:
        picture: (h, w, 3) colours, 0 to 255.
        sky: (h, w) share of the sky.
        frame: Its frame.
    """
    weight = np.where(sky > 0.9, sky, 0)
    light = cv2.cvtColor(np.clip(picture * np.float32(1 / 255), 0, 1), cv2.COLOR_RGB2Lab)[..., 0]
    rows, counted = (weight * light).sum(axis=1), weight.sum(axis=1)
    near = knot_weights(frame.elevation, ELEVATIONS)
    total = counted @ near
    known = np.flatnonzero(total > 1e-3 * total.sum())
    at = np.asarray(ELEVATIONS)
    return np.interp(at, at[known], (rows @ near)[known] / total[known]).astype(np.float32)


def knot_weights(values: Array, knots: tuple[float, ...]) -> Array:
    """Weights (n, knots) of linear interpolation between knots."""
    clipped = np.clip(values, knots[0], knots[-1])
    return np.stack([np.interp(clipped, knots, row) for row in np.eye(len(knots))], axis=1).astype(np.float32)


def fit_variety(skies: Array, ordinary: Sequence[Array], directions: int = 2, share: float = 1.0) -> SkyVariety:
    """Find the directions in which skies of a style differ most.

    Args:
        skies: (n, elevations) L of real skies of the style.
        ordinary: The same of every style; each counts alike, however many skies it has.
        directions: How many.
        share: Part of the differences that photos may bring.
    """
    apart = skies - skies.mean(axis=0)
    _, lengths, axes = np.linalg.svd(apart, full_matrices=False)
    axes, deviations = axes[:directions], share * lengths[:directions] / np.sqrt(len(skies))
    along = [each @ axes.T for each in ordinary]
    middle = np.mean([each.mean(axis=0) for each in along], axis=0)
    spread = np.sqrt(np.mean([((each - middle) ** 2).mean(axis=0) for each in along], axis=0)) + 1e-3

    def rows(values: np.ndarray) -> tuple[tuple[float, ...], ...]:
        return tuple(tuple(round(float(value), 4) for value in row) for row in values)

    return SkyVariety(rows(axes * deviations[:, None]), rows(axes / spread[:, None]), rows((middle / spread)[None])[0])
