"""Recipes of the generator's training compared on equal compute.

Every recipe starts from random weights at one resolution and gets the same processor time, counted over all threads,
so that a busy machine does not matter. Two families, each with a figure of its own, as one has no posterior and the
samples of the other need a prior that takes longer to fit than the comparison:

- ``gan`` recipes learn from discriminators. Fréchet distance of samples from white noise to training stills.
- ``vae`` recipes learn by reconstruction. Fréchet distance of what G draws from latents that the posterior finds in
  training stills, and L1 and LPIPS of held-out stills that come back through the means.

    python -m benchmarks.recipes --data DATA --minutes 6 --json recipes.jsonl

A recipe that is in the file already is not trained again.
"""

from __future__ import annotations

import argparse
import functools
import json
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from landscape.evaluation.frechet import Moments, frechet_distance, lite0_features, moments
from landscape.generate.sampler import Sampler
from landscape.images.tensors import from_pixels
from landscape.models.bundle import PERCEPTUAL_FILE, SEGMENTER_FILE, default_folder, load_segmenter
from landscape.models.config import ModelConfig, load_config
from landscape.models.frozen import load_lpips
from landscape.models.weights import cut_generator
from landscape.networks.generator import Generator
from landscape.networks.posterior import Posterior
from landscape.networks.projected import augment, draw_augmentation
from landscape.training.data.batches import RealData
from landscape.training.data.latent_set import read_latents
from landscape.training.data.moving import mark_moving
from landscape.training.data.pictures import prepare
from landscape.training.gan.schedule import stage_at
from landscape.training.gan.trainer import GanTrainer

BATCH = 50
SEGMENTED_AT = 128
GAN = {"reconstruction_share": 0.0}
VAE = {"reconstruction_judged": 0.0}
JUDGED = {"judged_from": 8}


@dataclass(frozen=True)
class Recipe:
    """What differs from ``compact``.

    Attributes:
        training: Fields of :class:`landscape.models.config.TrainingConfig`.
        channels: Factor of the channels of all networks.
        augmented: Whether the paper's discriminators see augmented images.
        bfloat16: Whether G and the discriminators run in bfloat16 where autocasting lets them.
        compiled: Whether ``torch.compile`` takes the generator.
    """

    training: dict[str, Any] = field(default_factory=dict)
    channels: float = 1.0
    augmented: bool = False
    bfloat16: bool = False
    compiled: bool = False


FIT_NUMBERS = {
    "gan": Recipe(GAN),
    "gan, two convolutions per resolution": Recipe(GAN | {"discriminator_convolutions": 2}),
    "gan, R1 at every step": Recipe(GAN | {"r1_every": 1}),
    "gan, R1 weight 0.2": Recipe(GAN | {"r1_gamma": 0.2}),
    "gan, R1 weight 10": Recipe(GAN | {"r1_gamma": 10.0}),
    "gan, DiffAugment": Recipe(GAN, augmented=True),
    "gan, half the channels": Recipe(GAN, channels=0.5),
    "gan, twice the channels": Recipe(GAN, channels=2.0),
    "vae": Recipe(VAE),
    "vae, judge 0.02": Recipe(JUDGED | {"reconstruction_judged": 0.02}),
    "vae, judge 0.05": Recipe(JUDGED | {"reconstruction_judged": 0.05}),
    "vae, judge 0.2": Recipe(JUDGED | {"reconstruction_judged": 0.2}),
    "vae, half the channels": Recipe(VAE, channels=0.5),
    "vae, twice the channels": Recipe(VAE, channels=2.0),
    "vae, bfloat16": Recipe(VAE, bfloat16=True),
    "vae, compiled": Recipe(VAE, compiled=True),
}


def configure(recipe: Recipe, base: ModelConfig, resolution: int) -> ModelConfig:
    """The configuration of a recipe that stays at one resolution and never ends."""
    channels = tuple(round(recipe.channels * c) for c in base.generator.channels)
    training = {
        "first_resolution": resolution,
        # From the second step on the share of pairs is that of a resolution that has faded in.
        "fade_images": {resolution: 1},
        "stable_images": {resolution: 10**9},
        "batch": {resolution: 16},
        "learning_rate": {resolution: 1e-3},
        "reconstruction_from": resolution,
    } | recipe.training
    return replace(
        base,
        generator=replace(base.generator, channels=channels),
        training=replace(base.training, **training),
    )


class _Augmented:
    """Lets a discriminator see frames, or pairs of frames alike, under a mild augmentation drawn anew each time."""

    def __init__(self, seed: int) -> None:
        self._rng = torch.Generator().manual_seed(seed)

    def __call__(self, network: nn.Module, inputs: tuple[Any, ...]) -> tuple[Any, ...]:
        images, *rest = inputs
        return (augment(images, draw_augmentation(len(images), self._rng)), *rest)


def train(recipe: Recipe, config: ModelConfig, prepared: Path, seconds: float, seed: int) -> GanTrainer:
    """Train for so many seconds of processor time."""
    trainer = GanTrainer(config, prepared, seed)
    if recipe.augmented:
        for network in (trainer.static, trainer.pairwise):
            network.register_forward_pre_hook(_Augmented(seed))
    if recipe.compiled:
        trainer.generator.compile()
    if recipe.bfloat16:
        # Networks alone: the relighting of real images needs its precision.
        for network in (trainer.generator, trainer.static, trainer.pairwise):
            network.forward = _in_bfloat16(network.forward)
    # What is done once, of which compiling is a part, would weigh too much in so short a training.
    # The first step fades in, which is another graph.
    for _ in range(2):
        _step(trainer)
    began = time.process_time()
    while time.process_time() - began < seconds:
        _step(trainer)
    return trainer


def _step(trainer: GanTrainer) -> None:
    stage = stage_at(trainer.schedule, trainer.images)
    assert stage is not None
    trainer.train_step(stage)


def _in_bfloat16(forward: Callable[..., Tensor]) -> Callable[..., Tensor]:
    @functools.wraps(forward)
    def cast(*inputs: Any) -> Tensor:
        with torch.autocast("cpu", torch.bfloat16):
            return forward(*inputs).float()

    return cast


def evaluate(trainer: GanTrainer, resolution: int, real: Moments, samples: int, seed: int) -> dict[str, float]:
    """The figures of a trained recipe."""
    generator = cut_generator(trainer.config.generator, trainer.average.network.state_dict(), resolution)
    data = RealData(trainer.prepared, resolution)
    rng = torch.Generator().manual_seed(seed)
    features = lite0_features()
    if trainer.reconstruction is None:
        sampler = Sampler(generator)
        drawn = (sampler.draw_images(sampler.draw(BATCH, rng)).clamp(-1, 1) for _ in range(samples // BATCH))
        return {"frechet": frechet_distance(moments(drawn, features), real)}
    posterior = trainer.reconstruction.posterior.eval()
    figures = _held_out(generator, posterior, trainer.prepared / f"{resolution:04d}")
    return figures | {
        "frechet": frechet_distance(moments(_remembered(generator, posterior, data, samples, rng), features), real)
    }


def _remembered(
    generator: Generator, posterior: Posterior, data: RealData, samples: int, rng: torch.Generator
) -> Iterator[Tensor]:
    """Images drawn from what the posterior finds in training stills."""
    assert data.moving is not None
    rows = torch.multinomial(data.weights, samples, replacement=True, generator=rng).numpy()
    latents = read_latents(
        posterior, np.stack([data.stills[i] for i in rows]), np.stack([data.moving[i] for i in rows])
    )
    depth, sampler = generator.depth(generator.resolution), Sampler(generator)
    for start in range(0, samples, BATCH):
        codes = latents.draw(torch.arange(start, start + BATCH), rng)
        with torch.no_grad():
            yield sampler.draw_images(
                replace(codes, s_static=codes.s_static[:depth], s_dynamic=codes.s_dynamic[:depth])
            ).clamp(-1, 1)


@torch.no_grad()
def _held_out(generator: Generator, posterior: Posterior, folder: Path) -> dict[str, float]:
    """Held-out stills through the means; all maps know them, since there are no masks of the held-out ones."""
    stills, perceptual = np.load(folder / "held_out.npy"), load_lpips(default_folder() / PERCEPTUAL_FILE)
    depth = generator.depth(generator.resolution)
    errors, distances = [], []
    for start in range(0, len(stills), BATCH):
        images = from_pixels(stills[start : start + BATCH])
        found = posterior(images, torch.zeros_like(images[:, :1]))
        static = [item.mean for item in found.s_static[:depth]]
        drawn = generator(generator.mapping(found.z.mean), static, [torch.zeros_like(s) for s in static])
        errors += F.l1_loss(drawn, images, reduction="none").mean(dim=(1, 2, 3)).tolist()
        distances += perceptual(drawn, images).flatten().tolist()
    return {"held_out_l1": float(np.mean(errors)), "held_out_lpips": float(np.mean(distances))}


def compare(
    data: Path, prepared: Path | None, names: list[str], resolution: int, minutes: float, samples: int, seed: int
) -> Iterator[dict[str, Any]]:
    """Train and measure recipes, one after another."""
    base = load_config("compact")
    with tempfile.TemporaryDirectory() as folder:
        if prepared is None:
            prepared = Path(folder)
            sizes = (resolution, max(resolution, SEGMENTED_AT))
            prepare(data, prepared, sizes)
            mark_moving(prepared, sizes, load_segmenter(default_folder() / SEGMENTER_FILE))
        stills, rng = RealData(prepared, resolution), torch.Generator().manual_seed(seed)
        batches = (stills.stills_batch(BATCH, rng, relit=0.0) for _ in range(samples // BATCH))
        real = moments(batches, lite0_features())
        for name in names:
            recipe = FIT_NUMBERS[name]
            config = configure(recipe, base, resolution)
            trainer = train(recipe, config, prepared, minutes * 60, seed)
            figures = evaluate(trainer, resolution, real, samples, seed)
            yield {
                "recipe": name,
                "resolution": resolution,
                "minutes": minutes,
                "seed": seed,
                "images": trainer.images,
            } | {key: round(value, 4) for key, value in figures.items()}


def main() -> None:
    """Compare and append a line of JSON per recipe."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--prepared", type=Path, help="folder of prepared arrays, to save their making")
    parser.add_argument("--only", nargs="+", choices=FIT_NUMBERS, default=list(FIT_NUMBERS))
    parser.add_argument("--resolution", type=int, default=32)
    parser.add_argument("--minutes", type=float, default=6.0, help="processor time of each recipe")
    parser.add_argument("--samples", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path, required=True, help="file of lines, appended to")
    options = parser.parse_args()
    torch.set_num_threads(1)
    if options.samples < BATCH or options.samples % BATCH:
        parser.error(f"--samples is to be a multiple of {BATCH}")
    wanted = {"resolution": options.resolution, "minutes": options.minutes, "seed": options.seed}
    lines = options.json.read_text().splitlines() if options.json.exists() else []
    done = {row["recipe"] for row in map(json.loads, lines) if wanted.items() <= row.items()}
    names = [name for name in options.only if name not in done]
    found = compare(
        options.data, options.prepared, names, options.resolution, options.minutes, options.samples, options.seed
    )
    for row in found:
        with options.json.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")


if __name__ == "__main__":
    main()
