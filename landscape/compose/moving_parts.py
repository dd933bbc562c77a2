"""The moving parts of a scenery under one motion, from back to front, and what still water mirrors of the sky."""

from __future__ import annotations

from collections.abc import Iterator

from landscape.compose.carried import CarriedLayers, MovingRegion
from landscape.compose.reflection import SkyReflection
from landscape.compose.scenery import Part, Scenery
from landscape.compose.travelling_sky import TravellingSky
from landscape.images.pixels import Array
from landscape.motion.phases import Clock, make_clock
from landscape.motion.water import WaterClock, make_water_clock
from landscape.motion.winds import with_arrows_within
from landscape.settings import MotionSettings

_REACH, _SHORTEST = 0.03, 1.2
"""How far a sky of a few pixels is carried, in widths, and its shortest period in seconds."""


class MovingParts:
    """What moves in a scenery; holds no state between moments.

    Args:
        scenery: What the photo shows.
        motion: Direction, speed and amounts.
        loop_seconds: Period of a loop, or None.
    """

    def __init__(self, scenery: Scenery, motion: MotionSettings, loop_seconds: float | None) -> None:
        grid, size = scenery.grid, (scenery.grid.height, scenery.grid.width)
        self._parts: list[tuple[Part, MovingRegion | TravellingSky]] = []
        for part in scenery.parts:
            if part.canvas is not None:
                own = with_arrows_within(motion, part.share)
                sky = TravellingSky(part.region, part.canvas, own, scenery.horizon, grid, part.share, loop_seconds)
                self._parts.append((part, sky))
                continue
            clock: Clock | WaterClock
            if part.flowing is not None:
                found, kinds = part.flowing.survey(scenery.horizon, motion.waves), part.flowing.kinds(motion)
                clock = make_water_clock(found, kinds, motion, scenery.horizon, part.share, size, loop_seconds)
            else:
                limits = {"reach": _REACH, "shortest": _SHORTEST}
                clock = make_clock(motion, scenery.horizon, part.share, size, loop_seconds=loop_seconds, **limits)
            self._parts.append((part, MovingRegion(part.region, part.plate.detail, clock, grid.scale)))
        self._reflection = self._reflected(scenery.drawn, motion)

    @property
    def widest(self) -> int:
        """Width in pixels of the widest part."""
        return max((part.plate.alpha.shape[1] for part, _ in self._parts), default=1)

    def at(
        self, colours: Array, seconds: float, light_change: bool
    ) -> Iterator[tuple[Part, MovingRegion | TravellingSky, CarriedLayers]]:
        """The parts at a time, from back to front; arguments as of :meth:`.MovingRegion.layers`."""
        above: Array | None = None
        for part, moving in self._parts:
            if isinstance(moving, TravellingSky):
                layers = moving.layers(colours, seconds, light_change)
                above = layers.plain
            else:
                shine = None if self._reflection is None or above is None else self._reflection.shine(above)
                layers = moving.layers(colours, seconds, light_change, shine if part.water else None)
            yield part, moving, layers

    def _reflected(self, first: Array, motion: MotionSettings) -> SkyReflection | None:
        """How the water mirrors the moving sky; None where it does not."""
        skies = [(part, moving) for part, moving in self._parts if isinstance(moving, TravellingSky)]
        waters = [part for part, _ in self._parts if part.flowing is not None]
        if not skies or not waters:
            return None
        (above, sky), water = skies[0], waters[0]
        assert water.flowing is not None
        still = water.flowing.still(motion, *water.share.shape)
        if not still.any():
            return None
        colours = sky.layers(first, 0.0, False).plain
        assert colours is not None
        windows = (water.region.window, above.region.window)
        reflection = SkyReflection(water.flowing.mirror, still, above.share, *windows, colours)
        return None if reflection.empty else reflection
