"""The Fréchet video distance: how far made clips are from real ones, as a network of actions sees them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from landscape.images.pixels import Pixels
from landscape.images.tensors import from_pixels
from landscape.networks.i3d import SIDE

FRAMES = 16
"""Frames of a clip that are looked at, at equal distances; shorter clips repeat some."""


def clip_logits(frames: Sequence[Pixels], network: Callable[[Tensor], Tensor]) -> NDArray[np.float64]:
    """What the network makes of a clip.

    Args:
        frames: The clip; its frames are squashed to the network's square.
        network: I3D, clips (N, 3, T, 224, 224) in [-1, 1] to logits.

    Returns:
        (1, number of logits).
    """
    places = np.linspace(0, len(frames) - 1, FRAMES).round().astype(int)
    shown = [cv2.resize(frames[place], (SIDE, SIDE), interpolation=cv2.INTER_AREA) for place in places]
    with torch.inference_mode():
        logits = network(from_pixels(np.stack(shown)).transpose(0, 1)[None])
    return np.asarray(logits.double().cpu().numpy())
