"""A sky as a frame of reference for its light: where a pixel stands in it, and how much lighter it is than around.

What a photo's sky and the real skies of another light have in common is this frame: elevation, distance from the sun's
side, and deviation from the smooth brightness that a low polynomial describes (clouds, gaps, rims).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np

from landscape.images.pixels import Array
from landscape.images.tone import LUMINANCE

_LOWEST_SPREAD = 11.0
"""Least deviation, 0 to 255, that counts as one of clouds: less is the noise of a clear sky."""
_LEAST_HEIGHT = 0.3
"""Least height of a sky, as a fraction of the picture's, over which its light changes from horizon to top."""
_BANDS = (0.02, 0.985)
"""Shares of a sky's pixels above which its top, and its horizon, lie."""
_SUN_BAND = 0.45
"""The lowest part of a sky in which the side of the sun is looked for."""
_SMOOTHED = 1 / 12
"""Blur of that search as a fraction of the width."""
_SOFT = 0.06
"""Part of the range of a sky's colours over which its smooth colours are held back at the ends of it."""
_MOST = 2.0
"""Deviations farther out count as this much."""


@dataclass(frozen=True)
class SkyFrame:
    """Where pixels stand in a sky; defined beyond its edges as well.

    Attributes:
        elevation: (h,) of each row, 0 at the sky's lower end to 1 at its top; negative below.
        across: (w,) of each column, 0 to 1.
        base: (h, w) smooth brightness of the sky, 0 to 255.
        colour: (h, w, 3) smooth colour less its brightness.
        spread: Deviation from it, 0 to 255.
        clear: Share of the sky without clouds, 0 to 1, as far as brightness tells.
        sun_side: Where along the horizon the sky is lightest, 0 (left) to 1.
    """

    elevation: Array = field(repr=False)
    across: Array = field(repr=False)
    base: Array = field(repr=False)
    colour: Array = field(repr=False)
    spread: float
    clear: float
    sun_side: float

    @classmethod
    def of(cls, picture: Array, sky: Array) -> SkyFrame | None:
        """Fit the frame of a sky.

        Args:
            picture: (h, w, 3) colours, 0 to 255.
            sky: (h, w) share of the sky in each pixel.

        Returns:
            The frame, or None where there is hardly any sky.
        """
        height, width = sky.shape
        weight = np.where(sky > 0.9, sky, 0).astype(np.float32)
        if weight.sum() < 0.004 * weight.size + 4:
            return None
        rows = np.cumsum(weight.sum(axis=1)) / weight.sum()
        top, low = (int(np.searchsorted(rows, share)) for share in _BANDS)
        reach = max(low - top, _LEAST_HEIGHT * height)
        elevation = ((low - np.arange(height)) / reach).astype(np.float32)
        across = ((np.arange(width) + 0.5) / width).astype(np.float32)
        light = brightness(picture)
        terms = _terms(np.clip(elevation, 0, 1.3), across)
        flat, counted = terms.reshape(-1, terms.shape[2]), weight.ravel() > 0
        step = max(1, int(counted.sum()) // 20000)
        known = flat[counted][::step]
        values = np.dstack([light, picture - light[..., None]]).reshape(-1, 4)[counted][::step]
        solved = np.linalg.lstsq(known.T @ known + 1e-3 * len(known) * np.diag(_STIFF), known.T @ values, rcond=None)[0]
        smooth = (flat @ solved.astype(np.float32)).reshape(height, width, 4)
        ranges = np.percentile(values, (0.5, 99.5), axis=0).astype(np.float32)
        smooth = _held(smooth, ranges[0], ranges[1])
        deviation = (light - smooth[..., 0]).ravel()[counted]
        spread = float(deviation.std())
        clear = float(np.clip(1 - (spread - 4) / 14, 0, 1))
        side = _sun_side(light, weight, elevation)
        return cls(elevation, across, smooth[..., 0], smooth[..., 1:], max(spread, _LOWEST_SPREAD), clear, side)

    def deviation(self, light: Array) -> Array:
        """How much lighter pixels are than the smooth sky, in spreads, -2 to 2, of their brightness (h, w)."""
        return np.asarray(np.clip((light - self.base) * np.float32(1 / self.spread), -_MOST, _MOST), np.float32)


def brightness(colours: Array) -> Array:
    """Luma (h, w) of colours (h, w, 3) in the same range."""
    return cv2.transform(np.asarray(colours, np.float32), np.array([LUMINANCE], np.float32)).reshape(colours.shape[:2])


def _held(values: Array, low: Array, high: Array) -> Array:
    """Hold values within a range without a crease where it begins, which smooth skies would show as an arc."""
    soft = np.maximum(_SOFT * (high - low), 1e-3)
    above, beyond = (np.logaddexp(0, (values - end) / soft) for end in (low, high))
    return np.asarray(low + soft * (above - beyond), np.float32)


_STIFF = (0.0, 0.2, 1.0, 0.2, 1.0, 1.0)
"""How much each term of the smooth sky is held back where the sky does not tell it."""


def _terms(elevation: Array, across: Array) -> Array:
    e, x = np.broadcast_arrays(elevation[:, None], across[None, :] - np.float32(0.5))
    return np.stack([np.ones_like(e), e, e * e, x, x * x, x * e], axis=2).astype(np.float32)


def _sun_side(light: Array, weight: Array, elevation: Array) -> float:
    """The lightest part of the horizon, drawn towards the middle where all of it is alike."""
    width = light.shape[1]
    low = weight * (elevation < _SUN_BAND)[:, None]
    total = low.sum(axis=0)
    if total.sum() < 1:
        low, total = weight, weight.sum(axis=0)
    sigma = max(1.0, _SMOOTHED * width)
    along, counted = ((low * light).sum(axis=0, keepdims=True), total[None])
    smooth, known = (
        cv2.GaussianBlur(np.asarray(values, np.float32), (0, 0), sigma, borderType=cv2.BORDER_REPLICATE)[0]
        for values in (along, counted)
    )
    mean = smooth / np.maximum(known, 1e-3)
    mean = np.where(known > 0.05 * known.max(), mean, mean.min())
    excess = np.exp((mean - mean.max()) / 8.0)
    return float((excess * (np.arange(width) + 0.5)).sum() / excess.sum() / width)
