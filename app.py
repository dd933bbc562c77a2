"""Starts the app: ``python app.py [--host 127.0.0.1] [--port 7860] [--no-browser] [--booth]``."""

from __future__ import annotations

from landscape.stopping import end, take_signals


def main() -> int:
    """Run the app; returns the exit status."""
    take_signals()  # before the libraries are loaded, which takes seconds
    import argparse
    import sys

    parser = argparse.ArgumentParser(description="The landscape app: animate a photo in the browser.")
    parser.add_argument("--host", help="address to listen on (127.0.0.1; 0.0.0.0 for a booth)")
    parser.add_argument("--port", type=int, default=7860, help="port to listen on")
    parser.add_argument("--no-browser", action="store_true", help="do not open the browser")
    parser.add_argument("--mcp", action="store_true", help="offer the endpoints to language models (MCP)")
    parser.add_argument("--booth", action="store_true", help="a screen for visitors: no settings, begins anew")
    parser.add_argument("--idle", type=int, default=60, help="seconds after which a booth begins anew")
    parser.add_argument("--address", help="where phones find a booth, such as http://booth.local:7860")
    options = parser.parse_args()
    browser = not options.no_browser

    from landscape.errors import LandscapeError
    from landscape.ui.server.serve import serve, serve_booth
    from landscape.ui.visitors.engine import ModelEngine

    try:
        if options.booth:
            host = options.host or "0.0.0.0"
            serve_booth(ModelEngine(), host, options.port, browser, options.idle, options.address)
        else:
            serve(ModelEngine(), options.host or "127.0.0.1", options.port, browser, options.mcp)
    except LandscapeError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


if __name__ == "__main__":
    end(main())
