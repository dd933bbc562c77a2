"""The optimisation loop of the inversion: Adam whose learning rate falls on plateaus, in steps that take turns."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from landscape.fit.numbers import Schedule
from landscape.fit.state import Step

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
    """One kind of step: what is drawn, what is minimised, over which tensors. Steps take turns."""

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


def descend(
    stage: str,
    turns: Sequence[Turn],
    groups: Sequence[Group],
    schedule: Schedule,
    after_step: Callable[[], None] | None = None,
) -> Iterator[Step]:
    """The one optimisation loop: Adam on the parameters of the groups, changed in place.

    A step gives gradients to the parameters of its own turn; all others stay exactly where they are. The loss that
    decides about the learning rate and the best state is the sum of the latest losses of all turns.

    Args:
        stage: Name for the progress.
        turns: Kinds of steps, in their order.
        groups: All parameters.
        schedule: Steps, rates and when to end.
        after_step: Called after each step to put the parameters right.

    Yields:
        The state before the first step and after each; the parameters hold the result when all states were asked for.
    """
    parameters = [item for group in groups for item in group.parameters]
    optimiser = torch.optim.Adam([{"params": group.parameters, "lr": group.rate} for group in groups])
    plateau = Plateau(schedule.patience, schedule.stop_after)
    steps = schedule.steps
    latest: dict[int, float] = {}
    first_look = min(len(turns), steps) - 1
    kept = [item.detach().clone() for item in parameters]
    places = {id(item): state for item, state in zip(parameters, kept, strict=True)}
    for item in parameters:
        item.requires_grad_(True)

    def keep() -> None:
        torch._foreach_copy_(kept, [item.detach() for item in parameters])

    def now(done: int) -> Step:
        return Step(stage, done, steps, lambda item: places.get(id(item), item))

    yield (state := now(0))
    for step in range(steps):
        if state.ended:
            break
        number = step % len(turns)
        current = turns[number]
        drawn = current.draw()
        good_enough = current.enough is not None and step % LOOK_EVERY == 0 and current.enough(drawn)
        loss = current.loss(drawn)
        latest[number] = float(loss.detach())
        improved = step >= first_look and plateau.update(sum(latest.values()))
        if good_enough or (improved and schedule.keep_best):
            keep()
        if good_enough or plateau.stalled:
            break
        for item, gradient in zip(current.parameters, torch.autograd.grad(loss, current.parameters), strict=True):
            item.grad = gradient
        for group, options in zip(groups, optimiser.param_groups, strict=True):
            options["lr"] = group.rate * plateau.factor
            if group.gradient != 1:
                for item in group.parameters:  # never in place: tensors may share one gradient
                    item.grad = None if item.grad is None else item.grad * group.gradient
        optimiser.step()
        optimiser.zero_grad()  # fits that wait for their turn keep none
        if after_step is not None:
            with torch.no_grad():
                after_step()
        if not schedule.keep_best:
            keep()
        yield (state := now(step + 1))
    if state.done < steps:
        yield now(steps)
    for item in parameters:
        item.requires_grad_(False)
        item.grad = None
    torch._foreach_copy_(parameters, kept)
