"""The judge sees samples of the prior."""

from __future__ import annotations

import threading
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch

from landscape.errors import Cancelled, LandscapeError
from landscape.generate.sampler import Sampler
from landscape.images.tensors import to_pixels
from landscape.models.bundle import PERCEPTUAL_FILE, default_folder
from landscape.models.files import digest_of
from landscape.models.frozen import load_lpips
from landscape.training.gan import trainer
from landscape.training.gan.export import export_warm_start
from landscape.training.gan.gan import train_gan
from landscape.training.gan.grids import sample_grid
from landscape.training.gan.judge import ProjectedJudge
from landscape.training.gan.reconstruction import Reconstruction
from landscape.training.gan.sample_bank import SampleBank
from landscape.training.run.checkpoint import load_state, save_state
from tests.conftest import make_prior
from tests.test_reconstruction import halves
from tests.test_training import TINY, losses

RECONSTRUCTING = replace(TINY, training=replace(TINY.training, reconstruction_share=1.0, reconstruction_judged=0.05))


@pytest.fixture
def bank(small_generator) -> SampleBank:
    return SampleBank(small_generator, make_prior(small_generator.config.style_width), 7, seed=1)


def test_samples_are_drawn_once_and_mirrored_at_random(bank: SampleBank, small_generator) -> None:
    noise = [small_generator.sample_maps(200, 16, torch.Generator().manual_seed(i)) for i in range(2)]
    codes = bank.draw(noise, torch.Generator().manual_seed(2))
    again = bank.draw(noise, torch.Generator().manual_seed(2))
    assert torch.equal(codes.z, again.z) and torch.equal(codes.s_static[1], again.s_static[1])
    assert len(codes.z.unique(dim=0)) == 7
    whole = torch.cat([codes.s_static[1], codes.s_dynamic[1]], dim=1)
    pictures = whole.unique(dim=0)
    assert len(pictures) == 14, "each sample and its mirror image"
    assert len(torch.cat([pictures, pictures.flip(3)]).unique(dim=0)) == 14
    assert torch.equal(codes.s_static[2], noise[0][2]) and torch.equal(codes.s_dynamic[2], noise[1][2])


def test_a_runs_grid_shows_samples_of_its_prior(small_generator) -> None:
    prior = make_prior(small_generator.config.style_width)
    grid = sample_grid(small_generator, 16, prior=prior)
    assert grid.shape == (8 * 16, 8 * 16, 3)
    with torch.inference_mode():
        sampler = Sampler(small_generator, prior)
        codes = sampler.draw(8, torch.Generator().manual_seed(7))
        maps = codes.s_static[:3], codes.s_dynamic[:3]
        first = to_pixels(small_generator(small_generator.mapping(codes.z), *maps, 16))
    assert np.array_equal(grid[:16], np.concatenate(list(first), axis=1))
    assert not np.array_equal(grid, sample_grid(small_generator, 16))


def test_drawing_samples_can_be_stopped(small_generator) -> None:
    cancel = threading.Event()
    cancel.set()
    with pytest.raises(Cancelled):
        SampleBank(small_generator, make_prior(small_generator.config.style_width), 7, cancel=cancel)


def test_the_posterior_stands_still_while_samples_are_judged(
    small_generator,
    judge: ProjectedJudge,
    bank: SampleBank,
) -> None:
    perceptual, pairs = load_lpips(default_folder() / PERCEPTUAL_FILE), halves(size=16)
    torch.manual_seed(2)
    reconstruction = Reconstruction(small_generator, perceptual, judge=judge, judge_weight=0.5)
    reconstruction.judge_samples(bank)
    before = {name: value.clone() for name, value in reconstruction.posterior.state_dict().items()}
    start = {name: value.clone() for name, value in small_generator.named_parameters()}
    names = set()
    for step in range(6):
        names |= set(reconstruction.step(pairs, 1.0, torch.Generator().manual_seed(step)))
    assert {"d_projected", "g_projected", "d_sampled", "g_sampled"} < names
    after = reconstruction.posterior.state_dict()
    assert all(torch.equal(value, after[name]) for name, value in before.items())
    assert any(not torch.equal(value, start[name]) for name, value in small_generator.named_parameters())


def test_a_judged_run_resumes_to_the_same_weights(marked, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("landscape.training.gan.gan.LOG_EVERY", 1)
    monkeypatch.setattr(trainer, "SampleBank", partial(SampleBank, count=6))
    prior = make_prior(TINY.generator.style_width)
    begun = replace(RECONSTRUCTING, training=replace(RECONSTRUCTING.training, stable_images={8: 8}))
    longer = replace(begun, training=replace(begun.training, stable_images={8: 40}))
    for run in ("whole", "broken"):
        train_gan(begun, marked, tmp_path / run, seed=5)
    train_gan(longer, marked, tmp_path / "whole", resume=True, prior=prior)
    cancel = threading.Event()

    def stop_at_20(task: str, done: int, total: int) -> None:
        if total == 40 and done >= 20:
            cancel.set()

    with pytest.raises(Cancelled):
        train_gan(longer, marked, tmp_path / "broken", resume=True, prior=prior, progress=stop_at_20, cancel=cancel)
    for other in (None, make_prior(TINY.generator.style_width, (4,))):
        with pytest.raises(LandscapeError, match="that very file"):
            train_gan(longer, marked, tmp_path / "broken", resume=True, prior=other)
    train_gan(longer, marked, tmp_path / "broken", resume=True, prior=prior)
    assert losses(tmp_path / "broken") == losses(tmp_path / "whole")
    assert "d_sampled" in set().union(*losses(tmp_path / "whole"))
    a, b = (load_state(tmp_path / run / "state.pt")["networks"]["generator"] for run in ("whole", "broken"))
    assert all(torch.equal(a[name], b[name]) for name in a)
    # After the end of its schedule comes another round, with another prior.
    again = replace(begun, training=replace(begun.training, stable_images={8: 48}))
    with pytest.raises(LandscapeError, match="a prior of its"):
        train_gan(again, marked, tmp_path / "whole", resume=True)
    other = make_prior(TINY.generator.style_width, (4,))
    train_gan(again, marked, tmp_path / "whole", resume=True, prior=other)
    state = load_state(tmp_path / "whole" / "state.pt")
    assert state["images"] == 48 and state["prior"] == digest_of(other)


def test_what_does_not_suit_a_run_is_refused_before_samples_are_drawn(marked, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(trainer, "SampleBank", lambda *_, **__: pytest.fail("samples were drawn"))
    begun = replace(RECONSTRUCTING, training=replace(RECONSTRUCTING.training, stable_images={8: 8}))
    suiting = make_prior(TINY.generator.style_width)
    with pytest.raises(LandscapeError, match="--start-from"):
        train_gan(begun, marked, tmp_path / "new", prior=suiting)
    train_gan(begun, marked, tmp_path / "run")
    export_warm_start(tmp_path / "run" / "state.pt", tmp_path / "warm.safetensors")
    for wrong in (make_prior(TINY.generator.style_width + 1), make_prior(TINY.generator.style_width, (4, 8, 16, 32))):
        with pytest.raises(LandscapeError, match="another size"):
            train_gan(begun, marked, tmp_path / "warm", start_from=tmp_path / "warm.safetensors", prior=wrong)
    state = load_state(tmp_path / "run" / "state.pt")
    del state["networks"]["heads"], state["optimisers"]["projected"]
    (tmp_path / "unjudged").mkdir()
    save_state(tmp_path / "unjudged" / "state.pt", state)
    unjudged = replace(begun, training=replace(begun.training, reconstruction_judged=0.0))
    with pytest.raises(LandscapeError, match="reconstruction_judged"):
        train_gan(unjudged, marked, tmp_path / "unjudged", resume=True, prior=suiting)
