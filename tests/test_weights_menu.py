"""Weights that lie beside the bundled ones are offered, and a photo is fitted again where others are chosen."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from landscape.errors import LandscapeError
from landscape.models.imported import imported_weights, save_imported
from landscape.scene.files import open_scene
from landscape.ui.visitors import engine as engines
from landscape.ui.visitors.engine import Engine
from landscape.ui.visitors.handlers import Handlers
from landscape.ui.visitors.saved_scenes import save_scene_file
from landscape.ui.visitors.sessions import SessionStore
from tests.browser import ENGINE, PATIENCE, Witness, open_sample, running
from tests.conftest import seeded_generator
from tests.fake_engine import FakeEngine

_APP = ENGINE + "serve(FakeEngine(delay=0.01, others=('paper-256',)), port={port}, browser=False)"


@pytest.fixture
def store(tmp_path: Path) -> SessionStore:
    (tmp_path / "sessions").mkdir()
    return SessionStore(tmp_path / "sessions")


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "sea.png"
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (96, 128, 3), dtype=np.uint8)).save(path)
    return path


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of weights with one file taken over from a release, a damaged one, and one of another kind."""
    from landscape.models.named import default_folder

    place = tmp_path / "weights"
    place.mkdir()
    save_imported(place / "mine.safetensors", seeded_generator(), None, None, {})
    (place / "broken.safetensors").write_bytes(b"\x05" * 40)
    (place / "lighting.safetensors").write_bytes((default_folder() / "lighting.safetensors").read_bytes())
    monkeypatch.setattr(engines, "default_folder", lambda: place)
    return place


def test_imported_weights_are_offered_and_nothing_else(folder: Path) -> None:
    assert list(imported_weights(folder)) == ["mine"]
    engine = Engine()
    assert engine.offered() == ["bundled", "mine"]
    assert engine.of("") is engine.of("bundled") is engine and engine.of("mine") is engine.of("mine")
    assert engine.of("mine").models().name == "mine"
    with pytest.raises(LandscapeError, match="Choose weights from: bundled, mine"):
        engine.of("../mine")
    started = Engine(folder / "mine.safetensors")
    assert started.offered() == ["mine", "bundled"] and started.of("mine") is started


def test_a_photo_is_fitted_again_by_the_chosen_weights(store: SessionStore, photo: Path) -> None:
    engine = FakeEngine(others=("paper-256",))
    handlers = Handlers(store, engine)
    identifier = store.create()
    list(handlers.open(identifier, photo, "Quick"))
    studio = store.get(identifier).studio
    assert studio is not None and studio.fit.wait(20)
    assert handlers.weights_in_use(identifier) == "bundled" and len(engine.fits) == 1
    assert handlers.use_weights(identifier, "paper-256") == handlers.weights_in_use(identifier) == "paper-256"
    assert studio.fit.wait(20) and len(engine.fits) == 2
    handlers.use_weights(identifier, "paper-256")
    assert studio.fit.wait(20) and len(engine.fits) == 2
    with pytest.raises(LandscapeError, match="Choose weights"):
        handlers.use_weights(identifier, "other")
    assert handlers.weights_in_use(identifier) == "paper-256"
    assert handlers.weights_in_use(store.create()) == handlers.weights_in_use("unknown") == "bundled"


def test_a_saved_scene_names_the_weights_that_were_chosen(
    store: SessionStore, photo: Path, folder: Path, small_models, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = Engine()
    monkeypatch.setattr(engine, "_models", small_models)
    handlers = Handlers(store, engine)
    identifier = store.create()
    handlers.use_weights(identifier, "mine")
    list(handlers.open(identifier, photo, "Quick"))
    session = store.get(identifier)
    assert session.studio is not None and session.studio.fit.wait(120)
    saved = store.file(save_scene_file(session, engine).parent.name)
    assert saved is not None and open_scene(saved, engine.of("mine").models()).made_with is None
    assert open_scene(saved, small_models).made_with == "mine"


def test_programs_choose_weights(store: SessionStore, photo: Path, tmp_path: Path) -> None:
    from gradio_client import Client, handle_file

    from landscape.ui.page.page import build
    from landscape.ui.server.serve import ASSETS
    from tests.browser import free_port

    engine = FakeEngine(others=("paper-256",))
    page = build(Handlers(store, engine), store, ASSETS)
    options = {"prevent_thread_lock": True, "quiet": True, "share": False, "ssr_mode": False}
    _, url, _ = page.launch(server_name="127.0.0.1", server_port=free_port(), **options)
    try:
        client = Client(url, verbose=False, download_files=str(tmp_path / "downloads"))
        facts = client.predict(api_name="/use_weights")
        assert facts == {"weights": "bundled", "offered": ["bundled", "paper-256"]}
        assert client.predict(weights="paper-256", api_name="/use_weights")["weights"] == "paper-256"
        client.predict(photo=handle_file(photo), quality="Quick", api_name="/open")
        assert len(store) == 1
        with pytest.raises(Exception, match="Choose weights from: bundled, paper-256"):
            client.predict(weights="nothing", api_name="/use_weights")
    finally:
        page.close()


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    yield from running(_APP, tmp_path_factory.mktemp("weights"))


@pytest.mark.browser
def test_the_menu_is_there_where_weights_are_offered_and_outlives_a_reload(browser: Browser, app: str) -> None:
    page: Page = browser.new_page(viewport={"width": 1440, "height": 1000})
    witness = Witness(page, app)
    page.set_default_timeout(PATIENCE)
    page.goto(app)
    open_sample(page, 0)
    menu = page.locator("#weights input")
    expect(menu).to_have_value("bundled")
    menu.click()
    page.get_by_role("option", name="paper-256").click()
    expect(menu).to_have_value("paper-256")
    page.wait_for_selector(".stage[data-fit=done]")
    page.reload()
    page.wait_for_selector(".stage[data-live]")
    page.click("[data-panel-tab=export]")
    expect(page.locator("#weights input")).to_have_value("paper-256")
    page.close()
    # A reload in the middle of an answer is an error to Gradio's own client; nothing else is tolerated.
    reloaded = ("AbortError", "Connection errored out", "Failed to fetch")
    assert [line for line in witness.complaints if not any(word in line for word in reloaded)] == []


@pytest.mark.browser
def test_no_menu_is_shown_where_there_is_nothing_to_choose(browser: Browser, tmp_path: Path) -> None:
    for address in running(ENGINE + "serve(FakeEngine(), port={port}, browser=False)", tmp_path):
        page = browser.new_page(viewport={"width": 1440, "height": 1000})
        page.goto(address)
        open_sample(page, 0)
        expect(page.locator("#seconds")).to_be_visible()
        expect(page.locator("#weights")).not_to_be_visible()
        page.close()
