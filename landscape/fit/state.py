"""The states that a fit goes through: who iterates over them pauses, cancels, shows and ends it as they like."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

from torch import Tensor

from landscape.progress import Progress, check_cancelled, ignore_progress

Result = TypeVar("Result")
Other = TypeVar("Other")


@dataclass
class Step:
    """Where one stage of a fit is; the work goes on when the next step is asked for.

    Attributes:
        stage: Name of the stage, for people.
        done: Steps done, 0 before the first.
        total: Most steps.
        kept: From a tensor of the fit to what the stage, ending now, would leave in it; tensors that the stage does not
            change are their own.
        ended: Whether the stage is to end as if its steps were done.
    """

    stage: str
    done: int
    total: int
    kept: Callable[[Tensor], Tensor]
    ended: bool = False

    def end(self) -> None:
        """Let the stage end here."""
        self.ended = True


@dataclass(frozen=True)
class FitState(Generic[Result]):
    """Where a fit is.

    Attributes:
        stage: Name of the stage, for people.
        done: Steps done of this stage, 0 before the first.
        total: Most steps of this stage.
        snapshot: Copies what is reached so far; nothing is copied unless it is called, and only before the next state
            is asked for. That of the last state is the result.
        end: Lets the stage end as if its steps were done.
        finished: Whether this is the last state.
    """

    stage: str
    done: int
    total: int
    snapshot: Callable[[], Result]
    end: Callable[[], None]
    finished: bool = False

    def of(self, change: Callable[[Result], Other]) -> FitState[Other]:
        """The same state of something that is made of the result."""
        return FitState(self.stage, self.done, self.total, lambda: change(self.snapshot()), self.end, self.finished)


def finish(
    states: Iterator[FitState[Result]], progress: Progress = ignore_progress, cancel: threading.Event | None = None
) -> Result:
    """Go through a fit to its end.

    Args:
        states: The fit.
        progress: Called at every state.
        cancel: Set it to give up at the next state.

    Returns:
        The result.

    Raises:
        Cancelled: If ``cancel`` was set.
    """
    state = None
    for state in states:
        check_cancelled(cancel)
        progress(state.stage, state.done, state.total)
    assert state is not None
    return state.snapshot()
