"""Trains the tiny model as one of several processes; started by the launcher in test_processes.py."""

import sys
from pathlib import Path

import torch

from landscape.training import gan
from landscape.training.processes import join_processes
from tests.test_processes import SHARED

if __name__ == "__main__":
    torch.set_num_threads(1)
    processes, device = join_processes("cpu")
    prepared, out = Path(sys.argv[1]), Path(sys.argv[2])
    gan.LOG_EVERY = 1
    gan.train_gan(SHARED, prepared, out, seed=4, device=device, processes=processes, resume="--resume" in sys.argv)
