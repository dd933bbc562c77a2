"""Training on several processes: each takes its part of every batch, gradients are averaged.

Every random draw is made for the whole batch by all processes and then cut, so that two processes see the numbers that
one process with the same batch sees, and end the same but for rounding.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass

import torch
import torch.distributed as dist
from torch import Tensor

from landscape.errors import LandscapeError

GROUP = 4
"""Images that the discriminators' minibatch deviation compares; a group stays on one process."""

AGREE_EVERY = 4
"""Steps after which several processes ask each other whether to stop: every question makes them wait for each other."""


@dataclass(frozen=True)
class Processes:
    """This process among those of a run.

    Attributes:
        rank: Its number, 0 first.
        count: How many there are.
    """

    rank: int = 0
    count: int = 1

    @property
    def first(self) -> bool:
        """Whether this process writes the files."""
        return self.rank == 0

    def mine(self, whole: Tensor) -> Tensor:
        """This process's part (N / count, ...) of something drawn for the whole batch (N, ...).

        Raises:
            LandscapeError: If the batch cannot be divided.
        """
        if self.count == 1:
            return whole
        if len(whole) % self.count:
            raise LandscapeError(
                f"A batch of {len(whole)} does not divide over {self.count} processes; change the batch in the "
                "configuration or the number of processes."
            )
        group = GROUP
        while len(whole) % (group * self.count):
            group -= 1
        # The minibatch deviation compares images i, i + N / group, ...: its groups are cut as a whole.
        columns = whole.reshape(group, len(whole) // group, *whole.shape[1:])
        part = columns.shape[1] // self.count
        return columns[:, self.rank * part : (self.rank + 1) * part].reshape(-1, *whole.shape[1:])

    def begin_average(self, tensors: Iterable[Tensor]) -> Averaging:
        """Send tensors off to become, in place, their means over all processes.

        Until :meth:`Averaging.finish` they must neither be read nor changed; whatever else is computed meanwhile hides
        the time that the way takes.
        """
        found = list(tensors) if self.count > 1 else []
        return Averaging(found, self.count)

    def begin_average_of_gradients(self, parameters: Iterable[Tensor], *more: Tensor) -> Averaging:
        """The same of the gradients of parameters, and of further tensors."""
        return self.begin_average([*(p.grad for p in parameters if p.grad is not None), *more])

    def average_gradients(self, parameters: Iterable[Tensor]) -> None:
        """Replace the gradients by their mean over all processes."""
        self.begin_average_of_gradients(parameters).finish()

    def average(self, values: dict[str, float], device: torch.device) -> dict[str, float]:
        """Mean of every value over all processes, which have the same names."""
        if self.count == 1:
            return values
        means = torch.tensor(list(values.values()), dtype=torch.float64, device=device)
        self.begin_average([means]).finish()
        return dict(zip(values, means.tolist(), strict=True))

    def agree(self, wish: bool, step: int, device: torch.device) -> bool:
        """Whether any process wishes it, at every :data:`AGREE_EVERY` th step; all get the same answer.

        One process alone has its wish at every step.
        """
        if self.count == 1:
            return wish
        return step % AGREE_EVERY == 0 and self.average({"wish": float(wish)}, device)["wish"] > 0

    def wait(self) -> None:
        """Return when all processes have come here."""
        if self.count > 1:
            from accelerate.utils import wait_for_everyone

            wait_for_everyone()


class Averaging:
    """Tensors on their way to become means over processes; see :meth:`Processes.begin_average`."""

    def __init__(self, tensors: list[Tensor], count: int) -> None:
        self._tensors, self._count = tensors, count
        if tensors:
            # One message for all: the way takes long, not what is carried.
            self._sum = torch.cat([tensor.detach().flatten() for tensor in tensors])
            self._work = dist.all_reduce(self._sum, async_op=True)

    def finish(self) -> None:
        """Wait for the means, and put them in place."""
        if not self._tensors:
            return
        self._work.wait()
        means = self._sum.div_(self._count).split([tensor.numel() for tensor in self._tensors])
        for tensor, mean in zip(self._tensors, means, strict=True):
            tensor.detach().copy_(mean.view_as(tensor))


def join_processes(device: str) -> tuple[Processes, str]:
    """Join the other processes of a run that ``accelerate launch`` or ``torchrun`` started.

    Args:
        device: The wanted device; with several processes on CUDA each takes the GPU of its local rank.

    Returns:
        This process, and its device. Without a launcher it is alone.

    Raises:
        LandscapeError: If there are several processes but Accelerate is not installed.
    """
    if int(os.environ.get("WORLD_SIZE", "1")) == 1:
        return Processes(), device
    try:
        from accelerate import PartialState
    except ImportError as error:
        raise LandscapeError("Several processes need Accelerate: install the package accelerate.") from error
    state = PartialState(cpu=device == "cpu")
    return Processes(state.process_index, state.num_processes), str(state.device)
