"""Screenshots of the app and of a booth: ``python docs/make_screenshots.py http://127.0.0.1:7860 [--booth URL]``.

Both run beside this script; it needs Chromium and Playwright. The README shows ``app.jpg`` and ``app_light.jpg``.
``--scene FILE`` opens a saved scene instead of fitting a sample; a second one is for the picture in light colours.
``--all FOLDER`` writes many more pictures, of small and large screens, to look at.
"""

from __future__ import annotations

import argparse
import json
import shutil
import urllib.request
from pathlib import Path

from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

HERE = Path(__file__).parent
SAMPLE = "mountain_lake"
SIZE = ViewportSize(width=1440, height=860)
PATIENCE = 600_000
REST = 6000
"""Milliseconds for the sharp preview and the style cards to come."""


def take(page: Page, path: Path, rest: int = 0) -> None:
    """Write one screenshot."""
    page.wait_for_timeout(rest)
    page.screenshot(path=path, type="jpeg", quality=82)


def opened(browser: Browser, address: str) -> Page:
    """A page in dark colours without a photo."""
    page = browser.new_page(viewport=SIZE, color_scheme="dark")
    page.set_default_timeout(PATIENCE)
    page.goto(address)
    page.wait_for_selector("#samples img")
    return page


def with_photo(page: Page, photo: Path | None) -> None:
    """Open a scene file, or the sample, and wait for its fit."""
    if photo is None:
        page.click(f"#samples button[data-name={SAMPLE}]")
    else:
        page.set_input_files("#photo input[type=file]", photo)
    page.wait_for_selector(".stage[data-fit=done][data-live]")


def sunset(page: Page) -> None:
    """Choose a light."""
    page.click("[data-panel-tab=light]")
    page.wait_for_selector(".card[data-style='blue day again'].drawn")
    page.click(".card[data-style='warm sunset']")


def masks(page: Page) -> None:
    """Show the masks with the brush over the sky."""
    page.click("[data-panel-tab=masks]")
    box = page.locator(".stage-frame").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 0.4 * box["width"], box["y"] + 0.3 * box["height"])


def of_app(browser: Browser, address: str, scenes: list[Path], folder: Path | None) -> None:
    """The README's pictures, and all others where there is a folder for them; each photo is fitted once."""
    dark, light = scenes[0] if scenes else None, scenes[-1] if scenes else None
    page = opened(browser, address)
    if folder:
        take(page, folder / "welcome_dark.jpg", 500)
    with_photo(page, dark)
    take(page, HERE / "app.jpg", REST)
    if folder:
        masks(page)
        take(page, folder / "masks.jpg", 1500)
        of_panels(page, folder, "dark")
    if light != dark:
        page.click("[data-view-button=welcome]")
        with_photo(page, light)
    page.click("[data-open=theme]")
    sunset(page)
    page.click("[data-do=play]")
    take(page, HERE / "app_light.jpg", REST)
    if folder:
        page.click("#day_cycle input")
        take(page, folder / "day_cycle.jpg", REST)
        of_panels(page, folder, "light")
    page.close()


def of_panels(page: Page, folder: Path, scheme: str) -> None:
    """All panels on small and large screens."""
    for width, height in ((1280, 800), (2560, 1440)):
        page.set_viewport_size({"width": width, "height": height})
        for panel in ("motion", "light", "masks", "export"):
            page.click(f"[data-panel-tab={panel}]")
            take(page, folder / f"{panel}_{width}_{scheme}.jpg", 1500)
    page.set_viewport_size(SIZE)
    page.click("[data-panel-tab=motion]")


def of_booth(browser: Browser, address: str, folder: Path) -> None:
    """The booth's screen and a visitor's phone."""
    page = browser.new_page(viewport={"width": 1920, "height": 1080})
    page.set_default_timeout(PATIENCE)
    page.goto(address)
    page.wait_for_selector(".attract-layer.front")
    take(page, folder / "booth_attract.jpg", 1500)
    page.click(".attract")
    take(page, folder / "booth_choose.jpg", 1000)
    phone = browser.new_page(viewport={"width": 390, "height": 844}, device_scale_factor=2)
    phone.goto(_local(address, _state(address)["send"]))
    take(phone, folder / "booth_phone_send.jpg", 500)
    page.click(f"[data-sample={SAMPLE}]")
    take(page, folder / "booth_work.jpg", 3000)
    page.wait_for_selector("[data-screen=show]")
    take(page, folder / "booth_show.jpg", 3000)
    phone.goto(f"{address}/landscape/pickup/{_state(address)['visit']['clip']}")
    take(phone, folder / "booth_phone_fetch.jpg", 1500)


def _state(address: str) -> dict:
    with urllib.request.urlopen(f"{address}/landscape/booth") as answer:
        return dict(json.loads(answer.read()))


def _local(address: str, url: str) -> str:
    return address + url[url.index("/landscape/") :]


def main() -> None:
    """Write them."""
    parser = argparse.ArgumentParser(description="Screenshots of a running app.")
    parser.add_argument("address", nargs="?", help="of the app")
    parser.add_argument("--scene", type=Path, action="append", default=[], help="open this instead of a sample")
    parser.add_argument("--booth", help="address of a booth")
    parser.add_argument("--all", type=Path, help="folder for many more pictures")
    options = parser.parse_args()
    if options.all:
        options.all.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-gpu"]
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=arguments)
        if options.address:
            of_app(browser, options.address, options.scene, options.all)
        if options.booth:
            of_booth(browser, options.booth, options.all or HERE)
        browser.close()


if __name__ == "__main__":
    main()
