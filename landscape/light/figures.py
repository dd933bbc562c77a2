"""Light in figures: what tells a real sunset from an orange one, region by region in CIE Lab.

Regions are the sky, in bins of elevation that hold the same number of pixels, the land and the water. L is 0 to 100, a
(green to red) and b (blue to yellow) are about -100 to 100; differences are in the units of Delta E.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from landscape.images.pixels import Array, Pixels

ELEVATIONS = 5
"""Bins of the sky from the horizon upwards."""
SAMPLES = 240
"""Pixels of a region that stand for a picture among others."""
_PURE = 0.9
"""Share from which a pixel counts as one of its region."""
_LEAST = 0.02
"""Least share of a picture that a region has to be measured."""


@dataclass(frozen=True)
class Lit:
    """A picture's light.

    Attributes:
        figures: Name to value; figures of regions that the picture lacks are missing.
        samples: Region to colours (n, 3) in Lab, evenly drawn; the sky's bins are ``sky 0`` (horizon) upwards.
    """

    figures: dict[str, float]
    samples: dict[str, Array]


def to_lab(picture: Pixels) -> Array:
    """A picture (H, W, 3) uint8 in CIE Lab (D65), float32."""
    return np.asarray(cv2.cvtColor(picture.astype(np.float32) / 255, cv2.COLOR_RGB2Lab), np.float32)


def measure_light(picture: Pixels, sky: Array, water: Array) -> Lit:
    """Measure a picture's light.

    Args:
        picture: (H, W, 3) uint8.
        sky: (H, W) share of the sky, in [0, 1].
        water: (H, W) share of the water.

    Returns:
        Figures: of the sky its ``sky_L``, ``sky_a``, ``sky_b`` and ``sky_chroma``, ``hue_spread`` (1 minus the length
        of the mean hue vector, weighted by chroma), ``sky_contrast`` (deviation of L), ``horizon_b`` and ``top_b`` of
        the lowest and highest bin, and ``b_fall``, their difference; of land and water L, b, chroma, contrast; and
        ``dark_chroma`` and ``light_chroma`` of the darkest and lightest third of the whole picture.
    """
    lab = to_lab(picture)
    figures: dict[str, float] = {}
    samples: dict[str, Array] = {}
    land = 1 - np.clip(sky + water, 0, 1)
    for name, share in (("sky", sky), ("land", land), ("water", water)):
        inside = share > _PURE
        if inside.mean() < _LEAST:
            continue
        colours = lab[inside]  # in the order of rows, from the top
        figures |= _region(name, colours)
        if name == "sky":
            bins = np.array_split(colours, ELEVATIONS)[::-1]
            samples |= {f"sky {index}": _drawn(part) for index, part in enumerate(bins)}
            lowest, highest = float(bins[0][:, 2].mean()), float(bins[-1][:, 2].mean())
            figures |= {"horizon_b": lowest, "top_b": highest, "b_fall": lowest - highest}
            figures["hue_spread"] = hue_spread(colours)
        else:
            samples[name] = _drawn(colours)
    figures |= _saturation(lab)
    return Lit(figures, samples)


def _region(name: str, colours: Array) -> dict[str, float]:
    light, a, b = (float(value) for value in colours.mean(axis=0))
    chroma = float(np.hypot(colours[:, 1], colours[:, 2]).mean())
    spread = float(colours[:, 0].std())
    return {f"{name}_L": light, f"{name}_a": a, f"{name}_b": b, f"{name}_chroma": chroma, f"{name}_contrast": spread}


def hue_spread(colours: Array) -> float:
    """Spread of the hue of colours (n, 3) in Lab: 0 where all have one, up to 1."""
    chroma = np.hypot(colours[:, 1], colours[:, 2]).sum()
    length = np.hypot(colours[:, 1].sum(), colours[:, 2].sum())
    return float(1 - length / max(chroma, 1e-6))


def _saturation(lab: Array) -> dict[str, float]:
    flat = lab.reshape(-1, 3)
    chroma = np.hypot(flat[:, 1], flat[:, 2])
    low, high = np.percentile(flat[:, 0], (33, 67))
    return {
        "dark_chroma": float(chroma[flat[:, 0] <= low].mean()),
        "light_chroma": float(chroma[flat[:, 0] >= high].mean()),
    }


def _drawn(colours: Array) -> Array:
    places = np.linspace(0, len(colours) - 1, SAMPLES).round().astype(int)
    return np.asarray(colours[places], np.float32)
