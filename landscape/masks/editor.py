"""A photo's masks under someone's hands, with undo and redo."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from landscape.masks.history import History
from landscape.masks.layers import MaskSettings, layers_of, matte_of
from landscape.masks.matte import Matte
from landscape.masks.strokes import Layers, Stroke, painted


@dataclass
class MaskEditor:
    """A photo's masks under someone's hands, with undo and redo.

    Attributes:
        found: The masks to begin with and to return to.
        settings: Growth, feather, snapping, horizon.
    """

    found: Matte
    settings: MaskSettings = field(default_factory=MaskSettings)
    _base: Matte = field(init=False, repr=False)
    _layers: Layers | None = field(default=None, init=False, repr=False)
    _history: History = field(default_factory=History, repr=False)
    _changes: int = 0
    _made: tuple[Any, Matte] | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        self._base = self.found

    @property
    def can_undo(self) -> bool:
        """Whether there is a stroke to take back."""
        return self._history.can_undo

    @property
    def can_redo(self) -> bool:
        """Whether there is a stroke to bring back."""
        return self._history.can_redo

    @property
    def touched(self) -> bool:
        """Whether the masks differ from those found, but for the horizon."""
        return dataclasses.replace(self.settings, horizon=None) != MaskSettings() or self._history.can_undo

    def paint(self, stroke: Stroke) -> None:
        """Add a stroke."""
        self._change(painted(self._current(), stroke), self._base)

    def reset(self) -> None:
        """Return to the masks found and to the settings' defaults; the strokes can be brought back by :meth:`undo`."""
        self.settings = MaskSettings()
        self._change(layers_of(self.found), self.found)

    def replace(self, matte: Matte) -> None:
        """Use another matte, as read from a file."""
        height, width = self._current().shape[:2]
        base = matte.resized(height, width)
        self._change(layers_of(base), base)

    def undo(self) -> None:
        """Take the last change of the layers back, if there is one."""
        if self.can_undo:
            self._put(*self._history.undo(self._current(), self._base))

    def redo(self) -> None:
        """Bring back what :meth:`undo` took, if there is something."""
        if self.can_redo:
            self._put(*self._history.redo(self._current(), self._base))

    def masks(self, pixels: np.ndarray) -> Matte:
        """The masks for the photo, uint8 (H, W, 3), at any size: those found where nothing was changed."""
        key = (self._changes, pixels.shape, dataclasses.replace(self.settings, horizon=None), self.touched)
        if self._made is None or self._made[0] != key:
            if self.touched:
                made = matte_of(self._current(), pixels, self.settings, self._base)
            else:
                same = self.found.sky.shape == pixels.shape[:2]
                made = self.found if same else self.found.resized(*pixels.shape[:2])
            self._made = (key, made)
        masks, level = self._made[1], self.settings.horizon
        wanted = self._base.horizon if level is None else level
        # Another horizon leaves the arrays as they are, which tells a preview that the picture is the same.
        return masks if masks.horizon == wanted else dataclasses.replace(masks, horizon=wanted)

    def _current(self) -> Layers:
        """The layers, which are made when somebody needs them: most visitors never paint."""
        if self._layers is None:
            self._layers = layers_of(self._base)
        return self._layers

    def _change(self, layers: Layers, base: Matte) -> None:
        self._history.note(self._current(), self._base, layers)
        self._put(layers, base)

    def _put(self, layers: Layers, base: Matte) -> None:
        self._layers, self._base = layers, base
        self._changes += 1
