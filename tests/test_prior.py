"""The prior of the latents: its network, its training and samples from it."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from landscape.errors import LandscapeError
from landscape.generate.sampler import Sampler
from landscape.models.weights import cut_generator, load_prior, save_prior
from landscape.networks.generator import Z_DYNAMIC_WIDTH
from landscape.networks.posterior import Posterior
from landscape.networks.prior import Codes, LatentPrior
from landscape.training.data.batches import RealData
from landscape.training.data.latent_set import read_latents
from landscape.training.latent_prior import fit_units, flow_loss, train_prior
from tests.conftest import SMALL

RESOLUTIONS = (4, 8, 16)


@pytest.fixture
def prior():
    torch.manual_seed(0)
    return LatentPrior(SMALL.style_width, RESOLUTIONS).eval()


@pytest.fixture
def generator(small_generator):
    return cut_generator(SMALL, small_generator.state_dict(), 16)


@pytest.fixture
def posterior():
    torch.manual_seed(1)
    return Posterior(16, SMALL.style_width)


def noise(count=3, seed=0):
    rng = torch.Generator().manual_seed(seed)
    maps = [[torch.randn(count, 1, r, r, generator=rng) for r in RESOLUTIONS] for _ in range(2)]
    return Codes(torch.randn(count, SMALL.style_width, generator=rng), *maps)


def numbers(codes):
    return torch.cat([item.flatten(1) for item in (codes.z, *codes.s_static, *codes.s_dynamic)], dim=1)


def test_velocities_have_the_shapes_of_the_latents_and_train_every_weight(prior):
    codes = noise()
    velocity = prior.train()(codes, torch.full((3,), 0.3), torch.full((3,), 0.7))
    assert velocity.z.shape == codes.z.shape
    assert (
        [v.shape for v in velocity.s_static]
        == [v.shape for v in velocity.s_dynamic]
        == [s.shape for s in codes.s_static]
    )
    for block in (*prior.downward, *prior.upward):
        torch.nn.init.normal_(block.conv2.weight, std=0.1)
    numbers(prior(codes, torch.full((3,), 0.3), torch.full((3,), 0.7))).square().mean().backward()
    assert [name for name, p in prior.named_parameters() if p.grad is None or not p.grad.any()] == []


def test_both_times_matter(prior):
    codes = noise()
    with torch.no_grad():
        results = [numbers(prior(codes, torch.full((3,), a), torch.full((3,), b))) for a, b in ((0, 1), (1, 0), (1, 1))]
    assert not torch.allclose(results[0], results[1]) and not torch.allclose(results[1], results[2])


def test_units_are_those_of_the_latents_and_scaling_is_undone(prior):
    codes = noise(500)
    codes = Codes(2 + 3 * codes.z, [4 * s for s in codes.s_static], [0.5 * s for s in codes.s_dynamic])
    fit_units(prior, codes)
    scaled = prior.scaled(codes)
    assert scaled.z.mean().abs() < 1e-4 and scaled.z.std() == pytest.approx(1, abs=0.01)
    assert [float(s.std()) for s in scaled.s_static + scaled.s_dynamic] == pytest.approx([1] * 6, abs=0.01)
    torch.testing.assert_close(numbers(prior.unscaled(scaled)), numbers(codes))


def test_a_perfect_prior_gives_the_distribution_that_it_knows(generator):
    """For latents of mean 2 and deviation 0.5 the expected velocity at each point of the way is known."""

    class Known(LatentPrior):
        def forward(self, codes, static_time, dynamic_time):
            def speed(x):
                t = dynamic_time.reshape(-1, *[1] * (x.ndim - 1))
                variance = (1 - t) ** 2 * 0.25 + t**2
                return (t - (1 - t) * 0.25) / variance * (x - (1 - t) * 2) - 2

            return Codes(speed(codes.z), [speed(s) for s in codes.s_static], [speed(s) for s in codes.s_dynamic])

    known = Known(SMALL.style_width, RESOLUTIONS)
    known.z_mean.fill_(1)
    known.map_deviation.fill_(3)
    sampler, rng = Sampler(generator, known), torch.Generator().manual_seed(0)
    scenes = sampler.draw(100, rng)
    assert scenes.z.mean() == pytest.approx(3, abs=0.05) and scenes.z.std() == pytest.approx(0.5, abs=0.05)
    for item in (*scenes.s_static, *scenes.s_dynamic, *sampler.redraw_dynamic(scenes, rng).s_dynamic):
        assert item.mean() == pytest.approx(6, abs=0.15) and item.std() == pytest.approx(1.5, abs=0.15)


def test_other_skies_keep_the_land_and_the_light(generator, prior):
    for block in (*prior.downward, *prior.upward):
        torch.nn.init.normal_(block.conv2.weight, std=0.1)
    sampler = Sampler(generator, prior)
    rng = torch.Generator().manual_seed(0)
    scene = sampler.draw(2, rng)
    other = sampler.redraw_dynamic(scene, rng)
    assert torch.equal(scene.z, other.z)
    assert all(torch.equal(a, b) for a, b in zip(scene.s_static, other.s_static, strict=True))
    assert not any(torch.equal(a, b) for a, b in zip(scene.s_dynamic, other.s_dynamic, strict=True))
    assert sampler.draw_images(other).shape == (2, 3, 16, 16)
    z = scene.z.clone()
    z[:, -Z_DYNAMIC_WIDTH:] += 1
    lights = [replace(scene, z=light) for light in (z, scene.z)]
    skies = [sampler.redraw_dynamic(light, torch.Generator().manual_seed(3)).s_dynamic[-1] for light in lights]
    assert not torch.equal(*skies)


def test_maps_finer_than_the_prior_are_white_noise(small_generator, prior):
    scene = Sampler(small_generator, prior).draw(50, torch.Generator().manual_seed(0))
    assert [s.shape[-1] for s in scene.s_static] == [4, 8, 16, 32, 64]
    assert scene.s_static[-1].std() == pytest.approx(1, abs=0.02)


def test_without_a_prior_samples_are_the_papers(small_generator):
    rng, again = (torch.Generator().manual_seed(4) for _ in range(2))
    scene = Sampler(small_generator).draw(2, rng)
    assert torch.equal(scene.z, small_generator.sample_z(2, again))
    assert torch.equal(scene.s_static[1], small_generator.sample_maps(2, rng=again)[1])


def test_mirrored_pictures_follow_in_the_same_order(posterior, marked):
    data = RealData(marked, 16)
    latents = read_latents(posterior, data.stills, data.moving)
    half = len(data.stills)
    assert len(latents.z.mean) == 2 * half
    assert torch.equal(latents.cells[-1][:half].flip(3), latents.cells[-1][half:])
    codes = latents.draw(torch.arange(half), torch.Generator().manual_seed(0))
    assert codes.s_static[2].shape == (half, 1, 16, 16)


def test_the_loss_falls_towards_what_noise_alone_explains(prior):
    """The latents are all zero: the velocity is the noise over the time, which the network can learn."""
    zero = Codes(torch.zeros(16, 32), *([torch.zeros(16, 1, r, r) for r in RESOLUTIONS] for _ in range(2)))
    optimiser = torch.optim.Adam(prior.train().parameters(), lr=2e-3)
    losses = []
    for step in range(60):
        loss = flow_loss(prior, zero, torch.Generator().manual_seed(step))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert np.mean(losses[-10:]) < 0.6 * np.mean(losses[:5])


def test_a_resumed_training_equals_an_uninterrupted_one(generator, posterior, marked, tmp_path):
    whole = train_prior(generator, posterior, marked, tmp_path / "a", steps=4)

    class StopAt:
        def __init__(self, steps):
            self.left = steps

        def is_set(self):
            self.left -= 1
            return self.left < 0

    from landscape.errors import Cancelled

    with pytest.raises(Cancelled):
        train_prior(generator, posterior, marked, tmp_path / "b", steps=4, cancel=StopAt(4))
    with pytest.raises(LandscapeError, match="--resume"):
        train_prior(generator, posterior, marked, tmp_path / "b", steps=4)
    resumed = train_prior(generator, posterior, marked, tmp_path / "b", steps=4, resume=True)
    for a, b in zip(whole.state_dict().values(), resumed.state_dict().values(), strict=True):
        torch.testing.assert_close(a, b)


def test_a_training_may_start_from_another_prior(generator, posterior, marked, tmp_path):
    torch.manual_seed(9)
    other = LatentPrior(SMALL.style_width, RESOLUTIONS)
    further = train_prior(generator, posterior, marked, tmp_path / "a", steps=1, start=other)
    fresh = train_prior(generator, posterior, marked, tmp_path / "b", steps=1)
    weight = other.stems[0].weight
    assert (further.stems[0].weight - weight).abs().max() < 0.01 < (fresh.stems[0].weight - weight).abs().max()
    with pytest.raises(LandscapeError, match="another size"):
        train_prior(generator, posterior, marked, tmp_path / "d", steps=1, start=LatentPrior(SMALL.style_width, (4, 8)))


def test_weights_are_kept_and_other_files_refused(prior, generator, small_generator, tmp_path):
    save_prior(tmp_path / "prior.safetensors", prior, generator, {"steps": 3})
    loaded = load_prior(tmp_path / "prior.safetensors", generator)
    codes, times = noise(), torch.full((3,), 0.5)
    with torch.no_grad():
        torch.testing.assert_close(
            numbers(loaded(codes, times, times)), numbers(prior(codes, times, times)), atol=0.02, rtol=0.02
        )
    assert load_prior(tmp_path / "none.safetensors", generator) is None
    (tmp_path / "bad.safetensors").write_bytes(b"no weights")
    with pytest.raises(LandscapeError):
        load_prior(tmp_path / "bad.safetensors", generator)
    with pytest.raises(LandscapeError, match="this generator"):
        load_prior(tmp_path / "prior.safetensors", small_generator)
