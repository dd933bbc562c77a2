"""How believable the nine lights are: styled photos against real pictures of that light."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from landscape.evaluation.light_faults import clipped, halo, kept_gradients, worst_jump
from landscape.images.pixels import Array, Pixels
from landscape.light.figures import ELEVATIONS, Lit, measure_light, to_lab
from landscape.progress import Progress, check_cancelled, ignore_progress
from landscape.scene.scene import Scene
from landscape.settings import STYLES, LightSettings, MotionSettings

JUDGED = STYLES[:-1]
"""The last style is the first again."""
WITHIN = {
    "light sunset": ("hue_spread", "land_L", "land_b", "b_fall"),
    "warm sunset": ("hue_spread", "land_L", "land_b", "b_fall"),
    "deep night": ("sky_L", "sky_chroma", "land_L", "land_b"),
}
"""Figures of styles that are compared with the quartiles of the real ones."""
SUNSETS = ("light sunset", "warm sunset")
_DIRECTIONS = 24
"""Directions in Lab along which distributions are compared."""
_MOMENTS = 49
"""Times of a day that are compared with those beside them."""


@dataclass(frozen=True)
class StyledPhoto:
    """A photo in one light.

    Attributes:
        photo: The photo's name.
        style: The light.
        lit: Its figures and colours.
        faults: ``gradients`` (None where nothing stands still), ``clipped`` and ``halo``.
        picture: (H, W, 3) uint8.
    """

    photo: str
    style: str
    lit: Lit = field(repr=False)
    faults: dict[str, Any]
    picture: Pixels = field(repr=False)


def style_photo(
    scene: Scene, side: int, progress: Progress = ignore_progress, cancel: threading.Event | None = None
) -> Iterator[StyledPhoto]:
    """Draw a photo in every style as the first frame of a clip, and measure it; first the photo itself (``photo``)."""
    small = scene.photo.resized(side)
    matte = scene.masks.resized(small.height, small.width)
    static = np.asarray(1 - matte.moving, np.float32)
    yield StyledPhoto(scene.photo.name, "photo", measure_light(small.pixels, matte.sky, matte.water), {}, small.pixels)
    for done, style in enumerate(JUDGED):
        check_cancelled(cancel)
        picture = scene.renderer(MotionSettings(), LightSettings(style), long_side=side).frame(0.0)
        faults = {
            "gradients": kept_gradients(small.pixels, picture, static),
            "clipped": clipped(small.pixels, picture),
            "halo": halo(small.pixels, picture, matte),
        }
        yield StyledPhoto(scene.photo.name, style, measure_light(picture, matte.sky, matte.water), faults, picture)
        progress("styles", done + 1, len(JUDGED))


def day_jump(scene: Scene, side: int, cancel: threading.Event | None = None) -> float:
    """The worst jump of a photo's colours during a day cycle; see :func:`worst_jump`."""
    light, length = LightSettings(day_cycle=True), 12.0
    renderer = scene.renderer(MotionSettings(speed=0.0), light, long_side=side, seconds=length)
    course = []
    for moment in np.linspace(0, length, _MOMENTS):
        check_cancelled(cancel)
        lab = to_lab(renderer.frame(float(moment)))
        course.append([half.reshape(-1, 3).mean(axis=0) for half in np.array_split(lab, 2)])
    halves = np.asarray(course, np.float32)
    return max(worst_jump(halves[:, index]) for index in range(2))


def set_distance(first: Sequence[Lit], second: Sequence[Lit]) -> dict[str, float]:
    """How far two sets of pictures are apart, region by region.

    Returns:
        Region to the distance of the pooled colours in units of Delta E; regions that one of the sets lacks are
        missing. The sky's bins are averaged.
    """
    found = {}
    for region in (*(f"sky {index}" for index in range(ELEVATIONS)), "land", "water"):
        pools = [
            [picture.samples[region] for picture in pictures if region in picture.samples]
            for pictures in (first, second)
        ]
        if all(pools):
            found[region] = sliced_distance(*(np.concatenate(pool) for pool in pools))
    sky = [distance for region, distance in found.items() if region.startswith("sky")]
    rest = {region: distance for region, distance in found.items() if not region.startswith("sky")}
    return ({"sky": float(np.mean(sky))} if sky else {}) | rest


def sliced_distance(first: Array, second: Array) -> float:
    """Sliced Wasserstein distance of two clouds of colours (n, 3) and (m, 3)."""
    index = np.arange(_DIRECTIONS) + 0.5  # a spiral over the half sphere
    height, turn = index / _DIRECTIONS, index * np.pi * (3 - np.sqrt(5))
    flat = np.sqrt(1 - height**2)
    directions = np.stack([height, flat * np.cos(turn), flat * np.sin(turn)])
    ranks = np.linspace(0, 1, 201)
    one, other = (np.quantile(cloud @ directions, ranks, axis=0) for cloud in (first, second))
    return float(np.abs(one - other).mean())


def quartiles(pictures: Sequence[Lit], figure: str) -> tuple[float, float, float] | None:
    """Quartiles of a figure over the pictures that have it; None where none has."""
    values = [picture.figures[figure] for picture in pictures if figure in picture.figures]
    if not values:
        return None
    low, middle, high = (float(value) for value in np.percentile(values, (25, 50, 75)))
    return low, middle, high


def judge(styled: Sequence[StyledPhoto], real: dict[str, list[Lit]]) -> dict[str, dict[str, Any]]:
    """Compare styled photos with real pictures, style by style.

    Args:
        styled: What :func:`style_photo` gave for all photos.
        real: Style to the real pictures of that light. Both sunsets are held against the quartiles of all of them.

    Returns:
        Style to ``real`` (how many there are), ``distance`` (by region, and of the plain photos as ``from``),
        ``within`` (share of the photos within the real quartiles, by figure, and of those with the quartiles),
        medians of ``gradients``, ``clipped`` and ``halo`` with the worst photo's.
    """
    plain = [photo.lit for photo in styled if photo.style == "photo"]
    report: dict[str, dict[str, Any]] = {}
    for style in JUDGED:
        photos = [photo for photo in styled if photo.style == style]
        lit = [photo.lit for photo in photos]
        of_kind = [kind for kind in (SUNSETS if style in SUNSETS else (style,)) if kind in real]
        compared = [picture for kind in of_kind for picture in real[kind]]
        row: dict[str, Any] = {"real": len(real.get(style, []))}
        row["distance"] = _rounded(set_distance(lit, real.get(style, [])))
        row["from"] = _rounded(set_distance(plain, real.get(style, [])))
        row["within"] = {figure: _within(lit, compared, figure) for figure in WITHIN.get(style, ())}
        gradients = [photo.faults["gradients"] for photo in photos if photo.faults["gradients"] is not None]
        row["gradients"] = (
            [round(float(value), 4) for value in (np.median(gradients), min(gradients))] if gradients else []
        )
        for name in ("clipped", "halo"):
            values = [photo.faults[name] for photo in photos]
            row[name] = [round(float(value), 4) for value in (np.median(values), max(values))]
        report[style] = row
    return report


def _rounded(figures: dict[str, float]) -> dict[str, float]:
    return {name: round(value, 2) for name, value in figures.items()}


def _within(lit: Sequence[Lit], real: Sequence[Lit], figure: str) -> dict[str, Any]:
    bounds, own = quartiles(real, figure), quartiles(lit, figure)
    if bounds is None or own is None:
        return {}
    values = np.array([picture.figures[figure] for picture in lit if figure in picture.figures])
    share = float(((values >= bounds[0]) & (values <= bounds[2])).mean())
    return {"share": round(share, 3), "real": [round(v, 3) for v in bounds], "styled": [round(v, 3) for v in own]}
