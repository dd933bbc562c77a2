"""Shapes that grow out of the ground before the sky: trees without leaves, reeds, masts, wires, cranes, fences."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float32]

_FINER = 3
"""Shapes are drawn so many times as large and reduced, so that they may be thinner than a pixel."""
_SHIFT = 4
"""Bits of the fractions of a pixel at which OpenCV draws."""


class _Canvas:
    """A picture of a share, drawn finer than it is."""

    def __init__(self, height: int, width: int) -> None:
        self.height, self.width, self.side = height, width, max(height, width)
        self._large = np.zeros((_FINER * height, _FINER * width), np.uint8)

    def line(self, points: npt.ArrayLike, thickness: float) -> None:
        """Draw a line through points (n, 2) of x, y in pixels; thinner ones than can be drawn are drawn fainter."""
        wide = thickness * _FINER
        places = np.rint(np.asarray(points, np.float64) * _FINER * 2**_SHIFT).astype(np.int32)
        places = np.clip(places, -(2**20), 2**20)
        if wide >= 1:
            cv2.polylines(self._large, [places], False, 255, max(1, round(wide)), cv2.LINE_AA, _SHIFT)
            return
        (left, top), (right, bottom) = places.min(axis=0) // 2**_SHIFT - 2, places.max(axis=0) // 2**_SHIFT + 3
        part = self._large[max(top, 0) : max(bottom, 0), max(left, 0) : max(right, 0)]
        faint = np.zeros_like(part)
        if faint.size:
            corner = np.array([max(left, 0), max(top, 0)], np.int32) * 2**_SHIFT
            cv2.polylines(faint, [places - corner], False, max(40, int(255 * wide)), 1, cv2.LINE_AA, _SHIFT)
            np.maximum(part, faint, out=part)

    def area(self, points: npt.ArrayLike) -> None:
        """Fill a polygon of points (n, 2) of x, y in pixels."""
        places = np.rint(np.asarray(points, np.float64) * _FINER * 2**_SHIFT).astype(np.int32)
        cv2.fillPoly(self._large, [places], 255, cv2.LINE_AA, _SHIFT)

    def share(self) -> Array:
        """(height, width) in [0, 1]."""
        small = cv2.resize(self._large, (self.width, self.height), interpolation=cv2.INTER_AREA)
        return np.asarray(small, np.float32) / np.float32(255)


def ridge(rng: np.random.Generator, width: int, level: float, height: float, roughness: float = 0.6) -> Array:
    """A ridge's y (width,) in pixels: a sum of octaves around a level, each ``roughness`` times as high as the last."""
    line, amplitude = np.zeros(width, np.float32), 1.0
    for octave in range(1, 9):
        knots = rng.normal(0, 1, 2**octave + 2).astype(np.float32)
        places = np.linspace(0, len(knots) - 1, width)
        line += amplitude * np.interp(places, np.arange(len(knots)), knots).astype(np.float32)
        amplitude *= roughness
    return np.asarray(level + line * (height / max(float(np.abs(line).max()), 1e-6)), np.float32)


def trees(rng: np.random.Generator, height: int, width: int, ground: Array) -> Array:
    """Trees without leaves."""
    canvas = _Canvas(height, width)
    for _ in range(int(rng.integers(1, 6))):
        x = float(rng.uniform(0.02, 0.98) * width)
        tall = float(rng.uniform(0.08, 0.45)) * height
        _branch(rng, canvas, (x, float(ground[int(x)]) + 2), -np.pi / 2, tall * 0.35, tall * 0.03 + 0.6, 0)
    return canvas.share()


def _branch(
    rng: np.random.Generator,
    canvas: _Canvas,
    start: tuple[float, float],
    angle: float,
    length: float,
    wide: float,
    order: int,
) -> None:
    bend = angle + rng.normal(0, 0.12, 3)
    steps = length / 3 * np.stack([np.cos(bend), np.sin(bend)], axis=1)
    points = np.vstack([start, start + np.cumsum(steps, axis=0)])
    canvas.line(points, wide)
    if order == 6 or length < 3:
        return
    for _ in range(int(rng.integers(2, 4))):
        place = points[int(rng.integers(1 if order else 2, 4))]
        turned = angle + float(rng.normal(0, 0.55))
        shorter, thinner = float(rng.uniform(0.55, 0.85)), float(rng.uniform(0.5, 0.75))
        _branch(
            rng,
            canvas,
            (float(place[0]), float(place[1])),
            turned,
            length * shorter,
            max(wide * thinner, 0.25),
            order + 1,
        )


def reeds(rng: np.random.Generator, height: int, width: int, ground: Array) -> Array:
    """Reeds and grass."""
    canvas = _Canvas(height, width)
    tall, wide = float(rng.uniform(0.03, 0.2)) * height, float(rng.uniform(0.3, 2.0))
    first, last = sorted(rng.uniform(0, width, 2))
    for _ in range(int(rng.integers(40, 260))):
        x = float(rng.uniform(first, max(last, first + 0.2 * width)))
        high, lean = tall * float(rng.uniform(0.3, 1.0)), float(rng.normal(0, 0.25))
        t = np.linspace(0, 1, 6)
        base = float(ground[int(np.clip(x, 0, width - 1))]) + 3
        points = np.stack([x + lean * high * t**2, base - high * t], axis=1)
        canvas.line(points, wide * float(rng.uniform(0.5, 1.2)))
        if rng.random() < 0.15:
            canvas.line(points[-2:], 2.5 * wide)
    return canvas.share()


def masts(rng: np.random.Generator, height: int, width: int, ground: Array) -> Array:
    """Masts with stays, poles and lamps."""
    canvas = _Canvas(height, width)
    for _ in range(int(rng.integers(1, 7))):
        x, lean = float(rng.uniform(0.03, 0.97) * width), float(rng.normal(0, 0.02))
        foot, tall = float(ground[int(x)]) + 3, float(rng.uniform(0.08, 0.5)) * height
        top, wide = (x + lean * tall, foot - tall), float(rng.uniform(0.7, 5.0))
        canvas.line([(x, foot), top], wide)
        for side in rng.uniform(-0.4, 0.4, int(rng.integers(0, 4))):
            canvas.line([top, (x + side * tall, foot)], float(rng.uniform(0.25, 0.8)))
        if rng.random() < 0.5:
            across, level = float(rng.uniform(0.03, 0.15)) * tall, foot - float(rng.uniform(0.6, 0.95)) * tall
            canvas.line([(x - across, level), (x + across, level)], wide * 0.6)
    return canvas.share()


def wires(rng: np.random.Generator, height: int, width: int, ground: Array) -> Array:
    """Poles with wires that sag between them."""
    canvas = _Canvas(height, width)
    places = np.sort(rng.uniform(-0.1, 1.1, int(rng.integers(2, 5)))) * width
    tall, wide = float(rng.uniform(0.15, 0.45)) * height, float(rng.uniform(0.3, 1.4))
    feet = [float(ground[int(np.clip(x, 0, width - 1))]) + 3 for x in places]
    for x, foot in zip(places, feet, strict=True):
        canvas.line([(x, foot), (x, foot - tall)], float(rng.uniform(1.5, 5)))
        canvas.line([(x - 0.12 * tall, foot - 0.93 * tall), (x + 0.12 * tall, foot - 0.93 * tall)], 1.5)
    for offset in rng.uniform(-0.12, 0.12, int(rng.integers(1, 5))):
        for (x0, y0), (x1, y1) in zip(
            zip(places, feet, strict=True), list(zip(places, feet, strict=True))[1:], strict=False
        ):
            t = np.linspace(0, 1, 24)
            level = (1 - t) * (y0 - 0.93 * tall) + t * (y1 - 0.93 * tall)
            sag = 4 * t * (1 - t) * float(rng.uniform(0.02, 0.25)) * tall
            canvas.line(np.stack([x0 + t * (x1 - x0) + offset * tall, level + sag], axis=1), wide)
    return canvas.share()


def cranes(rng: np.random.Generator, height: int, width: int, ground: Array) -> Array:
    """Cranes and towers of lattice."""
    canvas = _Canvas(height, width)
    for _ in range(int(rng.integers(1, 4))):
        x, tall = float(rng.uniform(0.1, 0.9) * width), float(rng.uniform(0.2, 0.5)) * height
        foot, half = float(ground[int(x)]) + 3, float(rng.uniform(0.012, 0.03)) * tall + 1
        wide = float(rng.uniform(0.4, 1.6))
        _lattice(canvas, (x, foot), (x, foot - tall), half, wide)
        if rng.random() < 0.7:
            side = 1 if rng.random() < 0.5 else -1
            level, reach = foot - 0.9 * tall, float(rng.uniform(0.4, 0.9)) * tall
            _lattice(canvas, (x - 0.3 * side * reach, level), (x + side * reach, level), half * 0.7, wide)
            canvas.line([(x, foot - tall), (x + 0.7 * side * reach, level)], wide * 0.6)
            hook = x + side * reach * float(rng.uniform(0.3, 0.9))
            canvas.line([(hook, level), (hook, level + float(rng.uniform(0.1, 0.5)) * tall)], wide * 0.5)
    return canvas.share()


def _lattice(canvas: _Canvas, start: tuple[float, float], end: tuple[float, float], half: float, wide: float) -> None:
    a, b = np.asarray(start, np.float64), np.asarray(end, np.float64)
    length = float(np.linalg.norm(b - a))
    normal = np.array([-(b - a)[1], (b - a)[0]]) / max(length, 1e-6) * half
    count = max(2, int(length / (2.2 * half)))
    rail = [a + (b - a) * t for t in np.linspace(0, 1, count + 1)]
    for sign in (-1, 1):
        canvas.line([a + sign * normal, b + sign * normal], wide)
    canvas.line([point + (normal if index % 2 else -normal) for index, point in enumerate(rail)], wide * 0.7)


def fences(rng: np.random.Generator, height: int, width: int, ground: Array) -> Array:
    """Posts with rails or wires along the ground."""
    canvas = _Canvas(height, width)
    tall, gap = float(rng.uniform(0.03, 0.12)) * height, float(rng.uniform(0.02, 0.08)) * width
    smooth = cv2.GaussianBlur(ground[None], (0, 0), gap).ravel()
    places = np.arange(float(rng.uniform(0, gap)), width, gap)
    feet = np.array([smooth[int(x)] for x in places]) + 3
    for x, foot in zip(places, feet, strict=True):
        canvas.line(
            [(x, foot + 0.2 * tall), (x + float(rng.normal(0, 0.04)) * tall, foot - tall)], float(rng.uniform(1.0, 4.0))
        )
    for level in rng.uniform(0.3, 0.95, int(rng.integers(1, 4))):
        canvas.line(np.stack([places, feet - level * tall], axis=1), float(rng.uniform(0.3, 1.8)))
    return canvas.share()


def leaves(rng: np.random.Generator, height: int, width: int, ground: Array) -> Array:
    """Crowns with leaves, with gaps through which the sky is seen."""
    canvas = _Canvas(height, width)
    for _ in range(int(rng.integers(1, 6))):
        x, tall = float(rng.uniform(0, width)), float(rng.uniform(0.06, 0.35)) * height
        foot = float(ground[int(np.clip(x, 0, width - 1))]) + 3
        canvas.line([(x, foot), (x, foot - 0.6 * tall)], 0.04 * tall + 0.8)
        spread = rng.normal(0, 1, (int(rng.integers(150, 700)), 2))
        crown = np.array([x, foot - 0.65 * tall]) + spread * [0.2 * tall, 0.18 * tall]
        for place in crown:
            size = float(rng.uniform(0.008, 0.03)) * tall + 0.4
            angle = np.sort(rng.uniform(0, 2 * np.pi, 6))
            canvas.area(place + size * np.stack([np.cos(angle), np.sin(angle)], axis=1))
    return canvas.share()


DRAWINGS: dict[str, Callable[[np.random.Generator, int, int, Array], Array]] = {
    "trees": trees,
    "leaves": leaves,
    "reeds": reeds,
    "masts": masts,
    "wires": wires,
    "cranes": cranes,
    "fences": fences,
}
"""Each draws, on a picture of a height and a width in pixels with the ground's y (W,), its share (H, W) in [0, 1]."""
