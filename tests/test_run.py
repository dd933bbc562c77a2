"""The loop that every training shares."""

import json
import threading

import pytest
import torch

from landscape.errors import Cancelled, LandscapeError
from landscape.training.run.run import Rhythm, Run, cosine, descend, set_rate

STEPS = 12


def train(folder, resume=False, steps=STEPS, cancel_at=None, over_at=None, **more):
    """A line fitted to points; every step draws from a seed of its own."""
    torch.manual_seed(0)
    network = torch.nn.Linear(2, 1)
    optimiser = torch.optim.Adam([{"params": network.parameters(), "factor": 2.0}])
    cancel = threading.Event()
    run = Run(
        "fitting a line",
        folder / "state.pt",
        folder / "journal.jsonl",
        {"network": network, "optimiser": optimiser},
        steps,
        Rhythm(log_every=4, save_every=5),
        resume=resume,
        cancel=cancel,
        **more,
    )
    for step in run.steps():
        set_rate(optimiser, 0.1 * cosine(step / steps))
        x = torch.randn(8, 2, generator=torch.Generator().manual_seed(step))
        loss = (network(x) - x.sum(dim=1, keepdim=True)).square().mean()
        descend(optimiser, loss, clip=network)
        run.note(loss=loss.item())
        run.over = step == over_at
        if step == cancel_at:
            cancel.set()
    return network, run


def lines(folder):
    return [json.loads(line) for line in (folder / "journal.jsonl").read_text().splitlines()]


@pytest.mark.parametrize("stopped", [0, 4, 7])
def test_a_stopped_run_goes_on_and_ends_the_same(tmp_path, stopped):
    whole, _ = train(tmp_path / "whole")
    with pytest.raises(Cancelled):
        train(tmp_path / "parts", cancel_at=stopped)
    parts, _ = train(tmp_path / "parts", resume=True)
    assert torch.equal(whole.weight, parts.weight) and torch.equal(whole.bias, parts.bias)
    assert lines(tmp_path / "parts")[-1]["step"] == STEPS


def test_a_killed_run_repeats_what_was_not_saved(tmp_path):
    whole, _ = train(tmp_path / "whole")
    with pytest.raises(RuntimeError):
        train(tmp_path / "killed", measure=iter_then_fail())
    parts, _ = train(tmp_path / "killed", resume=True)
    assert torch.equal(whole.weight, parts.weight)
    steps = [line["step"] for line in lines(tmp_path / "killed")]
    assert steps == sorted(set(steps)) and steps[-1] == STEPS


def iter_then_fail():
    answers = iter([{"error": 1.0}])

    def measure():
        try:
            return next(answers)
        except StopIteration:
            raise RuntimeError("the power went") from None

    return measure


def test_the_journal_has_means_and_what_was_measured(tmp_path):
    train(tmp_path, measure=lambda: {"error": 0.123456789})
    written = lines(tmp_path)
    assert [line["step"] for line in written] == [4, 5, 8, 10, 12]
    assert [line["step"] for line in written if "error" in line] == [5, 10, 12]
    assert written[1]["error"] == 0.12346 and all("loss" in line for line in written)


def test_a_run_that_is_over_ends_as_if_its_steps_were_done(tmp_path):
    train(tmp_path, over_at=6)
    assert lines(tmp_path)[-1]["step"] == 7
    network, _ = train(tmp_path, resume=True, steps=7)  # nothing is left to do
    assert torch.isfinite(network.weight).all()


def test_facts_of_the_first_run_hold(tmp_path):
    train(tmp_path, facts={"seed": 3}, over_at=5)
    _, run = train(tmp_path, resume=True, facts={"seed": 9})
    assert run.facts == {"seed": 3}


def test_other_runs_are_not_written_over(tmp_path):
    train(tmp_path)
    with pytest.raises(LandscapeError, match="--resume"):
        train(tmp_path)
    with pytest.raises(LandscapeError):
        train(tmp_path / "empty", resume=True)

    def refuse(state):
        raise LandscapeError(f"begun with {state['step']} steps")

    with pytest.raises(LandscapeError, match="begun with 12 steps"):
        train(tmp_path, resume=True, check=refuse)
