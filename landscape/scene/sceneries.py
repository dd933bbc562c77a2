"""The photo taken apart for one size of frames, kept while motion and light change."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from torch import Tensor

from landscape.compose.scenery import Scenery
from landscape.compose.sky_plan import PLAN_WIDTH, SkyPlan, plan_sky
from landscape.masks.masks import Masks
from landscape.models.enlarge import upscale_with
from landscape.networks.upscaler import Upscaler
from landscape.photo.read import Photo


class SceneryCache:
    """Makes sceneries of one scene and keeps the last small one."""

    def __init__(self) -> None:
        self._kept: dict[tuple[int, int, bool], Scenery] = {}
        self._plan: list[SkyPlan | None] = []

    def plan(self, photo: Photo, masks: Masks) -> SkyPlan | None:
        """How the photo's sky goes on beyond it, the same for frames of all sizes; found when it is first asked for.

        Args:
            photo: The photo at any size.
            masks: The scene's masks at any size.
        """
        if not self._plan:
            small = photo.resized(max(photo.height, photo.width) * PLAN_WIDTH // photo.width)
            fitting = masks.resized(small.height, small.width)
            self._plan = [plan_sky(small.pixels, np.asarray(fitting.sky * (1 - fitting.freeze), np.float32))]
        return self._plan[0]

    def scenery(
        self,
        photo: Photo,
        masks: Masks,
        reconstruction: Callable[[], Tensor],
        generator_only: bool,
        upscaler: Upscaler | None,
        keep: bool,
    ) -> Scenery:
        """Take the photo apart, unless that was done before.

        Args:
            photo: The photo at the size of the frames.
            masks: The scene's masks at any size.
            reconstruction: Draws the photo as the model does, (3, R, R) in about [-1, 1].
            generator_only: Show only what the generator draws.
            upscaler: Enlarges the generator's frames, or None.
            keep: Whether it may be asked for again; large ones are not worth their memory.
        """
        key = (photo.height, photo.width, generator_only)
        if key in self._kept:
            return self._kept[key]
        upscale = None if upscaler is None else upscale_with(upscaler)
        fitting = masks.resized(photo.height, photo.width)
        plan = None if generator_only else self.plan(photo, masks)
        scenery = Scenery(
            photo.pixels, fitting, reconstruction(), generator_only=generator_only, upscale=upscale, plan=plan
        )
        if keep:
            self._kept.clear()
            self._kept[key] = scenery
        return scenery
