"""Training of the encoder E on samples of the generator (paper, 3.2 step 1 and section 6)."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from landscape.images.tensors import from_pixels
from landscape.networks.encoder import Encoder
from landscape.networks.generator import Generator
from landscape.progress import Progress, ignore_progress
from landscape.training.run.pretrained import imagenet_weights
from landscape.training.run.run import Rhythm, Run, cosine, descend, set_rate

log = logging.getLogger(__name__)

MIXING_PROBABILITY = 0.9
# A sample is drawn once and seen this often, at random times: drawing costs more than a step on it. Behind a frozen
# trunk, whose features are kept, further steps cost next to nothing.
SEEN, SEEN_FROZEN = 3, 10
POOL = 1000
WARMUP = 50
REAL_BATCH = 8
TEST_COUNT = 256
SAVE_EVERY = 100
IMAGENET_TRUNK = "tf_efficientnet_lite0"
# The trunk starts well, the layers behind it at random.
TRUNK_RATE = 0.3
COMPARED_AT = 16


@dataclass(frozen=True)
class Samples:
    """Drawn images (N, 3, R, R), and the style vectors (N, blocks, W) that they were drawn with."""

    images: Tensor
    w: Tensor


@torch.no_grad()
def draw_samples(generator: Generator, count: int, spread: float, rng: torch.Generator) -> Samples:
    """Draw training samples: style mixing at a random block, random spatial maps.

    Args:
        generator: The generator.
        count: Number of samples.
        spread: w lies up to so many times farther from its mean than the mapping network puts it. Scaling z, as the
            release does, changes nothing behind the mapping network's normalisation.
        rng: Source of randomness.
    """
    depth = generator.depth()
    early, late = generator.mapping(torch.cat([generator.sample_z(count, rng) for _ in range(2)])).chunk(2)
    mixed = torch.rand(count, generator=rng) < MIXING_PROBABILITY
    crossover = torch.where(mixed, torch.randint(1, max(2, depth), (count,), generator=rng), depth)
    second = (torch.arange(depth)[None] >= crossover[:, None]).to(early.device)
    w = torch.where(second[:, :, None], late[:, None], early[:, None])
    factor = 1 + (spread - 1) * torch.rand(count, 1, 1, generator=rng).to(w)
    w = generator.w_mean + factor * (w - generator.w_mean)
    maps = [generator.sample_maps(count, rng=rng) for _ in range(2)]
    return Samples(generator(w, *maps).clamp(-1, 1), w)


def load_stills(folder: Path, resolution: int, held_out: bool = False) -> NDArray[np.uint8]:
    """Prepared real stills (N, R, R, 3) of a resolution (see :func:`landscape.training.data.pictures.prepare`)."""
    name = "held_out" if held_out else "stills"
    stills: NDArray[np.uint8] = np.load(folder / f"{resolution:04d}" / f"{name}.npy", mmap_mode="r")
    return stills


def reconstruct(generator: Generator, w: Tensor) -> Tensor:
    """What the generator draws with these style vectors (N, blocks, W) and spatial maps of zeros."""
    zeros = [torch.zeros(len(w), 1, size, size, device=w.device) for size in generator.config.resolutions]
    return generator(w, zeros, zeros)  # type: ignore[no-any-return]


def image_loss(generator: Generator, w: Tensor, images: Tensor) -> Tensor:
    """L1 between images and their reconstructions, at low resolution: spatial maps of zeros give no detail."""
    size = min(COMPARED_AT, generator.resolution)
    drawn = F.adaptive_avg_pool2d(reconstruct(generator, w), size)
    return F.l1_loss(drawn, F.adaptive_avg_pool2d(images, size))


def new_encoder(generator: Generator, trunk: str = IMAGENET_TRUNK, seed: int = 0) -> Encoder:
    """An encoder that predicts about the generator's mean w, its trunk with ImageNet weights where we have them."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        encoder = Encoder(generator.depth(), generator.config.style_width, trunk)
    encoder.w_mean.copy_(generator.w_mean)
    torch.nn.init.normal_(encoder.output.weight, std=1e-3, generator=torch.Generator().manual_seed(seed))
    torch.nn.init.zeros_(encoder.output.bias)
    if trunk == IMAGENET_TRUNK:
        wanted = encoder.trunk.state_dict()
        encoder.trunk.load_state_dict({key: value for key, value in imagenet_weights().items() if key in wanted})
    else:
        log.warning("the trunk %s starts from random weights", trunk)
    return encoder.to(generator.w_mean.device)


@torch.no_grad()
def encoder_error(
    generator: Generator, encoder: Encoder, test: Samples, stills: Tensor | None = None
) -> dict[str, float]:
    """Mean absolute error of E on samples that it was not trained on, beside the one of always saying ``w_mean``.

    Args:
        generator: The generator that drew the samples.
        encoder: The encoder.
        test: The samples.
        stills: Real images (N, 3, R, R) to measure the reconstruction of.

    Returns:
        ``l1`` and ``trivial_l1`` of w; with stills ``image_l1`` and ``trivial_image_l1`` as of :func:`image_loss`.
    """
    encoder.eval()
    predicted = torch.cat([encoder(part) for part in test.images.split(32)])
    mean = generator.w_mean.expand_as(test.w)
    values = {"l1": F.l1_loss(predicted, test.w).item(), "trivial_l1": F.l1_loss(mean, test.w).item()}
    if stills is not None:
        parts = stills.split(32)
        values["image_l1"] = sum(image_loss(generator, encoder(p), p).item() * len(p) for p in parts) / len(stills)
        trivial = [image_loss(generator, mean[:1].expand(len(p), -1, -1), p).item() * len(p) for p in parts]
        values["trivial_image_l1"] = sum(trivial) / len(stills)
    encoder.train()
    return values


def train_encoder(
    generator: Generator,
    out: Path,
    *,
    samples: int = 50_000,
    batch: int = 32,
    learning_rate: float = 1e-3,
    fine_tune: bool = False,
    spread: float = 1.0,
    image_weight: float = 0.5,
    prepared: Path | None = None,
    trunk: str = IMAGENET_TRUNK,
    seed: int = 0,
    device: str = "cpu",
    resume: bool = False,
    minutes: float | None = None,
    progress: Progress = ignore_progress,
    cancel: threading.Event | None = None,
) -> Encoder:
    """Train E for a generator.

    Args:
        generator: The trained generator.
        out: Folder for ``encoder_state.pt`` and ``encoder.jsonl``.
        samples: Images drawn in all.
        batch: Images per step.
        learning_rate: Adam's highest rate; it warms up and falls along a cosine. The trunk takes a part of it.
        fine_tune: Train the trunk as well, as the paper does; otherwise it keeps its ImageNet weights, which takes a
            fraction of the time and transfers from samples to photos.
        spread: See :func:`draw_samples`.
        image_weight: Weight of the reconstruction loss of real stills.
        prepared: Folder of prepared stills; without them only samples are learnt from.
        trunk: See :class:`~landscape.networks.encoder.Encoder`.
        seed: Seed of everything random.
        device: Where to train.
        resume: Continue from ``encoder_state.pt``. The pool of earlier samples starts empty again.
        minutes: Stop after this time even if samples are left; the rate falls accordingly.
        progress: Called after every step.
        cancel: Event that stops training at the next step.

    Returns:
        The trained encoder in evaluation mode.

    Raises:
        LandscapeError: If there is no state to resume, or another run in the folder.
        Cancelled: If the event was set; the state was written before.
    """
    generator = generator.to(device).eval().requires_grad_(False)
    encoder = new_encoder(generator, trunk, seed).train()
    trunk_parameters = list(encoder.trunk.requires_grad_(fine_tune).parameters())
    heads = [p for name, p in encoder.named_parameters() if not name.startswith("trunk.")]
    optimiser = torch.optim.Adam([{"params": heads, "factor": 1.0}, {"params": trunk_parameters, "factor": TRUNK_RATE}])
    test = draw_samples(generator, TEST_COUNT, 1.0, torch.Generator().manual_seed((seed << 40) + (1 << 39)))
    stills = None if prepared is None else load_stills(prepared, generator.resolution)
    held_out = None
    if prepared is not None:
        held_out = from_pixels(load_stills(prepared, generator.resolution, held_out=True)[-TEST_COUNT:]).to(device)

    steps = max(1, samples // batch)
    run = Run(
        "training the encoder",
        out / "encoder_state.pt",
        out / "encoder.jsonl",
        {"encoder": encoder, "optimiser": optimiser},
        steps,
        Rhythm(SAVE_EVERY, SAVE_EVERY),
        resume=resume,
        measure=lambda: encoder_error(generator, encoder, test, held_out),
        progress=progress,
        cancel=cancel,
    )
    pool: list[tuple[Tensor, Tensor]] = []
    for step in run.steps():
        share = max(step / steps, run.seconds / (60 * minutes) if minutes else 0.0)
        run.over = share >= 1
        rng = torch.Generator().manual_seed((seed << 40) + step)
        rate = learning_rate * min(1.0, (step + 1) / WARMUP) * cosine(share)
        set_rate(optimiser, rate)
        run.tell(rate=rate)
        drawn = draw_samples(generator, batch, spread, rng)
        with torch.no_grad():
            pool = [*pool[-POOL + 1 :], (drawn.images if fine_tune else encoder.features(drawn.images), drawn.w)]
        for turn in range(SEEN if fine_tune else SEEN_FROZEN):
            inputs, w = pool[int(torch.randint(len(pool), (), generator=rng)) if turn else -1]
            loss = F.l1_loss(encoder(inputs) if fine_tune else encoder.predict(inputs), w)
            if not turn:
                run.note(train_l1=loss.item())
                if image_weight > 0 and stills is not None:
                    chosen = torch.randint(len(stills), (REAL_BATCH,), generator=rng).numpy()
                    real = from_pixels(np.stack([stills[i] for i in chosen])).to(device)
                    loss = loss + image_weight * image_loss(generator, encoder(real), real)
            descend(optimiser, loss)
    return encoder.eval().requires_grad_(False)
