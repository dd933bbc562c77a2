"""The colour line: how much of a pixel at a border is sky or water, by the colours on both sides.

This is the model of matting in which a pixel lies on the line between the colour before it and the one behind it, with
both known from nearby sure pixels.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np
import numpy.typing as npt

from landscape.images.filters import blur, fill, smoothstep
from landscape.images.grid import Grid, GridWindow, with_ring
from landscape.images.pixels import Array

_SURE = 0.98
"""Share of the mask above which a pixel belongs to the region alone."""
_LEANING = (0.45, 0.75)
"""Shares of the mask from which a pixel's colour alone may, and does, give it to the region.

Under them it does not, as hazy hills have the colours of clouds."""
_EDGE_BAND = 0.012
"""Width of the band at the mask's edge, as a fraction of the long side, in which single pixels are checked."""
_DISTINCT = (25.0, 45.0)
"""Distances of the colours on both sides of the edge, 0 to 255, from which pixels are told apart, and surely."""
_STRANGE = (0.8, 1.2)
"""Near an edge, pixels this far from the line between the two sides' colours, in units of the usual, are strangers."""
_USUAL = (3.0, 20.0)
"""The usual distance: so many standard deviations of the region's colours nearby, and so much, 0 to 255."""
_COLOUR_LINE = (0.25, 0.85)
"""Pixels this far on the way from the region's colour to the other side's begin to, and surely, belong to that."""
_THREAD = 0.002
"""Half the width, as a fraction of the long side, up to which a doubtful thread within the region belongs to it."""
_DOUBTFUL = 0.4
"""Share of the region that a doubtful thread and all around it have at least; branches, wires and ridges have less."""
_PALETTE = 8
"""Colours that a side's pixels are summed up in."""
_SAMPLES = 4000
"""Pixels that a palette is made of."""
_OWN_COLOUR = (18.0, 36.0)
"""Distances, 0 to 255, to the nearest colour of the region up to which a pixel surely and perhaps has that colour."""
_NEARER = (0.7, 1.0)
"""The same as ratios to the distance to the nearest colour of the other side."""
_UNEXPLAINED = (10.0, 30.0)
"""Errors of colours, 0 to 255, from which a pixel is no mixture of what moves and what stands still."""
_OWN = (0.85, 0.97)
"""Share of mask and matte from which a pixel begins to be, and is, the region's own whatever it looks like."""
_BLURRED = 0.004
"""Edges are blurred over so much at most, as a fraction of the long side: farther off, what is between the colours of
both sides is a thing of that colour."""
_OVERSHOT = 1.6
"""How far halos go, as a ratio to the difference of both sides' colours."""
_CONTRAST = 100.0
"""Such errors are larger where both sides differ by more than this, 0 to 255: halos have odd tints."""
_SPREAD = 8.0
"""Colours behind a region may leave the range of the pixel's and the other side's colour by so much, 0 to 255."""
_GRID_SIDE = 768
"""Long side in pixels of the grid that smooth colours are on."""


@dataclass(frozen=True)
class Border:
    """The colours on both sides of a region's edge, smooth over the photo, on the grid.

    A pixel's place between the two tells how much of it is the region: the colour-line model of matting, with both
    colours known from nearby sure pixels. Pixels far from the line between the two are not the region, unless they have
    a colour that it has elsewhere and the other side has not: the blue between a cloud and a ridge.

    Attributes:
        own: (h, w, 3) colours of the region, 0 to 255.
        spread: (h, w) the largest usual distance of the region's pixels to them.
        band: (h, w) in [0, 1], how much the edge is near.
        axis: (h, w, 3) from the region's colour to the other side's, divided by its squared length.
        start: (h, w) where the region's colour lies on the axis.
        distinct: (h, w) in [0, 1], how much the two sides differ in colour.
        other: (h, w, 3) colours of the other side, 0 to 255.
        palettes: (n, 3) colours that the region has anywhere, and (m, 3) of everything else.
    """

    own: Array = field(repr=False)
    spread: Array = field(repr=False)
    band: Array = field(repr=False)
    axis: Array = field(repr=False)
    start: Array = field(repr=False)
    distinct: Array = field(repr=False)
    other: Array = field(repr=False)
    palettes: tuple[Array, Array] = field(repr=False)

    def matte(self, photo: npt.NDArray[np.uint8], mask: Array, grid: Grid, window: GridWindow) -> Array:
        """Refine a mask's edge by the photo's pixels.

        Args:
            photo: (H', W', 3) uint8, the window's pixels.
            mask: (H', W') in [0, 1].
            grid: The grid that these colours are on, or one with the same pixels at another scale.
            window: Grid rows and columns.

        Returns:
            (H', W') in [0, 1].
        """
        band = grid.enlarge(with_ring(self.band, window), window)
        if not band.any():
            return mask
        models = [self.own, self.other, self.spread, self.axis, self.start, self.distinct]
        own, other, spread, axis, start, distinct = (grid.enlarge(with_ring(model, window), window) for model in models)
        low, high = _COLOUR_LINE
        along = (photo * axis).sum(axis=2) - start
        region = 1 - np.clip((along - low) / (high - low), 0, 1)
        # What the mask surely gives to the other side stays there: rocks may have the colour of the sky.
        region *= np.clip((mask - 1 + _SURE) * 20, 0, 1)
        refined = mask + distinct * (region - mask)
        apart = photo - own - np.clip(along, 0, 1)[..., None] * (other - own)
        refined *= 1 - smoothstep(np.sqrt((apart**2).sum(axis=2)) / spread, *_STRANGE)
        doubtful = (band > 0) & (mask > _LEANING[0]) & (refined < _SURE)
        known = self._known(photo[doubtful]) * smoothstep(mask[doubtful], *_LEANING)
        refined[doubtful] = np.maximum(refined[doubtful], known)
        # Colours that neither side knows, as where the blue begins beneath a cloud, leave threads of doubt in the sky.
        reach = 2 * max(1, round(_THREAD * max(grid.height, grid.width))) + 1
        kernel = np.ones((reach, reach), np.uint8)
        apart = cv2.erode(refined, kernel) > _DOUBTFUL
        refined = np.where(apart, np.maximum(refined, cv2.morphologyEx(refined, cv2.MORPH_CLOSE, kernel)), refined)
        return np.asarray(mask + band * (refined - mask), np.float32)

    def _known(self, pixels: npt.NDArray[np.uint8]) -> Array:
        """How surely pixels (N, 3) have a colour that the region alone has, (N,) in [0, 1]."""
        own, other = (
            np.sqrt(((pixels[:, None].astype(np.float32) - palette) ** 2).sum(axis=2)).min(axis=1, initial=1e3)
            for palette in self.palettes
        )
        return (1 - smoothstep(own, *_OWN_COLOUR)) * (1 - smoothstep(own / np.maximum(other, 1), *_NEARER))


def find_border(photo: npt.NDArray[np.uint8], mask: Array, grid: Grid) -> Border:
    """Learn the colours on both sides of a region's edge.

    Args:
        photo: (H, W, 3) uint8.
        mask: (H, W) in [0, 1].
        grid: Grid over the photo.
    """
    sigma = _EDGE_BAND * max(grid.rows, grid.columns)
    sides = [mask > _SURE, mask < 1 - _SURE]
    shares = [blur(grid.down(side), sigma) for side in sides]
    own, other = (
        blur(grid.down(photo * side[..., None]), sigma) / np.maximum(share, 1e-3)[..., None]
        for side, share in zip(sides, shares, strict=True)
    )
    distance = ((photo - grid.up(own)) ** 2).sum(axis=2) * sides[0]
    variance = blur(grid.down(distance), sigma) / np.maximum(shares[0], 1e-3)
    axis = other - own
    length = np.maximum((axis**2).sum(axis=2), 1)
    axis = axis / length[..., None]
    return Border(
        own=own,
        spread=np.asarray(_USUAL[0] * np.sqrt(variance) + _USUAL[1], np.float32),
        band=smoothstep(shares[0], 0.02, 0.08) * smoothstep(shares[1], 0.02, 0.08),
        axis=axis,
        start=(own * axis).sum(axis=2),
        distinct=smoothstep(np.sqrt(length), *_DISTINCT),
        other=other,
        palettes=(_palette(photo[sides[0]]), _palette(photo[sides[1]])),
    )


def _palette(pixels: npt.NDArray[np.uint8]) -> Array:
    """The most typical colours of pixels (N, 3), at most :data:`_PALETTE` of them."""
    chosen = pixels[:: max(1, len(pixels) // _SAMPLES)].astype(np.float32)
    if len(chosen) <= _PALETTE:
        return chosen
    # Clustering that begins with bands of luminance gives the same colours every time.
    order = chosen.sum(axis=1).argsort(kind="stable")
    labels = np.empty((len(chosen), 1), np.int32)
    labels[order, 0] = np.arange(len(chosen)) * _PALETTE // len(chosen)
    criteria = (cv2.TERM_CRITERIA_MAX_ITER, 20, 0.0)
    _, _, centres = cv2.kmeans(chosen, _PALETTE, labels, criteria, 1, cv2.KMEANS_USE_INITIAL_LABELS)
    return np.asarray(centres, np.float32)


def along_colours(photo: npt.NDArray[np.uint8], share: Array) -> Array:
    """Refine the border of a share by the photo's colours.

    Args:
        photo: (H, W, 3) uint8.
        share: (H, W) share of the region, in [0, 1].

    Returns:
        (H, W) in [0, 1].
    """
    height, width = share.shape
    grid = Grid(height, width, max(1, round(max(height, width) / _GRID_SIDE)))
    border = find_border(photo, share, grid)
    return _explained(photo, share, border.matte(photo, share, grid, grid.whole), grid.up(border.other))


def _explained(photo: npt.NDArray[np.uint8], share: Array, refined: Array, other: Array) -> Array:
    """Lower shares (H, W) of which no mixture of the region's colours and the others' (H, W, 3) makes the pixel.

    Beside the region's own pixels a smaller share may explain it; what no share explains stands still.
    """
    own = smoothstep(np.minimum(refined, share), *_OWN)
    mixed = (refined > 0) & (own < 1)
    if not mixed.any() or not (refined > _SURE).any():
        return refined
    reach = 2 * max(1, round(_BLURRED * max(share.shape))) + 1
    near = cv2.dilate(own, np.ones((reach, reach), np.uint8))[mixed] > 0.5
    region = fill(photo.astype(np.float32), np.asarray(refined > _SURE, np.float32))[mixed]
    pixel, part, behind = photo[mixed].astype(np.float32), refined[mixed][:, None], other[mixed]
    left = (pixel - part * region) / np.maximum(1 - part, 0.05)
    left = np.clip(left, np.minimum(pixel, behind) - _SPREAD, np.maximum(pixel, behind) + _SPREAD)
    error = np.abs(part * region + (1 - part) * left - pixel).max(axis=1, keepdims=True)
    doubt = smoothstep(error, *_UNEXPLAINED) * (1 - own[mixed])[:, None]
    smaller = np.where(near[:, None], np.minimum(part, _share_between(pixel, region, behind)), 0)
    result = refined.copy()
    result[mixed] = (part + doubt * (smaller - part))[:, 0]
    return result


def _share_between(pixel: Array, moving: Array, other: Array) -> Array:
    """Share of the region in pixels (N, 3) that lie between the colours of both sides, (N, 1); 0 in all others.

    Sharpening draws a halo along an edge: colours beyond the region's are the region.
    """
    axis = moving - other
    share = ((pixel - other) * axis).sum(axis=1, keepdims=True) / np.maximum((axis**2).sum(axis=1, keepdims=True), 1)
    share = np.clip(share, 0, _OVERSHOT)
    error = np.abs(other + share * axis - pixel).max(axis=1, keepdims=True)
    scale = np.maximum(np.abs(axis).max(axis=1, keepdims=True) / _CONTRAST, 1)
    return np.asarray(np.minimum(share, 1) * (1 - smoothstep(error / scale, *_UNEXPLAINED)), np.float32)
