"""The line that the motion's perspective is built on."""

from __future__ import annotations

import cv2
import numpy as np

from landscape.images.filters import large_parts
from landscape.masks.labels import SKY, WATER

PAPER_ROWS = 256
"""The height at which the released model measures its horizon."""
HORIZON_OFFSET = 10
"""Rows of those between the lowest sky and the horizon of the released model."""
UNSEEN = 1.7
"""The horizon of pictures that show nothing but sky: on the plane of clouds whose horizon this is, those in the last
rows go at 0.48 of the speed of those in the first, as they do in real clips (median of ten; docs/output.md)."""
FARTHEST = 2.0
"""Horizons lie no farther below."""


def find_horizon(labels: np.ndarray) -> float:
    """Find the line that the motion's perspective is built on.

    Where sky and water meet along a level line, that line is the horizon. Otherwise it lies a little under the lowest
    sky, as in the released model, but for pictures of sky alone, whose horizon is below them, or at the top of the
    water, or in the middle. Specks are ignored.

    Args:
        labels: uint8 (H, W).

    Returns:
        Fraction of the height, downwards, in [0, 1] or :data:`UNSEEN`.
    """
    small = cv2.resize(labels, (PAPER_ROWS, PAPER_ROWS), interpolation=cv2.INTER_NEAREST)
    sky, water = (large_parts(small == value, PAPER_ROWS**2 // 200) for value in (SKY, WATER))
    near = np.zeros_like(water)
    for gap in range(1, 5):
        near[:-gap] |= water[gap:]
    below_sky = np.zeros_like(sky)
    below_sky[:-1] = sky[:-1] & ~sky[1:]
    meeting = (below_sky & near).sum(axis=1).astype(float)
    level = np.convolve(meeting, np.ones(7), mode="same")
    if level.max() > 0.2 * PAPER_ROWS:
        centre = int(level.argmax())
        rows = np.arange(max(centre - 3, 0), min(centre + 4, PAPER_ROWS))
        return float(((rows + 1) * meeting[rows]).sum() / meeting[rows].sum() / PAPER_ROWS)
    if sky[-1].mean() > 0.5:
        return UNSEEN
    for mask, offset, last in ((sky, HORIZON_OFFSET, True), (water, 0, False)):
        filled = np.flatnonzero(mask.sum(axis=1) >= 3)
        if len(filled):
            row = filled[-1] + 1 if last else filled[0]
            return float(min(row + offset, PAPER_ROWS) / PAPER_ROWS)
    return 0.5
