"""Screenshots for the README: ``python docs/make_screenshots.py http://127.0.0.1:7860`` beside a running app."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

HERE = Path(__file__).parent
SAMPLE = "sea_coast"


def main() -> None:
    """Write app.png, app_light.png and app_masks.png beside this file."""
    address = sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:7860"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1440, "height": 860}, color_scheme="dark")
        page.goto(address)
        page.click(f"#samples button[data-name={SAMPLE}]")
        page.wait_for_selector(".stage[data-fit=done][data-live]", timeout=600_000)
        page.wait_for_timeout(5000)
        page.screenshot(path=HERE / "app.png")
        page.click("[data-panel-tab=light]")
        page.click(".card[data-style='warm sunset']")
        page.wait_for_timeout(5000)
        page.screenshot(path=HERE / "app_light.png")
        page.click("[data-panel-tab=masks]")
        page.mouse.move(500, 300)
        page.wait_for_timeout(1000)
        page.screenshot(path=HERE / "app_masks.png")
        browser.close()


if __name__ == "__main__":
    main()
