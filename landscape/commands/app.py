"""``landscape app``: the app in the browser, or a booth's screen."""

from __future__ import annotations

from typing import Annotated

import typer

from landscape.commands.weights import WeightsOption


def app(
    host: Annotated[
        str | None,
        typer.Option(help="Address to listen on: 127.0.0.1 if not given, 0.0.0.0 for a booth; :: and ::1 are IPv6."),
    ] = None,
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 7860,
    browser: Annotated[bool, typer.Option(help="Open the page in the browser.")] = True,
    mcp: Annotated[
        bool, typer.Option("--mcp", help="Offer the endpoints to language models (Model Context Protocol).")
    ] = False,
    root_path: Annotated[
        str, typer.Option(help="Path under which a proxy offers the app, such as /studio; see docs/app.md.")
    ] = "",
    booth: Annotated[bool, typer.Option("--booth", help="A screen for visitors: no settings, begins anew.")] = False,
    idle: Annotated[int, typer.Option(help="Seconds without a touch after which a booth begins anew.")] = 60,
    weights: WeightsOption = None,
    address: Annotated[
        str | None, typer.Option(help="Where phones find a booth, such as http://booth.local:7860.")
    ] = None,
) -> None:
    """Start the app in the browser."""
    from landscape.errors import require
    from landscape.ui.server.serve import serve, serve_booth
    from landscape.ui.visitors.engine import Engine

    if booth:
        # Visitors are told from the booth's own screen by their address, which a proxy hides.
        require(not root_path, "A booth cannot stand behind a proxy: leave out --root-path.")
        serve_booth(Engine(weights), host or "0.0.0.0", port, browser, idle, address)
    else:
        serve(Engine(weights), host or "127.0.0.1", port, browser, mcp, root_path)
