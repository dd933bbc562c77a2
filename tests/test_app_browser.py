"""The app in a real browser: photo in, mask, live preview, video out, and no word to another host."""

from __future__ import annotations

import base64
import io
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from tests.browser import PATIENCE, PROJECT, Witness, asked, free_port, wait_for

pytestmark = pytest.mark.browser

PHOTO = PROJECT / "assets" / "mountain_lake.jpg"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("app")


@pytest.fixture(scope="module")
def address(folder: Path) -> Iterator[str]:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    log = folder / "app.log"
    environment = {**os.environ, "TMPDIR": str(folder), "PYTHONUNBUFFERED": "1"}
    command = [sys.executable, "app.py", "--port", str(port), "--no-browser"]
    with log.open("w") as output:
        app = subprocess.Popen(command, cwd=PROJECT, env=environment, stdout=output, stderr=output)
    try:
        wait_for(url, app, log)
        yield url
    finally:
        app.terminate()
        try:
            app.wait(30)
        except subprocess.TimeoutExpired:
            app.kill()
            app.wait()
        assert not list(folder.glob("landscape-*")), "visitors' files stayed behind"


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 800}, accept_downloads=True)
    page = context.new_page()
    page.set_default_timeout(60_000)
    witness = Witness(page, address)
    page.goto(address)
    page.wait_for_selector("#samples img")
    yield page
    context.close()
    assert witness.complaints == []


def open_photo(page: Page) -> None:
    page.set_input_files("#photo input[type=file]", PHOTO)
    page.wait_for_selector(".stage[data-live]", timeout=PATIENCE)


def picture_at(page: Page, seconds: float) -> np.ndarray:
    """The paused live picture at a time, uint8 (H, W, 4) RGBA."""
    page.evaluate("landscape.play(false)")
    page.evaluate(f"landscape.last = null; landscape.send('seek', {{ seconds: {seconds} }})")
    close = f"landscape.last && Math.abs(landscape.last.time - {seconds}) < 0.01"
    asked(page, close, PATIENCE)
    page.wait_for_timeout(500)  # a picture before fades out
    address = page.evaluate("document.querySelector('.stage-live').toDataURL('image/png')")
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(address.split(",")[1]))).convert("RGBA"))


def drift(first: np.ndarray, second: np.ndarray) -> float:
    """How far the clouds moved to the right, in pixels: the median flow where the sky has detail."""
    grey = [
        cv2.cvtColor(picture[: picture.shape[0] // 4, :, :3].astype(np.uint8), cv2.COLOR_RGB2GRAY)
        for picture in (first, second)
    ]
    size = grey[0].shape[::-1]  # the preview's size may change between two pictures
    grey = [cv2.createCLAHE(4.0).apply(cv2.resize(image, size)) for image in grey]
    flow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM).calc(*grey, np.zeros((*grey[0].shape, 2), "f4"))
    detail = np.abs(cv2.Laplacian(cv2.GaussianBlur(grey[0], (0, 0), 3).astype(np.float32), cv2.CV_32F))
    return float(np.median(flow[..., 0][detail > np.quantile(detail, 0.7)]))


def until(look: Callable[[], float], true: Callable[[float], bool]) -> float:
    """Look again until it is true: on a busy computer a wish takes seconds, and a better fit may come between."""
    end = time.monotonic() + PATIENCE / 1000
    while not true(found := look()) and time.monotonic() < end:
        time.sleep(1.0)
    return found


@pytest.mark.slow
def test_the_dial_turns_the_motion(page: Page) -> None:
    open_photo(page)
    for hour, degrees, sign in ((3, "90", 1), (9, "270", -1)):
        page.click(f".dial-hour[data-hour='{hour}']", force=True)
        assert page.get_attribute(".dial", "aria-valuenow") == degrees
        found = until(lambda: drift(picture_at(page, 0.1), picture_at(page, 0.4)), lambda x, sign=sign: sign * x > 0.3)
        assert sign * found > 0.3, (hour, found)
    page.keyboard.press("ArrowRight")
    assert page.get_attribute(".dial", "aria-valuenow") == "300"


def sky_light(page: Page) -> float:
    """Mean of the upper quarter of the live picture."""
    picture = picture_at(page, 0.5)
    return float(picture[: picture.shape[0] // 4, :, :3].mean())


@pytest.mark.slow
def test_a_style_card_changes_the_light(page: Page) -> None:
    open_photo(page)
    day = sky_light(page)
    page.click("[data-panel-tab=light]")
    page.click(".card[data-style='deep night']")
    assert until(lambda: sky_light(page), lambda light: light < 0.7 * day) < 0.7 * day
    page.wait_for_selector(".card[data-style='warm sunset'].drawn", timeout=PATIENCE)


def test_a_mask_stroke_changes_the_preview_and_undo_takes_it_back(page: Page) -> None:
    open_photo(page)
    page.click("[data-panel-tab=masks]")
    page.click(".tools label:has-text('Freeze')")
    frame = page.locator(".stage-frame").bounding_box()
    assert frame is not None
    x, y = frame["x"] + 0.3 * frame["width"], frame["y"] + 0.1 * frame["height"]
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 0.2 * frame["width"], y, steps=6)
    page.mouse.up()
    expect(page.locator("[data-send=undo]")).to_be_enabled(timeout=PATIENCE)
    page.wait_for_timeout(2000)
    painted = picture_at(page, 1.0)
    row, column = round(0.1 * painted.shape[0]), round(0.4 * painted.shape[1])
    assert painted[row, column, 3] < 40, "what is frozen is the photo itself, below the live picture"
    page.keyboard.press("Control+z")
    expect(page.locator("[data-send=redo]")).to_be_enabled(timeout=PATIENCE)
    page.wait_for_timeout(2000)
    assert picture_at(page, 1.0)[row, column, 3] > 200


def test_keys_play_split_and_help(page: Page) -> None:
    open_photo(page)
    page.keyboard.press("s")
    assert page.locator(".stage.split").count() == 1
    page.keyboard.press(" ")
    assert page.locator(".stage.still").count() == 1
    page.keyboard.press("e")
    assert page.evaluate("document.documentElement.dataset.panel") == "export"
    page.keyboard.press("?")
    expect(page.locator("#help dialog")).to_be_visible()


def test_broken_photo_is_explained_beside_the_photo(page: Page, folder: Path) -> None:
    broken = folder / "broken.jpg"
    broken.write_bytes(b"this is no photo")
    page.set_input_files("#photo input[type=file]", broken)
    expect(page.locator("#notice [role=alert]")).to_contain_text("broken.jpg", timeout=PATIENCE)
    expect(page.locator("#photo input[type=file]")).to_have_count(1)
