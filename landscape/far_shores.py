"""Far shores: strips of land between sky and water that are too thin for the segmenter at its usual size."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from landscape.labels import OTHER, SKY, WATER
from landscape.mask_filters import large_parts, resize

SIDE = 896
"""Long side at which they are looked for: twice the segmenter's usual one."""
_AROUND = 0.2
"""What is looked at closely reaches so far above and under the line where sky and water meet, in heights."""
_REACH = 0.1
"""Shores reach so far from that line."""
_GAP = 0.012
"""Sky and water meet where no more than this fraction of the height is between them."""
_NARROWEST = 0.03
"""Least width of the contact, and of a shore, as a fraction of the width."""


def mark_far_shores(labels: np.ndarray, photo: np.ndarray, look: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """Look again, more closely, where sky and water seem to meet: often there is a shore between.

    Args:
        labels: uint8 (H, W): 0 other, 1 sky, 2 water.
        photo: uint8 (H, W, 3) RGB.
        look: Gives probabilities of other, sky and water, float32 (h, w, 3), of a part of the photo at :data:`SIDE`.

    Returns:
        Labels uint8 (H, W).
    """
    height, width = labels.shape
    sky, water = labels == SKY, labels == WATER
    lowest_sky = np.where(sky.any(axis=0), height - 1 - sky[::-1].argmax(axis=0), -height)
    highest_water = np.where(water.any(axis=0), water.argmax(axis=0), 2 * height)
    meet = np.abs(highest_water - lowest_sky) <= max(2, round(_GAP * height))
    if meet.mean() < _NARROWEST:
        return labels
    line = (lowest_sky + highest_water) // 2
    around = round(_AROUND * height)
    first, last = max(0, int(line[meet].min()) - around), min(height, int(line[meet].max()) + around)
    close = resize(look(photo[first:last]), last - first, width)
    near = meet & (np.abs(np.arange(first, last)[:, None] - line) <= _REACH * height)
    shore = large_parts((close.argmax(axis=2) == OTHER) & near, round(_NARROWEST * width))
    found = labels.copy()
    found[first:last][shore] = OTHER
    return found
