"""Training on two processes equals training on one with the same batch."""

import json
import shutil
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


ALONE, SHARED_RUN, HALF, STOPPED, JUDGED_ALONE, JUDGED_RUN = "alone", "two", "half", "stopped", "judged alone", "judged"


@pytest.fixture(scope="module")
def runs(marked, tmp_path_factory):
    """Trainings by one process and by two, which are launched once for all of them."""
    folder = tmp_path_factory.mktemp("runs")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(gan, "LOG_EVERY", 1)
        patch.setattr(trainer, "SampleBank", partial(SampleBank, count=8))
        gan.train_gan(SHARED, marked, folder / ALONE, seed=4)
        half = replace(SHARED, training=replace(SHARED.training, stable_images={8: 64}))
        gan.train_gan(half, marked, folder / HALF, seed=4)
        begun = replace(JUDGED, training=replace(JUDGED.training, stable_images={8: 16}))
        gan.train_gan(begun, marked, folder / JUDGED_ALONE, seed=4)
        shutil.copytree(folder / JUDGED_ALONE, folder / JUDGED_RUN)
        prior = make_prior(TINY.generator.style_width)
        gan.train_gan(JUDGED, marked, folder / JUDGED_ALONE, resume=True, prior=prior)
        plan = [[SHARED_RUN], [HALF, "resume"], [STOPPED, "stop"], [JUDGED_RUN, "resume", "prior"]]
        command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
        command += ["-m", "tests.two_processes", str(marked), str(folder), json.dumps(plan)]
        done = subprocess.run(command, capture_output=True, text=True, cwd=Path(__file__).parents[1], timeout=300)
        assert done.returncode == 0, done.stderr[-2000:]
        yield folder


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


def test_two_processes_learn_what_one_learns(runs):
    one, two = losses_of(runs / ALONE), losses_of(runs / SHARED_RUN)
    assert len(one) == len(two) > 10
    for alone, shared in zip(one, two, strict=True):
        assert shared == pytest.approx(alone, rel=0.02, abs=5e-3)
    assert_alike(state_of(runs / ALONE), state_of(runs / SHARED_RUN))


def test_two_processes_go_on_with_what_one_began(runs):
    assert_alike(state_of(runs / ALONE), state_of(runs / HALF))


def test_two_processes_stop_together_and_one_goes_on(runs, marked):
    assert state_of(runs / STOPPED)["step"] == AGREE_EVERY, "one of them wished it after two steps"
    gan.train_gan(SHARED, marked, runs / STOPPED, resume=True)
    assert_alike(state_of(runs / ALONE), state_of(runs / STOPPED))


def test_two_processes_judge_samples_as_one_does(runs):
    one, two = losses_of(runs / JUDGED_ALONE), losses_of(runs / JUDGED_RUN)
    assert "g_sampled" in set().union(*one)
    for alone, shared in zip(one, two, strict=True):
        assert shared == pytest.approx(alone, rel=0.02, abs=5e-3)
    assert_alike(state_of(runs / JUDGED_ALONE), state_of(runs / JUDGED_RUN))
