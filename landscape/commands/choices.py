"""Settings as options of a command, on top of a recipe."""

from __future__ import annotations

import dataclasses
import functools
import inspect
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from landscape.kinds import Angle, Flag
from landscape.output.formats import FORMATS, format_of
from landscape.scene.shot import PLACES, Place, Shot
from landscape.settings import ExportSettings
from landscape.spelling import spelled


def with_settings(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command an option for each setting that has one; :func:`shot_of` reads them."""
    own = inspect.signature(command, eval_str=True).parameters.values()
    parts: list[list[inspect.Parameter]] = [[], []]
    for parameter in own:
        parts[parameter.default is not parameter.empty].append(parameter)
    options = [_option(name, place) for name, place in PLACES.items() if place.kind.option != ()]

    @functools.wraps(command)
    def call(**values: Any) -> None:
        command(**{parameter.name: values[parameter.name] for parameter in own})

    parameters = [*parts[0], *options, *parts[1]]
    call.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    call.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return call


def _option(name: str, place: Place) -> inspect.Parameter:
    kind, default = place.kind, place.default
    dashed = name.replace("_", "-")
    flag = f"--{dashed}/--no-{dashed}" if isinstance(kind, Flag) else f"--{dashed}"
    shown = kind.otherwise or (f"{default:g}deg" if isinstance(kind, Angle) else default not in (None, ()))
    option = typer.Option(*(kind.option or (flag,)), help=kind.described, show_default=shown)
    default = None if kind.typed in (str, list[str]) and not isinstance(default, str) else default
    annotation = Annotated[kind.typed | None if default is None else kind.typed, option]  # type: ignore[valid-type]
    return inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD, default=default, annotation=annotation)


def shot_of(context: typer.Context, shot: Shot, out: Path) -> Shot:
    """A shot under the options that were written: the later word wins.

    Args:
        context: Of a command :func:`with_settings`.
        shot: Of a recipe, or the defaults.
        out: The file to write, whose name chooses the format where no option does.

    Raises:
        LandscapeError: If a value is of no use, or the file's name does not fit the format.
    """
    written = given(context)
    for name in written:
        if name in PLACES:
            kind = PLACES[name].kind
            shot = shot.with_values({name: spelled(kind, context.params[name]), **kind.implies})
    return dataclasses.replace(shot, export=with_format(shot.export, out, written))


def given(context: typer.Context) -> list[str]:
    """Names of the options that the person wrote, in the order in which they were written."""
    # By name, as the framework has had its own copy of the enumeration since version 0.26.
    sources = {name: getattr(context.get_parameter_source(name), "name", "") for name in context.params}
    return [name for name, source in sources.items() if source == "COMMANDLINE"]


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
