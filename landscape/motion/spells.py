"""What a layer of a sky shows of its ring on a long way: spell after spell, each from another place and height.

The ring is three widths long. A layer that went on and on along it would show the same clouds again at every turn; so
the way is cut into spells, every other one of which shows the ring from right to left. The first is that of usual clips
and begins with the photo.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from landscape.images.filters import smoothstep
from landscape.images.pixels import Array

_FIRST = (-1.2, 2.2)
"""Where the first spell begins and ends on the way, in photo widths; the photo lies from 0 to 1."""
_LONG = 2.0
"""Length of the others."""
_RISE = 0.12
"""Most height, in photo widths, by which what a spell shows is moved up or down: spells that are two apart differ by
half of it at least."""
_STEEPEST = 0.3
"""The same in heights of the ring."""
_GOLDEN = (math.sqrt(5) - 1) / 2
_WHOLE = 0.4
"""Distance, in photo widths, from its middle within which a piece belongs to one spell as a whole."""
_FADE, _WIDE = 0.05, 0.1
"""Half of the way on which one spell gives way to the next, for pieces and for what fills the gaps between them."""


@dataclass(frozen=True)
class Spell:
    """A part of the way.

    Attributes:
        first: Where it begins, in photo widths.
        last: Where it ends.
        turned: Whether the ring is shown from right to left.
        shift: Added to places of the way (or to ``first + last`` less them) to get those of the ring.
        rise: Added to heights.
    """

    first: float
    last: float
    turned: bool = False
    shift: float = 0.0
    rise: float = 0.0

    def on_ring(self, place: float) -> float:
        """The place on the ring of one on the way."""
        return self.shift + (self.first + self.last - place if self.turned else place)

    def share(self, place: Array, middle: Array | None) -> Array:
        """How much of the ring is shown in this spell, in [0, 1]; those of all spells add up to 1.

        Args:
            place: Places on the way, in photo widths.
            middle: What leads from there, along the ring, to the middle of the piece that lies there; None to part
                spells without regard to pieces.
        """
        fade = _WIDE
        if middle is not None:
            along = np.clip(middle, -_WHOLE, _WHOLE)
            place, fade = place + (-along if self.turned else along), _FADE
        begun = smoothstep(place, self.first - fade, self.first + fade)
        return np.asarray(begun * (1 - smoothstep(place, self.last - fade, self.last + fade)), np.float32)


def spells(low: float, high: float, layer: int, ring: tuple[float, float], *, turned: bool = False) -> list[Spell]:
    """The spells of a layer that are seen in some part of its way.

    Args:
        low: Where that part begins, in photo widths.
        high: Where it ends.
        layer: Number of the layer: each goes its own way.
        ring: Length and height of the ring in photo widths.
        turned: Show the first from right to left, and with it every other one.
    """
    reach = _WHOLE + _FADE
    numbers = range(_number(low - reach), _number(high + reach) + 1)
    return [_spell(number, layer, ring, turned=turned == (number % 2 == 0)) for number in numbers]


def _number(place: float) -> int:
    if place < _FIRST[0]:
        return math.floor((place - _FIRST[0]) / _LONG)
    return max(0, 1 + math.floor((place - _FIRST[1]) / _LONG))


def _spell(number: int, layer: int, ring: tuple[float, float], *, turned: bool) -> Spell:
    if number == 0:
        return Spell(*_FIRST, turned)
    first = _FIRST[1] + (number - 1) * _LONG if number > 0 else _FIRST[0] + number * _LONG
    part = number * _GOLDEN % 1.0
    rise = min(_RISE, _STEEPEST * ring[1]) * (2 * part - 1)
    shift = ((part + layer * _GOLDEN**2) * ring[0] - first) % ring[0]
    return Spell(first, first + _LONG, turned, shift, rise)
