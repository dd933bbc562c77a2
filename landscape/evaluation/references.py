"""Features of the real stills that samples are compared with: measured once, and kept beside the stills."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from landscape.evaluation.frechet import Features, Moments, feature_moments
from landscape.files import replacing
from landscape.images.tensors import from_pixels
from landscape.networks.perceptual import LpipsAlex
from landscape.progress import check_cancelled
from landscape.training.data.batches import RealData
from landscape.training.data.stored import Images

BATCH = 50
COMPARED = 0.05
"""Least share of images that moves, and that stands still, where the two are told apart."""

Report = Callable[[int, int], None]


@dataclass(frozen=True)
class References:
    """Moments of real stills.

    Attributes:
        training: All training stills, each with its share in the training's batches.
        held_out: The stills that training never saw.
    """

    training: Moments
    held_out: Moments


def reference_moments(prepared: Path, resolution: int, name: str, network: Features, report: Report) -> References:
    """Measure the real stills, or read what was measured before.

    Every other training still is mirrored: the training shows both, and samples know no left and right.

    Args:
        prepared: Folder of :func:`landscape.training.data.pictures.prepare`; keeps the features.
        resolution: Of the stills, pixels.
        name: The network's name in the file's.
        network: The network.
        report: Called with the stills done and all of them.
    """
    folder = prepared / f"{resolution:04d}"
    data = RealData(prepared, resolution)
    held_out = np.load(folder / "held_out.npy", mmap_mode="r")
    file = folder / f"features_{name}.npz"
    probe = _features(data.stills[:1], network, False, lambda done: None)
    if not _measured(file, folder, probe, (len(data.stills), len(held_out))):
        total = len(data.stills) + len(held_out)
        found = _features(data.stills, network, True, lambda done: report(done, total))
        unseen = _features(held_out, network, False, lambda done: report(len(data.stills) + done, total))
        with replacing(file) as path, path.open("wb") as stream:
            np.savez(stream, training=found, held_out=unseen)
    with np.load(file) as features:
        weights = data.weights.numpy()
        return References(
            feature_moments(features["training"], weights / weights.sum()), feature_moments(features["held_out"])
        )


@torch.inference_mode()
def change_of_clips(
    prepared: Path,
    resolution: int,
    perceptual: LpipsAlex,
    seed: int = 0,
    cancel: threading.Event | None = None,
) -> float | None:
    """How much sky and water of real clips change: what samples that differ in S_dynamic are compared with.

    Args:
        prepared: Folder of :func:`landscape.training.data.pictures.prepare`.
        resolution: Pixels.
        perceptual: LPIPS.
        seed: Seed of the frames.
        cancel: Set to stop.

    Returns:
        Mean over clips of LPIPS of what moves between two different frames drawn at random, as ``moving_lpips`` of
        :func:`landscape.evaluation.generation.disentanglement`. None where no clip has a mask of
        :func:`landscape.training.data.moving.mark_moving`.
    """
    if not (prepared / f"{resolution:04d}" / "clips_moving.npy").is_file():
        return None
    data, rng = RealData(prepared, resolution), np.random.default_rng(seed)
    assert data.clips_moving is not None
    margin = (data.clips.shape[1] - resolution) // 2
    middle = np.s_[:, margin : margin + resolution, margin : margin + resolution]
    found = []
    for moving, start, end in zip(data.clips_moving, data.starts[:-1], data.starts[1:], strict=True):
        check_cancelled(cancel)
        if end - start < 2:
            continue
        rows = start + rng.choice(int(end - start), 2, replace=False)
        first, second = from_pixels(data.clips[rows][middle]).split(1)
        still = torch.from_numpy(moving[None][middle] < 128)[:, None]
        share = 1 - still.float().mean().item()
        if COMPARED < share < 1 - COMPARED:
            found.append(float(perceptual(torch.where(still, first, second), first)) / share)
    return round(float(np.mean(found)), 4) if found else None


def _measured(file: Path, folder: Path, probe: NDArray[np.float32], counts: tuple[int, int]) -> bool:
    """Whether a file belongs to the stills beside it, and to the network that finds ``probe`` in the first one."""
    if not file.is_file() or file.stat().st_mtime < (folder / "stills.npy").stat().st_mtime:
        return False
    with np.load(file) as features:
        found = features["training"]
        if (len(found), len(features["held_out"])) != counts or found.shape[1] != probe.shape[1]:
            return False
        return bool(np.allclose(found[:1], probe, rtol=1e-2, atol=1e-2 * float(np.abs(probe).max())))


@torch.inference_mode()
def _features(stills: Images, network: Features, mirrored: bool, report: Callable[[int], None]) -> NDArray[np.float32]:
    found = []
    for start in range(0, len(stills), BATCH):
        images = from_pixels(stills[start : start + BATCH])
        if mirrored:
            images[1::2] = images[1::2].flip(3)
        found.append(network(images).float().cpu().numpy())
        report(start + len(images))
    return np.concatenate(found)
