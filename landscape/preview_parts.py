"""What a preview prepares once and keeps while something else changes."""

from __future__ import annotations

import copy
import dataclasses
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from landscape.animation import Animator
from landscape.compositing import Compositor
from landscape.masking import Masks
from landscape.photo import Photo
from landscape.scene import PREVIEW_SIDE, Scene, model_mask
from landscape.scenery import Scenery
from landscape.settings import LightSettings, MotionSettings
from landscape.steady_light import SteadyLight

Pixels = NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Take:
    """A scene, and what is done with it.

    Attributes:
        scene: The scene.
        motion: Direction, speed and amounts.
        light: Style or day cycle.
        seconds: Length of the clip, for day cycles and loops.
        loop: Whether the clip ends where it began.
    """

    scene: Scene
    motion: MotionSettings
    light: LightSettings
    seconds: float
    loop: bool

    def same(self, other: Take) -> bool:
        """Whether both show the same."""
        return self.same_motion(other) and self.light == other.light and self.seconds == other.seconds

    def same_motion(self, other: Take) -> bool:
        """Whether both share everything but the light."""
        return (
            self.same_picture(other)
            and self.motion == other.motion
            and self.scene.masks.horizon == other.scene.masks.horizon
            and self.period == other.period
        )

    def same_light(self, other: Take) -> bool:
        """Whether both show the same photo in the same light at every time."""
        if self.scene.photo is not other.scene.photo:
            return False
        return self.light == other.light and self.seconds == other.seconds and self.loop == other.loop

    def same_picture(self, other: Take) -> bool:
        """Whether both share photo, masks (but for the horizon) and fit."""
        mine, yours = self.scene, other.scene
        return same_masks(mine, yours) and mine.photo is yours.photo and mine.inversions is yours.inversions

    def same_wish(self, other: Take) -> bool:
        """Whether both show the same photo under the same masks in the same way, however well it is fitted."""
        mine, yours = self.scene, other.scene
        return (
            same_masks(mine, yours)
            and mine.photo is yours.photo
            and mine.masks.horizon == yours.masks.horizon
            and (self.motion, self.light, self.seconds, self.loop)
            == (other.motion, other.light, other.seconds, other.loop)
        )

    @property
    def period(self) -> float | None:
        """Length of the loop in seconds, or None."""
        return self.seconds if self.loop else None

    def wrapped(self, seconds: float) -> float:
        """The time within the clip where that counts: a day and a loop begin anew, plain motion goes on."""
        return seconds % self.seconds if self.loop or self.light.day_cycle else seconds

    def moving(self) -> Tensor:
        """Where the photo moves, at the generator's size."""
        scene = self.scene
        return model_mask(scene.masks, scene.resolution, scene.layout).to(scene.inversion.w)

    def animator(self, moving: Tensor) -> Animator:
        """Draws the generator's frames.

        Args:
            moving: Where the photo moves, at the generator's size.
        """
        scene = self.scene
        return Animator(
            scene.inversions,
            scene.layout,
            moving,
            scene.masks.horizon,
            self.motion,
            self.light,
            scene.models.styles,
            scene.models.lighting,
            self.seconds,
            loop=self.loop,
            seed=scene.settings.seed,
        )


def same_masks(first: Scene, second: Scene) -> bool:
    """Whether two scenes have the same masks but for the horizon."""
    mine, yours = first.masks, second.masks
    return mine.sky is yours.sky and mine.water is yours.water and mine.freeze is yours.freeze


@dataclass(frozen=True)
class PreviewParts:
    """Everything of a preview that does not depend on the light.

    Attributes:
        take: What it was prepared for.
        side: Long side of the frames in pixels.
        photo: The photo at the largest size of previews.
        masks: The masks at this size.
        reconstruction: (3, R, R) in [-1, 1].
        moving: Where the photo moves, at the generator's size.
        scenery: The photo taken apart.
        compositor: Makes the frames.
    """

    take: Take
    side: int
    photo: Photo
    masks: Masks
    reconstruction: Tensor
    moving: Tensor
    scenery: Scenery
    compositor: Compositor

    @classmethod
    def prepare(
        cls, take: Take, side: int, old: PreviewParts | None = None, moving: Tensor | None = None
    ) -> PreviewParts:
        """Prepare a take.

        Args:
            take: What will be shown.
            side: Long side of the frames in pixels.
            old: Parts of a take before, to take over what has not changed.
            moving: The take's :meth:`Take.moving` where that is known already.
        """
        scene = take.scene
        if old is not None and old.side == side and take.same_picture(old.take):
            scenery = copy.copy(old.scenery)  # the horizon alone may differ, which only the motion asks for
            scenery.horizon = scene.masks.horizon
            compositor = Compositor(scenery, take.motion, take.period)
            return cls(take, side, old.photo, old.masks, old.reconstruction, old.moving, scenery, compositor)
        known = old.take.scene if old is not None else None
        photo = old.photo if old is not None and known is not None and known.photo is scene.photo else None
        photo = photo or scene.photo.resized(PREVIEW_SIDE)
        if old is not None and photo is old.photo and old.suits(take):
            masks, moving = old.masks, old.moving
        else:
            masks = scene.masks.resized(photo.height, photo.width)
            moving = take.moving() if moving is None else moving
        if old is not None and known is not None and known.inversions is scene.inversions:
            reconstruction = old.reconstruction
        else:
            reconstruction = scene.reconstruction()
        small = photo.resized(side)
        fitting = dataclasses.replace(masks.resized(small.height, small.width), horizon=scene.masks.horizon)
        scenery = Scenery(small.pixels, fitting, reconstruction)
        scenery.light = SteadyLight(scenery.light, 1 - fitting.moving)
        compositor = Compositor(scenery, take.motion, take.period)
        return cls(take, side, photo, masks, reconstruction, moving, scenery, compositor)

    def suits(self, take: Take) -> bool:
        """Whether the masks are those of a take, and so where its photo moves."""
        return same_masks(self.take.scene, take.scene)

    def frame(self, take: Take, generated: Tensor, seconds: float) -> Pixels:
        """Composite one frame of a take that shares these parts, uint8 (H, W, 3)."""
        pixels: Pixels = self.compositor.frame(generated, seconds, take.light.active)
        return pixels
