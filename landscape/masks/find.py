"""Finding the matte of a photo: what the segmenter sees, pixel by pixel, sun, moon and stars, and still water."""

from __future__ import annotations

import dataclasses
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext

import cv2
import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from landscape.errors import LandscapeError
from landscape.images.filters import guided, resize, smoothstep, soften
from landscape.images.pixels import Array
from landscape.masks.closer_look import SIDE as CLOSER_SIDE
from landscape.masks.closer_look import blend_in
from landscape.masks.colour_line import along_colours
from landscape.masks.corrected import corrected
from landscape.masks.glow import find_glow
from landscape.masks.growth import find_growth
from landscape.masks.horizon import find_horizon
from landscape.masks.labels import OTHER, SKY, WATER, clean_labels
from landscape.masks.matte import Matte, in_steps
from landscape.masks.mirror import mirror_likeness
from landscape.masks.settle import settle
from landscape.masks.sizes import FEATHER, SNAP_RADIUS, SNAP_SLOPE, work_size

Pixels = npt.NDArray[np.uint8]

NETWORK_SIDE = 448
"""Long side of the segmenter's input; it was trained on cuts that show photos at 256 to 512 pixels."""
_WET = 0.005
"""Least share of the photo that is water."""
_UNSHARP, _UNSHARP_SIDE = 0.008, 512
"""Doubt narrower than twice this, as a fraction of the long side, is that of the segmenter about an edge's place; it is
told from wider one at this long side in pixels."""
_TAKEN = (0.2, 0.6)
"""Parts of the segmenter's share that the correction takes away from which something may, and does, stand. What both
are in doubt about is no matter of single pixels: such places are settled as a whole."""
_HINT, _NEAR = (0.05, 0.2), 0.004
"""Such parts near a place, within this fraction of the long side, are a hint that what seems to grow there does."""
_LEAST = 1e-3
"""Share of which less is nothing."""
_VOTED = 0.1
"""Votes against the sky that make a place uncertain."""


def find_matte(
    pixels: Pixels,
    segmenter: nn.Module,
    corrector: nn.Module | None = None,
    looking: AbstractContextManager[object] | None = None,
) -> Matte:
    """Find what moves in a photo.

    Args:
        pixels: uint8 (H, W, 3) RGB.
        segmenter: Network of :func:`landscape.networks.segmenter.build_segmenter`, in evaluation mode.
        corrector: :class:`landscape.networks.matte.MatteNetwork` on the same device; None takes the segmenter's word.
        looking: Entered while the networks look, which takes most of the memory.

    Returns:
        The matte, at the photo's size but 2048 pixels long at most.
    """
    photo = resize(pixels, *work_size(*pixels.shape[:2]))
    with looking or nullcontext():
        device = str(next(segmenter.parameters(), torch.empty(0)).device)
        soft = look_softly(photo, segmenter, device)
        fine = None if corrector is None else corrected(photo, soft, corrector, device)
    moving = guided(soft[..., SKY:], photo, SNAP_RADIUS)  # linear: what they leave is the third class
    labels = clean_labels(np.dstack([1 - moving.sum(axis=2), moving]), soft)
    shares = soften(settle(_snapped(labels, photo)), FEATHER)
    return _completed(photo, *solve(photo, shares / np.maximum(shares.sum(axis=2, keepdims=True), 1), soft, fine))


def solve(photo: Pixels, shares: Array, soft: Array, fine: Array | None) -> tuple[Array, Array, Array]:
    """Refine shares pixel by pixel: what finds thin or small things has a vote, then colours decide at borders.

    Args:
        photo: uint8 (H, W, 3) RGB.
        shares: Shares of sky and water, (H, W, 2) in [0, 1].
        soft: The segmenter's probabilities of other, sky and water, (H, W, 3).
        fine: The same as corrected pixel by pixel, or None.

    Returns:
        Shares of sky and of water and how certain both are, (H, W) in [0, 1].
    """
    sky, wet = (np.ascontiguousarray(shares[..., index]) for index in range(2))
    doubt = np.abs(soft[..., SKY:].sum(axis=2) - sky - wet)
    doubt = _wide(np.asarray(doubt, np.float32))
    growth = find_growth(photo, sky, soft[..., OTHER])
    left = sky
    if fine is not None:
        taken = 1 - fine[..., SKY] / np.maximum(soft[..., SKY], _LEAST)
        left = np.minimum(sky, 1 - smoothstep(taken, *_TAKEN))
        if growth is not None:
            reach = 2 * max(1, round(_NEAR * max(taken.shape))) + 1
            growth = growth * smoothstep(cv2.dilate(taken, np.ones((reach, reach), np.uint8)), *_HINT)
    water = along_colours(photo, wet)
    # The sky is behind the water: its share is that of what the water leaves.
    seen = np.asarray(np.minimum(left / np.maximum(1 - wet, 1e-3), 1), np.float32)
    refined = along_colours(photo, seen)
    refined = (refined if growth is None else np.minimum(refined, 1 - growth)) * (1 - water)
    certainty = 1 - np.maximum(doubt, np.clip(sky - refined, 0, 1) * (left < sky - _VOTED))
    return np.asarray(refined, np.float32), water, np.asarray(np.clip(certainty, 0, 1), np.float32)


def _wide(doubt: Array) -> Array:
    """Doubt (H, W) without that about edges, which the segmenter sees unsharp."""
    small = resize(doubt, *work_size(*doubt.shape, longest=_UNSHARP_SIDE))
    reach = 2 * max(3, round(_UNSHARP * max(small.shape))) + 1
    # Round, as what is left is shown.
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach))
    return np.asarray(resize(cv2.morphologyEx(small, cv2.MORPH_OPEN, disc), *doubt.shape), np.float32)


def matte_of_labels(
    labels: npt.NDArray[np.uint8], pixels: Pixels, *, feather: float = FEATHER, horizon: float | None = None
) -> Matte:
    """The matte of somebody's own labels; their borders move to the photo's edges.

    Args:
        labels: uint8 (H, W): 0 other, 1 sky, 2 water, 255 unknown (treated as other).
        pixels: The photo, uint8 (H, W, 3) RGB.
        feather: Width of the soft border as a fraction of the long side, 0 for hard ones.
        horizon: Fraction of the height; None asks :func:`landscape.masks.horizon.find_horizon`.

    Raises:
        LandscapeError: If the sizes differ.
    """
    if pixels.shape[:2] != labels.shape:
        raise LandscapeError("The mask and the photo differ in size; give a mask of the photo's size.")
    rows, columns = work_size(*labels.shape)
    photo = resize(pixels, rows, columns)
    shares = np.clip(soften(_snapped(labels, photo), feather), 0, 1)
    shares /= np.maximum(shares.sum(axis=2, keepdims=True), 1)
    sky, water = (np.ascontiguousarray(shares[..., index]) for index in range(2))
    return _completed(photo, sky, water, np.ones((rows, columns), np.float32), horizon)


def _snapped(labels: npt.NDArray[np.uint8], photo: Pixels) -> Array:
    """Shares (H, W, 2) of sky and water whose borders follow a photo's edges, of labels at any size."""
    rows, columns = photo.shape[:2]
    planes = np.stack([resize((labels == value).astype(np.float32), rows, columns) for value in (SKY, WATER)], axis=2)
    return np.clip(SNAP_SLOPE * (guided(planes, photo, radius=SNAP_RADIUS) - 0.5) + 0.5, 0, 1)


def completed(matte: Matte, pixels: Pixels, certainty: Array | None = None) -> Matte:
    """A matte that was read from a file, with what shines in its sky and how much its water mirrors.

    Args:
        matte: The matte.
        pixels: Its photo, uint8 (H, W, 3), at any size.
        certainty: (H, W) in [0, 1], for a matte whose horizon is to be found as well; None keeps its own.
    """
    photo = resize(pixels, *matte.sky.shape)
    sure, level = (matte.certainty, matte.horizon) if certainty is None else (certainty, None)
    return _completed(photo, matte.sky, matte.water, sure, level, matte.freeze)


def _completed(
    photo: Pixels, sky: Array, water: Array, certainty: Array, horizon: float | None = None, freeze: Array | None = None
) -> Matte:
    sky, water, certainty = (in_steps(plane) for plane in (sky, water, certainty))
    frozen = np.broadcast_to(np.float32(0), sky.shape) if freeze is None else in_steps(freeze)
    matte = Matte.certain(sky, water, frozen, 0.5)
    level = find_horizon(matte.labels()) if horizon is None else horizon
    # Where no water was found somebody may paint some.
    wet = water if water.mean() > _WET else 1 - sky
    mirror = mirror_likeness(photo, wet)
    return dataclasses.replace(matte, horizon=level, certainty=certainty, glow=find_glow(photo, sky), mirror=mirror)


def look_softly(photo: Pixels, segmenter: nn.Module, device: str = "cpu") -> Array:
    """The segmenter's probabilities, with a closer look at borders.

    Args:
        photo: uint8 (H, W, 3) RGB.
        segmenter: The network, in evaluation mode on ``device``.
        device: Torch device.

    Returns:
        Probabilities of other, sky and water, float32 (H, W, 3).
    """
    rows, columns = photo.shape[:2]
    # There is nothing more to see in small photos.
    sides = (NETWORK_SIDE, CLOSER_SIDE) if max(photo.shape) > NETWORK_SIDE else (NETWORK_SIDE,)
    with ThreadPoolExecutor(2 if torch.get_num_threads() == 1 else 1) as pool:  # as somebody waits
        looks = pool.map(lambda side: segment_softly(photo, segmenter, device, side), sides)
    soft, *closer = (resize(look, rows, columns) for look in looks)
    return blend_in(soft, closer[0]) if closer else soft


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
