"""Change of light: from what the generator does to its own picture to what happens to the photo's pixels.

Only low frequencies of the change are used, so the generator's noise never reaches the photo.
Colours are float32, 0 to 255.
"""

from __future__ import annotations

from typing import Protocol

import cv2
import numpy as np

from landscape.images.filters import blur, fill
from landscape.images.pixels import Array

_DARKEST = 0.02
"""Keeps gains finite in black regions."""
_GAIN_RANGE = (0.04, 4.0)
_SMOOTHNESS = 1 / 24
"""Blur of the change of light in static parts, as a fraction of the grid's long side."""
_LEAKAGE = 1.5
"""How far into static parts the generator's moving parts reach, in its pixels."""
_SEEN = 0.02
"""Least share of the static parts that is seen clearly; with less, all that is seen of them counts."""
_RADIUS = 20 / 1024
"""Radius of the guided filter as a fraction of the long side (paper, Super Resolution)."""
_EPSILON = 1e-3 * 255**2


def change_light(colours: Array, before: Array, after: Array) -> Array:
    """Move colours as the light moves ``before`` to ``after``.

    Darkening multiplies, so that snow gets dark at night; brightening bends the tone curve with fixed ends, so that
    nothing burns out.

    Args:
        colours: (h, w, 3).
        before: (h, w, 3) smooth colours of the generator's picture of the photo.
        after: (h, w, 3) the same under the new light.

    Returns:
        (h, w, 3) in the range of the input.
    """
    colours = np.clip(colours * np.float32(1 / 255), 0, 1)
    old, new = (np.clip(smooth * np.float32(1 / 255), 0, 1) + np.float32(_DARKEST) for smooth in (before, after))
    gain = np.clip(new / old, *_GAIN_RANGE)
    low, high = (np.clip(smooth, _DARKEST, 0.96) for smooth in (old, new))
    slope = np.clip(high * (1 - low) / (low * (1 - high)), 1.0, _GAIN_RANGE[1])
    brighter = colours * slope / (1 + (slope - 1) * colours)
    return np.asarray(np.where(gain <= 1, colours * gain, brighter) * 255, np.float32)


class LightModel(Protocol):
    """What the compositor asks for the light of static parts."""

    def fit(self, after: Array) -> tuple[Array, Array]:
        """Gain and offset under a new light, (h, w, 3) each, from the generator's picture under it."""


class StaticLight:
    """The local linear model of light changes in static parts: ``gain * photo + offset``.

    The guided filter with the photo as its guide, fitted on the small grid over static pixels alone (no sky leaks over
    the mask's edge) and drawn towards a pure gain where the photo is flat, which keeps fine texture.
    """

    def __init__(self, photo: Array, static: Array, before: Array, cell: float = 0.0) -> None:
        """Prepare what no light changes.

        Args:
            photo: (h, w, 3) on the grid.
            static: (h, w) share of static pixels.
            before: (h, w, 3) the generator's picture of the photo on the grid.
            cell: Size of the generator's pixels on the grid.
        """
        long_side = max(static.shape)
        # The generator's pixels at an edge show some of what moves beyond it, which would flicker as light. Strips too
        # thin for it take the light of what is around them.
        reach = 2 * round(_LEAKAGE * cell) + 1
        apart = cv2.erode(np.asarray(static, np.float32), np.ones((reach, reach), np.uint8)) ** 2
        known = apart.sum() > _SEEN * static.sum() + 1
        self._seen = apart if known else np.asarray(static, np.float32) ** 2 + np.float32(1e-6)
        self._photo = photo
        self._weight = np.asarray(static**2 + 1e-4, np.float32)
        self._smooth = max(1.0, _SMOOTHNESS * long_side)
        self._sigma = max(1.0, _RADIUS * long_side)
        self._weight_around = blur(self._weight, self._sigma)[..., None]
        self._before = self._smoothed(before)
        moments = self._mean(np.dstack([photo, photo * photo]))
        self._mean_photo = moments[..., :3]
        self._variance = np.maximum(moments[..., 3:] - self._mean_photo**2, 0)

    def fit(self, after: Array) -> tuple[Array, Array]:
        """Fit one light.

        Args:
            after: (h, w, 3) the generator's picture under the new light on the grid.

        Returns:
            gain and offset, (h, w, 3) each.
        """
        return self.transfer(change_light(self._photo, self._before, self._smoothed(after)))

    def transfer(self, lit: Array) -> tuple[Array, Array]:
        """Gain and offset, (h, w, 3) each, that carry the photo's colours to those of a picture of it in another light.

        Args:
            lit: (h, w, 3) on the grid, the photo under the new light; only what stands still counts.
        """
        moments = self._mean(np.dstack([lit, self._photo * lit]))
        mean_lit = moments[..., :3]
        covariance = moments[..., 3:] - self._mean_photo * mean_lit
        pure = np.clip(mean_lit / np.maximum(self._mean_photo, 255 * _DARKEST), 0, _GAIN_RANGE[1])
        gain = np.clip((covariance + _EPSILON * pure) / (self._variance + _EPSILON), 0, _GAIN_RANGE[1])
        model = self._mean(np.dstack([gain, mean_lit - gain * self._mean_photo]))
        return np.ascontiguousarray(model[..., :3]), np.ascontiguousarray(model[..., 3:])

    def _mean(self, image: Array) -> Array:
        return blur(np.asarray(image, np.float32) * self._weight[..., None], self._sigma) / self._weight_around

    def _smoothed(self, image: Array) -> Array:
        return blur(fill(image, self._seen), self._smooth)
