"""What this computer can do at most, and how long pieces of work take on it."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch.utils.flop_counter import FlopCounterMode

TYPES = {"float32": torch.float32, "bf16": torch.bfloat16}
_SQUARE, _CHANNELS, _PIXELS = 1536, 256, 64


def alternating(
    works: dict[str, Callable[[], object]], rounds: int, clock: Callable[[], float] = time.perf_counter
) -> dict[str, float]:
    """Median seconds of pieces of work that take turns, so that other load on the machine meets all; after a turn."""
    spent: dict[str, list[float]] = {name: [] for name in works}
    for turn in range(rounds + 1):
        for name, work in works.items():
            began = clock()
            work()
            if turn:
                spent[name].append(clock() - began)
    return {name: statistics.median(times) for name, times in spent.items()}


@torch.no_grad()
def gflop(work: Callable[[], object]) -> float:
    """Floating-point operations of products and convolutions in a piece of work, in thousand millions."""
    with FlopCounterMode(display=False) as counter:
        work()
    return counter.get_total_flops() / 1e9


@torch.no_grad()
def peaks(rounds: int = 5, clock: Callable[[], float] = time.perf_counter) -> dict[str, dict[str, float]]:
    """GFLOP/s of a large product of matrices and of a large convolution, by type of number; the best of the rounds.

    Libraries differ: on some processors the convolution is far ahead of the product.
    """
    found: dict[str, dict[str, float]] = {}
    for name, kind in TYPES.items():
        a, b = (torch.randn(_SQUARE, _SQUARE).to(kind) for _ in range(2))
        x = torch.randn(1, _CHANNELS, _PIXELS, _PIXELS).to(kind, memory_format=torch.channels_last)
        weight = torch.randn(_CHANNELS, _CHANNELS, 3, 3).to(kind, memory_format=torch.channels_last)
        works = {
            "matrices": (lambda a=a, b=b: a @ b, 2 * _SQUARE**3),
            "convolution": (lambda x=x, w=weight: F.conv2d(x, w, padding=1), 18 * _CHANNELS**2 * _PIXELS**2),
        }
        found[name] = {}
        for title, (work, operations) in works.items():
            work()
            times = []
            for _ in range(rounds):
                began = clock()
                work()
                times.append(clock() - began)
            found[name][title] = round(operations / min(times) / 1e9, 1)
    return found
