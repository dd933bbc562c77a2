"""The sky of a photo as a ring without land, holes or ends, from which its clouds are carried.

The plan of the ring is made once per photo and does not depend on the size at which frames are made;
:mod:`landscape.compose.sky_drawing` draws it at a size.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np
import numpy.typing as npt

from landscape.compose.luminaries import Luminaries
from landscape.compose.separation import reflection
from landscape.compose.sky_backdrop import find_backdrop
from landscape.compose.sky_drawing import draw
from landscape.compose.sky_ring import Arrangement, Copy, arrange
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


def _turned_over(height: int) -> Arrangement:
    """A ring of the photo and its mirror image."""
    labels = np.repeat(np.repeat(np.array([[0, 1]], np.int16), _WIDTH, axis=1), height, axis=0)
    copies = (Copy(0, 0, False), Copy(_WIDTH, 0, True))
    return Arrangement(_WIDTH, 0, copies, labels, np.zeros((height, 2 * _WIDTH, 3), np.float32))
