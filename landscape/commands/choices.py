"""Command-line options on top of a recipe."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

import typer

from landscape.output.formats import FORMATS, format_of
from landscape.scene.recipe import Recipe, read_recipe
from landscape.settings import ExportSettings, LightSettings
from landscape.spelling import parse_keys

Settings = TypeVar("Settings")


def recipe_of(path: Path | None) -> Recipe:
    """The recipe in a file, or the product's defaults. Raises LandscapeError if the file has none."""
    return Recipe() if path is None else read_recipe(path)


def given(context: typer.Context) -> list[str]:
    """Names of the options that the person wrote, in the order in which they were written."""
    # By name, as the framework has had its own copy of the enumeration since version 0.26.
    sources = {name: getattr(context.get_parameter_source(name), "name", "") for name in context.params}
    return [name for name, source in sources.items() if source == "COMMANDLINE"]


def override(settings: Settings, written: Sequence[str], **values: Any) -> Settings:
    """Replace fields of a recipe's settings by the options that were written.

    Args:
        settings: Frozen dataclass.
        written: What :func:`given` found.
        values: Field names to values; options are named like the fields.
    """
    changes = {name: value for name, value in values.items() if name in written}
    return dataclasses.replace(settings, **changes)  # type: ignore[type-var]


def with_light(
    light: LightSettings,
    written: Sequence[str],
    *,
    style: str | None,
    strength: float,
    day_cycle: bool,
    keys: str | None,
) -> LightSettings:
    """The light of a recipe under the options that were written: a style ends a day cycle, and the later word wins.

    Raises:
        LandscapeError: If a value is out of range.
    """
    for name in written:
        if name == "style":
            light = dataclasses.replace(light, style=style, day_cycle=False)
        elif name == "day_cycle":
            light = dataclasses.replace(light, day_cycle=day_cycle)
        elif name == "keys" and keys is not None:
            light = dataclasses.replace(light, day_cycle=True, keys=parse_keys(keys))
    return override(light, written, strength=strength)


def with_format(export: ExportSettings, out: Path, written: Sequence[str]) -> ExportSettings:
    """Fit the format to the file's name where no format was written.

    Raises:
        LandscapeError: If the name ends in nothing that can be written, or in another format's suffix.
    """
    if "format" in written:
        format_of(out, export.format)
        return export
    if FORMATS[export.format].suffix == out.suffix.lower():
        return export
    return dataclasses.replace(export, format=format_of(out).name)
