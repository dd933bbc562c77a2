"""What a preview prepares once and keeps while something else changes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from landscape.animation import Animator
from landscape.compositing import Compositor
from landscape.inversion import Inversion
from landscape.masking import Masks
from landscape.photo import Photo
from landscape.scene import PREVIEW_SIDE, Scene, model_mask
from landscape.settings import LightSettings, MotionSettings

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

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Take)
            and self.same_parts(other)
            and self.light == other.light
            and self.seconds == other.seconds
        )

    def __hash__(self) -> int:
        return hash((id(self.scene.inversion), self.motion, self.light, self.seconds, self.loop))

    def same_parts(self, other: Take) -> bool:
        """Whether both share everything but the light."""
        return (
            self.same_picture(other)
            and self.motion == other.motion
            and self.scene.masks.horizon == other.scene.masks.horizon
            and self.period == other.period
        )

    def same_picture(self, other: Take) -> bool:
        """Whether both share photo, masks and fit."""
        mine, yours = self.scene, other.scene
        return mine.photo is yours.photo and mine.masks is yours.masks and mine.inversion is yours.inversion

    @property
    def period(self) -> float | None:
        """Length of the loop in seconds, or None."""
        return self.seconds if self.loop else None

    def wrapped(self, seconds: float) -> float:
        """The time within the clip where that counts: a day and a loop begin anew, plain motion goes on."""
        return seconds % self.seconds if self.loop or self.light.day_cycle else seconds

    def animator(self, parts: PreviewParts) -> Animator:
        """Draws the generator's frames."""
        scene = self.scene
        return Animator(
            scene.inversion,
            parts.moving,
            scene.masks.horizon,
            self.motion,
            self.light,
            scene.models.styles,
            scene.models.lighting,
            self.seconds,
            split=scene.inversion.split,
            loop=self.loop,
            seed=scene.settings.seed,
        )


@dataclass(frozen=True)
class PreviewParts:
    """Everything of a preview that does not depend on the light.

    Attributes:
        take: What it was prepared for.
        photo: The photo at the largest size of previews.
        masks: The masks at this size.
        inversion: The fit that ``reconstruction`` was drawn with.
        reconstruction: (3, R, R) in [-1, 1].
        moving: (1, 1, R, R) in [0, 1].
        compositor: Makes the frames.
    """

    take: Take
    photo: Photo
    masks: Masks
    inversion: Inversion
    reconstruction: Tensor
    moving: Tensor
    compositor: Compositor

    @classmethod
    def prepare(cls, take: Take, side: int, old: PreviewParts | None) -> PreviewParts:
        """Prepare a take.

        Args:
            take: What will be shown.
            side: Long side of the frames in pixels.
            old: Parts of a take before, to take over what has not changed.
        """
        scene = take.scene
        same_photo = old is not None and old.take.scene.photo is scene.photo
        photo = old.photo if old is not None and same_photo else scene.photo.resized(PREVIEW_SIDE)
        if old is not None and same_photo and old.take.scene.masks is scene.masks:
            masks, moving = old.masks, old.moving
        else:
            masks = scene.masks.resized(photo.height, photo.width)
            moving = model_mask(scene.masks, scene.models.generator.resolution).to(scene.inversion.w)
        if old is not None and old.inversion is scene.inversion:
            reconstruction = old.reconstruction
        else:
            reconstruction = scene.inversion.reconstruction()[0]
        small = photo.resized(side)
        compositor = Compositor(
            small.pixels,
            masks.resized(small.height, small.width),
            reconstruction,
            take.motion,
            loop_seconds=take.period,
        )
        return cls(take, photo, masks, scene.inversion, reconstruction, moving, compositor)

    def frame(self, take: Take, generated: Tensor, seconds: float) -> Pixels:
        """Composite one frame of a take that shares these parts, uint8 (H, W, 3)."""
        pixels: Pixels = self.compositor.frame(generated, seconds, take.light.active)
        return pixels
