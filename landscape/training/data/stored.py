"""Prepared training pictures, wherever they are kept: arrays in a folder, or one pack that travels."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open

from landscape.errors import LandscapeError
from landscape.images.pixels import Pixels
from landscape.marks import MARK

CLIP_MARGIN = 1.25
"""Frames of clips are kept larger than the training resolution: pairs are cut from them at random places, and the crop
trick (paper, 3.1.2) needs two different places of one frame."""
PACK_FORMAT = 1
COLOURS = ("stills", "held_out", "clips")
MASKS = ("moving", "clips_moving")


class PackedImages:
    """Pictures that are kept as JPEG and decoded when they are asked for.

    Args:
        data: The files, one after another.
        ends: Where each ends.
        side: Side of the pictures in pixels.
        wanted: Side of the pictures to give, no larger.
        grey: Whether they are masks.
    """

    def __init__(
        self, data: NDArray[np.uint8], ends: NDArray[np.int64], side: int, wanted: int, grey: bool = False
    ) -> None:
        self._data, self._ends = data, np.concatenate([[0], ends])
        self._side, self._wanted, self._grey = side, wanted, grey

    @property
    def shape(self) -> tuple[int, ...]:
        """(N, R, R, 3), or (N, R, R) of masks."""
        return (len(self), self._wanted, self._wanted, *(() if self._grey else (3,)))

    def __len__(self) -> int:
        return len(self._ends) - 1

    def __getitem__(self, index: Any, /) -> Pixels:
        """Some of the pictures, or parts of them, uint8, as an array gives them; all that are asked for are decoded.

        Raises:
            IndexError: If there are not so many.
            LandscapeError: If one is damaged.
        """
        which, *part = index if isinstance(index, tuple) else (index,)
        rows = np.arange(len(self))[which]
        if rows.ndim == 0:
            return self._decoded(int(rows))[tuple(part)]
        found = [self._decoded(int(row))[tuple(part)] for row in rows]
        return np.stack(found) if found else np.zeros((0, *self.shape[1:]), np.uint8)

    def __iter__(self) -> Iterator[Pixels]:
        return (self._decoded(index) for index in range(len(self)))

    def _decoded(self, index: int) -> Pixels:
        file = self._data[self._ends[index] : self._ends[index + 1]]
        image = cv2.imdecode(file, cv2.IMREAD_GRAYSCALE if self._grey else cv2.IMREAD_COLOR_RGB) if len(file) else None
        if image is None or image.shape[:2] != (self._side, self._side):
            raise LandscapeError("The training pack is damaged: pack the data again.")
        if self._wanted != self._side:
            image = cv2.resize(image, (self._wanted, self._wanted), interpolation=cv2.INTER_AREA)
        return np.asarray(image, np.uint8)


Images = NDArray[np.uint8] | PackedImages
"""Pictures of one size, (N, R, R, 3), or masks, (N, R, R); some of them are uint8 arrays."""


@dataclass(frozen=True)
class Stored:
    """What training reads at one resolution R.

    Attributes:
        stills: (N, R, R, 3) uint8.
        held_out: Stills kept out of training, the same.
        clips: Frames of all clips, :data:`CLIP_MARGIN` times as large.
        starts: Index of each clip's first frame, closed by the number of frames.
        labels: Index of each still's folder.
        folders: Names of the folders.
        moving: Where each still moves, (N, R, R) uint8, or None.
        clips_moving: Where each clip moves, one mask of its frames' size for each, or None.
    """

    stills: Images
    held_out: Images
    clips: Images
    starts: NDArray[np.int64]
    labels: NDArray[np.int64]
    folders: list[str]
    moving: Images | None
    clips_moving: Images | None


def open_stored(prepared: Path, resolution: int) -> Stored:
    """Open prepared pictures at a resolution.

    Args:
        prepared: Folder written by :func:`landscape.training.data.pictures.prepare`, or a file written by
            :func:`landscape.training.data.pack.write_pack`.
        resolution: Pixels.

    Raises:
        LandscapeError: If a pack is damaged, or made for a smaller resolution.
    """
    if prepared.is_file():
        return _open_pack(prepared, resolution)
    folder = prepared / f"{resolution:04d}"
    stills, held_out, clips = (np.load(folder / f"{kind}.npy", mmap_mode="r") for kind in COLOURS)
    masks = [folder / f"{kind}.npy" for kind in MASKS]
    moving, clips_moving = (np.load(mask, mmap_mode="r") if mask.exists() else None for mask in masks)
    starts, labels = np.load(folder / "starts.npy"), np.load(folder / "folders.npy")
    folders = json.loads((prepared / "index.json").read_text())["folders"]
    return Stored(stills, held_out, clips, starts, labels, folders, moving, clips_moving)


def require_resolution(path: Path, resolution: int) -> None:
    """Find out before training that a pack has pictures of a resolution.

    Raises:
        LandscapeError: If it is no pack, or was made for a smaller resolution.
    """
    side = int(_description(path)["resolution"])
    if resolution > side:
        raise LandscapeError(
            f"The pack “{path.name}” was made for {side} px: end with --resolution {side}, or pack the data again."
        )


def _description(path: Path) -> dict[str, Any]:
    try:
        with safe_open(path, framework="np") as file:
            content = json.loads((file.metadata() or {})[MARK])
        if content["pack"] != PACK_FORMAT:
            raise LandscapeError(f"The pack “{path.name}” is of another version: pack the data again.")
        return dict(content)
    except (OSError, SafetensorError, ValueError, LookupError, TypeError) as error:
        raise LandscapeError(f"“{path.name}” is no training pack: give a folder, or what train pack wrote.") from error


def _open_pack(path: Path, resolution: int) -> Stored:
    require_resolution(path, resolution)
    content = _description(path)
    side, folders = int(content["resolution"]), [str(name) for name in content["folders"]]
    images = {}
    try:
        with safe_open(path, framework="np") as file:
            for kind in (*COLOURS, *MASKS):
                data, ends = file.get_tensor(kind), file.get_tensor(f"{kind}_ends")
                if (np.diff(ends, prepend=0) < 0).any() or (ends[-1] if len(ends) else 0) != len(data):
                    raise ValueError(kind)
                scale = CLIP_MARGIN if kind.startswith("clips") else 1.0
                sides = round(side * scale), round(resolution * scale)
                images[kind] = PackedImages(data, ends, *sides, grey=kind in MASKS)
            starts, labels = file.get_tensor("starts"), file.get_tensor("labels")
    except (OSError, SafetensorError, ValueError, IndexError, TypeError) as error:
        raise LandscapeError(f"The pack “{path.name}” is damaged: pack the data again.") from error
    clips = len(starts) - 1
    right = len(labels) == len(images["stills"]) == len(images["moving"]) and clips == len(images["clips_moving"])
    if not right or (np.diff(starts) < 1).any() or starts[-1] != len(images["clips"]) or starts[0] != 0:
        raise LandscapeError(f"The pack “{path.name}” is damaged: pack the data again.")
    stills, held_out, frames = (images[kind] for kind in COLOURS)
    return Stored(stills, held_out, frames, starts, labels, folders, images["moving"], images["clips_moving"])
