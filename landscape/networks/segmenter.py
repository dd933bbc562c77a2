"""The network that finds sky and water."""

from __future__ import annotations

from pathlib import Path

import segmentation_models_pytorch as smp
from safetensors.torch import load_file
from torch import nn

from landscape.errors import LandscapeError

CLASSES = 3
"""Other, sky, water, in this order."""


def build_segmenter() -> nn.Module:
    """Build the segmenter: a feature pyramid decoder on EfficientNet-Lite0, randomly initialised.

    Returns:
        A network for images (N, 3, H, W), RGB in [-1, 1], H and W multiples of 32. It gives logits (N, 3, H, W) of
        other, sky and water. The pyramid decides at a quarter of the resolution: half the cost of a U-Net, and the
        borders are snapped to the photo's edges afterwards anyway.
    """
    network: nn.Module = smp.FPN(
        encoder_name="tu-tf_efficientnet_lite0",
        encoder_weights=None,
        decoder_pyramid_channels=96,
        decoder_segmentation_channels=64,
        classes=CLASSES,
    )
    return network


def load_segmenter(path: Path) -> nn.Module:
    """Read a segmenter written by the training, in float32 and evaluation mode.

    Args:
        path: A safetensors file.

    Returns:
        The network of :func:`build_segmenter` on the CPU.

    Raises:
        LandscapeError: If the file is missing or holds another network.
    """
    if not path.is_file():
        raise LandscapeError(f"The sky and water weights {path} are missing; restore the file or train them again.")
    network = build_segmenter()
    try:
        network.load_state_dict(load_file(path))  # copies float16 into the network's float32
    except Exception as error:
        raise LandscapeError(f"The file {path} does not hold sky and water weights; choose another file.") from error
    return network.eval()
