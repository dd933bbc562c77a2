"""``python -m landscape``: the command line."""

from landscape.cli import main

main()
