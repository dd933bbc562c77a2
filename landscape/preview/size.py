"""How large the pictures of a live preview are: as large as can be made in time."""

from __future__ import annotations

import numpy as np

from landscape.scene.scene import PREVIEW_SIDE

SIDES = (384, 448, 512, 576, 640, 704, PREVIEW_SIDE)
"""Long sides that a preview can have, in pixels: on slow computers it gets smaller before it gets jerky. Below the
first nothing is won: the compositor's grid gets no smaller."""
LEAST_RATE = 26.0
"""Frames a second below which the picture gets smaller."""
_ROOM = 0.75
"""Share of the time that a larger picture may be expected to take, so that the size does not swing."""
_TRIAL = 10
"""Pictures measured before the size changes."""
_GROWTH = 1.3
"""The time of a picture grows with this power of its side: part of the work does not depend on the size."""
_FARTHEST = 2
"""Most sizes to grow by at once."""


class PreviewSize:
    """Follows how long pictures take; its owner makes sure that one thread uses it at a time.

    Attributes:
        side: Wanted long side in pixels.
    """

    def __init__(self) -> None:
        self._largest = len(SIDES) - 1
        self._spent: list[float] = []
        self.side = 512

    @property
    def best(self) -> int:
        """Largest long side that is of use, in pixels: for a picture that stands still."""
        return SIDES[self._largest]

    def limit(self, side: int) -> None:
        """Want no pictures larger than this, in pixels."""
        self._largest = next(index for index, value in enumerate(SIDES) if value >= min(side, SIDES[-1]))
        self.side = min(self.side, SIDES[self._largest])

    def forget(self) -> None:
        """Begin to measure anew."""
        self._spent.clear()

    def note(self, side: int, spent: float) -> bool:
        """Note how long a picture took.

        Args:
            side: Its long side in pixels, one of :data:`SIDES`.
            spent: Seconds.

        Returns:
            Whether another size is wanted from now on.
        """
        self._spent.append(spent)
        if len(self._spent) < _TRIAL:
            return False
        typical = float(np.median(self._spent))
        self._spent.clear()
        fitting = [
            index
            for index, other in enumerate(SIDES[: self._largest + 1])
            if typical * (other / side) ** _GROWTH < (_ROOM if other > side else 1.0) / LEAST_RATE
        ]
        before, level = self.side, min(fitting[-1] if fitting else 0, SIDES.index(side) + _FARTHEST)
        self.side = SIDES[level]
        return self.side != before
