"""Clips whose skies are measured: real ones, finished ones, and ones made from photos and from first frames."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

from landscape.errors import LandscapeError
from landscape.evaluation.cases import Case
from landscape.evaluation.clips import (
    LEAST_SKY,
    PICTURES,
    VIDEOS,
    Clip,
    Mask,
    find_clips,
    read_frames,
    shrunk,
    sky_of_labels,
)
from landscape.evaluation.metrics import sky_flow
from landscape.evaluation.own_methods import OwnMethods
from landscape.images.pixels import Pixels
from landscape.motion.flow import displacement
from landscape.progress import Progress, check_cancelled, ignore_progress
from landscape.settings import FitSettings, LightSettings, MotionSettings

if TYPE_CHECKING:
    from landscape.models.bundle import Models
    from landscape.scene.scene import Scene

STAGE = "measuring clips"
LONG_SIDE = 640
"""Long side in pixels of the clips that are made."""
RATE = 15
"""Frames a second of these."""


def finished_clips(
    paths: Sequence[Path], models: Models, progress: Progress = ignore_progress, cancel: threading.Event | None = None
) -> Iterator[Clip]:
    """Clips of videos and folders.

    The sky is that of ``labels.png`` in a folder of frames, of ``NAME.labels.png`` beside a video, or what the
    segmenter finds in the first frame.
    """
    found = find_clips(paths)
    for index, path in enumerate(found):
        check_cancelled(cancel)
        progress(STAGE, index, len(found))
        frames = read_frames(path)
        yield Clip(path.name, frames, _sky(path, frames[0], models))
    progress(STAGE, len(found), len(found))


def _sky(path: Path, first: Pixels, models: Models) -> Mask:
    from landscape.masks.find import find_matte

    file = path / "labels.png" if path.is_dir() else path.with_suffix(".labels.png")
    if file.is_file():
        labels = cv2.imread(str(file), cv2.IMREAD_GRAYSCALE)
        if labels is None:
            raise LandscapeError(f"“{file}” is no picture; write labels as a grey PNG: 0 other, 1 sky, 2 water.")
        return sky_of_labels(np.asarray(labels, np.uint8), first.shape[:2])
    matte = find_matte(first, models.segmenter, models.corrector)
    return sky_of_labels(matte.labels(), first.shape[:2])


def made_clips(
    paths: Sequence[Path],
    models: Models,
    motion: MotionSettings,
    seconds: float,
    fit_seconds: float,
    held: bool = False,
    progress: Progress = ignore_progress,
    cancel: threading.Event | None = None,
) -> Iterator[Clip]:
    """Clips that this project makes of photos, and of the first frames of clips.

    Args:
        paths: Photos, scenes, folders of photos, clips.
        models: The networks.
        motion: How the sky moves.
        seconds: Length of the clips.
        fit_seconds: Most time for fitting the model to a photo; the sky's motion hardly depends on the fit.
        held: Make each clip a second time with the generator held.
        progress: Called after every clip.
        cancel: Set it to stop.
    """
    from landscape.photo.read import Photo, read_photo
    from landscape.scene.files import open_scene
    from landscape.scene.recipe import is_scene_file
    from landscape.scene.scene import Scene

    sources = _sources(paths)
    for index, path in enumerate(sources):
        check_cancelled(cancel)
        progress(STAGE, index, len(sources))
        if path.is_file() and is_scene_file(path):
            scene = open_scene(path, models)
        else:
            if path.suffix.lower() in PICTURES:
                photo = read_photo(path, LONG_SIDE)
            else:
                photo = Photo(read_frames(path)[0], path.name)
            settings = FitSettings(seconds=fit_seconds)
            scene = Scene.open(photo, models, settings, cancel=cancel)
        clip = animated(scene, motion, seconds, held=held)
        if clip.tells:
            yield clip
    progress(STAGE, len(sources), len(sources))


def paired_clips(cases: Iterable[Case], models: Models, fit: FitSettings) -> Iterator[tuple[Clip, Clip]]:
    """Real clips, and what this project makes of their first frames, on the same pixels of the sky.

    Ours goes in the real sky's mean direction and as far from frame to frame; real skies that stand still have none,
    and are left out.

    Args:
        cases: The real clips.
        models: The networks.
        fit: How the model is fitted to a first frame.

    Yields:
        The real clip and ours, both with the real one's mean flow as the one that was asked for.
    """
    own = OwnMethods(models, fit)
    for case in cases:
        if case.motion.speed > 0:
            asked = _mean_flow(case)
            real, ours = (Clip(case.name, frames, case.sky, asked) for frames in (case.frames, own.frames(case)))
            yield real, ours


def _mean_flow(case: Case) -> tuple[float, float]:
    """How far the sky goes in a real clip, right and down, in widths."""
    way = sky_flow(case.frames, case.sky.astype(np.float32)).magnitude / 2 * (len(case.frames) - 1)
    angle = math.radians(case.motion.direction)
    return way * math.sin(angle), -way * math.cos(angle)


def sky_shown(scene: Scene, height: int, width: int) -> Mask:
    """The inner moving sky of a scene at a size."""
    masks = scene.masks.resized(height, width)
    share = masks.sky * (1 - masks.freeze) > 0.9
    return np.asarray(cv2.erode(share.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0)


def animated(scene: Scene, motion: MotionSettings, seconds: float, *, held: bool = False) -> Clip:
    """The clip of a scene, with the flow that was asked for, and if asked for once more with the generator held."""
    renderer = scene.renderer(motion, LightSettings(), LONG_SIDE, seconds)
    times = [number / RATE for number in range(round(seconds * RATE))]
    frames, still = (
        [shrunk(np.asarray(made.frame(time), np.uint8)) for time in times] if made is not None else []
        for made in (renderer, renderer.held() if held else None)
    )
    height, width = frames[0].shape[:2]
    sky, asked = sky_shown(scene, height, width), None
    if float(sky.mean()) > LEAST_SKY and motion.speed * motion.sky > 0:
        step = 1 / 30
        field = displacement(motion, scene.masks.horizon, step, height, width)[sky].mean(axis=0)
        x, y = (float(-value / width * seconds / step) for value in field)
        asked = (x, y)
    return Clip(scene.photo.name, frames, sky, asked, still)


def _sources(paths: Sequence[Path]) -> list[Path]:
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            pictures = sorted(name for name in path.iterdir() if name.suffix.lower() in PICTURES)
            clips = sorted(name for name in path.iterdir() if name.is_dir() or name.suffix.lower() in VIDEOS)
            # A folder of pictures in time order is a clip; numbered file names tell.
            if pictures and all(name.stem.isdigit() or name.stem == "labels" for name in pictures):
                found.append(path)
            else:
                found += pictures or find_clips(clips)
        else:
            found.append(path)
    return found
