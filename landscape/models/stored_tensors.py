"""What a file of torch may hold: tensors that are not read yet, and the names of classes let in as plain shells."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Any, Protocol

import torch
from torch import Tensor

from landscape.models.pickle_reader import Name, RefusedError, Rules, Shell, simple_key

KINDS = {
    "torch.FloatStorage": torch.float32,
    "torch.DoubleStorage": torch.float64,
    "torch.HalfStorage": torch.float16,
    "torch.BFloat16Storage": torch.bfloat16,
    "torch.LongStorage": torch.int64,
    "torch.IntStorage": torch.int32,
    "torch.ShortStorage": torch.int16,
    "torch.CharStorage": torch.int8,
    "torch.ByteStorage": torch.uint8,
    "torch.BoolStorage": torch.bool,
}
_ORDERED = "collections.OrderedDict"
_SETS = ("__builtin__.set", "builtins.set")
_TENSORS = ("torch._utils._rebuild_tensor", "torch._utils._rebuild_tensor_v2")
_PARAMETER = "torch._utils._rebuild_parameter"
_LAYERS = {
    "activation": ("ReLU", "LeakyReLU", "PReLU", "Tanh", "Sigmoid"),
    "batchnorm": ("BatchNorm1d", "BatchNorm2d"),
    "container": ("Sequential", "ModuleList", "ModuleDict"),
    "conv": ("Conv2d",),
    "dropout": ("Dropout", "Dropout2d"),
    "flatten": ("Flatten",),
    "linear": ("Linear", "Identity"),
    "normalization": ("LayerNorm",),
    "pooling": ("AdaptiveAvgPool2d", "AvgPool2d", "MaxPool2d"),
}
MODULES = frozenset(
    [f"torch.nn.modules.{room}.{name}" for room, names in _LAYERS.items() for name in names]
    + [f"torchvision.models.resnet.{name}" for name in ("ResNet", "Bottleneck", "BasicBlock")]
    + ["torchvision.models._utils.IntermediateLayerGetter"]
)
RELEASE = "inference.encoders."
"""Where the classes of the release's encoder and lighting network stand."""
_PLAIN = frozenset([*KINDS, _ORDERED, *_SETS, *_TENSORS, _PARAMETER])


class Source(Protocol):
    """Where the numbers of a file stand."""

    kinds: dict[str, torch.dtype]

    def read(self, key: str, start: int, count: int, size: int) -> bytes:
        """So many numbers of this size in bytes, from one on, out of those that are kept under a key."""
        ...


@dataclass(frozen=True, eq=False)
class Storage:
    """Numbers in a row, not read yet."""

    source: Source
    key: str
    kind: torch.dtype
    start: int
    count: int


@dataclass(frozen=True, eq=False)
class StoredTensor:
    """A tensor that is not read yet."""

    storage: Storage
    offset: int
    shape: tuple[int, ...]
    stride: tuple[int, ...]

    def load(self) -> Tensor:
        """Read it.

        Raises:
            ValueError: If the file does not hold as many numbers as it says.
        """
        own = self.storage
        data = own.source.read(own.key, own.start, own.count, own.kind.itemsize)
        if not prod(self.shape):
            return torch.empty(self.shape, dtype=own.kind)
        row = torch.frombuffer(bytearray(data), dtype=own.kind)
        return row.as_strided(self.shape, self.stride, self.offset).clone()


def _admits(name: str) -> bool:
    own = name.removeprefix(RELEASE)
    return name in _PLAIN or name in MODULES or (own != name and own.isidentifier())


def _make(name: str, arguments: tuple[Any, ...]) -> Any:
    """What stands for a call of a class or function."""
    if name == _ORDERED:
        return {simple_key(key): value for key, value in (arguments[0] if arguments else ())}
    if name in _SETS:
        return {simple_key(item) for item in (arguments[0] if arguments else ())}
    if name in _TENSORS:
        return _tensor(*arguments[:4])
    if name == _PARAMETER:
        if not isinstance(arguments[0], StoredTensor):
            raise RefusedError("a parameter that is no tensor")
        return arguments[0]
    if name in KINDS:
        raise RefusedError(f"numbers made by {name}")
    return Shell(name)


def _tensor(storage: Any, offset: Any, shape: Any, stride: Any) -> StoredTensor:
    numbers = (offset, *shape, *stride)
    if not isinstance(storage, Storage) or not all(type(item) is int and item >= 0 for item in numbers):
        raise RefusedError("a tensor without numbers")
    last = offset + sum((size - 1) * step for size, step in zip(shape, stride, strict=True))
    if prod(shape) and (prod(shape) > storage.count or last >= storage.count):
        raise RefusedError("a tensor that is larger than its numbers")
    return StoredTensor(storage, offset, tuple(shape), tuple(stride))


def rules(source: Source) -> Rules:
    """What a pickle may name and make, with its numbers out of this source."""

    def persistent(description: Any) -> Any:
        if not isinstance(description, tuple) or len(description) < 2 or not isinstance(description[1], Name):
            raise RefusedError("an object that is kept elsewhere")
        if description[0] == "module":  # a class with its source text, which nobody looks at
            return description[1]
        kind, key, numbers = KINDS.get(description[1].text), description[2], [0, description[4]]
        if len(description) > 5 and description[5] is not None:  # a part of other numbers
            numbers = list(description[5][1:])
        start, count = numbers
        known = kind is not None and type(key) is str and all(type(item) is int and item >= 0 for item in numbers)
        if description[0] != "storage" or not known:
            raise RefusedError("an object that is kept elsewhere")
        assert kind is not None
        source.kinds[key] = kind
        return Storage(source, key, kind, start, count)

    return Rules(_admits, _make, persistent)
