"""How clouds change by themselves while they travel: they are deformed, grow and thin."""

from __future__ import annotations

import cv2
import numpy as np

from landscape.images.pixels import Array

_EDDIES = ((0.30, 0.016, 0.6), (0.10, 0.0110, 1.1), (0.04, 0.0070, 2.4), (0.02, 0.0030, 4.0))
"""Size and reach of eddies in photo widths, and their turns a second at speed 1, in radians."""
COARSER = 2
"""Pixels of the plan's ring that turbulence is found for at once."""
_FLAT = 0.6
"""Height of eddies in parts of their width."""
_GROWTHS = ((0.02, 1.6, 3.5),)
"""Over which sizes in photo widths clouds grow and shrink, how much, and how fast, in radians a second at speed 1. Real
clouds keep their large shapes on a way on which their fine ones are all new."""


class Turbulence:
    """Slow, smooth, bounded displacements and growths that move along with the ring; nothing at time 0."""

    def __init__(self, shape: tuple[int, int], width: int, seed: int) -> None:
        self.shape = (max(2, shape[0] // COARSER), max(2, shape[1] // COARSER))
        self._eddies = []
        for index, (size, reach, rate) in enumerate((*_EDDIES, *_GROWTHS)):
            random = np.random.default_rng([seed, 2, index])
            cells = max(1, round(shape[0] / width / size)) + 1, max(2, round(shape[1] / width / size))
            channels = 2 if index < len(_EDDIES) else 1
            phase = random.uniform(0, 2 * np.pi, (*cells, channels)).astype(np.float32)
            rates = (rate * random.uniform(0.5, 1.5, (*cells, channels))).astype(np.float32)
            self._eddies.append((reach, phase, rates, np.sin(phase)))

    def at(self, time: float, change: float) -> Array:
        """Displacement x and y in photo widths, and growth, -1 to 1, (h, w, 3) on a coarser ring."""
        rows, columns = self.shape
        moved: Array = np.zeros((rows, columns, 2), np.float32)
        grown: Array = np.zeros((rows, columns), np.float32)
        if time == 0 or change == 0:
            return cv2.merge([*cv2.split(moved), grown])
        for reach, phase, rates, begin in self._eddies:
            field = np.sin(phase + rates * np.float32(time)) - begin
            field = np.concatenate([field[:, -2:], field, field[:, :2]], axis=1) * np.float32(reach * change)
            step = columns / (field.shape[1] - 4)
            smooth = cv2.resize(field, (round(field.shape[1] * step), rows), interpolation=cv2.INTER_CUBIC)
            first = round(2 * step)
            smooth = smooth[:, first : first + columns]
            if smooth.ndim == 3:  # clouds are flatter than they are wide, and so are their eddies
                moved = moved + smooth * np.array([1, _FLAT], np.float32)
            else:
                grown = grown + smooth
        return cv2.merge([*cv2.split(moved), np.tanh(grown)])
