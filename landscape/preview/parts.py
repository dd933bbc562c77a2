"""What a preview prepares once and keeps while something else changes."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass

from torch import Tensor

from landscape.compose.draft import DraftScenery
from landscape.compose.scenery import Scenery
from landscape.compose.steady import SteadyCompositor, SteadyLight
from landscape.images.pixels import Pixels
from landscape.photo.read import Photo
from landscape.scene.scene import PREVIEW_SIDE, Scene
from landscape.scene.shot import Shot
from landscape.settings import STYLES, LightSettings, MotionSettings

DRAFT_SIDE = 384
"""Long side of the first pictures of a photo and under other masks, which must come at once."""


@dataclass(frozen=True)
class PreviewParts:
    """Everything of a preview but the generator's frames.

    Attributes:
        shot: What is shown.
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

    shot: Shot
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
    def prepare(cls, shot: Shot, side: int, old: PreviewParts | None = None, draft: bool = False) -> PreviewParts:
        """Take a photo apart.

        Args:
            shot: What will be shown.
            side: Long side of the frames in pixels.
            old: Parts of a shot before, to take over what has not changed.
            draft: Only draft how the sky goes on, for pictures that must come at once.
        """
        scene = shot.scene
        if old is not None and not shot.same_photo(old.shot):
            old = None
        photo = scene.photo.resized(PREVIEW_SIDE) if old is None else old.photo
        moving = old.moving if old is not None and shot.same_masks(old.shot) else shot.scene.moving()
        known = old is not None and old.shot.scene.inversions is scene.inversions
        reconstruction = old.reconstruction if old is not None and known else scene.reconstruction()
        small = old.small if old is not None and old.side == side else photo.resized(side)
        matte = scene.masks.resized(small.height, small.width)
        plan = None if draft else scene.sky_plan()
        scenery = Scenery(small.pixels, matte, reconstruction, plan=plan, lights=scene.models.lights)
        light = SteadyLight(scenery.light, 1 - matte.moving)
        compositor = SteadyCompositor(scenery, light, shot.motion, shot.period)
        parts = (reconstruction, moving, scenery, light, compositor)
        return cls(shot, side, photo, small, *parts, draft=draft)

    def settled(self, shot: Shot) -> bool:
        """Whether nothing is left to prepare for a shot at this size."""
        return not self.draft and shot.same_picture(self.shot)

    def turned(self, shot: Shot) -> PreviewParts:
        """The parts for another wish for the same photo, ready in a moment.

        The fit stays the one at hand, and where the masks are others, the photo is cut along them without learning its
        colours anew.

        Args:
            shot: Another shot of the same photo.
        """
        shown = dataclasses.replace(shot, scene=self.shot.scene.with_masks(shot.scene.masks))
        if not shot.same_masks(self.shot):
            return self._drafted(shown)
        if shot.same_motion(self.shot):
            return dataclasses.replace(self, shot=shown)
        scenery = copy.copy(self.scenery)  # the horizon alone may differ, which only the motion asks for
        scenery.horizon = shot.scene.masks.horizon
        compositor = SteadyCompositor(scenery, self.light, shot.motion, shot.period)
        return dataclasses.replace(self, shot=shown, scenery=scenery, compositor=compositor)

    def _drafted(self, shot: Shot) -> PreviewParts:
        """Parts under other masks, at the size of drafts."""
        side = min(self.side, DRAFT_SIDE)
        small = self.small if side == self.side else self.photo.resized(side)
        matte = shot.scene.masks.resized(small.height, small.width)
        scenery = DraftScenery(self.scenery, small.pixels, matte, self.reconstruction)
        light = SteadyLight(scenery.light, 1 - matte.moving)
        compositor = SteadyCompositor(scenery, light, shot.motion, shot.period)
        known = (self.reconstruction, shot.scene.moving())
        return PreviewParts(shot, side, self.photo, small, *known, scenery, light, compositor, draft=True)

    def frame(self, generated: Tensor, seconds: float) -> Pixels:
        """Composite one frame, uint8 (H, W, 3).

        Args:
            generated: (3, R, R) in [-1, 1], the generator's frame.
            seconds: Its time.
        """
        pixels: Pixels = self.compositor.frame(generated, seconds, self.shot.light_at()(seconds))
        return pixels


def style_pictures(scene: Scene, side: int, strength: float = 1.0) -> Iterator[tuple[str, Pixels]]:
    """The photo in each style, for choosing one.

    Args:
        scene: The scene.
        side: Long side in pixels.
        strength: How far the light goes, 0 to 1.

    Yields:
        Style and picture, uint8 (H, W, 3), one by one: each takes a moment.
    """
    still = Shot(scene, MotionSettings(speed=0.0), LightSettings(), 1.0, False)
    parts = PreviewParts.prepare(still, side, draft=True)
    for style in STYLES:
        lit = parts.turned(dataclasses.replace(still, light=LightSettings(style, strength)))
        yield style, lit.frame(lit.shot.animator(lit.moving).frame(0.0), 0.0)
