"""The land under a style: exposure, the sky's light in shade, the sun's on what is lit, and air in the distance."""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np

from landscape.images.filters import blur, fill, smoothstep
from landscape.images.pixels import Array
from landscape.light.measured import MeasuredLight
from landscape.light.sky_frame import brightness
from landscape.light.sky_light import to_rgb

DAYLIGHT = 45.0
"""Mean L of land by day."""
_GAIN_RANGE = (0.03, 4.0)
_LIT = (25, 85)
"""Percentiles of L between which land goes from shade to what the sun lights."""
_THROUGH, _TOLD_APART = 0.014, (40.0, 80.0)
"""Width of the band along the sky in which it shows through, as a fraction of the long side; and the difference of sky
and land, 0 to 255, from which one is told from the other."""
_REACHED, _MOST = 0.8, 12.0
"""Part of the way to the mean b of land in a light that what the sun lights goes, and its largest change of b."""
_TINTED = 16.0
"""L from which a tint is full: black has no colour."""
_FAR = 0.22
"""How far below the skyline land may be far away, in heights of the picture."""
_AIR, _PLAIN = (0.3, 0.85), (0.04, 0.14)
"""Darkest channel against the sky's light from which land is veiled by air, and hidden by it; and the contrast around,
as a fraction of the light, from which it is too rich in detail for that: pale rock."""
_WARM, _COLD = (12.0, 38.0), (-4.0, -16.0)
"""b of a photo's sky at the horizon from which its light counts as a low sun's, and of a dark sky as that of dusk."""
_CAST = 0.45
"""Part of the horizon's colour that the land takes in such light."""
_DUSK = (38.0, 24.0)
"""L of a sky between which its blue is that of dusk, and not that of a day."""


@dataclass(frozen=True)
class Land:
    """A photo's land, and the light that it stands in.

    Attributes:
        lab: (h, w, 3) Lab of the photo; only where ``share`` is, it is land.
        share: (h, w) share of what stands still.
        mean: Mean L.
        lit: (h, w) how much the sun lights each pixel as far as its lightness tells, 0 to 1.
        cast: a and b that the photo's own light, a low sun or dusk, gives its land.
        air: (h, w) how much air lies before each pixel, 0 to 1.
        lamps: (h, w) lamps and windows that are lit, 0 to 1.
    """

    lab: Array = field(repr=False)
    share: Array = field(repr=False)
    mean: float
    lit: Array = field(repr=False)
    cast: tuple[float, float]
    air: Array = field(repr=False)
    lamps: Array = field(repr=False)

    @classmethod
    def of(cls, picture: Array, share: Array, photo: Array, sky: Array) -> Land | None:
        """Look at a photo's land.

        Args:
            picture: (h, w, 3) colours of the land, 0 to 255.
            share: (h, w) share of what stands still.
            photo: (h, w, 3) colours of the photo.
            sky: (h, w) share of the sky.

        Returns:
            The land, or None where there is none.
        """
        inside = share > 0.5
        if inside.sum() < 8:
            return None
        lab = cv2.cvtColor(np.clip(picture * np.float32(1 / 255), 0, 1), cv2.COLOR_RGB2Lab)
        lightness = lab[..., 0]
        mean = float((lightness * share).sum() / share.sum())
        low, high = np.percentile(lightness[inside], _LIT)
        lit = smoothstep(lightness, float(low), float(max(high, low + 12)))
        above = photo[sky > 0.9]
        cast, air = _cast(above), _air(picture, above, _lowest(sky))
        return cls(lab, share, mean, lit, cast, air, _lamps(picture, inside))

    def under(self, measured: MeasuredLight, horizon: Array | None) -> Array:
        """The land in another light.

        Args:
            measured: The style.
            horizon: (w, 3) the new sky's colours at the horizon, 0 to 255, which air in the distance takes; None where
                there is no sky.

        Returns:
            (h, w, 3) colours, 0 to 255.
        """
        figures = measured.land
        wanted = figures["L"] * (1 + figures["kept"] * (self.mean / DAYLIGHT - 1))
        factor = float(np.clip(wanted / max(self.mean, 1.0), *_GAIN_RANGE))
        unit = to_rgb(self.lab) * np.float32(1 / 255)
        if factor <= 1:
            unit = unit * np.float32(factor)
        else:
            low = max(self.mean, 1.0) / 100
            slope = wanted / 100 * (1 - low) / (low * (1 - min(wanted / 100, 0.95)))
            unit = unit * slope / (1 + (slope - 1) * unit)
        lab = cv2.cvtColor(np.asarray(unit, np.float32), cv2.COLOR_RGB2Lab)
        shade, sunlit = (np.asarray(figures[name], np.float32) for name in ("shade", "lit"))
        tint = shade + self.lit[..., None] * (sunlit - shade)
        full = np.clip(lab[..., :1] / _TINTED, 0, 1)
        cast = min(factor, 1.0) * np.asarray(self.cast, np.float32)
        lab[..., 1:] = figures["chroma"] * (lab[..., 1:] - cast) + full * tint
        lab[..., 2] += full[..., 0] * self.lit * self._warmer(lab[..., 2], figures["b"])
        lit = to_rgb(lab)
        if horizon is not None and figures["haze"] > 0:
            veil = (figures["haze"] * self.air)[..., None]
            lit = lit + veil * (horizon[None] - lit)
        return np.asarray(lit, np.float32)

    def _warmer(self, b: Array, wanted: float) -> float:
        """How much bluer or yellower the sun's light must be for the land to have its usual mean b."""
        total = float(self.share.sum())
        mean, lit = (float((part * self.share).sum()) / total for part in (b, self.lit))
        return float(np.clip(_REACHED * (wanted - mean) / max(lit, 0.1), -_MOST, _MOST))


def _cast(sky: Array) -> tuple[float, float]:
    """What a and b are of a low sun's or dusk's own light, told from a photo's sky (n, 3), 0 to 255, row by row."""
    if len(sky) < 8:
        return 0.0, 0.0
    low = np.median(sky[-max(4, len(sky) // 5) :], axis=0)
    horizon = cv2.cvtColor(np.asarray(low[None, None] / 255, np.float32), cv2.COLOR_RGB2Lab)[0, 0]
    warm = float(smoothstep(horizon[2], *_WARM))
    cold = float(smoothstep(-horizon[2], -_COLD[0], -_COLD[1]) * smoothstep(-horizon[0], -_DUSK[0], -_DUSK[1]))
    return float(_CAST * warm * horizon[1]), float(_CAST * max(warm, cold) * horizon[2])


def sky_in_land(still: Array, land: Array, photo: Array, sky: Array) -> Array:
    """Sky that shows through what stands still along its edges, between leaves too fine for a matte, (h, w) in [0, 1].

    Args:
        still: (h, w, 3) colours of what stands still, 0 to 255.
        land: (h, w) its share.
        photo: (h, w, 3) colours of the photo.
        sky: (h, w) share of the sky.
    """
    reach = 2 * max(2, round(_THROUGH * max(sky.shape))) + 1
    kernel = np.ones((reach, reach), np.uint8)
    pure, firm = sky > 0.95, cv2.erode(land, kernel) > 0.95
    if not pure.any() or not firm.any():
        return np.zeros(sky.shape, np.float32)
    above, ground = (fill(photo, pure.astype(np.float32)), fill(still, firm.astype(np.float32)))
    apart = above - ground
    length = np.maximum((apart * apart).sum(axis=2), 1.0)
    share = ((still - ground) * apart).sum(axis=2) / length
    band = blur(cv2.dilate(pure.astype(np.float32), kernel), reach / 3)
    told = smoothstep(np.sqrt(length / 3), *_TOLD_APART)
    return np.asarray(smoothstep(share, 0.3, 0.8) * band * told, np.float32)


def _lowest(sky: Array) -> Array:
    """The skyline: the lowest row of sky in each column (w,), the top where there is none."""
    found = sky > 0.5
    rows = sky.shape[0] - np.argmax(found[::-1], axis=0)
    return np.where(found.any(axis=0), rows, 0).astype(np.float32)


def _air(picture: Array, sky: Array, skyline: Array) -> Array:
    """How much air lies before the land: where even its darkest channel is light, not far below the skyline."""
    height, width = picture.shape[:2]
    if not len(sky):
        return np.zeros((height, width), np.float32)
    level = float(np.median(sky.mean(axis=1)))
    reach = 2 * max(1, round(width / 160)) + 1
    darkest = blur(cv2.erode(picture.min(axis=2), np.ones((reach, reach), np.uint8)), width / 120)
    light = brightness(picture)
    mean = blur(light, width / 60)
    rough = np.sqrt(np.maximum(blur(light * light, width / 60) - mean * mean, 0)) / (mean + 8)
    far = 1 - smoothstep((np.arange(height, dtype=np.float32)[:, None] - skyline) / height, 0.3 * _FAR, 2 * _FAR)
    air = smoothstep(darkest / max(level, 40.0), *_AIR) * (1 - smoothstep(rough, *_PLAIN))
    return np.asarray(air * blur(far, width / 40), np.float32)


def _lamps(picture: Array, inside: np.ndarray) -> Array:
    """Lamps and windows that are lit: small, light and not blue, in land that is dark."""
    light = picture.max(axis=2)
    if float(np.median(light[inside])) > 95:
        return np.zeros(light.shape, np.float32)
    reach = 2 * max(2, round(max(light.shape) / 90)) + 1
    excess = cv2.morphologyEx(light, cv2.MORPH_TOPHAT, np.ones((reach, reach), np.uint8))
    red, green, blue = cv2.split(picture)
    # Flowers and leaves have stronger colours than lamps, snow in the sun has weaker ones.
    warm = smoothstep(red - blue, 30.0, 70.0) * smoothstep(np.minimum(1.5 * blue, green) / (red + 1), 0.4, 0.65)
    return np.asarray(smoothstep(excess, 60.0, 110.0) * smoothstep(light, 150.0, 215.0) * warm * inside, np.float32)
