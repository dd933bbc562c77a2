"""The posterior and training by reconstruction."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.distributions import Normal, kl_divergence

from landscape.errors import LandscapeError
from landscape.fit.latents import starting_latents
from landscape.fit.numbers import VARIANTS
from landscape.models.bundle import PERCEPTUAL_FILE, default_folder
from landscape.models.frozen import load_lpips
from landscape.models.weights import load_encoder, load_generator
from landscape.networks.generator import Z_DYNAMIC_WIDTH, Generator
from landscape.networks.posterior import Gaussian, Posterior
from landscape.networks.segmenter import build_segmenter
from landscape.training.data.batches import RealData
from landscape.training.data.moving import mark_moving
from landscape.training.data.pair_drawing import PairBatch
from landscape.training.gan.export import export_with_posterior
from landscape.training.gan.gan import train_gan
from landscape.training.gan.reconstruction import Reconstruction
from landscape.training.gan.z_distribution import set_z_distribution
from tests.conftest import SMALL
from tests.test_training import TINY


def halves(count=2, size=16, seed=0):
    """Pictures whose upper half moves."""
    rng = torch.Generator().manual_seed(seed)
    moving = torch.zeros(count, 1, size, size)
    moving[:, :, : size // 2] = 1
    first, second = (torch.rand(count, 3, size, size, generator=rng) * 2 - 1 for _ in range(2))
    return PairBatch(first, second, moving)


@given(st.floats(-3, 3), st.floats(-4, 2))
def test_divergence_is_that_of_the_normal_distributions(mean, log_variance):
    gaussian = Gaussian(torch.tensor(mean, dtype=torch.float64), torch.tensor(log_variance, dtype=torch.float64))
    wanted = kl_divergence(Normal(mean, math.exp(log_variance / 2)), Normal(0.0, 1.0))
    assert float(gaussian.divergence()) == pytest.approx(float(wanted), rel=1e-5, abs=1e-5)


def test_draws_have_the_mean_and_the_deviation():
    gaussian = Gaussian(torch.full((20000,), 0.5), torch.full((20000,), math.log(4.0)))
    drawn = gaussian.sample(torch.randn(20000, generator=torch.Generator().manual_seed(0)))
    assert drawn.mean() == pytest.approx(0.5, abs=0.05) and drawn.std() == pytest.approx(2.0, abs=0.05)


@pytest.mark.parametrize("size", [16, 64])
def test_posterior_gives_latents_of_the_generators_shapes(posterior, small_generator, size):
    batch = halves(size=size)
    latents = posterior(batch.first, batch.moving)
    assert latents.z.mean.shape == (2, SMALL.style_width)
    wanted = [maps.shape for maps in small_generator.sample_maps(2, size)]
    assert [g.mean.shape for g in latents.s_static] == [g.log_variance.shape for g in latents.s_dynamic] == wanted


def test_one_picture_is_learnt(posterior, small_generator):
    perceptual = load_lpips(default_folder() / PERCEPTUAL_FILE)
    training = Reconstruction(small_generator.requires_grad_(True), perceptual)
    y = torch.linspace(-0.8, 0.8, 16)[None, None, :, None].expand(1, 3, 16, 16).clone()
    pairs = PairBatch(y, y, halves(count=1).moving)
    figures = [training.step(pairs, 1.0, torch.Generator().manual_seed(i)) for i in range(40)]
    for name in ("rec_l1", "carried_l1"):
        errors = [row[name] for row in figures if name in row]
        assert errors[-1] < 0.5 * errors[0]


def test_masks_belong_to_the_stills_and_clips_and_are_not_found_twice(marked):
    for resolution in (8, 16):
        folder = marked / f"{resolution:04d}"
        stills, masks = (np.load(folder / f"{name}.npy") for name in ("stills", "moving"))
        assert masks.shape == stills.shape[:3] and masks.dtype == np.uint8
        assert np.load(folder / "clips_moving.npy").shape[0] == len(np.load(folder / "starts.npy")) - 1

    def no_second_time(*_):
        raise AssertionError("segmented again")

    mark_moving(marked, (8, 16), build_segmenter(), no_second_time)


def test_places_are_pairs_of_one_size_with_their_mask(marked):
    data, kinds, lights = RealData(marked, 16), set(), 0
    for seed in range(12):
        batch = data.places_batch(8, torch.Generator().manual_seed(seed))
        assert batch.first.shape == batch.second.shape == (8, 3, 16, 16) and batch.moving.shape == (8, 1, 16, 16)
        assert batch.first.abs().max() <= 1 and batch.moving.min() >= 0 and batch.moving.max() <= 1
        kinds.add(batch.first is batch.second)
        assert (batch.clouds is None) == (batch.first is batch.second)
        lights += 0 if batch.clouds is None else sum((batch.clouds != batch.second).flatten(1).any(1).tolist())
    assert kinds == {True, False} and lights > 0


def test_training_reconstructs_and_resumes_with_the_same_numbers(marked, tmp_path):
    config = replace(TINY, training=replace(TINY.training, reconstruction_share=0.7))
    train_gan(config, marked, tmp_path / "whole", seed=4)
    state = torch.load(tmp_path / "whole" / "state.pt", weights_only=True)
    assert "posterior" in state["networks"] and "reconstruction" in state["optimisers"]
    half = replace(config, training=replace(config.training, stable_images={8: 24}))
    train_gan(half, marked, tmp_path / "halves", seed=4)
    train_gan(config, marked, tmp_path / "halves", seed=4, resume=True)
    resumed = torch.load(tmp_path / "halves" / "state.pt", weights_only=True)
    for name, value in state["networks"]["posterior"].items():
        assert torch.equal(value, resumed["networks"]["posterior"][name])


def test_the_posterior_starts_an_inversion_where_the_photo_is(posterior, small_generator):
    image, moving = halves(count=1, size=64).second, halves(count=1, size=64).moving
    found = starting_latents(image, moving, small_generator, posterior, VARIANTS["EOIFS"], 0)
    latents = posterior(image, moving)
    assert torch.allclose(found.w[:, 3], small_generator.mapping(latents.z.mean))
    assert torch.equal(found.s_static[-1][:, :, 32:], latents.s_static[-1].mean[:, :, 32:])
    assert torch.equal(found.s_dynamic[-1][:, :, :32], latents.s_dynamic[-1].mean[:, :, :32])
    assert not found.s_static[-1][:, :, :32].any() and not found.s_dynamic[-1][:, :, 32:].any()
    mean = starting_latents(image, moving, small_generator, posterior, VARIANTS["MO"], 0)
    assert torch.equal(mean.w[:, 0], small_generator.w_mean[None]) and not mean.s_static[-1].any()


def test_the_posterior_is_exported_beside_the_generator(marked, tmp_path):
    config = replace(TINY, training=replace(TINY.training, stable_images={8: 8}, reconstruction_share=1.0))
    train_gan(config, marked, tmp_path, seed=4)
    export_with_posterior(tmp_path / "state.pt", tmp_path / "g.safetensors", tmp_path / "e.safetensors", marked)
    generator = load_generator(tmp_path / "g.safetensors")
    loaded = load_encoder(tmp_path / "e.safetensors", generator)
    assert isinstance(loaded, Posterior)
    image = halves(count=1, size=8)
    trained = torch.load(tmp_path / "state.pt", weights_only=True)["networks"]["posterior"]
    assert torch.allclose(loaded.z.weight, trained["z.weight"], atol=1e-3)
    assert len(loaded(image.first, image.moving).s_static) == len(generator.blocks)
    assert generator.z_mean.any()
    without = replace(config, training=replace(config.training, reconstruction_share=0.0))
    train_gan(without, marked, tmp_path / "none", seed=4)
    with pytest.raises(LandscapeError, match="no posterior"):
        export_with_posterior(tmp_path / "none" / "state.pt", tmp_path / "x", tmp_path / "y", marked)


def test_samples_have_the_fitted_distribution_and_light_stays_independent(small_generator):
    rng = torch.Generator().manual_seed(0)
    mix = torch.randn(SMALL.style_width, SMALL.style_width, generator=rng) / 6
    codes = 0.7 + torch.randn(20000, SMALL.style_width, generator=rng) @ mix.T
    assert torch.equal(small_generator.z_root, torch.eye(SMALL.style_width))
    set_z_distribution(small_generator, codes)
    drawn = small_generator.sample_z(20000, rng)
    assert torch.allclose(drawn.mean(dim=0), codes.mean(dim=0), atol=0.1)
    found, wanted = torch.cov(drawn.T), torch.cov(codes.T)
    static = slice(None, -Z_DYNAMIC_WIDTH)
    assert torch.allclose(found[static, static], wanted[static, static], atol=0.1)
    assert found[static, -Z_DYNAMIC_WIDTH:].abs().max() < 0.1
    relit = small_generator.redraw_light(drawn[:5], rng)
    assert torch.equal(relit[:, static], drawn[:5, static])
    assert not torch.isclose(relit[:, -Z_DYNAMIC_WIDTH:], drawn[:5, -Z_DYNAMIC_WIDTH:]).any()
    # Weights from before there was a prior are unit normal.
    old = {name: value for name, value in small_generator.state_dict().items() if not name.startswith("z_")}
    fresh = Generator(SMALL)
    fresh.load_state_dict(old)
    assert torch.equal(fresh.z_root, torch.eye(SMALL.style_width))
