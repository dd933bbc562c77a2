"""The sky of a photo as a ring without land, holes or ends, from which its clouds are carried.

The plan of the ring is made once per photo and does not depend on the size at which frames are made; drawing it at a
size copies pixels.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import cv2
import numpy as np
import numpy.typing as npt

from landscape.compose.luminaries import Luminaries
from landscape.compose.separation import reflection
from landscape.compose.sky_backdrop import find_backdrop
from landscape.compose.sky_ring import MARGIN, Arrangement, Copy, arrange
from landscape.images.filters import blur, look_up, smoothstep
from landscape.images.pixels import Array
from landscape.masks.glow import Glow
from landscape.motion.pieces import Pieces, find_pieces

Pixels = npt.NDArray[np.uint8]

PLAN_WIDTH = 640
"""Width in pixels of the photo that a ring is planned with."""
_WIDTH = 160
"""Width of the photo in pixels of the plan."""
_SURE = 0.95
"""Share of the sky above which a pixel counts as sky alone."""
_EDGE = 0.004
"""Distance from the land, in photo widths, within which pixels do not."""
_SHINING = 20.0
"""Light, 0 to 255, from which something shines with a halo."""
_HALO = 0.07
"""Width of halos beyond the glow that is told apart, in photo widths."""
_LEAST = 0.004
"""Least part of the picture that must be sky alone."""
STRIP = 256
"""Rows of a ring that are drawn at a time: what is needed on the way would be larger than the ring."""
_FADE = 0.012
"""Deviation, in photo widths, of the blur by which detail fades from one copy into the next, for it has no membrane."""


@dataclass(frozen=True)
class SkyPlan:
    """How a photo's sky goes on.

    Attributes:
        arrangement: Where on the ring which part of the photo's sky lies.
        pieces: The ring's pieces that travel as one.
        draft: Whether it is only good for the first moments.
    """

    arrangement: Arrangement = field(repr=False)
    pieces: Pieces = field(repr=False)
    draft: bool = False


def plan_sky(photo: Pixels, sky: Array, glow: Glow | None = None, seed: int = 0) -> SkyPlan | None:
    """Plan a ring.

    Args:
        photo: (H, W, 3) uint8, some 640 pixels wide.
        sky: (H, W) share of the sky in each pixel, in [0, 1].
        glow: What shines in it, which is no part of what travels.
        seed: Seed of the plan.

    Returns:
        The plan, or None where there is hardly any sky.
    """
    width = photo.shape[1]
    rows = np.flatnonzero((sky > 0.05).any(axis=1))
    if not len(rows):
        return None
    bottom = min(len(sky), int(rows[-1]) + 2)
    reach = 2 * max(1, round(_EDGE * width)) + 1
    sure = (sky[:bottom] > _SURE).astype(np.uint8)
    known = cv2.erode(sure, np.ones((reach, reach), np.uint8), borderValue=1) > 0
    if known.mean() * bottom < _LEAST * len(sky):
        return None
    dark, luminaries = (photo, None) if glow is None else Luminaries.of(photo, glow)
    colours = dark[:bottom].astype(np.float32)
    if luminaries is not None:
        shining = halo(luminaries.glow[:bottom, :, :3].mean(axis=2), width) > 0.2
        known = known & ~shining if (known & ~shining).any() else known
    whole = np.zeros(sky.shape, bool)
    whole[:bottom] = known
    backdrop = find_backdrop(dark.astype(np.float32), whole)[:bottom]
    relief = continued(colours - backdrop, reflection(known))
    size = (_WIDTH, max(8, round(bottom * _WIDTH / width)))
    small = cv2.resize(relief, size, interpolation=cv2.INTER_AREA)
    there = cv2.resize(known.astype(np.float32), size, interpolation=cv2.INTER_AREA) > 0.99
    if not there.any():
        return None
    arrangement = arrange(small, there, seed=seed)
    return SkyPlan(arrangement, find_pieces(draw(arrangement, small), _WIDTH))


def draft_plan(colours: Array, share: Array) -> SkyPlan | None:
    """Plan a ring in a moment, of the photo and its mirror image, for the first pictures of a photo.

    Args:
        colours: (h, w, 3) smooth colours of the sky, continued beyond it, 0 to 255.
        share: (h, w) share of the sky in each pixel.

    Returns:
        The plan, or None where there is no sky.
    """
    rows = np.flatnonzero((share > 0.05).any(axis=1))
    if not len(rows) or not (share > 0.5).any():
        return None
    bottom = int(rows[-1]) + 1
    relief = (colours - find_backdrop(colours, share > 0.5))[:bottom]
    size = (_WIDTH, max(8, round(bottom * _WIDTH / share.shape[1])))
    arrangement = _turned_over(size[1])
    small = cv2.resize(relief, size, interpolation=cv2.INTER_AREA)
    return SkyPlan(arrangement, find_pieces(draw(arrangement, small), _WIDTH), draft=True)


def halo(glow: Array, width: int) -> Array:
    """Where the sky's look is that of a disc's halo, (h, w) in [0, 1].

    Args:
        glow: (h, w) light of sun, moon and stars, 0 to 255.
        width: Width of the photo in pixels.
    """
    # Stars vanish in the blur.
    disc = blur(np.asarray(glow, np.float32), max(0.5, 0.006 * width)) > _SHINING
    if not disc.any():
        return np.zeros(glow.shape, np.float32)
    distance = cv2.distanceTransform((~disc).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5)
    return np.asarray(1 - smoothstep(distance, 0.0, _HALO * width), np.float32)


def continued(image: Array, offset: Array) -> Array:
    """An image (h, w, C) with the pixels that ``offset`` (h, w, 2) points to in place of its own."""
    y, x = np.mgrid[: image.shape[0], : image.shape[1]].astype(np.float32)
    return look_up(image, x + offset[..., 0], y + offset[..., 1])


def rows_above(arrangement: Arrangement, width: int) -> int:
    """Rows of a ring above the photo's first row, for a photo of this width in pixels."""
    return math.ceil(arrangement.above * width / arrangement.width)


def draw(arrangement: Arrangement, image: npt.NDArray[np.generic], above: int | None = None) -> Array:
    """Draw a ring.

    Args:
        arrangement: The arrangement.
        image: (h, w, C) the sky from the photo's top, continued a little beyond its own pixels; float32 around 0, or
            uint8 around 128. Floats of three channels or more get what makes seams agree, on the first three.
        above: Rows of the ring above the photo; :func:`rows_above` by default.

    Returns:
        (above + h, ring, C) of the image's type.
    """
    height, width = image.shape[:2]
    factor = width / arrangement.width
    above = rows_above(arrangement, width) if above is None else above
    rows, columns = above + height, round(arrangement.labels.shape[1] * factor)
    shift = above - arrangement.above * factor
    floats = image.dtype != np.uint8
    ring = np.full((rows, columns, image.shape[2]), 0 if floats else 128, image.dtype)
    # The photo comes last, over what fades into it, for nothing may change where it is seen.
    order = (*range(1, len(arrangement.copies)), 0)
    shares = ((index, _share_of(arrangement, index, fades=not floats)) for index in order)
    placed = [(i, mask, *_placed(image, i, factor, above, arrangement)) for i, mask in shares if mask.any()]
    for start in range(0, rows, STRIP):
        stop = min(start + STRIP, rows)
        laid = np.zeros((stop - start, columns), np.float32)
        for index, mask, source, x, y in placed:
            first, last = max(start, y), min(stop, y + source.shape[0])
            for part, at in _wrapped(x, source.shape[1], columns) if first < last else []:
                weight = _resized(mask, factor, shift, (first, last), (at.start, at.stop))
                inside, beside = np.flatnonzero(weight.max(axis=0) > 0), np.flatnonzero(weight.max(axis=1) > 0)
                if not len(inside):
                    continue
                cut = (slice(int(beside[0]), int(beside[-1]) + 1), slice(int(inside[0]), int(inside[-1]) + 1))
                here, strip, there = (
                    tuple(slice(a + c.start, a + c.stop) for a, c in zip(corner, cut, strict=True))
                    for corner in ((first, at.start), (first - start, at.start), (first - y, part.start))
                )
                total = laid[strip] + weight[cut]
                share = weight[cut] if index == 0 and not floats else weight[cut] / np.maximum(total, 1e-6)
                piece = np.ascontiguousarray(source[there])
                mixed = cv2.blendLinear(np.ascontiguousarray(ring[here]), piece, 1 - share, share)
                ring[here] = mixed.reshape(piece.shape)
                laid[strip] = total
    if floats and image.shape[2] >= 3:
        ring[..., :3] += _resized(arrangement.correction, factor, shift, (0, rows), (0, columns))
    return ring


def _share_of(arrangement: Arrangement, index: int, *, fades: bool) -> Array:
    """How much of a copy is in each pixel of the plan's ring, before all shares are made to add up to 1, (h, w)."""
    mask = (arrangement.labels == index).astype(np.float32)
    if not fades or not mask.any():
        return mask
    sigma = _FADE * arrangement.width
    pad = math.ceil(4 * sigma)
    soft = blur(cv2.copyMakeBorder(mask, 0, 0, pad, pad, cv2.BORDER_WRAP), sigma)[:, pad:-pad]
    return np.asarray(np.clip(2 * soft, 0, 1) if index == 0 else soft, np.float32)


def _placed(
    image: npt.NDArray[np.generic], index: int, factor: float, above: int, whole: Arrangement
) -> tuple[npt.NDArray[np.generic], int, int]:
    """The picture of a copy, and the column and row of the ring at which it begins."""
    copy = whole.copies[index]
    source = image[:, ::-1] if copy.mirrored else image
    x, y = round(copy.x * factor), round((copy.y - whole.above) * factor) + above
    if index == 0 and whole.above:
        margin = round((MARGIN * whole.width + 2) * factor)
        top = min(margin, above)
        source = cv2.copyMakeBorder(np.ascontiguousarray(source), top, 0, margin, margin, cv2.BORDER_REFLECT)
        x, y = x - margin, y - top
    return source.reshape(*source.shape[:2], image.shape[2]), x, y


def _wrapped(x: int, width: int, columns: int) -> list[tuple[slice, slice]]:
    """Parts of a picture and the columns of a ring that they cover."""
    parts, done = [], 0
    while done < width:
        start = (x + done) % columns
        length = min(width - done, columns - start)
        parts.append((slice(done, done + length), slice(start, start + length)))
        done += length
    return parts


def _resized(image: Array, factor: float, shift: float, rows: tuple[int, int], columns: tuple[int, int]) -> Array:
    """A part of a picture of the plan's ring at the size at which it is drawn."""
    padded = cv2.copyMakeBorder(image, 0, 0, 2, 2, cv2.BORDER_WRAP)
    x = ((np.arange(*columns, dtype=np.float32) + 0.5) / factor - 0.5) + 2
    y = (np.arange(*rows, dtype=np.float32) - shift + 0.5) / factor - 0.5
    shape = (len(y), len(x))
    across, down = (np.ascontiguousarray(np.broadcast_to(v, shape), np.float32) for v in (x[None], y[:, None]))
    return np.asarray(cv2.remap(padded, across, down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.float32)


def _turned_over(height: int) -> Arrangement:
    """A ring of the photo and its mirror image."""
    labels = np.repeat(np.repeat(np.array([[0, 1]], np.int16), _WIDTH, axis=1), height, axis=0)
    copies = (Copy(0, 0, False), Copy(_WIDTH, 0, True))
    return Arrangement(_WIDTH, 0, copies, labels, np.zeros((height, 2 * _WIDTH, 3), np.float32))
