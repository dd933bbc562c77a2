"""What every network must do, and the facts of the release that the generator must follow."""

import math
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F

from landscape.errors import LandscapeError
from landscape.models.config import config_names, load_config
from landscape.networks.discriminators import Discriminator, minibatch_deviation
from landscape.networks.generator import Generator
from landscape.networks.generator_block import GeneratorConfig, NoiseScale, add_maps
from landscape.networks.layers import Blur, EqualConv2d, FusedDownsampleConv2d, FusedUpsampleConv2d, pixel_norm
from landscape.networks.projected import ProjectedDiscriminator, augment, draw_augmentation
from tests.conftest import SMALL


def draw(generator, count=2, seed=0, resolution=None, alpha=1.0):
    rng = torch.Generator().manual_seed(seed)
    w = generator.mapping(generator.sample_z(count, rng))
    static, dynamic = (generator.sample_maps(count, resolution, rng) for _ in range(2))
    return generator(w, static, dynamic, resolution, alpha)


@pytest.mark.parametrize("resolution", [4, 8, 16, 32, 64])
def test_generator_draws_every_resolution(small_generator, resolution):
    image = draw(small_generator, resolution=resolution)
    assert image.shape == (2, 3, resolution, resolution)
    assert torch.isfinite(image).all()


def test_generator_trains_every_parameter_of_the_blocks_it_uses(small_generator):
    small_generator.requires_grad_(True)
    draw(small_generator).square().mean().backward()
    missing = [n for n, p in small_generator.named_parameters() if p.grad is None and not n.startswith("to_rgb")]
    assert missing == []
    assert small_generator.to_rgb[-1].weight.grad is not None


def test_generator_is_deterministic_and_survives_saving(small_generator):
    twin = Generator(SMALL).eval()
    twin.load_state_dict(small_generator.state_dict())
    assert torch.equal(draw(small_generator, seed=5), draw(twin, seed=5))
    assert not torch.equal(draw(small_generator, seed=5), draw(small_generator, seed=6))


def test_fading_in_starts_at_the_lower_resolution_and_ends_at_the_new_one(small_generator):
    low = draw(small_generator, resolution=32, seed=1)
    rng = torch.Generator().manual_seed(1)
    w = small_generator.mapping(small_generator.sample_z(2, rng))
    static, dynamic = (small_generator.sample_maps(2, 32, rng) for _ in range(2))
    more = [torch.zeros(2, 1, 64, 64)]
    start = small_generator(w, static + more, dynamic + more, 64, 0.0)
    assert torch.allclose(start, F.interpolate(low, scale_factor=2), atol=1e-5)
    half = small_generator(w, static + more, dynamic + more, 64, 0.5)
    end = small_generator(w, static + more, dynamic + more, 64, 1.0)
    assert torch.allclose(half, (start + end) / 2, atol=1e-5)


def test_style_per_block_equals_one_style_when_all_are_the_same(small_generator):
    rng = torch.Generator().manual_seed(2)
    w = small_generator.mapping(small_generator.sample_z(1, rng))
    static, dynamic = (small_generator.sample_maps(1, rng=rng) for _ in range(2))
    assert torch.equal(
        small_generator(w, static, dynamic), small_generator(w[:, None].repeat(1, 5, 1), static, dynamic)
    )


def test_static_and_dynamic_maps_have_scales_of_their_own(small_generator):
    rng = torch.Generator().manual_seed(2)
    w = small_generator.mapping(small_generator.sample_z(1, rng))
    a, b = (small_generator.sample_maps(1, rng=rng) for _ in range(2))
    assert not torch.allclose(small_generator(w, a, b), small_generator(w, b, a), atol=1e-3)


def test_equalised_rate_scales_by_fan_in():
    layer = EqualConv2d(6, 4, 3)
    x = torch.randn(1, 6, 8, 8)
    expected = F.conv2d(x, layer.weight * math.sqrt(2 / (6 * 9)), layer.bias, padding=1)
    assert torch.allclose(layer(x), expected)


def test_pixel_norm_gives_unit_mean_square():
    x = pixel_norm(torch.randn(3, 50) * 7)
    assert torch.allclose(x.square().mean(dim=1), torch.ones(3), atol=1e-5)


def test_fused_upsampling_averages_the_four_shifts_of_the_kernel():
    layer = FusedUpsampleConv2d(3, 2)
    x = torch.randn(1, 3, 5, 5)
    kernel = torch.zeros(3, 2, 4, 4)
    for dy in (0, 1):
        for dx in (0, 1):
            kernel[..., dy : dy + 3, dx : dx + 3] += layer.weight * layer.scale / 4
    assert torch.allclose(layer(x), F.conv_transpose2d(x, kernel, layer.bias, stride=2, padding=1), atol=1e-5)


def test_both_maps_are_added_with_gradients_as_without():
    static, dynamic = NoiseScale(5, 1.0), NoiseScale(5, 1.0)
    x, s_static, s_dynamic = torch.randn(2, 5, 8, 8), torch.randn(2, 1, 8, 8), torch.randn(2, 1, 8, 8)
    inputs = [item.requires_grad_() for item in (x, s_static, s_dynamic)] + [static.weight, dynamic.weight]
    drawn = add_maps(x, static, dynamic, s_static, s_dynamic)
    plain = x + static.weight * static.scale * s_static + dynamic.weight * dynamic.scale * s_dynamic
    with torch.no_grad():
        assert torch.allclose(add_maps(x, static, dynamic, s_static, s_dynamic), drawn, atol=1e-6)
    slope = torch.randn_like(plain)
    found, right = torch.autograd.grad(drawn, inputs, slope), torch.autograd.grad(plain, inputs, slope)
    assert all(torch.allclose(a, b, atol=1e-4) for a, b in zip(found, right, strict=True))
    one_for_all = add_maps(x, static, dynamic, s_static[:1], s_dynamic)
    assert torch.allclose(one_for_all[0], drawn[0], atol=1e-6) and one_for_all.shape == x.shape


def test_convolutions_of_single_pixels_are_convolutions():
    layer = EqualConv2d(5, 3, 1)
    torch.nn.init.normal_(layer.bias)
    x = torch.randn(2, 5, 8, 6)
    assert torch.allclose(layer(x), F.conv2d(x, layer.weight * layer.scale, layer.bias), atol=1e-5)


def test_fused_downsampling_is_convolution_and_average_pooling_inside():
    layer = FusedDownsampleConv2d(3, 2)
    x = torch.randn(1, 3, 8, 8)
    plain = F.avg_pool2d(F.conv2d(x, layer.weight * layer.scale, layer.bias, padding=1), 2)
    assert torch.allclose(layer(x)[..., 1:-1, 1:-1], plain[..., 1:-1, 1:-1], atol=1e-5)


def test_reflecting_layers_keep_a_constant_picture_constant():
    up = FusedUpsampleConv2d(2, 3, "reflect")(torch.ones(1, 2, 6, 6))
    assert torch.allclose(up, up[..., :1, :1].expand_as(up), atol=1e-5)
    blurred = Blur("reflect")(torch.full((1, 2, 6, 6), 3.0))
    assert torch.allclose(blurred, torch.full_like(blurred, 3.0), atol=1e-5)


@pytest.mark.parametrize("frames", [1, 2])
@pytest.mark.parametrize("resolution", [8, 64])
def test_discriminators_judge_frames_and_pairs(frames, resolution):
    torch.manual_seed(0)
    network = Discriminator((8, 8, 8, 8, 6), frames)
    images = torch.randn(4, 3 * frames, resolution, resolution, requires_grad=True)
    logits = network(images, 0.5)
    assert logits.shape == (4,)
    logits.sum().backward()
    assert images.grad is not None and images.grad.abs().max() > 0


def test_pairwise_discriminator_sees_both_frames_through_the_same_weights():
    torch.manual_seed(0)
    network = Discriminator((8, 8, 8), frames=2)
    assert network.from_rgb[0].weight.shape[0] == 4
    a, b = torch.randn(2, 4, 3, 16, 16)
    assert not torch.allclose(network(torch.cat([a, b], 1)), network(torch.cat([a, a], 1)))
    with pytest.raises(ValueError, match="pair"):
        Discriminator((8, 8), frames=3)


def test_minibatch_deviation_is_zero_for_equal_images_and_measures_spread():
    same = torch.randn(1, 5, 4, 4).expand(4, -1, -1, -1)
    assert minibatch_deviation(same)[:, -1].max() < 2e-4
    spread = torch.randn(8, 500, 4, 4, generator=torch.Generator().manual_seed(0)) * 3
    # The mean deviation of groups of four normal values is below the true one by the factor 0.798.
    assert minibatch_deviation(spread)[0, -1, 0, 0].item() == pytest.approx(3 * 0.798, rel=0.02)


class _Pyramid(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.convs = torch.nn.ModuleList(torch.nn.Conv2d(3, c, 3, 2**i, 1) for i, c in enumerate((4, 6, 8, 10), 1))

    def forward(self, x):
        return [conv(x) for conv in self.convs]


def test_projected_discriminator_trains_its_heads_only():
    torch.manual_seed(0)
    network = ProjectedDiscriminator(_Pyramid(), (4, 6, 8, 10))
    images = torch.randn(2, 3, 32, 32, requires_grad=True)
    logits = network.judge(network.features(images))
    assert [x.shape[-1] for x in logits] == [32, 16, 8, 4]
    sum(x.mean() for x in logits).backward()
    assert images.grad.abs().max() > 0
    assert all(p.grad is None for p in network.trunk.parameters())
    trained = {id(p) for p in network.own_parameters()}
    assert all((p.grad is not None) == (id(p) in trained) for p in network.parameters() if p.requires_grad)


def test_augmentation_keeps_shape_and_repeats_with_its_seed():
    x = torch.randn(2, 3, 16, 16)
    a, b = (augment(x, draw_augmentation(len(x), torch.Generator().manual_seed(4))) for _ in range(2))
    assert a.shape == x.shape
    assert torch.equal(a, b)
    assert not torch.equal(a, augment(x, draw_augmentation(len(x), torch.Generator().manual_seed(5))))


def test_configurations_have_the_sizes_of_the_paper():
    assert config_names() == ["compact", "paper-256", "paper-512"]
    paper = load_config("paper-256").generator
    assert (paper.resolutions[-1], paper.style_width, len(paper.channels)) == (256, 512, 7)
    assert load_config("paper-512").generator.resolutions[-1] == 512
    assert load_config("compact").generator.resolutions[-1] == 256


def test_paper_generator_has_the_parameters_of_the_release():
    with torch.device("meta"):
        generator = Generator(GeneratorConfig((512, 512, 512, 512, 256, 128, 64, 32, 16), 512))
    count = sum(p.numel() for p in generator.parameters())
    # The release holds 26.3 M parameters in nine blocks.
    assert count == pytest.approx(26.3e6, rel=0.01)


def test_unknown_or_broken_configuration_is_a_clear_error(tmp_path):
    with pytest.raises(LandscapeError, match="compact"):
        load_config("huge")
    broken = tmp_path / "broken.yaml"
    broken.write_text("generator: {channels: [4]}\n")
    with pytest.raises(LandscapeError, match="correct it"):
        load_config(str(broken))


def test_a_configuration_says_how_often_pairs_are_judged(tmp_path):
    from landscape.training.gan.schedule import stage_at

    plain = (Path(__file__).parents[1] / "landscape/models/configs/compact.yaml").read_text()
    falling = load_config("compact").training
    assert [stage_at(falling, images).pair_share for images in (0, 31000)] == pytest.approx([0.5, 0.1])
    (tmp_path / "often.yaml").write_text(plain + "  pair_shares: [0.3, 0.3]\n")
    often = load_config(str(tmp_path / "often.yaml")).training
    assert {stage_at(often, images).pair_share for images in (0, 9000, 31000, 34000)} == {0.3}
    (tmp_path / "wrong.yaml").write_text(plain + "  pair_shares: [0.3, 1.3]\n")
    with pytest.raises(LandscapeError, match="cannot be used"):
        load_config(str(tmp_path / "wrong.yaml"))
