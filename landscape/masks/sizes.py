"""At which size mattes are made, and how soft their borders are."""

from __future__ import annotations

WORK_SIDE = 2048
"""Masks are refined at this long side at most; larger photos get them enlarged, which bounds the memory."""

FEATHER = 0.004
"""Width of the soft border of somebody's own labels, as a fraction of the long side."""
SNAP_RADIUS, SNAP_SLOPE = 0.012, 1.6
"""Reach of the guided filter that borders follow the photo's edges with, as a fraction of the long side, and how much
steeper they get after it."""


def work_size(height: int, width: int, *, longest: int = WORK_SIDE) -> tuple[int, int]:
    """Height and width in pixels at which the masks of a photo are made, or something is looked for in it.

    Args:
        height: The photo's.
        width: The photo's.
        longest: Long side in pixels at most.
    """
    shrink = min(1.0, longest / max(height, width))
    return max(1, round(height * shrink)), max(1, round(width * shrink))
