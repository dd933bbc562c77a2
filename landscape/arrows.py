"""What somebody draws on the photo: arrows along which water and clouds go, anchors, and kinds of water."""

from __future__ import annotations

from dataclasses import dataclass

from landscape.declared import Declared, setting
from landscape.kinds import Choice, Number

WATER_KINDS = ("mirror", "flow", "waves")
"""How water moves: it ripples and mirrors, it runs and falls, or it rolls in."""
MOST = 64
"""Most arrows, and most parts of the water whose kind is chosen."""


@dataclass(frozen=True)
class Arrow(Declared):
    """Which way somebody wants water or clouds to go at a place; without a length it is an anchor, which holds them.

    Places are fractions of the photo's width and height; the length is the way of one second at speed 1.
    """

    x: float = setting(0.5, Number("X", "The arrow's foot, in widths.", said="an arrow's x", low=0, high=1))
    y: float = setting(0.5, Number("Y", "The arrow's foot, in heights.", said="an arrow's y", low=0, high=1))
    dx: float = setting(0.0, Number("To the right", "How far right, in widths.", said="an arrow's dx", low=-1, high=1))
    dy: float = setting(0.0, Number("Down", "How far down, in heights.", said="an arrow's dy", low=-1, high=1))


@dataclass(frozen=True)
class WaterKind(Declared):
    """What kind of water somebody says there is in a connected part of the water, by a place in it."""

    x: float = setting(0.5, Number("X", "In widths.", said="an x of a kind of water", low=0, high=1))
    y: float = setting(0.5, Number("Y", "In heights.", said="a y of a kind of water", low=0, high=1))
    kind: str = setting("flow", Choice("Kind", "How it moves.", said="a kind of water", names=WATER_KINDS))
