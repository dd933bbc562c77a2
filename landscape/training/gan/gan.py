"""Training of the generator with its discriminators (paper, 3.1.2 and section 6): the loop and what it writes down.

A run that was killed and resumed repeats the steps after its last checkpoint with the same numbers and ends the same.
"""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path

from landscape.errors import Cancelled
from landscape.models.config import ModelConfig
from landscape.networks.prior import LatentPrior
from landscape.progress import Progress, ignore_progress
from landscape.training.gan.export import import_warm_start
from landscape.training.gan.grids import save_grid
from landscape.training.gan.schedule import Stage, stage_at, total_images
from landscape.training.gan.trainer import GanTrainer
from landscape.training.run.checkpoint import Means, drop_later_lines, load_state, require_new_run, save_state
from landscape.training.run.processes import Processes

LOG_EVERY = 50
STATE_FILE, METRICS_FILE = "state.pt", "metrics.jsonl"


def train_gan(
    config: ModelConfig,
    prepared: Path,
    out: Path,
    *,
    seed: int = 0,
    device: str = "cpu",
    resume: bool = False,
    start_from: Path | None = None,
    prior: LatentPrior | None = None,
    checkpoint_minutes: float = 4.0,
    grid_images: int = 10_000,
    minutes: float | None = None,
    most_bytes: int | None = None,
    precision: str = "auto",
    processes: Processes | None = None,
    progress: Progress = ignore_progress,
    cancel: threading.Event | None = None,
) -> None:
    """Train the generative model until its schedule ends.

    Args:
        config: What to train.
        prepared: Folder written by :func:`landscape.training.data.pictures.prepare`, or a pack of
            :func:`landscape.training.data.pack.write_pack`.
        out: The run's folder.
        seed: Seed of everything random.
        device: Torch device.
        resume: Continue from ``out/state.pt``.
        start_from: Start from the networks of another run, a file written by
            :func:`landscape.training.gan.export.export_warm_start`, instead of random weights.
        prior: The prior of the latents of the run that this one goes on from. If given, the judge sees samples of it,
            and the posterior stands still; a resumed run needs it again, a longer one that was over one like it.
        checkpoint_minutes: Time between checkpoints.
        grid_images: Images between sample grids.
        minutes: End after so long, with a checkpoint to go on from; None goes on until the schedule ends.
        most_bytes: Most bytes of a file; see :func:`.save_state`.
        precision: See :class:`.GanTrainer`.
        processes: The processes that share every batch; the first one writes the files.
        progress: Called with images seen and images of the schedule.
        cancel: Ends the run at the next step, on several processes when they agree (:meth:`.Processes.agree`); its
            state is kept.

    Raises:
        LandscapeError: If there is nothing to resume from or no data, or the prior does not suit the run.
        Cancelled: If ``cancel`` was set; the state was written before.
    """
    state_file = out / STATE_FILE
    began = time.monotonic()
    require_new_run(state_file, resume)
    out.mkdir(parents=True, exist_ok=True)
    processes = processes or Processes()
    trainer = GanTrainer(config, prepared, seed, device, processes, precision)
    if resume:
        trainer.load(load_state(state_file))
    elif start_from is not None:
        trainer.start_from(**import_warm_start(start_from))
    trainer.judge_samples(prior, progress, cancel)
    processes.wait()
    journal = _Journal(trainer, out, grid_images, checkpoint_minutes, most_bytes)
    total = total_images(config.training)
    while (stage := stage_at(config.training, trainer.images)) is not None:
        over = minutes is not None and time.monotonic() - began > 60 * minutes
        cancelled = cancel is not None and cancel.is_set()
        if processes.agree(over or cancelled, trainer.step, trainer.device):
            # Between two steps all networks are of one age. Nobody leaves while others wait for what is on its way.
            trainer.adversarial.settle()
            if processes.first:
                journal.save()
            processes.wait()
            if over and not cancelled:
                return
            raise Cancelled
        losses = trainer.train_step(stage)
        progress(f"training at {stage.resolution} px", min(trainer.images, total), total)
        journal.note(losses, stage)
    processes.wait()


class _Journal:
    """What the first process writes down, metrics of all of them: sample grids, checkpoints."""

    def __init__(
        self, trainer: GanTrainer, out: Path, grid_images: int, checkpoint_minutes: float, most_bytes: int | None
    ) -> None:
        self._trainer, self._out, self._most = trainer, out, most_bytes
        self._grid_images, self._checkpoint_seconds = grid_images, checkpoint_minutes * 60
        self._saved = self._started = time.monotonic()
        self._means = Means()
        self._counted = trainer.images
        if trainer.processes.first:
            drop_later_lines(out / METRICS_FILE, trainer.step)

    def note(self, losses: dict[str, float], stage: Stage) -> None:
        """Take note of a step."""
        trainer = self._trainer
        self._means.add(losses)
        if trainer.step % LOG_EVERY == 0:
            self._log(stage)
        if not trainer.processes.first:
            return
        after = stage_at(trainer.schedule, trainer.images)
        finished = after is None or after.resolution != stage.resolution
        if finished or trainer.images // self._grid_images != (trainer.images - stage.batch) // self._grid_images:
            grid = self._out / f"samples_{trainer.images:08d}.png"
            save_grid(trainer.average.network, grid, stage.resolution, stage.alpha, trainer.prior)
        if finished:
            save_state(self._out / f"state_{stage.resolution}.pt", trainer.state(), self._most)
        if finished or time.monotonic() - self._saved > self._checkpoint_seconds:
            self.save()

    def save(self) -> None:
        """Write the checkpoint."""
        save_state(self._out / STATE_FILE, self._trainer.state(), self._most)
        self._saved = time.monotonic()

    def _log(self, stage: Stage) -> None:
        means = self._trainer.processes.average(self._means.take(), self._trainer.device)
        if not self._trainer.processes.first:
            return
        now = time.monotonic()
        record: dict[str, float] = {
            "step": self._trainer.step,
            "images": self._trainer.images,
            "resolution": stage.resolution,
            "alpha": round(stage.alpha, 4),
            "images_per_second": round((self._trainer.images - self._counted) / (now - self._started), 2),
        } | {name: round(value, 5) for name, value in means.items()}
        self._started, self._counted = now, self._trainer.images
        with (self._out / METRICS_FILE).open("a", encoding="utf-8") as file:
            file.write(json.dumps(record) + "\n")
