"""Which of the nine lights a photo already has."""

from __future__ import annotations

import numpy as np

from landscape.images.pixels import Array, Pixels
from landscape.light.figures import measure_light
from landscape.light.measured import MeasuredLights
from landscape.light.sky_frame import SkyFrame

FIGURES = ("sky_L", "sky_a", "sky_b", "horizon_b", "top_b", "sky_chroma", "land_L", "land_b")
"""Figures of :func:`landscape.light.figures.measure_light` by which lights are told apart."""
_ALREADY = 0.85
"""Mean distance from the real pictures' medians, in their spreads, up to which a photo has a light already."""


def style_distances(photo: Pixels, sky: Array, water: Array, lights: MeasuredLights) -> dict[str, float]:
    """How far a photo's light is from that of each style's real pictures, in their spreads.

    Args:
        photo: (H, W, 3) uint8, small.
        sky: (H, W) share of the sky.
        water: (H, W) share of the water.
        lights: The styles.
    """
    figures = measure_light(photo, sky, water).figures
    distances = {}
    for style, light in lights.lights.items():
        apart = [
            abs(figures[name] - middle) / spread for name, (middle, spread) in light.typical.items() if name in figures
        ]
        distances[style] = float(np.mean(np.minimum(apart, 4.0))) if apart else float("inf")
    return distances


def sun_side_of(photo: Pixels, sky: Array) -> float:
    """Where the sun of a photo seems to stand along the horizon, 0 (left) to 1; the middle without a sky.

    Args:
        photo: (H, W, 3) uint8, small.
        sky: (H, W) share of the sky.
    """
    frame = SkyFrame.of(photo.astype(np.float32), sky)
    return 0.5 if frame is None else frame.sun_side


def already(distances: dict[str, float]) -> str | None:
    """The style that a photo already has, or None where it has none of them."""
    nearest = min(distances, key=lambda style: distances[style])
    return nearest if distances[nearest] <= _ALREADY else None
