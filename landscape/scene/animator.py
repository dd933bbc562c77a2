"""Small frames of a scene at any time: S_dynamic moves, w follows the light, G draws (paper, 3.1.3 and 3.2)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass

import torch
from torch import Tensor

from landscape.fit.cells import confine_dynamic, extend_dynamic
from landscape.fit.invert import SMALL, Inversion
from landscape.light.paths import grade, grade_path, light_path
from landscape.light.styles import StyleTable
from landscape.motion.maps import DynamicMotion
from landscape.networks.drawing import Drawing
from landscape.networks.lighting import LightingNetwork
from landscape.photo.squares import Layout, as_square
from landscape.settings import LightSettings, MotionSettings
from landscape.threads import one_core


class Animator:
    """Draws the generator's frames of one scene under one motion and one light.

    Nothing is remembered between frames: any time may be asked for in any order.
    """

    def __init__(
        self,
        inversions: Sequence[Inversion],
        layout: Layout,
        moving: Tensor,
        horizon: float,
        aspect: float,
        motion: MotionSettings,
        light: LightSettings,
        styles: StyleTable,
        lighting: LightingNetwork,
        seconds: float,
        *,
        loop: bool = False,
        seed: int = 0,
        graded: bool = True,
    ) -> None:
        """Prepare the scene.

        Args:
            inversions: The photo in the model's terms, square by square.
            layout: The squares.
            moving: Where the photo moves, (1, 1, R, R) in [0, 1], or the size of the layout.
            horizon: Fraction of the height.
            aspect: Height of the photo over its width.
            motion: Direction, speed and amounts.
            light: Style or day cycle.
            styles: The generator's styles.
            lighting: The lighting network A.
            seconds: Length of the clip: the time of a day cycle and of a loop.
            loop: Whether the motion repeats exactly after ``seconds``.
            seed: Seed of the noise that enters where the photo has none.
            graded: Move the frames' mean colours to those of the light as well; else only the generator changes it.
        """
        self._layout = layout
        self._small = inversions[0].generator.resolution <= SMALL
        self._horizon = horizon
        self._match = styles.match
        self._seconds = seconds
        self._grade = grade_path(light if graded else LightSettings(), styles)
        self._squares = []
        for inversion, part, window in zip(inversions, layout.cut(moving), layout.windows(), strict=True):
            w = light_path(inversion.w, light, styles, lighting)
            dynamic = inversion.s_dynamic
            if inversion.split:
                # What moves into the sky from behind a mountain or from outside must look like sky.
                dynamic = extend_dynamic(dynamic, part, seed, window)
            carried = DynamicMotion(dynamic, motion, horizon, seconds if loop else None, seed, window, aspect)
            self._squares.append(_Square(inversion, inversion.drawing, part, w, carried))

    @torch.inference_mode()
    def frame(self, seconds: float) -> Tensor:
        """Draw the frame at a time.

        Args:
            seconds: Time since the photo; 0 without a light is the reconstruction.

        Returns:
            (3, R, R) in [-1, 1]; larger where the layout has several squares.
        """
        with one_core() if self._small else nullcontext():
            return self._draw(seconds)

    def _draw(self, seconds: float) -> Tensor:
        fraction = seconds / self._seconds
        image = self._layout.join([square.draw(seconds, fraction) for square in self._squares])
        target = self._grade(fraction)
        if target is not None:
            image = grade(image, *target, self._horizon, self._match)
        result: Tensor = as_square(image)[0].clamp(-1, 1)
        return result


@dataclass(frozen=True)
class _Square:
    """One square of a scene in motion."""

    inversion: Inversion
    generator: Drawing
    moving: Tensor
    w: Callable[[float], Tensor]
    carried: DynamicMotion

    def draw(self, seconds: float, fraction: float) -> Tensor:
        """Draw (1, 3, R, R) in [-1, 1] at a time, which is this fraction of the clip."""
        dynamic = self.carried.at(seconds)
        if self.inversion.split:
            # S_dynamic stays zero in the static parts as during inversion, so that they hold still.
            dynamic = confine_dynamic(dynamic, self.moving)
        image: Tensor = self.generator(self.w(fraction), self.inversion.s_static, dynamic)
        return image.clamp(-1, 1)
