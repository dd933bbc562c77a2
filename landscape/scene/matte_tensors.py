"""A matte as tensors for scene files, and back."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from landscape.images.filters import resize
from landscape.masks.find import completed
from landscape.masks.glow import Glow
from landscape.masks.matte import STEPS, Matte
from landscape.masks.sizes import work_size
from landscape.photo.read import Photo

MOST_BYTES = 16
"""Bytes that the tensors of any format hold for each of the photo's pixels at most."""
_SHARES = ("sky", "water", "freeze", "certainty")
_GLOW = ("backdrop", "place", "burnt")


def matte_size(photo: Photo) -> tuple[int, int]:
    """Height and width in pixels of a photo's matte."""
    return work_size(photo.height, photo.width)


def matte_tensors(matte: Matte) -> dict[str, Tensor]:
    """The matte's planes: shares (H, W) uint16 in parts of 65535; of what shines (H, W, 3) and (H, W) uint8."""
    planes = {name: np.rint(STEPS * np.clip(getattr(matte, name), 0, 1)).astype(np.uint16) for name in _SHARES}
    if matte.glow is not None:
        planes |= {name: resize(getattr(matte.glow, name), *matte.sky.shape) for name in _GLOW}
    return {name: torch.from_numpy(np.ascontiguousarray(plane)) for name, plane in planes.items()}


def read_matte(tensors: dict[str, Tensor], photo: Photo, horizon: float, mirror: float, night: bool) -> Matte:
    """Put a matte together again.

    Args:
        tensors: What :func:`matte_tensors` gave.
        photo: The photo.
        horizon: Fraction of the height.
        mirror: How much the water is a mirror.
        night: Whether moon and stars shine, and not the sun.

    Raises:
        ValueError: If the tensors are those of no matte of the photo.
    """
    size = matte_size(photo)
    glowing = "backdrop" in tensors
    if set(tensors) != {*_SHARES, *(_GLOW if glowing else ())} or not -1 <= mirror <= 1:
        raise ValueError("matte")
    for name, item in tensors.items():
        kind = torch.uint16 if name in _SHARES else torch.uint8
        if item.dtype != kind or item.shape != (size if name != "backdrop" else (*size, 3)):
            raise ValueError(name)
    if int((tensors["sky"].numpy().astype(np.int32) + tensors["water"].numpy()).max()) > STEPS + 1:
        raise ValueError("shares")
    sky, water, freeze, certainty = (np.asarray(tensors[n].numpy() / np.float64(STEPS), np.float32) for n in _SHARES)
    backdrop, place, burnt = (tensors[name].numpy() if glowing else np.empty(0, np.uint8) for name in _GLOW)
    glow = Glow(backdrop, place, burnt, night) if glowing else None
    return Matte(sky, water, freeze, horizon, certainty, glow, mirror)


def read_masks(tensors: dict[str, Tensor], photo: Photo, horizon: float) -> Matte:
    """The matte of masks of format 1: ``sky``, ``water`` and ``freeze``, float32 at the photo's size.

    Raises:
        ValueError: If the tensors are no masks of the photo.
    """
    names = _SHARES[:3]
    if set(tensors) != set(names):
        raise ValueError("masks")
    for item in tensors.values():
        fits = item.shape == (photo.height, photo.width) and item.dtype == torch.float32
        if not fits or not bool(((item >= 0) & (item <= 1)).all()):
            raise ValueError("masks")
    sky, water, freeze = (tensors[name].numpy() for name in names)
    masks = Matte.certain(sky, water, freeze, horizon)
    return completed(masks.resized(*matte_size(photo)), photo.pixels)
