"""Nothing that a page says ends its live line: values of no use in every field, garbage, and failures of the app."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from landscape.errors import LandscapeError
from landscape.scene.shot import Shot
from landscape.settings import PHOTO_LIGHT
from landscape.ui.live.messages import refusal_message
from landscape.ui.live.trouble import NOT_DONE, NOT_DRAWN_SO, NOT_UNDERSTOOD
from landscape.ui.server.live_route import PATH, live_route
from landscape.ui.visitors.controls import CHOICES, STANDARD, WISHES, accepted, choices_of, remembered, shot_of
from landscape.ui.visitors.sessions import Session, SessionStore
from tests.fake_engine import FakeEngine
from tests.test_live import IN_FLIGHT, Page, engine, open_photo, session

__all__ = ["engine", "session"]

NONSENSE: list[Any] = [
    None, "", "twelve", float("nan"), float("inf"), -float("inf"), -1, 1e300, 10**400, [], [[1]], {}, {"time": {}},
]  # fmt: skip
VALUES: dict[str, Any] = {
    "direction": 200.0, "speed": 2.0, "sky": 0.5, "water": 0.25, "perspective": 0.75, "change": 1.5, "strength": 0.5,
    "style": "deep night", "day_cycle": True, "keys": [{"time": 0.5, "style": PHOTO_LIGHT}], "seconds": 8.0,
    "long_side": 640, "loop": False,
}  # fmt: skip
BEFORE = shot_of(VALUES)


@pytest.fixture
def page(session: Session, engine: FakeEngine, landscape_pixels: np.ndarray) -> Iterator[Page]:  # noqa: F811
    page = Page(session, engine)
    open_photo(session, engine, landscape_pixels)
    page.wait(lambda: len(page.of("frame")) == IN_FLIGHT)
    yield page
    page.line.close()


def pictures_come(page: Page) -> None:
    """The page shows all pictures and gets more, which show its newest change."""
    before = len(page.of("frame"))
    for _ in range(IN_FLIGHT):
        page.say("ack")
    page.wait(lambda: len(page.of("frame")) > before)


def usable(name: str, value: Any) -> bool:
    return accepted({name: value}, BEFORE)[1] == {}


@pytest.mark.parametrize("name", WISHES)
def test_a_value_of_no_use_leaves_the_last_one_in_force_and_is_marked(page: Page, session: Session, name: str) -> None:  # noqa: F811
    values = {name: BEFORE.shown(name) for name in WISHES}
    for nonsense in NONSENSE:
        page.say("wish", values=values)
        page.say("wish", values={**values, "direction": 201.0, name: nonsense})
        if usable(name, nonsense):
            continue
        kept = BEFORE.shown(name)
        if name != "direction":
            assert session.wish == BEFORE.with_values({"direction": 201.0}), "the other fields are followed"
        assert session.wish.shown(name) == kept
        fields = page.of("refused")[-1][0]["fields"]
        assert list(fields) == [name] and fields[name]["text"].endswith(".")
        assert fields[name]["kept"] == json.loads(json.dumps(kept))
        assert page.live.shown[-1][1] == session.wish
    page.say("wish", values=values)
    assert page.of("refused")[-1][0]["fields"] == {}, "the mark goes"
    assert not page.of("notice")
    pictures_come(page)


def test_hardly_anything_of_the_nonsense_is_of_use() -> None:
    found = {(name, repr(value)[:9]) for name in WISHES for value in NONSENSE if usable(name, value)}
    assert found == {
        ("direction", "-1"), ("direction", "1e+300"), ("waves", "-1"), ("waves", "1e+300"),
        ("style", "None"), ("keys", "None"), ("keys", "[]"),
        ("sun_side", "None"), ("sun_side", "''"),
        ("arrows", "None"), ("arrows", "[]"), ("water_kinds", "None"), ("water_kinds", "[]"),
    }  # fmt: skip


def test_several_fields_at_once_are_each_judged_alone() -> None:
    wish, refused = accepted({"seconds": None, "speed": 3.0, "loop": "yes", "style": "blue hour"}, BEFORE)
    assert wish == BEFORE.with_values({"speed": 3.0, "style": "blue hour"}) and set(refused) == {"seconds", "loop"}
    assert refused["seconds"] == "Choose a length in seconds between 0.2 and 600."
    assert json.loads(refusal_message(refused, wish))["fields"]["seconds"]["kept"] == 8.0


GARBAGE = [
    "", "nonsense", "3", "null", "[]", '["wish"]', '{"kind": "', "{}", '{"kind": null}', '{"kind": ["wish"]}',
    '{"kind": {"a": 1}}', '{"kind": "dance"}', '{"kind": "wish"}', '{"kind": "wish", "values": 3}',
    '{"kind": "wish", "values": [1, 2]}', '{"kind": "wish", "values": {"colour": 3}}', '{"kind": "ack", "more": 1}',
    '{"kind": "undo", "now": true}', "[" * 100_000, '{"kind":' * 50_000,
    '{"kind": "seek", "seconds": ' + "9" * 9999 + "}",
]  # fmt: skip


@pytest.mark.parametrize("text", GARBAGE, ids=lambda text: text[:30])
def test_garbage_gets_a_sentence(page: Page, text: str) -> None:
    page.line.receive(text)
    assert page.of("notice")[-1][0]["text"] == NOT_UNDERSTOOD
    pictures_come(page)


STROKE = {"number": 1, "points": [[0.5, 0.2], [0.6, 0.2]], "size": 0.2, "softness": 0.0, "paints": "freeze"}
MESSAGES: dict[str, dict[str, Any]] = {
    "seek": {"seconds": 1.0},
    "play": {"playing": True},
    "view": {"side": 512, "hidden": False},
    "stroke": STROKE,
    "mask": {"grow": 0.0, "feather": 0.004, "snap": True, "horizon": 0.5},
    "cards": {"shown": False},
    "fit": {"running": True},
}


@pytest.mark.parametrize("kind", MESSAGES)
def test_every_field_of_every_message_may_be_nonsense(page: Page, kind: str) -> None:
    for name in MESSAGES[kind]:
        for nonsense in NONSENSE:
            page.say(kind, **{**MESSAGES[kind], name: nonsense})
        page.say(kind, **{key: value for key, value in MESSAGES[kind].items() if key != name})
    page.say(kind, **MESSAGES[kind])
    assert all(header["text"].endswith((".", "page.")) for header, _ in page.of("notice"))
    times = [value for call, value in page.live.calls if call == "seek"]
    assert all(np.isfinite(value) and 0 <= value <= 600 for value in times)
    page.say("view", **MESSAGES["view"])
    pictures_come(page)


def test_a_wish_that_cannot_be_drawn_gives_way_to_the_one_before(
    page: Page,
    session: Session,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,  # noqa: F811
) -> None:
    draw = page.live.next_frame

    def next_frame(timeout: float) -> Any:
        frame = draw(timeout)
        if page.live.shown and page.live.shown[-1][1].motion.speed == 3.0:
            raise ZeroDivisionError("three")
        return frame

    monkeypatch.setattr(page.live, "next_frame", next_frame)
    page.say("wish", values={"speed": 2.0})
    for _ in range(2):
        pictures_come(page)
    page.say("wish", values={"speed": 3.0})
    for _ in range(IN_FLIGHT):
        page.say("ack")
    page.wait(lambda: page.of("notice"))
    assert page.of("notice")[-1][0]["text"] == NOT_DRAWN_SO
    page.wait(lambda: page.live.shown[-1][1].motion.speed == 2.0)
    pictures_come(page)
    assert session.wish.motion.speed == 2.0
    assert sum("ZeroDivisionError" in (record.exc_text or "") for record in caplog.records) == 1


def test_failures_that_last_are_tried_again_ever_more_rarely(
    page: Page, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    calls: list[float] = []
    draw = page.live.next_frame

    def next_frame(timeout: float) -> Any:
        calls.append(time.monotonic())
        if len(calls) < 4:
            raise MemoryError("full")
        return draw(timeout)

    monkeypatch.setattr(page.live, "next_frame", next_frame)
    pictures_come(page)
    gaps = np.diff(calls[:4])
    assert (gaps > [0.15, 0.3, 0.6]).all()
    assert sum("MemoryError" in (record.exc_text or "") for record in caplog.records) == 1


@pytest.mark.parametrize("kind", ["undo", "save_mask", "save_scene", "fit"])
def test_failures_in_other_threads_are_logged_and_told(
    page: Page,
    session: Session,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    kind: str,  # noqa: F811
) -> None:
    def fail(*arguments: object) -> None:
        raise RuntimeError("secret /root")

    assert session.studio is not None and session.studio.fit.wait(20)
    for name in ("edit", "full_masks", "clip_scene"):
        monkeypatch.setattr(session.studio, name, fail)
    monkeypatch.setattr(session.studio.fit, "resume", fail)
    page.say(kind, **MESSAGES.get(kind, {}))
    page.wait(lambda: page.of("notice"))
    assert page.of("notice")[-1][0]["text"] == NOT_DONE
    assert kind != "save_scene" or page.of("scene")[-1][0]["file"] is None, "the button is free again"
    assert any("secret" in (record.exc_text or "") for record in caplog.records)
    pictures_come(page)


def test_style_cards_that_fail_are_told(
    session: Session,
    engine: FakeEngine,
    landscape_pixels: np.ndarray,
    monkeypatch: pytest.MonkeyPatch,  # noqa: F811
) -> None:
    monkeypatch.setattr(FakeEngine, "style_pictures", lambda *arguments: 1 / 0)
    page = Page(session, engine)
    open_photo(session, engine, landscape_pixels)
    page.wait(lambda: page.of("notice"))
    assert "lights" in page.of("notice")[-1][0]["text"]
    pictures_come(page)
    page.line.close()


@pytest.mark.parametrize("name", CHOICES)
def test_clips_and_estimates_get_the_settings_own_sentence(name: str) -> None:
    values = choices_of(BEFORE)
    assert shot_of(values) == BEFORE and values["quality"] == STANDARD
    for nonsense in NONSENSE:
        if name in WISHES and usable(name, nonsense):
            continue
        with pytest.raises(LandscapeError, match=r"^(Choose|Give|Switch|Put) .*\.$"):
            shot_of({**values, name: nonsense})
        found = remembered(json.dumps({**values, name: nonsense}))
        if name in WISHES:
            assert found == {**values, name: Shot().shown(name)}
        else:
            assert found is None


def test_the_socket_outlives_garbage(tmp_path: Path, engine: FakeEngine, landscape_pixels: np.ndarray) -> None:  # noqa: F811
    store = SessionStore(tmp_path)
    identifier = store.create()
    open_photo(store.get(identifier), engine, landscape_pixels)
    client = TestClient(Starlette(routes=[live_route(store, engine)]))
    with client.websocket_connect(PATH) as line:
        line.send_text(identifier)
        line.send_bytes(b"\x00\xff")
        for text in GARBAGE:
            line.send_text(text)
        line.send_text(json.dumps({"kind": "wish", "values": {"seconds": None}}))
        told = []
        while not told or told[-1]["kind"] != "refused":
            message = line.receive()
            if message.get("text"):
                told.append(json.loads(message["text"]))
        assert sum(message["kind"] == "notice" for message in told) == 1 + len(GARBAGE)
        line.send_text(json.dumps({"kind": "ack"}))
        while not line.receive().get("bytes"):
            pass
    with client.websocket_connect(PATH) as line:
        line.send_bytes(b"\x00")
        assert line.receive()["code"] == 4404
