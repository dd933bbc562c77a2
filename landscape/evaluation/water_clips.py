"""Water made from a clip's first frame against the clip itself: how alike it looks over time, and how much it moves."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from landscape.evaluation.metrics import lpips, sky_flow
from landscape.images.pixels import Pixels
from landscape.motion.flow import displacement
from landscape.networks.perceptual import LpipsAlex
from landscape.settings import MotionSettings

Draw = Callable[[float], Pixels]

_MOMENTS = (0.25, 0.5, 0.75, 1.0)
"""When frames are compared, in parts of the clip."""


def against_clip(
    frames: Sequence[Pixels], rate: float, water: NDArray[np.float32], ways: dict[str, Draw], network: LpipsAlex
) -> dict[str, float]:
    """Compare ways to animate a first frame with the clip, in the water alone.

    Args:
        frames: The clip, at least three.
        rate: Its frames a second.
        water: (h, w) share of the water, in [0, 1].
        ways: What makes the frame at a time in seconds.
        network: What compares pictures.

    Returns:
        For each way ``lpips_WAY``, the mean perceptual distance (Zhang et al. 2018) to the clip's frames of the same
        times, and ``flow_WAY``, the mean length of its optical flow from frame to frame over the clip's.
    """
    mask = water[..., None]
    last = len(frames) - 2
    picks = [max(1, round(part * last)) for part in _MOMENTS]

    def within(frame: Pixels) -> Pixels:
        return np.asarray(np.rint(frames[0] + mask * (frame.astype(np.float32) - frames[0])), np.uint8)

    real = [(frames[pick], frames[pick + 1]) for pick in picks]
    moves = _length(real, water)
    figures: dict[str, float] = {}
    for way, draw in ways.items():
        made = [(draw(pick / rate), draw((pick + 1) / rate)) for pick in picks]
        distances = [lpips(within(a), within(b), network) for (a, _), (b, _) in zip(made, real, strict=True)]
        figures |= {f"lpips_{way}": float(np.mean(distances)), f"flow_{way}": _length(made, water) / max(moves, 1e-6)}
    return figures


def warped(photo: Pixels, horizon: float) -> Draw:
    """A photo carried as a whole by the paper's homographies (3.1.3), whatever its water is."""
    height, width = photo.shape[:2]
    y, x = np.mgrid[:height, :width].astype(np.float32)

    def draw(seconds: float) -> Pixels:
        flow = displacement(MotionSettings(), horizon, seconds, height, width)
        place = x + flow[..., 0], y + flow[..., 1]
        return np.asarray(cv2.remap(photo, *place, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT), np.uint8)

    return draw


def _length(pairs: Sequence[tuple[Pixels, Pixels]], water: NDArray[np.float32]) -> float:
    return float(np.mean([sky_flow(pair, water).magnitude for pair in pairs]))
