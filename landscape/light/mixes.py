"""Mixes of styles over time, and the light of a frame."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from landscape.light.paths import DAY, within_clip
from landscape.settings import STYLES, LightKey, LightSettings

Mix = tuple[tuple[str, float], ...]
"""Styles and their weights; what these leave of 1 is the photo's own light."""


@dataclass(frozen=True)
class FrameLight:
    """The light of a frame; without a mix or a change static pixels are the photo's, byte for byte.

    Attributes:
        mix: Measured lights, which give the colours; the generator gives shapes alone then.
        sun_side: Where the sun stands under these, 0 to 1; None for where the photo has it.
        change: Whether the generator's frame has another light than the photo.
    """

    mix: Mix = ()
    sun_side: float | None = None
    change: bool = False


OWN_LIGHT = FrameLight()
"""The photo's own light."""


def day_keys(own: str | None) -> tuple[LightKey, ...]:
    """Key frames of a photo's day: its own light, then the styles in their order from the one that it is nearest to.

    Args:
        own: The style that the photo is nearest to; None for the first.
    """
    ring = STYLES[:-1]
    start = 0 if own is None else ring.index(own)
    styles = (None, *ring[start + 1 :], *ring[:start], None)
    return tuple(LightKey(float(time), style) for time, style in zip(DAY, styles, strict=True))


def light_mix(light: LightSettings) -> Callable[[float], Mix]:
    """The mix of measured lights as a function of the time fraction; empty while the light is the photo's own.

    Between two key frames one light gives way to the other evenly, at first and at last slowly.
    """
    if not light.active:
        return lambda fraction: ()
    if not light.day_cycle:
        assert light.style is not None
        constant = ((light.style, light.strength),)
        return lambda fraction: constant
    keys = light.keys or tuple(LightKey(float(time), style) for time, style in zip(DAY, STYLES, strict=True))
    times = [key.time for key in keys]

    def at(fraction: float) -> Mix:
        place = min(max(within_clip(fraction), times[0]), times[-1])
        after = int(np.searchsorted(times, place))
        if times[after] == place or after == 0:
            return _of_weights({keys[after].style: 1.0}, light.strength)
        first, second = keys[after - 1], keys[after]
        part = (place - first.time) / (second.time - first.time)
        share = part * part * (3 - 2 * part)
        if first.style == second.style:
            return _of_weights({first.style: 1.0}, light.strength)
        return _of_weights({first.style: 1 - share, second.style: share}, light.strength)

    return at


def _of_weights(weights: dict[str | None, float], strength: float) -> Mix:
    return tuple((style, strength * weight) for style, weight in weights.items() if style is not None and weight > 0)
