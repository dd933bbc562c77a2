"""The photo taken apart for one size of frames, kept while motion and light change."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor

from landscape.compose.scenery import Scenery
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
        scenery = Scenery(photo.pixels, fitting, reconstruction(), generator_only=generator_only, upscale=upscale)
        if small:  # larger ones are not asked for again, and not worth their memory
            self._kept.clear()
            self._kept[key] = scenery
        return scenery
