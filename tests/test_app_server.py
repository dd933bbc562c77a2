"""The app's server: its named endpoints through ``gradio_client``, private files and clear refusals."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import numpy as np
import pytest
from PIL import Image

from landscape.errors import LandscapeError
from landscape.output.video import probe_video
from landscape.settings import PHOTO_LIGHT
from landscape.ui.server import serve
from landscape.ui.visitors.handlers import Handlers
from landscape.ui.visitors.sessions import SessionStore
from tests.fake_engine import FakeEngine


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, SessionStore]]:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    from landscape.ui.page.page import build

    sessions = tmp_path / "sessions"
    sessions.mkdir()
    store = SessionStore(sessions)
    page = build(Handlers(store, FakeEngine()), store, serve.ASSETS)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    _, url, _ = page.launch(
        server_name="127.0.0.1", server_port=port, prevent_thread_lock=True, quiet=True, share=False, ssr_mode=False
    )
    yield url, store
    page.close()


def test_named_endpoints_open_and_animate(app: tuple[str, SessionStore], tmp_path: Path) -> None:
    from gradio_client import Client, handle_file

    url, store = app
    photo = tmp_path / "sea.png"
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (96, 128, 3), dtype=np.uint8)).save(photo)
    client = Client(url, verbose=False, download_files=str(tmp_path / "downloads"))
    endpoints = set(client.view_api(return_format="dict")["named_endpoints"])
    assert endpoints == {"/open", "/use_mask", "/use_weights", "/frame", "/animate", "/animate_recipe"}
    facts = client.predict(photo=handle_file(photo), quality="Quick", api_name="/open")
    assert (facts["width"], facts["height"]) == (128, 96) and facts["sky"] == pytest.approx(0.5, abs=0.05)
    wish = {"quality": "Quick", "speed": 2.5, "style": PHOTO_LIGHT, "seconds": 0.3, "long_side": 64}
    video = client.predict(**wish, api_name="/animate")
    assert probe_video(video)["frames"] == 9
    again = client.predict(recipe=handle_file(video), api_name="/animate_recipe")
    assert probe_video(again)["metadata"]["motion"] == probe_video(video)["metadata"]["motion"]
    picture = client.predict(quality="Quick", seconds=0.3, long_side=64, fps=10, format="gif", api_name="/animate")
    with Image.open(picture) as image:
        assert (image.size, image.n_frames) == ((64, 48), 3)
    frame = client.predict(time=0.2, seconds=1, long_side=96, api_name="/frame")
    with Image.open(frame) as image:
        assert image.size == (96, 72)
    mask = tmp_path / "mask.png"
    Image.new("L", (128, 96), 2).save(mask)
    assert client.predict(mask=handle_file(mask), api_name="/use_mask")["water"] == 1.0
    with pytest.raises(Exception, match="time between"):
        client.predict(time=7, seconds=1, api_name="/frame")
    stranger = Client(url, verbose=False)
    with pytest.raises(Exception, match="reload"):
        stranger.predict(**wish, api_name="/animate")
    assert len(store) == 1


@pytest.mark.parametrize(
    "place",
    ["/etc/hostname", "app.py", "landscape/cli.py", "../etc/hostname", "/proc/self/environ", "http://127.0.0.1:1/"],
)
def test_no_other_file_of_the_computer_is_reached(app: tuple[str, SessionStore], place: str) -> None:
    url, store = app
    folder = store.get(store.create()).folder
    for path in (f"gradio_api/file={place}", f"file={place}", f"static/../{place}", f"landscape/file/x/{place}"):
        answer = httpx.get(f"{url}/{path}", follow_redirects=False)
        assert answer.status_code in (301, 302, 307, 400, 403, 404, 405) and "location" not in answer.headers, path
    assert httpx.get(f"{url}/gradio_api/file={folder}").status_code in (403, 404)


def test_a_taken_port_is_refused_with_a_sentence() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        with pytest.raises(LandscapeError, match="--port"):
            serve.require_free("127.0.0.1", other.getsockname()[1])
    with pytest.raises(LandscapeError, match="between 1 and 65535"):
        serve.require_free("127.0.0.1", 70000)
    with pytest.raises(LandscapeError, match="no address"):
        serve.require_free("no.such.host.invalid", 7860)


def test_files_lie_in_a_folder_of_the_users_own() -> None:
    private = serve.private_folder()
    folder = private.path
    assert folder.is_dir() and folder.stat().st_mode & 0o077 == 0
    assert os.path.basename(folder).startswith("landscape-")
    (folder / "sessions").mkdir()
    private.close()
    assert not folder.exists()
