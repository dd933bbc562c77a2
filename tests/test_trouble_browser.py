"""A page that cannot die: fields of no use are marked while the preview goes on, in a real browser."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser import Witness, asked, moves, open_sample

pytestmark = pytest.mark.browser


@pytest.fixture
def page(browser: Browser, app: str) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1440, "height": 1000})
    context.grant_permissions(["clipboard-read", "clipboard-write"], origin=app)
    page = context.new_page()
    witness = Witness(page, app)
    page.set_default_timeout(30_000)
    page.goto(app)
    yield page
    context.close()
    assert witness.complaints == []


def test_an_emptied_length_is_marked_and_the_preview_goes_on(page: Page, tmp_path: Path) -> None:
    open_sample(page, 0)
    field = page.locator("#seconds input[type=number]")
    mark = page.locator("#seconds .refused")
    for typed in ("", "0", "-3", "99999999"):
        field.fill(typed)
        expect(mark).to_have_text("Choose a length in seconds between 0.2 and 600. Until then it stays at 6.")
        expect(field).to_have_attribute("aria-invalid", "true")
        assert field.get_attribute("aria-describedby") == mark.get_attribute("id")
        moves(page)
    field.fill("")
    expect(page.locator("#estimate")).to_have_text("Choose a length in seconds between 0.2 and 600.")
    page.evaluate("document.querySelector('#export').click()")
    expect(page.locator("#notice")).to_have_text("Choose a length in seconds between 0.2 and 600.")
    field.focus()
    page.keyboard.press("Tab")
    expect(field).to_have_value("6")
    expect(mark).to_have_count(0)
    field.fill("0")
    field.fill("0.8")
    expect(mark).to_have_count(0)
    expect(field).not_to_have_attribute("aria-invalid", "true")
    asked(page, "landscape.wished.seconds === 0.8")
    expect(page.locator("#estimate")).to_contain_text("24 frames")
    moves(page)
    page.click("[data-panel-tab=motion]")
    for name in ("speed", "sky", "water", "perspective"):
        page.fill(f"#{name} input[type=number]", "")
        expect(page.locator(f"#{name} .refused")).to_be_visible()
        moves(page)
    page.reload()
    page.wait_for_selector(".stage[data-live]")
    expect(field).to_have_value("0.8")


def test_sentences_of_the_live_line_stand_beside_the_photo(page: Page) -> None:
    open_sample(page, 0)
    page.evaluate("landscape.send('seek', { seconds: -1 })")
    notice = page.locator("#line-notice .notice")
    expect(notice).to_contain_text("Choose a time in seconds between 0 and 600.")
    moves(page)
    notice.get_by_role("button", name="Close").click()
    expect(notice).to_be_hidden()
