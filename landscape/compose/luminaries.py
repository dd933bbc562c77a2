"""Sun, moon and stars: what shines in the sky and stays in place while clouds move.

They are light that is added to the sky behind them, so they need no edge: as cut-out pieces of the photo they would
carry a rim of the old sky into every other light.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np

from landscape.images.filters import resize
from landscape.images.pixels import Array, Pixels
from landscape.masks.glow import Glow

_MORE = 120.0
"""How much brighter, 0 to 255, burnt discs count: they stay bright before a darker sky."""
_DARKEST = 8.0
"""Keeps ratios of luminance, 0 to 255, finite."""


@dataclass(frozen=True)
class Luminaries:
    """What shines in a sky.

    Attributes:
        glow: (H, W, 4) uint8, the light that is added to the sky; the fourth channel is the first's copy.
        night: Whether they are moon and stars, which a darker sky leaves alone and a brighter one outshines, and not
            the sun, which dims with the light.
    """

    glow: Pixels = field(repr=False)
    night: bool

    @classmethod
    def of(cls, photo: Pixels, glow: Glow) -> tuple[Pixels, Luminaries]:
        """Take what shines out of a photo (H, W, 3) uint8; gives what is left of the photo, and it."""
        left, light = glow.taken_out(photo)
        burnt = np.rint(_MORE / 255 * resize(glow.burnt, *photo.shape[:2])).astype(np.uint8)
        light = np.asarray(cv2.add(light, np.repeat(burnt[..., None], 3, axis=2)), np.uint8)
        return left, cls(np.dstack([light, light[..., :1]]), glow.night)

    def seen(self, before: Array, after: Array) -> Array:
        """How much of them is seen.

        Args:
            before: (h, w, 3) the sky's smooth colours in the photo, 0 to 255.
            after: (h, w, 3) the same in a frame.

        Returns:
            (h, w, 4) factors on the glow, in [0, 1].
        """
        ratio = (np.clip(after, 0, 255) + _DARKEST) / (np.clip(before, 0, 255) + _DARKEST)
        if self.night:
            brighter = ratio.mean(axis=2, keepdims=True)
            factors = np.repeat(np.minimum(1 / brighter, 1) ** 2, 3, axis=2)
        else:
            tinted = np.sqrt(np.minimum(ratio, 1))
            factors = (tinted + tinted.max(axis=2, keepdims=True)) / 2  # the sun is whiter than its sky
        return np.asarray(np.dstack([factors, factors[..., :1]]), np.float32)
