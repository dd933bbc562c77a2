"""Photos of 50 megapixels through the app's own handlers and the real models."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np
import pytest

from landscape.output.video import probe_video
from landscape.photo.read import photo_size
from landscape.settings import NATIVE
from landscape.ui.visitors.clips import Clip
from landscape.ui.visitors.controls import shot_of
from landscape.ui.visitors.engine import Engine
from landscape.ui.visitors.handlers import Handlers
from landscape.ui.visitors.sessions import SessionStore

WIDTH, HEIGHT = 8660, 5773
MOST_MORE = 2200
"""Megabytes that a native clip of such a photo may take more than the open app."""


@pytest.fixture
def large(tmp_path: Path) -> Path:
    path = tmp_path / "large.jpg"
    sample = cv2.imread(str(Path(__file__).parents[1] / "assets" / "alpine_clouds.jpg"))
    large = cv2.resize(sample, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)
    noise = np.random.default_rng(0).integers(-8, 9, (HEIGHT, WIDTH, 1), np.int16)
    cv2.imwrite(str(path), np.clip(large + noise, 0, 255).astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, 92])
    return path


def resident() -> float:
    """Megabytes that the process holds."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


@contextmanager
def peak() -> Iterator[list[float]]:
    """Megabytes at most, in the one place of the list after the block."""
    most, ended = [resident()], threading.Event()

    def watch() -> None:
        while not ended.wait(0.02):
            most[0] = max(most[0], resident())

    watching = threading.Thread(target=watch)
    watching.start()
    try:
        yield most
    finally:
        ended.set()
        watching.join()


@pytest.mark.slow
def test_fifty_megapixels_become_a_native_clip(large: Path, tmp_path: Path) -> None:
    (tmp_path / "sessions").mkdir()
    store = SessionStore(tmp_path / "sessions")
    handlers = Handlers(store, Engine())
    assert photo_size(large) == (WIDTH, HEIGHT)
    identifier = store.create()
    list(handlers.open(identifier, large, "Quick"))
    studio = store.get(identifier).studio
    assert studio is not None and studio.size == (WIDTH, HEIGHT) and max(studio.photo.pixels.shape) < WIDTH
    assert studio.fit.wait(600)
    before = resident()
    with peak() as most:
        wish = {"quality": "Quick", "seconds": 0.2, "fps": 10, "long_side": NATIVE}
        job = handlers.exports.submit(identifier, shot_of(wish))
        assert job.ended.wait(900)
    assert isinstance(job.result, Clip), job.error
    facts = probe_video(job.result.path)
    height = round(NATIVE * HEIGHT / WIDTH)
    assert (facts["width"], facts["height"]) == (NATIVE, height + height % 2)
    assert most[0] - before < MOST_MORE
