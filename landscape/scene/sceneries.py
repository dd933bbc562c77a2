"""The photo taken apart for one size of frames, kept while motion and light change."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import numpy as np
from torch import Tensor

from landscape.compose.flowing import Flowing
from landscape.compose.scenery import Scenery
from landscape.compose.sky_plan import PLAN_WIDTH, SkyPlan, plan_sky
from landscape.images.pixels import Pixels
from landscape.light.measured import MeasuredLights
from landscape.masks.matte import Matte
from landscape.models.enlarge import upscale_with
from landscape.networks.upscaler import Upscaler
from landscape.photo.read import Photo

PREVIEW_SIDE = 768
"""Largest long side of previews in pixels."""
_PLANS = 3
"""Plans that are kept: those of the preview's masks, of a clip's, and of those before a stroke."""


class SkyPlans:
    """What is found once of photos for frames of all sizes: how skies go on beyond them, and how their water goes.

    It is kept for scenes of one photo, from any thread: every better fit is another scene of the same photo and
    matte, and a plan takes a second or two. What runs in a preview must run in the clip.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: list[tuple[tuple[object, ...], Any]] = []

    def plan(self, photo: Photo, matte: Matte) -> SkyPlan | None:
        """The plan of a photo's sky; found when it is first asked for.

        Args:
            photo: The photo at any size.
            matte: Its matte at any size.
        """

        def find(pixels: Pixels, fitting: Matte) -> SkyPlan | None:
            return plan_sky(pixels, np.asarray(fitting.sky * (1 - fitting.freeze), np.float32), fitting.glow)

        found: SkyPlan | None = self._found((plan_sky, matte.sky, matte.freeze, matte.glow), find, photo, matte)
        return found

    def flowing(self, photo: Photo, matte: Matte) -> Flowing:
        """The water of a photo; found when it is first asked for, with arguments as of :meth:`plan`."""

        def find(pixels: Pixels, fitting: Matte) -> Flowing:
            return Flowing.of(pixels, np.asarray(fitting.water * (1 - fitting.freeze), np.float32))

        found: Flowing = self._found((Flowing, matte.water, matte.freeze), find, photo, matte)
        return found

    def _found(
        self, key: tuple[object, ...], find: Callable[[Pixels, Matte], object], photo: Photo, matte: Matte
    ) -> Any:
        with self._lock:
            for known, found in self._kept:
                if len(known) == len(key) and all(mine is theirs for mine, theirs in zip(known, key, strict=True)):
                    return found
            small = photo.resized(max(photo.height, photo.width) * PLAN_WIDTH // photo.width)
            found = find(small.pixels, matte.resized(small.height, small.width))
            self._kept = [*self._kept[1 - 2 * _PLANS :], (key, found)]
            return found


class SceneryCache:
    """Makes sceneries of one scene and keeps the last small one."""

    def __init__(self) -> None:
        self._kept: tuple[tuple[int, bool], Scenery] | None = None

    def scenery(
        self,
        photo: Photo,
        matte: Matte,
        reconstruction: Callable[[], Tensor],
        long_side: int,
        generator_only: bool,
        upscaler: Upscaler | None,
        plan: SkyPlan | None,
        lights: MeasuredLights | None = None,
        flowing: Flowing | None = None,
    ) -> Scenery:
        """Take the photo apart, unless that was done before.

        Args:
            photo: The photo at the size of the frames.
            matte: The scene's matte at any size.
            reconstruction: Draws the photo as the model does, (3, R, R) in about [-1, 1].
            long_side: What was asked for; a small photo may have less.
            generator_only: Show only what the generator draws.
            upscaler: Enlarges the generator's frames, if there is one.
            plan: How the sky goes on beyond the photo.
            lights: What the styles look like.
            flowing: How its water goes.
        """
        key = (long_side, generator_only)
        kept = self._kept
        if kept is not None and kept[0] == key:
            return kept[1]
        small = long_side <= PREVIEW_SIDE
        # Previews have hardly more pixels than the generator's frames, and must come at once.
        plain = upscaler is None or (small and not generator_only)
        upscale = None if plain or upscaler is None else upscale_with(upscaler)
        fitting = matte.resized(photo.height, photo.width)
        scenery = Scenery(
            photo.pixels,
            fitting,
            reconstruction(),
            generator_only=generator_only,
            upscale=upscale,
            plan=plan,
            lights=lights,
            flowing=flowing,
        )
        if small:  # larger ones are not asked for again, and not worth their memory
            self._kept = (key, scenery)
        return scenery
