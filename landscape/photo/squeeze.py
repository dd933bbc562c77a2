"""A photo and its masks as the models see them: small, squeezed to squares."""

from __future__ import annotations

import cv2
import numpy as np
import torch
from torch import Tensor

from landscape.masks.find import Masks, masks_from_labels, segment
from landscape.models.bundle import Models
from landscape.photo.read import Photo
from landscape.photo.squares import Layout

ONE_SQUARE = Layout()


def find_masks(photo: Photo, models: Models) -> Masks:
    """Find sky and water of a photo."""
    labels = segment(photo.pixels, models.segmenter, str(models.generator.w_mean.device))
    return masks_from_labels(labels, photo.pixels, guessed=True)


def model_image(photo: Photo, resolution: int, layout: Layout = ONE_SQUARE) -> Tensor:
    """The photo as the model sees it: squeezed to the layout's size (a square by default), (1, 3, H, W) in [-1, 1]."""
    height, width = layout.size(resolution)
    small = cv2.resize(photo.pixels, (width, height), interpolation=cv2.INTER_AREA)
    return torch.from_numpy(small).permute(2, 0, 1)[None].float() / 127.5 - 1


def model_mask(masks: Masks, resolution: int, layout: Layout = ONE_SQUARE) -> Tensor:
    """Where the photo moves as the model sees it, (1, 1, H, W) in [0, 1], sizes as of :func:`model_image`."""
    height, width = layout.size(resolution)
    small = cv2.resize(masks.moving.astype(np.float32), (width, height), interpolation=cv2.INTER_AREA)
    return torch.from_numpy(small)[None, None].clamp(0, 1)
