"""Pictures of what moves: mattes of 16 bits that come back unchanged, and labels."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from landscape.errors import LandscapeError
from landscape.files import replacing
from landscape.images.filters import resize
from landscape.marks import seal_picture
from landscape.masks.find import completed, matte_of_labels
from landscape.masks.labels import read_labels, require_same_shape
from landscape.masks.matte import STEPS, Matte, in_steps
from landscape.masks.sizes import work_size
from landscape.photo.read import MAX_PIXELS

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_HEAD = 26
"""Bytes of a PNG up to the end of its size, depth and kind."""
_DEPTH, _RGB = 16, 2
_LARGEST_FILE = 1 << 28


def matte_png(matte: Matte) -> bytes:
    """A matte as a PNG of 16 bits: red is the share of the sky, green that of the water, blue the certainty.

    What is frozen is neither sky nor water.
    """
    moves = 1 - matte.freeze
    planes = (in_steps(matte.certainty), in_steps(matte.water * moves), in_steps(matte.sky * moves))  # OpenCV's order
    picture = np.rint(STEPS * np.dstack(planes)).astype(np.uint16)
    return bytes(cv2.imencode(".png", picture, [cv2.IMWRITE_PNG_COMPRESSION, 3])[1].tobytes())


def write_matte(path: Path, matte: Matte) -> None:
    """Write a matte as a PNG that :func:`read_mask` reads back unchanged.

    Raises:
        LandscapeError: If the file cannot be written.
    """
    with replacing(path, marked=True) as partial:
        partial.write_bytes(seal_picture(matte_png(matte)))


def read_mask(path: Path, pixels: npt.NDArray[np.uint8]) -> Matte:
    """Read a matte of :func:`write_matte`, or labels as a grey or palette PNG (0 other, 1 sky, 2 water).

    Args:
        path: The PNG.
        pixels: Its photo, uint8 (H, W, 3).

    Raises:
        LandscapeError: If the file cannot be read, is of another shape than the photo, or marks nothing.
    """
    height, width = pixels.shape[:2]
    picture = _read_deep(path)
    if picture is None:
        return matte_of_labels(read_labels(path, height, width), pixels)
    require_same_shape(path, picture.shape[:2], (height, width))
    rows, columns = work_size(height, width)
    certainty, water, sky = (
        resize(np.ascontiguousarray(picture[..., channel]).astype(np.float32) / STEPS, rows, columns)
        for channel in range(3)
    )
    if float(np.maximum(sky, water).max()) < 1 / 255:
        raise LandscapeError(
            f"The mask “{path}” marks nothing; red is the share of the sky and green that of the water."
        )
    both = sky + water
    if float(both.max()) > 1:
        sky, water = (plane / np.maximum(both, 1) for plane in (sky, water))
    matte = Matte.certain(sky, water, np.broadcast_to(np.float32(0), sky.shape), 0.5)
    return completed(matte, pixels, certainty=certainty)


def _read_deep(path: Path) -> npt.NDArray[np.uint16] | None:
    """The pixels (H, W, 3) of a PNG of 16 bits with three channels, in OpenCV's order; None of anything else."""
    try:
        if path.stat().st_size > _LARGEST_FILE:
            return None
        data = path.read_bytes()
    except OSError as error:
        raise LandscapeError(f"The mask “{path}” cannot be read; give a PNG picture.") from error
    head = data[:_HEAD]
    if len(head) < _HEAD or head[:8] != _SIGNATURE or (head[24], head[25]) != (_DEPTH, _RGB):
        return None
    if int.from_bytes(head[16:20], "big") * int.from_bytes(head[20:24], "big") > MAX_PIXELS:
        return None
    picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    return None if picture is None else np.asarray(picture, np.uint16)
