"""Full-size frames compared with other ways to make them: sharpness, likeness and motion over time (paper, 4)."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable, Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from landscape.evaluation.metrics import lpips, sky_flow
from landscape.evaluation.tables import table_lines
from landscape.images.pixels import Pixels
from landscape.images.similarity import ssim
from landscape.motion.flow import displacement
from landscape.progress import Progress, check_cancelled, ignore_progress
from landscape.scene.scene import Scene
from landscape.settings import LightSettings, MotionSettings

Draw = Callable[[float], Pixels]

STAGE = "measuring frames"
METHODS = ("landscape", "warp", "bicubic", "paper")
"""This project; the photo's moving parts warped without end; the generator's frames enlarged by bicubic interpolation;
these enlarged by the upscaler, with the photo's static detail by a guided filter, as in the paper."""
MOMENTS = 5
# Flow is measured between frames this far apart: long enough to see, short enough to follow.
STEP_SECONDS = 0.1
GUIDED_RADIUS = 20 / 1024
GUIDED_EPSILON = 1e-3 * 255**2


def evaluate_output(
    scene: Scene,
    long_side: int = 960,
    seconds: float = 10.0,
    progress: Progress = ignore_progress,
    cancel: threading.Event | None = None,
) -> dict[str, Any]:
    """Measure frames of one scene without a style, made in four ways.

    Args:
        scene: An open scene.
        long_side: Long side of the frames in pixels.
        seconds: Length of the clip; frames are taken at equal distances from its beginning to its end.
        progress: Called after every moment of every method.
        cancel: Set it to stop.

    Returns:
        Per method of :data:`METHODS`: ``first_moving_ssim`` of the first frame against the photo in moving parts;
        ``static_ssim`` and ``static_difference`` (largest, 0 to 255) of all frames against the photo in static parts;
        ``static_flicker``, the mean difference there from one frame to the next; lists over time of ``moving_lpips``
        and ``moving_ssim`` against the photo and of ``sharpness``, the gradient energy of moving parts as a ratio to
        the photo's; ``moving_flow`` and ``static_flow`` in half widths per second. And ``loop_closing``: the step from
        the last to the first frame of a loop as a ratio to its other steps.

    Raises:
        Cancelled: If ``cancel`` was set.
        ValueError: If nothing moves or nothing stands still.
    """
    photo = scene.photo.resized(long_side).pixels
    masks = scene.masks.resized(*photo.shape[:2])
    moving, static = _inside(masks.moving), _inside(1 - masks.moving)
    if not moving.any() or not static.any():
        raise ValueError("Frames are measured where something moves and something stands still.")
    times = np.linspace(0, seconds, MOMENTS)
    result: dict[str, Any] = {"photo": scene.photo.name, "times": [round(float(time), 2) for time in times]}
    reference = gradient_energy(photo, moving)
    for number, (method, draw) in enumerate(_methods(scene, photo, long_side, seconds).items()):
        pairs = []
        for index, time in enumerate(times):
            check_cancelled(cancel)
            pairs.append((draw(float(time)), draw(float(time) + STEP_SECONDS)))
            progress(STAGE, number * MOMENTS + index + 1, len(METHODS) * MOMENTS)
        frames = [first for first, _ in pairs]
        alike = [ssim(frame, photo, moving) for frame in frames]
        masked = [np.where(moving[..., None] > 0, frame, photo) for frame in frames]
        still = [difference(first, second)[static > 0] for first, second in pairs]
        result[method] = {
            "first_moving_ssim": round(alike[0], 4),
            "static_ssim": round(float(np.mean([ssim(frame, photo, static) for frame in frames])), 4),
            "static_difference": int(max(difference(frame, photo)[static > 0].max() for frame in frames)),
            "static_flicker": round(float(np.mean([steps.mean() for steps in still])), 4),
            "moving_ssim": [round(value, 4) for value in alike],
            "moving_lpips": [round(lpips(frame, photo, scene.models.perceptual), 4) for frame in masked],
            "sharpness": [round(gradient_energy(frame, moving) / reference, 3) for frame in frames],
            "moving_flow": _flow(pairs, moving),
            "static_flow": _flow(pairs, static),
        }
    result["loop_closing"] = round(loop_closing(scene, long_side, seconds), 3)
    return result


def loop_closing(scene: Scene, long_side: int, seconds: float, fps: float = 10.0) -> float:
    """The step from the last to the first frame of a loop as a ratio to the steps beside it: 1 where no seam shows."""
    renderer = scene.renderer(MotionSettings(), LightSettings(), long_side, seconds, loop=True)
    count = max(4, round(seconds * fps))
    around = [renderer.frame((index % count) * seconds / count) for index in (-2, -1, 0, 1)]
    before, seam, after = (float(difference(a, b).mean()) for a, b in zip(around[:-1], around[1:], strict=True))
    return seam / max((before + after) / 2, 1e-6)


def gradient_energy(frame: Pixels, mask: NDArray[np.float32]) -> float:
    """Mean squared luminance gradient over a mask: how sharp a picture is there."""
    grey = cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY).astype(np.float32)
    gradients = [cv2.Sobel(grey, cv2.CV_32F, *order) for order in ((1, 0), (0, 1))]
    return float(((gradients[0] ** 2 + gradients[1] ** 2) * mask).sum() / mask.sum())


def difference(a: Pixels, b: Pixels) -> NDArray[np.uint8]:
    """Largest difference of the channels, (H, W)."""
    return np.asarray(cv2.absdiff(a, b).max(axis=2))


def markdown_table(rows: Sequence[dict[str, Any]]) -> str:
    """Means over photos as a Markdown table, one row per method; values over time as first, middle and last."""

    def mean(method: str, name: str) -> str:
        values = np.mean([row[method][name] for row in rows], axis=0)
        if values.ndim == 0:
            return f"{values:.3f}"
        return " / ".join(f"{values[index]:.2f}" for index in (0, len(values) // 2, -1))

    names = {
        "first_moving_ssim": "SSIM of frame 0, moving",
        "static_ssim": "SSIM, static",
        "static_flicker": "flicker, static",
        "moving_lpips": "LPIPS over time, moving",
        "sharpness": "sharpness over time, moving",
        "moving_flow": "flow, moving",
        "static_flow": "flow, static",
    }
    lines = table_lines(
        ["", *names.values()], ([method, *(mean(method, name) for name in names)] for method in METHODS)
    )
    closing = float(np.mean([row["loop_closing"] for row in rows]))
    worst = max(row["landscape"]["static_difference"] for row in rows)
    lines += ["", f"{len(rows)} photos. Loop, last to first frame against the steps beside it: {closing:.2f}."]
    lines += [f"Largest difference of static pixels from the photo (landscape): {worst} of 255."]
    return "\n".join(lines)


def _methods(scene: Scene, photo: Pixels, long_side: int, seconds: float) -> dict[str, Draw]:
    motion, light = MotionSettings(), LightSettings()
    height, width = photo.shape[:2]
    masks = scene.masks.resized(height, width)
    alpha = masks.moving[..., None]
    plain = dataclasses.replace(scene, models=dataclasses.replace(scene.models, upscaler=None))
    bicubic, enlarged = (
        item.renderer(motion, light, long_side, seconds, generator_only=True) for item in (plain, scene)
    )
    y, x = np.mgrid[:height, :width].astype(np.float32)

    def mixed(carried: NDArray[np.float32], still: NDArray[np.float32]) -> Pixels:
        return np.clip(np.rint(still + alpha * (carried - still)), 0, 255).astype(np.uint8)

    def warp(time: float) -> Pixels:
        flow = displacement(motion, masks.horizon, time, height, width)
        moved = cv2.remap(photo, x + flow[..., 0], y + flow[..., 1], cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT)
        return mixed(moved.astype(np.float32), photo.astype(np.float32))

    def paper(time: float) -> Pixels:
        large = enlarged.frame(time)
        radius = max(2, round(GUIDED_RADIUS * max(height, width)))
        detailed = cv2.ximgproc.guidedFilter(photo, large, radius, GUIDED_EPSILON)
        return mixed(large.astype(np.float32), detailed.astype(np.float32))

    ours = scene.renderer(motion, light, long_side, seconds)
    return dict(zip(METHODS, (ours.frame, warp, bicubic.frame, paper), strict=True))


def _flow(pairs: Sequence[tuple[Pixels, Pixels]], mask: NDArray[np.float32]) -> float:
    flows = [sky_flow(pair, mask).magnitude for pair in pairs]
    return round(float(np.mean(flows)) / STEP_SECONDS, 4)


def _inside(mask: NDArray[np.float32]) -> NDArray[np.float32]:
    """The mask without its soft border."""
    size = max(3, round(max(mask.shape) * 0.01))
    hard = (mask > 0.98).astype(np.uint8)
    return cv2.erode(hard, np.ones((size, size), np.uint8)).astype(np.float32)
