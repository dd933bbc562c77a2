"""Apps in processes of their own, and pages of a real browser that are asked about them."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, ConsoleMessage, Error, Page, Request, sync_playwright

PROJECT = Path(__file__).parents[1]
START = 180.0
"""Seconds for the app to start on a busy computer."""
PATIENCE = 240_000.0
"""Milliseconds for a fit or a video on a busy computer."""
ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
ENGINE = "from tests.fake_engine import FakeEngine; from landscape.ui.server.serve import serve, serve_booth; "
APP = ENGINE + "serve(FakeEngine(delay=0.02), port={port}, browser=False)"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def running(code: str, folder: Path, host: str = "127.0.0.1") -> Iterator[str]:
    port = free_port()
    url = f"http://{host}:{port}"
    log = folder / "app.log"
    environment = {**os.environ, "TMPDIR": str(folder), "PYTHONUNBUFFERED": "1"}
    with log.open("w") as output:
        command = [sys.executable, "-c", code.format(port=port)]
        app = subprocess.Popen(command, cwd=PROJECT, env=environment, stdout=output, stderr=output)
    try:
        wait_for(url, app, log)
        yield url
    finally:
        app.terminate()
        app.wait(60)
        assert not list(folder.glob("landscape-*")), "visitors' files stayed behind"
        assert "Traceback" not in log.read_text()


def wait_for(url: str, app: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + START
    while time.monotonic() < end:
        assert app.poll() is None, f"the app ended: {log.read_text()}"
        try:
            urllib.request.urlopen(f"{url}/config", timeout=5).read()
            return
        except (urllib.error.URLError, OSError):
            time.sleep(0.3)
    raise AssertionError(f"the app did not start: {log.read_text()}")


@contextlib.contextmanager
def chromium(*more: str) -> Iterator[Browser]:
    """A browser for as long as it is needed."""
    path = shutil.which("chromium")
    assert path, "chromium is missing: install it with apt-get install chromium"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=[*ARGUMENTS, *more])
        yield browser
        browser.close()


class Witness:
    """Notes what must not happen on a page."""

    def __init__(self, page: Page, address: str) -> None:
        self._address = address
        self.complaints: list[str] = []
        page.on("console", self._told)
        page.on("pageerror", lambda error: self._note(True, f"error: {error}"))
        page.on("request", self._requested)

    def _told(self, message: ConsoleMessage) -> None:
        self._note(message.type == "error", f"console: {message.text} {message.location.get('url', '')}")

    def _requested(self, request: Request) -> None:
        own = request.url.startswith((f"{self._address}/", "data:", "blob:"))
        self._note(not own, f"request: {request.url[:200]}")

    def _note(self, bad: bool, what: str) -> None:
        if bad:
            self.complaints.append(what)


def asked(page: Page, expression: str, timeout: float = 60_000) -> Any:
    """Wait until an expression (or what it promises) is true, and its value.

    A page whose script is not there yet answers later, and one that begins anew meanwhile is asked again; so whatever
    reads ``landscape`` of a page asks here.
    """
    patient = f"""async (end) => {{
      do {{
        try {{ const value = await ({expression}); if (value) return value; }} catch {{ /* not there yet */ }}
        await new Promise((resolve) => setTimeout(resolve, 30));
      }} while (Date.now() < end);
    }}"""
    end = time.time() + timeout / 1000
    value = None
    while not value and time.time() < end:
        try:
            value = page.evaluate(patient, 1000 * end)
        except Error as error:
            if "context was destroyed" not in str(error) and "navigat" not in str(error):
                raise
    assert value, f"never true: {expression}"
    return value


def moves(page: Page) -> None:
    """More pictures are shown."""
    shown = asked(page, "'shown' in landscape && [landscape.shown]")[0]
    asked(page, f"landscape.shown > {shown} + 5")


def open_sample(page: Page, index: int) -> None:
    page.click(f"#samples button >> nth={index}")
    page.wait_for_selector(".stage[data-live]")
    page.click("[data-panel-tab=export]")


def set_seconds(page: Page, value: str) -> None:
    page.fill("#seconds input[type=number]", value)
    page.keyboard.press("Tab")
