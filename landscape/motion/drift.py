"""The rigid motions by which the layers of a sky follow its flow."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from landscape.motion.flow import displacements
from landscape.settings import MotionSettings

_LAYERS = 6
"""Speeds at which pieces travel."""
_SLOWEST = 0.1
"""Speed of the slowest layer in parts of the fastest one's."""
_LEVEL = 0.06
"""Ratio of rise to sideways motion, and growth in a crossing of the picture, below which motion is level."""
_GROWTH, _RISE = 0.7, 0.35
"""Logarithm of the growth, and rise in heights of the ring, after which pieces are replaced."""
_MOST_GROWTH = 1.4
"""Logarithm of the most growth in a period: faster flows are followed in their direction alone."""
_SHORTEST = 1.8
"""Shortest time, in seconds, for which a piece is seen."""


@dataclass(frozen=True)
class Drift:
    """The similarity motion of a layer: positions p in a frame are sampled at those that dp/dt = v + g (p - c) reaches.

    Attributes:
        x: Sampling velocity to the right in photo widths a second.
        y: The same downwards.
        growth: g, a second; negative where clouds grow.
        row: Row of c, in photo widths from the photo's top; its column is the photo's middle.
        period: Seconds after which pieces are replaced; infinite for level motion.
    """

    x: float
    y: float
    growth: float
    row: float
    period: float

    @property
    def stands(self) -> bool:
        """Whether nothing moves."""
        return self.x == self.y == self.growth == 0

    def scale_and_shift(self, seconds: float) -> tuple[float, float, float]:
        """Factor on the distance from c, and what is added, x and y."""
        factor = math.exp(self.growth * seconds)
        time = seconds if abs(self.growth) < 1e-6 else (factor - 1) / self.growth
        return factor, self.x * time, self.y * time


def find_drifts(
    motion: MotionSettings, horizon: float, size: tuple[float, float], ring_height: float, loop_seconds: float | None
) -> list[Drift]:
    """The layers' motions.

    Args:
    motion: Direction, speed and amounts.
    horizon: Fraction of the photo's height.
    size: Height of the photo and height of the sky from the photo's top, in photo widths.
    ring_height: Height of the ring in photo widths.
    loop_seconds: Period of a loop, or None.

    Returns:
    One motion per layer, from the slowest to the fastest; a single one where all moves alike.
    """
    whole, sky = size
    rows, step = 64, 1 / 30
    ys = (np.arange(rows) + 0.5) / rows * whole
    field = displacements(motion, horizon, np.array([step]), rows, rows, whole)[0] / rows / step
    field[..., 1] *= whole
    seen = ys < min(max(sky, 0.02), max(horizon * whole, 0.02))
    seen[0] = True  # of a tall photo even the uppermost place may lie lower
    ys, field = ys[seen], field[seen]
    across = field.mean(axis=1)
    growth_x = (field[:, -8:, 0].mean(axis=1) - field[:, :8, 0].mean(axis=1)) / (56 / 64)
    growth_y = np.gradient(across[:, 1], ys) if len(ys) > 2 else np.zeros_like(ys)
    growth = (growth_x + growth_y) / 2
    speed = np.hypot(across[:, 0], across[:, 1])
    fastest = float(speed.max())
    if fastest < 1e-5:
        return [Drift(0.0, 0.0, 0.0, float(ys.mean()), math.inf)]
    wanted = np.unique(np.round(np.geomspace(fastest, max(float(speed.min()), _SLOWEST * fastest), _LAYERS), 9))
    # Layers lie where the speed is the wanted one; where it is the same everywhere there is only one.
    order = np.argsort(speed)
    drifts = []
    for value in wanted if wanted[-1] > 1.02 * wanted[0] else wanted[:1]:
        row = float(np.interp(value, speed[order], ys[order]))
        x, y = (float(np.interp(row, ys, across[:, axis])) for axis in range(2))
        grows = float(np.interp(row, ys, growth))
        if abs(y) < _LEVEL * abs(x) and abs(grows) < _LEVEL * abs(x) * 10:
            y = grows = 0.0
        period = replaced_after(y, grows, ring_height, loop_seconds)
        most = _MOST_GROWTH / period
        drifts.append(Drift(x, y, min(max(grows, -most), most), row, period))
    return drifts


def replaced_after(rise: float, growth: float, rows: float, loop: float | None) -> float:
    """Seconds for which a piece is seen; infinite where it neither rises nor grows."""
    period = min(_RISE * rows / max(abs(rise), 1e-9), _GROWTH / max(abs(growth), 1e-9))
    if loop is not None:
        return loop / max(1, round(loop / max(period, _SHORTEST)))
    return math.inf if period > 120 else max(period, _SHORTEST)
