"""Files of weights: safetensors with a JSON description in their header; nothing in them is executed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from landscape.errors import LandscapeError
from landscape.files import replacing
from landscape.marks import MARK


def save_weights(path: Path, state: dict[str, Tensor], metadata: dict[str, Any], half: bool = True) -> None:
    """Write weights under a temporary name and rename them.

    Args:
        path: Target, ``*.safetensors``.
        state: Tensors by name.
        metadata: Description, JSON values only.
        half: Store floating point tensors as fp16.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    tensors = {
        name: (value.half() if half and value.is_floating_point() else value).detach().cpu().contiguous()
        for name, value in state.items()
    }
    with replacing(path, marked=True) as partial:
        save_file(tensors, partial, metadata={MARK: json.dumps(metadata, sort_keys=True)})


def _read(path: Path, read: Callable[[Any, str], Any], advice: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """What a function reads of each tensor of a file by its name, and the file's description."""
    try:
        with safe_open(path, framework="pt") as file:
            found = {name: read(file, name) for name in file.keys()}  # noqa: SIM118 (not a dictionary)
            return found, json.loads((file.metadata() or {}).get(MARK, "{}"))
    except (SafetensorError, OSError, ValueError) as error:
        raise LandscapeError(f"The weights “{path}” are damaged; {advice}.") from error


def load_weights(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Read weights as fp32 with their description.

    Raises:
        LandscapeError: If the file is missing or not a weights file.
    """
    if not path.is_file():
        raise LandscapeError(f"The weights {path.name} are missing in “{path.parent}”; get the project's files again.")
    state, metadata = _read(path, lambda file, name: file.get_tensor(name), "get the project's files again")
    return {name: value.float() if value.is_floating_point() else value for name, value in state.items()}, metadata


def read_description(path: Path) -> tuple[list[tuple[str, str, tuple[int, ...]]], dict[str, Any]]:
    """Name, type and shape of each tensor in a file of weights, and its description; no number is read.

    Raises:
        LandscapeError: If the file is missing or not a weights file.
    """
    if not path.is_file():
        raise LandscapeError(f"There is no file “{path}”: check the name and the folder.")
    slices, metadata = _read(path, lambda file, name: file.get_slice(name), "choose another file")
    tensors = [(name, str(item.get_dtype()).lower(), tuple(item.get_shape())) for name, item in slices.items()]
    return tensors, metadata


def digest_of(*networks: nn.Module) -> str:
    """A short name for the weights of networks."""
    digest = hashlib.sha256()
    for network in networks:
        for value in network.state_dict().values():
            digest.update(value.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()[:16]


def fill_network(network: nn.Module, state: dict[str, Tensor], path: Path) -> None:
    """Give a network the weights that were read from a file, and make it ready for use.

    Raises:
        LandscapeError: If they are those of another network.
    """
    try:
        network.load_state_dict(state)
    except RuntimeError as error:
        raise LandscapeError(f"“{path}” does not fit this version; get the project's files again.") from error
    network.eval().requires_grad_(False)
