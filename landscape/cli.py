"""The command line: ``python -m landscape animate | batch | segment | sample | train | evaluate | app``."""

from __future__ import annotations

import logging
import sys

import typer

from landscape.commands.animate import animate
from landscape.commands.app import app as app_command
from landscape.commands.batch import batch
from landscape.commands.console import console
from landscape.commands.evaluate import evaluate
from landscape.commands.sample import sample
from landscape.commands.segment import segment
from landscape.commands.styles import styles
from landscape.commands.train import train
from landscape.errors import Cancelled, LandscapeError

cli = typer.Typer(
    help="Brings landscape photos to life.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,
)
for command in (animate, batch, segment, sample):
    cli.command()(command)
cli.command(name="app")(app_command)
cli.add_typer(train, name="train")
cli.add_typer(evaluate, name="evaluate")
cli.add_typer(styles, name="styles")


def main() -> None:
    """Run the command line; problems that the user can solve end with one sentence and exit status 2."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    try:
        cli()
    except LandscapeError as error:
        console.print(str(error), style="bold red", highlight=False, soft_wrap=True)
        sys.exit(2)
    except (Cancelled, KeyboardInterrupt):
        console.print("Stopped.", style="yellow")
        sys.exit(130)
