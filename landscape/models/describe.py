"""What a file of weights holds, told in a table."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

from landscape.errors import LandscapeError
from landscape.models.files import read_description
from landscape.models.named import SUFFIX
from landscape.models.pickle_reader import Shell
from landscape.models.stored_tensors import StoredTensor
from landscape.models.torch_files import open_torch_file


@dataclass(frozen=True)
class Part:
    """The tensors of a file whose names begin alike.

    Attributes:
        name: The common beginning.
        tensors: How many there are.
        numbers: How many numbers they have.
        kinds: Types of their numbers.
    """

    name: str
    tensors: int
    numbers: int
    kinds: tuple[str, ...]


@dataclass(frozen=True)
class Description:
    """What a file holds: its parts, and facts that are written in it."""

    parts: tuple[Part, ...]
    facts: dict[str, Any]


def describe_weights(path: Path) -> Description:
    """Tell what a file of weights holds; nothing in it is executed, and no number of it is read.

    Args:
        path: A safetensors file, or one that ``torch.save`` wrote, as the release's.

    Raises:
        LandscapeError: If it is neither, or damaged.
    """
    if path.suffix.lower() == SUFFIX:
        tensors, facts = read_description(path)
        return Description(_parts(tensors), facts)
    with open_torch_file(path) as content:
        named = list(_tensors(content, ""))
        top = content if isinstance(content, dict) else {}
        facts = {name: value for name, value in top.items() if isinstance(value, (int, float, str))}
    if not named:
        raise LandscapeError(f"“{path.name}” holds no weights: give a file of weights.")
    return Description(_parts(named), facts)


def _parts(tensors: Iterable[tuple[str, str, tuple[int, ...]]]) -> tuple[Part, ...]:
    groups: dict[str, list[tuple[str, int]]] = {}
    for name, kind, shape in tensors:
        groups.setdefault(name.split(".")[0], []).append((kind, prod(shape)))
    return tuple(
        Part(name, len(own), sum(count for _, count in own), tuple(sorted({kind for kind, _ in own})))
        for name, own in groups.items()
    )


def _tensors(root: Any, start: str) -> Iterable[tuple[str, str, tuple[int, ...]]]:
    """Name, type and shape of each tensor, each once however often it is mentioned."""
    waiting, seen = [(start, root)], set()
    while waiting:
        name, value = waiting.pop()
        if id(value) in seen:
            continue
        if isinstance(value, StoredTensor):
            seen.add(id(value))
            yield name or "tensor", str(value.storage.kind).removeprefix("torch."), value.shape
        elif isinstance(value, (dict, list, tuple, Shell)):
            seen.add(id(value))
            inner = value.state if isinstance(value, Shell) else value
            items = inner.items() if isinstance(inner, dict) else enumerate(inner)
            waiting += reversed([(f"{name}.{key}" if name else str(key), item) for key, item in items])
