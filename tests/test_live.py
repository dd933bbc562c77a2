"""The live line between a page and its studio, without a browser and without models."""

from __future__ import annotations

import json
import struct
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from landscape.photo.read import Photo
from landscape.scene.shot import Shot
from landscape.settings import STYLES, FitSettings
from landscape.ui.live.line import LiveLine
from landscape.ui.live.receiver import IN_FLIGHT
from landscape.ui.visitors.sessions import Session
from landscape.ui.visitors.studio import Studio
from tests.fake_engine import FakeEngine, FakeLive


class Page:
    """The other end of the line."""

    def __init__(self, session: Session, engine: FakeEngine) -> None:
        self.messages: list[tuple[dict[str, Any], bytes]] = []
        self.line = LiveLine(session, engine, self._take)
        self.live: FakeLive = self.line._live  # type: ignore[assignment]
        threading.Thread(target=self.line.run, daemon=True).start()

    def _take(self, message: str | bytes) -> None:
        if isinstance(message, str):
            self.messages.append((json.loads(message), b""))
            return
        length = struct.unpack(">I", message[:4])[0]
        self.messages.append((json.loads(message[4 : 4 + length]), message[4 + length :]))

    def say(self, kind: str, **values: object) -> None:
        self.line.receive(json.dumps({"kind": kind, **values}))

    def of(self, kind: str) -> list[tuple[dict[str, Any], bytes]]:
        return [message for message in self.messages if message[0]["kind"] == kind]

    def wait(self, condition: Callable[[], object]) -> None:
        end = time.monotonic() + 20
        while not condition():
            assert time.monotonic() < end, [header for header, _ in self.messages][-5:]
            time.sleep(0.01)


@pytest.fixture
def engine() -> FakeEngine:
    return FakeEngine()


@pytest.fixture
def session(tmp_path: Path) -> Session:
    return Session(tmp_path, 0.0)


@pytest.fixture
def page(session: Session, engine: FakeEngine) -> Iterator[Page]:
    page = Page(session, engine)
    yield page
    page.line.close()
    assert page.live.closed


def open_photo(session: Session, engine: FakeEngine, pixels: np.ndarray, steps: int = 1) -> Studio:
    photo = Photo(pixels, "hill")
    session.put(Studio(engine, photo, engine.find_masks(photo), FitSettings(latent_steps=steps)))
    assert session.studio is not None
    return session.studio


STROKE = {"number": 1, "points": [[0.5, 0.2], [0.6, 0.2]], "size": 0.2, "softness": 0.0, "paints": "freeze"}


def test_a_photo_arrives_with_its_masks_and_pictures_follow(
    page: Page, session: Session, engine: FakeEngine, landscape_pixels: np.ndarray
) -> None:
    open_photo(session, engine, landscape_pixels)
    page.wait(lambda: len(page.of("frame")) == IN_FLIGHT and page.of("fit"))
    header, picture = page.of("photo")[0]
    assert (header["width"], header["height"], header["name"]) == (128, 96, "hill")
    assert cv2.imdecode(np.frombuffer(picture, np.uint8), cv2.IMREAD_COLOR).shape == (96, 128, 3)
    layers = cv2.imdecode(np.frombuffer(page.of("mask")[0][1], np.uint8), cv2.IMREAD_COLOR)
    assert layers.shape == (2 * 96, 128, 3) and layers[96:].min() == 255, "below the matte, how certain it is"
    assert layers[5, 60, 2] > 250 and layers[90, 60, 1] > 250, "red is the sky and green the water, in RGB"
    time.sleep(0.1)
    assert len(page.of("frame")) == IN_FLIGHT, "no more pictures go out than the page has shown"
    page.say("ack")
    page.wait(lambda: len(page.of("frame")) == IN_FLIGHT + 1)


def test_wishes_change_the_preview_and_the_newest_is_kept(
    page: Page, session: Session, engine: FakeEngine, landscape_pixels: np.ndarray
) -> None:
    open_photo(session, engine, landscape_pixels)
    page.wait(lambda: page.live.shown)
    page.say("wish", values={"direction": 200, "style": "deep night", "sky": 0.5})
    _, shot = page.live.shown[-1]
    motion, light = shot.motion, shot.light
    assert (motion.direction, motion.sky, light.style) == (200.0, 0.5, "deep night")
    assert session.wish == Shot().with_values({"direction": 200, "style": "deep night", "sky": 0.5})
    page.say("wish", values={"day_cycle": True, "keys": [{"time": 0.5, "style": "blue hour"}]})
    assert page.live.shown[-1][1].light.keys[0].style == "blue hour"
    page.say("play", playing=False)
    page.say("seek", seconds=2.5)
    assert page.live.calls[-2:] == [("play", False), ("seek", 2.5)]


def test_a_stroke_changes_masks_and_preview_and_can_be_undone(
    page: Page, session: Session, engine: FakeEngine, landscape_pixels: np.ndarray
) -> None:
    studio = open_photo(session, engine, landscape_pixels)
    page.wait(lambda: page.live.shown)
    page.say("stroke", **STROKE)
    page.wait(lambda: len(page.of("mask")) == 2)
    header, _ = page.of("mask")[-1]
    assert header["undo"] and header["touched"] and header["stroke"] == 1
    frozen = page.live.shown[-1][0].masks.freeze
    assert frozen[19, 70] > 0.9 and frozen[80, 70] < 0.1
    assert studio.full_masks().freeze[19, 70] > 0.9
    page.say("undo")
    page.wait(lambda: len(page.of("mask")) == 3)
    assert not page.of("mask")[-1][0]["undo"] and page.of("mask")[-1][0]["redo"]
    assert page.live.shown[-1][0].masks.freeze.max() == 0
    page.say("mask", grow=0.0, feather=0.004, snap=True, horizon=0.25)
    page.wait(lambda: page.live.shown[-1][0].masks.horizon == 0.25)
    page.say("save_mask")
    page.wait(lambda: page.of("matte"))
    picture = cv2.imdecode(np.frombuffer(page.of("matte")[0][1], np.uint8), cv2.IMREAD_UNCHANGED)
    assert picture.dtype == np.uint16 and (picture == 65535).mean(axis=(0, 1)).min() > 0.2  # certainty, water, sky


def test_the_model_is_fitted_again_when_much_else_moves(
    session: Session, engine: FakeEngine, landscape_pixels: np.ndarray
) -> None:
    studio = open_photo(session, engine, landscape_pixels)
    assert studio.fit.wait(20) and not studio.refit()
    first = studio.fit
    studio.edit(lambda editor: editor.replace(editor.found.certain(
        np.ones((96, 128), np.float32), *np.zeros((2, 96, 128), np.float32), 0.5
    )))  # fmt: skip
    assert studio.refit() and studio.fit is not first and studio.fit.wait(20)
    assert len(engine.fits) == 2 and studio.clip_scene().masks.sky.mean() > 0.95


def test_the_fit_rests_at_a_change_and_the_preview_spares_the_fit(
    page: Page, session: Session, engine: FakeEngine, landscape_pixels: np.ndarray
) -> None:
    engine.delay = 0.05
    studio = open_photo(session, engine, landscape_pixels, steps=1000)
    page.wait(lambda: page.live.shown and page.live.sparing)
    assert not studio.fit.done
    before = studio.fit.gave_way
    page.say("wish", values={"direction": 200})
    page.wait(lambda: not page.live.sparing)
    assert studio.fit.gave_way > before
    studio.fit.cancel()


def test_pictures_say_how_many_changes_they_show(
    page: Page, session: Session, engine: FakeEngine, landscape_pixels: np.ndarray
) -> None:
    open_photo(session, engine, landscape_pixels)
    page.wait(lambda: page.of("frame"))
    first = page.of("frame")[-1][0]["changes"]
    for direction in (200, 210):
        page.say("wish", values={"direction": direction})
    for _ in range(2 * IN_FLIGHT):
        page.say("ack")
    page.wait(lambda: page.of("frame")[-1][0]["changes"] == first + 2)


def test_style_cards_come_when_the_visitor_rests(
    page: Page, session: Session, engine: FakeEngine, landscape_pixels: np.ndarray
) -> None:
    open_photo(session, engine, landscape_pixels)
    page.wait(lambda: len(page.of("card")) >= len(STYLES))
    assert [header["style"] for header, _ in page.of("card")][: len(STYLES)] == list(STYLES)
    assert page.of("light")[0][0] == {"kind": "light", "style": "light sunset", "sun_side": 0.2}


@pytest.mark.parametrize(
    "message",
    ["nonsense", "{}", '{"kind": "dance"}', '{"kind": "stroke", "number": 1}', '{"kind": "wish", "values": 3}',
     '{"kind": "stroke", "number": 1, "points": [[1]], "size": 1, "softness": 0, "paints": "sky"}'],
)  # fmt: skip
def test_what_cannot_be_understood_gets_a_sentence(page: Page, message: str) -> None:
    page.line.receive(message)
    assert page.of("notice")[-1][0]["text"].endswith((".", "page."))
