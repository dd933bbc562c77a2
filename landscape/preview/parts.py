"""What a preview prepares once and keeps while something else changes."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from torch import Tensor

from landscape.compose.draft import DraftScenery
from landscape.compose.scenery import Scenery
from landscape.compose.steady import SteadyCompositor, SteadyLight
from landscape.images.pixels import Pixels
from landscape.photo.read import Photo
from landscape.scene.scene import PREVIEW_SIDE, Scene
from landscape.scene.shot import Shot
from landscape.scene.take import Take
from landscape.settings import STYLES, LightSettings, MotionSettings

DRAFT_SIDE = 384
"""Long side of the first pictures of a photo and under other masks, which must come at once."""


@dataclass(frozen=True)
class PreviewParts:
    """Everything of a preview but the generator's frames.

    Attributes:
        take: What is shown.
        side: Long side of the frames in pixels.
        photo: The photo at the largest size of previews.
        small: The photo at this size.
        reconstruction: (3, R, R) in [-1, 1].
        moving: Where the photo moves, at the generator's size.
        scenery: The photo taken apart.
        light: The light of what stands still.
        compositor: Makes the frames.
        draft: Whether the photo was only cut along new masks, or its sky is only drafted.
    """

    take: Take
    side: int
    photo: Photo
    small: Photo
    reconstruction: Tensor
    moving: Tensor
    scenery: Scenery
    light: SteadyLight
    compositor: SteadyCompositor
    draft: bool = False

    @classmethod
    def prepare(cls, take: Take, side: int, old: PreviewParts | None = None, draft: bool = False) -> PreviewParts:
        """Take a photo apart.

        Args:
            take: What will be shown.
            side: Long side of the frames in pixels.
            old: Parts of a take before, to take over what has not changed.
            draft: Only draft how the sky goes on unless that is known, for pictures that must come at once.
        """
        scene = take.scene
        if old is not None and not take.same_photo(old.take):
            old = None
        photo = scene.photo.resized(PREVIEW_SIDE) if old is None else old.photo
        moving = old.moving if old is not None and take.same_masks(old.take) else take.scene.moving()
        known = old is not None and old.take.scene.inversions is scene.inversions
        reconstruction = old.reconstruction if old is not None and known else scene.reconstruction()
        small = old.small if old is not None and old.side == side else photo.resized(side)
        matte = scene.masks.resized(small.height, small.width)
        plan, flowing = scene.sky_plan(search=not draft), None if draft else scene.flowing()
        scenery = Scenery(small.pixels, matte, reconstruction, plan=plan, lights=scene.models.lights, flowing=flowing)
        light = SteadyLight(scenery.light, 1 - matte.moving)
        if take.measured and not draft:
            scenery.photo_light(take.light.sun_side)  # looked at now, the first style comes at once
        compositor = SteadyCompositor(scenery, light, take.motion, take.period)
        parts = (reconstruction, moving, scenery, light, compositor)
        return cls(take, side, photo, small, *parts, draft=draft)

    def settled(self, take: Take) -> bool:
        """Whether nothing is left to prepare for a take at this size."""
        return not self.draft and take.same_picture(self.take)

    def turned(self, take: Take) -> PreviewParts:
        """The parts for another wish for the same photo, ready in a moment.

        The fit stays the one at hand, and where the masks are others, the photo is cut along them without learning its
        colours anew.

        Args:
            take: Another take of the same photo.
        """
        shown = dataclasses.replace(take, scene=self.take.scene.with_masks(take.scene.masks))
        if not take.same_masks(self.take):
            return self._drafted(shown)
        if take.same_motion(self.take):
            return dataclasses.replace(self, take=shown)
        scenery = copy.copy(self.scenery)  # the horizon alone may differ, which only the motion asks for
        scenery.horizon = take.scene.masks.horizon
        compositor = SteadyCompositor(scenery, self.light, take.motion, take.period)
        return dataclasses.replace(self, take=shown, scenery=scenery, compositor=compositor)

    def _drafted(self, take: Take) -> PreviewParts:
        """Parts under other masks, at the size of drafts."""
        side = min(self.side, DRAFT_SIDE)
        small = self.small if side == self.side else self.photo.resized(side)
        matte = take.scene.masks.resized(small.height, small.width)
        scenery = DraftScenery(self.scenery, small.pixels, matte, self.reconstruction)
        light = SteadyLight(scenery.light, 1 - matte.moving)
        compositor = SteadyCompositor(scenery, light, take.motion, take.period)
        known = (self.reconstruction, take.scene.moving())
        return PreviewParts(take, side, self.photo, small, *known, scenery, light, compositor, draft=True)

    def frame(self, generated: Tensor, seconds: float) -> Pixels:
        """Composite one frame, uint8 (H, W, 3).

        Args:
            generated: (3, R, R) in [-1, 1], the generator's frame.
            seconds: Its time.
        """
        pixels: Pixels = self.compositor.frame(generated, seconds, self.take.light_at()(seconds))
        return pixels


class Preparation(NamedTuple):
    """What a preview prepares next.

    Attributes:
        take: What will be shown.
        side: Long side of the frames in pixels.
        rest: Seconds until it is time to.
        old: Parts of a take before; None for the first, which come as a draft.
    """

    take: Take
    side: int
    rest: float
    old: PreviewParts | None

    def parts(self) -> PreviewParts:
        """Take the photo apart."""
        return PreviewParts.prepare(self.take, self.side, self.old, self.old is None)


def style_pictures(scene: Scene, side: int, strength: float = 1.0) -> Iterator[tuple[str, Pixels]]:
    """The photo in each style, for choosing one.

    Args:
        scene: The scene.
        side: Long side in pixels.
        strength: How far the light goes, 0 to 1.

    Yields:
        Style and picture, uint8 (H, W, 3), one by one: each takes a moment.
    """
    still = Shot(MotionSettings(speed=0.0))
    parts = PreviewParts.prepare(Take(scene, still), side, draft=True)
    for style in STYLES:
        lit = parts.turned(Take(scene, dataclasses.replace(still, light=LightSettings(style, strength))))
        yield style, lit.frame(lit.take.animator(lit.moving).frame(0.0), 0.0)
