"""Phones, tablets and enlarged pages in a real browser: the photo above its controls, nothing cut off."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser import Witness, asked, open_sample, set_seconds

pytestmark = pytest.mark.browser

SIZES = [(390, 844), (820, 1180), (640, 400)]
"""A phone, a tablet, and a window of 1280 x 800 at 200 %."""
OUTSIDE = """() => {
  const seen = { opacityProperty: true, visibilityProperty: true };
  const bad = [];
  for (const part of document.querySelectorAll("#heading *, #page *")) {
    if (!part.checkVisibility(seen) || part.closest("svg, .stage-frame, .sr-only, [hidden]")) continue;
    const box = part.getBoundingClientRect();
    const name = part.tagName + "#" + part.id + "." + part.getAttribute("class");
    if (box.width && (box.right > innerWidth + 1 || box.left < -1)) bad.push(name + " leaves the page");
    if (part.matches("button, input, select, a, canvas, img") && (box.width < 1 || box.height < 1)
        && !part.matches("[type=file], [type=checkbox], [type=radio]")) bad.push(name + " has no size");
    if (part.matches("button, label, a") && part.scrollWidth > part.clientWidth + 2
        && getComputedStyle(part).overflowX === "hidden") bad.push(name + " is cut off");
  }
  if (document.documentElement.scrollWidth > innerWidth) bad.push("the page scrolls sideways");
  return [...new Set(bad)].slice(0, 10);
}"""


@pytest.fixture(params=SIZES, ids=[f"{width}x{height}" for width, height in SIZES])
def page(request: pytest.FixtureRequest, browser: Browser, app: str) -> Iterator[Page]:
    width, height = request.param
    context = browser.new_context(viewport={"width": width, "height": height})
    page = context.new_page()
    page.set_default_timeout(60_000)
    witness = Witness(page, app)
    page.goto(app)
    page.wait_for_selector("#samples img")
    yield page
    context.close()
    assert witness.complaints == []


def test_nothing_is_cut_off_and_the_photo_is_above_its_controls(page: Page) -> None:
    assert page.evaluate(OUTSIDE) == []
    open_sample(page, 0)
    set_seconds(page, "0.3")
    expect(page.locator("#estimate")).to_contain_text("9 frames")
    page.click("#export")
    page.wait_for_selector(".clip[data-state=done]")
    for panel in ("motion", "light", "masks", "export"):
        page.click(f"[data-panel-tab={panel}]")
        assert (panel, page.evaluate(OUTSIDE)) == (panel, [])
        page.evaluate("scrollTo(0, 0)")
        stage, controls = (page.locator(name).bounding_box() for name in (".stage-frame", "#controls"))
        assert stage is not None and controls is not None
        assert stage["y"] + stage["height"] <= controls["y"] + 1
        assert stage["width"] > 120 and stage["height"] > 80 and controls["width"] > 0.9 * page.viewport_size["width"]
    assert page.evaluate("document.documentElement.scrollHeight > innerHeight + 40"), "there is something to scroll"
    page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
    if page.viewport_size["height"] > 600:
        asked(page, "document.querySelector('.stage-live').getBoundingClientRect().top >= 0")  # the photo stays


def test_the_list_of_clips_looks_as_designed(browser: Browser, app: str) -> None:
    """Gradio's own styles of lists, pictures and links do not win."""
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.set_default_timeout(60_000)
    page.goto(app)
    open_sample(page, 0)
    set_seconds(page, "0.3")
    expect(page.locator("#estimate")).to_contain_text("9 frames")
    page.click("#export")
    page.wait_for_selector(".clip[data-state=done]")
    style = (
        "(([name, ...of]) => { const s = getComputedStyle(document.querySelector(name)); return of.map(k => s[k]); })"
    )
    assert page.evaluate(f"{style}(['.clips ol', 'listStyleType', 'paddingLeft'])") == ["none", "0px"]
    assert page.evaluate(f"{style}(['.clip', 'display', 'paddingTop', 'marginLeft', 'fontSize'])")[:3] == [
        "flex", "9px", "0px",
    ]  # fmt: skip
    assert page.evaluate(f"{style}(['.clip > img', 'width', 'height', 'marginTop'])") == ["84px", "60px", "0px"]
    assert page.evaluate(f"{style}(['.clip-text', 'fontSize'])") == ["12.5px"]
    link = page.evaluate(f"{style}(['.clip-moves a', 'fontSize', 'textDecorationLine', 'color'])")
    accent = page.evaluate("(() => { const p = document.createElement('i'); p.style.color = 'var(--accent)';"
                           " document.body.append(p); return getComputedStyle(p).color; })()")  # fmt: skip
    assert link == ["12.5px", "none", accent]
    assert page.evaluate(f"{style}(['.clip-moves button', 'fontSize', 'paddingTop', 'borderTopWidth'])") == [
        "12.5px", "0px", "0px",
    ]  # fmt: skip
    page.close()


def test_marks_of_the_day_stand_at_their_times(page: Page) -> None:
    open_sample(page, 0)
    page.click("[data-panel-tab=light]")
    page.get_by_label("Day cycle").first.check()
    page.wait_for_selector(".timeline-key >> nth=8")
    track = page.locator(".timeline-track").bounding_box()
    first, last = (page.locator(".timeline-key").nth(index).bounding_box() for index in (0, -1))
    assert track is not None and first is not None and last is not None
    assert abs(first["x"] + first["width"] / 2 - track["x"]) < 1
    assert abs(last["x"] + last["width"] / 2 - track["x"] - track["width"]) < 1
