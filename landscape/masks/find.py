"""Where a photo moves: sky and water, as the segmenter finds them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import torch
from torch import nn

from landscape.images.filters import guided, resize
from landscape.masks.closer_look import SIDE as CLOSER_SIDE
from landscape.masks.closer_look import blend_in
from landscape.masks.labels import SKY, WATER, clean_labels
from landscape.masks.masks import Masks, masks_from_labels
from landscape.masks.settle import work_size
from landscape.photo.read import Photo

NETWORK_SIDE = 448
"""Long side of the segmenter's input; it was trained on cuts that show photos at 256 to 512 pixels."""


def segment(pixels: np.ndarray, segmenter: nn.Module, device: str = "cpu") -> np.ndarray:
    """Find the sky and the water of a photo.

    Args:
        pixels: uint8 (H, W, 3) RGB.
        segmenter: Network of :func:`landscape.networks.segmenter.build_segmenter`, in evaluation mode on ``device``.
        device: Torch device.

    Returns:
        Labels uint8 (H, W): 0 other, 1 sky, 2 water.
    """
    height, width = pixels.shape[:2]
    photo = resize(pixels, *work_size(height, width))
    rows, columns = photo.shape[:2]
    # There is nothing more to see in small photos.
    sides = (NETWORK_SIDE, CLOSER_SIDE) if max(rows, columns) > NETWORK_SIDE else (NETWORK_SIDE,)
    with ThreadPoolExecutor(2 if torch.get_num_threads() == 1 else 1) as pool:  # as somebody waits
        looks = pool.map(lambda side: segment_softly(photo, segmenter, device, side), sides)
    soft, *closer = (resize(look, rows, columns) for look in looks)
    if closer:
        soft = blend_in(soft, closer[0])
    moving = guided(soft[..., SKY:], photo, radius=0.012)  # linear: what they leave is the third class
    labels = clean_labels(np.dstack([1 - moving.sum(axis=2), moving]))
    if (rows, columns) == (height, width):
        return labels
    full = np.zeros((height, width), dtype=np.uint8)
    for value in (SKY, WATER):
        part = cv2.resize((labels == value).astype(np.uint8) * 255, (width, height), interpolation=cv2.INTER_LINEAR)
        full[part > 127] = value
    return full


@torch.inference_mode()
def segment_softly(
    pixels: np.ndarray, segmenter: nn.Module, device: str = "cpu", side: int = NETWORK_SIDE
) -> np.ndarray:
    """Run the segmenter on a photo; up to the usual size on its mirror image too, as the mean of both errs less.

    Args:
        pixels: uint8 (H, W, 3) RGB.
        segmenter: The network, in evaluation mode on ``device``.
        device: Torch device.
        side: Long side of the network's input in pixels.

    Returns:
        Probabilities of other, sky and water, float32 (h, w, 3) at the network's size.
    """
    height, width = pixels.shape[:2]
    scale = side / max(height, width)
    rows, columns = (max(64, 32 * round(side * scale / 32)) for side in (height, width))
    small = np.ascontiguousarray(resize(pixels, rows, columns).transpose(2, 0, 1))
    images = torch.from_numpy(small).to(device).float().unsqueeze(0) / 127.5 - 1
    mean = segmenter(images).softmax(1)
    if side <= NETWORK_SIDE:
        mean = (mean + segmenter(images.flip(3)).softmax(1).flip(3)) / 2
    soft: np.ndarray = mean[0].permute(1, 2, 0).float().cpu().numpy()
    return np.ascontiguousarray(soft)


def find_masks(photo: Photo, segmenter: nn.Module) -> Masks:
    """Find sky and water of a photo.

    Args:
        photo: The photo.
        segmenter: As in :func:`segment`.
    """
    labels = segment(photo.pixels, segmenter, str(next(segmenter.parameters()).device))
    return masks_from_labels(labels, photo.pixels, guessed=True)
