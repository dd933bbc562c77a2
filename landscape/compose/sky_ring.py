"""Where the sky goes on beyond its photo: copies of itself, joined along the least visible cuts.

The sky of a photo ends at its borders and at the land. Copies of it are laid one after another on a ring (Kwatra et
al., Graphcut Textures, 2003): each where it agrees best with what is there and at about its own height above the
ground (He & Sun, Statistics of Patch Offsets, 2012), with few clouds that are seen near by already, cut along the seam
of least difference; what differs across a seam is taken out by a membrane that fades with the distance (Pérez et al.,
Poisson Image Editing, 2003).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np
import numpy.typing as npt
from scipy import fft

from landscape.compose.separation import beyond_borders
from landscape.compose.sky_seam import taken_over
from landscape.compose.sky_twins import Twins, spectra
from landscape.images.filters import fill
from landscape.images.pixels import Array

Mask = npt.NDArray[np.bool_]

MOST_COPIES = 32
"""Copies after which what is still empty is filled smoothly."""
MARGIN = 0.05
"""Distance, in photo widths, over which the photo's sky is first continued by its own reflection: cuts through it end
the photo's sky neither along straight borders nor along the land."""
_STRIP = 0.16
"""Width of the strip beside the empty parts in which a copy must agree with what is there, in photo widths."""
_LEAST_TOUCH, _LEAST_NEW = 0.25, 0.15
"""Least contact with such strips, and least empty part that a copy fills, as parts of the most that any copy could."""
_WASTE = 1.0
"""What it costs, in variances of the sky, to have no contact or to fill nothing."""
_UPRIGHT = 0.12
"""Height, in photo widths, by which a copy is moved up or down at the cost of a mismatch of the sky's variance."""
_TWIN = 16.0
"""What it costs, in variances of the sky, to show nothing but clouds that are seen beside it as well."""
_CLOUDS = 4.0
"""What it costs to show none at all."""
_CLOUDY = 4.0
"""Most that a pixel counts as a cloud, in variances of the sky."""
_MEMBRANE = 0.06
"""Distance, in photo widths, over which differences across a seam fade."""
_EMPTY = 0.003
"""Part of the ring that may stay empty."""


@dataclass(frozen=True)
class Copy:
    """A copy of the photo's sky on the ring.

    Attributes:
        x: Column of the ring on which the copy's first column lies.
        y: Row of the ring on which the photo's first row lies.
        mirrored: Whether left and right are exchanged.
    """

    x: int
    y: int
    mirrored: bool


@dataclass(frozen=True)
class Arrangement:
    """How a ring is laid out with copies of a sky; independent of the size at which it is then drawn.

    Attributes:
        width: Width of the photo, in pixels of the arrangement.
        above: Rows of the ring above the photo's first row.
        copies: The copies; the first is the photo itself.
        labels: (h, w) int16 index of the copy in each pixel of the ring, -1 where there is none.
        correction: (h, w, 3) what is added to the copies so that seams agree, 0 to 255.
    """

    width: int
    above: int
    copies: tuple[Copy, ...]
    labels: npt.NDArray[np.int16] = field(repr=False)
    correction: Array = field(repr=False)


def arrange(continued: Array, known: Mask, *, widths: float = 3.0, above: float = 0.3, seed: int = 0) -> Arrangement:
    """Lay out a ring.

    Args:
        continued: (h, w, 3) the sky without its smooth colours, 0 to 255 around 0, continued by reflection beyond the
            known pixels; some 150 to 250 pixels wide.
        known: (h, w) pixels that are sky and nothing else.
        widths: Length of the ring in photo widths.
        above: Height of the ring above the photo, in heights of the relief.
        seed: Breaks ties between equally good places.

    Returns:
        The arrangement.
    """
    return _Ring(
        continued, known, 2 * round(widths * known.shape[1] / 2), 2 * round(above * known.shape[0] / 2), seed
    ).filled()


class _Ring:
    def __init__(self, relief: Array, known: Mask, length: int, above: int, seed: int) -> None:
        height, width = known.shape
        self._width, self._above, self._length = width, above, length
        self._sources = [np.where(side[..., None], image, 0) for image, side in self._sides(relief, known)]
        self._known = [side for _, side in self._sides(relief, known)]
        shape = (height + above, length)
        self._value = np.zeros((*shape, 3), np.float32)
        self._labels = np.full(shape, -1, np.int16)
        self._correction = np.zeros((*shape, 3), np.float32)
        self._copies = [Copy(0, above, False)]
        margin = round(MARGIN * width)
        pads = (min(margin, above), 0, margin, margin)
        image = beyond_borders(relief, pads[0], margin)
        seen = cv2.copyMakeBorder((~known).astype(np.uint8), *pads, cv2.BORDER_CONSTANT, value=1)
        near = cv2.distanceTransform(seen, cv2.DIST_L2, cv2.DIST_MASK_5) <= margin
        window = (slice(above - pads[0], None), np.arange(-margin, width + margin) % length)
        self._labels[window] = np.where(near, 0, -1)
        self._value[window] = np.where(near[..., None], image, 0)
        self._own = np.zeros(shape, bool)
        self._own[above:, :width] = known
        self._variance = float((self._sources[0] ** 2).sum() / max(1, known.sum())) + 1.0
        # Tiny noise keeps skies without any texture from always choosing the first of equal places.
        self._noise = np.random.default_rng(seed)

        self._size = (fft.next_fast_len(shape[0] // 2 + height // 2, real=True), length // 2)
        self._small_known = [_halved(side.astype(np.float32)) for side in self._known]
        self._spectra = [self._kept_spectra(mirrored) for mirrored in (False, True)]
        square = (self._sources[0] ** 2).sum(axis=2) / self._variance
        self._twins = Twins(np.minimum(_halved(square * self._known[0]), _CLOUDY), self._size)
        self._remember(self._copies[0], self._labels == 0)

    @staticmethod
    def _sides(relief: Array, known: Mask) -> tuple[tuple[Array, Mask], tuple[Array, Mask]]:
        return (relief, known), (np.ascontiguousarray(relief[:, ::-1]), np.ascontiguousarray(known[:, ::-1]))

    def filled(self) -> Arrangement:
        while len(self._copies) < MOST_COPIES and (self._labels < 0).mean() > _EMPTY:
            copy = self._best()
            if copy is None:
                break
            self._lay(copy)
        return Arrangement(self._width, self._above, tuple(self._copies), self._labels, self._correction)

    def _best(self) -> Copy | None:
        """The copy that agrees best with what is there among those that fill much; looked for at half the size."""
        filled = _halved((self._labels >= 0).astype(np.float32))
        strip = filled * _halved(self._near().astype(np.float32))
        value = _halved(self._value)
        rows, length = filled.shape
        height, size = self._small_known[0].shape[0], self._size

        def spectrum(image: Array) -> Array:
            return np.asarray(fft.rfft2(image, size), np.complex64)

        there = [spectrum(image) for image in (strip, 1 - filled, strip * (value**2).sum(axis=2))]
        there += [spectrum(strip * value[..., channel]) for channel in range(3)]
        up = np.arange(size[0], dtype=np.float32)
        up = np.where(up > rows, up - size[0], up) - self._above // 2
        best, found = np.inf, None
        for mirrored in (False, True):
            known, square, *colours = self._spectra[mirrored]
            touch, new = (fft.irfft2(image * known, size) for image in there[:2])
            both = sum(image * colour for image, colour in zip(there[3:], colours, strict=True))
            error = fft.irfft2(there[2] * known + there[0] * square - 2 * both, size)
            most = max(float(touch.max()), 1.0), max(float(new.max()), 1.0)
            cost = error / np.maximum(touch, 1) / self._variance
            cost += (np.abs(up) / (_UPRIGHT * self._width))[:, None]
            cost += _TWIN * self._twins.beside(there[1], mirrored) / np.maximum(new, 1)
            cost -= _CLOUDS * np.minimum(self._twins.added(there[1], mirrored) / np.maximum(new, 1), 1)
            cost -= _WASTE * (touch / most[0] + 4 * new / most[1])
            unfit = (touch < _LEAST_TOUCH * most[0]) | (new < _LEAST_NEW * most[1]) | (new < 0.5)
            cost[unfit | (np.abs(up)[:, None] > height)] = np.inf
            cost += 1e-3 * self._noise.random(cost.shape)
            row, column = divmod(int(cost.argmin()), length)
            if cost[row, column] < best:
                best = float(cost[row, column])
                found = Copy(2 * column, int(2 * up[row]) + self._above, mirrored)
        return found

    def _kept_spectra(self, mirrored: bool) -> list[Array]:
        """Conjugate spectra of a copy's known pixels, of their squares and of their colours."""
        known = _halved(self._known[mirrored].astype(np.float32))
        colours = _halved(self._sources[mirrored])
        images = [known, (colours**2).sum(axis=2) * known, *(colours[..., channel] * known for channel in range(3))]
        return spectra(images, self._size)

    def _remember(self, copy: Copy, taken: Mask) -> None:
        """Note which pixels of a copy are seen, where it took the ring over."""
        first, last = max(0, copy.y), min(taken.shape[0], copy.y + self._known[0].shape[0])
        seen = np.zeros(self._known[0].shape, np.float32)
        columns = np.arange(copy.x, copy.x + self._width) % self._length
        seen[first - copy.y : last - copy.y] = taken[first:last][:, columns]
        self._twins.remember(copy.x / 2, copy.mirrored, _halved(seen))

    def _near(self) -> Mask:
        """Pixels in or near the empty parts."""
        reach = 2 * max(1, round(_STRIP * self._width)) + 1
        empty = cv2.copyMakeBorder((self._labels < 0).astype(np.uint8), 0, 0, reach, reach, cv2.BORDER_WRAP)
        return np.asarray(cv2.dilate(empty, np.ones((reach, reach), np.uint8))[:, reach:-reach] > 0)

    def _lay(self, copy: Copy) -> None:
        """Lay a copy, cut where it agrees with what is there."""
        rows, length = self._labels.shape
        height = rows - self._above
        turn = length // 2 - (copy.x + self._width // 2)
        value, labels, own, correction = (
            np.roll(image, turn, axis=1) for image in (self._value, self._labels, self._own, self._correction)
        )
        left = (copy.x + turn) % length
        image, known = np.zeros_like(value), np.zeros(labels.shape, bool)
        first, last = max(0, copy.y), min(rows, copy.y + height)
        part = slice(first - copy.y, last - copy.y)
        image[first:last, left : left + self._width] = self._sources[copy.mirrored][part]
        known[first:last, left : left + self._width] = self._known[copy.mirrored][part]
        taken = taken_over(value, labels >= 0, image, known, own, np.roll(self._near(), turn, axis=1))
        kept = (labels >= 0) & ~taken
        # What differs on the other side of the seam fades into the copy; where the copy ends at the seam, its last
        # pixels are compared.
        beside = kept & (cv2.dilate(taken.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0)
        if beside.any():
            reach = _MEMBRANE * self._width
            counted = cv2.boxFilter(known.astype(np.float32), -1, (3, 3), normalize=False)[..., None]
            last_ones = cv2.boxFilter(image, -1, (3, 3), normalize=False) / np.maximum(counted, 1)
            difference = value - np.where(known[..., None], image, last_ones)
            difference = fill(np.where(beside[..., None], difference, 0), beside.astype(np.float32))
            distance = cv2.distanceTransform((~beside).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5)
            new = difference * np.exp(-distance / reach)[..., None]
        else:
            new = np.zeros_like(value)
        value[taken] = (image + new)[taken]
        correction[taken] = new[taken]
        labels[taken] = len(self._copies)
        self._copies.append(copy)
        self._remember(copy, np.roll(taken, -turn, axis=1))
        self._value, self._labels, self._correction = (
            np.roll(image, -turn, axis=1) for image in (value, labels, correction)
        )


def _halved(image: Array) -> Array:
    size = (image.shape[1] // 2, image.shape[0] // 2)
    return np.asarray(cv2.resize(image[: 2 * size[1], : 2 * size[0]], size, interpolation=cv2.INTER_AREA))
