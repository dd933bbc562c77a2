"""The app under IPv6 addresses, and behind real proxies under a path."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from landscape.errors import LandscapeError
from landscape.output.video import probe_video
from landscape.ui.server.network import (
    VisitorsOnly,
    local_address,
    plain_host,
    require_free,
    require_root_path,
    url_host,
)
from tests.browser import ENGINE, PROJECT, Witness, asked, free_port, moves, running, set_seconds, wait_for
from tests.test_cli import within

PATH = "/studio"


def has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
        return True
    except OSError:
        return False


ipv6 = pytest.mark.skipif(not has_ipv6(), reason="this computer has no IPv6")


def test_ipv6_addresses_are_taken_with_and_without_brackets() -> None:
    assert [plain_host(host) for host in ("[::1]", "::", "127.0.0.1")] == ["::1", "::", "127.0.0.1"]
    assert [url_host(host) for host in ("::1", "10.0.0.2", "localhost")] == ["[::1]", "10.0.0.2", "localhost"]
    assert local_address("::") is None or ":" in str(local_address("::"))
    with pytest.raises(LandscapeError, match="no address"):
        require_free("::g", 7860)


@ipv6
def test_a_port_that_is_taken_beside_is_refused_with_a_sentence() -> None:
    """Gradio wants the port of 127.0.0.1 as well."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        with pytest.raises(LandscapeError, match="Port .* of 127.0.0.1 cannot be used"):
            require_free("::1", other.getsockname()[1])


@pytest.mark.parametrize(
    ("client", "own"),
    [("::1", True), ("::ffff:127.0.0.1", True), ("::ffff:10.0.0.2", False), ("fe80::1", False), ("", False)],
)
def test_a_booths_screen_is_known_over_ipv6(client: str, own: bool) -> None:
    guard = VisitorsOnly(lambda *values: None, ("/landscape/pickup/",))  # type: ignore[arg-type]
    assert guard._allowed({"client": (client, 1), "path": "/"}) == own


@ipv6
@pytest.mark.parametrize("host", ["::", "[::1]"])
def test_the_app_listens_on_ipv6(tmp_path: Path, host: str) -> None:
    code = ENGINE + f"serve(FakeEngine(), {host!r}, port={{port}}, browser=False)"
    for url in running(code, tmp_path, "[::1]"):
        page = urllib.request.urlopen(url, timeout=20).read().decode()
        assert f'"root":"{url}"' in page.replace(" ", "")


def test_root_paths() -> None:
    assert [require_root_path(path) for path in ("", "/", "studio", "/studio/", "/a/b-c.d")] == [
        "", "", "/studio", "/studio", "/a/b-c.d",
    ]  # fmt: skip
    for path in ("/a b", "/a//b", "http://host/studio", "/a?b", '/"x'):
        with pytest.raises(LandscapeError, match="like /studio"):
            require_root_path(path)
    refused = within("app", "--booth", "--root-path", "/studio")
    assert "behind a proxy" in str(refused.exception)


def nginx(folder: Path, port: int, target: int) -> list[str]:
    """Nginx with the very lines of the documentation."""
    text = (PROJECT / "docs" / "app.md").read_text(encoding="utf-8")
    location = re.search(r"```nginx\n(.*?)```", text, re.DOTALL)
    translation = re.search(r"`(map .*?)` beside", text, re.DOTALL)
    assert location and translation
    lines = location.group(1).replace("127.0.0.1:7860", f"127.0.0.1:{target}")
    places = "".join(
        f"{name}_temp_path {folder}/{name};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    config = folder / "nginx.conf"
    user = "user root;" if os.geteuid() == 0 else ""
    config.write_text(
        f"{user} daemon off; pid {folder}/pid; error_log {folder}/errors; worker_processes 1; events {{}}\n"
        f"http {{ access_log off; {places} {translation.group(1)}\n"
        f"server {{ listen 127.0.0.1:{port}; {lines} }} }}\n"
    )
    return ["nginx", "-c", str(config), "-e", f"{folder}/errors"]


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    code = ENGINE + f"serve(FakeEngine(delay=0.01), port={{port}}, browser=False, root_path='{PATH}')"
    yield from running(code, tmp_path_factory.mktemp("app"))


@pytest.fixture(params=["nginx", "a proxy that hands the path on"])
def proxied(request: pytest.FixtureRequest, app: str, tmp_path: Path) -> Iterator[str]:
    """The app's address behind a proxy."""
    port, target = free_port(), int(app.rsplit(":", 1)[1])
    if request.param == "nginx":
        if shutil.which("nginx") is None:
            pytest.skip("nginx is missing: install it with apt-get install nginx-light")
        command = nginx(tmp_path, port, target)
    else:
        command = [sys.executable, "-m", "tests.proxy", str(port), f"127.0.0.1:{target}", PATH]
    log = tmp_path / "proxy.log"
    with log.open("w") as output:
        process = subprocess.Popen(command, cwd=PROJECT, stdout=output, stderr=output)
    try:
        wait_for(f"http://127.0.0.1:{port}{PATH}", process, log)
        yield f"http://127.0.0.1:{port}{PATH}"
    finally:
        process.terminate()
        process.wait(20)


@pytest.mark.browser
def test_the_app_works_behind_a_proxy(browser: Browser, proxied: str, tmp_path: Path) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.set_default_timeout(60_000)
    witness = Witness(page, proxied)
    page.goto(proxied)  # without a slash at the end
    page.wait_for_selector("#samples img")
    page.set_input_files("#photo input[type=file]", PROJECT / "assets" / "mountain_lake.jpg")
    page.wait_for_selector(".stage[data-live]")
    moves(page)
    page.click("[data-panel-tab=export]")
    set_seconds(page, "0.4")
    page.click("#export")
    page.wait_for_selector(".clip[data-state=done]")
    with page.expect_download() as download:
        page.click(".clip >> text=Download video")
    download.value.save_as(tmp_path / "clip.mp4")
    assert probe_video(tmp_path / "clip.mp4")["frames"] == 12
    with page.expect_download() as download:
        page.click("text=Save the scene")
    assert download.value.suggested_filename.endswith(".landscape")
    name = asked(page, "landscape.session")
    page.reload()
    page.wait_for_selector(".stage[data-live]")
    assert asked(page, "landscape.session") == name
    expect(page.locator(".clip")).to_have_count(1)
    page.close()
    # The page's own address has no slash at its end here, and browsers ask the host's root, the proxy's, for an icon.
    fine = (f"request: {proxied}", "/favicon.ico")
    assert [line for line in witness.complaints if "AbortError" not in line and not line.endswith(fine)] == []


def test_programs_reach_the_app_behind_a_proxy(proxied: str, tmp_path: Path) -> None:
    from gradio_client import Client, handle_file

    client = Client(proxied, verbose=False, download_files=str(tmp_path))
    facts = client.predict(photo=handle_file(PROJECT / "assets" / "sea_coast.jpg"), quality="Quick", api_name="/open")
    assert facts["name"] == "sea_coast"
    clip = client.predict(quality="Quick", seconds=0.4, long_side=256, api_name="/animate")
    assert probe_video(clip)["frames"] == 12
