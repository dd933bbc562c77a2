"""Labels of a photo's pixels: cleaned of what a network errs in, read and written."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from landscape.errors import LandscapeError
from landscape.files import write_picture
from landscape.images.filters import large_parts, mean_over_parts

OTHER, SKY, WATER, UNKNOWN = 0, 1, 2, 255
"""Values of labels."""

SMALLEST_PART = 0.0006
"""Islands and holes under this part of the photo are specks: birds, lamps, gaps in a tree."""
_SMALLEST_STONE = 0.0002
"""The same of holes in water, where stones stand."""
SURE = (0.75, 0.85)
"""A part of the sky, or of the water, must be this probable somewhere to be kept (hysteresis).

Gravel and wet roads look like water more often than anything looks like sky."""
LIKELY = 0.6
"""A part of the water must be this probable on average."""
SURER = 0.92
"""So probable must sky be that does not reach the top of the photo: reflections and dark woods often look like it."""


def clean_labels(soft: np.ndarray, seen: np.ndarray | None = None) -> np.ndarray:
    """Choose labels and remove specks.

    Args:
        soft: Probabilities of other, sky and water, float32 (H, W, 3).
        seen: The same as the network saw them, before they were made to follow edges, which makes what is thin less
            sure and some of the rest surer: either counts. None if nothing was made of them.

    Returns:
        Labels uint8 (H, W). Tiny parts of sky or water become other, those that are nowhere sure take the next likely
        label. Tiny holes, in water the tiniest ones, take the label around them, and so do unsure ones in the sky: what
        stands grows out of the ground, and what seems to hang in the air is a cloud or the glow of the sun.
    """
    first = soft.argmax(axis=2).astype(np.uint8)
    labels, seen = first.copy(), soft if seen is None else np.maximum(soft, seen)
    smallest = int(SMALLEST_PART * labels.size) + 1
    top = np.zeros(labels.shape, dtype=bool)
    top[0] = True
    for value, rival in ((SKY, WATER), (WATER, SKY)):
        part = first == value
        large = large_parts(part, smallest)
        sure = large_parts(large, 1, seen[..., value] > SURE[value - 1])
        if value == WATER:
            sure &= mean_over_parts(soft[..., WATER], large) > LIKELY
        if value == SKY:
            sure &= large_parts(large, 1, top) | large_parts(large, 1, soft[..., SKY] > SURER)
        labels[part & ~large] = OTHER
        unsure = large & ~sure
        labels[unsure] = np.where(soft[..., rival] > soft[..., OTHER], rival, OTHER)[unsure]
    frame = np.pad(np.zeros(np.subtract(labels.shape, 2).clip(0), dtype=bool), 1, constant_values=True)
    grown = frame[: labels.shape[0], : labels.shape[1]] | (soft[..., OTHER] > SURE[WATER - 1])
    for value, held, hole in ((SKY, grown, smallest), (WATER, None, int(_SMALLEST_STONE * labels.size) + 1)):
        part = labels == value
        labels[(labels == OTHER) & ~large_parts(~part, hole, held)] = value
    return labels


def read_labels(path: Path, height: int, width: int) -> np.ndarray:
    """Read a label picture and fit it to a photo.

    Args:
        path: A grey or palette PNG with the values 0, 1, 2 and 255.
        height: Height of the photo in pixels.
        width: Width of the photo in pixels.

    Returns:
        Labels uint8 (height, width).

    Raises:
        LandscapeError: If the file cannot be read, is of another shape than the photo, or holds other values.
    """
    try:
        # Other formats of Pillow start programs on their own; a mask may come from a stranger.
        with Image.open(path, formats=("PNG",)) as image:
            labels = np.array(image if image.mode in ("L", "P") else image.convert("L"), dtype=np.uint8)
    except Exception as error:  # Pillow raises many types on damaged files
        raise LandscapeError(f"The mask “{path}” cannot be read; give a PNG picture.") from error
    require_same_shape(path, labels.shape, (height, width))
    if not np.isin(labels, (OTHER, SKY, WATER, UNKNOWN)).all():
        raise LandscapeError(f"The mask “{path}” must hold 0 (other), 1 (sky), 2 (water) or 255 (unknown) alone.")
    if not np.isin(labels, (SKY, WATER)).any():
        raise LandscapeError(f"The mask “{path}” marks nothing; paint sky with the value 1 and water with 2.")
    return cv2.resize(labels, (width, height), interpolation=cv2.INTER_NEAREST)


def same_shape(size: tuple[int, ...], other: tuple[int, ...]) -> bool:
    """Whether two pictures of height and width in pixels may be one at two sizes, each side rounded up or down."""
    (height, width), (other_height, other_width) = size, other
    return abs(height * other_width - width * other_height) < max(height + width, other_height + other_width)


def require_same_shape(path: Path, size: tuple[int, ...], photo: tuple[int, int]) -> None:
    """Refuse a mask of another shape than its photo's; sizes are heights and widths in pixels.

    Raises:
        LandscapeError: If the shapes differ.
    """
    if not same_shape(size, photo):
        raise LandscapeError(
            f"The mask “{path.name}” is {size[1]} x {size[0]} pixels and the photo {photo[1]} x {photo[0]}: "
            "give a mask of the photo's shape; its size may be another."
        )


def require_labels_name(path: Path) -> None:
    """Find out before long work whether labels can be written under a name.

    Raises:
        LandscapeError: If it does not end in ``.png``: other formats change values.
    """
    if path.suffix.lower() != ".png":
        raise LandscapeError(f"Labels are written as PNG, which keeps them exactly: end “{path.name}” in .png.")


def write_labels(path: Path, labels: np.ndarray) -> None:
    """Write labels uint8 (H, W) as a grey PNG that :func:`read_labels` reads back unchanged.

    Raises:
        LandscapeError: If the file cannot be written.
    """
    write_picture(Image.fromarray(labels.astype(np.uint8)), path, format="PNG")
