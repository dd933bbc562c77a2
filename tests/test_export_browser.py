"""Exports, reloads, two visitors and the booth in a real browser; shifted photos stand in for the networks."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from landscape.output.video import probe_video
from landscape.scene.recipe import read_recipe
from tests.browser import ENGINE, PATIENCE, PROJECT, Witness, asked, open_sample, running, set_seconds

pytestmark = pytest.mark.browser

IDLE = 20
_BOOTH = ENGINE + f"serve_booth(FakeEngine(delay=0.002), port={{port}}, browser=False, idle={IDLE})"


@pytest.fixture(scope="module")
def booth(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    yield from running(_BOOTH, tmp_path_factory.mktemp("booth"))


@pytest.fixture
def visitors(browser: Browser, app: str) -> Iterator[list[Page]]:
    """Two visitors, each with a browser of their own."""
    contexts = [browser.new_context(viewport={"width": 1440, "height": 1000}) for _ in range(2)]
    pages = [context.new_page() for context in contexts]
    witnesses = [Witness(page, app) for page in pages]
    for page in pages:
        page.set_default_timeout(PATIENCE)
        page.goto(app)
    yield pages
    for context in contexts:
        context.close()
    # A reload in the middle of an answer is an error to Gradio's own client; nothing else is tolerated.
    own = [
        line
        for witness in witnesses
        for line in witness.complaints
        if "AbortError" not in line and "Connection errored out" not in line and "Failed to fetch" not in line
    ]
    assert own == []


def test_a_reload_finds_the_scene_the_settings_and_the_running_export(visitors: list[Page], tmp_path: Path) -> None:
    page, other = visitors
    open_sample(page, 0)
    set_seconds(page, "8")
    expect(page.locator("#estimate")).to_contain_text("240 frames")
    page.click("#export")
    page.wait_for_selector(".clip[data-state=running]")
    name = page.get_attribute(".clip", "data-id")
    page.reload()
    page.wait_for_selector(".stage[data-live]")
    page.wait_for_selector(".clip", state="attached")
    assert page.get_attribute(".clip", "data-id") == name
    expect(page.locator("#seconds input[type=number]")).to_have_value("8")

    expect(other.locator(".clip")).to_have_count(0)
    expect(other.locator("#samples img").first).to_be_visible()

    page.click("[data-panel-tab=export]")
    page.wait_for_selector(f".clip[data-id='{name}'][data-state=done]")
    page.click(".clip >> text=Play")
    asked(page, "document.querySelector('.player video').currentTime > 0.3")
    assert page.evaluate("document.querySelector('.player video').videoWidth") == 1280
    page.keyboard.press("Escape")
    for label, file in (("Download video", "clip.mp4"), ("Settings", "clip.json")):
        with page.expect_download() as download:
            page.click(f".clip >> text={label}")
        download.value.save_as(tmp_path / file)
    facts = probe_video(tmp_path / "clip.mp4")
    assert (facts["frames"], facts["codec"]) == (240, "h264")
    assert read_recipe(tmp_path / "clip.json") == read_recipe(tmp_path / "clip.mp4")

    recipe = json.loads((tmp_path / "clip.json").read_text())
    recipe["motion"]["direction"], recipe["export"]["format"] = 210.0, "gif"
    (tmp_path / "turned.json").write_text(json.dumps(recipe))
    other.set_input_files("#photo input[type=file]", tmp_path / "turned.json")
    expect(other.locator(".dial")).to_have_attribute("aria-valuenow", "210", timeout=20_000)
    expect(other.locator("#format input")).to_have_value("GIF: for messages")


def test_a_saved_scene_is_dropped_like_a_photo(visitors: list[Page], tmp_path: Path) -> None:
    page, other = visitors
    open_sample(page, 0)
    with page.expect_download() as download:
        page.click("text=Save the scene")
    path = tmp_path / download.value.suggested_filename
    assert path.suffix == ".landscape"
    download.value.save_as(path)
    other.set_input_files("#photo input[type=file]", path)
    other.wait_for_selector(".stage[data-fit=done][data-live]")
    assert other.get_attribute(".stage-photo", "alt") == page.get_attribute(".stage-photo", "alt")


def test_the_panel_offers_the_rates_that_a_format_can_do(visitors: list[Page], tmp_path: Path) -> None:
    page = visitors[0]
    open_sample(page, 0)
    set_seconds(page, "0.4")

    def choose(place: str, name: str) -> None:
        page.click(f"#{place} input")
        page.get_by_role("option", name=name).click()

    choose("fps", "60")
    expect(page.locator("#fps input")).to_have_value("60")
    choose("format", "GIF: for messages")
    expect(page.locator("#fps input")).to_have_value("50")
    expect(page.locator("#estimate")).to_contain_text("20 frames", timeout=60_000)
    page.click("#fps input")
    expect(page.get_by_role("option", name="50")).to_be_visible()
    expect(page.get_by_role("option", name="60")).to_have_count(0)
    page.keyboard.press("Escape")
    page.click("#export")
    page.wait_for_selector(".clip[data-state=done]")
    with page.expect_download() as download:
        page.click(".clip >> text=Download GIF")
    download.value.save_as(tmp_path / "clip.gif")
    with Image.open(tmp_path / "clip.gif") as image:
        assert image.n_frames == 20 and image.info["duration"] == 20
    choose("format", "MP4, H.264: plays everywhere")
    choose("fps", "60")
    expect(page.locator("#fps input")).to_have_value("60")


@pytest.mark.slow
def test_two_visitors_take_turns_and_keep_to_themselves(visitors: list[Page], tmp_path: Path) -> None:
    first, second = visitors
    open_sample(first, 1)
    open_sample(second, 2)
    set_seconds(first, "30")
    first.click("#export")
    first.wait_for_selector(".clip[data-state=running]")
    photos = sorted((PROJECT / "assets").glob("*.jpg"))[:2]
    with first.expect_file_chooser() as chooser:
        first.click("#batch")
    chooser.value.set_files(photos)
    expect(first.locator(".clip")).to_have_count(3)
    set_seconds(second, "0.4")
    second.click("#export")
    second.wait_for_selector(".clip[data-state=waiting]")
    expect(second.locator(".clip-stage")).to_contain_text("Next in line")
    assert "before you" in first.locator(".clip-stage").all_inner_texts()[0]
    first.click(".clip[data-state=running] .clip-keep")
    second.wait_for_selector(".clip[data-state=done]")
    assert first.locator(".clip[data-state=done]").count() == 1, "the batch waits for its turn"
    assert "ended early" in first.inner_text(".clip[data-state=done]")
    expect(second.locator(".clip")).to_have_count(1)
    first.reload()
    expect(first.locator(".clip")).to_have_count(3)
    first.wait_for_selector(".stage[data-live]")
    first.click("[data-panel-tab=export]")
    for _ in range(2):
        first.click(".clip >> text=Cancel >> nth=0")
        first.wait_for_timeout(1000)
    expect(first.locator(".clip[data-state=stopped]")).to_have_count(2)


@pytest.mark.slow
def test_the_booth_serves_a_visitor_and_begins_anew(browser: Browser, booth: str, tmp_path: Path) -> None:
    page = browser.new_page(viewport={"width": 1920, "height": 1080})
    page.set_default_timeout(PATIENCE)
    witness = Witness(page, booth)
    page.goto(booth)
    page.wait_for_selector(".attract-layer.front")
    page.click(".attract")
    page.click("[data-sample=sea_coast]")
    page.wait_for_selector("[data-screen=show]")
    asked(page, "document.querySelector('.show-clip').currentTime > 0.2")
    name = asked(page, "fetch('landscape/booth').then((answer) => answer.json()).then((now) => now.visit.clip)")
    phone = browser.new_page(viewport={"width": 390, "height": 844})
    phone.goto(f"{booth}/landscape/pickup/{name}")
    with phone.expect_download() as download:
        phone.click("text=Save the video")
    download.value.save_as(tmp_path / "mine.mp4")
    assert probe_video(tmp_path / "mine.mp4")["frames"] == 120
    page.wait_for_selector(".still.asked", timeout=60_000)
    page.wait_for_selector("[data-screen=attract]", timeout=60_000)
    asked(page, "fetch('landscape/booth').then((answer) => answer.json()).then((now) => !now.visit)")
    assert page.locator("input, a, select").count() == 0, "nothing to set and nothing to save on the screen"
    page.close()
    phone.close()
    assert witness.complaints == []


def test_what_is_drawn_on_the_photo_stays_when_a_control_moves_and_is_exported(
    visitors: list[Page], tmp_path: Path
) -> None:
    page = visitors[0]
    open_sample(page, 0)
    page.click("[data-panel-tab=motion]")
    frame = page.locator(".stage-frame").bounding_box()
    assert frame is not None
    places = [(frame["x"] + x * frame["width"], frame["y"] + 0.9 * frame["height"]) for x in (0.5, 0.6)]
    page.mouse.move(*places[0])
    page.mouse.down()
    page.mouse.move(*places[1], steps=6)
    page.mouse.up()
    page.click("[data-panel-tab=export]")
    set_seconds(page, "2")
    expect(page.locator("#estimate")).to_contain_text("60 frames")
    page.wait_for_timeout(2000)  # the page's own word on its controls has come
    assert page.evaluate("landscape.wished.arrows.length") == 1
    page.click("#export")
    page.wait_for_selector(".clip[data-state=done]")
    with page.expect_download() as download:
        page.click(".clip >> text=Settings")
    download.value.save_as(tmp_path / "clip.json")
    (arrow,) = read_recipe(tmp_path / "clip.json").motion.arrows
    assert arrow.dx == pytest.approx(0.1, abs=0.01)
