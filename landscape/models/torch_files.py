"""What ``torch.save`` wrote, read without executing anything: tensors, containers, and modules as plain shells.

Both forms are read: the archive of torch 1.6 and later, and the row of pickles with raw numbers behind it that earlier
versions wrote, as the release's.
"""

from __future__ import annotations

import io
import mmap
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any, BinaryIO, Protocol, cast

import torch
from torch import Tensor

from landscape.errors import LandscapeError
from landscape.models.pickle_reader import Name, RefusedError, Rules, Shell, read_pickle, simple_key

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

_DAMAGE = (OSError, EOFError, ValueError, LookupError, TypeError, AttributeError, zipfile.BadZipFile, RuntimeError)
_DAMAGE += (ArithmeticError, MemoryError)
"""What libraries raise on files that are not what they seem."""
_ZIP = b"PK\x03\x04"
_MAGIC, _PROTOCOL = 0x1950A86A20F9469CFC6C, 1001
"""Of the form before torch 1.6."""
_MOST_PICKLE = 64 * 2**20
"""Bytes of the pickle in an archive; the numbers lie beside it."""


class _Source(Protocol):
    kinds: dict[str, torch.dtype]

    def read(self, key: str, start: int, count: int, size: int) -> bytes:
        """So many numbers of this size in bytes, from one on, out of those that are kept under a key."""
        ...


@dataclass(frozen=True, eq=False)
class Storage:
    """Numbers in a row, not read yet."""

    source: _Source
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


@contextmanager
def open_torch_file(path: Path) -> Iterator[Any]:
    """Give what a file holds: dictionaries, lists, numbers, :class:`StoredTensor`, :class:`Shell` for modules.

    Tensors can be read while the file is open; what is wrong with them is told by the same sentence.

    Raises:
        LandscapeError: If there is no such file, it is damaged, or holds anything else; nothing of it is executed.
    """
    if not path.is_file():
        raise LandscapeError(f"There is no file “{path}”: check the name and the folder.")
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as view:
            if view[: len(_ZIP)] == _ZIP:
                with zipfile.ZipFile(file) as archive:
                    yield _Archive(archive, len(view)).content()
            else:
                yield _Row(view).content()
    except RefusedError as error:
        raise LandscapeError(
            f"“{path.name}” holds {error}, which no released model needs: nothing of it was executed; "
            "get the file from the release itself."
        ) from error
    except _DAMAGE as error:
        raise _damaged(path) from error


def _damaged(path: Path) -> LandscapeError:
    return LandscapeError(f"“{path.name}” is damaged or was not written by torch: get the file from the release again.")


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


def _rules(source: _Source) -> Rules:
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


class _Archive:
    """The form since torch 1.6: a ZIP in which nothing is compressed."""

    def __init__(self, archive: zipfile.ZipFile, size: int) -> None:
        self.kinds: dict[str, torch.dtype] = {}
        self._archive = archive
        entries = archive.infolist()
        packed = any(entry.compress_type != zipfile.ZIP_STORED or entry.flag_bits & 1 for entry in entries)
        if packed or sum(entry.file_size for entry in entries) > size:
            raise RefusedError("packed members")
        (pickle,) = (entry for entry in entries if entry.filename.endswith("/data.pkl"))
        self._folder = pickle.filename.removesuffix("data.pkl")
        if pickle.file_size > _MOST_PICKLE:
            raise RefusedError("more steps than any network")
        self._pickle = pickle

    def content(self) -> Any:
        """What was saved."""
        return read_pickle(io.BytesIO(self._archive.read(self._pickle)), _rules(self))

    def read(self, key: str, start: int, count: int, size: int) -> bytes:
        """Numbers that are kept in a member of their own."""
        if start or not key.isalnum():
            raise RefusedError("an object that is kept elsewhere")
        data = self._archive.read(f"{self._folder}data/{key}")
        if len(data) != count * size:
            raise ValueError("length")
        return data


class _Row:
    """The form before torch 1.6: five pickles, and the numbers behind them."""

    def __init__(self, view: mmap.mmap) -> None:
        self.kinds: dict[str, torch.dtype] = {}
        self._view = view
        self._places: dict[str, tuple[int, int]] = {}

    def content(self) -> Any:
        """What was saved."""
        file, rules = cast(BinaryIO, self._view), _rules(self)
        if read_pickle(file, rules) != _MAGIC or read_pickle(file, rules) != _PROTOCOL:
            raise ValueError("magic")
        system, content, keys = (read_pickle(file, rules) for _ in range(3))
        if not system["little_endian"] or not isinstance(keys, list):
            raise ValueError("system")
        place = self._view.tell()
        for key in keys:
            count = int.from_bytes(self._view[place : place + 8], "little")
            self._places[key] = (place + 8, count)
            place += 8 + count * self.kinds[key].itemsize
        if place > len(self._view):
            raise ValueError("length")
        return content

    def read(self, key: str, start: int, count: int, size: int) -> bytes:
        """Numbers of the row."""
        place, there = self._places[key]
        if start + count > there:
            raise ValueError("length")
        return self._view[place + start * size : place + (start + count) * size]
