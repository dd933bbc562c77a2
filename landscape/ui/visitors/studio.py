"""What one visitor works on: the photo, its masks under the brush, and the fit that gets better meanwhile."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from landscape.masks.editor import MaskEditor
from landscape.masks.matte import Matte
from landscape.masks.sizes import WORK_SIDE
from landscape.photo.read import Photo
from landscape.scene.background_fit import BackgroundFit
from landscape.scene.scene import Scene
from landscape.settings import FitSettings
from landscape.ui.visitors.engine import Engine

FULL_SIDE = WORK_SIDE
"""Long side at which mattes are made for clips; larger clips get them enlarged."""
SHOWN_SIDE = 1024
"""Long side at which they are made for the page and for previews, which must follow the brush."""
BETTER, SOONEST = 2.0, 1.5
"""While a fit goes on, previews take over its newest scene when it has worked for this many times as long as for the
scene they have, and for so many seconds more: preparing a preview takes time from the fit."""
MUCH_CHANGED = 0.06
"""Share of the photo that must start or stop moving for the model to be fitted again."""


_SEEN = 128
"""Long side at which that is looked at."""


@dataclass(frozen=True)
class MaskState:
    """The masks as the page shows them.

    Attributes:
        masks: The matte at the size of the page.
        revision: Grows with every change.
        can_undo: Whether there is a stroke to take back.
        can_redo: Whether there is a stroke to bring back.
        touched: Whether they differ from those found.
    """

    masks: Matte
    revision: int
    can_undo: bool
    can_redo: bool
    touched: bool


class Studio:
    """One visitor's work; every member may be used from any thread.

    Args:
        engine: The models.
        settings: How the model is fitted.
        fit: A fit that is there already; begun if None.
        size: Width and height of the photo's file in pixels, if the photo was reduced.

    Attributes:
        photo: The photo that is worked on.
        found: The masks that were found.
        size: Width and height that clips can have at most.
    """

    def __init__(
        self,
        engine: Engine,
        photo: Photo,
        found: Matte,
        settings: FitSettings,
        fit: BackgroundFit | None = None,
        size: tuple[int, int] | None = None,
    ) -> None:
        self.photo = photo
        self.size = size or (photo.width, photo.height)
        self.found = found
        self._engine = engine
        self._settings = settings
        self._lock = threading.Lock()
        self._editor = MaskEditor(found)
        self._small = photo.resized(SHOWN_SIDE).pixels
        self._revision = 1
        self._state = self._look()
        self._full: tuple[int, Matte] = (1, found)
        self._fitted = _from_afar(self._state.masks)
        self._fit = engine.begin(photo, found, settings) if fit is None else fit
        self._former: Scene | None = None
        self._taken: tuple[BackgroundFit | None, Scene | None] = (None, None)
        self._began = self._taken_after = 0.0
        self._preview: tuple[Scene, Matte, Scene] | None = None

    @property
    def mask(self) -> MaskState:
        """The masks now."""
        return self._state

    @property
    def fit(self) -> BackgroundFit:
        """The fit that runs or has ended."""
        return self._fit

    def edit(self, change: Callable[[MaskEditor], None]) -> None:
        """Change the masks."""
        with self._lock:
            change(self._editor)
            self._revision += 1
            self._state = self._look()

    def refit(self) -> bool:
        """Fit the model again if much else moves now; call it when the visitor has put the brush down.

        Returns:
            Whether a new fit began.
        """
        moving = _from_afar(self._state.masks)
        if float(np.abs(moving - self._fitted).mean()) < MUCH_CHANGED:
            return False
        masks = self.full_masks()
        with self._lock:
            self._fitted = moving
            self._begin(masks)
        return True

    def use(self, settings: FitSettings) -> None:
        """Fit the model as carefully as these settings say, unless that is done or under way."""
        masks = self.full_masks()
        with self._lock:
            if settings == self._settings:
                return
            self._settings = settings
            self._begin(masks)

    def use_engine(self, engine: Engine) -> None:
        """Fit the weights of another engine to the photo; what there is is shown until then."""
        masks = self.full_masks()
        with self._lock:
            self._engine = engine
            self._begin(masks)

    def _begin(self, masks: Matte) -> None:
        """Fit anew; what there is is shown until then. Callers hold the lock."""
        self._former = self._fit.latest()[1] or self._former
        self._fit.cancel()
        self._fit = self._engine.begin(self.photo, masks, self._settings)

    def preview_scene(self) -> Scene | None:
        """A recent scene under the newest masks, at the size of the page; None before the first."""
        with self._lock:
            scene, masks = self._snapshot(), self._state.masks
            if scene is None:
                return None
            if self._preview is None or self._preview[0] is not scene or self._preview[1] is not masks:
                self._preview = (scene, masks, scene.with_masks(masks))
            return self._preview[2]

    def _snapshot(self) -> Scene | None:
        """The fit's scene for previews; callers hold the lock."""
        scene, now = self._fit.latest()[1], time.monotonic()
        if scene is None:
            return self._former
        if self._taken[0] is not self._fit:
            self._taken, self._began, self._taken_after = (self._fit, scene), now, 0.0
        elif self._fit.done or now - self._began >= max(BETTER * self._taken_after, self._taken_after + SOONEST):
            self._taken, self._taken_after = (self._fit, scene), now - self._began
        return self._taken[1]

    def full_masks(self) -> Matte:
        """The newest masks at the size for clips; takes a moment after a change."""
        with self._lock:
            revision, known = self._full[0], self._full[1]
            if revision != self._revision:
                known = self._editor.masks(self.photo.resized(FULL_SIDE).pixels)
                self._full = (self._revision, known)
            return known

    def clip_scene(self) -> Scene | None:
        """The newest scene under the newest masks for a clip; None before the first."""
        masks = self.full_masks()
        scene = self._fit.latest()[1] or self._former
        return None if scene is None else scene.with_masks(masks)

    def close(self) -> None:
        """End the fit."""
        self._fit.cancel()

    def _look(self) -> MaskState:
        editor = self._editor
        return MaskState(editor.masks(self._small), self._revision, editor.can_undo, editor.can_redo, editor.touched)


def _from_afar(masks: Matte) -> np.ndarray:
    """What moves, small: how much of it changes shows there as well."""
    height, width = (max(1, side * _SEEN // max(masks.sky.shape)) for side in masks.sky.shape)
    return cv2.resize(masks.moving, (width, height), interpolation=cv2.INTER_AREA)
