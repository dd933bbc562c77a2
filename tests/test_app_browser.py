"""The app in a real browser: photo in, mask, live preview, video out, and no word to another host."""

from __future__ import annotations

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

import pytest
from playwright.sync_api import Browser, Page, Request, expect, sync_playwright

from landscape.video import probe_video

pytestmark = pytest.mark.browser

PROJECT = Path(__file__).parents[1]
PHOTO = PROJECT / "assets" / "mountain_lake.jpg"
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


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("app")


@pytest.fixture(scope="module")
def address(folder: Path) -> Iterator[str]:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    log = folder / "app.log"
    environment = {**os.environ, "TMPDIR": str(folder), "PYTHONUNBUFFERED": "1"}
    command = [sys.executable, "app.py", "--port", str(port), "--no-browser"]
    with log.open("w") as output:
        app = subprocess.Popen(command, cwd=PROJECT, env=environment, stdout=output, stderr=output)
    try:
        wait_for(url, app, log)
        yield url
    finally:
        app.terminate()
        try:
            app.wait(30)
        except subprocess.TimeoutExpired:
            app.kill()
            app.wait()
        assert not list(folder.glob("landscape-*")), "visitors' files stayed behind"


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


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    chromium = shutil.which("chromium")
    assert chromium, "chromium is missing: install it with apt-get install chromium"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield browser
        browser.close()


class Witness:
    """Notes what must not happen on a page."""

    def __init__(self, page: Page, address: str) -> None:
        self._address = address
        self.complaints: list[str] = []
        page.on("console", lambda message: self._note(message.type == "error", f"console: {message.text}"))
        page.on("pageerror", lambda error: self._note(True, f"error: {error}"))
        page.on("request", self._requested)

    def _requested(self, request: Request) -> None:
        own = request.url.startswith((f"{self._address}/", "data:", "blob:"))
        self._note(not own, f"request: {request.url[:200]}")

    def _note(self, bad: bool, what: str) -> None:
        if bad:
            self.complaints.append(what)


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 800}, accept_downloads=True)
    page = context.new_page()
    page.set_default_timeout(60_000)
    witness = Witness(page, address)
    page.goto(address)
    page.wait_for_selector("#samples img")
    yield page
    context.close()
    assert witness.complaints == []


def set_number(page: Page, control: str, value: str) -> None:
    page.fill(f"#{control} input[type=number]", value)
    page.keyboard.press("Tab")


def test_from_photo_to_video(page: Page, folder: Path) -> None:
    page.click("#quality label:has-text('Quick')")
    set_number(page, "seconds", "0.6")
    page.click("#size input")
    page.click("ul[role=listbox] >> text='256 px'")
    page.set_input_files("#photo input[type=file]", PHOTO)

    page.wait_for_selector(".stage[data-ready]", timeout=PATIENCE)
    overlays = page.evaluate("['.stage-sky', '.stage-water'].map((n) => document.querySelector(n).naturalWidth)")
    assert overlays == [640, 640]
    page.wait_for_selector(".stage[data-ready=live]", timeout=PATIENCE)
    assert page.evaluate("document.querySelector('.stage-live').width") == 560

    page.click("#animate")
    page.wait_for_selector("#video video", timeout=PATIENCE)
    page.wait_for_function("document.querySelector('#video video').readyState >= 2")
    assert page.evaluate("document.querySelector('#video video').videoWidth") == 256
    with page.expect_download() as download:
        page.click("#download")
    target = folder / "download.mp4"
    download.value.save_as(target)
    facts = probe_video(target)
    assert (facts["width"], facts["frames"], facts["fps"]) == (256, 18, 30.0)
    assert "mountain_lake" in download.value.suggested_filename

    page.click("button[role=tab]:has-text('Scene')")
    page.click(".dial-face", position={"x": 75, "y": 12})
    expect(page.locator("#direction input[type=number]")).to_have_value("0")
    assert page.get_attribute(".dial", "aria-valuenow") == "0"


def test_broken_photo_is_explained_beside_the_photo(page: Page, folder: Path) -> None:
    broken = folder / "broken.jpg"
    broken.write_bytes(b"this is no photo")
    page.set_input_files("#photo input[type=file]", broken)
    expect(page.locator("#notice [role=alert]")).to_contain_text("broken.jpg", timeout=PATIENCE)
    expect(page.locator("#animate")).to_be_hidden()
    expect(page.locator("#photo input[type=file]")).to_have_count(1)


def test_cancel_keeps_the_photo(page: Page) -> None:
    page.click("#samples button >> nth=0")
    page.wait_for_selector(".stage[data-ready]", timeout=PATIENCE)
    page.click("#cancel")
    expect(page.locator("#notice [role=alert]")).to_contain_text("Stopped", timeout=PATIENCE)
    expect(page.locator("#animate")).to_be_visible()
    assert page.evaluate("document.querySelector('.stage-photo').naturalWidth") > 600
