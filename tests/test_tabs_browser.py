"""Tabs that browsers duplicate, and pictures that come by drag and paste, in a real browser."""

from __future__ import annotations

import io
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser import asked, open_sample

pytestmark = pytest.mark.browser

NAME = "sessionStorage.getItem('landscape-session')"


@pytest.fixture
def context(browser: Browser, app: str) -> Iterator[BrowserContext]:
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    context.set_default_timeout(60_000)
    context.grant_permissions(["clipboard-read", "clipboard-write"], origin=app)
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext, app: str) -> Page:
    page = context.new_page()
    page.goto(app)
    joined(page)
    return page


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[str]:
    """Another site: ``/open`` may be read by any page, ``/closed`` by none but its own."""
    buffer = io.BytesIO()
    Image.new("RGB", (128, 96), (90, 120, 200)).save(buffer, "JPEG")

    class Site(BaseHTTPRequestHandler):
        def do_GET(self) -> None:  # noqa: N802
            folder, _, name = self.path[1:].partition("/")
            self.send_response(404 if "missing" in name else 200)
            self.send_header("Content-Type", "text/html" if name.endswith(".html") else "image/jpeg")
            if folder == "open":
                self.send_header("Access-Control-Allow-Origin", "*")
            self.end_headers()
            self.wfile.write(buffer.getvalue())

        def log_message(self, *values: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


def joined(page: Page) -> str:
    return str(asked(page, f"landscape.session === {NAME} && landscape.session"))


def duplicate(page: Page) -> Page:
    """Another tab that has what this one remembers, copied by the browser itself."""
    with page.context.expect_page() as opened:
        page.evaluate("void window.open(location.href)")
    return opened.value


def test_a_duplicated_tab_gets_a_session_of_its_own_and_reloads_keep_theirs(page: Page) -> None:
    open_sample(page, 0)
    page.context.add_init_script(f"window.remembered = {NAME}")
    name = joined(page)
    other = duplicate(page)
    assert joined(other) != name
    assert asked(other, "window.remembered") == name, "the browser has copied what the tab remembers"
    expect(other.locator(".clip")).to_have_count(0)
    expect(other.locator("#samples img").first).to_be_visible()
    assert joined(page) == name and page.locator(".stage[data-live]").count() == 1
    for tab in (page, other):
        before = joined(tab)
        tab.reload()
        assert joined(tab) == before
    page.wait_for_selector(".stage[data-live]")
    third = duplicate(other)
    assert len({joined(tab) for tab in (page, other, third)}) == 3
    other.close()
    assert joined(duplicate(page)) not in (name, "")


@pytest.mark.parametrize("locks", [True, False])
def test_of_tabs_that_come_back_at_once_one_keeps_the_session(
    page: Page, context: BrowserContext, app: str, locks: bool
) -> None:
    """With locks and without, as over plain http from another computer."""
    name = joined(page)
    if not locks:
        context.add_init_script("Object.defineProperty(Navigator.prototype, 'locks', { value: undefined })")
    page.close()
    context.add_init_script(f"sessionStorage.landscapeTried || sessionStorage.setItem('landscape-session', '{name}')")
    context.add_init_script("sessionStorage.landscapeTried = true")
    tabs = [context.new_page() for _ in range(3)]
    for tab in tabs:
        tab.evaluate(f"void setTimeout(() => (location.href = '{app}'), 50)")
    for tab in tabs:
        tab.wait_for_url(f"{app}/")
    end = time.monotonic() + 60
    while len(set(names := [joined(tab) for tab in tabs])) < 3 and time.monotonic() < end:
        time.sleep(0.5)  # without locks, a busy tab answers late, and the younger one begins anew
    assert names.count(name) == 1 and len(set(names)) == 3
    late = context.new_page()
    late.goto(app)
    asked(late, f"landscape.session && !{names}.includes(landscape.session)")
    tabs[0].reload()
    tabs[0].wait_for_timeout(1500)
    assert joined(tabs[0]) == names[0]


DROP = """([kinds, selector, event]) => {
  const data = new DataTransfer();
  for (const [kind, text] of Object.entries(kinds)) data.setData(kind, text);
  const target = document.querySelector(selector);
  const options = { bubbles: true, cancelable: true };
  target.dispatchEvent(event === "drop" ? new DragEvent("drop", { ...options, dataTransfer: data })
                                        : new ClipboardEvent("paste", { ...options, clipboardData: data }));
}"""


def bring(page: Page, kinds: dict[str, str], selector: str = "body", event: str = "drop") -> None:
    page.evaluate(DROP, [kinds, selector, event])


def opened(page: Page) -> str:
    """Name of the photo that is opened now."""
    page.wait_for_selector(".stage[data-live]")
    return str(page.get_attribute(".stage-photo", "alt"))


@pytest.mark.parametrize("event", ["drop", "paste"])
def test_a_picture_of_another_page_opens_or_says_why_not(page: Page, elsewhere: str, event: str) -> None:
    notice = page.locator("#line-notice .notice")
    refusals = [
        ({"text/uri-list": f"{elsewhere}/closed/sea.jpg"}, "does not let this page have that picture: save it"),
        ({"text/uri-list": "file:///home/me/sea.jpg"}, "drop the file itself"),
        ({"text/uri-list": f"{elsewhere}/open/missing.jpg"}, "That picture is not to be had (404): save it"),
        ({"text/uri-list": f"{elsewhere}/open/page.html"}, "Behind that link is no photo"),
        ({"text/plain": "a word"}, "is no photo" if event == "drop" else "The clipboard holds no picture"),
        ({"text/html": "<img src='sea.jpg'>"}, "no photo" if event == "drop" else "no picture"),
    ]
    for kinds, words in refusals:
        bring(page, kinds, event=event)
        expect(notice).to_contain_text(words)
        notice.get_by_role("button", name="Close").click()
    link = f"{elsewhere}/open/page.html"
    picture = f"<a href='{link}'><img alt='' src='{elsewhere}/open/D%C3%BCne%20am%20Meer.php?size=2'></a>"
    bring(page, {"text/uri-list": link, "text/html": picture}, "#photo", event)
    assert opened(page) == "Düne am Meer"
    page.wait_for_selector("#photo input[type=file]", state="attached")
    bring(page, {"text/uri-list": f"# a comment\r\n{elsewhere}/open/lake.jpeg\r\n"}, event=event)
    expect(page.locator(".stage-photo")).to_have_attribute("alt", "lake", timeout=60_000)


def test_a_copied_picture_is_pasted_with_the_keyboard(page: Page) -> None:
    copy = """async () => {
      const canvas = new OffscreenCanvas(160, 120);
      canvas.getContext("2d").fillRect(0, 0, 160, 60);
      await navigator.clipboard.write([new ClipboardItem({ "image/png": await canvas.convertToBlob() })]);
    }"""
    page.evaluate(copy)
    page.keyboard.press("Control+v")
    assert opened(page) == "image"
    expect(page.locator(".stage-size")).to_have_text("160 × 120")
    page.evaluate("navigator.clipboard.writeText('2.5')")
    page.click("[data-panel-tab=motion]")
    page.locator("#speed input[type=number]").fill("")
    page.keyboard.press("Control+v")
    expect(page.locator("#speed input[type=number]")).to_have_value("2.5")


def test_files_are_dropped_anywhere(page: Page, tmp_path: Path) -> None:
    drop = """(target) => {
      const data = new DataTransfer();
      const canvas = new OffscreenCanvas(96, 80);
      canvas.getContext("2d");
      return canvas.convertToBlob().then((blob) => {
        data.items.add(new File([blob], "beach.png", { type: "image/png" }));
        document.querySelector(target).dispatchEvent(
          new DragEvent("drop", { bubbles: true, cancelable: true, dataTransfer: data }));
      });
    }"""
    page.evaluate(drop, "#heading")
    assert opened(page) == "beach"
