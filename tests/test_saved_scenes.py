"""Scenes saved from the page and opened on it: nothing is fitted twice, nothing stays behind."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from landscape.errors import LandscapeError
from landscape.masks.strokes import Stroke
from landscape.scene.files import open_scene
from landscape.scene.shot import Shot
from landscape.ui.visitors.engine import Engine
from landscape.ui.visitors.handlers import Handlers
from landscape.ui.visitors.saved_scenes import save_scene_file
from landscape.ui.visitors.sessions import SessionStore
from tests.fake_engine import FakeEngine

STROKE = Stroke(np.array([[0.2, 0.2], [0.4, 0.2]], np.float32), 0.2, 0.0, "freeze")


@pytest.fixture
def photo(tmp_path: Path, landscape_pixels: np.ndarray) -> Path:
    path = tmp_path / "hill.png"
    Image.fromarray(landscape_pixels).save(path)
    return path


def fitted(handlers: Handlers, store: SessionStore, path: Path) -> str:
    identifier = store.create()
    list(handlers.open(identifier, path, "Quick"))
    studio = store.get(identifier).studio
    assert studio is not None and studio.fit.wait(20)
    return identifier


def test_a_scene_comes_back_with_its_masks_and_without_another_fit(
    handlers: Handlers, store: SessionStore, engine: FakeEngine, photo: Path, tmp_path: Path
) -> None:
    session = store.get(fitted(handlers, store, photo))
    assert session.studio is not None
    session.studio.edit(lambda editor: editor.paint(STROKE))
    place = save_scene_file(session, engine)
    saved = store.file(place.parent.name)
    assert saved is not None and saved.name == place.name and saved.suffix == ".landscape"
    kept = tmp_path / "kept.landscape"
    kept.write_bytes(saved.read_bytes())
    fits = len(engine.fits)

    other = store.create()
    views = list(handlers.open(other, kept, "Standard"))
    assert views[-1].opened and not views[-1].notice
    studio = store.get(other).studio
    assert studio is not None and studio.photo.name == "hill" and studio.fit.done
    assert studio.mask.masks.freeze[19, 38] > 0.9 and studio.mask.masks.freeze[80, 38] < 0.1
    job = handlers.exports.submit(other, Shot().with_values({"seconds": 0.3}))
    assert job.ended.wait(30) and job.state == "done", job.error
    assert len(engine.fits) == fits, "what was fitted is used as it is"


def test_one_saved_scene_is_kept_at_a_time_and_goes_with_the_session(
    handlers: Handlers, store: SessionStore, engine: FakeEngine, photo: Path
) -> None:
    identifier = fitted(handlers, store, photo)
    session = store.get(identifier)
    first = store.file(save_scene_file(session, engine).parent.name)
    second = store.file(save_scene_file(session, engine).parent.name)
    assert first is not None and second is not None and not first.exists() and second.exists()
    store.close(identifier)
    assert not second.exists()


def test_broken_scenes_and_missing_photos_get_a_sentence(
    handlers: Handlers, store: SessionStore, engine: FakeEngine, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.landscape"
    broken.write_bytes(b"no scene")
    identifier = store.create()
    views = list(handlers.open(identifier, broken, "Quick"))
    assert "broken.landscape" in (views[-1].notice or "") and store.get(identifier).studio is None
    with pytest.raises(LandscapeError, match="photo first"):
        save_scene_file(store.get(identifier), engine)


def test_the_models_scene_is_the_same_bit_for_bit(
    store: SessionStore, photo: Path, small_models, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = Engine()
    monkeypatch.setattr(engine, "_models", small_models)
    handlers = Handlers(store, engine)
    session = store.get(fitted(handlers, store, photo))
    assert session.studio is not None
    saved = store.file(save_scene_file(session, engine).parent.name)
    assert saved is not None
    scene, again = session.studio.clip_scene(), open_scene(saved, small_models)
    assert (scene.reconstruction() == again.reconstruction()).all()
    assert np.array_equal(again.masks.sky, scene.masks.resized(96, 128).sky)
