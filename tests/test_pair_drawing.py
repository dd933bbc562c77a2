"""Images drawn from the latents of pairs."""

from dataclasses import replace

import pytest
import torch

from landscape.networks.generator import Z_DYNAMIC_WIDTH
from landscape.networks.posterior import Gaussian
from landscape.training.data.pair_drawing import join_codes, known_levels, reconstruct_pairs
from tests.test_reconstruction import halves


def seeded(seed):
    return torch.Generator().manual_seed(seed)


def test_codes_join_the_static_part_of_one_and_the_dynamic_part_of_another():
    first, second = (Gaussian(torch.full((1, 8), v), torch.full((1, 8), -v)) for v in (1.0, 2.0))
    joined = join_codes(first, second)
    assert joined.mean[0].tolist() == [1.0] * (8 - Z_DYNAMIC_WIDTH) + [2.0] * Z_DYNAMIC_WIDTH
    assert torch.equal(joined.log_variance, -joined.mean)


def test_each_half_listens_to_its_own_picture(posterior, small_generator):
    """The static half follows S_static of the first picture, the moving half S_dynamic of the second."""
    pairs = halves(count=1)
    pairs.first.requires_grad_(True)
    pairs.second.requires_grad_(True)
    seen = []
    maps = small_generator.blocks[2].register_forward_pre_hook(lambda module, inputs: seen.append(inputs[2:]))
    reconstruct_pairs(small_generator, posterior, pairs, 1.0, torch.Generator().manual_seed(0))
    maps.remove()
    s_static, s_dynamic = seen[0]
    for value, giver, other in (
        (s_static[:, :, 8:].sum(), pairs.first, pairs.second),
        (s_dynamic[:, :, :8].sum(), pairs.second, pairs.first),
    ):
        own, foreign = torch.autograd.grad(value, (giver, other), allow_unused=True, retain_graph=True)
        assert own is not None and own.abs().sum() > 0 and foreign is None
    # Elsewhere the maps know nothing of any picture.
    assert not torch.autograd.grad(s_static[:, :, :8].sum(), pairs.first, retain_graph=True)[0].any()


def test_clouds_are_read_under_a_light_of_their_own(posterior, small_generator):
    """What S_dynamic may say of light is that of another picture of the same clouds."""
    pairs = replace(halves(count=1), clouds=halves(count=1, seed=1).second.requires_grad_(True))
    pairs.second.requires_grad_(True)
    seen = []
    maps = small_generator.blocks[2].register_forward_pre_hook(lambda module, inputs: seen.append(inputs[3]))
    reconstruct_pairs(small_generator, posterior, pairs, 1.0, seeded(0))
    maps.remove()
    own, foreign = torch.autograd.grad(seen[0][:, :, :8].sum(), (pairs.clouds, pairs.second), allow_unused=True)
    assert own is not None and own.abs().sum() > 0 and foreign is None


@pytest.mark.parametrize("seed", range(6))
def test_maps_finer_than_the_known_ones_are_noise_or_zero(posterior, small_generator, seed):
    pairs, seen = halves(count=6, size=64), []
    pairs.second.requires_grad_(True)
    hooks = [
        block.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[3])) for block in small_generator.blocks
    ]
    reconstruct_pairs(small_generator, posterior, pairs, 1.0, seeded(seed))
    for hook in hooks:
        hook.remove()
    known, lively = [], []
    for s_dynamic in seen:
        # The upper half moves: there S_dynamic is the photo's own, if it knows any.
        own = s_dynamic[:, :, : s_dynamic.shape[2] // 2]
        known.append(
            own.requires_grad and bool(torch.autograd.grad(own.sum(), pairs.second, retain_graph=True)[0].any())
        )
        # The lower half is S_static's at every size: the same images have noise there as in maps that know nothing.
        lively.append((s_dynamic[:, :, -1:] if known[-1] else s_dynamic).flatten(1).any(dim=1))
    assert known == sorted(known, reverse=True) and sum(known) >= 2
    assert all(torch.equal(item, lively[0]) for item in lively)


def test_every_depth_is_known_at_times_and_never_none():
    found = {depth: {known_levels(depth, seeded(seed)) for seed in range(40)} for depth in (1, 2, 3, 5)}
    assert found == {1: {1}, 2: {1, 2}, 3: {2, 3}, 5: {2, 3, 4, 5}}
