"""The command line: ``python -m landscape animate | batch | segment | sample | train | evaluate | app`` and more."""

from __future__ import annotations

import logging
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import NoReturn

import typer

from landscape.commands.animate import animate
from landscape.commands.app import app as app_command
from landscape.commands.batch import batch
from landscape.commands.console import console, stopped_by
from landscape.commands.evaluate import evaluate
from landscape.commands.evaluate_clips import clips
from landscape.commands.evaluate_light import light
from landscape.commands.evaluate_motion import length, motion, water
from landscape.commands.sample import sample
from landscape.commands.segment import segment
from landscape.commands.study import study
from landscape.commands.styles import styles
from landscape.commands.train import train
from landscape.commands.weights import import_release, inspect
from landscape.errors import Cancelled, LandscapeError
from landscape.stopping import WORD, status

PROGRAM = "landscape"

cli = typer.Typer(
    help="Brings landscape photos to life.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,
)
for command in (animate, batch, segment, sample, import_release, inspect, study):
    cli.command()(command)
cli.command(name="app")(app_command)
for judge in (light, motion, length, water, clips):
    evaluate.command()(judge)
cli.add_typer(train, name="train")
cli.add_typer(evaluate, name="evaluate")
cli.add_typer(styles, name="styles")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; problems that the user can solve end with one sentence and exit status 2.

    Args:
        arguments: What stands behind the program's name; what the person wrote if None.
    """
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    stopped_by.clear()
    try:
        cli(None if arguments is None else list(arguments), prog_name=PROGRAM)
    except LandscapeError as error:
        if stopped_by:
            _stopped()
        console.print(str(error), style="bold red", soft_wrap=True)
        sys.exit(2)
    except (Cancelled, KeyboardInterrupt):
        _stopped()
    except SystemExit:
        if stopped_by:
            _stopped()
        raise
    except Exception:
        # What was stopped may have failed on its way to the end: an encoder hears Ctrl+C as well, a terminal is gone.
        if not stopped_by:
            raise
        _stopped()


def _stopped() -> NoReturn:
    with suppress(OSError):
        console.print(WORD, style="yellow")
    sys.exit(status(stopped_by[0] if stopped_by else signal.SIGINT))
