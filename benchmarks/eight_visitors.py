"""Visitors who come at once: ``python -m benchmarks.eight_visitors [--visitors 8] [--seconds 60] [--photos FOLDER]``.

Starts the app with its models in this process. All visitors open a photo at the same moment, each over a live line of
their own, and look at it; now and then one turns the clouds, or opens another photo. Tells when each had the first
picture, the longest time between two pictures, the memory, requests, and those that failed. Ends with status 1 where a
first picture came after more than 15 s, two with 2 s between, a visitor took more than 120 MB, or a request failed.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import socket
import struct
import sys
import tempfile
import threading
import time
import urllib.request
from pathlib import Path
from typing import Any

from websockets.sync.client import ClientConnection, connect

ROOT = Path(__file__).resolve().parents[1]
FIRST, GAP, MEMORY = 15.0, 2.0, 120.0
"""Most seconds to the first picture and between two, and MB for a visitor."""


def memory() -> float:
    """Resident memory of this process in MB (Linux)."""
    status = Path("/proc/self/status").read_text()
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS"))) / 1000


class Visitor:
    """Somebody who looks at a photo.

    Attributes:
        firsts: Seconds to the first picture of each photo.
        gaps: The longest time between two pictures of each photo.
        failed: What went wrong.
        pictures: How many were seen.
        requests: How often something was asked for.
    """

    def __init__(self, url: str, store: Any, handlers: Any, photos: list[Path], seed: int) -> None:
        self._url, self._handlers, self._photos = url, handlers, photos
        self._random = random.Random(seed)
        self._session = store.create()
        self.firsts: list[float] = []
        self.gaps: list[float] = []
        self.failed: list[str] = []
        self.pictures = self.requests = 0

    def stay(self, until: float, anew: float) -> None:
        """Look at photos until a time, at another every so many seconds."""
        try:
            with connect(self._url.replace("http", "ws") + "/landscape/live", max_size=None, proxy=None) as line:
                line.send(self._session)
                self._say(line, "view", side=768, hidden=False)
                while time.monotonic() < until:
                    self._look(line, min(until, time.monotonic() + anew))
        except Exception as error:
            self.failed.append(f"{type(error).__name__}: {error}")

    def _say(self, line: ClientConnection, kind: str, **values: Any) -> None:
        self.requests += 1
        line.send(json.dumps({"kind": kind, **values}))

    def _look(self, line: ClientConnection, until: float) -> None:
        began = time.monotonic()
        opening = threading.Thread(target=self._open, daemon=True)
        opening.start()
        arrived, last, turned = False, 0.0, time.monotonic()
        while time.monotonic() < until:
            try:
                message = line.recv(timeout=1.0)
            except TimeoutError:
                continue
            header = self._header(message)
            if header["kind"] == "photo":
                arrived, last = True, 0.0
            elif header["kind"] == "notice":
                self.failed.append(header["text"])
            elif header["kind"] == "frame":
                self._say(line, "ack")
                now = time.monotonic()
                if arrived:
                    self.pictures += 1
                    if last == 0.0:
                        self.firsts.append(now - began)
                        self.gaps.append(0.0)
                    else:
                        self.gaps[-1] = max(self.gaps[-1], now - last)
                    last = now
            if arrived and time.monotonic() - turned > 5:
                turned = time.monotonic()
                self._say(line, "wish", values={"direction": self._random.uniform(0, 360)})
                self._ask()
        if last == 0.0:
            self.failed.append("no picture")
        else:
            self.gaps[-1] = max(self.gaps[-1], time.monotonic() - last)

    def _open(self) -> None:
        self.requests += 1
        try:
            for _ in self._handlers.open(self._session, self._random.choice(self._photos), "Standard"):
                pass
        except Exception as error:
            self.failed.append(f"open: {type(error).__name__}: {error}")

    def _ask(self) -> None:
        """What the page asks for beside its live line."""
        header = {"x-landscape-session": self._session}
        for request in (
            urllib.request.Request(f"{self._url}/config"),
            urllib.request.Request(f"{self._url}/landscape/clips", headers=header),
        ):
            self.requests += 1
            try:
                urllib.request.urlopen(request, timeout=30).read()
            except OSError as error:
                self.failed.append(f"{request.full_url}: {error}")

    def _header(self, message: str | bytes) -> dict[str, Any]:
        if isinstance(message, bytes):
            (length,) = struct.unpack(">I", message[:4])
            message = message[4 : 4 + length].decode()
        found: dict[str, Any] = json.loads(message)
        return found


def main() -> int:
    """Let the visitors come; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--visitors", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--anew", type=float, default=1e9, help="seconds after which a visitor opens another photo")
    parser.add_argument("--photos", type=Path, default=ROOT / "assets")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        os.environ.update(GRADIO_TEMP_DIR=place, GRADIO_ANALYTICS_ENABLED="False", NO_PROXY="127.0.0.1")
        from landscape.ui.memory import share_heaps
        from landscape.ui.page.page import build
        from landscape.ui.server.live_route import live_route
        from landscape.ui.server.routes import clip_routes
        from landscape.ui.server.serve import ASSETS
        from landscape.ui.visitors.engine import Engine
        from landscape.ui.visitors.handlers import Handlers
        from landscape.ui.visitors.sessions import SessionStore

        sys.setswitchinterval(0.0005)
        share_heaps()
        engine, store = Engine(), SessionStore(Path(place))
        handlers = Handlers(store, engine)
        page = build(handlers, store, ASSETS)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        routes = [*clip_routes(store, handlers.exports), live_route(store, engine)]
        page.launch(
            server_name="127.0.0.1", server_port=port, prevent_thread_lock=True, quiet=True, ssr_mode=False,
            app_kwargs={"routes": routes},
        )  # fmt: skip
        engine.warm()
        before = memory()
        photos = sorted(path for path in options.photos.iterdir() if path.suffix.lower() in (".jpg", ".png"))
        url = f"http://127.0.0.1:{port}"
        visitors = [Visitor(url, store, handlers, photos, seed) for seed in range(options.visitors)]
        until = time.monotonic() + options.seconds
        threads = [threading.Thread(target=visitor.stay, args=(until, options.anew)) for visitor in visitors]
        for thread in threads:
            thread.start()
        highest = before
        while any(thread.is_alive() for thread in threads):
            highest = max(highest, memory())
            time.sleep(0.5)
        studios = [store.get(visitor._session).studio for visitor in visitors]
        done = [studio is not None and studio.fit.done for studio in studios]
        last = memory()
        store.end()
    return tell(visitors, (before, highest, last), sum(done), options.seconds)


def tell(visitors: list[Visitor], memories: tuple[float, float, float], done: int, seconds: float) -> int:
    """Tell what was seen; returns the exit status."""
    firsts = sorted(first for visitor in visitors for first in visitor.firsts)
    gaps = sorted(gap for visitor in visitors for gap in visitor.gaps)
    failed = [text for visitor in visitors for text in visitor.failed]
    before, highest, last = memories
    each = (highest - before) / len(visitors)
    print("first picture after:", " ".join(f"{first:.1f}" for first in firsts), "s")
    print("longest without a picture:", " ".join(f"{gap:.1f}" for gap in gaps), "s")
    print("pictures a second:", " ".join(f"{visitor.pictures / seconds:.1f}" for visitor in visitors))
    print(f"memory: {before:.0f} MB before, at most {highest:.0f} MB, {each:.0f} MB for each, {last:.0f} MB at the end")
    print(f"fits done: {done}; requests: {sum(visitor.requests for visitor in visitors)}")
    print(f"failed: {len(failed)}", *failed[:10], sep="\n  ")
    bad = not firsts or firsts[-1] > FIRST or gaps[-1] > GAP or each > MEMORY or failed
    return int(bool(bad))


if __name__ == "__main__":
    os._exit(main())
