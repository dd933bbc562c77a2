"""Generators that are made ready for drawing draw the same pictures, and so does one that is written down plainly."""

from __future__ import annotations

import time

import pytest
import torch

from benchmarks.plain import PlainGenerator
from landscape.fit import precision
from landscape.fit.invert import Inversion
from landscape.fit.precision import quick_precision
from landscape.networks.drawing import Drawing, doubling_kernel
from landscape.networks.generator import Generator
from landscape.networks.generator_block import GeneratorConfig
from landscape.networks.layers import EqualConv2d


def made(padding="zeros", fused_from=16, blur=True, channels=(8, 8, 6, 4)):
    torch.manual_seed(0)
    return Generator(GeneratorConfig(channels, 16, fused_from, padding, blur, map_scale=0.3)).eval()


def latents(generator, count=1):
    w = torch.randn(count, len(generator.blocks), generator.config.style_width)
    return w, generator.sample_maps(count), generator.sample_maps(count)


@pytest.mark.parametrize("padding", ["zeros", "reflect"])
@pytest.mark.parametrize("fused_from", [8, 16, 128])
@pytest.mark.parametrize("blur", [False, True])
def test_all_ways_to_draw_give_the_same_pictures(padding, fused_from, blur):
    generator = made(padding, fused_from, blur)
    before = {name: value.clone() for name, value in generator.state_dict().items()}
    given = latents(generator, 2)
    with torch.no_grad():
        image = generator(*given)
        assert torch.allclose(Drawing(generator)(*given), image, atol=1e-4)
        assert torch.allclose(PlainGenerator(generator)(*given), image, atol=1e-4)
    assert image.std() > 0.1
    assert all(torch.equal(before[name], value) for name, value in generator.state_dict().items())


def test_one_style_and_one_static_map_serve_all_images():
    generator = made()
    _, static, dynamic = latents(generator, 3)
    w = torch.randn(1, 16)
    with torch.no_grad():
        image = generator(w.expand(3, -1), static, dynamic)
        assert torch.allclose(Drawing(generator)(w, static, dynamic), image, atol=1e-4)
        one = [maps[:1] for maps in static]
        assert torch.allclose(
            Drawing(generator)(w, one, dynamic)[2:], generator(w, one, [m[2:] for m in dynamic]), atol=1e-4
        )


def test_nothing_is_remembered_between_pictures():
    generator = made()
    draw, first, second = Drawing(generator), latents(generator), latents(generator)
    image, kept = draw(*first), [maps.clone() for maps in first[1]]
    draw(*second)
    assert torch.equal(draw(*first), image)
    assert all(torch.equal(a, b) for a, b in zip(first[1], kept, strict=True))


def test_half_precision_stays_close():
    generator = made(channels=(32, 32, 32, 16))
    given = latents(generator)
    with torch.no_grad():
        image, half = generator(*given), Drawing(generator, torch.bfloat16)(*given)
    assert half.dtype == torch.float32
    assert 0 < (half - image).abs().mean() < 0.03 * image.std()


def test_repeated_pixels_and_a_convolution_are_one_step():
    layer = EqualConv2d(5, 7, 3)
    x = torch.randn(2, 5, 6, 9)
    with torch.no_grad():
        want = layer(torch.nn.functional.interpolate(x, scale_factor=2.0))
        kernel = doubling_kernel(layer.weight * layer.scale)
        got = torch.nn.functional.conv_transpose2d(x, kernel, layer.bias, stride=2, padding=1)
    assert torch.allclose(got, want, atol=1e-5)


@pytest.mark.parametrize(("slow", "chosen"), [("bfloat16", torch.float32), ("float32", torch.bfloat16)])
def test_the_quick_type_is_taken(monkeypatch, slow, chosen):
    convolve = torch.nn.functional.conv2d

    def delayed(x, *args, **kwargs):
        end = time.thread_time() + (0.02 if str(x.dtype).endswith(slow) else 0)
        while time.thread_time() < end:
            pass
        return convolve(x, *args, **kwargs)

    monkeypatch.setattr(precision.F, "conv2d", delayed)
    quick_precision.cache_clear()
    try:
        assert quick_precision() == chosen
        assert quick_precision("cuda") == torch.float32
    finally:
        quick_precision.cache_clear()


def test_small_generators_draw_in_single_precision(monkeypatch):
    monkeypatch.setattr("landscape.fit.invert.quick_precision", lambda device: torch.bfloat16)
    for channels, differs in (((8, 8, 6, 4, 4), False), ((8, 8, 6, 4, 4, 4), True)):
        generator = made(channels=channels)
        given = latents(generator)
        found = Inversion(*given, generator, 1.0, 0.0, 0.0)
        error = (found.drawing(*given) - generator(*given)).abs().max()
        assert (error > 1e-3) == differs
