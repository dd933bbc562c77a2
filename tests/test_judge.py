"""The projected discriminator judges what is drawn."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from landscape.errors import LandscapeError
from landscape.networks.perceptual import load_lpips
from landscape.networks.prior import LatentPrior
from landscape.networks.projected import ProjectedDiscriminator
from landscape.training.judge import ProjectedJudge
from landscape.training.processes import Processes
from landscape.training.reconstruction import Reconstruction
from landscape.training.sample_bank import SampleBank
from landscape.training.trainer import GanTrainer
from landscape.weights import PERCEPTUAL_FILE, default_folder
from tests.test_networks import _Pyramid
from tests.test_reconstruction import halves
from tests.test_training import TINY


@pytest.fixture
def judge() -> ProjectedJudge:
    torch.manual_seed(0)
    return ProjectedJudge(ProjectedDiscriminator(_Pyramid(), (4, 6, 8, 10), size=16), Processes())


def stripes(count: int, seed: int, sharp: bool) -> Tensor:
    """Noise, or noise without its fine detail."""
    images = torch.rand(count, 3, 16, 16, generator=torch.Generator().manual_seed(seed)) * 2 - 1
    if not sharp:
        images = torch.nn.functional.avg_pool2d(images, 3, 1, 1)
    return images


def test_it_learns_to_tell_soft_pictures_from_sharp_ones(judge: ProjectedJudge) -> None:
    rng = torch.Generator().manual_seed(0)
    losses = [judge(stripes(8, 2 * i, True), stripes(8, 2 * i + 1, False), rng)[0] for i in range(80)]
    assert sum(losses[-10:]) < 0.9 * sum(losses[:10])
    judge.cool(0.0)
    soft, sharp = (judge(stripes(16, 900, True), stripes(16, 901, is_sharp), rng)[1] for is_sharp in (False, True))
    assert soft > sharp


def test_doubt_teaches_the_picture_and_not_the_judge(judge: ProjectedJudge) -> None:
    fake = stripes(2, 0, False).requires_grad_()
    _, doubt = judge(stripes(2, 1, True), fake, torch.Generator().manual_seed(0))
    assert fake.grad is None, "the judge's own step asks nothing of the picture"
    judge.optimiser.zero_grad(set_to_none=True)
    doubt.backward()
    assert fake.grad is not None and fake.grad.abs().max() > 0
    assert all(p.grad is None for p in judge.network.parameters())
    assert all(p.requires_grad for p in judge.network.own_parameters())


def test_reconstruction_heeds_its_judge(small_generator, judge: ProjectedJudge) -> None:
    """With the same draws, the generator takes another step where a judge has a word."""
    perceptual, pairs = load_lpips(default_folder() / PERCEPTUAL_FILE), halves(size=16)
    start = {name: value.clone() for name, value in small_generator.state_dict().items()}
    found = []
    for weight in (0.0, 0.5):
        small_generator.load_state_dict(start)
        torch.manual_seed(2)
        reconstruction = Reconstruction(small_generator, perceptual, judge=judge, judge_weight=weight)
        losses = reconstruction.step(pairs, 1.0, torch.Generator().manual_seed(3))
        assert {"d_projected", "g_projected"} < set(losses)
        found.append(torch.cat([p.detach().flatten() for p in small_generator.parameters()]))
    small_generator.load_state_dict(start)
    assert not torch.allclose(found[0], found[1])


@pytest.fixture
def bank(small_generator) -> SampleBank:
    torch.manual_seed(0)
    prior = LatentPrior(small_generator.config.style_width, (4, 8)).eval()
    return SampleBank(small_generator, prior, 7, seed=1)


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


def test_the_judge_sees_samples_and_the_posterior_stands_still(
    small_generator, judge: ProjectedJudge, bank: SampleBank
) -> None:
    perceptual, pairs = load_lpips(default_folder() / PERCEPTUAL_FILE), halves(size=16)
    torch.manual_seed(2)
    reconstruction = Reconstruction(small_generator, perceptual, judge=judge, judge_weight=0.5, samples=bank)
    before = {name: value.clone() for name, value in reconstruction.posterior.state_dict().items()}
    names = set()
    for step in range(6):
        names |= set(reconstruction.step(pairs, 1.0, torch.Generator().manual_seed(step)))
    assert {"d_projected", "g_projected", "d_sampled", "g_sampled"} < names
    after = reconstruction.posterior.state_dict()
    assert all(torch.equal(value, after[name]) for name, value in before.items())


def test_samples_need_a_judge(tmp_path) -> None:
    with pytest.raises(LandscapeError, match="reconstruction_judged"):
        GanTrainer(TINY, tmp_path, prior=LatentPrior(TINY.generator.style_width, (4, 8)))
