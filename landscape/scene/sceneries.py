"""The photo taken apart for one size of frames, kept while motion and light change."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from torch import Tensor

from landscape.compose.scenery import Scenery
from landscape.compose.sky_plan import PLAN_WIDTH, SkyPlan, plan_sky
from landscape.masks.matte import Matte
from landscape.models.enlarge import upscale_with
from landscape.networks.upscaler import Upscaler
from landscape.photo.read import Photo

PREVIEW_SIDE = 768
"""Largest long side of previews in pixels."""


class SceneryCache:
    """Makes sceneries of one scene and keeps the last small one."""

    def __init__(self) -> None:
        self._kept: dict[tuple[int, bool], Scenery] = {}
        self._plan: list[SkyPlan | None] = []

    def plan(self, photo: Photo, matte: Matte) -> SkyPlan | None:
        """How the photo's sky goes on beyond it, the same for frames of all sizes; found when it is first asked for.

        Args:
            photo: The photo at any size.
            matte: The scene's matte at any size.
        """
        if not self._plan:
            small = photo.resized(max(photo.height, photo.width) * PLAN_WIDTH // photo.width)
            fitting = matte.resized(small.height, small.width)
            sky = np.asarray(fitting.sky * (1 - fitting.freeze), np.float32)
            self._plan = [plan_sky(small.pixels, sky, fitting.glow)]
        return self._plan[0]

    def scenery(
        self,
        photo: Photo,
        matte: Matte,
        reconstruction: Callable[[], Tensor],
        long_side: int,
        generator_only: bool,
        upscaler: Upscaler | None,
    ) -> Scenery:
        """Take the photo apart, unless that was done before.

        Args:
            photo: The photo at the size of the frames.
            matte: The scene's matte at any size.
            reconstruction: Draws the photo as the model does, (3, R, R) in about [-1, 1].
            long_side: What was asked for; a small photo may have less.
            generator_only: Show only what the generator draws.
            upscaler: Enlarges the generator's frames, if there is one.
        """
        key = (long_side, generator_only)
        if key in self._kept:
            return self._kept[key]
        small = long_side <= PREVIEW_SIDE
        # Previews have hardly more pixels than the generator's frames, and must come at once.
        plain = upscaler is None or (small and not generator_only)
        upscale = None if plain or upscaler is None else upscale_with(upscaler)
        fitting = matte.resized(photo.height, photo.width)
        plan = None if generator_only else self.plan(photo, matte)
        scenery = Scenery(
            photo.pixels, fitting, reconstruction(), generator_only=generator_only, upscale=upscale, plan=plan
        )
        if small:  # larger ones are not asked for again, and not worth their memory
            self._kept.clear()
            self._kept[key] = scenery
        return scenery
