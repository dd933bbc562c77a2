from pathlib import Path

import pytest
import torch

from landscape.errors import LandscapeError
from landscape.models.frozen import load_lpips
from landscape.networks.perceptual import LpipsAlex

WEIGHTS = Path(__file__).parent.parent / "checkpoints" / "lpips_alex.safetensors"


@pytest.fixture(scope="module")
def network() -> LpipsAlex:
    return load_lpips(WEIGHTS)


@pytest.fixture(scope="module")
def image() -> torch.Tensor:
    rng = torch.Generator().manual_seed(3)
    coarse = torch.rand(1, 3, 10, 10, generator=rng) * 1.6 - 0.8
    smooth = torch.nn.functional.interpolate(coarse, size=80, mode="bicubic")
    return (smooth + 0.1 * torch.randn(1, 3, 80, 80, generator=rng)).clamp(-1, 1)


def test_same_image_is_at_zero(network, image):
    assert float(network(image, image)) == 0.0


def test_noise_and_blur_raise_the_distance(network, image):
    rng = torch.Generator().manual_seed(0)
    noise = torch.randn(image.shape, generator=rng)
    blurred = torch.nn.functional.avg_pool2d(image, 5, 1, 2, count_include_pad=False)
    little, much, soft = (float(network(image, other)) for other in (image + 0.1 * noise, image + 0.4 * noise, blurred))
    assert 0 < little < much
    assert soft > 0.05


def test_symmetric_and_per_image(network, image):
    other = image.flip(3)
    both = network(torch.cat([image, image]), torch.cat([other, image]))
    assert both.shape == (2,)
    assert float(both[0]) == pytest.approx(float(network(other, image)), rel=1e-4)
    assert float(both[1]) == 0.0


def test_precomputed_features_give_the_same_distance(network, image):
    other = image.flip(2)
    target = network.features(image)
    assert torch.equal(network.distance(network.features(other), target), network(other, image))


@pytest.mark.parametrize("size", [32, 33, 64])
def test_small_images_are_enlarged(network, size):
    rng = torch.Generator().manual_seed(1)
    image = torch.rand(1, 3, size, size, generator=rng) * 2 - 1
    assert network.features(image)[0].shape[2:] == (15, 15)
    enlarged = torch.nn.functional.interpolate(image, size=64, mode="bilinear", align_corners=False)
    other = torch.zeros_like(image)
    assert torch.allclose(network(image, other), network(enlarged, torch.zeros(1, 3, 64, 64)), atol=1e-5)


def test_gradient_is_finite_even_where_features_vanish(network):
    image = torch.zeros(1, 3, 64, 64, requires_grad=True)
    network(image, torch.ones(1, 3, 64, 64)).sum().backward()
    assert torch.isfinite(image.grad).all()
    assert image.grad.abs().sum() > 0


def test_layers_count_by_their_heads():
    network = LpipsAlex().eval()
    rng = torch.Generator().manual_seed(5)
    a, b = (torch.rand(1, 3, 64, 64, generator=rng) for _ in range(2))
    with torch.no_grad():
        before = network(a, b)
        for head in network.heads:
            head.mul_(3)
        assert torch.allclose(network(a, b), 3 * before, rtol=1e-4)


def test_missing_file_says_what_to_do(tmp_path):
    with pytest.raises(LandscapeError, match="restore"):
        load_lpips(tmp_path / "none.safetensors")
