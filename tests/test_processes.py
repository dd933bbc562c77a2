"""Training on two processes equals training on one with the same batch."""

import json
import subprocess
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from landscape.errors import LandscapeError
from landscape.networks.discriminators import minibatch_deviation
from landscape.training.gan import gan, trainer
from landscape.training.gan.sample_bank import SampleBank
from landscape.training.run.processes import AGREE_EVERY, Processes, join_processes
from tests.conftest import make_prior
from tests.test_training import TINY

SHARED = replace(
    TINY,
    training=replace(
        TINY.training,
        batch={8: 16, 16: 16},
        stable_images={8: 64, 16: 64},
        fade_images={16: 32},
        r1_every=2,
        reconstruction_share=0.3,
    ),
)

JUDGED = replace(
    SHARED,
    training=replace(SHARED.training, stable_images={8: 96}, reconstruction_share=1.0, reconstruction_judged=0.05),
)


@given(st.integers(1, 4), st.integers(1, 4))
def test_the_parts_are_the_whole(count, quarters):
    whole = torch.arange(4 * count * quarters)
    parts = [Processes(rank, count).mine(whole) for rank in range(count)]
    assert sorted(torch.cat(parts).tolist()) == whole.tolist()
    assert {len(part) for part in parts} == {4 * quarters}


def test_images_are_compared_with_the_same_ones_as_on_one_process():
    features = torch.randn(16, 2, 3, 3, generator=torch.Generator().manual_seed(0))
    parts = [Processes(rank, 2) for rank in range(2)]
    whole = minibatch_deviation(features)
    for process in parts:
        assert torch.allclose(minibatch_deviation(process.mine(features)), process.mine(whole))


def test_a_batch_that_cannot_be_divided_is_refused():
    with pytest.raises(LandscapeError, match="does not divide"):
        Processes(0, 3).mine(torch.zeros(8))


def test_without_a_launcher_a_process_is_alone(monkeypatch):
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    assert join_processes("cpu") == (Processes(0, 1), "cpu")


def launch(prepared, out, *more):
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    command += ["-m", "tests.two_processes", str(prepared), str(out), *more]
    done = subprocess.run(command, capture_output=True, text=True, cwd=Path(__file__).parents[1], timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]


def state_of(folder):
    return torch.load(folder / "state.pt", weights_only=True)


def losses_of(folder):
    lines = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    return [{name: value for name, value in line.items() if name != "images_per_second"} for line in lines]


def assert_alike(one, two):
    """Adam divides by tiny second moments, so rounding shows in a few weights, by a small part of a step."""
    assert one["step"] == two["step"]
    for network in ("generator", "static", "pairwise"):
        for name, value in one["networks"][network].items():
            assert (value - two["networks"][network][name]).abs().mean() < 5e-4, (network, name)
    for name, optimiser in one["optimisers"].items():
        steps = [{int(entry["step"]) for entry in o["state"].values()} for o in (optimiser, two["optimisers"][name])]
        assert steps[0] == steps[1], name


def test_two_processes_learn_what_one_learns_and_resume(marked, tmp_path, monkeypatch):
    monkeypatch.setattr(gan, "LOG_EVERY", 1)
    gan.train_gan(SHARED, marked, tmp_path / "one", seed=4)
    launch(marked, tmp_path / "two")
    one, two = losses_of(tmp_path / "one"), losses_of(tmp_path / "two")
    assert len(one) == len(two) > 10
    for alone, shared in zip(one, two, strict=True):
        assert shared == pytest.approx(alone, rel=0.02, abs=5e-3)
    assert_alike(state_of(tmp_path / "one"), state_of(tmp_path / "two"))
    # A run that one process began and two go on with ends there too.
    half = replace(SHARED, training=replace(SHARED.training, stable_images={8: 64}))
    gan.train_gan(half, marked, tmp_path / "half", seed=4)
    launch(marked, tmp_path / "half", "--resume")
    assert_alike(state_of(tmp_path / "one"), state_of(tmp_path / "half"))


def test_two_processes_stop_together_and_one_goes_on(marked, tmp_path, monkeypatch):
    monkeypatch.setattr(gan, "LOG_EVERY", 1)
    gan.train_gan(SHARED, marked, tmp_path / "one", seed=4)
    launch(marked, tmp_path / "two", "--stop")
    stopped = state_of(tmp_path / "two")
    assert stopped["step"] == AGREE_EVERY, "one of them wished it after two steps"
    gan.train_gan(SHARED, marked, tmp_path / "two", resume=True)
    assert_alike(state_of(tmp_path / "one"), state_of(tmp_path / "two"))


def test_two_processes_judge_samples_as_one_does(marked, tmp_path, monkeypatch):
    monkeypatch.setattr(gan, "LOG_EVERY", 1)
    monkeypatch.setattr(trainer, "SampleBank", partial(SampleBank, count=8))
    begun = replace(JUDGED, training=replace(JUDGED.training, stable_images={8: 16}))
    for run in ("one", "two"):
        gan.train_gan(begun, marked, tmp_path / run, seed=4)
    gan.train_gan(JUDGED, marked, tmp_path / "one", resume=True, prior=make_prior(TINY.generator.style_width))
    launch(marked, tmp_path / "two", "--resume", "--prior")
    one, two = losses_of(tmp_path / "one"), losses_of(tmp_path / "two")
    assert "g_sampled" in set().union(*one)
    for alone, shared in zip(one, two, strict=True):
        assert shared == pytest.approx(alone, rel=0.02, abs=5e-3)
    assert_alike(state_of(tmp_path / "one"), state_of(tmp_path / "two"))
