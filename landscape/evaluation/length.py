"""Whether a long clip goes on: its sky never returns within a minute, and keeps sharpness, colours and memory."""

from __future__ import annotations

import resource
from collections import deque
from collections.abc import Iterable
from contextlib import closing
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from landscape.evaluation.clips import LEAST_SKY, Mask, shrunk
from landscape.evaluation.motion import Array, Pixels, band_alone, energy
from landscape.evaluation.motion_clips import sky_shown
from landscape.evaluation.tables import table_lines
from landscape.settings import LightSettings, MotionSettings

if TYPE_CHECKING:
    import threading

    from landscape.scene.scene import Scene

WITHIN = 60.0
"""Seconds within which a sky may not return."""
_APART = 8.0
"""Seconds for which a sky may look as it did, as its clouds are on their way."""
_SPELL = 10.0
"""Seconds whose mean sharpness and colours are compared with those of the first ones."""
COLUMNS = ("returns", "returns_after", "sharp_lowest", "sharp_highest", "colour_drift", "memory_mb")


def measure_length(
    scene: Scene,
    motion: MotionSettings,
    seconds: float,
    long_side: int,
    rate: float,
    cancel: threading.Event | None = None,
) -> dict[str, Any]:
    """Measure a long clip of a scene; of its frames none is kept for longer than a minute.

    Args:
        scene: The scene.
        motion: How the sky moves.
        seconds: Length of the clip.
        long_side: Long side of its frames in pixels.
        rate: Frames a second.
        cancel: Set it to stop.

    Returns:
        What :func:`measure_frames` tells.

    Raises:
        Cancelled: If ``cancel`` was set.
        ValueError: If the photo has hardly any sky.
    """
    renderer = scene.renderer(motion, LightSettings(), long_side, seconds)
    photo = scene.photo.resized(long_side)
    sky = sky_shown(scene, *shrunk(photo.pixels).shape[:2])
    if float(sky.mean()) <= LEAST_SKY:
        raise ValueError("Length is measured where there is some sky.")
    with closing(renderer.clip(round(seconds * rate), rate, cancel)) as clip:
        return measure_frames((np.asarray(frame, np.uint8) for frame in clip), sky, rate)


def measure_frames(frames: Iterable[Pixels], sky: Mask, rate: float) -> dict[str, Any]:
    """Measure the frames of a long clip.

    Args:
        frames: uint8 (h, w, 3) RGB, one by one.
        sky: (h', w') pixels of the sky, at the size at which clips are measured.
        rate: Frames a second.

    Returns:
        ``frames``; ``returns``, the largest correlation of the band-passed sky with an earlier one that is 8 to 60
        seconds away, and ``returns_after``, these seconds; ``sharp_lowest`` and ``sharp_highest``, the gradient energy
        of ten seconds over that of the first ten; ``colour_drift``, the largest distance of their mean colours from
        the first ones in CIELAB; ``memory_mb``, by how many megabytes the most memory of the process grew after the
        first minute.
    """
    inner = np.asarray(cv2.erode(sky.astype(np.uint8), np.ones((9, 9), np.uint8)) > 0)
    inner = inner if inner.any() else sky
    known: deque[Array] = deque(maxlen=round(WITHIN * rate))
    returns, after, spells, spell, early, count = -1.0, 0.0, [], [], 0.0, 0
    for count, frame in enumerate(frames, 1):
        small = shrunk(frame)
        picture = band_alone(small, sky)
        found = picture[sky] - picture[sky].mean()
        found /= max(float(np.linalg.norm(found)), 1e-6)
        past = len(known) - round(_APART * rate) + 1
        if past > 0:
            alike = np.stack(known)[:past] @ found
            nearest = int(alike.argmax())
            if float(alike[nearest]) > returns:
                returns, after = float(alike[nearest]), (len(known) - nearest) / rate
        known.append(found)
        colours = cv2.cvtColor(small.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)[sky].mean(axis=0)
        spell.append([energy(picture, inner), *colours])
        if len(spell) >= round(_SPELL * rate):
            spells.append(np.mean(spell, axis=0))
            spell = []
        if count <= WITHIN * rate:
            early = _most_memory()
    looks = np.array(spells or [np.mean(spell, axis=0)])
    sharp = looks[:, 0] / (looks[0, 0] + 1e-3)
    drift = np.linalg.norm(looks[:, 1:] - looks[0, 1:], axis=1)
    figures = {
        "returns": returns,
        "returns_after": after,
        "sharp_lowest": float(sharp.min()),
        "sharp_highest": float(sharp.max()),
        "colour_drift": float(drift.max()),
        "memory_mb": _most_memory() - early,
    }
    return {"frames": count, **{name: round(value, 3) for name, value in figures.items()}}


def markdown_table(rows: list[dict[str, Any]]) -> str:
    """One line per photo."""
    return "\n".join(table_lines(["", *COLUMNS], ([row["name"], *(f"{row[n]:g}" for n in COLUMNS)] for row in rows)))


def _most_memory() -> float:
    """Megabytes that the process held at most so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
