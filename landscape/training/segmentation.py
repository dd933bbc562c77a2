"""Training of the sky and water segmenter.

The paper takes its masks from a large ADE20K network; a small network trained for three classes does the
same job here. Sets that know only the sky teach only the sky: their loss joins the other two classes.
"""

from __future__ import annotations

import dataclasses
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
import torch.nn.functional as functional
from torch import Tensor, nn

from landscape.errors import LandscapeError
from landscape.images.tensors import from_pixels
from landscape.models.files import save_weights
from landscape.models.frozen import load_segmenter
from landscape.networks.segmenter import build_segmenter
from landscape.progress import Progress, ignore_progress
from landscape.training.data.label_rules import NOT_SKY, NOT_WATER, UNKNOWN
from landscape.training.data.mask_batches import training_batches
from landscape.training.data.masks import LabelledPhoto, read_labelled_photos
from landscape.training.run.checkpoint import load_state, weights_between
from landscape.training.run.pretrained import imagenet_weights
from landscape.training.run.run import Rhythm, Run, cosine, descend

FROZEN = ("conv_stem", "bn1", "blocks.0.", "blocks.1.")
"""Edge and colour filters stay as ImageNet left them, which saves a third of the time of a step."""
CHECKPOINT = "checkpoint.pt"


@dataclass(frozen=True)
class SegmentationSettings:
    """What a training run depends on.

    Attributes:
        size: Side of the square training cuts in pixels, a multiple of 32.
        batch: Photos per step.
        encoder_rate: Learning rate of the pretrained encoder.
        decoder_rate: Learning rate of the new decoder.
        warmup: Steps of linear warm-up before the cosine decay.
        ema: Decay of the moving average of the weights.
        water_weight: Weight of water pixels against the others, which are twice as frequent.
    """

    size: int = 320
    batch: int = 6
    encoder_rate: float = 3e-4
    decoder_rate: float = 1e-3
    warmup: int = 40
    ema: float = 0.995
    water_weight: float = 1.3


def segmentation_loss(logits: Tensor, labels: Tensor, water_weight: float = 1.0) -> Tensor:
    """Cross entropy of the labels, where "not sky" is the sum of other and water, "not water" that of other and sky.

    Args:
        logits: (N, 3, H, W).
        labels: int64 (N, H, W): 0 other, 1 sky, 2 water, 3 not sky, 4 not water, 255 unknown (ignored).
        water_weight: Weight of water pixels.

    Returns:
        The weighted mean, a scalar; 0 if all pixels are unknown.
    """
    log_p = functional.log_softmax(logits, dim=1)
    exact = -log_p.gather(1, labels.clamp(max=2).unsqueeze(1)).squeeze(1)
    not_sky, not_water = (-torch.logsumexp(log_p[:, [0, which]], dim=1) for which in (2, 1))
    weight = (labels != UNKNOWN).float() * torch.where(labels == 2, water_weight, 1.0)
    loss = torch.where(labels == NOT_SKY, not_sky, torch.where(labels == NOT_WATER, not_water, exact))
    return (loss * weight).sum() / weight.sum().clamp(min=1.0)


@torch.no_grad()
def held_out_scores(network: nn.Module, photos: list[LabelledPhoto], size: int) -> dict[str, float]:
    """Score squashed held-out photos at the training size, a quick look during training.

    Args:
        network: The segmenter, in evaluation mode.
        photos: The held-out photos.
        size: Side of the square input in pixels.

    Returns:
        ``sky_iou`` over the photos whose sky is labelled, ``water_iou`` over those whose water is, from pixel sums.
    """
    counts = np.zeros((2, 2))
    for photo in photos:
        image = cv2.resize(photo.pixels, (size, size), interpolation=cv2.INTER_AREA)
        labels = cv2.resize(photo.labels, (size, size), interpolation=cv2.INTER_NEAREST)
        guess = network(from_pixels(image[None]))[0].argmax(0).numpy()
        known = labels != UNKNOWN
        for row, value in enumerate((1, 2)):
            if photo.labels_sky if value == 1 else photo.labels_water:
                hit, truth = (guess == value) & known, labels == value
                counts[row] += [(hit & truth).sum(), (hit | truth).sum()]
    iou = counts[:, 0] / np.maximum(counts[:, 1], 1)
    return {"sky_iou": round(float(iou[0]), 4), "water_iou": round(float(iou[1]), 4)}


def train_segmenter(
    data: Path,
    out: Path,
    steps: int = 1000,
    seed: int = 0,
    resume: bool = True,
    settings: SegmentationSettings | None = None,
    progress: Progress = ignore_progress,
    cancel: threading.Event | None = None,
    checkpoint_minutes: float = 3.0,
    start_from: Path | None = None,
    own: Path | None = None,
) -> Path:
    """Train the segmenter on the processor.

    Args:
        data: Folder with one folder per set of labels, see :func:`~landscape.training.data.masks.read_labelled_photos`.
        out: Folder of the run: ``checkpoint.pt`` and ``metrics.jsonl``.
        steps: Length of the run; also of the cosine decay.
        seed: Seed of everything random.
        resume: Continue from the checkpoint in ``out`` if there is one.
        settings: Sizes and rates.
        progress: Called after every step.
        cancel: Stops the run after the current step; the checkpoint is written first.
        checkpoint_minutes: Time between checkpoints and scores.
        start_from: Weights to start from, *.safetensors; ImageNet's by default.
        own: One more folder of labels, see :func:`~landscape.training.data.masks.read_labelled_photos`.

    Returns:
        The path of the last checkpoint.

    Raises:
        LandscapeError: If the data is missing or the weights cannot be read.
        Cancelled: If ``cancel`` was set.
    """
    settings = settings or SegmentationSettings()
    torch.manual_seed(seed)
    photos = read_labelled_photos(data, own=own)
    held_out = [photo for photo in photos if photo.held_out]
    network, average = _start(start_from), _start(start_from).eval()
    groups: list[dict[str, Any]] = [
        {"params": [p for p in network.get_submodule(part).parameters() if p.requires_grad], "rate": rate, "lr": rate}
        for part, rate in (
            ("encoder", settings.encoder_rate),
            ("decoder", settings.decoder_rate),
            ("segmentation_head", settings.decoder_rate),
        )
    ]
    optimizer = torch.optim.AdamW(groups, weight_decay=0.01)
    run = Run(
        "segmenter",
        out / CHECKPOINT,
        out / "metrics.jsonl",
        {"network": network, "average": average, "optimizer": optimizer},
        steps,
        Rhythm(save_seconds=60 * checkpoint_minutes),
        resume=resume and (out / CHECKPOINT).is_file(),
        facts={"settings": dataclasses.asdict(settings)},
        measure=lambda: held_out_scores(average, held_out, settings.size),
        progress=progress,
        cancel=cancel,
    )
    batches = training_batches([p for p in photos if not p.held_out], settings.size, settings.batch, seed, run.first)
    for step in run.steps():
        images, labels = next(batches)
        factor = min(1.0, (step + 1) / settings.warmup) * cosine(step / steps)
        for group in optimizer.param_groups:
            group["lr"] = group["rate"] * factor
        images = images.contiguous(memory_format=torch.channels_last)
        loss = segmentation_loss(network(images), labels, settings.water_weight)
        descend(optimizer, loss, clip=network)
        _follow(average, network, min(settings.ema, (step + 1) / (step + 10)))
        run.note(loss=float(loss.detach()))
    return out / CHECKPOINT


def export_segmenter(run: Path, out: Path, start_from: Path | None = None, share: float = 1.0) -> Path:
    """Write the averaged weights of a run as float16 safetensors.

    Args:
        run: Folder of the run.
        out: The file to write, for example ``checkpoints/segmenter.safetensors``.
        start_from: What the run started from, for a ``share`` below 1.
        share: Share of the run's weights in what is written, 0 to 1; the rest are those that it started from.

    Returns:
        ``out``.

    Raises:
        LandscapeError: If the run has no checkpoint, or the weights that it started from cannot be read.
    """
    if not (run / CHECKPOINT).is_file():
        raise LandscapeError(f"{run} holds no trained segmenter; train one first.")
    state = load_state(run / CHECKPOINT)
    weights = state["average"]
    if start_from is not None:
        weights = weights_between(load_segmenter(start_from).state_dict(), weights, share)
    save_weights(out, weights, {"network": "segmenter", "step": state["step"]})
    return out


def _start(weights: Path | None) -> nn.Module:
    network = build_segmenter() if weights is None else load_segmenter(weights)
    encoder = network.get_submodule("encoder.model")
    if weights is None:
        known = encoder.state_dict()
        encoder.load_state_dict({key: value for key, value in imagenet_weights().items() if key in known})
    for name, parameter in encoder.named_parameters():
        parameter.requires_grad_(not name.startswith(FROZEN))
    network.train().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    network.get_submodule("encoder").eval()  # small batches would spoil its statistics
    return network


@torch.no_grad()
def _follow(average: nn.Module, network: nn.Module, decay: float) -> None:
    for mean, value in zip(average.parameters(), network.parameters(), strict=True):
        mean.lerp_(value, 1 - decay)
