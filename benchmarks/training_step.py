"""Throughput of the generator's training: the project's step against a plain PyTorch loop of the same networks.

Both train the same generator and the same two discriminators on the same data at the same batch, in turns within one
run; the ratio is what counts. The plain loop does what a first version would: images are decoded from JPEG and resized
by a data loader in the loop, fakes are drawn anew for the generator's step, and R1 is applied at every step.

    python -m benchmarks.training_step --data DATA --resolution 32 --seconds 60

On several cores the project's step is faster in as many processes with one thread each, while the plain loop has as
many threads:

    torchrun --nproc-per-node 2 -m benchmarks.training_step --data DATA --resolution 32
"""

from __future__ import annotations

import argparse
import json
import os
import random
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from landscape.images.tensors import from_pixels
from landscape.models.config import ModelConfig, load_config
from landscape.networks.discriminators import Discriminator
from landscape.networks.generator import Generator
from landscape.training.data.pictures import find_sources, prepare
from landscape.training.gan.optimisers import BETAS
from landscape.training.gan.schedule import Stage
from landscape.training.gan.trainer import GanTrainer
from landscape.training.run.processes import Processes, join_processes

PAIR_SHARE = 0.1
TURNS = 3


class _Stills(Dataset[Tensor]):
    """Files decoded and resized one by one."""

    def __init__(self, files: list[Path], resolution: int) -> None:
        self.files, self.resolution = files, resolution

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, index: int) -> Tensor:
        import numpy as np

        with Image.open(self.files[index]) as opened:
            image = opened.convert("RGB").resize((self.resolution,) * 2, Image.Resampling.LANCZOS)
        return from_pixels(np.asarray(image)[None])[0]


class PlainLoop:
    """A straightforward loop.

    Args:
        config: Sizes of the networks.
        data: Folder of folders with stills and clips.
        resolution: Pixels.
        batch: Images per step.
    """

    def __init__(self, config: ModelConfig, data: Path, resolution: int, batch: int) -> None:
        self.resolution, self.batch = resolution, batch
        channels, depth = config.generator.channels, config.training.discriminator_convolutions
        self.generator = Generator(config.generator)
        self.judges = {False: Discriminator(channels, 1, depth), True: Discriminator(channels, 2, depth)}
        self.rate = config.training.learning_rate[resolution]
        self.optimisers = {
            network: torch.optim.Adam(network.parameters(), lr=self.rate, betas=BETAS)
            for network in (self.generator, *self.judges.values())
        }
        sources, clips = find_sources(data)
        self.stills = self._forever(_Stills([source.path for source in sources], resolution))
        self.clips = [_Stills(frames, resolution) for frames in clips.values()]

    def _forever(self, dataset: _Stills):  # noqa: ANN202
        while True:
            yield from DataLoader(dataset, self.batch, shuffle=True, drop_last=True)

    def _fakes(self, count: int, pairs: bool) -> Tensor:
        g = self.generator
        static, frames = g.sample_maps(count, self.resolution), []
        for _ in range(2 if pairs else 1):
            w = g.mapping(g.sample_z(count))
            frames.append(g(w, static, g.sample_maps(count, self.resolution), self.resolution))
        return torch.cat(frames, dim=1)

    def _pairs(self, count: int) -> Tensor:
        clips = random.sample(self.clips, count)
        return torch.stack([torch.cat([random.choice(clip) for _ in range(2)]) for clip in clips])

    def step(self) -> int:
        """One step; returns its images."""
        pairs = random.random() < PAIR_SHARE
        count = self.batch // 2 if pairs else self.batch
        real = (self._pairs(count) if pairs else next(self.stills)).requires_grad_(True)
        judge = self.judges[pairs]
        real_logits, fake_logits = judge(real), judge(self._fakes(count, pairs).detach())
        loss = F.softplus(-real_logits).mean() + F.softplus(fake_logits).mean()
        (slope,) = torch.autograd.grad(real_logits.sum(), real, create_graph=True)
        self._update(judge, loss + slope.square().sum(dim=(1, 2, 3)).mean())
        self._update(self.generator, F.softplus(-judge(self._fakes(count, pairs))).mean())
        return count

    def _update(self, network: torch.nn.Module, loss: Tensor) -> None:
        self.optimisers[network].zero_grad()
        loss.backward()
        self.optimisers[network].step()


def measure(
    data: Path,
    config_name: str,
    resolution: int,
    seconds: float,
    prepared: Path | None,
    threads: int,
    processes: Processes,
) -> dict[str, float]:
    """Images per second of both, in turns.

    Returns:
        ``plain``, ``project`` (images per second), ``ratio``.
    """
    config = load_config(config_name)
    # The same signals on both sides: the paper's two discriminators and nothing else.
    training = replace(config.training, reconstruction_share=0.0)
    config = replace(config, training=training)
    batch = training.batch[resolution]
    stage = Stage(resolution, 1.0, PAIR_SHARE, batch, training.learning_rate[resolution], 0)
    cpu = torch.device("cpu")
    with tempfile.TemporaryDirectory() as folder:
        if prepared is None:
            prepared = Path(folder)
            prepare(data, prepared, (resolution,))
        trainer = GanTrainer(config, prepared, processes=processes)
        plain = PlainLoop(config, data, resolution, batch) if processes.first else None

        def project_step() -> int:
            before = trainer.images
            trainer.train_step(stage)
            return trainer.images - before

        def turn(step: Callable[[], int], together: bool) -> float:
            began, images, steps, over = time.perf_counter(), 0, 0, False
            while not over:
                images += step()
                steps += 1
                over = time.perf_counter() - began > seconds / (2 * TURNS)
                over = processes.agree(over, steps, cpu) if together else over
            return images / (time.perf_counter() - began)

        rates: dict[str, list[float]] = {"plain": [], "project": []}
        for _ in range(1 + TURNS):
            if plain is not None:
                torch.set_num_threads(threads)
                rates["plain"].append(turn(plain.step, together=False))
            processes.wait()
            torch.set_num_threads(max(1, threads // processes.count))
            rates["project"].append(turn(project_step, together=True))
    # The first turn warms up.
    means = {name: sum(values[1:]) / TURNS for name, values in rates.items()}
    return {name: round(value, 2) for name, value in means.items()} | {
        "ratio": round(means["project"] / max(means["plain"], 1e-9), 2)
    }


def main() -> None:
    """Measure and print JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--config", default="compact")
    parser.add_argument("--resolution", type=int, nargs="+", default=[32])
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--prepared", type=Path, help="folder of prepared arrays, to save their making")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1, help="of the plain loop")
    options = parser.parse_args()
    processes, _ = join_processes("cpu")
    for resolution in options.resolution:
        found = measure(
            options.data, options.config, resolution, options.seconds, options.prepared, options.threads, processes
        )
        if processes.first:
            sizes = {"resolution": resolution, "threads": options.threads, "processes": processes.count}
            print(json.dumps(sizes | found), flush=True)


if __name__ == "__main__":
    main()
