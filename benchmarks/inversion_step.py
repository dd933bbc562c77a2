"""One optimisation step of the inversion at 256 px against a straightforward loop with VGG-19, in one run.

    python -m benchmarks.inversion_step [--rounds 5] [--threads 1]

Both fit the same random photo with a `paper-256` generator of random weights, whose shapes and speed are those of the
released one. The plain loop is algorithm 2 of the paper as one would write it down: the generator as it is trained, the
target's VGG-19 features computed at every step, a turn for the static and one for the moving part. The product's step
does what both turns do. Steps alternate, so that the machine's load meets both.
"""

from __future__ import annotations

import argparse
import functools
import statistics
import time
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from landscape.fit.invert import working_copy
from landscape.fit.latents import Latents
from landscape.fit.numbers import FIT_NUMBERS, VARIANTS, Schedule
from landscape.fit.quality import QualityMeter
from landscape.fit.stages import fit_latents, tune
from landscape.models.bundle import PERCEPTUAL_FILE, default_folder
from landscape.models.config import load_config
from landscape.models.frozen import load_lpips
from landscape.networks.generator import Generator
from landscape.networks.vgg import Vgg19

SIDE = 256
Step = Callable[[], object]


def plain_steps(generator: Generator, latents: Latents, image: Tensor, moving: Tensor, tuning: bool) -> list[Step]:
    """A turn for the static and a turn for the moving part, or one fine-tuning step."""
    vgg = Vgg19().eval().requires_grad_(False)
    generator.requires_grad_(tuning)
    start = latents.w.clone()
    tensors = [*generator.blocks.parameters(), *generator.to_rgb[-1].parameters()] if tuning else latents.tensors()
    for item in tensors:
        item.requires_grad_(True)
    optimiser = torch.optim.Adam(tensors, lr=0.001 if tuning else 0.1)

    def turn(region: Tensor | float, frozen: list[Tensor], weight: float) -> None:
        drawn = generator(latents.w, latents.s_static, latents.s_dynamic) * region
        target = image * region
        loss = F.l1_loss(drawn, target)
        loss = loss + weight * vgg.distance(vgg.features(drawn), vgg.features(target)).mean()
        if not tuning:
            loss = loss + F.mse_loss(latents.w, start)
        optimiser.zero_grad()
        loss.backward()
        for item in frozen:
            item.grad = None
        if not tuning:
            for item in (*latents.s_static, *latents.s_dynamic):
                if item.grad is not None:
                    item.grad *= 0.001
        optimiser.step()

    if tuning:
        return [lambda: turn(1.0, [], 0.1)]
    return [
        lambda: turn(1 - moving, latents.s_dynamic, 0.01),
        lambda: turn(moving, latents.s_static, 0.01),
    ]


def product_stage(
    generator: Generator, latents: Latents, image: Tensor, moving: Tensor, tuning: bool, steps: int
) -> None:
    """So many steps of the product."""
    perceptual = load_lpips(default_folder() / PERCEPTUAL_FILE)
    recipe, variant = FIT_NUMBERS["product"], VARIANTS["EOIFS"]
    if tuning:
        schedule = Schedule(steps, 1e-3, 0.1, keep_best=True)
        judge = QualityMeter(image, perceptual)
        states = tune(generator, latents, image, moving, perceptual, judge, variant, recipe, schedule, 0)
    else:
        schedule = Schedule(steps, 0.1, 0.01, keep_best=True)
        states = fit_latents(generator, latents, image, moving, perceptual, variant, recipe, schedule)
    for _ in states:
        pass


def measure(rounds: int, clock: Callable[[], float] = time.process_time) -> dict[str, tuple[float, float, int]]:
    """Both kinds of steps.

    Args:
        rounds: How often each is measured; the median counts.
        clock: Seconds. Those of the processor hardly know other load on the machine.

    Returns:
        By stage: seconds of a turn of the plain loop, seconds of a step of the product, and how many turns that does.
    """

    def seconds(work: Callable[[], object]) -> float:
        started = clock()
        work()
        return clock() - started

    torch.manual_seed(0)
    generator = Generator(load_config("paper-256").generator).eval()
    maps = [torch.zeros(1, 1, side, side) for side in generator.config.resolutions]
    latents = Latents(torch.randn(1, generator.depth(), 512), maps, [item.clone() for item in maps])
    image = torch.rand(1, 3, SIDE, SIDE) * 2 - 1
    moving = torch.zeros(1, 1, SIDE, SIDE)
    moving[:, :, : SIDE // 2] = 1
    found = {}
    for stage, tuning in (("latents", False), ("fine-tuning", True)):
        plain = plain_steps(working_copy(generator), latents.copy(), image, moving, tuning)
        measured: dict[str, list[float]] = {"plain": [], "product": []}
        for _ in range(rounds):
            plain_seconds = [seconds(step) for step in plain]
            # The difference of three steps and one leaves out what is done once per fit.
            fresh = [(working_copy(generator), latents.copy()) for steps in (1, 3)]
            one, three = (
                seconds(functools.partial(product_stage, *pair, image, moving, tuning, steps))
                for pair, steps in zip(fresh, (1, 3), strict=True)
            )
            measured["plain"].append(statistics.mean(plain_seconds))
            measured["product"].append((three - one) / 2)
        found[stage] = (*(statistics.median(measured[name]) for name in ("plain", "product")), len(plain))
    return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    for stage, (step, ours, turns) in measure(options.rounds).items():
        print(f"{stage}: plain step {step:.3f} s, product step {ours:.3f} s, ratio {ours / step:.2f}", end="")
        print(f", per turn of the plain loop {ours / turns / step:.2f}" if turns > 1 else "")


if __name__ == "__main__":
    main()
