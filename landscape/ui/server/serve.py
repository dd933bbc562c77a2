"""Starting the app's server."""

from __future__ import annotations

import importlib.util
import logging
import os
import signal
import sys
import tempfile
import threading
import time
import webbrowser
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NoReturn

from landscape.bundled import bundled_folder
from landscape.errors import LandscapeError
from landscape.stopping import SIGNALS, WORD, outlives, status, take_signals
from landscape.ui.memory import share_heaps
from landscape.ui.server.live_route import live_route
from landscape.ui.server.network import ANY_ADDRESS, plain_host, require_free, require_root_path, url_host
from landscape.ui.visitors.engine import Engine
from landscape.ui.visitors.handlers import Handlers
from landscape.ui.visitors.sessions import SessionStore, private_folder
from landscape.working_folders import WorkingFolder

if TYPE_CHECKING:
    from landscape.ui.booth.pickup import PickupStore

logger = logging.getLogger(__name__)

ASSETS = bundled_folder("assets")
"""Folder of the sample photos."""
LARGEST_UPLOAD = "200mb"
LONGEST_END = 2.0
"""Seconds for work to stop when the app ends."""
_TURN = 0.0005
"""Seconds after which one Python thread lets another go on. Pictures are made in two threads by many short steps
outside of Python; at the usual 5 ms each waits for the other most of the time."""
SWEEP_INTERVAL = 300
"""Seconds between two looks for sessions to end."""


def serve(
    engine: Engine,
    host: str = "127.0.0.1",
    port: int = 7860,
    browser: bool = True,
    mcp: bool = False,
    root_path: str = "",
) -> None:
    """Run the app until it is interrupted.

    Args:
        engine: The models.
        host: Address to listen on, of IPv6 with or without brackets; ``0.0.0.0`` and ``::`` let other computers in.
        port: Port to listen on.
        browser: Open the page in the browser.
        mcp: Offer the named endpoints to language models as well (Model Context Protocol).
        root_path: Path under which a proxy offers the app, such as ``/studio``.

    Raises:
        LandscapeError: If the address, the port or the path cannot be used, or ``mcp`` lacks its library.
    """
    host, root_path = plain_host(host), require_root_path(root_path)
    if mcp and importlib.util.find_spec("mcp") is None:
        raise LandscapeError('The option --mcp needs a library: install it with pip install "gradio[mcp]".')
    folder, store = _prepare(host, port)
    from landscape.ui.page.export_panel import export_css
    from landscape.ui.page.fields import facts
    from landscape.ui.page.page import build
    from landscape.ui.page.widgets import head
    from landscape.ui.server.routes import clip_routes

    handlers = Handlers(store, engine)
    page = build(handlers, store, ASSETS)
    routes = [*clip_routes(store, handlers.exports), live_route(store, engine)]
    kwargs = {"routes": routes}
    _launch(page, engine, host, port, browser, kwargs, mcp=mcp, head=head(facts(), export_css()), root_path=root_path)
    _wait(folder, store.end)


def serve_booth(
    engine: Engine,
    host: str = "0.0.0.0",
    port: int = 7860,
    browser: bool = True,
    idle: int = 60,
    address: str | None = None,
) -> None:
    """Run the booth until it is interrupted.

    Other computers and phones reach only the pages to send a photo and to fetch a video.

    Args:
        engine: The models.
        host: Address to listen on; phones need one that they reach.
        port: Port to listen on.
        browser: Open the screen in the browser.
        idle: Seconds without a touch after which the screen begins anew.
        address: Where phones find the app, such as ``http://booth.local:7860``; found out if None.

    Raises:
        LandscapeError: If the address or the port cannot be used.
    """
    if not 10 <= idle <= 3600:
        raise LandscapeError("Choose a time between 10 and 3600 seconds for --idle.")
    host = plain_host(host)
    folder, store = _prepare(host, port)
    from starlette.middleware import Middleware

    from landscape.ui.booth.booth import Booth
    from landscape.ui.booth.page import booth_css, build_booth
    from landscape.ui.booth.pickup import PickupStore
    from landscape.ui.server.booth_routes import OPEN_PATHS, booth_routes
    from landscape.ui.server.network import VisitorsOnly, local_address

    places = {name: folder.path / name for name in ("pickups", "samples", "arrivals")}
    for place in places.values():
        place.mkdir(mode=0o700)
    if address is None:
        found = local_address(host) if host in ANY_ADDRESS else host
        address = f"http://{url_host(found)}:{port}" if found else None
    pickups = PickupStore(places["pickups"])
    threading.Thread(target=_sweep_often, args=(pickups,), name="landscape-pickups", daemon=True).start()
    samples = {path.stem: path for path in sorted(ASSETS.glob("*.jpg"))}
    booth = Booth(store, engine, pickups, samples, places["samples"], address and address.rstrip("/"))
    kwargs = {
        "routes": booth_routes(booth, places["arrivals"]),
        "middleware": [Middleware(VisitorsOnly, open_paths=OPEN_PATHS)],
    }
    _launch(build_booth(samples, idle), engine, host, port, browser, kwargs, css=booth_css())
    _wait(folder, booth.close)


def _prepare(host: str, port: int) -> tuple[WorkingFolder, SessionStore]:
    """Make the private folder and the sessions, before Gradio is imported, which reads these variables."""
    require_free(host, port)
    sys.setswitchinterval(_TURN)
    share_heaps()
    take_signals()  # else the visitors' files would stay behind
    private = private_folder()
    folder = private.path
    tempfile.tempdir = str(folder)  # whatever any library puts aside goes with the rest
    os.environ.update(GRADIO_ANALYTICS_ENABLED="False", GRADIO_TEMP_DIR=str(folder), HF_HUB_OFFLINE="1")
    here = [
        "localhost",
        host,
        *ANY_ADDRESS,
        *ANY_ADDRESS.values(),
    ]  # Gradio calls itself at its start, which no proxy can pass on
    os.environ["NO_PROXY"] = os.environ["no_proxy"] = ",".join([*filter(None, [os.environ.get("NO_PROXY")]), *here])
    sessions = folder / "sessions"
    sessions.mkdir(mode=0o700)
    store = SessionStore(sessions)
    threading.Thread(target=_sweep_often, args=(store,), name="landscape-sweep", daemon=True).start()
    return private, store


def _launch(
    page: Any,
    engine: Engine,
    host: str,
    port: int,
    browser: bool,
    app_kwargs: dict[str, Any],
    *,
    css: str | None = None,
    head: str | None = None,
    mcp: bool = False,
    root_path: str = "",
) -> None:
    from landscape.ui.page.theme import theme

    page.queue(max_size=64)
    page.launch(
        server_name=url_host(host),
        server_port=port,
        root_path=root_path,
        inbrowser=False,
        share=False,
        theme=theme(),
        css=css,
        head=head,
        footer_links=[],
        run_history=False,
        max_file_size=LARGEST_UPLOAD,
        ssr_mode=False,
        pwa=False,
        enable_monitoring=False,
        mcp_server=mcp,
        app_kwargs=app_kwargs,
        prevent_thread_lock=True,
        _frontend=False,  # else a slow first answer, or a proxy in the environment, ends the app with "use share=True"
    )
    if browser:
        webbrowser.open(f"http://{url_host(ANY_ADDRESS.get(host, host))}:{port}/")
    _warm(engine)


def _wait(folder: WorkingFolder, close: Callable[[], None]) -> NoReturn:
    """Serve until the app is told to end, then leave nothing behind.

    The process then ends at once: Python's own way would wait for every clip that is being written and for every page
    that is still open.

    Args:
        folder: The visitors' files.
        close: Stops all work.
    """
    ended = threading.Event()
    asked: list[int] = []

    def stop(number: int, frame: object) -> None:
        asked.append(number)
        ended.set()

    for number in SIGNALS:
        if not outlives(number):
            signal.signal(number, stop)
    while not ended.wait(0.5):  # without a limit, Windows hears no signal
        pass
    closing = threading.Thread(target=close, daemon=True)
    closing.start()
    closing.join(LONGEST_END)
    folder.close()
    with suppress(OSError):  # the terminal may be gone
        sys.stdout.flush()
        sys.stderr.write(f"{WORD}\n")
        sys.stderr.flush()
    os._exit(0 if asked[0] == signal.SIGTERM else status(asked[0]))  # a service that is told to end has done well


def _warm(engine: Engine) -> None:
    """Load the models while the visitor looks for a photo."""
    try:
        engine.warm()
    except LandscapeError as error:
        logger.error("%s", error)


def _sweep_often(store: SessionStore | PickupStore) -> None:
    while True:
        time.sleep(SWEEP_INTERVAL)
        store.sweep()
