"""Undo and redo of changes of layers, of which only the changed part is kept, and of the matte beneath them."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import cv2
import numpy as np

from landscape.masks.matte import Matte
from landscape.masks.strokes import Layers

_STEPS = 200


@dataclass(frozen=True)
class _Patch:
    """What a part of layers was, with the matte beneath; a PNG, so that a hundred steps take a few megabytes."""

    place: tuple[slice, slice]
    png: bytes
    base: Matte

    @classmethod
    def cut(cls, layers: Layers, place: tuple[slice, slice], base: Matte) -> _Patch:
        part = np.ascontiguousarray(layers[place])
        return cls(place, bytes(cv2.imencode(".png", part, [cv2.IMWRITE_PNG_COMPRESSION, 1])[1].tobytes()), base)

    def laid_on(self, layers: Layers) -> Layers:
        result = layers.copy()
        result[self.place] = np.asarray(cv2.imdecode(np.frombuffer(self.png, np.uint8), cv2.IMREAD_UNCHANGED))
        return result


class History:
    """The changes of layers (H, W, 4) and of the matte beneath, as far as they can be taken back or brought back."""

    def __init__(self) -> None:
        self._past: deque[_Patch] = deque(maxlen=_STEPS)
        self._future: list[_Patch] = []

    @property
    def can_undo(self) -> bool:
        """Whether there is a change to take back."""
        return bool(self._past)

    @property
    def can_redo(self) -> bool:
        """Whether there is a change to bring back."""
        return bool(self._future)

    def note(self, before: Layers, base: Matte, after: Layers) -> None:
        """Note a change of layers under which a matte lay; what was taken back can be brought back no more."""
        changed = (before.view(np.uint32) != after.view(np.uint32))[..., 0]
        rows, columns = (np.flatnonzero(changed.any(axis=axis)) for axis in (1, 0))
        # A change without effect is one all the same: whoever made it expects to take it back.
        edges = [(places[0], places[-1] + 1) if len(places) else (0, 1) for places in (rows, columns)]
        self._past.append(_Patch.cut(before, (slice(*edges[0]), slice(*edges[1])), base))
        self._future.clear()

    def undo(self, layers: Layers, base: Matte) -> tuple[Layers, Matte]:
        """Take the last change back; gives the layers and the matte before it."""
        return _exchange(layers, base, self._past, self._future)

    def redo(self, layers: Layers, base: Matte) -> tuple[Layers, Matte]:
        """Bring the last change back that was taken back; gives the layers and the matte after it."""
        return _exchange(layers, base, self._future, self._past)


def _exchange(
    layers: Layers, base: Matte, source: deque[_Patch] | list[_Patch], target: deque[_Patch] | list[_Patch]
) -> tuple[Layers, Matte]:
    patch = source.pop()
    target.append(_Patch.cut(layers, patch.place, base))
    return patch.laid_on(layers), patch.base
