"""Starting the app's server."""

from __future__ import annotations

import atexit
import logging
import os
import shutil
import signal
import socket
import sys
import tempfile
import threading
import time
from pathlib import Path

from landscape.errors import LandscapeError
from landscape.ui.engine import Engine
from landscape.ui.handlers import Handlers
from landscape.ui.live_route import live_route
from landscape.ui.sessions import SessionStore

logger = logging.getLogger(__name__)

ASSETS = Path(__file__).resolve().parents[2] / "assets"
"""Folder of the sample photos."""
LARGEST_UPLOAD = "200mb"
SWEEP_INTERVAL = 300
"""Seconds between two looks for sessions to end."""


def serve(engine: Engine, host: str = "127.0.0.1", port: int = 7860, browser: bool = True) -> None:
    """Run the app until it is interrupted.

    Args:
        engine: The models.
        host: Address to listen on; ``0.0.0.0`` lets other computers in.
        port: Port to listen on.
        browser: Open the page in the browser.

    Raises:
        LandscapeError: If the address or the port cannot be used.
    """
    require_free(host, port)
    signal.signal(signal.SIGTERM, _end)  # else the visitors' files would stay behind
    folder = private_folder()
    # Gradio reads these when it is imported
    os.environ.update(GRADIO_ANALYTICS_ENABLED="False", GRADIO_TEMP_DIR=str(folder), HF_HUB_OFFLINE="1")
    from landscape.ui.page import build
    from landscape.ui.theme import theme
    from landscape.ui.widgets import head

    sessions = folder / "sessions"
    sessions.mkdir(mode=0o700)
    store = SessionStore(sessions)
    threading.Thread(target=_sweep_often, args=(store,), name="landscape-sweep", daemon=True).start()
    page = build(Handlers(store, engine), store, ASSETS)
    page.queue(max_size=64)
    page.launch(
        server_name=host,
        server_port=port,
        inbrowser=browser,
        share=False,
        theme=theme(),
        head=head(),
        app_kwargs={"routes": [live_route(store, engine)]},
        footer_links=[],
        run_history=False,
        max_file_size=LARGEST_UPLOAD,
        ssr_mode=False,
        pwa=False,
        enable_monitoring=False,
        prevent_thread_lock=True,
    )
    _warm(engine)
    page.block_thread()


def _end(*_: object) -> None:
    sys.exit(0)


def _warm(engine: Engine) -> None:
    """Load the models while the visitor looks for a photo."""
    try:
        engine.warm()
    except LandscapeError as error:
        logger.error("%s", error)


def _sweep_often(store: SessionStore) -> None:
    while True:
        time.sleep(SWEEP_INTERVAL)
        store.sweep()


def private_folder() -> Path:
    """A folder that only this user reads and that is gone when the app ends."""
    folder = Path(tempfile.mkdtemp(prefix="landscape-")).resolve()
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def require_free(host: str, port: int) -> None:
    """Make sure that a port can be listened on.

    Raises:
        LandscapeError: If it cannot.
    """
    if not 1 <= port <= 65535:
        raise LandscapeError("Choose a port between 1 and 65535.")
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            if os.name == "posix":  # elsewhere the option lets two programs share a port
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except socket.gaierror as error:
        raise LandscapeError(f"There is no address “{host}”: use 127.0.0.1 or 0.0.0.0.") from error
    except OSError as error:
        raise LandscapeError(
            f"Port {port} of {host} cannot be used, perhaps by another program: choose one with --port."
        ) from error
