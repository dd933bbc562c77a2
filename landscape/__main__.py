"""The way into the program: ``python -m landscape``, the command ``landscape`` and ``python app.py``."""

from __future__ import annotations

from collections.abc import Sequence

from landscape.stopping import end, take_signals


def run(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and end the program.

    Args:
        arguments: What stands behind the program's name; what the person wrote if None.
    """
    take_signals()  # before the libraries are loaded, which takes seconds
    from landscape.cli import main

    try:
        main(arguments)
    except SystemExit as ended:
        end(ended.code)


if __name__ == "__main__":
    run()
