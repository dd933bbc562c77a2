"""What this project makes of a first frame: its own clips, and the paper's pipeline with the same networks."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import cv2
import numpy as np

from landscape.evaluation.cases import Case
from landscape.evaluation.methods import mixed
from landscape.evaluation.output import GUIDED_EPSILON, GUIDED_RADIUS
from landscape.images.pixels import Pixels
from landscape.settings import FitSettings, LightSettings

if TYPE_CHECKING:
    from landscape.models.bundle import Models
    from landscape.scene.scene import Scene


class OwnMethods:
    """Methods that share one fit of each first frame.

    Args:
        models: The networks.
        fit: How the model is fitted; the seed is the case's.
    """

    def __init__(self, models: Models, fit: FitSettings) -> None:
        self._models = models
        self._fit = fit
        self._last: tuple[Case, Scene] | None = None

    def frames(self, case: Case, turn: float = 0.0) -> list[Pixels]:
        """The clip, in the direction that was asked for or so many degrees clockwise from it."""
        motion = dataclasses.replace(case.motion, direction=(case.motion.direction + turn) % 360)
        height, width = case.first.shape[:2]
        length = len(case.frames) * case.step
        renderer = self._scene(case).renderer(motion, LightSettings(), max(height, width), length)
        return [np.asarray(renderer.frame(number * case.step), np.uint8) for number in range(len(case.frames))]

    def pipeline(self, case: Case) -> list[Pixels]:
        """The paper's frames: the generator's, enlarged by the upscaler, with the photo's static detail by a filter."""
        height, width = case.first.shape[:2]
        side, length = max(height, width), len(case.frames) * case.step
        renderer = self._scene(case).renderer(case.motion, LightSettings(), side, length, generator_only=True)
        radius = max(2, round(GUIDED_RADIUS * side))
        frames = []
        for number in range(len(case.frames)):
            large = np.asarray(renderer.frame(number * case.step), np.uint8)
            detailed = cv2.ximgproc.guidedFilter(case.first, large, radius, GUIDED_EPSILON)
            frames.append(mixed(case, large, np.asarray(detailed, np.uint8)))
        return frames

    def _scene(self, case: Case) -> Scene:
        from landscape.photo.read import Photo
        from landscape.scene.scene import Scene

        if self._last is None or self._last[0] is not case:
            settings = dataclasses.replace(self._fit, seed=case.seed)
            scene = Scene.open(Photo(case.first, case.name), self._models, settings, masks=case.matte)
            self._last = case, scene
        return self._last[1]
