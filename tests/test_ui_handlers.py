"""The app's handlers, sessions and controls, without a browser and without models."""

from __future__ import annotations

import dataclasses
import stat
import threading
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from landscape.errors import LandscapeError
from landscape.fit.numbers import FIT_NUMBERS
from landscape.output.video import probe_video
from landscape.scene.shot import Shot
from landscape.settings import PHOTO_LIGHT, STYLES, FitSettings, LightSettings, MotionSettings
from landscape.ui.page import widgets
from landscape.ui.sentences import UNEXPECTED
from landscape.ui.visitors.controls import QUALITIES, STANDARD, inversion, shot_of
from landscape.ui.visitors.handlers import Handlers, View
from landscape.ui.visitors.jobs import Meter, Status
from landscape.ui.visitors.sessions import CAPACITY, LIFETIME, SessionStore
from landscape.ui.visitors.slot import Job
from tests.fake_engine import FakeEngine, slow


@pytest.fixture
def photo(tmp_path: Path, landscape_pixels: np.ndarray) -> Path:
    path = tmp_path / "my photo.png"
    Image.fromarray(landscape_pixels).save(path)
    return path


def merged(views: list[View]) -> dict[str, object]:
    """The page after some views: the last of each part."""
    page: dict[str, object] = {}
    for view in views:
        changed = {field.name: getattr(view, field.name) for field in dataclasses.fields(view)}
        page.update({name: value for name, value in changed.items() if value is not None})
    return page


def short(**changes: object) -> Shot:
    return shot_of({"quality": "Quick", "seconds": 0.3, "long_side": 64, **changes})


def test_controls_begin_with_the_products_defaults() -> None:
    assert shot_of({}) == Shot()
    assert inversion(STANDARD) == FitSettings()
    assert QUALITIES["Quick"].latent_steps < FIT_NUMBERS[QUALITIES["Quick"].numbers].latents_of("EOIFS").steps


def test_controls_become_settings() -> None:
    wish = short(direction=45, speed=2.5, sky=False, water=True, style=STYLES[4], strength=0.5, day_cycle=True)
    assert wish.motion == MotionSettings(45.0, 2.5, sky=0.0, water=1.0)
    assert wish.light == LightSettings(STYLES[4], 0.5, True)
    assert len(widgets.STYLE_CHOICES) == 10 and widgets.STYLE_CHOICES[0] == PHOTO_LIGHT
    with pytest.raises(LandscapeError, match="quality"):
        inversion("Best")
    with pytest.raises(LandscapeError, match="speed"):
        short(speed=99)


def test_broken_photo_leaves_everything_as_it_was(
    handlers: Handlers, store: SessionStore, photo: Path, tmp_path: Path
) -> None:
    identifier = store.create()
    list(handlers.open(identifier, photo, "Quick"))
    session = store.get(identifier)
    before = session.studio
    assert before is not None
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(photo.read_bytes()[:200])
    page = merged(list(handlers.open(identifier, broken, "Quick")))
    assert "broken.jpg" in str(page["notice"]) and page["busy"] is False
    assert "scene" not in page
    assert session.studio is before


def test_broken_first_photo_offers_nothing_to_animate(handlers: Handlers, store: SessionStore, tmp_path: Path) -> None:
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"no picture")
    page = merged(list(handlers.open(store.create(), broken, "Quick")))
    assert page["notice"] and "opened" not in page


def test_animate_writes_a_private_video(
    handlers: Handlers, store: SessionStore, engine: FakeEngine, photo: Path
) -> None:
    identifier = store.create()
    list(handlers.open(identifier, photo, "Quick"))
    views = list(handlers.animate(identifier, short()))
    page = merged(views)
    video = page["video"]
    assert isinstance(video, Path) and page["busy"] is False and page["notice"] == ""
    facts = probe_video(video)
    assert (facts["width"], facts["frames"]) == (64, 9)
    assert engine.fits == [QUALITIES["Quick"]], "the scene must be fitted once per photo"
    assert any(view.status and view.status.stage for view in views)
    assert stat.S_IMODE(video.parent.stat().st_mode) == 0o700
    assert identifier not in str(video) and len(video.parent.name) >= 16
    again = merged(list(handlers.animate(identifier, short())))["video"]
    assert again != video and video.exists()
    store.close(identifier)
    assert not video.exists()


def test_animate_with_another_quality_fits_again(
    handlers: Handlers, store: SessionStore, engine: FakeEngine, photo: Path
) -> None:
    identifier = store.create()
    list(handlers.open(identifier, photo, "Quick"))
    studio = store.get(identifier).studio
    assert studio is not None and studio.fit.wait(20)
    list(handlers.animate(identifier, short(quality=STANDARD)))
    list(handlers.animate(identifier, short(quality=STANDARD)))
    assert engine.fits == [QUALITIES["Quick"], FitSettings()]


@pytest.mark.parametrize("changes", [{"seconds": 0.0}, {"speed": 9.5}, {"style": "rainbow"}])
def test_values_out_of_range_become_sentences(changes: dict[str, object]) -> None:
    with pytest.raises(LandscapeError, match="^Choose a"):
        short(**changes)


def test_animate_without_photo_and_in_an_ended_session(handlers: Handlers, store: SessionStore) -> None:
    assert "photo first" in str(merged(list(handlers.animate(store.create(), short())))["notice"])
    assert "reload" in str(merged(list(handlers.animate("unknown", short())))["notice"])
    handlers.cancel("unknown")


def test_cancel_stops_rendering_and_leaves_no_file(store: SessionStore, photo: Path) -> None:
    engine = FakeEngine()
    handlers = Handlers(store, engine)
    identifier = store.create()
    list(handlers.open(identifier, photo, "Quick"))
    session = store.get(identifier)
    slow(session)
    seen = []
    for view in handlers.animate(identifier, short(seconds=20)):
        seen.append(view)
        if view.status is not None and view.status.fraction:
            handlers.cancel(identifier)
    assert "video" not in merged(seen)
    assert [path.name for path in session.folder.rglob("*") if path.is_file()] == [photo.name]


def test_visitors_share_nothing(handlers: Handlers, store: SessionStore, photo: Path) -> None:
    first, second = store.create(), store.create()
    list(handlers.open(first, photo, "Quick"))
    assert store.get(second).studio is None and store.get(first).folder != store.get(second).folder
    assert first != second and len(first) >= 32
    handlers.cancel(second)
    assert store.get(first).studio is not None


def test_sessions_end_an_hour_after_their_last_use_and_above_the_capacity(tmp_path: Path) -> None:
    now = [0.0]
    store = SessionStore(tmp_path, clock=lambda: now[0])
    closed, old = store.create("page"), store.create()
    folder = store.get(closed).folder
    store.leave("page")
    store.leave("page")
    assert folder.exists() and store.attach(closed, "page again") == closed
    now[0] = LIFETIME + 1
    kept = store.create()
    for ended in (old, closed):
        with pytest.raises(LandscapeError):
            store.get(ended)
    assert not folder.exists()
    for _ in range(CAPACITY):
        now[0] += 1
        store.create()
    assert len(store) == CAPACITY
    with pytest.raises(LandscapeError):
        store.get(kept)


def test_unexpected_errors_become_a_sentence(
    handlers: Handlers, store: SessionStore, engine: FakeEngine, photo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*arguments: object) -> None:
        raise RuntimeError("secret path /root")

    monkeypatch.setattr(engine, "find_masks", fail)
    page = merged(list(handlers.open(store.create(), photo, "Quick")))
    assert page["notice"] == UNEXPECTED


def test_meter_estimates_the_time_left() -> None:
    now = [0.0]
    meter = Meter(clock=lambda: now[0])
    meter("fitting", 0, 100)
    assert meter.status("") == Status("fitting", 0.0, None)
    now[0] = 10.0
    meter("fitting", 20, 100)
    assert meter.status("") == Status("fitting", 0.2, 40.0)
    meter("rendering", 1, 4)
    assert meter.status("") == Status("rendering", 0.25, None)


def test_page_parts_escape_what_they_show() -> None:
    assert "<script>" not in widgets.notice("<script>alert(1)</script>") and widgets.notice("") == ""
    assert "about 40 s left" in widgets.meter(Status("fitting", 0.2, 40.0))
    assert widgets.remaining(2) == "a few seconds" and widgets.remaining(200) == "about 4 min"


def test_a_job_can_be_cancelled_while_it_waits_for_its_turn(
    handlers: Handlers, store: SessionStore, photo: Path
) -> None:
    visitor = store.create("page")
    list(handlers.open(visitor, photo, "Quick"))
    handlers.queue(visitor)
    handlers.cancel(visitor)
    page = merged(list(handlers.animate(visitor, short())))
    assert "Stopped" in str(page["notice"]) and "video" not in page
    handlers.queue(visitor)
    assert merged(list(handlers.animate(visitor, short())))["video"]


def test_a_photo_is_opened_while_clips_are_made(handlers: Handlers, store: SessionStore, photo: Path) -> None:
    """Also the visitor's own: nobody waits for the first picture until a clip is ready."""
    busy, visitor = threading.Event(), store.create()
    clips = [store.slot.submit(Job(owner, lambda *_: busy.wait(20), "")) for owner in ("somebody", visitor)]
    list(handlers.open(visitor, photo, "Quick"))
    assert store.get(visitor).studio is not None and all(job.active for job in clips)
    busy.set()
