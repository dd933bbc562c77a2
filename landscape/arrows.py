"""What somebody draws on the photo: arrows along which water goes, anchors that hold it, and kinds of water."""

from __future__ import annotations

from dataclasses import dataclass

from landscape.errors import named, require_range

WATER_KINDS = ("mirror", "flow", "waves")
"""How water moves: it ripples and mirrors, it runs and falls, or it rolls in."""


@dataclass(frozen=True)
class Arrow:
    """Which way somebody wants water to go at a place; without a length it is an anchor, which holds it there.

    Attributes:
        x: The arrow's foot, as a fraction of the photo's width.
        y: The same, as a fraction of its height.
        dx: How far it points to the right, in widths: the way of one second at speed 1.
        dy: How far it points down, in heights.
    """

    x: float
    y: float
    dx: float
    dy: float

    def __post_init__(self) -> None:
        for name, place in (("x", self.x), ("y", self.y)):
            require_range(f"{name} of an arrow", place, 0.0, 1.0)
        for name, way in (("dx", self.dx), ("dy", self.dy)):
            require_range(f"{name} of an arrow", way, -1.0, 1.0)


@dataclass(frozen=True)
class WaterKind:
    """What kind of water somebody says there is in a connected part of the water.

    Attributes:
        x: A place in this part, as a fraction of the photo's width.
        y: The same, as a fraction of its height.
        kind: One of :data:`WATER_KINDS`, in any case.
    """

    x: float
    y: float
    kind: str

    def __post_init__(self) -> None:
        require_range("x of a kind of water", self.x, 0.0, 1.0)
        require_range("y of a kind of water", self.y, 0.0, 1.0)
        object.__setattr__(self, "kind", named("kind of water", self.kind, WATER_KINDS))
