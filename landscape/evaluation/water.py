"""How water moves: which way against real clips and against streaks, what moves that stands, whether loops close."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from landscape.compose.compositor import Compositor
from landscape.compose.scenery import Scenery
from landscape.evaluation.motion import energy
from landscape.evaluation.water_clips import against_clip, warped
from landscape.images.filters import resize
from landscape.images.pixels import Pixels
from landscape.masks.matte import Matte
from landscape.motion.current import solve_current
from landscape.networks.perceptual import LpipsAlex
from landscape.settings import MotionSettings

Array = NDArray[np.float32]
Mask = NDArray[np.bool_]

SECONDS, RATE = 4.0, 6
"""Length of the loops that are made, and their frames a second."""
_STEADY = 0.5
"""Length of the mean flow over mean length of the flow from which water goes one way all the time."""
_SLOWEST = 0.02
"""Mean flow, in pixels a frame, that is one."""
_INNER = 0.9
"""Share of the water from which a pixel is all water."""
_SHORE = 0.012
"""How far from the water, as a fraction of the width, things stand that must not move."""
_FEWEST = 6
"""Frames of clips that are not compared with what is made of their first."""
_FALLING = 0.5
_SQUARE = 64
"""Side of the stand-in for the generator's picture, of which water takes no colours but those of the light."""


@dataclass(frozen=True)
class WaterShot:
    """A photo, or the first frame of a clip, whose water is measured.

    Attributes:
        name: What it is called in tables.
        kind: Kind of its water, such as "waterfall"; "" if nobody has told.
        matte: What moves.
        frames: uint8 (h, w, 3) RGB; one for a photo.
        rate: Frames a second; None where nobody has told.
    """

    name: str
    kind: str
    matte: Matte = field(repr=False)
    frames: list[Pixels] = field(repr=False)
    rate: float | None = None

    @property
    def tells(self) -> bool:
        """Whether there is enough water to measure."""
        return float((self.matte.water > _INNER).mean()) > 0.002


def measure_water(shot: WaterShot, network: LpipsAlex | None = None) -> tuple[dict[str, Any], Array, list[Pixels]]:
    """Measure how this project moves the water of a photo or of a first frame.

    Args:
        shot: The photo or clip.
        network: What compares pictures; without it nothing is compared with the frames of clips.

    Returns:
        The figures, the current, (h, w, 2) and 0 outside the water, and the frames of a loop. Figures: ``mirror``,
        ``flow``, ``waves``, the shares of the kinds; ``direction_deg``, for clips, the median angle between the current
        and the flow of the clip where that is steady; ``clip_flow``, the clip's median flow there in pixels a frame;
        ``speed_ratio``, the current's median speed there over the clip's; ``streaks_deg``, the median angle between the
        current and the streaks where water falls, and ``falls_down``, the part of it within 30 degrees; ``moves``, the
        mean change of the water against the photo, 0 to 255; ``stands``, the 99th percentile of the change beside the
        water; ``contrast``, the lowest gradient energy of the water over the photo's; ``seam``, the change from the
        last frame to the first over the median change.
        Clips whose rate is known have those of :func:`.water_clips.against_clip` for ``ours`` and the ``warp`` of all.
    """
    photo = shot.frames[0]
    height, width = photo.shape[:2]
    matte = shot.matte.resized(height, width)
    small = cv2.resize(photo, (_SQUARE, _SQUARE), interpolation=cv2.INTER_AREA).astype(np.float32)
    drawn = small.transpose(2, 0, 1) / 127.5 - 1
    scenery = Scenery(photo, matte, drawn)
    flowing = next(part.flowing for part in scenery.parts if part.flowing is not None)
    kinds = flowing.waters.shares()
    found = flowing.survey(matte.horizon)
    current = solve_current(found, kinds[..., 1], kinds[..., 2])
    inside = flowing.waters.share > 0.5
    figures: dict[str, Any] = {"kind": shot.kind}
    figures |= {name: float(kinds[inside][:, i].mean()) for i, name in enumerate(("mirror", "flow", "waves"))}
    if len(shot.frames) > 2:
        compared = compare_flow(shot.frames, resize(current, height, width), matte.water > _INNER)
        if compared is not None:
            figures |= {"direction_deg": compared[0], "clip_flow": compared[2]}
            if shot.rate:
                figures["speed_ratio"] = compared[1] / shot.rate
    falling = inside & (flowing.waters.streaks.falling > _FALLING) & (kinds[..., 1] > 0.5)
    falling &= np.linalg.norm(flowing.waters.streaks.direction, axis=2) > 0.5
    if falling.sum() >= 4:
        turned = angle_between(current[falling], flowing.waters.streaks.direction[falling])
        figures |= {"streaks_deg": float(np.median(turned)), "falls_down": float((turned < 30).mean())}
    compositor = Compositor(scenery, MotionSettings(sky=0.0), SECONDS)
    made = [np.asarray(compositor.frame(drawn, n / RATE), np.uint8) for n in range(round(SECONDS * RATE))]
    figures |= _figures_of(made, matte)
    if network is not None and shot.rate and len(shot.frames) > _FEWEST:
        free = Compositor(scenery, MotionSettings(sky=0.0))
        ways = {
            "ours": lambda seconds: np.asarray(free.frame(drawn, seconds), np.uint8),
            "warp": warped(photo, matte.horizon),
        }
        figures |= against_clip(shot.frames, shot.rate, matte.water, ways, network)
    return {k: v if k == "kind" else round(float(v), 3) for k, v in figures.items()}, current * inside[..., None], made


def compare_flow(frames: list[Pixels], current: Array, water: Mask) -> tuple[float, float, float] | None:
    """Compare a current with the flow of a clip (Farnebäck 2003), where the clip's is steady and fast.

    Args:
        frames: The clip.
        current: (h, w, 2) at the frames' size, widths a second.
        water: (h, w) pixels to compare.

    Returns:
        The median angle in degrees, the ratio of median speeds in frames a second, and the clip's median flow in pixels
        a frame; or None where that is nowhere steady.
    """
    grey = [np.asarray(cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY), np.uint8) for frame in frames]
    still = np.zeros((*water.shape, 2), np.float32)
    flows = [
        cv2.calcOpticalFlowFarneback(a, b, still.copy(), 0.5, 4, 15, 3, 7, 1.5, 0)
        for a, b in zip(grey, grey[1:], strict=False)
    ]
    mean = np.mean(flows, axis=0)
    length = np.linalg.norm(mean, axis=2)
    steady = length > np.maximum(_STEADY * np.mean([np.linalg.norm(flow, axis=2) for flow in flows], axis=0), _SLOWEST)
    if not water.any():
        return None
    seen = water & steady & (length > np.median(length[water])) & (np.linalg.norm(current, axis=2) > 1e-4)
    if seen.sum() <= 50:
        return None
    ours = float(np.median(np.linalg.norm(current[seen], axis=1))) * water.shape[1]
    theirs = float(np.median(length[seen]))
    return float(np.median(angle_between(current[seen], mean[seen]))), ours / theirs, theirs


def angle_between(a: Array, b: Array) -> Array:
    """Angles between vectors (n, 2), degrees from 0 to 180."""
    cosine = (a * b).sum(axis=-1) / np.maximum(np.linalg.norm(a, axis=-1) * np.linalg.norm(b, axis=-1), 1e-12)
    return np.asarray(np.degrees(np.arccos(np.clip(cosine, -1, 1))), np.float32)


def _figures_of(frames: list[Pixels], matte: Matte) -> dict[str, float]:
    water = matte.water > _INNER
    reach = 2 * round(_SHORE * water.shape[1]) + 1
    beside = cv2.dilate((matte.water + matte.sky > 0.02).astype(np.uint8), np.ones((3, 3), np.uint8)) == 0
    beside &= cv2.dilate(water.astype(np.uint8), np.ones((4 * reach, 4 * reach), np.uint8)) > 0
    light = [frame.astype(np.float32).mean(axis=2) for frame in frames]
    changes = [np.abs(frame - light[0]) for frame in light]
    steps = [float(np.abs(b - a)[water].mean()) for a, b in zip(light, [*light[1:], light[0]], strict=True)]
    first = energy(light[0], water)
    figures = {
        "moves": float(np.mean([change[water].mean() for change in changes])),
        "contrast": min(energy(frame, water) for frame in light) / (first + 1e-3),
        "seam": steps[-1] / max(float(np.median(steps)), 0.05),
    }
    if beside.any():
        figures["stands"] = max(float(np.percentile(change[beside], 99)) for change in changes)
    return figures
