"""Copies: clouds of the first frame that are seen at two places at once."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from landscape.images.pixels import Pixels

Array = NDArray[np.float32]
Mask = NDArray[np.bool_]

_PATCH = (15, 22)
"""Rows and columns, at half the size of the frames, of the patches that are looked for."""
_STEP = (5, 7)
"""Rows and columns from one patch to the next."""
_APART = 10
"""Distance in such pixels from which a second place is another one."""
_INSIDE, _FOUND = 0.97, 0.9
"""Least part of a patch, and of a place where it is found, that is sky."""
_CLOUDY = (0.9, 3.0)
"""Least mean gradient of a patch: in parts of the sky's, and in grey levels as a Sobel filter counts."""
_WORST = 20
"""One of so many comparisons is the worst, and these are what is told."""
_MOMENTS = 7
"""Moments of the clip that are looked at."""


def copies(frames: list[Pixels], sky: Mask) -> float:
    """How much better clouds of the first frame are found at a second place later than in the first frame itself.

    Patches of the first frame are looked for by the correlation of gradients. A cloud that stands beside its own copy
    is found twice; in real skies a second cloud is hardly ever more like it than one in the first frame was.

    Args:
        frames: uint8 (h, w, 3) in the order of time.
        sky: (h, w).

    Returns:
        The mean over the worst twentieth of patches and moments, -1 to 1.
    """
    rows, columns = _PATCH
    sky = np.asarray(cv2.resize(sky.astype(np.float32), _halved(sky), interpolation=cv2.INTER_AREA) > 0.5)
    if sky.shape[0] <= rows or sky.shape[1] <= columns:
        return 0.0
    whole = cv2.matchTemplate(sky.astype(np.float32), np.ones(_PATCH, np.float32), cv2.TM_CCORR)
    cover = np.asarray(whole / (rows * columns), np.float32)
    first = _gradient(frames[0])
    steep = np.hypot(first[..., 0], first[..., 1])
    least = max(_CLOUDY[0] * float(steep[sky].mean()), _CLOUDY[1])
    patches, before = [], []
    for y in range(0, cover.shape[0], _STEP[0]):
        for x in range(0, cover.shape[1], _STEP[1]):
            here = slice(y, y + rows), slice(x, x + columns)
            if cover[y, x] > _INSIDE and float(steep[here].mean()) > least:
                patches.append(np.ascontiguousarray(first[here]))
                before.append(_beside(_found(first, patches[-1], cover), y, x))
    worse = []
    for place in np.linspace(2, len(frames) - 1, _MOMENTS).round().astype(int) if patches else ():
        later = _gradient(frames[place])
        for patch, alike in zip(patches, before, strict=True):
            found = _found(later, patch, cover)
            row, column = divmod(int(found.argmax()), found.shape[1])
            worse.append(_beside(found, row, column) - alike)
    return float(np.mean(np.sort(worse)[-max(1, len(worse) // _WORST) :])) if worse else 0.0


def _gradient(frame: Pixels) -> Array:
    small = cv2.resize(frame, _halved(frame), interpolation=cv2.INTER_AREA)
    light = cv2.GaussianBlur(small.astype(np.float32).mean(axis=2), (0, 0), 0.75)
    return np.dstack([cv2.Sobel(light, cv2.CV_32F, 1, 0), cv2.Sobel(light, cv2.CV_32F, 0, 1)])


def _halved(image: NDArray[np.generic]) -> tuple[int, int]:
    return image.shape[1] // 2, image.shape[0] // 2


def _found(picture: Array, patch: Array, cover: Array) -> Array:
    """Correlation with a patch at each place, -1 where that is no sky."""
    found = cv2.matchTemplate(picture, patch, cv2.TM_CCORR_NORMED)
    found[cover < _FOUND] = -1
    return np.asarray(found, np.float32)


def _beside(found: Array, y: int, x: int) -> float:
    """The largest correlation away from a place."""
    rest = found.copy()
    rest[max(0, y - _APART) : y + _APART + 1, max(0, x - _APART) : x + _APART + 1] = -1
    return float(rest.max())
