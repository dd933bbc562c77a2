"""The live preview in a browser: how soon it moves, frames a second, how soon a change is seen, what a fit costs.

Start the app, then run ``python -m benchmarks.live_preview http://127.0.0.1:7860``; it needs Chromium and Playwright.
``--fit-alone`` first measures the fit of the same photo while no page is open.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import time
from pathlib import Path

from gradio_client import Client, handle_file
from playwright.sync_api import Page, sync_playwright

PHOTO = Path(__file__).resolve().parents[1] / "assets" / "mountain_lake.jpg"
SECONDS = 3
_COUNT = """async (seconds) => {
  const from = landscape.shown;
  await new Promise((done) => setTimeout(done, 1000 * seconds));
  return [(landscape.shown - from) / seconds, landscape.last.width];
}"""
_LATENCY = """(change) => new Promise((done) => {
  const before = landscape.last.changes, began = performance.now();
  landscape.on("shown", (frame) => { if (frame.changes > before) done(performance.now() - began); });
  new Function(change)();
})"""
_SLIDE = """async ([change, seconds]) => {
  const from = landscape.shown, end = performance.now() + 1000 * seconds, step = new Function("count", change);
  let longest = 0, last = performance.now(), changes = landscape.last.changes, seen = 0;
  landscape.on("shown", (frame) => {
    longest = Math.max(longest, performance.now() - last);
    last = performance.now();
    if (frame.changes > changes) seen += 1;
    changes = frame.changes;
  });
  for (let count = 0; performance.now() < end; count += 1) {
    step(count);
    await new Promise((done) => setTimeout(done, 50));
  }
  return [(landscape.shown - from) / seconds, seen / seconds, longest];
}"""
TURN = "landscape.emit('turn', 30)"
STYLE = (
    "const now = landscape.wished.style === 'deep night' ? 'blue hour' : 'deep night'; "
    "document.querySelector(`.card[data-style='${now}']`).click()"
)
STROKE = (
    "landscape.send('stroke', { number: 1, points: [[0.3, 0.2], [0.4, 0.25]], size: 0.1, softness: 0.3, "
    "paints: landscape.painted = landscape.painted === 'none' ? 'sky' : 'none' })"
)


def latency(page: Page, name: str, change: str, times: int = 5) -> None:
    """Print how soon the first picture after a change is seen."""
    waits = []
    for _ in range(times):
        waits.append(page.evaluate(_LATENCY, change))
        page.wait_for_timeout(1200)
    print(f"  {name:9} first picture after {statistics.median(waits):.0f} ms (longest {max(waits):.0f})", flush=True)


def rate(page: Page, name: str) -> None:
    """Print frames a second."""
    page.wait_for_timeout(4000)
    frames, width = page.evaluate(_COUNT, SECONDS)
    print(f"{name}: {frames:.1f} frames/s at {width} px", flush=True)


def slide(page: Page, name: str) -> None:
    """Print frames a second while a control moves."""
    frames, changes, longest = page.evaluate(_SLIDE, ["landscape.emit('turn', 3)", SECONDS])
    print(
        f"  {name} moves: {frames:.1f} frames/s, {changes:.1f} of them newer, longest gap {longest:.0f} ms",
        flush=True,
    )


def fit_alone(address: str) -> None:
    """Print how long a fit takes while nobody looks on."""
    app = Client(address, verbose=False)
    app.predict(photo=handle_file(str(PHOTO)), api_name="/open")
    began = time.monotonic()
    app.predict(time=0, long_side=256, api_name="/frame")
    print(f"fit without a page: {time.monotonic() - began:.1f} s", flush=True)


def during_fit(page: Page) -> None:
    """Drop the photo, change things while the model is fitted, and print what is seen."""
    began = time.monotonic()
    page.set_input_files("#photo input[type=file]", PHOTO)
    page.wait_for_selector(".stage[data-live]", timeout=240_000)
    page.wait_for_function("landscape.shown > 2")
    print(f"first moving preview {time.monotonic() - began:.1f} s after the photo", flush=True)
    page.wait_for_selector(".stage[data-fit=running]")
    began = time.monotonic()
    page.wait_for_timeout(3000)
    frames, width = page.evaluate(_COUNT, 3)
    print(f"while the model is fitted: {frames:.1f} frames/s at {width} px", flush=True)
    latency(page, "dial", TURN, 3)
    page.wait_for_selector(".stage[data-fit=done]", timeout=600_000)
    print(f"fit with a page: {time.monotonic() - began:.1f} s, with three changes", flush=True)


def main() -> None:
    """Measure during the fit, then the photo's own light, a style and a day."""
    parser = argparse.ArgumentParser(description="The live preview in a browser.")
    parser.add_argument("address", nargs="?", default="http://127.0.0.1:7860")
    parser.add_argument("--fit-alone", action="store_true", help="first fit the photo without a page")
    options = parser.parse_args()
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} before", flush=True)
    if options.fit_alone:
        fit_alone(options.address)
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-gpu"]
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=arguments)
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.goto(options.address)
        page.wait_for_selector("#samples img")
        during_fit(page)
        rate(page, "photo light")
        latency(page, "dial", TURN)
        latency(page, "stroke", STROKE)
        latency(page, "style", STYLE)
        slide(page, "dial")
        rate(page, "style")
        page.evaluate("document.querySelector('#day_cycle input').click()")
        rate(page, "day cycle")
        slide(page, "dial")
        browser.close()


if __name__ == "__main__":
    main()
