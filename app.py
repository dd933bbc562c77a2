"""Starts the app: ``python app.py`` is ``python -m landscape app``, with the same options (``--help`` lists them)."""

from __future__ import annotations

import sys

from landscape.__main__ import run

if __name__ == "__main__":
    run(["app", *sys.argv[1:]])
