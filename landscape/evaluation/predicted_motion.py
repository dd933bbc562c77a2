"""Motion predicted from a picture, small, and the photo warped along it (after Endo et al. 2019, Animating Landscape).

Their network is trained for days; here a regression learns from the other places of the run how each part of a picture
goes, as a ratio to its sky. The direction and the pace are told to it as to every other method, in place of the code
from which they let people choose a motion. As there, the motion of a frame is predicted from the frame before, and all
frames are the photo, warped along the motions one after another.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from landscape.errors import LandscapeError
from landscape.evaluation.cases import Case
from landscape.evaluation.methods import mixed
from landscape.images.pixels import Pixels
from landscape.motion.flow import displacement

SMALL = 48
"""Width at which motion is predicted, in pixels."""
_PAIRS = 8
_PENALTY = 3.0
"""Weight of the squared coefficients, in rows of the regression."""
_FASTEST = 2.5
"""Times the pace of the sky beyond which nothing goes."""

Complex = NDArray[np.complex128]
Floats = NDArray[np.float64]


def predicted_frames(case: Case, others: Sequence[Case]) -> list[Pixels]:
    """Animate the first frame of a case.

    Args:
        case: The case.
        others: What may be learnt from; the case itself is left out.

    Raises:
        LandscapeError: If nothing is left to learn from.
    """
    weights = _learn([other for other in others if other.name != case.name and other.sky.any()])
    height, width = case.first.shape[:2]
    y, x = np.mgrid[:height, :width].astype(np.float32)
    pace = _asked(case)
    total, frame, frames = np.zeros((height, width, 2), np.float32), case.first, [case.first]
    for _ in case.frames[1:]:
        ratio = (_features(case, frame) @ weights).reshape(_size(case)[::-1])
        ratio *= np.minimum(1, _FASTEST / np.maximum(np.abs(ratio), 1e-6))
        back = -pace * ratio * width
        step = cv2.resize(np.stack([back.real, back.imag], axis=-1).astype(np.float32), (width, height))
        total = step + cv2.remap(total, x + step[..., 0], y + step[..., 1], cv2.INTER_LINEAR)
        moved = cv2.remap(case.first, x + total[..., 0], y + total[..., 1], cv2.INTER_CUBIC, None, cv2.BORDER_REFLECT)
        frame = mixed(case, moved)
        frames.append(frame)
    return frames


def _learn(cases: Sequence[Case]) -> Complex:
    """Coefficients of the regression: features of a pixel to its flow as a ratio to that of its sky."""
    if not cases:
        raise LandscapeError("Motion is learnt from the other clips: give two clips or more that show the sky.")
    left, right = 0.0, 0.0
    for case in cases:
        features, flow = _features(case, case.first), _measured(case)
        sky = cv2.resize(case.sky.astype(np.uint8), _size(case), interpolation=cv2.INTER_NEAREST).ravel() > 0
        if not sky.any() or abs(flow[sky].mean()) < 1e-5:
            continue
        ratio = flow / flow[sky].mean()
        ratio *= np.minimum(1, _FASTEST / np.maximum(np.abs(ratio), 1e-6))
        left = left + features.T @ features / len(features)
        right = right + features.T @ ratio / len(features)
    if isinstance(left, float):
        raise LandscapeError("Motion is learnt from the other clips, and the sky of none of them moves.")
    penalty = _PENALTY / 1000 * np.eye(len(left))
    return np.asarray(np.linalg.solve(left + penalty, right))


def _measured(case: Case) -> Complex:
    """Median flow of the real clip, right + i down, in widths a frame, (pixels,) small."""
    grey = [cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY) for frame in case.frames]
    places = np.linspace(0, len(grey) - 2, min(_PAIRS, len(grey) - 1)).astype(int)
    estimator = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    flows = [
        estimator.calc(grey[place], grey[place + 1], np.zeros((*grey[0].shape, 2), np.float32)) for place in places
    ]
    flow = cv2.resize(np.median(flows, axis=0).astype(np.float32), _size(case), interpolation=cv2.INTER_AREA)
    found = (flow[..., 0] + 1j * flow[..., 1]) / case.first.shape[1]
    return np.asarray(found.ravel(), np.complex128)


def _asked(case: Case) -> complex:
    """Mean flow of the sky that is asked for, right + i down, in widths a frame."""
    height, width = case.first.shape[:2]
    back = displacement(case.motion, case.matte.horizon, case.step, height, width)
    mean = back[case.sky].mean(axis=0) if case.sky.any() else np.zeros(2)
    return -complex(mean[0], mean[1]) / width


def _features(case: Case, frame: Pixels) -> Floats:
    """What is known of each pixel, and the products of that, (pixels, features)."""
    columns, rows = _size(case)
    picture = cv2.resize(frame, (columns, rows), interpolation=cv2.INTER_AREA).astype(np.float64) / 255
    smooth = cv2.GaussianBlur(picture, (0, 0), 3)
    detail = np.abs(picture - smooth).mean(axis=-1)
    matte = case.matte.resized(rows, columns)
    x, y = np.meshgrid(np.linspace(-1, 1, columns), (np.arange(rows) + 0.5) / rows - case.matte.horizon)
    plain = [*np.moveaxis(smooth, -1, 0), detail, matte.sky, matte.water, x, y, np.abs(y)]
    stack = np.stack([np.ones_like(x), *plain], axis=-1).reshape(rows * columns, -1)
    first, second = np.triu_indices(stack.shape[1])
    return np.asarray(stack[:, first] * stack[:, second], np.float64)


def _size(case: Case) -> tuple[int, int]:
    height, width = case.first.shape[:2]
    return SMALL, max(1, round(SMALL * height / width))
