"""A pack of training pictures: one file of JPEGs, small enough to travel to where a GPU is."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save_file

from landscape.errors import LandscapeError, require
from landscape.files import replacing
from landscape.images.pixels import Pixels
from landscape.marks import MARK
from landscape.progress import Progress, check_cancelled, ignore_progress
from landscape.training.data.stored import COLOURS, MASKS, PACK_FORMAT, Images, Stored, open_stored

QUALITIES = (95, 92, 88, 84, 80, 76)
"""JPEG qualities, the best one that fits is taken; below the last, pictures are left out instead."""
_PROBES = 120
"""Pictures of each kind by which the size of all is judged."""
_ROOM = 0.97
"""Share of the limit that is aimed at, as probes are not all pictures."""
_ATTEMPTS = 6


@dataclass(frozen=True)
class PackReport:
    """What a pack holds.

    Attributes:
        bytes: Size of the file.
        quality: Of its JPEGs.
        share: Share of the pictures that went in.
        stills: How many stills.
        clips: How many clips.
        frames: How many frames of them.
    """

    bytes: int
    quality: int
    share: float
    stills: int
    clips: int
    frames: int


def write_pack(
    prepared: Path,
    resolution: int,
    out: Path,
    limit: int,
    seed: int = 0,
    progress: Progress = ignore_progress,
    cancel: threading.Event | None = None,
) -> PackReport:
    """Write prepared pictures with their masks as one file.

    Args:
        prepared: Folder of :func:`landscape.training.data.pictures.prepare` and
            :func:`landscape.training.data.moving.mark_moving` with this resolution.
        resolution: Pixels; training at lower ones shrinks what it reads.
        out: ``*.safetensors``; all tensors of pictures are uint8.
        limit: Most bytes of the file.
        seed: Seed of which stills are left out, if not all fit.
        progress: Called for every picture.
        cancel: Set it to stop.

    Raises:
        LandscapeError: If not even a few pictures fit.
        Cancelled: If ``cancel`` was set.
    """
    stored = open_stored(prepared, resolution)
    quality, share = _fitting(stored, limit * _ROOM)
    for _ in range(_ATTEMPTS):
        chosen = _chosen(stored, share, seed)
        tensors = _encoded(stored, chosen, quality, progress, cancel)
        size = sum(value.nbytes for value in tensors.values())
        if size <= limit * (1 + _ROOM) / 2:
            break
        share *= _ROOM * limit / size
    else:
        raise LandscapeError("Not even a few pictures fit: raise the limit, or choose a lower resolution.")
    facts = {"pack": PACK_FORMAT, "resolution": resolution, "folders": stored.folders, "quality": quality}
    with replacing(out) as partial:
        save_file(tensors, partial, metadata={MARK: json.dumps(facts | {"share": share, "seed": seed})})
    frames, clips = len(tensors["clips_ends"]), len(tensors["starts"]) - 1
    return PackReport(out.stat().st_size, quality, share, len(tensors["labels"]), clips, frames)


def _images(stored: Stored, kind: str) -> Images:
    found: Images | None = getattr(stored, kind)
    assert found is not None
    return found


def _fitting(stored: Stored, limit: float) -> tuple[int, float]:
    """The best quality at which all pictures fit, or the last one and the share of them that fits then."""
    for quality in QUALITIES:
        total = 0.0
        for kind in (*COLOURS, *MASKS):
            images = _images(stored, kind)
            probes = np.unique(np.linspace(0, len(images) - 1, min(_PROBES, len(images))).astype(int))
            sizes = [len(_jpeg(images[int(i)], quality)) for i in probes]
            total += len(images) * float(np.mean(sizes)) if sizes else 0.0
        if total <= limit:
            return quality, 1.0
    return QUALITIES[-1], limit / total


def _chosen(stored: Stored, share: float, seed: int) -> dict[str, NDArray[np.int64]]:
    """Which pictures go in: stills at random, of each clip frames at equal distances, and at least two."""
    rng = np.random.default_rng(seed)

    def some(count: int) -> NDArray[np.int64]:
        kept = round(count * share)
        require(count == 0 or kept > 0, "Not even a few pictures fit: raise the limit, or choose a lower resolution.")
        return np.sort(rng.permutation(count)[:kept]).astype(np.int64)

    frames, starts = [np.zeros(0, np.int64)], [0]
    for begin, end in zip(stored.starts[:-1], stored.starts[1:], strict=True):
        kept = max(2, round((end - begin) * share))
        frames.append(np.unique(np.linspace(begin, end - 1, kept).round().astype(np.int64)))
        starts.append(starts[-1] + len(frames[-1]))
    stills, clips = some(len(stored.stills)), np.arange(len(starts) - 1)
    return {
        "stills": stills,
        "held_out": some(len(stored.held_out)),
        "clips": np.concatenate(frames),
        "starts": np.array(starts, np.int64),
        "moving": stills,
        "clips_moving": clips,
    }


def _encoded(
    stored: Stored,
    chosen: dict[str, NDArray[np.int64]],
    quality: int,
    progress: Progress,
    cancel: threading.Event | None,
) -> dict[str, Any]:
    tensors: dict[str, Any] = {"starts": chosen["starts"], "labels": stored.labels[chosen["stills"]].astype(np.int64)}
    total = sum(len(chosen[kind]) for kind in (*COLOURS, *MASKS))
    done = 0
    for kind in (*COLOURS, *MASKS):
        images, files = _images(stored, kind), []
        for index in chosen[kind]:
            check_cancelled(cancel)
            files.append(_jpeg(images[int(index)], quality))
            done += 1
            progress("packing", done, total)
        tensors[kind] = np.concatenate(files) if files else np.zeros(0, np.uint8)
        tensors[f"{kind}_ends"] = np.cumsum([len(file) for file in files], dtype=np.int64)
    return tensors


def _jpeg(image: Pixels, quality: int) -> NDArray[np.uint8]:
    coloured = cv2.cvtColor(image, cv2.COLOR_RGB2BGR) if image.ndim == 3 else np.ascontiguousarray(image)
    done, file = cv2.imencode(".jpg", coloured, [cv2.IMWRITE_JPEG_QUALITY, quality])
    assert done
    return np.asarray(file, np.uint8).ravel()
