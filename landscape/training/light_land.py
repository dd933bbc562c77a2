"""What land looks like under each style, measured on real pictures."""

from __future__ import annotations

from typing import Any

import numpy as np

from landscape.images.pixels import Array
from landscape.light.figures import to_lab
from landscape.light.land_light import DAYLIGHT

_HAZE = {
    "bright white day": 0.3,
    "bright evening": 0.35,
    "light sunset": 0.5,
    "warm sunset": 0.4,
    "blue hour": 0.35,
    "deep night": 0.2,
    "blue morning": 0.45,
}
"""Part of the sky's colour at the horizon that far land takes."""
_LAND_SHARE = {"warm sunset": 75.0, "deep night": 50.0}
"""Percentile of the mean L of real land that is aimed at, if not 55: half of the real sunsets are silhouettes."""
_TINT, _PURKINJE = 0.6, 4.0
"""Part of the colour of real land's shade and lit parts, less half of those by day, that is the light's own; how much
bluer land is by night than its pictures."""
_KEPT = 0.3
"""Part of a photo's difference from the mean lightness of land by day that is kept, so that snow stays lighter."""


def real_land(picture: Array, share: Array) -> Array | None:
    """Mean L of land, a and b of its darkest and of its lightest third, its mean b; None where there is hardly any."""
    inside = share > 0.9
    if inside.mean() < 0.05:
        return None
    lab = to_lab(picture)[inside]
    low, high = np.percentile(lab[:, 0], (33, 67))
    dark, light = lab[lab[:, 0] <= low], lab[lab[:, 0] >= high]
    return np.array([lab[:, 0].mean(), *dark[:, 1:].mean(axis=0), *light[:, 1:].mean(axis=0), lab[:, 2].mean()])


def land_figures(style: str, lands: Array, by_day: Array, night: float) -> dict[str, Any]:
    """What is kept of a style's land.

    Args:
        style: The style.
        lands: (n, 6) of its real pictures, see :func:`real_land`.
        by_day: (6,) of land in the light in which it has its own colours.
        night: How much of a night it is, 0 to 1.
    """
    middle = np.median(lands, axis=0)
    lightness = float(np.percentile(lands[:, 0], _LAND_SHARE.get(style, 55.0)))
    tints = _TINT * (middle[1:5] - 0.5 * by_day[1:5])
    # The less light, the less colour cameras and eyes see; by night eyes see none but a bluish grey (Purkinje).
    chroma = min(1.0, (lightness / DAYLIGHT) ** 0.5) * (1 - 0.4 * night)
    tints[[1, 3]] -= _PURKINJE * night
    return {
        "L": round(lightness, 1),
        "kept": _KEPT,
        "chroma": round(chroma, 2),
        "shade": [round(float(value), 1) for value in tints[:2]],
        "lit": [round(float(value), 1) for value in tints[2:]],
        "b": round(float(np.median(lands[:, 5])), 1),
        "haze": _HAZE.get(style, 0.0),
    }
