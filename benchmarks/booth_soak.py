"""A booth under visitors: ``python -m benchmarks.booth_soak [--minutes 30] [--without-models]``.

Starts the booth, lets visitors come in a real browser (samples, phones that send a photo, moods, videos fetched, people
who walk away) and watches the server: its memory after each visit, files left behind, failed requests, errors on the
page. Ends with status 1 if memory grew by more than 5 % between the second and the last fifth of the visits, a file
stayed, or a request failed. ``--without-models`` puts shifted photos in the place of the networks, and
``--without-browser`` asks for what a screen asks for without one: many more visits in the same time.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
ALLOWED_GROWTH = 0.05
IDLE = 20
"""Seconds without a touch after which the screen begins anew."""
REST = 8
"""Seconds after a visit in which its memory is given back, before it is measured."""
PATIENCE = 600_000.0
"""Milliseconds for a video on a busy computer."""
_FAKE = "from tests.fake_engine import FakeEngine; engine = FakeEngine(delay=0.001)"
_REAL = "from landscape.ui.visitors.engine import Engine; engine = Engine()"
_START = (
    "{engine}; from landscape.ui.server.serve import serve_booth; serve_booth(engine, '0.0.0.0', {port}, False, {idle})"
)


def memory(process: int) -> float:
    """Resident memory of a process in MB (Linux)."""
    status = Path(f"/proc/{process}/status").read_text()
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS"))) / 1000


def left_behind(folder: Path) -> list[str]:
    """Files that a visit should not leave: all but the samples' clips and the clips that wait to be fetched."""
    kept = ("samples", "pickups")
    paths = [path for place in folder.glob("landscape-*") for path in place.rglob("*") if path.is_file()]
    return [str(path.relative_to(folder)) for path in paths if path.relative_to(folder).parts[1] not in kept]


class Visitors:
    """People who come one after another; what went wrong is in ``complaints``."""

    def __init__(self, browser: Browser, url: str, seed: int) -> None:
        self._browser = browser
        self._url = url
        self._random = random.Random(seed)
        self._photos = sorted((ROOT / "assets").glob("*.jpg"))
        self.complaints: list[str] = []
        self.fetched = 0
        self.page = self._watched(browser.new_page(viewport={"width": 1920, "height": 1080}))
        self.page.set_default_timeout(PATIENCE)
        self.page.goto(url)

    def _watched(self, page: Page) -> Page:
        page.on("console", lambda said: self._note(said.type == "error", f"console: {said.text}"))
        page.on("pageerror", lambda error: self._note(True, f"error: {error}"))
        page.on("response", lambda answer: self._note(answer.status >= 400, f"{answer.status} {answer.url}"))
        return page

    def _note(self, bad: bool, what: str) -> None:
        if bad:
            self.complaints.append(what)

    def come(self) -> str:
        """One visit; returns what kind."""
        page, kind = self.page, self._random.choice(("sample", "phone", "mood", "walks away"))
        page.wait_for_selector("[data-screen=attract]")
        page.click(".attract")
        if kind == "phone":
            self._send(self._random.choice(self._photos))
        else:
            page.click(f"[data-sample] >> nth={self._random.randrange(len(self._photos))}")
        page.wait_for_selector("[data-screen=show]")
        page.wait_for_function("document.querySelector('.show-clip').currentTime > 0.2")
        if kind == "mood":
            page.click(f"[data-mood={self._random.choice(('sunset', 'night', 'day'))}]")
            page.wait_for_selector("[data-screen=work]")
            page.wait_for_selector("[data-screen=show]")
        self._fetch()
        if kind != "walks away":
            page.click(".show .leave")
        page.wait_for_selector("[data-screen=attract]")
        page.wait_for_function("fetch('landscape/booth').then((answer) => answer.json()).then((now) => !now.visit)")
        return kind

    def _local(self, address: str) -> str:
        return self._url + address[address.index("/landscape/") :]

    def _send(self, photo: Path) -> None:
        phone = self._watched(self._browser.new_page())
        phone.goto(self._local(self.page.evaluate("fetch('landscape/booth').then((a) => a.json())")["send"]))
        phone.set_input_files("input[type=file]", photo)
        phone.wait_for_selector("text=look at the screen")
        phone.close()

    def _fetch(self) -> None:
        name = self.page.evaluate("fetch('landscape/booth').then((a) => a.json())")["visit"]["clip"]
        with urllib.request.urlopen(
            f"{self._url}/landscape/pickup/{name}/landscape.mp4?download", timeout=60
        ) as answer:
            data = answer.read()
        self._note(b"ftyp" not in data[:16], f"no video: {name}")
        self.fetched += 1


class Requests:
    """The same people as a screen's requests, without a screen."""

    def __init__(self, url: str, seed: int) -> None:
        self._url = url
        self._random = random.Random(seed)
        self._photos = sorted((ROOT / "assets").glob("*.jpg"))
        self.complaints: list[str] = []
        self.fetched = 0

    def _ask(self, path: str, data: bytes | None = None) -> bytes:
        try:
            with urllib.request.urlopen(f"{self._url}/landscape/{path}", data, timeout=120) as answer:
                return bytes(answer.read())
        except OSError as error:
            self.complaints.append(f"{path}: {error}")
            return b"{}"

    def _state(self) -> dict[str, Any]:
        return dict(json.loads(self._ask("booth")))

    def _clip(self) -> str:
        while "clip" not in (visit := self._state()["visit"] or {}):
            if visit.get("state") == "failed":
                self.complaints.append(str(visit.get("error")))
                return ""
            time.sleep(0.2)
        return str(visit["clip"])

    def come(self) -> str:
        """One visit; returns what kind."""
        kind = self._random.choice(("sample", "phone", "mood"))
        photo = self._random.choice(self._photos)
        if kind == "phone":
            door = self._state()["send"].rsplit("/", 1)[1]
            self._ask(f"send/{door}/photo?name={photo.name}", photo.read_bytes())
        else:
            self._ask(f"booth/sample/{photo.stem}", b"")
        self._clip()
        if kind == "mood":
            self._ask(f"booth/mood/{self._random.choice(('sunset', 'night', 'day'))}", b"")
        if b"ftyp" not in self._ask(f"pickup/{self._clip()}/landscape.mp4?download")[:16]:
            self.complaints.append("no video")
        self.fetched += 1
        self._ask("booth/end", b"")
        return kind


def soak(minutes: float, without_models: bool, without_browser: bool, seed: int) -> bool:
    """Run visitors for a while and print what was seen; returns whether all is well."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    levels: list[float] = []
    kinds: list[str] = []
    stayed: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        code = _START.format(engine=_FAKE if without_models else _REAL, port=port, idle=IDLE)
        log = Path(folder) / "booth.log"
        with log.open("w") as output:
            command = [sys.executable, "-c", code]
            environment = {**os.environ, "TMPDIR": folder}
            booth = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=output)
        try:
            wait_for(url, booth, log)
            with contextlib.ExitStack() as stack:
                visitors = Requests(url, seed) if without_browser else Visitors(_browser(stack), url, seed)
                end = time.monotonic() + 60 * minutes
                while time.monotonic() < end:
                    kinds.append(visitors.come())
                    time.sleep(REST)
                    levels.append(memory(booth.pid))
                    stayed += left_behind(Path(folder))
                    print(f"visit {len(kinds)} ({kinds[-1]}): {levels[-1]:.0f} MB", flush=True)
        finally:
            booth.terminate()
            booth.wait(30)
        stayed += [str(path) for path in Path(folder).glob("landscape-*")]
        errors = [line for line in log.read_text().splitlines() if "Traceback" in line or "ERROR" in line]
    fifth = max(1, len(levels) // 5)
    growth = statistics.median(levels[-fifth:]) / statistics.median(levels[fifth : 2 * fifth] or levels) - 1
    counts = ", ".join(f"{kinds.count(kind)} {kind}" for kind in sorted(set(kinds)))
    print(f"{len(kinds)} visits in {minutes:g} minutes: {counts}")
    print(f"memory: {levels[0]:.0f} MB after the first visit, {levels[-1]:.0f} MB after the last; growth {growth:+.1%}")
    print(f"videos fetched: {visitors.fetched}; files left behind: {len(stayed)}")
    print(f"failed requests and errors: {len(visitors.complaints) + len(errors)}")
    for line in (*stayed[:5], *visitors.complaints[:5], *errors[:5]):
        print(f"  {line}")
    return growth <= ALLOWED_GROWTH and not stayed and not visitors.complaints and not errors


def _browser(stack: contextlib.ExitStack) -> Browser:
    playwright = stack.enter_context(sync_playwright())
    arguments = ["--no-sandbox", "--disable-gpu"]
    browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=arguments)
    return stack.enter_context(contextlib.closing(browser))


def wait_for(url: str, booth: subprocess.Popen[bytes], log: Path) -> None:
    """Wait until the booth answers."""
    for _ in range(600):
        if booth.poll() is not None:
            raise SystemExit(f"the booth ended: {log.read_text()}")
        try:
            urllib.request.urlopen(f"{url}/config", timeout=5).read()
            return
        except OSError:
            time.sleep(0.5)
    raise SystemExit("the booth did not start")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Visitors for the booth.")
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--without-models", action="store_true")
    parser.add_argument("--without-browser", action="store_true")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    sys.exit(0 if soak(options.minutes, options.without_models, options.without_browser, options.seed) else 1)
