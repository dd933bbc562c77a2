"""The booth: one visitor at a time, clips that expire, and nothing for strangers."""

from __future__ import annotations

import time
from pathlib import Path

import cv2
import numpy as np
import pytest
import segno
from PIL import Image
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.testclient import TestClient

from landscape.errors import LandscapeError
from landscape.output.video import probe_video
from landscape.ui.booth import booth as booth_module
from landscape.ui.booth.booth import Booth
from landscape.ui.booth.pickup import MOST_PICKUPS, PICKUP_TIME, PickupStore
from landscape.ui.server.booth_routes import OPEN_PATHS, booth_routes
from landscape.ui.server.network import VisitorsOnly, local_address
from landscape.ui.visitors.sessions import SessionStore
from tests.fake_engine import FakeEngine

ADDRESS = "http://192.168.1.20:7860"


@pytest.fixture
def clock() -> list[float]:
    return [0.0]


@pytest.fixture
def samples(tmp_path: Path, landscape_pixels: np.ndarray) -> dict[str, Path]:
    paths = {name: tmp_path / f"{name}.jpg" for name in ("sea", "hills")}
    for path in paths.values():
        Image.fromarray(landscape_pixels).save(path)
    return paths


@pytest.fixture
def engine() -> FakeEngine:
    return FakeEngine()


@pytest.fixture
def booth(tmp_path: Path, clock: list[float], samples: dict[str, Path], engine: FakeEngine, monkeypatch):
    short = booth_module.SHOT.with_values({"seconds": 0.5, "long_side": 64})
    monkeypatch.setattr(booth_module, "SHOT", short)
    folders = {name: tmp_path / name for name in ("sessions", "pickups", "clips", "arrivals")}
    for folder in folders.values():
        folder.mkdir()
    pickups = PickupStore(folders["pickups"], clock=lambda: clock[0])
    booth = Booth(SessionStore(folders["sessions"]), engine, pickups, samples, folders["clips"], ADDRESS)
    yield booth
    booth.close()


@pytest.fixture
def client(booth: Booth, tmp_path: Path) -> TestClient:
    guard = Middleware(VisitorsOnly, open_paths=OPEN_PATHS)
    app = Starlette(routes=booth_routes(booth, tmp_path / "arrivals"), middleware=[guard])
    return TestClient(app, client=("127.0.0.1", 50000))


def phone(client: TestClient) -> TestClient:
    return TestClient(client.app, client=("192.168.1.77", 50000))


def until(condition, seconds: float = 20.0):
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end
        time.sleep(0.02)
    return found


def clip_of(booth: Booth) -> str:
    return until(lambda: (booth.state()["visit"] or {}).get("clip"))


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def test_samples_get_clips_while_nobody_is_here(booth: Booth) -> None:
    until(lambda: booth.state()["clips"] == ["hills", "sea"])
    assert probe_video(booth.clips["sea"])["frames"] == 12


def test_a_visit_leaves_only_the_clip_to_fetch(
    booth: Booth, client: TestClient, clock: list[float], tmp_path: Path
) -> None:
    assert client.post("/landscape/booth/sample/sea").status_code == 200
    name = clip_of(booth)
    page = phone(client).get(f"/landscape/pickup/{name}")
    assert page.status_code == 200 and "30 more minutes" in page.text and "{{" not in page.text
    fetched = phone(client).get(f"/landscape/pickup/{name}/landscape.mp4?download")
    assert "attachment" in fetched.headers["content-disposition"]
    (tmp_path / "fetched.mp4").write_bytes(fetched.content)
    assert probe_video(tmp_path / "fetched.mp4")["frames"] == 12
    client.post("/landscape/booth/end")
    assert booth.state()["visit"] is None
    assert files(tmp_path / "sessions") == [] and files(tmp_path / "arrivals") == []
    assert phone(client).get(f"/landscape/pickup/{name}/landscape.mp4").status_code == 200
    clock[0] += PICKUP_TIME
    assert phone(client).get(f"/landscape/pickup/{name}").status_code == 404
    booth.pickups.sweep()
    assert files(tmp_path / "pickups") == []


def test_moods_are_made_once(booth: Booth, client: TestClient, engine: FakeEngine) -> None:
    client.post("/landscape/booth/sample/hills")
    first = clip_of(booth)
    client.post("/landscape/booth/mood/night")
    second = until(lambda: booth.state()["visit"].get("clip"))
    assert booth.state()["visit"]["mood"] == "night" and second != first
    client.post("/landscape/booth/mood/photo")
    assert booth.state()["visit"]["clip"] == first and booth.state()["visit"]["state"] == "done"
    assert "error" in client.post("/landscape/booth/mood/rainbow").json()


def test_a_phone_sends_a_photo_once(booth: Booth, client: TestClient, samples: dict[str, Path]) -> None:
    send = booth.state()["send"].removeprefix(ADDRESS)
    assert "Choose a photo" in phone(client).get(send).text
    data = samples["sea"].read_bytes()
    answer = phone(client).post(f"{send}/photo?name=IMG_1.JPG", content=data)
    assert answer.status_code == 200, answer.text
    assert clip_of(booth)
    assert phone(client).get(send).status_code == 404
    assert phone(client).post(f"{send}/photo?name=a.jpg", content=data).status_code == 410
    visit = booth.state()["visit"]["id"]
    now = booth.state()["send"].removeprefix(ADDRESS)
    assert phone(client).post(f"{now}/photo?name=a.jpg", content=data).status_code == 410
    assert booth.state()["visit"]["id"] == visit
    client.post("/landscape/booth/end")
    assert booth.state()["send"].removeprefix(ADDRESS) != now


@pytest.mark.parametrize(
    ("name", "data", "words"), [("a.jpg", b"no photo", "not a picture"), ("a.exe", b"x", "Choose")]
)
def test_what_is_no_photo_gets_a_sentence(
    booth: Booth, client: TestClient, tmp_path: Path, name: str, data: bytes, words: str
) -> None:
    send = booth.state()["send"].removeprefix(ADDRESS)
    answer = phone(client).post(f"{send}/photo?name={name}", content=data)
    assert answer.status_code == 400 and words in answer.json()["error"]
    assert booth.state()["visit"] is None and files(tmp_path / "arrivals") == []


def test_too_large_photos_are_refused_on_the_way(booth: Booth, client: TestClient, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr("landscape.ui.server.booth_routes.LARGEST_PHOTO", 1000)
    send = booth.state()["send"].removeprefix(ADDRESS)
    answer = phone(client).post(f"{send}/photo?name=a.jpg", content=b"x" * 5000)
    assert answer.status_code == 413 and files(tmp_path / "arrivals") == []


@pytest.mark.parametrize(
    "path",
    ["/", "/landscape/booth", "/landscape/booth/end", "/gradio_api/info", "/landscape/pickups", "/landscape/clips"],
)
def test_strangers_reach_nothing_else(client: TestClient, path: str) -> None:
    assert phone(client).get(path).status_code == 403
    assert phone(client).post(path).status_code == 403
    assert client.get("/landscape/booth").status_code == 200


def test_the_next_visitor_ends_the_last_visit_and_running_work(
    booth: Booth, client: TestClient, engine: FakeEngine, tmp_path: Path
) -> None:
    engine.delay = 0.05
    client.post("/landscape/booth/sample/sea")
    until(lambda: booth.state()["visit"]["state"] == "running")
    first = booth.state()["visit"]["id"]
    client.post("/landscape/booth/sample/hills")
    second = booth.state()["visit"]["id"]
    assert first != second and len(list((tmp_path / "sessions").iterdir())) == 1
    engine.delay = 0.0
    assert clip_of(booth)
    assert len(booth.pickups) == 1, "the stopped visit has nothing to fetch"


def test_failures_are_shown_and_the_booth_goes_on(
    booth: Booth, client: TestClient, engine: FakeEngine, monkeypatch
) -> None:
    def fail(*arguments: object) -> None:
        raise RuntimeError("secret")

    with monkeypatch.context() as patch:
        patch.setattr(engine, "open", fail)
        client.post("/landscape/booth/sample/sea")
        error = until(lambda: booth.state()["visit"].get("error"))
        assert "secret" not in error and error.endswith(".")
        client.post("/landscape/booth/end")
    client.post("/landscape/booth/sample/hills")
    assert clip_of(booth)


def test_without_a_network_there_is_no_code(tmp_path: Path, engine: FakeEngine) -> None:
    booth = Booth(SessionStore(tmp_path), engine, PickupStore(tmp_path), {}, tmp_path, None)
    assert booth.state() == {"clips": [], "send": None, "send_code": "", "visit": None}


def test_codes_lead_to_their_address(booth: Booth) -> None:
    address = booth.state()["send"]
    matrix = np.array(list(segno.make(address, micro=False, error="m").matrix_iter(scale=8, border=4)), np.uint8)
    text, _, _ = cv2.QRCodeDetector().detectAndDecode(np.where(matrix, 0, 255).astype(np.uint8))
    assert text == address
    assert booth.state()["send_code"].startswith("data:image/svg+xml")


def test_old_clips_make_room(tmp_path: Path) -> None:
    (tmp_path / "root").mkdir()
    clip = tmp_path / "a.mp4"
    clip.write_bytes(b"clip")
    store = PickupStore(tmp_path / "root")
    names = [store.publish(clip) for _ in range(MOST_PICKUPS + 2)]
    assert len(store) == MOST_PICKUPS == len(files(tmp_path / "root"))
    assert store.get(names[0]) is None and store.get(names[-1]) is not None
    assert len(set(names)) == len(names) and all(len(name) >= 20 for name in names)


def test_the_local_address_is_one_that_others_reach() -> None:
    address = local_address()
    assert address is None or not address.startswith("127.")


def test_a_stranger_cannot_choose_for_a_visitor(booth: Booth) -> None:
    with pytest.raises(LandscapeError, match="scan the code again"):
        booth.enter("guess", Path("a.jpg"))
