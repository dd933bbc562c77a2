"""Pickles read as data: the language of pickles is followed, and nothing that it names is imported or called.

A pickle is a program that builds objects; Python's own reader runs it. This one knows the steps of plain data alone.
Where a step names a class or a function, the name is compared with a list; where one asks for a call, whoever reads
decides by the name what stands in its place.
"""

from __future__ import annotations

import pickletools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, BinaryIO

_MOST_STEPS = 2_000_000
"""Steps of the longest pickle; a network of a thousand layers takes some 50 000."""
_VALUES = frozenset(
    ["BININT", "BININT1", "BININT2", "LONG1", "LONG4", "BINFLOAT"]
    + ["BINUNICODE", "SHORT_BINUNICODE", "BINBYTES", "SHORT_BINBYTES"]
)
_CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
_EMPTY: dict[str, Callable[[], Any]] = {"EMPTY_TUPLE": tuple, "EMPTY_LIST": list, "EMPTY_DICT": dict, "EMPTY_SET": set}
_TUPLES = {"TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}


class RefusedError(ValueError):
    """What stands in a pickle is no plain data; the message says what it is."""


@dataclass(frozen=True)
class Name:
    """A class or a function that nobody imports: ``module.name``."""

    text: str


@dataclass(frozen=True, eq=False)
class Shell:
    """An object of a class that is known by name alone: what was stored of it, and nothing that it could do.

    Attributes:
        name: ``module.name`` of the class.
        state: The object's attributes; where it keeps its state in its own way, that tuple under ``state``.
    """

    name: str
    state: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Rules:
    """What a pickle may hold beyond numbers, text and containers.

    Attributes:
        admits: Whether a class or function of this name may be named.
        make: What stands for a call, given the name and the arguments.
        persistent: What stands for an object that is kept outside the pickle, given its description.
    """

    admits: Callable[[str], bool]
    make: Callable[[str, tuple[Any, ...]], Any]
    persistent: Callable[[Any], Any]


def read_pickle(file: BinaryIO, rules: Rules) -> Any:
    """Read one pickle from where a file stands, which stands behind it afterwards.

    Args:
        file: An open file whose ``read`` gives no more than there is, such as bytes in memory or a memory map.
        rules: What is admitted.

    Raises:
        RefusedError: If there is anything that is not admitted.
        Exception: Of many kinds, if it is no pickle: whoever opens the file says so in a sentence.
    """
    reader = _Reader(rules)
    for count, (opcode, argument, _) in enumerate(pickletools.genops(file)):
        if count > _MOST_STEPS:
            raise RefusedError("more steps than any network")
        reader.step(opcode.name, argument)
    (result,) = reader.stack
    return result


def simple_key(value: Any) -> Any:
    """A key of a dictionary or an item of a set: text or a number, as others may be nested without end.

    Raises:
        RefusedError: If it is something else.
    """
    if not isinstance(value, (str, int, float, type(None))):
        raise RefusedError("a key that is neither text nor a number")
    return value


class _Reader:
    """The stack and the memory of a pickle while it is read."""

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self.stack: list[Any] = []
        self._below: list[list[Any]] = []  # what lies under each mark
        self._memory: dict[int, Any] = {}

    def step(self, name: str, argument: Any) -> None:
        """Follow one step of the pickle's program."""
        if name in _VALUES:
            self.stack.append(argument)
        elif name in _CONSTANTS:
            self.stack.append(_CONSTANTS[name])
        elif name in _EMPTY:
            self.stack.append(_EMPTY[name]())
        elif name in _TUPLES:
            count = _TUPLES[name]
            self.stack[-count:] = [tuple(self.stack[-count:])]
        else:
            method = getattr(self, f"_{name.lower()}", None)
            if method is None:
                raise RefusedError(f"a step {name}")
            method(argument)

    def _proto(self, version: int) -> None:
        pass

    _frame = _stop = _proto

    def _mark(self, _: None) -> None:
        self._below.append(self.stack)
        self.stack = []

    def _marked(self) -> list[Any]:
        items, self.stack = self.stack, self._below.pop()
        return items

    def _pop(self, _: None) -> None:
        self.stack.pop()

    def _memoize(self, _: None) -> None:
        self._memory[len(self._memory)] = self.stack[-1]

    def _binput(self, place: int) -> None:
        self._memory[place] = self.stack[-1]

    _long_binput = _binput

    def _binget(self, place: int) -> None:
        self.stack.append(self._memory[place])

    _long_binget = _binget

    def _tuple(self, _: None) -> None:
        items = self._marked()
        self.stack.append(tuple(items))

    def _append(self, _: None) -> None:
        item = self.stack.pop()
        self._extend([item])

    def _appends(self, _: None) -> None:
        self._extend(self._marked())

    def _extend(self, items: list[Any]) -> None:
        if not isinstance(self.stack[-1], list):
            raise RefusedError("items of something that is no list")
        self.stack[-1].extend(items)

    def _setitem(self, _: None) -> None:
        value, key = self.stack.pop(), self.stack.pop()
        self._update([key, value])

    def _setitems(self, _: None) -> None:
        self._update(self._marked())

    def _update(self, items: list[Any]) -> None:
        if not isinstance(self.stack[-1], dict):
            raise RefusedError("entries of something that is no dictionary")
        for key, value in zip(items[::2], items[1::2], strict=True):
            self.stack[-1][simple_key(key)] = value

    def _additems(self, _: None) -> None:
        items = self._marked()
        if not isinstance(self.stack[-1], set):
            raise RefusedError("items of something that is no set")
        self.stack[-1].update(map(simple_key, items))

    def _global(self, argument: str) -> None:
        self._name(*argument.split(" ", 1))

    def _stack_global(self, _: None) -> None:
        name, module = self.stack.pop(), self.stack.pop()
        self._name(str(module), str(name))

    def _name(self, module: str, name: str) -> None:
        text = f"{module}.{name}"
        if not self.rules.admits(text):
            raise RefusedError(text[:80])
        self.stack.append(Name(text))

    def _reduce(self, _: None) -> None:
        arguments, what = self.stack.pop(), self.stack.pop()
        if not isinstance(what, Name) or not isinstance(arguments, tuple):
            raise RefusedError("a call of something that is no known class")
        self.stack.append(self.rules.make(what.text, arguments))

    _newobj = _reduce

    def _build(self, _: None) -> None:
        state = self.stack.pop()
        target = self.stack[-1]
        if isinstance(state, tuple) and isinstance(target, Shell):
            target.state["state"] = state
        elif not isinstance(state, dict) or not isinstance(target, (Shell, dict)):
            raise RefusedError("a state of something that is no known object")
        elif isinstance(target, Shell):  # ordered dictionaries carry versions of layers, which nobody needs
            target.state.update(state)

    def _binpersid(self, _: None) -> None:
        self.stack.append(self.rules.persistent(self.stack.pop()))
