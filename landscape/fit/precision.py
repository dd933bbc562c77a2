"""In which type of number a computer draws the frames of large generators fastest."""

from __future__ import annotations

import time
from functools import cache

import torch
import torch.nn.functional as F

from landscape.threads import one_core

_GAIN = 1.3
"""How many times as fast bf16 must be to be taken."""
_CHANNELS, _PIXELS, _TURNS = 64, 64, 6
"""The convolution by which that is found out, and how often: a hundredth of a second."""


@cache
def quick_precision(device: str = "cpu") -> torch.dtype:
    """The type in which a processor computes convolutions fastest: bf16 if it has units for it, else float32.

    Found out once by a small convolution in both types, as processors that know the type may still lack the units. The
    time is that of one thread alone, so that whatever else the computer does changes nothing.

    Args:
        device: Kind of torch device; others than the CPU keep float32.
    """
    if device != "cpu":
        return torch.float32
    spent: dict[torch.dtype, float] = {}
    with one_core(), torch.no_grad():
        for kind in (torch.float32, torch.bfloat16):
            x = torch.ones(1, _CHANNELS, _PIXELS, _PIXELS, dtype=kind).to(memory_format=torch.channels_last)
            weight = torch.ones(_CHANNELS, _CHANNELS, 3, 3, dtype=kind).to(memory_format=torch.channels_last)
            times = []
            for _ in range(_TURNS):
                began = time.thread_time()
                F.conv2d(x, weight, padding=1)
                times.append(time.thread_time() - began)
            spent[kind] = min(times)
    return torch.bfloat16 if spent[torch.float32] > _GAIN * spent[torch.bfloat16] else torch.float32
