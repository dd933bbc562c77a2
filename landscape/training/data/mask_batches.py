"""Training batches of labelled photos: cutting, turning, relighting."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import cv2
import numpy as np
import torch
from torch import Tensor

from landscape.images.tensors import from_pixels
from landscape.training.data.gravel import gravel
from landscape.training.data.label_rules import SHARES, UNKNOWN, WATER
from landscape.training.data.lakes import flood
from landscape.training.data.masks import LabelledPhoto
from landscape.training.data.poured import DONORS, pour, strand

FLOODED = 0.2
"""Share of the photos that a lake is put into, where there is room for one."""
POURED = 0.12
"""Share of those that moving water of another photo is laid into."""
STRANDED = 0.5
"""Share of photos with water that ground of another photo is laid into: gravel and wet roads look like water."""
STONY = 0.4
"""Share of such grounds that is drawn gravel."""
CHOICE = 4
"""Grounds of which the greyest is laid: grass and earth are seldom taken for water."""
DRIVEN = 0.04
"""Share that looks as from a car, smeared from left to right."""


def training_batches(
    photos: list[LabelledPhoto], size: int, batch: int, seed: int, start: int
) -> Iterator[tuple[Tensor, Tensor]]:
    """Draw batches without end; batch n depends on the seed and n alone, so that a resumed run continues exactly.

    Args:
        photos: The training photos.
        size: Side of the square cuts in pixels.
        batch: Photos per batch.
        seed: Seed of the run.
        start: Number of the first batch.

    Yields:
        Images (batch, 3, size, size) in [-1, 1] and labels int64 (batch, size, size).
    """
    sets = {source: [p for p in photos if p.source == source] for source in SHARES}
    names = [source for source in SHARES if sets[source]]
    share = np.array([SHARES[name] for name in names])
    ranks = {name: np.cumsum([photo.rank for photo in sets[name]]) for name in names}
    donors = [photo for name in DONORS for photo in sets[name]]
    grounds = [photo for photo in photos if photo.labels_water]
    step = start
    while True:
        rng = np.random.default_rng((seed, step))
        chosen = [names[i] for i in rng.choice(len(names), batch, p=share / share.sum())]
        cuts = [augment(_pick(sets[name], ranks[name], rng), size, rng, donors, grounds) for name in chosen]
        images = np.stack([pixels for pixels, _ in cuts])
        yield from_pixels(images), torch.from_numpy(np.stack([labels for _, labels in cuts])).long()
        step += 1


def augment(
    photo: LabelledPhoto,
    size: int,
    rng: np.random.Generator,
    donors: Sequence[LabelledPhoto] = (),
    grounds: Sequence[LabelledPhoto] = (),
) -> tuple[np.ndarray, np.ndarray]:
    """Flood, pour and strand, cut, turn, flip and relight a photo at random.

    Args:
        photo: The photo.
        size: Side of the square result in pixels.
        rng: Source of randomness.
        donors: Photos whose water may be poured into it.
        grounds: Photos whose ground may be laid into its water.

    Returns:
        uint8 (size, size, 3) and its labels uint8 (size, size), unknown where the cut leaves the photo.
    """
    source, truth, chance = photo.pixels, photo.labels, rng.random()
    if chance < FLOODED:
        source, truth = flood(source, truth, rng)
    elif donors and chance < FLOODED + POURED:
        donor = donors[int(rng.integers(len(donors)))]
        source, truth = pour(source, truth, donor.pixels, donor.labels, rng)
    if grounds and rng.random() < STRANDED and (truth == WATER).any():
        if rng.random() < STONY:
            laid = gravel(truth.shape[0], truth.shape[1], rng)
        else:
            ground = min((grounds[int(n)] for n in rng.integers(len(grounds), size=CHOICE)), key=_tint)
            laid = ground.pixels, ground.labels
        source, truth = strand(source, truth, *laid, rng)
    height, width = truth.shape
    part = np.array([1.0, 1.0]) if rng.random() < 0.25 else rng.uniform(0.4, 1.0, 2)
    centre = np.array([width, height]) * (0.5 + (rng.random(2) - 0.5) * (1 - part))
    angle = np.deg2rad(rng.normal(0, 2.5) if rng.random() < 0.8 else rng.uniform(-12, 12))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    scale = np.array([width, height]) * part / size * np.array([rng.choice([-1.0, 1.0]), 1.0])
    linear = turn * scale
    matrix = np.column_stack([linear, centre - linear @ np.array([size / 2, size / 2])])
    shrink = float(np.abs(scale).max())
    pixels = cv2.GaussianBlur(source, (0, 0), 0.4 * shrink) if shrink > 1.2 else source
    linear_inverse, nearest_inverse = (mode | cv2.WARP_INVERSE_MAP for mode in (cv2.INTER_LINEAR, cv2.INTER_NEAREST))
    pixels = cv2.warpAffine(pixels, matrix, (size, size), flags=linear_inverse, borderMode=cv2.BORDER_REFLECT)
    labels = cv2.warpAffine(
        truth,
        matrix,
        (size, size),
        flags=nearest_inverse,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=(UNKNOWN,),
    )
    return relight(pixels, rng), labels


def _tint(photo: LabelledPhoto) -> float:
    """How far from grey the lower quarter of a photo is, 0 to 255."""
    return float(np.ptp(photo.pixels[-len(photo.pixels) // 4 :: 4, ::4], axis=2).mean())


def _pick(photos: list[LabelledPhoto], ranks: np.ndarray, rng: np.random.Generator) -> LabelledPhoto:
    return photos[int(np.searchsorted(ranks, rng.random() * ranks[-1], side="right"))]


def relight(pixels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Change light, colours and sharpness at random, sometimes to night.

    Args:
        pixels: uint8 (H, W, 3) RGB.
        rng: Source of randomness.

    Returns:
        uint8 (H, W, 3) RGB.
    """
    levels = np.repeat(np.linspace(0, 1, 256, dtype=np.float32)[:, None], 3, axis=1)
    changed = rng.random() < 0.8
    if changed:
        levels = levels ** np.float32(np.exp(rng.normal(0, 0.3)))
        levels = levels * np.exp(rng.normal(0, 0.18) + rng.normal(0, 0.08, 3)).astype(np.float32)
    image: np.ndarray = cv2.LUT(pixels, levels[None])
    if changed:
        grey = image.mean(axis=2, keepdims=True)
        image = grey + (image - grey) * np.float32(rng.uniform(0.4, 1.5))
        mean = image.mean()
        image = mean + (image - mean) * np.float32(rng.uniform(0.7, 1.3))
    if rng.random() < 0.12:
        night = np.array([0.7, 0.85, 1.1], dtype=np.float32) * np.float32(rng.uniform(0.2, 0.6))
        image = np.clip(image, 0, 1) ** np.float32(rng.uniform(1.0, 1.6)) * night
    if rng.random() < 0.05:
        image = np.repeat(image.mean(axis=2, keepdims=True), 3, axis=2)
    if rng.random() < 0.2:
        image = cv2.GaussianBlur(image, (0, 0), rng.uniform(0.4, 1.8))
    if rng.random() < DRIVEN:
        image = cv2.blur(image, (round(image.shape[1] * rng.uniform(0.05, 0.3)), 1))
    if rng.random() < 0.3:
        image = image + rng.normal(0, rng.uniform(0.005, 0.05), image.shape).astype(np.float32)
    result: np.ndarray = (np.clip(image, 0, 1) * 255 + 0.5).astype(np.uint8)
    if rng.random() < 0.15:
        _, packed = cv2.imencode(".jpg", result, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(25, 75))])
        result = np.asarray(cv2.imdecode(packed, cv2.IMREAD_COLOR))
    return result
