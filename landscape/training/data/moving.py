"""Masks of sky and water for the prepared training images, found by the project's segmenter."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import nn

from landscape.files import replacing
from landscape.images.tensors import from_pixels
from landscape.masks.labels import OTHER
from landscape.progress import Progress, ignore_progress

SEGMENTED_AT = 128
BATCH = 16


def mark_moving(
    prepared: Path,
    resolutions: tuple[int, ...],
    segmenter: nn.Module,
    progress: Progress = ignore_progress,
) -> None:
    """Write where each prepared image moves, unless that is there already.

    For each resolution R, ``prepared/RRRR`` gets ``moving.npy`` (N, R, R) uint8, 255 for sky and water, in the order
    of ``stills.npy``, and ``clips_moving.npy`` with one mask per clip at the size of its frames.

    Args:
        prepared: Folder written by :func:`landscape.training.data.pictures.prepare`.
        resolutions: Pixels.
        segmenter: Network of :func:`landscape.networks.segmenter.build_segmenter`.
        progress: Called for every batch.
    """
    done: dict[str, NDArray[np.uint8]] = {}
    for resolution in sorted(resolutions, reverse=True):
        folder = prepared / f"{resolution:04d}"
        starts = np.load(folder / "starts.npy")
        sources = {"moving": (folder / "stills.npy", None), "clips_moving": (folder / "clips.npy", starts[:-1])}
        for name, (file, chosen) in sources.items():
            target = folder / f"{name}.npy"
            if not target.exists():
                images = np.load(file, mmap_mode="r")
                indices = np.arange(len(images)) if chosen is None else chosen
                larger = done.get(name)
                if larger is not None and len(larger) == len(indices):
                    masks = np.stack([cv2.resize(m, images.shape[1:3], interpolation=cv2.INTER_AREA) for m in larger])
                else:
                    masks = find_moving(images, indices, segmenter, progress)
                with replacing(target) as partial, partial.open("wb") as out:
                    np.save(out, masks)
            done[name] = np.load(target)


@torch.inference_mode()
def find_moving(
    images: NDArray[np.uint8], indices: NDArray[np.int64], segmenter: nn.Module, progress: Progress
) -> NDArray[np.uint8]:
    """Where images move.

    Args:
        images: (N, R, R, 3) uint8.
        indices: Which of them.
        segmenter: Network of :func:`landscape.networks.segmenter.build_segmenter`.
        progress: Called for every batch.

    Returns:
        (number of indices, R, R) uint8, 255 for sky and water.
    """
    size = images.shape[1]
    masks = np.zeros((len(indices), size, size), np.uint8)
    for start in range(0, len(indices), BATCH):
        batch = from_pixels(np.stack([images[i] for i in indices[start : start + BATCH]]))
        large = F.interpolate(batch, (SEGMENTED_AT, SEGMENTED_AT), mode="bicubic", align_corners=False).clamp(-1, 1)
        moving = 1 - segmenter(large).softmax(dim=1)[:, OTHER : OTHER + 1]
        small = F.interpolate(moving, (size, size), mode="bilinear", align_corners=False, antialias=True)
        masks[start : start + len(batch)] = (small[:, 0] * 255).round().byte().numpy()
        progress("finding sky and water", min(start + BATCH, len(indices)), len(indices))
    return masks
