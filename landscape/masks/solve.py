"""How much of each pixel is sky and water: the segmenter's answer, corrected by what the photo's pixels show.

What used to be rules - narrow dark things before the sky, the place of a colour between those of both sides, what is
unlike the sky around it - are features of one small network, which was trained on composites whose shares are known.
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from landscape.images.filters import blur, resize, smoothstep
from landscape.images.pixels import Array
from landscape.masks.labels import OTHER, SKY, WATER, clean_labels
from landscape.networks.matte import MULTIPLE, MatteNetwork

Pixels = npt.NDArray[np.uint8]

_THIN, _ACROSS = 0.014, 0.01
"""Widest of narrow things, and of those narrow from left to right, as fractions of the long side."""
_NEAR = 0.015
"""Blur, as a fraction of the long side, by which the colours of both sides are learnt."""
_SURE = 0.9
"""Probability from which a pixel's colour is learnt from."""
_USUAL = 64.0
"""Differences of luminance, 0 to 255, that become 1 in the features."""
_EDGE = 0.005
"""An edge of what moves is within so much of what surely is on either side of it, as a fraction of the long side."""
_CERTAIN = 0.97
"""Share from which that is sure."""
_DECIDED = (0.8, 0.97)
"""Shares from which what is in doubt begins to move, and moves."""
_REACH = 0.012
"""How far from the segmenter's borders the network decides alone, as a fraction of the long side."""
_LEAST = 768
"""Smaller photos are enlarged to this long side in pixels: the network was trained on such."""
_SEEN = 0.15
"""Share of a pixel that hides the sky from which it belongs to a still thing."""
_DISTINCT = 20.0
"""Least distance of the colours of both sides, 0 to 255, that shares are measured with."""


def features(pixels: Pixels, soft: Array) -> tuple[Array, Array]:
    """What the network sees.

    Args:
        pixels: (H, W, 3) uint8, H and W even.
        soft: Probabilities of other, sky and water, float32 (H / 2, W / 2, 3).

    Returns:
        (H, W, 6): the colours, how much darker and brighter than both sides a narrow thing is, and how much darker than
        what is left and right of it. (H / 2, W / 2, 4): the difference from the sky around in luminance, how far the
        colour is on the way from the sky's to the other side's, and the probabilities of sky and water.
    """
    height, width = pixels.shape[:2]
    light = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    wide, across = (2 * max(1, round(part * max(height, width) / 2)) + 1 for part in (_THIN, _ACROSS))
    square, line = np.ones((wide, wide), np.uint8), np.ones((1, across), np.uint8)
    narrow = [
        cv2.morphologyEx(light, cv2.MORPH_BLACKHAT, square),
        cv2.morphologyEx(light, cv2.MORPH_TOPHAT, square),
        cv2.morphologyEx(light, cv2.MORPH_BLACKHAT, line),
    ]
    fine = np.dstack([pixels * np.float32(1 / 255) - np.float32(0.5), *(n * np.float32(1 / _USUAL) for n in narrow)])
    small = resize(pixels, *soft.shape[:2]).astype(np.float32)
    sigma = _NEAR * max(soft.shape)
    own, other = (_colours(small, soft[..., values].sum(axis=2), sigma) for values in ([SKY], [OTHER, WATER]))
    axis = other - own
    along = ((small - own) * axis).sum(axis=2) / np.maximum((axis**2).sum(axis=2), _DISTINCT**2)
    unlike = (small - own).mean(axis=2) / _USUAL
    coarse = np.dstack([np.clip(unlike, -2, 2), np.clip(along, -1, 2), soft[..., SKY], soft[..., WATER]])
    return fine.astype(np.float32), coarse.astype(np.float32)


def _colours(small: Array, probability: Array, sigma: float) -> Array:
    """Smooth colours (h, w, 3) of what is probable, far from it their mean."""
    weight = np.asarray(np.clip((probability - _SURE) / (1 - _SURE), 0, 1), np.float32)
    mean = (small * weight[..., None]).sum(axis=(0, 1)) / max(float(weight.sum()), 1.0)
    near = blur(weight, sigma)[..., None]
    return np.asarray((blur(small * weight[..., None], sigma) + 1e-3 * mean) / (near + 1e-3), np.float32)


def tidied(soft: Array) -> Array:
    """Probabilities (h, w, 3) of other, sky and water without specks and parts that are nowhere sure; doubt stands."""
    labels = clean_labels(soft)
    other = labels != soft.argmax(axis=2)
    result = soft.copy()
    result[other] = 0.05
    result[other, labels[other]] = 0.9
    settled = settle(result[..., 1:] / result.sum(axis=2, keepdims=True))
    return np.dstack([1 - settled.sum(axis=2), settled]).astype(np.float32)


def settle(masks: Array) -> Array:
    """Leave still what is in doubt over more than the width of an edge: half of a hill does not move.

    Args:
        masks: float32 (H, W, C) in [0, 1], shares of what moves.

    Returns:
        float32 (H, W, C).
    """
    moving = np.minimum(masks.sum(axis=2), 1)
    reach = 2 * max(3, round(_EDGE * max(moving.shape))) + 1
    kernel = np.ones((reach, reach), np.uint8)
    doubtful = (cv2.dilate(moving, kernel) < _CERTAIN) | (cv2.erode(moving, kernel) > 1 - _CERTAIN)
    left = np.where(doubtful, smoothstep(moving, *_DECIDED), moving)
    return np.asarray(masks * (left / np.maximum(moving, 1e-6))[..., None], np.float32)


@torch.inference_mode()
def solve(pixels: Pixels, soft: Array, network: MatteNetwork) -> tuple[Array, Array, Array]:
    """Estimate the shares of sky and water.

    Args:
        pixels: (H, W, 3) uint8.
        soft: The segmenter's probabilities of other, sky and water, float32 (h, w, 3), at any size.
        network: The network, in evaluation mode.

    Returns:
        Shares of sky and of water and the certainty of both, float32 (H, W) in [0, 1].
    """
    height, width = pixels.shape[:2]
    if max(height, width) < _LEAST:
        larger = (max(1, round(_LEAST * side / max(height, width))) for side in (height, width))
        sky, water, certainty = (
            resize(plane, height, width) for plane in solve(resize(pixels, *larger), soft, network)
        )
        return sky, water, certainty
    rows, columns = (-(-side // MULTIPLE) * MULTIPLE for side in (height, width))
    whole = cv2.copyMakeBorder(pixels, 0, rows - height, 0, columns - width, cv2.BORDER_REFLECT)
    known = cv2.copyMakeBorder(
        resize(soft, -(-height // 2), -(-width // 2)),
        0,
        rows // 2 - -(-height // 2),
        0,
        columns // 2 - -(-width // 2),
        cv2.BORDER_REFLECT,
    )
    device = next(network.parameters()).device
    fine, coarse = (_tensor(part).to(device) for part in features(np.asarray(whole, np.uint8), np.asarray(known)))
    shares, error = network(fine, coarse, _tensor(np.asarray(known)).to(device))
    found = shares[0, 1:].permute(1, 2, 0).cpu().numpy()
    found = _near_borders(found, np.asarray(known)[..., 1:])
    found[..., 0] += _apart(found, np.asarray(known))
    sure = 1 - 2 * error[0, 0].clamp(max=0.5).cpu().numpy()
    sky, water, certainty = (
        np.ascontiguousarray(plane[:height, :width], np.float32) for plane in (found[..., 0], found[..., 1], sure)
    )
    return sky, water, certainty


def _near_borders(found: Array, before: Array) -> Array:
    """What was found (H, W, 2) near the borders of what was known before (h, w, 2), and that elsewhere.

    The segmenter, which sees the whole photo, knows better what lies far from its borders.
    """
    height, width = found.shape[:2]
    reach = 2 * max(1, round(_REACH * max(before.shape))) + 1
    base, planes = resize(before, height, width), []
    for index in range(2):
        label = (before[..., index] > 0.5).astype(np.uint8)
        border = cv2.morphologyEx(label, cv2.MORPH_GRADIENT, np.ones((reach, reach), np.uint8)).astype(np.float32)
        near = resize(cv2.blur(border, (reach, reach)), height, width)
        planes.append(base[..., index] + near * (found[..., index] - base[..., index]))
    result = np.dstack(planes)
    return np.asarray(result / np.maximum(result.sum(axis=2, keepdims=True), 1), np.float32)


def _apart(found: Array, soft: Array) -> Array:
    """What must be added to the share of the sky, (H, W): still things hang together with the ground.

    Or they come from beyond the picture, as wires do, which are narrow. Edges of clouds are neither.
    """
    size = soft.shape[:2]
    still = (1 - resize(np.ascontiguousarray(found[..., 0]), *size) > _SEEN).astype(np.uint8)
    count, parts, figures, _ = cv2.connectedComponentsWithStats(cv2.dilate(still, np.ones((3, 3), np.uint8)))
    ground = cv2.dilate((soft[..., SKY] < 0.5).astype(np.uint8), np.ones((5, 5), np.uint8))
    kept = np.bincount(parts[ground > 0], minlength=count) > 0
    edge = np.concatenate([parts[:, 0], parts[:, -1], parts[0]])
    area, sides = figures[:, cv2.CC_STAT_AREA], figures[:, [cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT]].max(axis=1)
    kept |= (np.bincount(edge, minlength=count) > 0) & (area < _THIN * max(size) * sides)
    kept[0] = True
    lost = resize((~kept[parts]).astype(np.float32), *found.shape[:2])
    return np.asarray(lost * np.clip(1 - found.sum(axis=2), 0, 1), np.float32)


def _tensor(image: Array) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(image.transpose(2, 0, 1)))[None]
