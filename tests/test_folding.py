"""Folded networks draw the same pictures; threads keep their number of cores."""

from __future__ import annotations

import threading

import pytest
import torch

from landscape.networks.folding import folded
from landscape.networks.generator import Generator
from landscape.networks.generator_block import GeneratorConfig
from landscape.networks.layers import EqualConv2d, EqualLinear, FusedUpsampleConv2d
from landscape.threads import one_core


@pytest.mark.parametrize("padding", ["zeros", "reflect"])
@pytest.mark.parametrize("fused_from", [8, 16, 128])
def test_folded_generator_draws_the_same(padding: str, fused_from: int) -> None:
    torch.manual_seed(0)
    config = GeneratorConfig((8, 8, 6, 4), 16, fused_from=fused_from, padding_mode=padding, map_scale=0.3)
    generator = Generator(config).eval()
    before = {name: value.clone() for name, value in generator.state_dict().items()}
    fast = folded(generator)
    w, maps = torch.randn(2, 16), generator.sample_maps(2)
    with torch.no_grad():
        assert torch.allclose(generator(w, maps, maps), fast(w, maps, maps), atol=1e-5)
    assert not any(isinstance(m, EqualConv2d | EqualLinear | FusedUpsampleConv2d) for m in fast.modules())
    assert all(torch.equal(before[name], value) for name, value in generator.state_dict().items())


def test_one_core_is_this_threads_own() -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        seen = []
        with one_core():
            assert torch.get_num_threads() == 1
            other = threading.Thread(target=lambda: seen.append(torch.get_num_threads()))
            other.start()
            other.join()
        assert seen == [2]
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)
