"""A sheet of all styles on several photos, to be judged by eye."""

from __future__ import annotations

import threading
from collections.abc import Iterable

import cv2
import numpy as np
from PIL import Image, ImageDraw

from landscape.progress import Progress, check_cancelled, ignore_progress
from landscape.scene.scene import Scene
from landscape.settings import STYLES, LightSettings, MotionSettings

CELL = (240, 160)
HEADER = 22


def style_sheet(
    scenes: Iterable[Scene], progress: Progress = ignore_progress, cancel: threading.Event | None = None
) -> np.ndarray:
    """Draw every photo as it is and in every style at full strength.

    Args:
        scenes: The fitted photos, one row each.
        progress: Called after every style.
        cancel: Set to stop.

    Returns:
        uint8 (rows, columns, 3); the first row names the columns.

    Raises:
        Cancelled: If ``cancel`` was set.
    """
    width, height = CELL
    names = ["photo", *STYLES]
    header = Image.new("RGB", (width * len(names), HEADER), "white")
    for index, name in enumerate(names):
        ImageDraw.Draw(header).text((index * width + 6, 5), name, fill="black")
    rows = [np.asarray(header)]
    for scene in scenes:
        cells = [scene.photo.resized(2 * width).pixels]
        for done, style in enumerate(STYLES):
            check_cancelled(cancel)
            renderer = scene.renderer(MotionSettings(), LightSettings(style, 1.0), long_side=2 * width)
            cells.append(renderer.frame(0.0))
            progress("styles", done + 1, len(STYLES))
        rows.append(np.concatenate([cv2.resize(c, CELL, interpolation=cv2.INTER_AREA) for c in cells], axis=1))
    return np.concatenate(rows)
