"""The light of the live preview in a real browser: the side of the sun, strength and key frames."""

from __future__ import annotations

import numpy as np
import pytest
from playwright.sync_api import Page

from tests.test_app_browser import PATIENCE, address, folder, open_photo, page, picture_at, until  # noqa: F401

pytestmark = pytest.mark.browser

GREY = np.array([0.299, 0.587, 0.114])


def choose(page: Page, style: str) -> None:  # noqa: F811
    open_photo(page)
    page.click("[data-panel-tab=light]")
    page.click(f".card[data-style='{style}']")
    page.wait_for_selector(".stage-sun", state="visible", timeout=PATIENCE)


def low_sky(page: Page) -> np.ndarray:  # noqa: F811
    """Brightness along the lower sky of the live picture in ten parts from left to right, 0 to 255."""
    picture = picture_at(page, 0.4)
    band = picture[round(0.16 * len(picture)) : round(0.3 * len(picture)), :, :3] @ GREY
    return np.array([part.mean() for part in np.array_split(band, 10, axis=1)])


def light_of(page: Page, seconds: float) -> float:  # noqa: F811
    """Mean brightness of the upper sky; while nothing is lit, what stands still is the photo below the picture."""
    picture = picture_at(page, seconds)
    return float((picture[: len(picture) // 4, :, :3] @ GREY).mean())


def drag_sun(page: Page, side: float) -> None:  # noqa: F811
    """Drag the sun's handle along the horizon to a part of the photo's width."""
    frame, handle = page.locator(".stage-frame").bounding_box(), page.locator(".stage-sun").bounding_box()
    assert frame is not None and handle is not None
    y = handle["y"] + handle["height"] / 2
    page.mouse.move(handle["x"] + handle["width"] / 2, y)
    page.mouse.down()
    page.mouse.move(frame["x"] + side * frame["width"], y + 4, steps=6)
    page.mouse.up()


def test_the_glow_follows_the_sun_s_handle(page: Page) -> None:  # noqa: F811
    choose(page, "warm sunset")
    drag_sun(page, 0.08)
    assert page.evaluate("landscape.wished.sun_side") == pytest.approx(0.08, abs=0.01)
    page.wait_for_timeout(1000)
    left = low_sky(page)
    drag_sun(page, 0.92)
    assert page.evaluate("landscape.wished.sun_side") == pytest.approx(0.92, abs=0.01)

    def moved() -> float:
        change = low_sky(page) - left
        return float(change[-3:].mean() - change[:3].mean())

    assert until(moved, lambda change: change > 20) > 20
    page.dblclick(".stage-sun")
    assert page.evaluate("landscape.wished.sun_side") == "as in the photo"


def test_strength_goes_from_the_photo_to_the_style(page: Page) -> None:  # noqa: F811
    open_photo(page)
    own = light_of(page, 0.4)
    page.click("[data-panel-tab=light]")
    page.click(".card[data-style='deep night']")
    full = until(lambda: light_of(page, 0.4), lambda light: light < 0.6 * own)
    assert full < 0.6 * own
    page.fill("#strength input[type=number]", "0.5")
    page.keyboard.press("Tab")
    half = until(lambda: light_of(page, 0.4), lambda light: light > full + 0.2 * (own - full))
    assert full + 0.2 * (own - full) < half < own - 0.2 * (own - full)


def test_a_key_frame_changes_its_time_of_the_clip(page: Page) -> None:  # noqa: F811
    open_photo(page)
    page.click("[data-panel-tab=light]")
    page.click("#day_cycle input")
    page.wait_for_selector(".timeline:not(.off)", timeout=PATIENCE)
    seconds = float(page.evaluate("Number(landscape.wished.seconds)"))
    first, last = (until(lambda at=at: light_of(page, at), lambda light: light > 60) for at in (0.0, 0.98 * seconds))
    page.click(".timeline-key >> nth=-1")
    page.select_option(".timeline select", "deep night")
    night = until(lambda: light_of(page, 0.98 * seconds), lambda light: light < 0.6 * last)
    assert night < 0.6 * last
    assert light_of(page, 0.0) == pytest.approx(first, rel=0.1)
