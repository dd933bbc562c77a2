"""Stars: a field of its own, fixed over the ground, which fades in where the night's sky is clear."""

from __future__ import annotations

import numpy as np

from landscape.images.filters import smoothstep
from landscape.images.pixels import Array, Pixels
from landscape.light.region_light import Surroundings
from landscape.light.sky_frame import brightness

_SEED = 11
_COUNT = 1500
"""Stars over a square as wide as the picture."""
_FAINT = 2.6
"""Exponent of their brightness: how many more are faint than bright."""
_LIGHT = (26.0, 235.0)
"""Light of the faintest and the brightest, 0 to 255."""
_SIZE = 1 / 2600
"""Radius as a fraction of the width; half a pixel at least."""
_COLOURS = ((255, 236, 214), (255, 255, 255), (214, 228, 255))
"""Tints from those of cool stars to those of hot ones."""
_CLEAR = (0.1, 0.28)
"""Saturation from which a sky by day begins to be clear, and is."""
_CLOUD = (0.35, 1.1)
"""Deviations from the smooth sky from which it is a cloud."""


def star_field(height: int, width: int) -> Pixels:
    """Stars over a picture, (height, width, 4) uint8; the fourth channel is the first's copy.

    The same field at every size, laid over the picture from its upper edge.
    """
    rng = np.random.default_rng(_SEED)
    x, y, rank = (rng.uniform(size=_COUNT) for _ in range(3))
    tints = np.asarray(_COLOURS, np.float32)[rng.integers(0, len(_COLOURS), _COUNT)]
    light = _LIGHT[0] + (_LIGHT[1] - _LIGHT[0]) * rank ** (_FAINT * 3)
    field = np.zeros((height, width, 4), np.uint8)
    radius = max(0.5, _SIZE * width)
    light *= min(1.0, _SIZE * width / radius)  # small pictures would show each as large as a planet
    reach = int(np.ceil(3 * radius))
    for at_x, at_y, colour in zip(x * width, y * width, tints / 255 * light[:, None], strict=True):
        left, top = int(at_x) - reach, int(at_y) - reach
        if left < 0 or top < 0 or left + 2 * reach + 1 > width or top + 2 * reach + 1 > height:
            continue
        across = np.exp(-((np.arange(left, left + 2 * reach + 1) + 0.5 - at_x) ** 2) / (2 * radius**2))
        down = np.exp(-((np.arange(top, top + 2 * reach + 1) + 0.5 - at_y) ** 2) / (2 * radius**2))
        here = field[top : top + 2 * reach + 1, left : left + 2 * reach + 1]
        star = (down[:, None] * across)[..., None] * np.append(colour, colour[0])
        here[:] = np.minimum(here + np.rint(star), 255).astype(np.uint8)
    return field


def clear_sky(colours: Array, around: Surroundings) -> Array:
    """How clear the sky of a photo taken by day is, (h, w, 1) in [0, 1]: blue, and no lighter than its surroundings.

    Args:
        colours: (h, w, 3) smooth colours, 0 to 255.
        around: What they are compared with.
    """
    most = colours.max(axis=2)
    saturation = 1 - colours.min(axis=2) / np.maximum(most, 1)
    deviation = (brightness(colours) - around.base) / np.float32(around.spread)
    return np.asarray(smoothstep(saturation, *_CLEAR) * (1 - smoothstep(deviation, *_CLOUD)), np.float32)[..., None]
