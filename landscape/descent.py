"""The optimisation loop of the inversion: Adam whose learning rate falls on plateaus, in steps that take turns."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from landscape.progress import Progress, check_cancelled

PATIENCE = 20
STOP_AFTER = 100
LOOK_EVERY = 10
"""Steps between two looks at whether the result is good enough."""


class Plateau:
    """Halves a learning rate whenever the loss has not improved for 20 steps, and ends the fit after 100.

    Attributes:
        factor: What the first learning rate is to be multiplied by.
        best: The lowest loss so far.
    """

    def __init__(self, patience: int = PATIENCE, stop_after: int = STOP_AFTER) -> None:
        self.factor = 1.0
        self.best = math.inf
        self._patience = patience
        self._stop_after = stop_after
        self._waited = 0

    def update(self, loss: float) -> bool:
        """Note the loss of a step; True if it is the lowest so far."""
        if loss < self.best:
            self.best = loss
            self._waited = 0
            return True
        self._waited += 1
        if self._waited % self._patience == 0:
            self.factor /= 2
        return False

    @property
    def stalled(self) -> bool:
        """Whether the fit is to end."""
        return self._waited >= self._stop_after


@dataclass(frozen=True)
class Phase:
    """One kind of step: what is drawn, what is minimised, over which tensors. Steps take turns between the phases."""

    draw: Callable[[], Tensor]
    loss: Callable[[Tensor], Tensor]
    parameters: list[Tensor]
    enough: Callable[[Tensor], bool] | None = None


@dataclass(frozen=True)
class Group:
    """Parameters that share a first learning rate."""

    parameters: list[Tensor]
    rate: float


def descend(
    stage: str,
    phases: Sequence[Phase],
    groups: Sequence[Group],
    steps: int,
    progress: Progress,
    cancel: threading.Event | None,
    after_step: Callable[[], None] | None = None,
) -> None:
    """The one optimisation loop: Adam on the parameters of the groups, which end at the best state seen.

    A step gives gradients to the parameters of its own phase; all others stay exactly where they are. The loss that
    decides about the learning rate and the best state is the sum of the latest losses of all phases.
    """
    parameters = [item for group in groups for item in group.parameters]
    optimiser = torch.optim.Adam([{"params": group.parameters, "lr": group.rate} for group in groups])
    plateau = Plateau()
    latest: dict[int, float] = {}
    first_look = min(len(phases), steps) - 1
    best = [item.detach().clone() for item in parameters]
    for item in parameters:
        item.requires_grad_(True)
    for step in range(steps):
        check_cancelled(cancel)
        turn = step % len(phases)
        phase = phases[turn]
        drawn = phase.draw()
        good_enough = phase.enough is not None and step % LOOK_EVERY == 0 and phase.enough(drawn)
        loss = phase.loss(drawn)
        latest[turn] = float(loss.detach())
        if good_enough or (step >= first_look and plateau.update(sum(latest.values()))):
            torch._foreach_copy_(best, [item.detach() for item in parameters])
        if good_enough or plateau.stalled:
            break
        optimiser.zero_grad()
        for item, gradient in zip(phase.parameters, torch.autograd.grad(loss, phase.parameters), strict=True):
            item.grad = gradient
        for group, options in zip(groups, optimiser.param_groups, strict=True):
            options["lr"] = group.rate * plateau.factor
        optimiser.step()
        if after_step is not None:
            with torch.no_grad():
                after_step()
        progress(stage, step + 1, steps)
    progress(stage, steps, steps)
    for item in parameters:
        item.requires_grad_(False)
        item.grad = None
    torch._foreach_copy_(parameters, best)
