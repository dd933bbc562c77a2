"""Winds of their own in a sky: around an arrow clouds go where it points, whatever the rest of the sky does."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from landscape.arrows import Arrow
from landscape.images.filters import smoothstep
from landscape.images.pixels import Array
from landscape.motion.drift import Drift, replaced_after
from landscape.settings import MotionSettings

_NEAR, _FAR = 0.07, 0.3
"""How far from an arrow, in widths, its wind blows alone, and from where it does not blow any more."""


@dataclass(frozen=True)
class Winds:
    """The winds of the arrows in a sky.

    Attributes:
        drifts: The motion of each.
        lines: (n, 4) x and y of each arrow's foot and tip, in photo widths.
    """

    drifts: tuple[Drift, ...]
    lines: Array

    def shares(self, x: Array, y: Array) -> Array:
        """How much each blows at columns x (w,) and rows y (h,), in photo widths: (n, h, w), 1 at most in all."""
        near = np.zeros((len(self.lines), len(y), len(x)), np.float32)
        for index, (foot_x, foot_y, tip_x, tip_y) in enumerate(self.lines):
            along = np.array([tip_x - foot_x, tip_y - foot_y], np.float32)
            from_foot = np.broadcast_arrays(x[None, :] - foot_x, y[:, None] - foot_y)
            part = (from_foot[0] * along[0] + from_foot[1] * along[1]) / max(float(along @ along), 1e-9)
            part = np.clip(part, 0, 1)
            distance = np.hypot(from_foot[0] - part * along[0], from_foot[1] - part * along[1])
            near[index] = 1 - smoothstep(np.asarray(distance, np.float32), _NEAR, _FAR)
        return np.asarray(near * near / np.maximum(near.sum(axis=0), 1e-6), np.float32)


def find_winds(
    arrows: Sequence[Arrow], motion: MotionSettings, height: float, ring_height: float, loop_seconds: float | None
) -> Winds:
    """The winds of arrows, all of which lie in the sky.

    Args:
        arrows: Where somebody wants clouds to go, or to stand.
        motion: Speed and amount of motion in the sky.
        height: Height of the photo in photo widths.
        ring_height: Height of the ring in photo widths.
        loop_seconds: Period of a loop, or None.
    """
    rate = motion.speed * motion.sky
    drifts, lines = [], np.zeros((len(arrows), 4), np.float32)
    for index, arrow in enumerate(arrows):
        x, y, dx, dy = arrow.x, arrow.y * height, arrow.dx, arrow.dy * height
        lines[index] = x, y, x + dx, y + dy
        stands = math.hypot(dx, dy) * rate < 1e-5
        period = math.inf if stands else replaced_after(dy * rate, 0.0, ring_height, loop_seconds)
        # Clouds are sampled against their motion.
        drifts.append(Drift(-dx * rate, -dy * rate, 0.0, y, period))
    return Winds(tuple(drifts), lines)


def with_arrows_within(motion: MotionSettings, share: Array) -> MotionSettings:
    """A motion with those arrows alone whose foot lies in a part of the photo, of which (h, w) cells have a share."""
    rows, columns = share.shape
    feet = ((min(int(arrow.y * rows), rows - 1), min(int(arrow.x * columns), columns - 1)) for arrow in motion.arrows)
    inside = tuple(arrow for arrow, foot in zip(motion.arrows, feet, strict=True) if share[foot] > 0.5)
    return dataclasses.replace(motion, arrows=inside)
