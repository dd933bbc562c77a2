"""How right mattes are: on composites whose mattes are known, and how they look on photos.

Frames are drawn with the photo itself in place of the generator's picture: what is measured is the cutting alone.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from landscape.compose.compositor import Compositor
from landscape.compose.scenery import Scenery
from landscape.evaluation.tables import table_lines
from landscape.images.filters import resize
from landscape.masks.matte import Matte
from landscape.photo.read import read_photo
from landscape.progress import Progress, check_cancelled, ignore_progress
from landscape.settings import MotionSettings
from landscape.training.data.composites import Composite, make_composite
from landscape.training.data.cuts import Cuts

Pixels = npt.NDArray[np.uint8]
Array = npt.NDArray[np.float32]
Find = Callable[[Pixels], Matte]
"""Finds what moves in a photo (H, W, 3)."""

STAGE = "measuring mattes"
SIDES = (384, 512, 768, 1280)
"""Long sides of frames that are compared with those of :data:`LARGEST` pixels."""
LARGEST = 2048
MOMENTS = (2.0, 5.0)
"""Seconds at which frames are drawn."""
_STAND_IN = 256
_BAND = 0.004
"""Reach of the band around edges, as a fraction of the long side."""
_THIN = 0.014
"""Widest of what counts as a trail, as a fraction of the long side."""
_PASSED = 0.15
"""How far, as a fraction of the long side, what the sky has of itself may have come."""
_MORE, _LEAST = 12.0, 24.0
"""A trail stands out by so much more than anything in the sky does, and by so much at least, 0 to 255."""


@dataclass(frozen=True)
class Drawn:
    """What the compositor makes of a photo.

    Attributes:
        sky: (H, W) share of the sky that is carried, in [0, 1].
        water: (H, W) share of the water that is carried.
        frames: Frames (H, W, 3) uint8 at :data:`MOMENTS`.
    """

    sky: Array = field(repr=False)
    water: Array = field(repr=False)
    frames: list[Pixels] = field(repr=False)


def draw(photo: Pixels, masks: Matte, moments: Sequence[float] = MOMENTS) -> Drawn:
    """Composite frames of a photo (H, W, 3) under masks of its size."""
    small = cv2.resize(photo, (_STAND_IN, _STAND_IN), interpolation=cv2.INTER_AREA)
    picture = small.transpose(2, 0, 1).astype(np.float32) / 127.5 - 1
    scenery = Scenery(photo, masks, picture)
    shares = np.zeros((2, *photo.shape[:2]), np.float32)
    for part in scenery.parts:
        shares[int(part.water)][scenery.grid.pixels(part.region.window)] = part.plate.alpha.astype(np.float32) / 255
    # What lies in front hides the share of what is behind.
    shares[0] *= 1 - shares[1]
    compositor = Compositor(scenery, MotionSettings())
    return Drawn(shares[0], shares[1], [np.asarray(compositor.frame(picture, moment)) for moment in moments])


def score(known: Composite, drawn: Drawn) -> dict[str, float]:
    """Compare what was carried with what a composite is made of.

    Returns:
        ``alpha``: mean error of the share of the sky in the band around its edges, in [0, 1]. ``water``: the same of
        the water, where there is some. ``moved``: how much of the thing is carried with sky or water, in [0, 1].
        ``stills``: share of the pure sky that stands. ``change``: mean difference of the thing's own pixels from the
        photo in the frames, 0 to 255. ``trails``: pixels of the pure sky in 10 000 that show what neither that sky
        nor the photo has there: between two bars of a crane the sky stands out as well.
    """
    band, near_water = edge_band(known.sky), edge_band(known.water)
    figures = {"alpha": float(np.abs(drawn.sky - known.sky)[band].mean())} if band.any() else {}
    if near_water.any():
        figures["water"] = float(np.abs(drawn.water - known.water)[near_water].mean())
    if known.thing.max() > 0.5:
        weight = known.thing * (known.thing > 0.5)
        figures["moved"] = float(((drawn.sky + drawn.water) * weight).sum() / weight.sum())
    pure = (known.sky > 0.99) & ~band
    if pure.any():
        figures["stills"] = float(1 - drawn.sky[pure].mean())
        usual = cv2.dilate(stands_out(known.backdrop), _square(2 * _PASSED * max(pure.shape)))
        usual = np.maximum(usual, stands_out(known.pixels))
        over = [stands_out(frame) > np.maximum(usual + _MORE, _LEAST) for frame in drawn.frames]
        figures["trails"] = float(np.mean([1e4 * trail[pure].mean() for trail in over]))
    own = known.thing > 0.95
    if own.any():
        steps = [np.abs(frame.astype(np.int16) - known.pixels)[own].mean() for frame in drawn.frames]
        figures["change"] = float(np.mean(steps))
    return figures


def edge_band(share: Array) -> npt.NDArray[np.bool_]:
    """Pixels (H, W) near the edges of a share (H, W)."""
    mixed = ((share > 0.02) & (share < 0.98)).astype(np.uint8)
    hard = cv2.morphologyEx((share > 0.5).astype(np.uint8), cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8))
    return np.asarray(cv2.dilate(np.maximum(mixed, hard), _square(2 * _BAND * max(share.shape))) > 0)


def stands_out(picture: Pixels) -> Array:
    """How much narrow things are darker or brighter than what is on both sides of them, (H, W), 0 to 255."""
    light = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    kernel = _square(_THIN * max(light.shape))
    both = [cv2.morphologyEx(light, how, kernel) for how in (cv2.MORPH_BLACKHAT, cv2.MORPH_TOPHAT)]
    return np.asarray(np.maximum(*both), np.float32)


def agreement(photo: Pixels, masks: Matte) -> dict[str, float]:
    """How far the carried share of the sky at several sizes is from the reduced one of the largest, in its band.

    Args:
        photo: (H, W, 3), :data:`LARGEST` pixels long.
        masks: Matte of its size.
    """
    whole, figures = draw(photo, masks, ()).sky, {}
    for side in SIDES:
        height, width = (max(1, round(side * length / max(whole.shape))) for length in whole.shape)
        share = draw(resize(photo, height, width), masks.resized(height, width), ()).sky
        reduced = resize(whole, height, width)
        band = edge_band(reduced)
        figures[f"agreement_{side}"] = float(np.abs(share - reduced)[band].mean()) if band.any() else 0.0
    return figures


def spread(paths: Sequence[Path], count: int) -> list[Path]:
    """So many of the paths, evenly spread."""
    places = np.linspace(0, len(paths) - 1, min(count, len(paths))).round().astype(int)
    return [paths[place] for place in places]


def evaluate_composites(
    cuts: Cuts,
    find: Find,
    count: int,
    sized: int,
    seed: int = 0,
    side: int = 1024,
    progress: Progress = ignore_progress,
    cancel: threading.Event | None = None,
) -> list[dict[str, Any]]:
    """Measure a matte on composites.

    Args:
        cuts: What they are made of.
        find: Finds what moves.
        count: How many composites.
        sized: On how many, made at :data:`LARGEST`, sizes are compared as well.
        seed: Of the first; the others follow.
        side: Long side in pixels.
        progress: Called after every composite.
        cancel: Set it to stop.

    Returns:
        Figures of :func:`score` and :func:`agreement` with the kind and the seed, by composite.

    Raises:
        Cancelled: If ``cancel`` was set.
    """
    rows = []
    for index in range(count):
        check_cancelled(cancel)
        known = make_composite(cuts, seed + index, side)
        row = {"kind": known.kind, "seed": seed + index} | score(known, draw(known.pixels, find(known.pixels)))
        if index < sized:
            large = make_composite(cuts, seed + index, LARGEST).pixels
            row |= agreement(large, find(large))
        rows.append(row)
        progress(STAGE, index + 1, count)
    return rows


def summarise(rows: Iterable[dict[str, Any]]) -> dict[str, dict[str, float]]:
    """Means of figures by kind of composite, and of all."""
    kinds: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        kinds.setdefault(row["kind"], []).append(row)
        kinds.setdefault("all", []).append(row)
    names = ("alpha", "water", "moved", "stills", "change", "trails", *(f"agreement_{side}" for side in SIDES))
    means = {kind: {name: [r[name] for r in part if name in r] for name in names} for kind, part in kinds.items()}
    return {kind: {n: round(float(np.mean(v)), 4) for n, v in part.items() if v} for kind, part in means.items()}


def markdown_table(summary: dict[str, dict[str, float]]) -> str:
    """The figures of :func:`summarise` as a Markdown table, one row per kind."""
    names = list(dict.fromkeys(name for part in summary.values() for name in part))
    kinds = sorted(summary, key=lambda kind: (kind != "all", kind))
    rows = ([kind, *(f"{summary[kind].get(name, float('nan')):.4g}" for name in names)] for kind in kinds)
    return "\n".join(table_lines(["", *names], rows))


def worst_crops(
    photos: Sequence[Path], find: Find, side: int = 1280, size: int = 200, progress: Progress = ignore_progress
) -> Pixels:
    """A sheet of where frames of photos differ most from what their skies have of themselves.

    Args:
        photos: Files.
        find: Finds what moves.
        side: Long side in pixels at which they are shown.
        size: Side of the crops in pixels.
        progress: Called after every photo.

    Returns:
        (H, W, 3): by photo the crop of the photo, the share that is carried and a frame at 100 %, the worst first.
    """
    shown = []
    for done, path in enumerate(photos):
        photo = read_photo(path).resized(side).pixels
        drawn = draw(photo, find(photo), MOMENTS[-1:])
        moving = np.clip(drawn.sky + drawn.water, 0, 1)
        excess = stands_out(drawn.frames[0]) - cv2.dilate(stands_out(photo) * moving, _square(0.1 * side))
        excess = np.maximum(excess, 0) * (moving > 0.5) + np.abs(moving - (moving > 0.5)) * stands_out(photo)
        local = cv2.boxFilter(excess, -1, (size // 2, size // 2))
        y, x = np.unravel_index(int(local.argmax()), local.shape)
        top, left = (int(np.clip(p - size // 2, 0, max(0, m - size))) for p, m in zip((y, x), local.shape, strict=True))
        here = (slice(top, top + size), slice(left, left + size))
        share = np.repeat(np.rint(255 * moving[here]).astype(np.uint8)[..., None], 3, axis=2)
        cell = np.zeros((size, 3 * size + 4, 3), np.uint8)
        for number, part in enumerate((photo[here], share, drawn.frames[0][here])):
            cell[: part.shape[0], number * size : number * size + part.shape[1]] = part
        cv2.putText(cell, path.stem[:40], (3, 10), cv2.FONT_HERSHEY_PLAIN, 0.7, (255, 60, 60))
        shown.append((float(local.max()), cell))
        progress("looking at photos", done + 1, len(photos))
    cells = [cell for _, cell in sorted(shown, key=lambda item: -item[0])]
    cells += [np.zeros_like(cells[0])] * (-len(cells) % 2)
    return np.vstack([np.hstack(cells[row : row + 2]) for row in range(0, len(cells), 2)])


def _square(side: float) -> Pixels:
    reach = 2 * max(1, round(side / 2)) + 1
    return np.ones((reach, reach), np.uint8)
