"""Small frames of a scene at any time: S_dynamic moves, w follows the light, G draws (paper, 3.1.3 and 3.2)."""

from __future__ import annotations

from contextlib import nullcontext

import torch
from torch import Tensor

from landscape.inversion import Inversion, confine_dynamic, extend_dynamic
from landscape.lighting import StyleTable, grade, grade_path, light_path
from landscape.motion import DynamicMotion
from landscape.networks.folding import folded
from landscape.networks.lighting import LightingNetwork
from landscape.settings import LightSettings, MotionSettings
from landscape.threads import one_core

_SMALL = 64
"""Generators up to this resolution draw a frame fastest on one core."""


class Animator:
    """Draws the generator's frames of one scene under one motion and one light.

    Nothing is remembered between frames: any time may be asked for in any order.
    """

    def __init__(
        self,
        inversion: Inversion,
        moving: Tensor,
        horizon: float,
        motion: MotionSettings,
        light: LightSettings,
        styles: StyleTable,
        lighting: LightingNetwork,
        seconds: float,
        *,
        split: bool = True,
        loop: bool = False,
        seed: int = 0,
    ) -> None:
        """Prepare the scene.

        Args:
            inversion: The photo in the model's terms.
            moving: Where the photo moves, (1, 1, R, R) in [0, 1].
            horizon: Fraction of the height.
            motion: Direction, speed and amounts.
            light: Style or day cycle.
            styles: The generator's styles.
            lighting: The lighting network A.
            seconds: Length of the clip: the time of a day cycle and of a loop.
            split: Whether the fit kept S_dynamic at zero in the static parts (EOIFS); it then stays so.
            loop: Whether the motion repeats exactly after ``seconds``.
            seed: Seed of the noise that enters where the photo has none.
        """
        self._inversion = inversion
        self._generator = folded(inversion.generator)
        self._small = inversion.generator.resolution <= _SMALL
        self._moving = moving if split else None
        self._horizon = horizon
        self._light = light
        self._match = styles.match
        self._seconds = seconds
        self._w = light_path(inversion.w, light, styles, lighting)
        self._grade = grade_path(light, styles)
        # What moves into the sky from behind a mountain or from outside must look like sky.
        dynamic = extend_dynamic(inversion.s_dynamic, moving, seed) if split else inversion.s_dynamic
        self._motion = DynamicMotion(dynamic, motion, horizon, seconds if loop else None, seed)

    @torch.inference_mode()
    def frame(self, seconds: float) -> Tensor:
        """Draw the frame at a time.

        Args:
            seconds: Time since the photo; 0 without a light is the reconstruction.

        Returns:
            (3, R, R) in [-1, 1].
        """
        with one_core() if self._small else nullcontext():
            return self._draw(seconds)

    def _draw(self, seconds: float) -> Tensor:
        fraction = seconds / self._seconds
        dynamic = self._motion.at(seconds)
        if self._moving is not None:
            # S_dynamic stays zero in the static parts as during inversion, so that they hold still.
            dynamic = confine_dynamic(dynamic, self._moving)
        image = self._generator(self._w(fraction), self._inversion.s_static, dynamic).clamp(-1, 1)
        target = self._grade(fraction)
        if target is not None:
            image = grade(image, target, self._light.strength, self._horizon, self._match)
        result: Tensor = image[0]
        return result
