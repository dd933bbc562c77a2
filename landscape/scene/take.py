"""A scene and what is done with it: what a preview shows, and which of two takes have what in common."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from landscape.scene.animator import Animator
from landscape.scene.scene import Scene
from landscape.settings import LightSettings, MotionSettings


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
        return self.same_wish(other) and self.same_picture(other)

    def same_wish(self, other: Take) -> bool:
        """Whether both show the same photo under the same masks in the same way, however well it is fitted."""
        return self.same_masks(other) and self.same_motion(other) and self.same_light(other)

    def same_picture(self, other: Take) -> bool:
        """Whether both share photo, masks (but for the horizon) and fit."""
        return self.same_masks(other) and self.scene.inversions is other.scene.inversions

    def same_masks(self, other: Take) -> bool:
        """Whether both show the same photo under the same masks (but for the horizon)."""
        mine, yours = self.scene.masks, other.scene.masks
        alike = mine.sky is yours.sky and mine.water is yours.water and mine.freeze is yours.freeze
        return alike and self.same_photo(other)

    def same_photo(self, other: Take) -> bool:
        """Whether both show the same photo."""
        return self.scene.photo is other.scene.photo

    def same_motion(self, other: Take) -> bool:
        """Whether both move in the same way."""
        return (
            self.motion == other.motion
            and self.scene.masks.horizon == other.scene.masks.horizon
            and self.period == other.period
        )

    def same_light(self, other: Take) -> bool:
        """Whether both are in the same light at every time."""
        return self.light == other.light and self.seconds == other.seconds and self.loop == other.loop

    @property
    def period(self) -> float | None:
        """Length of the loop in seconds, or None."""
        return self.seconds if self.loop else None

    def wrapped(self, seconds: float) -> float:
        """The time within the clip where that counts: a day and a loop begin anew, plain motion goes on."""
        return seconds % self.seconds if self.loop or self.light.day_cycle else seconds

    def moving(self) -> Tensor:
        """Where the photo moves, at the generator's size."""
        return self.scene.moving()

    def animator(self, moving: Tensor) -> Animator:
        """Draws the generator's frames.

        Args:
            moving: Where the photo moves, at the generator's size.
        """
        return self.scene.animator(self.motion, self.light, self.seconds, self.loop, moving)
