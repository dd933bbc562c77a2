"""Clips of the app: written without a page, kept, stopped, removed, and never another visitor's."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from starlette.applications import Starlette
from starlette.testclient import TestClient

from landscape.errors import LandscapeError
from landscape.output.video import probe_video
from landscape.scene.recipe import read_recipe
from landscape.scene.shot import Shot
from landscape.settings import FORMATS, PHOTO_LIGHT, FitSettings
from landscape.ui.sentences import UNEXPECTED
from landscape.ui.server.routes import PREFIX, SESSION_HEADER, clip_routes
from landscape.ui.visitors import exports as exports_module
from landscape.ui.visitors.controls import STANDARD, choices_of, remembered, shot_of
from landscape.ui.visitors.exports import Exports, human_size
from landscape.ui.visitors.handlers import Handlers
from landscape.ui.visitors.sessions import LIFETIME, SessionStore
from landscape.ui.visitors.slot import Job
from tests.fake_engine import FakeEngine, FakeScene, slow


def shot(**changes: object) -> Shot:
    return shot_of({"quality": "Quick", "seconds": 0.5, "fps": 10, "long_side": 64, **changes})


@pytest.fixture
def clock() -> list[float]:
    return [0.0]


@pytest.fixture
def store(tmp_path: Path, clock: list[float]) -> SessionStore:
    root = tmp_path / "sessions"
    root.mkdir()
    return SessionStore(root, clock=lambda: clock[0])


@pytest.fixture
def exports(handlers: Handlers) -> Exports:
    return handlers.exports


@pytest.fixture
def photo(tmp_path: Path, landscape_pixels: np.ndarray) -> Path:
    path = tmp_path / "my photo.png"
    Image.fromarray(landscape_pixels).save(path)
    return path


@pytest.fixture
def visitor(handlers: Handlers, store: SessionStore, photo: Path) -> str:
    identifier = store.create("page")
    list(handlers.open(identifier, photo, "Quick"))
    return identifier


def done(job: Job) -> Job:
    assert job.ended.wait(30)
    return job


def until(condition, seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_a_clip_is_written_with_its_recipe_without_a_page(
    exports: Exports, store: SessionStore, visitor: str, photo: Path
) -> None:
    store.leave("page")
    wish = shot(direction=45.0, style="deep night", format="vp9")
    job = done(exports.submit(visitor, wish))
    entry = exports.listing(visitor)[0]
    assert (entry["state"], entry["title"], entry["whole"]) == ("done", "my photo", True)
    clip = job.result
    facts = probe_video(clip.path)
    assert (facts["codec"], facts["frames"], facts["width"]) == ("vp9", 5, 64)
    assert entry["bytes"] == clip.path.stat().st_size
    beside = store.file(clip.recipe)
    assert beside is not None and store.file(clip.name) == clip.path
    assert read_recipe(beside) == wish
    assert json.loads(beside.read_text())["photo"]["name"] == photo.name
    store.close(visitor)
    assert store.file(clip.name) is None and not clip.path.exists()


def test_the_part_that_is_done_can_be_kept(exports: Exports, store: SessionStore, visitor: str) -> None:
    slow(store.get(visitor))
    job = exports.submit(visitor, shot(seconds=60.0))
    until(lambda: exports.listing(visitor)[0].get("can_keep"))
    exports.keep(visitor, job.identifier)
    entry = exports.listing(visitor)[0] if done(job) else {}
    assert entry["state"] == "done" and entry["whole"] is False
    assert 0 < probe_video(job.result.path)["frames"] < 600


def test_stopping_leaves_no_file(exports: Exports, store: SessionStore, visitor: str) -> None:
    slow(store.get(visitor))
    before = sorted(store.get(visitor).folder.rglob("*"))
    job = exports.submit(visitor, shot(seconds=60.0))
    until(lambda: (exports.listing(visitor)[0].get("fraction") or 0) > 0)
    exports.stop(visitor, job.identifier)
    done(job)
    assert exports.listing(visitor)[0]["state"] == "stopped"
    assert sorted(store.get(visitor).folder.rglob("*")) == before
    exports.remove(visitor, job.identifier)
    assert exports.listing(visitor) == []


def test_removing_deletes_the_files(exports: Exports, store: SessionStore, visitor: str) -> None:
    before = sorted(store.get(visitor).folder.rglob("*"))
    job = done(exports.submit(visitor, shot()))
    exports.remove(visitor, job.identifier)
    assert sorted(store.get(visitor).folder.rglob("*")) == before and store.get(visitor).files == {}
    exports.remove(visitor, "unknown")


def test_a_batch_leaves_the_open_photo_alone_and_outlives_the_page(
    exports: Exports, store: SessionStore, visitor: str, tmp_path: Path, landscape_pixels: np.ndarray
) -> None:
    studio = store.get(visitor).studio
    jobs = []
    for index in range(3):
        path = tmp_path / f"beach {index}.jpg"
        Image.fromarray(np.roll(landscape_pixels, 9 * index, axis=1)).save(path)
        jobs.append(exports.submit_photo(visitor, path, shot()))
        path.unlink()
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"no photo")
    with pytest.raises(LandscapeError, match="broken"):
        exports.submit_photo(visitor, broken, shot())
    store.leave("page")
    for job in jobs:
        done(job)
    listing = exports.listing(visitor)
    assert [entry["title"] for entry in listing] == ["beach 2", "beach 1", "beach 0"]
    assert {entry["state"] for entry in listing} == {"done"}
    assert len({entry["picture"] for entry in listing}) == 3
    assert store.get(visitor).studio is studio
    session = store.get(visitor)
    assert {path.suffix for path in session.folder.rglob("*") if path.is_file()} == {".png", ".mp4", ".json"}


def test_the_session_lives_as_long_as_its_jobs(
    exports: Exports, store: SessionStore, visitor: str, clock: list[float]
) -> None:
    slow(store.get(visitor))
    job = exports.submit(visitor, shot(seconds=60.0))
    clock[0] += 2 * LIFETIME
    store.sweep()
    assert store.get(visitor).studio is not None and job.active
    store.close(visitor)
    assert done(job).state == "stopped"
    with pytest.raises(LandscapeError, match="reload"):
        exports.listing(visitor)


def test_larger_clips_than_the_kept_photo_use_the_file(
    handlers: Handlers, store: SessionStore, tmp_path: Path, landscape_pixels: np.ndarray, monkeypatch
) -> None:
    monkeypatch.setattr("landscape.ui.visitors.handlers.SIZES", (64, 100))
    path = tmp_path / "large.png"
    Image.fromarray(landscape_pixels).save(path)
    identifier = store.create()
    list(handlers.open(identifier, path, "Quick"))
    assert store.get(identifier).studio.photo.width == 100
    job = done(handlers.exports.submit(identifier, shot(seconds=0.2, long_side=8192)))
    assert probe_video(job.result.path)["width"] == 128
    assert store.get(identifier).studio.clip_scene().photo.width == 100


@pytest.mark.parametrize(
    ("error", "sentence"), [(LandscapeError("Full."), "Full."), (RuntimeError("/root"), UNEXPECTED)]
)
def test_failures_are_sentences(
    exports: Exports, store: SessionStore, visitor: str, monkeypatch, error, sentence
) -> None:
    def fail(*arguments: object, **options: object) -> None:
        raise error

    monkeypatch.setattr(FakeScene, "render", fail)
    job = done(exports.submit(visitor, shot()))
    assert exports.listing(visitor)[0]["error"] == sentence
    assert not [path for path in store.get(visitor).folder.rglob("*.mp4")]
    assert job.result is None


def test_what_cannot_be_exported_is_refused(
    exports: Exports, store: SessionStore, visitor: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(LandscapeError, match="photo first"):
        exports.submit(store.create(), shot())
    with pytest.raises(LandscapeError, match="quality"):
        exports.submit(visitor, shot(quality="Best"))
    monkeypatch.setattr(exports_module, "MOST_EXPORTS", 0)
    with pytest.raises(LandscapeError, match="remove some"):
        exports.submit(visitor, shot())


@pytest.mark.parametrize("format", FORMATS)
def test_estimates_come_near_the_truth(exports: Exports, visitor: str, format: str) -> None:
    wish = shot(seconds=2.0, long_side=128, format=format)
    words = exports.estimate(visitor, wish)
    number, unit = words.split()[1:3]
    estimate = float(number) * {"kB,": 1e3, "MB,": 1e6}[unit]
    job = done(exports.submit(visitor, wish))
    assert estimate / 2 < job.result.path.stat().st_size < 2 * estimate, words
    assert "20 frames" in words


def test_estimates_follow_length_and_size_without_another_sample(
    exports: Exports, store: SessionStore, visitor: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    studio = store.get(visitor).studio
    assert studio is not None and studio.fit.wait(20)

    def words(**changes: float) -> str:
        return exports.estimate(visitor, shot(long_side=480, **changes))

    words(seconds=2.0)
    monkeypatch.setattr(FakeScene, "renderer_of", lambda *_: pytest.fail("sampled again"))
    assert "50 frames" in words(seconds=5.0) and "3 frames" in words(seconds=0.3)


def test_sizes_in_words() -> None:
    assert [human_size(count) for count in (12, 1000, 45_678, 999_999, 1_234_567, 12_345_678_901)] == [
        "1 kB", "1 kB", "46 kB", "1 MB", "1.2 MB", "12 GB",
    ]  # fmt: skip


def test_pages_return_to_their_session_and_strangers_do_not(
    handlers: Handlers, store: SessionStore, visitor: str
) -> None:
    store.leave("page")
    assert store.attach(visitor, "reloaded") == visitor
    for name in ("", None, "x", visitor[:-1], ["x"], {"a": 1}):
        assert store.attach(name, "other") != visitor  # type: ignore[arg-type]
    views = list(handlers.resume(visitor))
    assert views[0].opened and not views[0].busy
    assert list(handlers.resume(store.create())) == []


def test_a_page_that_is_reloaded_while_a_photo_opens_follows_it(
    store: SessionStore, photo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine, go = FakeEngine(), threading.Event()
    find = engine.find_masks

    def wait_and_find(picture):
        assert go.wait(20)
        return find(picture)

    monkeypatch.setattr(engine, "find_masks", wait_and_find)
    handlers = Handlers(store, engine)
    identifier = store.create("page")
    opening = handlers.open(identifier, photo, STANDARD)
    until(lambda: next(opening).status is not None and store.get(identifier).opening is not None)
    opening.close()
    resumed = handlers.resume(identifier)
    assert next(resumed).busy
    go.set()
    views = list(resumed)
    assert views[-1].opened and views[-1].busy is False and store.get(identifier).studio is not None


def test_routes_serve_clips_to_their_visitor_only(exports: Exports, store: SessionStore, visitor: str) -> None:
    client = TestClient(Starlette(routes=list(clip_routes(store, exports))))
    own, other = {SESSION_HEADER: visitor}, {SESSION_HEADER: store.create()}
    job = done(exports.submit(visitor, shot()))
    entry = client.get(f"{PREFIX}/clips", headers=own).json()[0]
    assert client.get(f"{PREFIX}/clips", headers=other).json() == []
    assert client.get(f"{PREFIX}/clips").status_code == 410
    address = f"{PREFIX}/file/{entry['file']}"
    whole = client.get(address)
    assert whole.content == job.result.path.read_bytes() and whole.headers["content-type"] == "video/mp4"
    assert "no-store" in whole.headers["cache-control"]
    part = client.get(address, headers={"Range": "bytes=10-19"})
    assert part.status_code == 206 and part.content == whole.content[10:20]
    assert "attachment" in client.get(f"{address}?download").headers["content-disposition"]
    assert client.get(f"{PREFIX}/file/{entry['file'].split('/')[0]}/other.mp4").status_code == 404
    assert client.get(f"{PREFIX}/file/unknown/a.mp4").status_code == 404
    assert client.post(f"{PREFIX}/clips/{entry['id']}/remove", headers=other).status_code == 200
    assert client.get(address).status_code == 200
    assert client.post(f"{PREFIX}/clips/{entry['id']}/explode", headers=own).status_code == 404
    assert client.get(f"{PREFIX}/clips/{entry['id']}/remove", headers=own).status_code == 405
    client.post(f"{PREFIX}/clips/{entry['id']}/remove", headers=own)
    assert client.get(address).status_code == 404


CHOSEN = {
    "direction": 45.0, "speed": 2.5, "sky": 0.0, "water": 1.0, "perspective": 1.0, "style": "deep night",
    "strength": 0.5, "day_cycle": True, "keys": [{"time": 0.5, "style": PHOTO_LIGHT}], "seconds": 3.0, "long_side": 640,
    "loop": True, "change": 1.0, "waves": 90.0, "sun_side": None, "quality": "Quick", "format": "gif", "fps": 24,
    "crf": 26,
    "arrows": [{"x": 0.2, "y": 0.75, "dx": 0.1, "dy": 0.0}], "water_kinds": [{"x": 0.5, "y": 0.9, "kind": "waves"}],
}  # fmt: skip
NEVER_WITHOUT_NAMES = {"sun_side": None, "waves": 180.0, "arrows": [], "water_kinds": []}
"""What pages could not choose yet when they kept their choices as a list."""


def test_what_was_chosen_comes_back() -> None:
    assert choices_of(shot_of(CHOSEN)) == CHOSEN
    assert remembered(json.dumps(CHOSEN)) == CHOSEN
    listed = [CHOSEN[name] for name in CHOSEN if name not in NEVER_WITHOUT_NAMES]
    assert remembered(json.dumps(listed)) == CHOSEN | NEVER_WITHOUT_NAMES
    other = Shot(inversion=FitSettings("EO"))
    assert choices_of(other, "Quick")["quality"] == "Quick" and choices_of(Shot(), "Quick")["quality"] == STANDARD
    assert choices_of(other)["style"] == PHOTO_LIGHT


@pytest.mark.parametrize(
    "text", ["", "null", "{}", "[]", "[1]", "nonsense", "[" * 100_000, json.dumps(["x"] * 14), json.dumps([None] * 14)]
)
def test_nonsense_in_the_browser_is_ignored(text: str) -> None:
    assert remembered(text) is None
