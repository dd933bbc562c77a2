"""The pieces of a sky that travel as one: clouds and groups of clouds, each at the speed of its height.

Cutting a sky into rows tears every cloud that is higher than a row. Its pieces are therefore the catchment areas of its
clouds (watershed): their borders run through the gaps between clouds.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property

import cv2
import numpy as np
import numpy.typing as npt
from scipy import ndimage

from landscape.images.filters import blur
from landscape.images.pixels import Array

_FINE = 0.016
"""Blur, in photo widths, of the clouds whose catchment areas are pieces."""
_DEPTH = 0.8
"""Depth of the gap between two clouds from which they are two pieces, in standard deviations of the clouds."""
_SOFT = 0.75
"""Softness of the pieces' borders in parts of the size of the clouds' own ones: a soft sky has no hard borders."""
_LEVELS = 48
"""Levels at which catchment areas are found."""
_LEAST_SPREAD = 3.0
"""Least deviation of a sky's luminance, 0 to 255, whose pieces are told apart by it."""


@dataclass(frozen=True)
class Pieces:
    """Pieces of a ring.

    Attributes:
        number: (h, w) int32 number of the piece in each pixel of the ring, from 0.
        row: (n,) the mean row of each piece, in pixels of the ring.
        prominence: (h, w) how much of a cloud a pixel is, about -1 to 1: clouds are what is rarer nearby.
    """

    number: npt.NDArray[np.int32] = field(repr=False)
    row: Array = field(repr=False)
    prominence: Array = field(repr=False)

    def shares(self, centres: Array, width: int) -> Array:
        """Share of each layer in each pixel.

        Args:
            centres: (k,) rows of the layers' middles, in pixels of the ring.
            width: Width of the photo in pixels of the ring.

        Returns:
            (k, h, w) in [0, 1]; they add up to 1.
        """
        layer = np.abs(self.row[:, None] - centres[None, :]).argmin(axis=1)[self.number]
        soft = _SOFT * self._size_of_detail
        pad = max(2, round(6 * soft))
        shares = []
        for index in range(len(centres)):
            mask = cv2.copyMakeBorder((layer == index).astype(np.float32), 0, 0, pad, pad, cv2.BORDER_WRAP)
            shares.append(blur(mask, soft)[:, pad:-pad])
        return np.asarray(np.stack(shares), np.float32)

    @cached_property
    def _size_of_detail(self) -> float:
        """How far clouds change over, in pixels of the ring, 1 or more."""
        light = np.ascontiguousarray(self.prominence)
        steepness = [cv2.Sobel(light, cv2.CV_32F, *way, scale=1 / 8) for way in ((1, 0), (0, 1))]
        steep = sum(float((one**2).mean()) for one in steepness)
        return max(1.0, math.sqrt(float((light**2).mean()) / max(steep, 1e-6)))

    @cached_property
    def middles(self) -> Array:
        """The way (h, w) along the ring, in its pixels, from each pixel to the middle of its piece."""
        length = self.number.shape[1]
        angle = np.broadcast_to(2 * np.pi * np.arange(length) / length, self.number.shape).ravel()
        number = self.number.ravel()
        sine, cosine = (np.bincount(number, part, len(self.row)) for part in (np.sin(angle), np.cos(angle)))
        middle = np.arctan2(sine, cosine) / (2 * np.pi) * length
        away = middle[self.number] - np.arange(length)
        return np.asarray((away + length / 2) % length - length / 2, np.float32)


def find_pieces(relief: Array, width: int) -> Pieces:
    """Find the pieces of a ring.

    Args:
        relief: (h, w, 3) the ring's colours without the smooth ones, 0 to 255 around 0.
        width: Width of the photo in pixels of the ring.
    """
    pad = width // 2
    light = cv2.copyMakeBorder(relief.mean(axis=2), 0, 0, pad, pad, cv2.BORDER_WRAP)
    prominence = _prominence(light, 0.25 * width)[:, pad:-pad]
    cloud = cv2.copyMakeBorder(prominence, 0, 0, pad, pad, cv2.BORDER_WRAP)
    cloud = blur(cloud, max(_FINE * width, 0.6))[:, pad:-pad]
    depth = _DEPTH * max(float(cloud.std()), 1e-3)
    peaks, count = ndimage.label(cloud - _reconstruction(cloud - depth, cloud) > 0.98 * depth, np.ones((3, 3)))
    number = _catchments(cloud, peaks) - 1 if count else np.zeros(cloud.shape, np.int32)
    rows = np.broadcast_to(np.arange(cloud.shape[0], dtype=np.float64)[:, None], cloud.shape)
    weight = (np.maximum(cloud, 0) + 0.02).ravel()  # a piece is where its cloud is, and not the sky around it
    total = np.bincount(number.ravel(), weight, max(count, 1))
    row = np.bincount(number.ravel(), weight * rows.ravel(), max(count, 1)) / np.maximum(total, 1e-6)
    return Pieces(number.astype(np.int32), row.astype(np.float32), prominence)


def _catchments(cloud: Array, peaks: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
    """Number of the peak, from 1, that each pixel of a ring belongs to: peaks spread as the level sinks."""
    number, kernel = peaks.astype(np.uint16), np.ones((3, 3), np.uint8)
    levels = np.quantile(cloud, np.linspace(1, 0, _LEVELS))
    for level in levels:
        free = (cloud >= level) & (number == 0)
        while free.any():
            wide = cv2.copyMakeBorder(number, 0, 0, 1, 1, cv2.BORDER_WRAP)
            grown = free & (cv2.dilate(wide, kernel)[:, 1:-1] > 0)
            if not grown.any():
                break
            number[grown] = cv2.dilate(wide, kernel)[:, 1:-1][grown]
            free &= ~grown
    return number.astype(np.int32)


def _reconstruction(seed: Array, limit: Array) -> Array:
    """Grey-scale reconstruction by dilation: the seed spreads under the limit."""
    kernel = np.ones((3, 3), np.uint8)
    for _ in range(max(limit.shape)):
        grown = np.minimum(cv2.dilate(seed, kernel), limit)
        if np.array_equal(grown, seed):
            break
        seed = grown
    return seed


def _prominence(light: Array, sigma: float) -> Array:
    powers = blur(np.stack([light, light**2, light**3], axis=2).astype(np.float32), sigma)
    mean, square, cube = powers[..., 0], powers[..., 1], powers[..., 2]
    spread = np.maximum(np.sqrt(np.maximum(square - mean**2, 0)), _LEAST_SPREAD)
    skewness = (cube - 3 * mean * square + 2 * mean**3) / spread**3
    # Where neither bright nor dark is rarer, bright is cloud.
    sign = np.where(np.abs(skewness) < 0.2, 1.0, np.sign(skewness))
    return np.asarray(np.clip((light - mean) / (2 * spread), -1, 1) * sign, np.float32)
