"""The live preview as a browser sees it: frames a second, time to the first picture after a change, while sliding.

Start the app, then run ``python benchmarks/live_preview.py http://127.0.0.1:7860``; it needs Chromium and Playwright.
"""

from __future__ import annotations

import os
import shutil
import statistics
import sys

from playwright.sync_api import Page, sync_playwright

SAMPLE = "mountain_lake"
SECONDS = 5
_COUNT = """async (seconds) => {
  const from = landscape.shown, sides = [];
  await new Promise((done) => setTimeout(done, 1000 * seconds));
  return [(landscape.shown - from) / seconds, landscape.last.width];
}"""
_LATENCY = """(step) => new Promise((done) => {
  const before = landscape.last.wish, began = performance.now();
  const listen = (frame) => { if (frame.wish > before) { done(performance.now() - began); done = () => 0; } };
  landscape.on("shown", listen);
  landscape.emit("turn", step);
})"""
_SLIDE = """async (seconds) => {
  const from = landscape.shown, end = performance.now() + 1000 * seconds;
  while (performance.now() < end) {
    landscape.emit("turn", 1);
    await new Promise((done) => setTimeout(done, 50));
  }
  return (landscape.shown - from) / seconds;
}"""


def measure(page: Page, name: str) -> None:
    """Print one line."""
    page.wait_for_timeout(4000)
    rate, width = page.evaluate(_COUNT, SECONDS)
    waits = []
    for step in (30, -30, 30, -30, 30):
        waits.append(page.evaluate(_LATENCY, step))
        page.wait_for_timeout(800)
    sliding = page.evaluate(_SLIDE, SECONDS)
    print(
        f"{name:12} {rate:5.1f} frames/s at {width} px, first picture after {statistics.median(waits):.0f} ms "
        f"(longest {max(waits):.0f}), {sliding:.1f} frames/s while the dial turns"
    )


def main() -> None:
    """Measure the photo's own light, a style and a day."""
    address = sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:7860"
    load = os.getloadavg()[0]
    print(f"{os.cpu_count()} cores, load {load:.1f} before")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.goto(address)
        page.click(f"#samples button[data-name={SAMPLE}]")
        page.wait_for_selector(".stage[data-live]", timeout=240_000)
        page.wait_for_selector(".stage[data-fit=done]", timeout=600_000)
        measure(page, "photo light")
        page.evaluate("document.querySelector('.card[data-style=\"warm sunset\"]').click()")
        measure(page, "warm sunset")
        page.evaluate("document.querySelector('#day-cycle input').click()")
        measure(page, "day cycle")
        browser.close()


if __name__ == "__main__":
    main()
