"""A photo, and where it moves, as the models see them: small, squeezed to squares."""

from __future__ import annotations

import cv2
import numpy as np
import torch
from torch import Tensor

from landscape.photo.read import Photo
from landscape.photo.squares import Layout

ONE_SQUARE = Layout()


def model_image(photo: Photo, resolution: int, layout: Layout = ONE_SQUARE) -> Tensor:
    """The photo as the model sees it: squeezed to the layout's size (a square by default), (1, 3, H, W) in [-1, 1]."""
    height, width = layout.size(resolution)
    small = cv2.resize(photo.pixels, (width, height), interpolation=cv2.INTER_AREA)
    return torch.from_numpy(small).permute(2, 0, 1)[None].float() / 127.5 - 1


def model_mask(moving: np.ndarray, resolution: int, layout: Layout = ONE_SQUARE) -> Tensor:
    """Where the photo moves as the model sees it.

    Args:
        moving: How much each pixel moves, (h, w) in [0, 1].
        resolution: Side of the generator's frames in pixels.
        layout: The squares.

    Returns:
        (1, 1, H, W) in [0, 1], sizes as of :func:`model_image`.
    """
    height, width = layout.size(resolution)
    small = cv2.resize(moving.astype(np.float32), (width, height), interpolation=cv2.INTER_AREA)
    return torch.from_numpy(small)[None, None].clamp(0, 1)
