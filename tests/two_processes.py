"""Trains the tiny model as one of several processes; started by the launcher in test_processes.py."""

import contextlib
import itertools
import json
import sys
import threading
from functools import partial
from pathlib import Path

import torch

from landscape.errors import Cancelled
from landscape.training.gan import gan, trainer
from landscape.training.gan.sample_bank import SampleBank
from landscape.training.run.processes import Processes, join_processes
from tests.conftest import make_prior
from tests.test_processes import JUDGED, SHARED


def train(prepared: Path, out: Path, wishes: list[str], processes: Processes, device: str) -> None:
    """One training; wishes are ``resume``, ``prior`` (judge samples of it) and ``stop`` (the second, after 2 steps)."""
    judged = "prior" in wishes
    config, prior = (JUDGED, make_prior(JUDGED.generator.style_width)) if judged else (SHARED, None)
    cancel, seen = threading.Event(), itertools.count(1)

    def stop(*_: object) -> None:
        if "stop" in wishes and not processes.first and next(seen) == 2:
            cancel.set()

    options = {"device": device, "processes": processes, "resume": "resume" in wishes, "prior": prior}
    with contextlib.suppress(Cancelled):
        gan.train_gan(config, prepared, out, seed=4, progress=stop, cancel=cancel, **options)


if __name__ == "__main__":
    torch.set_num_threads(1)
    joined = join_processes("cpu")
    gan.LOG_EVERY = 1
    trainer.SampleBank = partial(SampleBank, count=8)
    for name, *wishes in json.loads(sys.argv[3]):
        train(Path(sys.argv[1]), Path(sys.argv[2]) / name, wishes, *joined)
