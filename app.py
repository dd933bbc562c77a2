"""Starts the app: ``python app.py [--host 127.0.0.1] [--port 7860] [--no-browser]``."""

from __future__ import annotations

import argparse
import sys

from landscape.errors import LandscapeError
from landscape.ui.engine import ModelEngine
from landscape.ui.serve import serve


def main() -> int:
    """Run the app; returns the exit status."""
    parser = argparse.ArgumentParser(description="The landscape app: animate a photo in the browser.")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=int, default=7860, help="port to listen on")
    parser.add_argument("--no-browser", action="store_true", help="do not open the browser")
    options = parser.parse_args()
    try:
        serve(ModelEngine(), options.host, options.port, browser=not options.no_browser)
    except LandscapeError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
