"""A sheet of photos with what is sky and water in them, found and labelled, to be judged by eye."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from PIL import Image, ImageDraw

from landscape.masks.labels import SKY, UNKNOWN, WATER

CELL = (320, 240)
"""Width and height of one picture in pixels."""
CAPTION = 16
"""Height of the line under each picture in pixels."""
COLUMNS = 6
_COLOURS = {SKY: (40, 120, 255), WATER: (255, 30, 30), UNKNOWN: (255, 230, 0)}


def tinted(pixels: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Lay colours over a photo: blue sky, red water, yellow where nothing is known.

    Args:
        pixels: uint8 (H, W, 3) RGB.
        labels: uint8 (H, W): 1 sky, 2 water, 255 unknown; all others stay as they are.

    Returns:
        uint8 (H, W, 3) RGB.
    """
    mixed = pixels.astype(np.float32)
    for value, colour in _COLOURS.items():
        there = labels == value
        mixed[there] = 0.6 * mixed[there] + 0.4 * np.array(colour, np.float32)
    return (mixed + 0.5).astype(np.uint8)


def shrunk(pixels: np.ndarray) -> np.ndarray:
    """Shrink a picture, uint8 (H, W, 3), so that it fits into a cell."""
    height, width = pixels.shape[:2]
    scale = min(CELL[0] / width, CELL[1] / height)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small: np.ndarray = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    return small


def mask_sheet(cells: Sequence[tuple[str, Sequence[np.ndarray]]]) -> np.ndarray:
    """Put pictures and their captions on a sheet, from left to right and downwards.

    Args:
        cells: A caption and its pictures of one size, :func:`shrunk`, side by side.

    Returns:
        uint8 (rows, columns, 3) RGB; one black cell if there is nothing to show.
    """
    beside = max((len(pictures) for _, pictures in cells), default=1)
    width, height = CELL[0] * beside, CELL[1] + CAPTION
    columns = max(1, COLUMNS // beside) if len(cells) >= COLUMNS // beside else max(1, len(cells))
    rows = max(1, -(-len(cells) // columns))
    sheet = Image.new("RGB", (columns * width, rows * height))
    draw = ImageDraw.Draw(sheet)
    for index, (caption, pictures) in enumerate(cells):
        left, top = index % columns * width, index // columns * height
        for number, picture in enumerate(pictures):
            sheet.paste(Image.fromarray(picture), (left + number * CELL[0], top))
        draw.text((left + 3, top + CELL[1] + 2), caption, fill="white")
    return np.asarray(sheet)
