"""Clouds that would be seen beside themselves: where on a ring which clouds of the photo lie, as copies are laid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import fft

from landscape.images.pixels import Array

_APART = 0.7
"""Distance in photo widths below which a cloud and its copy would be seen together."""
_STRIPES = 4
"""Upright parts of the photo whose clouds are looked for one by one."""


@dataclass(frozen=True)
class _Shown:
    """Clouds of the photo that are seen somewhere on the ring.

    Attributes:
        column: Their mean column in the photo.
        at: The same on the ring.
        spectra: Conjugate spectra of their cloudiness in the photo, and in its mirror image.
    """

    column: float
    at: float
    spectra: list[Array]


class Twins:
    """Which clouds of the photo are seen where on the ring.

    Args:
        cloudy: (h, w) how much of a cloud each pixel of the photo's sky is, 1 on average.
        size: Rows and columns of the places at which copies are tried.
    """

    def __init__(self, cloudy: Array, size: tuple[int, int]) -> None:
        self._cloudy, self._size = cloudy, size
        self._shown: list[_Shown] = []
        self._whole = spectra((cloudy, cloudy[:, ::-1]), size)

    def added(self, empty: Array, mirrored: bool) -> Array:
        """How many cloudy pixels a copy would add, for each place; arguments as of :meth:`beside`."""
        return np.asarray(fft.irfft2(empty * self._whole[mirrored], self._size), np.float32)

    def remember(self, column: float, mirrored: bool, seen: Array) -> None:
        """Note what is seen of a copy.

        Args:
            column: Column of the ring on which the copy's first column lies.
            mirrored: Whether left and right are exchanged.
            seen: (h, w) which of its pixels are seen, in [0, 1].
        """
        clouds = self._cloudy * (seen[:, ::-1] if mirrored else seen)
        last = clouds.shape[1] - 1
        for part in np.array_split(np.arange(last + 1), _STRIPES):
            stripe = np.zeros_like(clouds)
            stripe[:, part] = clouds[:, part]
            along = stripe.sum(axis=0)
            if float(along.sum()) < 1:
                continue
            middle = float((along * np.arange(last + 1)).sum() / along.sum())
            at = column + (last - middle if mirrored else middle)
            self._shown.append(_Shown(middle, at, spectra((stripe, stripe[:, ::-1]), self._size)))

    def beside(self, empty: Array, mirrored: bool) -> Array:
        """How many cloudy pixels a copy would add of clouds that are seen beside it, the more the nearer they are.

        Args:
            empty: Spectrum of what is empty on the ring.
            mirrored: Whether the copy is.

        Returns:
            A number for each place at which the copy may begin.
        """
        width, length = self._cloudy.shape[1], self._size[1]
        place = np.arange(length, dtype=np.float32)
        total = np.zeros(self._size, np.float32)
        for shown in self._shown:
            column = width - 1 - shown.column if mirrored else shown.column
            apart = np.abs((place + np.float32(column - shown.at) + length / 2) % length - length / 2)
            near = np.clip(1 - apart / np.float32(_APART * width), 0, 1) ** 2
            total += near * fft.irfft2(empty * shown.spectra[mirrored], self._size)
        return total


def spectra(images: Sequence[Array], size: tuple[int, int]) -> list[Array]:
    """Conjugate spectra of images (h, w), padded to a size: multiplied with that of a ring they correlate with it."""
    return [np.conj(np.asarray(fft.rfft2(image, size), np.complex64)) for image in images]
