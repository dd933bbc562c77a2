"""Simple ways to animate a photo that are compared with this project's in one harness."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from landscape.errors import LandscapeError
from landscape.evaluation.cases import Case
from landscape.evaluation.clips import VIDEOS, read_frames
from landscape.images.pixels import Pixels
from landscape.motion.flow import displacement

Floats = NDArray[np.float32]
Method = Callable[[Case], list[Pixels]]
"""Frames of a case, as many as the real clip has and of their size; the first is at time 0."""

_PHASE = 12
"""Frames after which a copy of the two-phase warp begins anew."""
_STATES = 20
"""Most numbers of a dynamic texture's state."""
_TEXTURE_SIDE = 160
"""Long side at which a dynamic texture is learnt, in pixels."""


def warp_frames(case: Case) -> list[Pixels]:
    """The moving parts of the first frame carried along the paper's homographies, mirrored beyond the borders."""
    return [mixed(case, _carried(case, number * case.step)) for number in range(len(case.frames))]


def eulerian_frames(case: Case) -> list[Pixels]:
    """The same in two phases: two copies that begin anew in turn, each seen most while it has gone the least far.

    What is carried is thus never stretched for long, as in methods that integrate one flow field for all times.
    """
    period = min(_PHASE, max(2, len(case.frames) // 2))
    frames = []
    for number in range(len(case.frames)):
        phase = number % period
        late = phase / period
        ahead, behind = _carried(case, phase * case.step), _carried(case, (phase - period) * case.step)
        frames.append(mixed(case, (1 - late) * ahead + late * behind))
    return frames


def texture_frames(case: Case) -> list[Pixels]:
    """A dynamic texture: a linear system for the moving parts over a static copy of the first frame.

    The system is learnt from the real clip itself (Doretto et al. 2003), from which it is told more than the other
    methods, and driven by noise of the deviation that it leaves there. It starts at the first frame.
    """
    height, width = case.first.shape[:2]
    scale = min(1.0, _TEXTURE_SIDE / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    shown = np.stack([cv2.resize(frame, size, interpolation=cv2.INTER_AREA) for frame in case.frames])
    rows = shown.reshape(len(shown), -1).astype(np.float64)
    mean = rows.mean(axis=0)
    left, values, right = np.linalg.svd((rows - mean).T, full_matrices=False)
    count = min(_STATES, max(1, len(rows) - 2))
    states = values[:count, None] * right[:count]
    step = states[:, 1:] @ np.linalg.pinv(states[:, :-1])
    step /= max(1.0, float(np.abs(np.linalg.eigvals(step)).max()))
    rest = states[:, 1:] - step @ states[:, :-1]
    rng = np.random.default_rng(case.seed)
    state, frames = states[:, 0], []
    start = left[:, :count] @ state
    for _ in case.frames:
        change = (left[:, :count] @ state - start).reshape(shown.shape[1:]).astype(np.float32)
        frames.append(mixed(case, case.first + cv2.resize(change, (width, height), interpolation=cv2.INTER_CUBIC)))
        state = step @ state + rest @ rng.normal(0, 1 / np.sqrt(rest.shape[1]), rest.shape[1])
    return frames


def given_frames(case: Case, folder: Path) -> list[Pixels]:
    """What another program made of the clip: a folder of frames or a video of its name.

    Raises:
        LandscapeError: If there is none, or too few frames.
    """
    stem = Path(case.name).stem
    found = [path for path in (folder / case.name, folder / stem) if path.is_dir()]
    found += [path for ending in VIDEOS if (path := folder / f"{stem}{ending}").is_file()]
    if not found:
        raise LandscapeError(f"“{folder}” holds nothing of the name “{stem}”: give a folder of frames for each clip.")
    frames = read_frames(found[0])[: len(case.frames)]
    if len(frames) < len(case.frames):
        raise LandscapeError(
            f"“{found[0]}” has {len(frames)} frames and the clip {len(case.frames)}: make more, or ask for fewer."
        )
    size = case.first.shape[1::-1]
    return [np.asarray(cv2.resize(frame, size, interpolation=cv2.INTER_AREA), np.uint8) for frame in frames]


def _carried(case: Case, seconds: float) -> Floats:
    height, width = case.first.shape[:2]
    flow = displacement(case.motion, case.matte.horizon, seconds, height, width)
    y, x = np.mgrid[:height, :width].astype(np.float32)
    moved = cv2.remap(case.first, x + flow[..., 0], y + flow[..., 1], cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT)
    return moved.astype(np.float32)


def mixed(case: Case, moving: NDArray[np.generic], still: Pixels | None = None) -> Pixels:
    """A frame (h, w, 3) whose moving parts are one picture's, 0 to 255, and whose rest another's: the first frame's."""
    rest = (case.first if still is None else still).astype(np.float32)
    return np.clip(np.rint(rest + case.alpha * (moving.astype(np.float32) - rest)), 0, 255).astype(np.uint8)
