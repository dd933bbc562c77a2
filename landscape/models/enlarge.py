"""Generator frames enlarged by the upscaler network, as the compositor takes them."""

from __future__ import annotations

import numpy as np
import torch

from landscape.images.pixels import Array, Upscale
from landscape.networks.upscaler import Upscaler
from landscape.threads import one_core


def upscale_with(network: Upscaler) -> Upscale:
    """Make the function that enlarges frames.

    Args:
        network: In evaluation mode.
    """

    @torch.inference_mode()
    def upscale(frame: Array) -> Array:
        parameter = next(network.parameters())
        # The generator and the video's encoder work at the same time: a second core would only be waited for.
        with one_core():
            enlarged = network(torch.from_numpy(frame)[None].to(parameter))
        return np.asarray(enlarged[0].float().cpu().numpy())

    return upscale
