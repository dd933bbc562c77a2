"""Arrows drawn on the photo in a real browser turn the water and the clouds of the preview."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from playwright.sync_api import Page

from tests.test_app_browser import address, folder, open_photo, page, picture_at, until  # noqa: F401

pytestmark = pytest.mark.browser


def drift(page: Page, rows: tuple[float, float], places: tuple[float, ...]) -> list[float]:  # noqa: F811
    """How far parts of the photo moved to the right between two pictures, in pixels; rows and columns in parts."""
    grey = []
    for seconds in (0.2, 0.35):
        picture = picture_at(page, seconds)
        part = picture[round(rows[0] * len(picture)) : round(rows[1] * len(picture)), :, :3].astype(np.uint8)
        grey.append(cv2.createCLAHE(4.0).apply(cv2.cvtColor(np.ascontiguousarray(part), cv2.COLOR_RGB2GRAY)))
    grey[1] = cv2.resize(grey[1], grey[0].shape[::-1])  # the preview's size may change between two pictures
    flow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM).calc(*grey, np.zeros((*grey[0].shape, 2), "f4"))
    middles = (round(place * flow.shape[1]) for place in places)
    return [float(np.median(flow[:, max(0, middle - 60) : middle + 60, 0])) for middle in middles]


def water_drift(page: Page) -> float:  # noqa: F811
    return drift(page, (0.84, 0.97), (0.5,))[0]


def sky_drift(page: Page) -> list[float]:  # noqa: F811
    return drift(page, (0.1, 0.3), (0.26, 0.85))


def drag(page: Page, start: tuple[float, float], end: tuple[float, float]) -> None:  # noqa: F811
    """Drag on the photo between places in parts of its size."""
    frame = page.locator(".stage-frame").bounding_box()
    assert frame is not None
    places = [(frame["x"] + x * frame["width"], frame["y"] + y * frame["height"]) for x, y in (start, end)]
    page.mouse.move(*places[0])
    page.mouse.down()
    page.mouse.move(*places[1], steps=6)
    page.mouse.up()


def test_arrows_turn_the_water_of_the_preview(page: Page) -> None:  # noqa: F811
    open_photo(page)
    drag(page, (0.5, 0.62), (0.6, 0.62))
    assert page.evaluate("landscape.wished.arrows.length") == 0, "what stands still has no arrows"
    drag(page, (0.5, 0.9), (0.56, 0.9))
    arrow = page.evaluate("landscape.wished.arrows[0]")
    assert arrow["x"] == pytest.approx(0.5, abs=0.01) and arrow["dx"] == pytest.approx(0.06, abs=0.01)
    right = until(lambda: water_drift(page), lambda x: x > 0.5)
    drag(page, (0.56, 0.9), (0.44, 0.9))  # the tip
    assert page.evaluate("landscape.wished.arrows[0].dx") == pytest.approx(-0.06, abs=0.01)
    left = until(lambda: water_drift(page), lambda x: x < -0.5)
    assert left < -0.5 and right > 0.5
    page.keyboard.press("Control+z")
    assert page.evaluate("landscape.wished.arrows[0].dx") == pytest.approx(0.06, abs=0.01)
    page.mouse.dblclick(*centre(page, ".stage-arrows [data-end=foot]"))
    assert page.evaluate("landscape.wished.arrows.length") == 0


def test_arrows_turn_the_clouds_around_them(page: Page) -> None:  # noqa: F811
    open_photo(page)
    drag(page, (0.3, 0.2), (0.22, 0.2))
    arrow = page.evaluate("landscape.wished.arrows[0]")
    assert arrow["dx"] == pytest.approx(-0.08, abs=0.01)
    until(lambda: sky_drift(page)[0], lambda x: x < -0.5)
    near, far = sky_drift(page)
    assert near < -0.5 and far > 0.2, "elsewhere clouds go by the dial, to the right"
    page.evaluate("landscape.choose('arrows', [])")
    assert until(lambda: sky_drift(page)[0], lambda x: x > 0.2) > 0.2


def test_a_click_changes_the_kind_of_water(page: Page) -> None:  # noqa: F811
    open_photo(page)
    page.click("[data-panel-tab=masks]")
    page.click(".tools label:has-text('Waves')")
    frame = page.locator(".stage-frame").bounding_box()
    assert frame is not None
    page.mouse.click(frame["x"] + 0.5 * frame["width"], frame["y"] + 0.9 * frame["height"])
    kinds = page.evaluate("landscape.wished.water_kinds")
    assert [kind["kind"] for kind in kinds] == ["waves"]
    page.wait_for_timeout(500)
    assert page.evaluate("landscape.wished.water_kinds.length") == 1, "the page's own word does not take it back"


def centre(page: Page, selector: str) -> tuple[float, float]:  # noqa: F811
    box = page.locator(selector).bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
