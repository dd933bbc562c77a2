"""Networks whose weights no fit changes, read from their files: the segmenter and what judges pictures."""

from __future__ import annotations

from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import nn

from landscape.errors import LandscapeError
from landscape.networks.perceptual import LpipsAlex
from landscape.networks.segmenter import build_segmenter
from landscape.networks.vgg import Vgg19


def _fill(network: nn.Module, path: Path, prefix: str = "") -> None:
    """Give a perceptual network its weights, as float32; the file may hold more.

    Raises:
        LandscapeError: If the file is missing or holds something else.
    """
    try:
        state = {name.removeprefix(prefix): value.float() for name, value in load_file(path).items()}
        network.load_state_dict({name: state[name] for name in network.state_dict()})
    except (OSError, SafetensorError, RuntimeError, KeyError) as error:
        raise LandscapeError(f"The perceptual network “{path}” cannot be read; restore the file.") from error


def load_lpips(path: Path, device: str = "cpu") -> LpipsAlex:
    """Load the network, frozen and in evaluation mode, computing in float32.

    Args:
        path: ``lpips_alex.safetensors``.
        device: Torch device.

    Raises:
        LandscapeError: If the file is missing or holds something else.
    """
    network = LpipsAlex()
    _fill(network, path)
    return network.eval().requires_grad_(False).to(device)


def load_vgg19(path: Path) -> Vgg19:
    """Load torchvision's VGG-19 weights (``features.0.weight``, ...) from a safetensors file, frozen.

    Raises:
        LandscapeError: If the file is missing or holds something else.
    """
    network = Vgg19()
    _fill(network.features_list, path, "features.")
    return network.eval().requires_grad_(False)


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
        raise LandscapeError(f"The sky and water weights “{path}” are missing; restore the file or train them again.")
    network = build_segmenter()
    try:
        network.load_state_dict(load_file(path))  # copies float16 into the network's float32
    except Exception as error:
        raise LandscapeError(f"The file “{path}” does not hold sky and water weights; choose another file.") from error
    return network.eval()
