"""Pictures whose mattes are known: things drawn, or cut from photos, before the skies of photos and in their water.

Trees without leaves, reeds, masts, wires, cranes, fences, hills in haze, far shores, snow before clouds and rocks in
water: what masks of sky and water err in. As sky and things come from different pictures, the share of each in every
pixel is known exactly, and so is the sky behind.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
import numpy.typing as npt

from landscape.images.filters import blur, resize
from landscape.training.data.cuts import Cuts
from landscape.training.data.silhouettes import DRAWINGS, ridge

Pixels = npt.NDArray[np.uint8]
Array = npt.NDArray[np.float32]

KINDS = (*DRAWINGS, "haze", "shore", "snow", "rocks")
"""What composites show; all but the last four are drawn shapes that grow out of the ground."""


@dataclass(frozen=True)
class Composite:
    """A picture whose matte is known.

    Attributes:
        kind: One of :data:`KINDS`.
        pixels: (H, W, 3) uint8.
        sky: (H, W) share of the sky, in [0, 1].
        water: (H, W) share of the water, in [0, 1].
        backdrop: (H, W, 3) uint8, the sky without anything before it.
        thing: (H, W) share of what the kind names, in [0, 1].
    """

    kind: str
    pixels: Pixels = field(repr=False)
    sky: Array = field(repr=False)
    water: Array = field(repr=False)
    backdrop: Pixels = field(repr=False)
    thing: Array = field(repr=False)


def make_composite(
    cuts: Cuts, seed: int, long_side: int = 1024, kind: str | None = None, lit: float = 0.2
) -> Composite:
    """Make a composite.

    Args:
        cuts: What it is made of.
        seed: Of everything random.
        long_side: Long side in pixels.
        kind: One of :data:`KINDS`; by default the seed chooses.
        lit: How many drawn things are lit by the sun, which are easily missed; the others are dark.
    """
    rng = np.random.default_rng(seed)
    kind = kind or KINDS[seed % len(KINDS)]
    height, width = _size(rng, long_side)
    backdrop = _stretched(cuts.sky, rng, height, width).astype(np.float32)
    ground = _stretched(cuts.ground, rng, height, width).astype(np.float32)
    middle = float(rng.uniform(0.5, 0.82))
    still, colours, thing = np.zeros((height, width), np.float32), ground, np.zeros((height, width), np.float32)
    water = np.zeros((height, width), np.float32)
    wet = kind in ("shore", "rocks") or rng.random() < 0.3
    shore = min(middle + float(rng.uniform(0.0, 0.06)), 0.9)
    if wet:
        water = _below(np.full(width, shore * height, np.float32), height)
    if kind in DRAWINGS:
        line = ridge(rng, width, middle * height, float(rng.uniform(0.005, 0.06)) * height)
        land = _below(line, height)
        thing = DRAWINGS[kind](rng, height, width, line)
        colours = _coloured(rng, ground, thing, backdrop, lit)
        still = np.maximum(land, thing)
    elif kind == "haze":
        still, colours, thing = _hills_in_haze(rng, ground, backdrop, middle)
    elif kind == "snow":
        line = ridge(
            rng, width, middle * height, float(rng.uniform(0.1, 0.25)) * height, roughness=float(rng.uniform(0.55, 0.8))
        )
        still = thing = _below(line, height)
        colours = _snow(rng, ground, backdrop)
    elif kind == "shore":
        line = ridge(rng, width, (shore - 0.02) * height, float(rng.uniform(0.004, 0.02)) * height)
        still = thing = _below(line, height)
        colours = _veiled(ground, backdrop, float(rng.uniform(0.1, 0.75)))
    else:
        line = ridge(rng, width, (shore - 0.03) * height, float(rng.uniform(0.005, 0.05)) * height)
        still = _below(line, height)
    colours = np.broadcast_to(colours, backdrop.shape)
    picture = backdrop + still[..., None] * (colours - backdrop)
    sky = 1 - still
    if wet:
        sea = _stretched(cuts.water, rng, height, width).astype(np.float32) if cuts.water else 0.6 * backdrop[::-1]
        if rng.random() < 0.4:  # still water
            sea += float(rng.uniform(0.4, 0.9)) * (0.9 * _turned_over(picture, shore) - sea)
        front = _rocks(rng, water) if kind == "rocks" else thing * (kind in ("reeds", "masts"))
        thing = front if kind == "rocks" else thing
        water = water * (1 - front)
        picture = picture + water[..., None] * (sea - picture)
        if kind == "rocks":
            picture = picture + front[..., None] * (ground - picture)
            sky = sky * (1 - front)
        sky = sky * (1 - water)
        thing = thing * (1 - water)
    return _as_photographed(rng, Composite(kind, np.empty(0, np.uint8), sky, water, _pixels(backdrop), thing), picture)


def _size(rng: np.random.Generator, long_side: int) -> tuple[int, int]:
    short = 8 * round(long_side * float(rng.uniform(0.56, 0.8)) / 8)
    return (long_side, short) if rng.random() < 0.15 else (short, long_side)


def _stretched(cuts: Sequence[Pixels], rng: np.random.Generator, height: int, width: int) -> Pixels:
    """One of the cuts, cropped to a shape that is like the picture's and resized to it, perhaps turned over."""
    cut = cuts[int(rng.integers(len(cuts)))]
    rows, columns = cut.shape[:2]
    # Clouds look like clouds when stretched a little.
    if columns / rows > 1.6 * width / height:
        columns = round(1.6 * rows * width / height)
    if rows / columns > 1.6 * height / width:
        rows = round(1.6 * columns * height / width)
    top, left = (
        int(rng.integers(0, whole - part + 1)) for whole, part in zip(cut.shape, (rows, columns), strict=False)
    )
    part = cut[top : top + rows, left : left + columns]
    part = part[:, ::-1] if rng.random() < 0.5 else part
    larger = cv2.INTER_CUBIC if rows < height or columns < width else cv2.INTER_AREA
    return np.asarray(cv2.resize(np.ascontiguousarray(part), (width, height), interpolation=larger), np.uint8)


def _below(line: Array, height: int) -> Array:
    """Share (height, W) of pixels that lies below a line of y (W,)."""
    return np.clip(np.arange(height, dtype=np.float32)[:, None] - line[None] + 0.5, 0, 1)


def _veiled(colours: Array, backdrop: Array, clear: float) -> Array:
    """Colours seen through haze that has the sky's smooth colour."""
    haze = blur(backdrop, 0.05 * max(backdrop.shape))
    return np.asarray(haze + clear * (colours - haze), np.float32)


def _coloured(rng: np.random.Generator, ground: Array, thing: Array, backdrop: Array, lit: float) -> Array:
    """The ground's colours, and mostly darker ones on what grows out of it; some things are lit by the sun."""
    light = float(rng.uniform(0.55, 1.1) if rng.random() < lit else rng.uniform(0.08, 0.5))
    tint = rng.uniform(0.85, 1.15, 3).astype(np.float32)
    smooth = blur(backdrop, 0.1 * max(backdrop.shape)).mean(axis=2, keepdims=True)
    own = light * tint * (0.75 * smooth + 0.25 * ground)
    return np.asarray(ground + (thing > 0)[..., None] * (own - ground), np.float32)


def _snow(rng: np.random.Generator, ground: Array, backdrop: Array) -> Array:
    grey = ground.mean(axis=2, keepdims=True)
    contrast = float(rng.uniform(0.4, 0.9))
    bright = float(np.percentile(backdrop, 75)) * float(rng.uniform(0.75, 1.1))
    shaded = bright + contrast * (grey - float(grey.mean()))
    return np.asarray(shaded * rng.uniform([0.92, 0.96, 0.98], [1.0, 1.0, 1.06]), np.float32)


def _hills_in_haze(
    rng: np.random.Generator, ground: Array, backdrop: Array, middle: float
) -> tuple[Array, Array, Array]:
    """Ridges behind each other, each nearer one seen more clearly; the share, the colours, the farthest's share."""
    height, width = backdrop.shape[:2]
    still, colours = np.zeros((height, width), np.float32), backdrop.copy()
    clear, farthest = float(rng.uniform(0.06, 0.3)), np.zeros((height, width), np.float32)
    for number in range(int(rng.integers(2, 5))):
        level = (middle - 0.12 + 0.09 * number) * height
        share = _below(ridge(rng, width, level, float(rng.uniform(0.02, 0.12)) * height), height)
        dark = ground * float(rng.uniform(0.3, 0.9))
        colours = colours + share[..., None] * (_veiled(dark, backdrop, min(clear, 1.0)) - colours)
        clear *= float(rng.uniform(1.5, 2.5))
        still = np.maximum(still, share)
        farthest = share if number == 0 else farthest * (1 - share)
    # What lies behind a soft edge is the sky: the colours of mixed pixels are those of the hill alone.
    whole = cv2.dilate(colours * (still > 0.99)[..., None], np.ones((1, 1), np.uint8))
    return still, np.where((still > 0.99)[..., None], whole, _veiled(ground * 0.6, backdrop, 0.25)), farthest


def _turned_over(picture: Array, line: float) -> Array:
    """What a mirror below a line, a fraction of the height, shows of a picture, a little blurred."""
    height, width = picture.shape[:2]
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    mirrored = cv2.remap(picture, x, 2 * np.float32(line * height) - y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
    return np.asarray(cv2.GaussianBlur(mirrored, (0, 0), 1.0, sigmaY=2.0), np.float32)


def _rocks(rng: np.random.Generator, water: Array) -> Array:
    height, width = water.shape
    top = int(np.flatnonzero(water.max(axis=1) > 0.5)[0])
    large = np.zeros((2 * height, 2 * width), np.uint8)
    for _ in range(int(rng.integers(2, 9))):
        y = float(rng.uniform(top + 0.1 * (height - top), height * 0.98))
        reach = float(rng.uniform(0.03, 0.3)) * (y - top) + 4
        angle = np.linspace(0, 2 * np.pi, 40, endpoint=False)
        bumps = 1 + 0.25 * np.cumsum(rng.normal(0, 0.5, 40)) / 3
        bumps += (bumps[0] - bumps[-1]) * np.linspace(0, 1, 40)
        x = float(rng.uniform(0, width)) + reach * 1.5 * np.abs(bumps) * np.cos(angle)
        down = y + reach * 0.6 * np.abs(bumps) * np.minimum(np.sin(angle), 0.25)
        cv2.fillPoly(large, [np.rint(2 * np.stack([x, down], axis=1)).astype(np.int32)], 255)
    return resize(large.astype(np.float32) / 255, height, width) * (np.arange(height)[:, None] >= top)


def _as_photographed(rng: np.random.Generator, known: Composite, picture: Array) -> Composite:
    """What a lens, a sensor and a JPEG leave of it; the lens blurs the shares as well."""
    sigma = float(rng.uniform(0.3, 0.9))
    sky, water, thing = (
        np.asarray(np.clip(cv2.GaussianBlur(item, (0, 0), sigma), 0, 1), np.float32)
        for item in (known.sky, known.water, known.thing)
    )
    picture = np.asarray(cv2.GaussianBlur(np.asarray(picture, np.float32), (0, 0), sigma), np.float32)
    if rng.random() < 0.4:
        sharper = float(rng.uniform(0.2, 0.8))
        picture += sharper * (picture - cv2.GaussianBlur(picture, (0, 0), float(rng.uniform(1.0, 2.5))))
    noise = rng.normal(0, float(rng.uniform(0, 3)), picture.shape[:2])
    picture = np.asarray(picture + noise[..., None], np.float32)
    quality = int(rng.integers(80, 97))
    data = cv2.imencode(".jpg", _pixels(picture), [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    pixels = np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)
    return Composite(known.kind, pixels, sky, water, known.backdrop, thing)


def _pixels(colours: Array) -> Pixels:
    return np.asarray(np.clip(np.rint(colours), 0, 255), np.uint8)
