"""Where a photo moves: masks of sky and water, parts that stay frozen, and the horizon."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from torch import nn

from landscape.errors import LandscapeError
from landscape.images.mask_filters import guided, large_parts, resize, settle, soften, work_size
from landscape.masks.closer_look import SIDE as CLOSER_SIDE
from landscape.masks.closer_look import blend_in
from landscape.masks.labels import OTHER, SKY, WATER, clean_labels

NETWORK_SIDE = 448
"""Long side of the segmenter's input; it was trained on cuts that show photos at 256 to 512 pixels."""
PAPER_ROWS = 256
"""The height at which the released model measures its horizon."""
HORIZON_OFFSET = 10
"""Rows of those between the lowest sky and the horizon of the released model."""


@dataclass(frozen=True)
class Masks:
    """Where the photo moves.

    Attributes:
        sky: float32 (H, W) in [0, 1].
        water: float32 (H, W) in [0, 1]; sky and water add up to 1 at most.
        freeze: float32 (H, W) in [0, 1]; 1 stands still whatever it shows.
        horizon: Fraction of the height in [0, 1], downwards.
    """

    sky: np.ndarray
    water: np.ndarray
    freeze: np.ndarray
    horizon: float

    @property
    def moving(self) -> np.ndarray:
        """How much each pixel moves, float32 (H, W) in [0, 1]."""
        moving: np.ndarray = (1 - self.freeze) * np.clip(self.sky + self.water, 0, 1)
        return moving

    def labels(self) -> np.ndarray:
        """The likeliest label of each pixel, uint8 (H, W), without regard to ``freeze``."""
        found = np.where(self.sky >= self.water, np.uint8(SKY), np.uint8(WATER))
        found[np.maximum(self.sky, self.water) < 0.5] = OTHER
        return found

    def resized(self, height: int, width: int) -> Masks:
        """The same masks for another size of the photo, in pixels."""
        sky, water, freeze = (resize(mask, height, width) for mask in (self.sky, self.water, self.freeze))
        return Masks(sky, water, freeze, self.horizon)


def masks_from_labels(
    labels: np.ndarray,
    pixels: np.ndarray | None,
    *,
    feather: float = 0.004,
    snap: bool = True,
    freeze: np.ndarray | None = None,
    horizon: float | None = None,
    guessed: bool = False,
) -> Masks:
    """Turn labels into soft masks.

    Args:
        labels: uint8 (H, W): 0 other, 1 sky, 2 water, 255 unknown (treated as other).
        pixels: The photo, uint8 (H, W, 3) RGB, for ``snap``; None leaves the borders where they are.
        feather: Width of the soft border as a fraction of the long side, 0 for hard masks.
        snap: Move the borders to the photo's edges with a guided filter.
        freeze: What stands still, (H, W) in [0, 1] or bool; None freezes nothing.
        horizon: Fraction of the height; None asks :func:`find_horizon`.
        guessed: The labels are a network's and may be wrong: what the photo's edges do not confirm stands still.

    Returns:
        Masks of the labels' size.

    Raises:
        LandscapeError: If the sizes differ.
    """
    height, width = labels.shape
    for other in (pixels, freeze):
        if other is not None and other.shape[:2] != (height, width):
            raise LandscapeError("The mask and the photo differ in size; give a mask of the photo's size.")
    rows, columns = work_size(height, width)
    small = np.stack([resize((labels == value).astype(np.float32), rows, columns) for value in (SKY, WATER)], axis=2)
    if snap and pixels is not None:
        snapped = guided(small, resize(pixels, rows, columns), radius=0.012)
        small = np.clip(1.6 * (snapped - 0.5) + 0.5, 0, 1)
        small = settle(small) if guessed else small
    small = np.clip(soften(small, feather), 0, 1)
    small /= np.maximum(small.sum(axis=2, keepdims=True), 1)
    if freeze is None:
        frozen = np.broadcast_to(np.float32(0), (height, width))
    else:
        frozen = resize(soften(resize(freeze.astype(np.float32), rows, columns), feather), height, width)
        frozen = np.clip(frozen, 0, 1)
    sky, water = (resize(np.ascontiguousarray(small[..., i]), height, width) for i in range(2))
    return Masks(sky, water, frozen, find_horizon(labels) if horizon is None else float(np.clip(horizon, 0, 1)))


def find_horizon(labels: np.ndarray) -> float:
    """Find the line that the motion's perspective is built on.

    Where sky and water meet along a level line, that line is the horizon. Otherwise it lies a little under the lowest
    sky, as in the released model, or at the top of the water, or in the middle. Specks are ignored.

    Args:
        labels: uint8 (H, W).

    Returns:
        Fraction of the height in [0, 1], downwards.
    """
    small = cv2.resize(labels, (PAPER_ROWS, PAPER_ROWS), interpolation=cv2.INTER_NEAREST)
    sky, water = (large_parts(small == value, PAPER_ROWS**2 // 200) for value in (SKY, WATER))
    near = np.zeros_like(water)
    for gap in range(1, 5):
        near[:-gap] |= water[gap:]
    below_sky = np.zeros_like(sky)
    below_sky[:-1] = sky[:-1] & ~sky[1:]
    meeting = (below_sky & near).sum(axis=1).astype(float)
    level = np.convolve(meeting, np.ones(7), mode="same")
    if level.max() > 0.2 * PAPER_ROWS:
        centre = int(level.argmax())
        rows = np.arange(max(centre - 3, 0), min(centre + 4, PAPER_ROWS))
        return float(((rows + 1) * meeting[rows]).sum() / meeting[rows].sum() / PAPER_ROWS)
    for mask, offset, last in ((sky, HORIZON_OFFSET, True), (water, 0, False)):
        filled = np.flatnonzero(mask.sum(axis=1) >= 3)
        if len(filled):
            row = filled[-1] + 1 if last else filled[0]
            return float(min(row + offset, PAPER_ROWS) / PAPER_ROWS)
    return 0.5


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
