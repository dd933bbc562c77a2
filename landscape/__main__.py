"""``python -m landscape``: the command line."""

from landscape.stopping import end, take_signals

take_signals()  # before the libraries are loaded, which takes seconds

from landscape.cli import main  # noqa: E402

try:
    main()
except SystemExit as ended:
    end(ended.code)
