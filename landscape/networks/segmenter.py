"""The network that finds sky and water."""

from __future__ import annotations

import segmentation_models_pytorch as smp
from torch import nn

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
