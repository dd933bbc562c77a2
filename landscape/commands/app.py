"""``landscape app``: the same as ``python app.py``."""

from __future__ import annotations

from typing import Annotated

import typer


def app(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 7860,
    browser: Annotated[bool, typer.Option(help="Open the page in the browser.")] = True,
) -> None:
    """Start the app in the browser."""
    from landscape.ui.server.serve import serve
    from landscape.ui.visitors.engine import ModelEngine

    serve(ModelEngine(), host, port, browser)
