"""Training of the network that tells how much of each pixel is sky and water, on composites whose shares are known."""

from __future__ import annotations

import dataclasses
import json
import math
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor, nn

from landscape.images.filters import resize
from landscape.images.pixels import Array
from landscape.masks.closer_look import SIDE as CLOSER_SIDE
from landscape.masks.closer_look import blend_in
from landscape.masks.find import segment_softly
from landscape.masks.labels import SKY, WATER
from landscape.masks.solve import features, tidied
from landscape.models.files import save_weights
from landscape.networks.matte import MULTIPLE, MatteNetwork
from landscape.photo.read import read_photo
from landscape.progress import Progress, check_cancelled, ignore_progress
from landscape.training.data.composites import KINDS, make_composite
from landscape.training.data.cuts import find_cuts, find_photos, is_judged
from landscape.training.run.checkpoint import load_state, require_new_run, save_state

CHECKPOINT = "checkpoint.pt"
SIDES = (640, 768, 768, 1024)
"""Long sides of the composites in pixels."""
_CROP, _BATCH = 128, 8
"""Side of the cuts in pixels, and cuts per step."""
_RATE = 2e-3
_DOUBT = 6.0
"""Weight of pixels in which the segmenter errs, against 1 of the others."""
_FAR, _SURE = (0.06, 0.012), 0.9
"""How far from borders the segmenter is right about photos in the sky, where twigs are seen, and elsewhere, as
fractions of the long side, and how sure it must be."""
_FIRST = 1_000_000
"""Seeds of composites for training begin here; judging begins at 0."""


@dataclass(frozen=True)
class Example:
    """A picture whose shares are known, as the network sees it.

    Attributes:
        fine: (H, W, 6) float16 features.
        coarse: (H / 2, W / 2, 4) float16 features.
        soft: (H / 2, W / 2, 3) float16, the segmenter's probabilities.
        shares: (H, W, 2) uint8, 255 times the shares of sky and water.
        weight: (H / 2, W / 2) float16, how much each place counts.
    """

    fine: Array = field(repr=False)
    coarse: Array = field(repr=False)
    soft: Array = field(repr=False)
    shares: Array = field(repr=False)
    weight: Array = field(repr=False)

    @classmethod
    def of(cls, pixels: Array, soft: Array, sky: Array, water: Array) -> Example:
        """An example of a picture (H, W, 3), probabilities at any size, and shares (H, W); crops a remainder of 32."""
        height, width = (side // MULTIPLE * MULTIPLE for side in pixels.shape[:2])
        known = tidied(resize(np.asarray(soft, np.float32), -(-pixels.shape[0] // 2), -(-pixels.shape[1] // 2)))
        known = np.ascontiguousarray(known[: height // 2, : width // 2])
        fine, coarse = features(np.ascontiguousarray(pixels[:height, :width]), known)
        shares = np.rint(255 * np.dstack([sky, water])[:height, :width]).astype(np.uint8)
        weight = np.ones(known.shape[:2], np.float16)
        return cls(fine.astype(np.float16), coarse.astype(np.float16), known.astype(np.float16), shares, weight)

    @classmethod
    def of_photo(cls, pixels: Array, soft: Array) -> Example:
        """An example of a photo (H, W, 3) of which the segmenter is right far from borders; the rest counts nothing."""
        example = cls.of(pixels, soft, *np.zeros((2, *pixels.shape[:2]), np.float32))
        labels = example.soft.argmax(axis=2).astype(np.uint8)
        border = cv2.morphologyEx(labels, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8))
        distance = cv2.distanceTransform((border == 0).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5) / max(
            labels.shape
        )
        sure = (distance > np.where(labels == SKY, *_FAR)) & (example.soft.max(axis=2) > _SURE)
        height, width = example.shares.shape[:2]
        large = cv2.resize(labels, (width, height), interpolation=cv2.INTER_NEAREST)
        shares = np.dstack([large == SKY, large == WATER]).astype(np.uint8) * np.uint8(255)
        return dataclasses.replace(example, shares=shares, weight=sure.astype(np.float16))


def make_examples(
    folder: Path,
    segmenter: nn.Module,
    composites: int = 132,
    photos: int = 64,
    seed: int = 0,
    progress: Progress = ignore_progress,
    cancel: threading.Event | None = None,
) -> list[Example]:
    """Composites of cuts of a folder's photos, and some of the photos, as the network sees them.

    Args:
        folder: Photos, in it and in its folders; those that mattes are judged on are left out.
        segmenter: The network that finds sky and water, in evaluation mode.
        composites: How many composites.
        photos: How many photos at most.
        seed: Of everything random.
        progress: Called after every picture.
        cancel: Set it to stop.

    Raises:
        Cancelled: If ``cancel`` was set.
        LandscapeError: If the photos show too little sky or ground.
    """
    cuts = find_cuts(folder, segmenter, lambda stem: not is_judged(stem), progress)
    examples = []
    for index in range(composites):
        check_cancelled(cancel)
        side = SIDES[index // len(KINDS) % len(SIDES)]
        known = make_composite(cuts, _FIRST * (seed + 1) + index, side)
        examples.append(Example.of(known.pixels, _look(known.pixels, segmenter), known.sky, known.water))
        progress("making composites", index + 1, composites)
    paths = [path for path in find_photos(folder) if not is_judged(path.stem)]
    np.random.default_rng(seed).shuffle(paths)  # type: ignore[arg-type]
    for index, path in enumerate(paths[:photos]):
        check_cancelled(cancel)
        pixels = read_photo(path).resized(SIDES[index % len(SIDES)]).pixels
        examples.append(Example.of_photo(pixels, _look(pixels, segmenter)))
        progress("reading photos", index + 1, len(paths[:photos]))
    return examples


def _look(pixels: Array, segmenter: nn.Module) -> Array:
    """The segmenter's probabilities, half as large as the picture; from its right side alone, in half the time."""
    rows, columns = (-(-length // 2) for length in pixels.shape[:2])
    return blend_in(*(resize(segment_softly(pixels, segmenter, side=s), rows, columns) for s in (480, CLOSER_SIDE)))


def train_matte(
    examples: Callable[[], Sequence[Example]],
    out: Path,
    steps: int = 4000,
    seed: int = 0,
    resume: bool = True,
    progress: Progress = ignore_progress,
    cancel: threading.Event | None = None,
    checkpoint_minutes: float = 2.0,
) -> Path:
    """Train the network on the processor.

    Args:
        examples: Gives the examples; asked for once.
        out: Folder of the run: ``checkpoint.pt`` and ``metrics.jsonl``.
        steps: Length of the run; also of the cosine decay.
        seed: Seed of everything random.
        resume: Continue from the checkpoint in ``out`` if there is one.
        progress: Called after every step.
        cancel: Stops the run after the current step; the checkpoint is written first.
        checkpoint_minutes: Time between checkpoints.

    Returns:
        The path of the last checkpoint.

    Raises:
        Cancelled: If ``cancel`` was set.
    """
    require_new_run(out / CHECKPOINT, resume)
    out.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(seed)
    network = MatteNetwork()
    optimizer = torch.optim.Adam(network.parameters(), lr=_RATE)
    start = 0
    if resume and (out / CHECKPOINT).is_file():
        state = load_state(out / CHECKPOINT)
        network.load_state_dict(state["network"])
        optimizer.load_state_dict(state["optimizer"])
        start = int(state["step"])
    known = examples()
    network = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    saved, losses = time.monotonic(), []
    for step in range(start, steps):
        optimizer.param_groups[0]["lr"] = (
            _RATE * min(1.0, (step + 1) / 100) * 0.5 * (1 + math.cos(math.pi * step / steps))
        )
        fine, coarse, soft, truth, weight = _batch(known, np.random.default_rng((seed, step)))
        found, error = network(fine, coarse, soft)
        loss = matte_loss(found, error, soft, truth, weight)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        losses.append(float(loss.detach()))
        progress("matte", step + 1, steps)
        last = step + 1 == steps or (cancel is not None and cancel.is_set())
        if last or time.monotonic() - saved > 60 * checkpoint_minutes:
            save_state(
                out / CHECKPOINT,
                {"step": step + 1, "network": network.state_dict(), "optimizer": optimizer.state_dict()},
            )
            with (out / "metrics.jsonl").open("a") as file:
                file.write(json.dumps({"step": step + 1, "loss": round(float(np.mean(losses)), 5)}) + "\n")
            saved, losses = time.monotonic(), []
        check_cancelled(cancel)
    return out / CHECKPOINT


def matte_loss(shares: Tensor, error: Tensor, soft: Tensor, truth: Tensor, weight: Tensor) -> Tensor:
    """Mean error of shares and of their gradients, where the segmenter errs counted more, and of the error expected.

    Args:
        shares: (N, 3, H, W) of other, sky and water.
        error: (N, 1, H, W), the error that is expected of them.
        soft: (N, 3, H / 2, W / 2), what the segmenter said.
        truth: (N, 2, H, W), the shares of sky and water.
        weight: (N, 1, H / 2, W / 2), how much each place counts.
    """
    before = nn.functional.interpolate(soft[:, 1:], scale_factor=2.0, mode="bilinear")
    doubt = (before - truth).abs().amax(dim=1, keepdim=True)
    weight = nn.functional.interpolate(weight, scale_factor=2.0)
    emphasis = weight * (1 + _DOUBT * doubt)
    wrong = shares[:, 1:] - truth
    loss = (emphasis * wrong.abs()).mean()
    for axis in (2, 3):
        loss = loss + 0.5 * (weight * wrong).diff(dim=axis).abs().mean()
    actual = wrong.detach().abs().amax(dim=1, keepdim=True)
    return loss + 0.2 * (weight * (error - actual).abs()).mean()


def export_matte(run: Path, out: Path) -> Path:
    """Write the weights of a run as float16 safetensors.

    Raises:
        LandscapeError: If the run has no checkpoint.
    """
    state = load_state(run / CHECKPOINT)
    save_weights(out, state["network"], {"network": "matte", "step": state["step"]})
    return out


def _batch(examples: Sequence[Example], rng: np.random.Generator) -> tuple[Tensor, ...]:
    parts: tuple[list[Array], ...] = ([], [], [], [], [])
    for _ in range(_BATCH):
        example = examples[int(rng.integers(len(examples)))]
        height, width = example.shares.shape[:2]
        # Most cuts show something that the segmenter errs in.
        y, x = int(rng.integers(height)), int(rng.integers(width))
        if rng.random() < 0.7:
            guess = cv2.resize(example.soft[..., 1].astype(np.float32), (width, height), interpolation=cv2.INTER_LINEAR)
            wrong = np.abs(guess - example.shares[..., 0] * np.float32(1 / 255)) > 0.25
            places = np.flatnonzero(wrong.ravel()[::97])
            if len(places):
                y, x = divmod(97 * int(places[rng.integers(len(places))]), width)
        side = min(_CROP, height, width)
        top, left = (int(np.clip(p - side // 2, 0, m - side)) // 2 * 2 for p, m in ((y, height), (x, width)))
        turned = slice(None, None, -1 if rng.random() < 0.5 else 1)
        for part, image in zip(
            parts, (example.fine, example.coarse, example.soft, example.shares, example.weight[..., None]), strict=True
        ):
            step = height // image.shape[0]
            cut = image[top // step : (top + side) // step, left // step : (left + side) // step][:, turned]
            part.append(cut.astype(np.float32))
    fine, coarse, soft, shares, weight = (torch.from_numpy(np.stack(part)).permute(0, 3, 1, 2) for part in parts)
    return fine, coarse, soft, shares / 255, weight
