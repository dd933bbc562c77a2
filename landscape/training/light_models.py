"""Measuring real light: what skies and land look like under each style, for :mod:`landscape.light.measured`."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from torch import nn

from landscape.errors import LandscapeError
from landscape.images.pixels import Array
from landscape.light.figures import measure_light, to_lab
from landscape.light.land_light import DAYLIGHT
from landscape.light.measured import DEVIATIONS, ELEVATIONS, SIDES, MeasuredLight, MeasuredLights
from landscape.light.own_style import FIGURES
from landscape.light.sky_frame import SkyFrame, brightness
from landscape.masks.find import find_matte
from landscape.photo.read import read_photo
from landscape.progress import Progress, check_cancelled, ignore_progress
from landscape.training.light_sets import RULES, SIDE

_SAMPLES = 3000
"""Pixels of each sky."""
_SMOOTH, _HELD = 0.02, 0.004
"""How much neighbouring knots are drawn together, and differences of the deviations to what all skies have."""
_BLUE_TOPS = {"light sunset": 8.0, "warm sunset": 15.0}
"""b of the tops of those skies that are measured, at most: the mean of blue and of orange ones would be grey."""
_NEUTRAL = "bright white day"
"""The light in which land has its own colours."""
_STARS = {"deep night": 1.0}
_SUN = {"deep night": 0.0, "blue hour": 0.0}
_CLOUDS = {"deep night": 0.35}
"""Part of the differences between dark and light sky: what is light in real nights is the Milky Way and not clouds."""
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
_LEAST_SPREAD = 4.0
"""Least spread of a figure in Lab over real pictures: rules that choose them narrow some."""
_FALL_SHARE = {"light sunset": 58.0}
"""Percentile of the fall of b over real skies up to which a style's may fall, if not 72."""
_KEPT = 0.3
"""Part of a photo's difference from the mean lightness of land by day that is kept, so that snow stays lighter."""
_GLOW = {"light sunset": 0.5, "warm sunset": 0.6, "blue hour": 0.35, "bright evening": 0.2}
_SKY_COLOUR = {"deep night": 0.15, "blue hour": 0.2, "warm sunset": 0.2, "light sunset": 0.25}


@dataclass(frozen=True)
class RealSky:
    """Pixels of a real sky.

    Attributes:
        weights: (n, knots) of the table of the sky.
        colours: (n, 3) Lab.
    """

    weights: Array
    colours: Array


def knot_weights(values: Array, knots: tuple[float, ...]) -> Array:
    """Weights (n, knots) of linear interpolation between knots."""
    clipped = np.clip(values, knots[0], knots[-1])
    return np.stack([np.interp(clipped, knots, row) for row in np.eye(len(knots))], axis=1).astype(np.float32)


def real_sky(picture: Array, sky: Array) -> RealSky | None:
    """Take pixels of a sky, each with its place in the frame.

    Args:
        picture: (h, w, 3) uint8.
        sky: (h, w) share of the sky.
    """
    frame = SkyFrame.of(picture.astype(np.float32), sky)
    if frame is None:
        return None
    rows, columns = np.nonzero(sky > 0.95)
    drawn = np.linspace(0, len(rows) - 1, min(_SAMPLES, len(rows))).round().astype(int)
    rows, columns = rows[drawn], columns[drawn]
    deviation = frame.deviation(brightness(picture.astype(np.float32)))[rows, columns]
    side = np.abs(frame.across[columns] - frame.sun_side)
    parts = (
        knot_weights(frame.elevation[rows], ELEVATIONS),
        knot_weights(side, SIDES),
        knot_weights(deviation, DEVIATIONS),
    )
    weights = np.einsum("ne,ns,nd->nesd", *parts).reshape(len(rows), -1)
    return RealSky(weights, to_lab(picture)[rows, columns])


def fit_sky(skies: list[RealSky]) -> Array:
    """The table (elevations, sides, deviations, 3) that explains the colours of skies best, as vivid as they are."""
    shape = (len(ELEVATIONS), len(SIDES), len(DEVIATIONS))
    size = int(np.prod(shape))
    normal, right = np.zeros((size, size)), np.zeros((size, 3))
    for sky in skies:
        normal += sky.weights.T @ sky.weights / len(sky.weights)
        right += sky.weights.T @ sky.colours / len(sky.weights)
    normal += len(skies) * _smoothness(shape)
    table = np.linalg.solve(normal + 1e-6 * np.eye(size), right)
    # Means of many skies are greyer than each of them.
    own = np.mean([np.hypot(*sky.colours[:, 1:].T).mean() for sky in skies])
    drawn = np.mean([np.hypot(*(sky.weights @ table)[:, 1:].T).mean() for sky in skies])
    table[:, 1:] *= min(own / max(drawn, 1e-3), 1.8)
    return np.asarray(table.reshape(*shape, 3), np.float32)


def _as_steep(table: Array, falls: list[float], share: float) -> Array:
    """A sky's table with b falling from horizon to top no more than in real skies: vivid means exaggerate it."""
    b = table[..., 2]
    own = float(b[:2, :, 1].mean() - b[-2:, :, 1].mean())
    wanted = float(np.percentile(falls, share)) if falls else own
    if abs(own) <= abs(wanted):
        return table
    middle = b.mean(axis=0, keepdims=True)
    steep = table.copy()
    steep[..., 2] = middle + max(wanted / own, 0.3) * (b - middle)
    # Where it is yellow it keeps its hue: less yellow alone would be red.
    steep[..., 1] *= np.where(b > 10, np.clip(steep[..., 2] / np.maximum(b, 1), 0.5, 1.0), 1.0)
    return steep


def _smoothness(shape: tuple[int, ...]) -> np.ndarray:
    """A quadratic form that draws neighbouring knots together."""
    size = int(np.prod(shape))
    form, index = np.zeros((size, size)), np.arange(size).reshape(shape)
    for axis, strength in ((0, _HELD), (1, _SMOOTH), (2, _HELD)):
        first = np.take(index, range(shape[axis] - 1), axis).ravel()
        second = np.take(index, range(1, shape[axis]), axis).ravel()
        for one, other in zip(first, second, strict=True):
            form[one, one] += strength
            form[other, other] += strength
            form[one, other] -= strength
            form[other, one] -= strength
    return form


def measure_lights(
    data: Path,
    sets: dict[str, list[str]],
    segmenter: nn.Module,
    progress: Progress = ignore_progress,
    cancel: threading.Event | None = None,
) -> MeasuredLights:
    """Measure the light of every style on its real pictures.

    Args:
        data: The folder that the names of the sets are in.
        sets: Style to names.
        segmenter: Finds sky and water.
        progress: Called after every picture.
        cancel: Event that stops it.

    Raises:
        LandscapeError: If a style has no real picture with sky and land.
        Cancelled: If the event was set.
    """
    skies: dict[str, list[RealSky]] = {style: [] for style in RULES}
    lands: dict[str, list[Array]] = {style: [] for style in RULES}
    figures: dict[str, list[dict[str, float]]] = {style: [] for style in RULES}
    total, done = sum(len(sets.get(style, [])) for style in RULES), 0
    for style in RULES:
        for name in sets.get(style, []):
            check_cancelled(cancel)
            picture = read_photo(data / name).resized(SIDE).pixels
            matte = find_matte(picture, segmenter)
            found = measure_light(picture, matte.sky, matte.water).figures
            figures[style].append(found)
            if found.get("top_b", np.inf) <= _BLUE_TOPS.get(style, np.inf):
                sky = real_sky(picture, matte.sky)
                skies[style] += [] if sky is None else [sky]
            ground = _real_land(picture, np.asarray(1 - matte.sky - matte.water, np.float32))
            lands[style] += [] if ground is None else [ground]
            done += 1
            progress("measuring light", done, total)
        if not skies[style] or not lands[style]:
            raise LandscapeError(f"There is no real picture of {style} with sky and land: choose the sets anew.")
    by_day = np.median(lands[_NEUTRAL], axis=0)
    lights = {}
    for style in RULES:
        falls = [found["b_fall"] for found in figures[style] if "b_fall" in found]
        table = _as_steep(fit_sky(skies[style]), falls, _FALL_SHARE.get(style, 72.0))
        middle = table[:, :, 1:2]
        table = middle + _CLOUDS.get(style, 1.0) * (table - middle)
        lights[style] = MeasuredLight(
            table,
            _land_figures(style, np.asarray(lands[style]), by_day),
            _SKY_COLOUR.get(style, 0.3),
            _STARS.get(style, 0.0),
            _GLOW.get(style, 0.0),
            _SUN.get(style, 1.0),
            len(sets[style]),
            _typical(figures[style]),
        )
    return MeasuredLights(lights)


def _typical(figures: list[dict[str, float]]) -> dict[str, tuple[float, float]]:
    """Median and spread of the figures that tell lights apart."""
    typical = {}
    for name in FIGURES:
        values = [found[name] for found in figures if name in found]
        if len(values) > 2:
            low, middle, high = np.percentile(values, (16, 50, 84))
            typical[name] = (round(float(middle), 1), round(max(float(high - low) / 2, _LEAST_SPREAD), 1))
    return typical


def _real_land(picture: Array, share: Array) -> Array | None:
    """Mean L of land, a and b of its darkest and of its lightest third, its mean b; None where there is hardly any."""
    inside = share > 0.9
    if inside.mean() < 0.05:
        return None
    lab = to_lab(picture)[inside]
    low, high = np.percentile(lab[:, 0], (33, 67))
    dark, light = lab[lab[:, 0] <= low], lab[lab[:, 0] >= high]
    return np.array([lab[:, 0].mean(), *dark[:, 1:].mean(axis=0), *light[:, 1:].mean(axis=0), lab[:, 2].mean()])


def _land_figures(style: str, lands: Array, by_day: Array) -> dict[str, Any]:
    middle = np.median(lands, axis=0)
    lightness = float(np.percentile(lands[:, 0], _LAND_SHARE.get(style, 55.0)))
    tints = _TINT * (middle[1:5] - 0.5 * by_day[1:5])
    # The less light, the less colour cameras and eyes see; by night eyes see none but a bluish grey (Purkinje).
    night = _STARS.get(style, 0.0)
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
