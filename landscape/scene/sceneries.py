"""The photo taken apart for one size of frames, kept while motion and light change."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor

from landscape.compose.scenery import Scenery
from landscape.masks.matte import Matte
from landscape.models.enlarge import upscale_with
from landscape.networks.upscaler import Upscaler
from landscape.photo.read import Photo


class SceneryCache:
    """Makes sceneries of one scene and keeps the last small one."""

    def __init__(self) -> None:
        self._kept: dict[tuple[int, int, bool], Scenery] = {}

    def scenery(
        self,
        photo: Photo,
        matte: Matte,
        reconstruction: Callable[[], Tensor],
        generator_only: bool,
        upscaler: Upscaler | None,
        keep: bool,
    ) -> Scenery:
        """Take the photo apart, unless that was done before.

        Args:
            photo: The photo at the size of the frames.
            matte: The scene's matte at any size.
            reconstruction: Draws the photo as the model does, (3, R, R) in about [-1, 1].
            generator_only: Show only what the generator draws.
            upscaler: Enlarges the generator's frames, or None.
            keep: Whether it may be asked for again; large ones are not worth their memory.
        """
        key = (photo.height, photo.width, generator_only)
        if key in self._kept:
            return self._kept[key]
        upscale = None if upscaler is None else upscale_with(upscaler)
        fitting = matte.resized(photo.height, photo.width)
        scenery = Scenery(photo.pixels, fitting, reconstruction(), generator_only=generator_only, upscale=upscale)
        if keep:
            self._kept.clear()
            self._kept[key] = scenery
        return scenery
