"""Measuring real light: what skies and land look like under each style, for :mod:`landscape.light.measured`."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from torch import nn

from landscape.errors import LandscapeError
from landscape.images.pixels import Array
from landscape.light.figures import measure_light, to_lab
from landscape.light.measured import DEVIATIONS, SIDES, MeasuredLight, MeasuredLights
from landscape.light.own_style import FIGURES
from landscape.light.sky_frame import SkyFrame, brightness
from landscape.light.sky_variety import ELEVATIONS, fit_variety, knot_weights, sky_lightness
from landscape.masks.find import find_matte
from landscape.photo.read import read_photo
from landscape.progress import Progress, check_cancelled, ignore_progress
from landscape.training.light_land import land_figures, real_land
from landscape.training.light_sets import RULES, SIDE

_SAMPLES = 3000
"""Pixels of each sky."""
_SMOOTH, _HELD = 0.02, 0.004
"""How much neighbouring knots are drawn together, and differences of the deviations to what all skies have."""
_BLUE_TOPS = {"light sunset": 12.0, "warm sunset": 25.0}
"""b of the tops of those skies that are measured, at most: the mean of blue and of orange ones would be grey."""
_NEUTRAL = "bright white day"
"""The light in which land has its own colours."""
_STARS = {"deep night": 1.0}
_SUN = {"deep night": 0.0, "blue hour": 0.0}
_CLOUDS = {"deep night": 0.35}
"""Part of the differences between dark and light sky: what is light in real nights is the Milky Way and not clouds."""
_VARIED = {"deep night": 0.5}
"""Part of the lightness by which real skies differ that photos bring: the moon of a night is not told by its day."""
_LEAST_SPREAD = 4.0
"""Least spread of a figure in Lab over real pictures: rules that choose them narrow some."""
_FALL_SHARE = {"light sunset": 58.0}
"""Percentile of the fall of b over real skies up to which a style's may fall, if not 72."""
_GLOW = {"light sunset": 0.5, "warm sunset": 0.6, "blue hour": 0.35, "bright evening": 0.2}
_SKY_COLOUR = {"deep night": 0.15, "blue hour": 0.2, "warm sunset": 0.2, "light sunset": 0.25}


@dataclass(frozen=True)
class RealSky:
    """Pixels of a real sky.

    Attributes:
        weights: (n, knots) of the table of the sky.
        colours: (n, 3) Lab.
        lightness: (elevations,) mean L.
    """

    weights: Array
    colours: Array
    lightness: Array


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
    lightness = sky_lightness(picture.astype(np.float32), sky, frame)
    return RealSky(weights, to_lab(picture)[rows, columns], lightness)


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
    lightness: dict[str, list[Array]] = {style: [] for style in RULES}
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
            sky = real_sky(picture, matte.sky)
            if sky is not None:
                lightness[style].append(sky.lightness)
                skies[style] += [sky] if found.get("top_b", np.inf) <= _BLUE_TOPS.get(style, np.inf) else []
            ground = real_land(picture, np.asarray(1 - matte.sky - matte.water, np.float32))
            lands[style] += [] if ground is None else [ground]
            done += 1
            progress("measuring light", done, total)
        if not skies[style] or not lands[style]:
            raise LandscapeError(f"There is no real picture of {style} with sky and land: choose the sets anew.")
    profiles = {style: np.asarray(rows) for style, rows in lightness.items()}
    by_day = np.median(lands[_NEUTRAL], axis=0)
    lights = {}
    for style in RULES:
        falls = [found["b_fall"] for found in figures[style] if "b_fall" in found]
        table = _as_steep(fit_sky(skies[style]), falls, _FALL_SHARE.get(style, 72.0))
        middle = table[:, :, 1:2]
        table = middle + _CLOUDS.get(style, 1.0) * (table - middle)
        lights[style] = MeasuredLight(
            table,
            land_figures(style, np.asarray(lands[style]), by_day, _STARS.get(style, 0.0)),
            _SKY_COLOUR.get(style, 0.3),
            _STARS.get(style, 0.0),
            _GLOW.get(style, 0.0),
            _SUN.get(style, 1.0),
            len(sets[style]),
            _typical(figures[style]),
            fit_variety(profiles[style], list(profiles.values()), share=_VARIED.get(style, 1.0)),
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
