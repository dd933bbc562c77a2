"""What a viewer would check: motion where it was asked for, stillness elsewhere, light as it was named (paper, 4)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from landscape.evaluation.metrics import direction_error, sky_flow
from landscape.images.pixels import Pixels
from landscape.images.similarity import WINDOW, ssim
from landscape.scene.scene import Scene
from landscape.settings import STYLES, LightSettings, MotionSettings

HOURS = range(1, 13)
MOMENTS = (0.0, 4.0)
"""Seconds at which the direction is measured: at first, and when other clouds have taken over from some."""
LONG_SIDE = 480
# Flow is measured between frames this far apart: long enough to see, short enough to follow.
STEP_SECONDS = 0.1
FRAMES = 6
STATIC_MARGIN = 0.02
SSIM_BORDER = WINDOW // 2
"""Pixels at the border of a frame that are in no window's middle."""


def evaluate_animation(scene: Scene) -> dict[str, Any]:
    """Measure the full-size frames of one scene.

    Args:
        scene: An open scene.

    Returns:
        ``static_ssim`` of the first frame against the photo; per clock hour ``direction_error_deg`` at first,
        ``later_error_deg`` after some seconds, ``sky_flow`` and ``static_flow`` in half-widths per frame at 30 frames
        a second; ``flow_ratio_at_double_speed``; ``light``: per style the mean luminance and warmth (red minus blue)
        in [0, 255]; and whether night is darker and sunset warmer than blue day. Where nothing is static its figures
        are None.

    Raises:
        ValueError: If the scene has no sky.
    """
    motion = MotionSettings(speed=1.0)
    first = scene.renderer(motion, LightSettings(), LONG_SIDE).frame(0.0)
    height, width = first.shape[:2]
    masks = scene.masks.resized(height, width)
    sky, static = _inside(masks.sky * (1 - masks.freeze)), _inside(1 - masks.moving)
    photo = scene.photo.resized(LONG_SIDE).pixels
    stands = bool((static[SSIM_BORDER:-SSIM_BORDER, SSIM_BORDER:-SSIM_BORDER] > 0).any())
    result: dict[str, Any] = {
        "photo": scene.photo.name,
        "static_ssim": round(ssim(first, photo, static), 4) if stands else None,
    }

    hours: dict[str, Any] = {}
    for hour in HOURS:
        degrees = (hour % 12) * 30.0
        frames, later = (_clip(scene, MotionSettings(direction=degrees), moment) for moment in MOMENTS)
        found, still = sky_flow(frames, sky), sky_flow(frames, static) if stands else None
        hours[str(hour)] = {
            "direction_error_deg": round(direction_error(found.direction_deg, degrees), 1),
            "later_error_deg": round(direction_error(sky_flow(later, sky).direction_deg, degrees), 1),
            "sky_flow": round(found.magnitude / (30 * STEP_SECONDS), 6),
            "static_flow": None if still is None else round(still.magnitude / (30 * STEP_SECONDS), 6),
        }
    result["hours"] = hours
    doubled = sky_flow(_clip(scene, MotionSettings(direction=90.0, speed=2.0)), sky).magnitude / (30 * STEP_SECONDS)
    result["flow_ratio_at_double_speed"] = round(doubled / max(hours["3"]["sky_flow"], 1e-9), 3)

    light = {}
    for style in STYLES[:-1]:
        frame = scene.renderer(motion, LightSettings(style=style), LONG_SIDE).frame(0.0).astype(np.float64)
        red, green, blue = frame.reshape(-1, 3).mean(axis=0)
        light[style] = {
            "luminance": round(float(0.2126 * red + 0.7152 * green + 0.0722 * blue), 1),
            "warmth": round(float(red - blue), 1),
        }
    result["light"] = light
    result["night_darker"] = bool(light["deep night"]["luminance"] < light["blue day"]["luminance"])
    result["sunset_warmer"] = bool(light["warm sunset"]["warmth"] > light["blue day"]["warmth"])
    return result


def summarise(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Means and worst cases over photos; None of what stands still where nothing does."""
    names = ("direction_error_deg", "later_error_deg")
    hours = [hour for row in rows for hour in row["hours"].values()]
    errors = [hour[name] for hour in hours for name in names]
    still = [hour["static_flow"] / max(hour["sky_flow"], 1e-9) for hour in hours if hour["static_flow"] is not None]
    return {
        "photos": len(rows),
        "static_ssim_worst": min((r["static_ssim"] for r in rows if r["static_ssim"] is not None), default=None),
        "direction_error_mean_deg": round(float(np.mean(errors)), 1),
        "direction_error_worst_deg": max(errors),
        "directions_within_25_deg": f"{sum(error <= 25 for error in errors)} of {len(errors)}",
        "static_to_sky_flow_worst": round(max(still), 3) if still else None,
        "direction_error_by_hour_deg": {
            hour: [round(float(np.median([row["hours"][hour][name] for row in rows])), 1) for name in names]
            for hour in rows[0]["hours"]
        },
        "flow_ratio_at_double_speed_mean": round(float(np.mean([r["flow_ratio_at_double_speed"] for r in rows])), 2),
        "night_darker": f"{sum(row['night_darker'] for row in rows)} of {len(rows)}",
        "sunset_warmer": f"{sum(row['sunset_warmer'] for row in rows)} of {len(rows)}",
    }


def _clip(scene: Scene, motion: MotionSettings, start: float = 0.0) -> list[Pixels]:
    renderer = scene.renderer(motion, LightSettings(), LONG_SIDE)
    return [renderer.frame(start + index * STEP_SECONDS) for index in range(FRAMES)]


def _inside(mask: NDArray[np.float32]) -> NDArray[np.float32]:
    """The mask without its soft border."""
    size = max(3, round(max(mask.shape) * STATIC_MARGIN))
    hard = (mask > 0.98).astype(np.uint8)
    return cv2.erode(hard, np.ones((size, size), np.uint8)).astype(np.float32)
