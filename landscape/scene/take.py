"""A take: a scene and a shot of it, for previews and clips alike; and what two takes have in common."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from torch import Tensor

from landscape.compose.compositor import Compositor
from landscape.light.mixes import FrameLight, day_keys, light_mix
from landscape.output.formats import FORMATS
from landscape.scene.animator import Animator
from landscape.scene.render import Renderer
from landscape.scene.shot import Shot
from landscape.settings import LIGHT_SOURCES, LightSettings, MotionSettings

if TYPE_CHECKING:
    from landscape.scene.scene import Scene


@dataclass(frozen=True, eq=False)
class Take:
    """A scene, and what is done with it.

    Attributes:
        scene: The scene.
        shot: Motion, light, length and size.
    """

    scene: Scene
    shot: Shot

    @property
    def motion(self) -> MotionSettings:
        """Direction, speed and amounts."""
        return self.shot.motion

    @property
    def light(self) -> LightSettings:
        """Style or day cycle."""
        return self.shot.light

    @property
    def seconds(self) -> float:
        """Length of the clip, for day cycles and loops."""
        return self.shot.export.seconds

    @property
    def loop(self) -> bool:
        """Whether the clip ends where it began."""
        return self.shot.export.loop

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

    @property
    def measured(self) -> bool:
        """Whether the colours of the light are those of real pictures, and not the generator's."""
        return self.light.source == LIGHT_SOURCES[0] and self.scene.models.lights is not None

    @property
    def lit(self) -> LightSettings:
        """The light with the key frames of this photo's day, which begins and ends in the photo's own light."""
        if not (self.measured and self.light.day_cycle) or self.light.keys:
            return self.light
        return dataclasses.replace(self.light, keys=day_keys(self.scene.own_light().nearest))

    def light_at(self) -> Callable[[float], FrameLight]:
        """The light of frames by their time in seconds."""
        if not self.measured:
            return lambda seconds: FrameLight(change=self.light.active)
        mix, side = light_mix(self.lit), self.light.sun_side
        return lambda seconds: FrameLight(mix(seconds / self.seconds), side)

    def animator(self, moving: Tensor | None = None) -> Animator:
        """Prepare the generator's small frames.

        Args:
            moving: Where the photo moves, as :meth:`.Scene.moving` gives it, if it is at hand.
        """
        scene = self.scene
        return Animator(
            scene.inversions,
            scene.layout,
            scene.moving() if moving is None else moving,
            scene.masks.horizon,
            scene.photo.height / scene.photo.width,
            self.motion,
            self.lit,
            scene.models.styles,
            scene.models.lighting,
            self.seconds,
            loop=self.loop,
            seed=scene.settings.seed,
            graded=self.shot.export.generator_only or not self.measured,
        )

    def renderer(self) -> Renderer:
        """Prepare full-size frames at any time, of as many bits as the format has."""
        export = self.shot.export
        scenery = self.scene.scenery(export.long_side, export.generator_only)
        compositor = Compositor(scenery, self.motion, self.period, deep=FORMATS[export.format].deep)
        return Renderer(self.animator(), compositor, self.light_at(), scenery.mean_photo_weight)
