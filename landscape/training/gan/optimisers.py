"""How the networks of a run learn: their optimisers, and the precision in which layers compute."""

from __future__ import annotations

import re

import torch
from torch import nn

from landscape.errors import named
from landscape.networks.discriminators import Discriminator
from landscape.networks.generator import Generator

MAPPING_RATE = 0.01
# The scales of S would need thousands of steps at the common rate to reach the size of the features.
MAP_SCALE_RATE = 5.0
BETAS = (0.0, 0.99)
MAP_SCALE = re.compile(r"\.(static|dynamic)[12]\.")
PRECISIONS = ("auto", "float32", "bf16")


def build_optimisers(
    generator: Generator, static: Discriminator, pairwise: Discriminator
) -> dict[str, torch.optim.Optimizer]:
    """The optimisers of M and G, and of the discriminators; each group has its ``factor`` on the common rate."""
    mapping: list[nn.Parameter] = []
    scales: list[nn.Parameter] = []
    synthesis: list[nn.Parameter] = []
    for name, parameter in generator.named_parameters():
        kind = mapping if name.startswith("mapping.") else scales if MAP_SCALE.search(name) else synthesis
        kind.append(parameter)
    groups = [
        {"params": synthesis, "factor": 1.0},
        {"params": mapping, "factor": MAPPING_RATE},
        {"params": scales, "factor": MAP_SCALE_RATE},
    ]
    optimisers: dict[str, torch.optim.Optimizer] = {"generator": torch.optim.Adam(groups, betas=BETAS, fused=True)}
    for name, network in (("static", static), ("pairwise", pairwise)):
        group = {"params": list(network.parameters()), "factor": 1.0}
        optimisers[name] = torch.optim.Adam([group], betas=BETAS, fused=True)
    return optimisers


def computes_half(device: torch.device, precision: str) -> bool:
    """Whether layers compute in bf16, see :class:`.GanTrainer`.

    Raises:
        LandscapeError: If the precision has another name.
    """
    named("precision", precision, PRECISIONS)
    if precision == "auto":
        return device.type == "cuda" and torch.cuda.is_bf16_supported()
    return precision == "bf16"
