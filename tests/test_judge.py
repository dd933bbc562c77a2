"""The projected discriminator judges what is drawn."""

from __future__ import annotations

import torch
from torch import Tensor

from landscape.models.bundle import PERCEPTUAL_FILE, default_folder
from landscape.models.frozen import load_lpips
from landscape.training.gan.judge import ProjectedJudge
from landscape.training.gan.reconstruction import Reconstruction
from tests.test_reconstruction import halves


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
    heads = {name: value.clone() for name, value in judge.network.heads.named_parameters()}
    soft, sharp = (judge(stripes(16, 900, True), stripes(16, 901, is_sharp), rng)[1] for is_sharp in (False, True))
    assert soft > sharp
    assert all(torch.equal(value, heads[name]) for name, value in judge.network.heads.named_parameters())


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
