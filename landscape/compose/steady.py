"""The light of what stands still, made anew only when it changes."""

from __future__ import annotations

import cv2
import numpy as np

from landscape.compose.compositor import Compositor
from landscape.compose.scenery import Scenery
from landscape.images.pixels import Array, Frame
from landscape.light.photo_light import SceneLight
from landscape.light.relight import LightModel
from landscape.settings import MotionSettings

_SIDE = 24
"""Long side in pixels of the picture by which two lights are told apart."""
_NOTICEABLE = 1.5
"""Mean difference in grey levels from which the light is another. Fitting costs as much as all the rest of a frame;
in a day of six seconds it happens about ten times a second then."""


class SteadyLight:
    """Stands in for another light model where one picture follows another.

    A style's light is fitted once and that of a day cycle several times a second. One thread uses it at a time.

    Args:
        light: Fits the light.
        static: (H, W) share of static pixels, at any size.

    Attributes:
        lit: What stands still under the light that was fitted last; compositors share it, as motion changes nothing.
    """

    def __init__(self, light: LightModel, static: Array) -> None:
        self._light = light
        self._static = static
        self._weight: Array | None = None
        self._small: Array | None = None
        self._fitted: tuple[Array, Array] | None = None
        self.lit: Frame | None = None

    def fit(self, after: Array) -> tuple[Array, Array]:
        """The light of a frame.

        Args:
            after: (h, w, 3) the generator's picture under the new light on the grid.

        Returns:
            gain and offset, (h, w, 3) each.
        """
        small = _reduced(after)
        if self._fitted is None or self._difference(small) > _NOTICEABLE:
            self._fitted, self._small, self.lit = self._light.fit(after), small, None
        return self._fitted

    def _difference(self, small: Array) -> float:
        if self._weight is None:
            self._weight = cv2.resize(self._static, small.shape[1::-1], interpolation=cv2.INTER_AREA)
        change = np.abs(small - self._small).mean(axis=2)
        return float((change * self._weight).sum() / max(float(self._weight.sum()), 1e-6))


class SteadyCompositor(Compositor):
    """A compositor for a scenery with a :class:`SteadyLight`, used by one thread at a time.

    What stands still is relit once for each light that was fitted: under a style once for all.
    """

    def __init__(
        self, scenery: Scenery, light: SteadyLight, motion: MotionSettings, loop_seconds: float | None
    ) -> None:
        """Prepare the motion.

        Args:
            scenery: What the photo shows.
            light: Takes the place of its light model.
            motion: Direction, speed and amounts.
            loop_seconds: Period of a loop, or None.
        """
        super().__init__(scenery, motion, loop_seconds)
        self._light = light
        self._shown: tuple[SceneLight, Frame] | None = None

    def _lit(self, light: SceneLight) -> Frame:
        if self._shown is None or self._shown[0] is not light:
            self._shown = light, super()._lit(light)
        return self._shown[1].copy()

    def _relit(self, colours: Array) -> Frame:
        model = self._light.fit(self._grid.square(colours))
        if self._light.lit is None:
            self._light.lit = self._under(model)
        return self._light.lit.copy()


def _reduced(image: Array) -> Array:
    height, width = image.shape[:2]
    scale = _SIDE / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.float32)
