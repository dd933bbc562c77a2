"""Kinds of settings: what the command line, the page, programs and files must know of one; see :mod:`.declared`."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass
from typing import Any

from landscape.errors import is_number, meant, require


@dataclass(frozen=True)
class Kind:
    """What is known of a setting, whatever it holds.

    Attributes:
        label: What the page calls it.
        help: What it means, in a sentence, for the command line and the documents.
        hint: What the page says beside the label.
        said: What sentences about values of no use call it, with its article; made of the label if empty.
        panel: The panel of the page that shows it: ``motion``, ``light``, ``clip`` or ``file``. Empty for settings that
            the page and programs do not have.
        widget: How the page shows it where that is not how its kind is shown: ``dial``, ``cards``, ``timeline``,
            ``dropdown``, ``radio``; ``held`` where nothing of its own is shown, as it is chosen on the photo.
        row: Settings that stand one after another and share this name stand in one row of the page.
        name: Its name beside all other settings, where the field's is taken.
        option: Its options on the command line, by default made of the name; none where it has no option.
        implies: What else the command line sets where this is written, by names of fields beside it.
        none: What people write for None, where None is allowed, and what the page calls it.
        example: A value as people write it, for the documents.
        otherwise: What holds on the command line where nothing is written, in words, if it is not the default.
    """

    label: str
    help: str
    _: KW_ONLY
    hint: str = ""
    said: str = ""
    panel: str = ""
    widget: str = ""
    row: str = ""
    name: str = ""
    option: tuple[str, ...] | None = None
    implies: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    none: tuple[str, ...] = ()
    example: str = ""
    otherwise: str = ""

    @property
    def typed(self) -> type:
        """What the command line reads."""
        return str

    def check(self, value: Any) -> Any:
        """A value of any type as the setting keeps it.

        Raises:
            LandscapeError: If it is of no use, with a sentence that says what is allowed.
        """
        if self.none and (value is None or meant(value, self.none)):
            return None
        return self._checked(value)

    def shown(self, value: Any) -> Any:
        """A value as the page, programs and JSON have it."""
        return value

    def readable(self, value: Any) -> bool:
        """Whether a value in a file is of the right type; the setting itself says what it makes of it."""
        return value is None if value is None and self.none else self._readable(value)

    @property
    def values(self) -> str:
        """What is allowed, in words, for the documents."""
        return ", ".join((*self.none[:1], *self._values()))

    @property
    def described(self) -> str:
        """What it means and what is allowed, in a sentence."""
        return f"{self.help.rstrip('.')} ({self.values})." if self._values() else self.help

    @property
    def called(self) -> str:
        """What sentences call it."""
        return self.said or f"a {self.label.lower()}"

    def _checked(self, value: Any) -> Any:
        raise NotImplementedError

    def _readable(self, value: Any) -> bool:
        return isinstance(value, str)

    def _values(self) -> tuple[str, ...]:
        return ()


@dataclass(frozen=True)
class Number(Kind):
    """A number.

    Attributes:
        low: Least value; None where any number will do.
        high: Greatest value.
        step: Step of the page's slider.
        unit: Of the values, in the plural.
        whole: Whether it counts something.
        slider: Ends of the page's slider where they are not ``low`` and ``high``.
        offers: Values on offer on the page and what they are called, for ``dropdown`` and ``radio``.
    """

    _: KW_ONLY
    low: float | None = None
    high: float | None = None
    step: float = 0.0
    unit: str = ""
    whole: bool = False
    slider: tuple[float, float] | None = None
    offers: tuple[tuple[str, float], ...] = ()

    @property
    def typed(self) -> type:
        """What the command line reads: text where there may be a word for none."""
        return str if self.none else int if self.whole else float

    @property
    def ends(self) -> tuple[float, float]:
        """Least and greatest value of the slider."""
        return self.slider or (self.low or 0.0, self.high or 0.0)

    def check(self, value: Any) -> Any:
        """A value of any type as the setting keeps it; where it may be left open, fields of the page give text."""
        if self.none and isinstance(value, str):
            with contextlib.suppress(ValueError):
                value = float(value) if value.strip() else None
        return super().check(value)

    def _checked(self, value: Any) -> Any:
        if self.low is None or self.high is None:
            require(is_number(value), f"Choose {self.called} in {self.unit}.")
        else:
            fits = is_number(value) and self.low <= value <= self.high
            require(fits, f"Choose {self.called} between {self.low:.10g} and {self.high:.10g}.")
        if self.whole:
            return int(value) if value == int(value) else value
        return float(value)

    def _readable(self, value: Any) -> bool:
        return is_number(value) and not isinstance(value, bool) and (not self.whole or value == int(value))

    def _values(self) -> tuple[str, ...]:
        return () if self.low is None or self.high is None else (f"{self.low:.10g} to {self.high:.10g}",)


@dataclass(frozen=True)
class Angle(Number):
    """A direction, which people write as a clock hour or in degrees."""

    @property
    def typed(self) -> type:
        """What the command line reads."""
        return str


@dataclass(frozen=True)
class Choice(Kind):
    """One of some names: capitals and small letters are one.

    Attributes:
        names: What can be chosen.
    """

    _: KW_ONLY
    names: tuple[str, ...] = ()

    def shown(self, value: Any) -> Any:
        """A value as the page, programs and JSON have it: none has a name."""
        return self.none[-1] if value is None and self.none else value

    def _checked(self, value: Any) -> Any:
        choice = meant(value, self.names)
        require(choice is not None, f"Choose {self.called} from: {self.values}.")
        return choice

    def _values(self) -> tuple[str, ...]:
        return self.names


@dataclass(frozen=True)
class Flag(Kind):
    """Something that is on or off; sentences call it by its name alone."""

    @property
    def typed(self) -> type:
        """What the command line reads."""
        return bool

    def _checked(self, value: Any) -> Any:
        require(isinstance(value, bool), f"Switch the {self.label.lower()} on or off: it is true or false.")
        return value

    def _readable(self, value: Any) -> bool:
        return isinstance(value, bool)
