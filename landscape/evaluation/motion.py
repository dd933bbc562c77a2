"""How a sky moves in a clip: does it travel and change like a real one, or come back, lean, pulse and ghost?"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from landscape.evaluation.clips import Clip
from landscape.evaluation.copies import copies
from landscape.evaluation.ghosts import outlines

Array = NDArray[np.float32]
Mask = NDArray[np.bool_]
Pixels = NDArray[np.uint8]

MOMENTS = 60
"""Frames of a clip that are looked at, at equal distances."""
_FINE, _COARSE = 1.2, 16.0
"""Blurs, in pixels, between which clouds are looked at."""
_LAG = 4.0
"""Motion in pixels over which the change that flow does not explain is measured."""
LIMITS: dict[str, tuple[float, float]] = {
    "back": (-1.0, 0.35),
    "back_max": (-1.0, 0.45),
    "evolves": (0.10, 0.30),
    "streaks": (-0.1, 0.12),
    "sharp": (0.8, 1.25),
    "colour_drift": (0.0, 12.0),
    "jerk": (0.0, 2.0),
    "outlines": (-1.0, 0.16),
    "copies": (-1.0, 0.13),
    "flow_ratio": (0.5, 1.6),
    "flow_error_deg": (0.0, 25.0),
}
"""Ranges that skies with clouds keep.

All of 61 real clips of clouds keep that of ``outlines``, at most 0.10, and all but two that of ``copies``."""


def measure(clip: Clip) -> dict[str, Any]:
    """Measure a clip.

    Args:
        clip: The clip.

    Returns:
        ``frames``; ``path``, the mean length of the flow in the sky over the clip, in widths; ``back``, the median over
        the last three quarters of the correlation of the band-passed sky with that of the first frame, and
        ``back_max``, its largest in the second half: near 1 means that the first picture returns;
        ``back_alone``, as ``back``, without what the blurs take from the land beside the sky; ``land``, the part of
        the first frame's band-passed sky that would be there without its clouds, below which ``back`` of a sky as
        lively as the first cannot fall by any motion; ``evolves``, the
        change that flow does not explain over 4 px of motion, over the mean absolute band-passed sky; ``streaks``, the
        coherence of the structure tensor at the end minus that of the first frame; ``sharp``, the gradient energy of
        the last quarter over that of the first frame; ``lowest``, the length of the flow in the lowest fifth of the
        sky's rows over that in the highest; ``colour_drift``, the largest change of the sky's mean colour in
        CIELAB; ``jerk``, the largest step between the changes of two successive frames, over the median change;
        ``outlines`` and ``copies``, see :mod:`landscape.evaluation.ghosts` and :mod:`landscape.evaluation.copies`;
        where a flow was asked for, ``flow_ratio`` and ``flow_error_deg``; and, where the clip is there with the
        generator held, ``drawn``, the part of the energy of the change that flow does not explain which the
        generator's drawing of clouds makes, and ``evolves_held``, ``evolves`` without that: turbulence that moves
        along, and clouds that take over from others.

    Raises:
        ValueError: If the clip is too short or has hardly any sky.
    """
    if not clip.tells:
        raise ValueError("Clips are measured with at least 12 frames and some sky.")
    mask, frames = clip.sky, clip.frames
    moments = range(0, len(frames), max(1, len(frames) // MOMENTS))
    shown = [frames[i] for i in moments]
    grey = [np.asarray(cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY), np.uint8) for frame in shown]
    bands = [band(frame) for frame in shown]
    estimator = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    flows = [_flow(estimator, a, b) for a, b in zip(grey, grey[1:], strict=False)]
    speed = float(np.mean([np.linalg.norm(flow, axis=2)[mask].mean() for flow in flows]))
    back = [correlation(bands[0], picture, mask) for picture in bands]
    alone = [band_alone(frame, mask) for frame in shown]
    apart = [correlation(alone[0], picture, mask) for picture in alone]
    inner = np.asarray(cv2.erode(mask.astype(np.uint8), np.ones((9, 9), np.uint8)) > 0)
    inner = inner if inner.any() else mask
    late = bands[-max(1, len(bands) // 4) :]
    streaks = float(np.mean([coherence(p, inner) for p in late])) - coherence(bands[0], inner)
    sharp = float(np.mean([energy(p, inner) for p in late])) / (energy(bands[0], inner) + 1e-3)
    versions = [bands, [band(clip.held[i]) for i in moments]] if clip.held else [bands]
    residues = list(_residues(estimator, grey, versions, speed, inner))
    figures: dict[str, Any] = {
        "frames": len(frames),
        "path": speed * len(flows) / mask.shape[1],
        "back": float(np.median(back[len(back) // 4 :])),
        "back_max": max(back[len(back) // 2 :]),
        "back_alone": float(np.median(apart[len(apart) // 4 :])),
        "land": _land(shown[0], mask),
        "evolves": _unexplained(residues, 0),
        "streaks": streaks,
        "sharp": sharp,
        "lowest": _lowest(flows, mask),
        "colour_drift": _colour_drift(shown, mask),
        "jerk": _jerk(frames, mask),
        "outlines": outlines(bands, mask),
        "copies": copies(shown, mask),
    }
    if clip.held:
        figures["evolves_held"] = _unexplained(residues, 1)
        figures["drawn"] = _drawn(residues)
    if clip.asked is not None:
        mean = np.sum([flow[mask].mean(axis=0) for flow in flows], axis=0) / mask.shape[1]
        wanted, found = np.hypot(*clip.asked), float(np.hypot(*mean))
        figures["flow_ratio"] = found / max(float(wanted), 1e-6)
        turn = math.degrees(math.atan2(mean[1], mean[0]) - math.atan2(clip.asked[1], clip.asked[0]))
        figures["flow_error_deg"] = abs((turn + 180) % 360 - 180)
    return {name: value if name == "frames" else round(float(value), 3) for name, value in figures.items()}


def faults(figures: dict[str, Any]) -> dict[str, float]:
    """How far figures are outside their limits, in parts of the limits' widths; only those that are outside."""
    result = {}
    for name, (low, high) in LIMITS.items():
        if name in figures:
            beyond = max(low - figures[name], figures[name] - high) / (high - max(low, 0.0))
            if beyond > 0:
                result[name] = round(beyond, 3)
    return result


def band(frame: NDArray[np.generic]) -> Array:
    """The light of a frame between two blurs, (h, w), in which clouds show and gradients do not."""
    light = frame.astype(np.float32).mean(axis=2)
    return np.asarray(cv2.GaussianBlur(light, (0, 0), _FINE) - cv2.GaussianBlur(light, (0, 0), _COARSE), np.float32)


def band_alone(frame: Pixels, sky: Mask) -> Array:
    """The same of the sky's pixels alone: land, which stands still, shines into the sky beside it."""
    light, weight = frame.astype(np.float32).mean(axis=2), sky.astype(np.float32)
    fine, coarse = (
        cv2.GaussianBlur(light * weight, (0, 0), size) / np.maximum(cv2.GaussianBlur(weight, (0, 0), size), 1e-3)
        for size in (_FINE, _COARSE)
    )
    return np.asarray(fine - coarse, np.float32)


def _land(frame: Pixels, sky: Mask) -> float:
    """The part of a band-passed sky's variance that is there without clouds, as land and gradients shine into it."""
    light, weight = frame.astype(np.float32).mean(axis=2), sky.astype(np.float32)
    smooth = cv2.GaussianBlur(light * weight, (0, 0), _COARSE) / np.maximum(
        cv2.GaussianBlur(weight, (0, 0), _COARSE), 1e-3
    )
    clear = np.repeat(np.where(sky, smooth, light)[..., None], 3, axis=2)
    whole, rest = (part[sky] - part[sky].mean() for part in (band(frame), band(clear)))
    return float((whole * rest).sum() / np.maximum((whole**2).sum(), 1e-6))


def correlation(a: Array, b: Array, mask: Mask) -> float:
    """Correlation of two pictures where the mask is set."""
    first, second = a[mask] - a[mask].mean(), b[mask] - b[mask].mean()
    return float((first * second).sum() / np.sqrt((first**2).sum() * (second**2).sum() + 1e-6))


def coherence(picture: Array, mask: Mask) -> float:
    """Coherence of the structure tensor, weighted by its trace: 0 without directions, 1 for stripes."""
    gx, gy = cv2.Sobel(picture, cv2.CV_32F, 1, 0), cv2.Sobel(picture, cv2.CV_32F, 0, 1)
    xx, yy, xy = (cv2.GaussianBlur(v, (0, 0), 6) for v in (gx * gx, gy * gy, gx * gy))
    root, total = np.sqrt((xx - yy) ** 2 + 4 * xy * xy), xx + yy + 1e-3
    return float(root[mask].sum() / total[mask].sum())


def energy(picture: Array, mask: Mask) -> float:
    """Mean length of the gradient."""
    gx, gy = cv2.Sobel(picture, cv2.CV_32F, 1, 0), cv2.Sobel(picture, cv2.CV_32F, 0, 1)
    return float(np.sqrt(gx * gx + gy * gy)[mask].mean())


def _flow(estimator: cv2.DISOpticalFlow, a: Pixels, b: Pixels) -> Array:
    return np.asarray(estimator.calc(a, b, np.zeros((*a.shape, 2), np.float32)), np.float32)


@dataclass(frozen=True)
class _Residue:
    """What flow does not explain at a moment of a clip.

    Attributes:
        later: The band-passed sky then, in each version of the clip.
        left: The difference from what the flow makes of an earlier one.
    """

    later: list[Array]
    left: list[Array]


def _residues(
    estimator: cv2.DISOpticalFlow, grey: list[Pixels], versions: list[list[Array]], speed: float, inner: Mask
) -> Iterator[_Residue]:
    """What the flow of a clip leaves of the band-passed skies of versions of it, moment by moment."""
    lag = min(max(1, round(_LAG / max(speed, 0.05))), max(1, len(grey) // 3))
    x, y = np.meshgrid(*(np.arange(side, dtype=np.float32) for side in inner.shape[::-1]))
    for i in range(0, len(grey) - lag, max(1, (len(grey) - lag) // 20)):
        flow = _flow(estimator, grey[i + lag], grey[i])
        place = x + flow[..., 0], y + flow[..., 1]
        left = [(cv2.remap(bands[i], *place, cv2.INTER_LINEAR) - bands[i + lag])[inner] for bands in versions]
        yield _Residue([bands[i + lag][inner] for bands in versions], left)


def _unexplained(residues: list[_Residue], version: int) -> float:
    found = [np.abs(one.left[version]).mean() / (np.abs(one.later[version]).mean() + 0.5) for one in residues]
    return float(np.mean(found))


def _drawn(residues: list[_Residue]) -> float:
    """The part of the energy of what flow does not explain that is gone where the generator is held."""
    energies = np.zeros(2)
    for one in residues:
        left, without = one.left
        energies += ((left - without) ** 2).sum(), (left**2).sum()
    return float(energies[0] / max(energies[1], 1e-6))


def _lowest(flows: list[Array], mask: Mask) -> float:
    """How fast the lowest fifth of a sky's rows is beside the highest."""
    steady = np.linalg.norm(np.median(flows, axis=0), axis=2)
    rows = np.array_split(np.flatnonzero(mask.any(axis=1)), 5)
    highest, lowest = (float(np.median(steady[part][mask[part]])) for part in (rows[0], rows[-1]))
    return lowest / max(highest, 1e-3)


def _colour_drift(frames: list[Pixels], mask: Mask) -> float:
    colours = []
    for frame in frames:
        lab = cv2.cvtColor(frame.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
        colours.append(lab[mask].mean(axis=0))
    return float(np.linalg.norm(np.array(colours) - colours[0], axis=1).max())


def _jerk(frames: list[Pixels], mask: Mask) -> float:
    light = [frame[mask].astype(np.float32).mean(axis=1) for frame in frames]
    change = np.array([np.abs(b - a).mean() for a, b in zip(light, light[1:], strict=False)])
    return float(np.abs(np.diff(change)).max() / max(float(np.median(change)), 0.05))
