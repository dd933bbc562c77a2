"""The photo taken apart for one size of frames, kept while motion and light change."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from torch import Tensor

from landscape.compose.flowing import Flowing
from landscape.compose.scenery import Scenery
from landscape.compose.sky_plan import PLAN_WIDTH, SkyPlan, plan_sky
from landscape.images.filters import resize
from landscape.images.pixels import Array, Pixels
from landscape.light.measured import MeasuredLights
from landscape.masks.matte import Matte
from landscape.masks.water_kinds import sky_beyond
from landscape.models.enlarge import upscale_with
from landscape.networks.upscaler import Upscaler
from landscape.photo.read import Photo

PREVIEW_SIDE = 768
"""Largest long side of previews in pixels."""
_PLANS = 3
"""Plans that are kept: those of the preview's masks, of a clip's, and of those before a stroke."""
_SEEN = 160
"""Width in pixels at which masks are compared."""
_ALIKE = 0.05
"""Largest difference of shares, in [0, 1], between masks that are the same at another size."""


class SkyPlans:
    """What is found once of photos for frames of all sizes: how skies go on beyond them, and how their water goes.

    It is kept for scenes of one photo, from any thread: every better fit is another scene of the same photo and
    matte, and a plan takes a second or two. Previews and clips have the same masks at two sizes and get the very same
    plan, as another one would show other clouds.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: list[_Kept] = []

    def plan(self, photo: Photo, matte: Matte, search: bool = True) -> SkyPlan | None:
        """The plan of a photo's sky; found when it is first asked for.

        Args:
            photo: The photo at any size.
            matte: Its matte at any size.
            search: Whether to find it where it is not known.
        """

        def find(pixels: Pixels, fitting: Matte) -> SkyPlan | None:
            return plan_sky(pixels, np.asarray(fitting.sky * (1 - fitting.freeze), np.float32), fitting.glow)

        found: SkyPlan | None = self._found(*_of_sky(matte), find if search else None, photo, matte)
        return found

    def keep(self, photo: Photo, matte: Matte, plan: SkyPlan | None) -> None:
        """Take over a plan that was found before, with arguments as of :meth:`plan`."""
        key, planes = _of_sky(matte)
        with self._lock:
            self._add(_Kept(key, _seen([*planes, matte.freeze], photo), plan))

    def flowing(self, photo: Photo, matte: Matte) -> Flowing:
        """The water of a photo; found when it is first asked for, with arguments as of :meth:`plan`."""

        def find(pixels: Pixels, fitting: Matte) -> Flowing:
            return Flowing.of(pixels, np.asarray(fitting.water * (1 - fitting.freeze), np.float32), fitting.sky)

        sky, water = np.dsplit(_seen([matte.sky, matte.water], photo), 2)  # small: a stroke waits for this
        planes = [matte.water, sky_beyond(sky[..., 0], water[..., 0])]
        found: Flowing = self._found(("water", matte.water, matte.sky, matte.freeze), planes, find, photo, matte)
        return found

    def _found(
        self,
        key: tuple[object, ...],
        planes: list[Array],
        find: Callable[[Pixels, Matte], object] | None,
        photo: Photo,
        matte: Matte,
    ) -> Any:
        with self._lock:
            for kept in self._kept:
                if kept.of(key):
                    return kept.found
            seen = _seen([*planes, matte.freeze], photo)
            for kept in reversed(self._kept):
                if kept.key[0] == key[0] and _alike(kept.seen, seen):
                    known = dataclasses.replace(kept, key=key)  # with the first masks, or small strokes would add up
                    break
            else:
                if find is None:
                    return None
                small = photo.resized(max(photo.height, photo.width) * PLAN_WIDTH // photo.width)
                known = _Kept(key, seen, find(small.pixels, matte.resized(small.height, small.width)))
            self._add(known)
            return known.found

    def _add(self, kept: _Kept) -> None:
        self._kept = [*self._kept[1 - 2 * _PLANS :], kept]


def _of_sky(matte: Matte) -> tuple[tuple[object, ...], list[Array]]:
    """What a plan depends on: the very masks, and their planes."""
    planes = [matte.sky] if matte.glow is None else [matte.sky, matte.glow.place / np.float32(255)]
    return ("sky", matte.sky, matte.freeze, matte.glow), planes


@dataclass(frozen=True)
class _Kept:
    """What was found, under which masks: the very ones, and as they are seen from afar."""

    key: tuple[object, ...]
    seen: Array
    found: Any

    def of(self, key: tuple[object, ...]) -> bool:
        """Whether this is what is kept under a key."""
        return len(self.key) == len(key) and all(mine is theirs for mine, theirs in zip(self.key, key, strict=True))


def _seen(planes: list[Array], photo: Photo) -> Array:
    """Planes of a matte of any size at the size at which masks are compared, (h, _SEEN, planes)."""
    height = max(1, round(_SEEN * photo.height / photo.width))
    return np.dstack([cv2.blur(resize(np.asarray(plane, np.float32), height, _SEEN), (3, 3)) for plane in planes])


def _alike(mine: Array, theirs: Array) -> bool:
    """Whether masks differ no more than those of one photo at two sizes do."""
    return mine.shape == theirs.shape and float(np.abs(mine - theirs).max()) < _ALIKE


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
        scenery = Scenery(
            photo.pixels,
            matte,
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
