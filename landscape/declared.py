"""Settings that are declared once: frozen dataclasses whose fields say of themselves all that there is to know.

Option of the command line, slider, parameter of programs, line of the README's table, reading of recipes and the
sentence about a value of no use come from one line::

    haze: float = setting(0.5, Number("Haze", "How thick the air is.", low=0, high=1, step=0.05, panel="light"))
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass
from typing import Any

from landscape.errors import require
from landscape.kinds import Kind


@dataclass(frozen=True)
class Rows(Kind):
    """A list of rows, each of the same few settings: key frames, arrows.

    Attributes:
        row_type: The :class:`Declared` dataclass of a row.
        one: What a row is called.
        most: Most rows.
        apart: Least distance of the first setting of a row from that of the row before; None where any order will do.
        repeated: Whether the command line writes one row at a time, its settings between commas.
    """

    _: KW_ONLY
    row_type: type[Declared]
    one: str
    most: int
    apart: float | None = None
    repeated: bool = False

    @property
    def typed(self) -> type:
        """What the command line reads."""
        return list[str] if self.repeated else str

    @property
    def columns(self) -> dict[str, Kind]:
        """The settings of a row."""
        return kinds_of(self.row_type)

    def shown(self, value: Any) -> list[dict[str, Any]]:
        """Rows as JSON."""
        return [shown_values(row) for row in value]

    def _checked(self, value: Any) -> Any:
        value = () if value is None else value
        order = "" if self.apart is None else f", each at least {self.apart:g} of the clip after the one before"
        fits = isinstance(value, (list, tuple)) and len(value) <= self.most
        require(fits, f"Give {self.called} as a list{order or f' of {self.most} at most'}.")
        rows = tuple(self._row(row) for row in value)
        if self.apart is not None:
            firsts = [getattr(row, next(iter(self.columns))) for row in rows]
            rising = all(later - sooner >= self.apart for sooner, later in zip(firsts, firsts[1:], strict=False))
            require(rising, f"Put each {self.one} at least {self.apart:g} of the clip after the one before.")
        return rows

    def _row(self, row: Any) -> Any:
        if isinstance(row, self.row_type):
            return row
        names = list(self.columns)
        if isinstance(row, (list, tuple)) and len(row) == len(names):
            row = dict(zip(names, row, strict=True))
        fits = isinstance(row, dict) and set(row) == set(names)
        require(fits, f"Give each {self.one} its {', '.join(names[:-1])} and {names[-1]}.")
        return self.row_type(**row)

    def _readable(self, value: Any) -> bool:
        return isinstance(value, (list, tuple))


class Declared:
    """A frozen dataclass whose fields are settings: values of no use raise LandscapeError with a sentence."""

    def __post_init__(self) -> None:
        for name, kind in kinds_of(type(self)).items():
            object.__setattr__(self, name, kind.check(getattr(self, name)))


def setting(default: Any, kind: Kind) -> Any:
    """A field of a :class:`Declared` dataclass."""
    return dataclasses.field(default=default, metadata={"kind": kind})


def kinds_of(settings: Callable[..., Declared]) -> dict[str, Kind]:
    """The kinds of a dataclass's settings by the names of its fields."""
    fields = dataclasses.fields(settings)  # type: ignore[arg-type]
    return {item.name: item.metadata["kind"] for item in fields}


def shown_values(settings: Declared) -> dict[str, Any]:
    """The values of some settings as the page, programs and JSON have them."""
    return {name: kind.shown(getattr(settings, name)) for name, kind in kinds_of(type(settings)).items()}
