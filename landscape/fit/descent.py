"""The optimisation loop of the inversion: Adam whose learning rate falls on plateaus, in steps that take turns."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from landscape.fit.numbers import Schedule
from landscape.progress import Progress, check_cancelled

LOOK_EVERY = 10
"""Steps between two looks at whether the result is good enough."""


class Plateau:
    """Halves a learning rate whenever the loss has not improved for ``patience`` steps; says when to give up.

    Attributes:
        factor: What the first learning rate is to be multiplied by.
        best: The lowest loss so far.
    """

    def __init__(self, patience: int | None = 20, stop_after: int | None = 100) -> None:
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
        if self._patience is not None and self._waited % self._patience == 0:
            self.factor /= 2
        return False

    @property
    def stalled(self) -> bool:
        """Whether the fit is to end."""
        return self._stop_after is not None and self._waited >= self._stop_after


@dataclass(frozen=True)
class Turn:
    """One kind of step: what is drawn, what is minimised, over which tensors. Steps take turns between the phases."""

    draw: Callable[[], Tensor]
    loss: Callable[[Tensor], Tensor]
    parameters: list[Tensor]
    enough: Callable[[Tensor], bool] | None = None


@dataclass(frozen=True)
class Group:
    """Parameters that share a first learning rate.

    Attributes:
        parameters: The tensors.
        rate: The learning rate.
        gradient: Factor on their gradients.
    """

    parameters: list[Tensor]
    rate: float
    gradient: float = 1.0


Kept = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Watch:
    """How the owner of a long fit follows and steers it.

    Attributes:
        progress: Called after every step.
        cancel: Set to give up at the next step.
        observe: Called after every step with a function from tensors to what the stage, ending now, would leave in
            them; tensors that it does not change are their own.
        expired: Asked before every step whether the time is up; the stage then ends as if its steps were done.
    """

    progress: Progress
    cancel: threading.Event | None = None
    observe: Callable[[Kept], None] | None = None
    expired: Callable[[], bool] | None = None


def descend(
    stage: str,
    phases: Sequence[Turn],
    groups: Sequence[Group],
    schedule: Schedule,
    watch: Watch,
    after_step: Callable[[], None] | None = None,
) -> None:
    """The one optimisation loop: Adam on the parameters of the groups, changed in place.

    A step gives gradients to the parameters of its own phase; all others stay exactly where they are. The loss that
    decides about the learning rate and the best state is the sum of the latest losses of all phases.

    Args:
        stage: Name for the progress.
        phases: Kinds of steps, in their order.
        groups: All parameters.
        schedule: Steps, rates and when to end.
        watch: How it is followed.
        after_step: Called after each step to put the parameters right.

    Raises:
        Cancelled: If the watch was cancelled.
    """
    parameters = [item for group in groups for item in group.parameters]
    optimiser = torch.optim.Adam([{"params": group.parameters, "lr": group.rate} for group in groups])
    plateau = Plateau(schedule.patience, schedule.stop_after)
    steps = schedule.steps
    latest: dict[int, float] = {}
    first_look = min(len(phases), steps) - 1
    kept = [item.detach().clone() for item in parameters]
    places = {id(item): state for item, state in zip(parameters, kept, strict=True)}
    for item in parameters:
        item.requires_grad_(True)

    def keep() -> None:
        torch._foreach_copy_(kept, [item.detach() for item in parameters])

    for step in range(steps):
        check_cancelled(watch.cancel)
        if watch.expired is not None and watch.expired():
            break
        turn = step % len(phases)
        phase = phases[turn]
        drawn = phase.draw()
        good_enough = phase.enough is not None and step % LOOK_EVERY == 0 and phase.enough(drawn)
        loss = phase.loss(drawn)
        latest[turn] = float(loss.detach())
        improved = step >= first_look and plateau.update(sum(latest.values()))
        if good_enough or (improved and schedule.keep_best):
            keep()
        if good_enough or plateau.stalled:
            break
        optimiser.zero_grad()
        for item, gradient in zip(phase.parameters, torch.autograd.grad(loss, phase.parameters), strict=True):
            item.grad = gradient
        for group, options in zip(groups, optimiser.param_groups, strict=True):
            options["lr"] = group.rate * plateau.factor
            if group.gradient != 1:
                for item in group.parameters:  # never in place: tensors may share one gradient
                    item.grad = None if item.grad is None else item.grad * group.gradient
        optimiser.step()
        if after_step is not None:
            with torch.no_grad():
                after_step()
        if not schedule.keep_best:
            keep()
        if watch.observe is not None:
            watch.observe(lambda item: places.get(id(item), item))
        watch.progress(stage, step + 1, steps)
    watch.progress(stage, steps, steps)
    for item in parameters:
        item.requires_grad_(False)
        item.grad = None
    torch._foreach_copy_(parameters, kept)
