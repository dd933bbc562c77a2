"""Real clips as cases: a first frame to animate, and the motion that the real sky had."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import cv2
import numpy as np

from landscape.evaluation.clips import LEAST_FRAMES, LEAST_SKY, Clip, Mask, find_clips, read_frames
from landscape.evaluation.metrics import sky_flow
from landscape.images.pixels import Pixels
from landscape.masks.find import find_matte
from landscape.masks.matte import Matte
from landscape.models.bundle import Models
from landscape.motion.flow import displacement
from landscape.progress import Progress, check_cancelled, ignore_progress
from landscape.settings import MotionSettings

STAGE = "reading clips"
UNIT = 1 / 30
"""Seconds in which the motion of speed 1 is compared with that of a real clip from frame to frame."""
LEAST_FLOW = 2e-4
"""Half widths a frame: slower skies count as still, and have no direction."""


@dataclass(frozen=True)
class Case:
    """A real clip, and what a method is told of it.

    Attributes:
        name: The clip's name.
        frames: The real frames, uint8 (h, w, 3).
        matte: What moves in the first of them.
        sky: Pixels of the sky, without its border.
        water: The same of the water.
        motion: The direction in which the real sky went, at speed 1.
        step: Seconds at that speed in which the sky goes as far as the real one from frame to frame.
        seed: Seed of what a method draws.
    """

    name: str
    frames: list[Pixels] = field(repr=False)
    matte: Matte = field(repr=False)
    sky: Mask = field(repr=False)
    water: Mask = field(repr=False)
    motion: MotionSettings
    step: float
    seed: int = 0

    @property
    def first(self) -> Pixels:
        """The frame that is animated."""
        return self.frames[0]

    @cached_property
    def alpha(self) -> np.ndarray:
        """How much each pixel moves, float32 (h, w, 1) in [0, 1]."""
        return np.asarray(self.matte.resized(*self.first.shape[:2]).moving, np.float32)[..., None]

    def clip(self, frames: list[Pixels]) -> Clip:
        """Frames of this place, to be measured."""
        return Clip(self.name, frames, self.sky)


def read_cases(
    paths: Sequence[Path],
    models: Models,
    frames: int,
    seed: int = 0,
    progress: Progress = ignore_progress,
    cancel: threading.Event | None = None,
) -> Iterator[Case]:
    """Cases of real clips; clips that are short, or show hardly any sky, are left out.

    Args:
        paths: Videos, folders of frames, folders of such clips.
        models: Their networks find sky and water.
        frames: Most frames of a clip.
        seed: Seed of what methods draw.
        progress: Called after every clip.
        cancel: Set it to stop.

    Raises:
        LandscapeError: If a path is no clip.
        Cancelled: If ``cancel`` was set.
    """
    found = find_clips(paths)
    for index, path in enumerate(found):
        check_cancelled(cancel)
        progress(STAGE, index, len(found))
        read = read_frames(path)[:frames]
        if len(read) >= LEAST_FRAMES:
            matte = find_matte(read[0], models.segmenter, models.corrector)
            case = make_case(path.name, read, matte, seed)
            if float(case.sky.mean()) > LEAST_SKY:
                yield case
    progress(STAGE, len(found), len(found))


def make_case(name: str, frames: list[Pixels], matte: Matte, seed: int = 0) -> Case:
    """The case of a real clip with its masks."""
    height, width = frames[0].shape[:2]
    sized = matte.resized(height, width)
    kernel = np.ones((5, 5), np.uint8)
    sky, water = (
        np.asarray(cv2.erode((share * (1 - sized.freeze) > 0.9).astype(np.uint8), kernel) > 0)
        for share in (sized.sky, sized.water)
    )
    if not sky.any():
        return Case(name, frames, matte, sky, water, MotionSettings(speed=0.0), UNIT, seed)
    real = sky_flow(frames, sky.astype(np.float32))
    if real.magnitude < LEAST_FLOW or math.isnan(real.direction_deg):
        return Case(name, frames, matte, sky, water, MotionSettings(speed=0.0), UNIT, seed)
    motion = MotionSettings(direction=real.direction_deg)
    # How far the sky goes in a while, so that the clock's slow directions are followed for longer.
    field_ = displacement(motion, sized.horizon, UNIT, height, width)[sky]
    own = float(np.linalg.norm(field_, axis=1).mean()) / (width / 2)
    return Case(name, frames, matte, sky, water, motion, UNIT * real.magnitude / max(own, 1e-6), seed)
