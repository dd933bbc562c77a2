"""The booth's addresses: its screen's, and those that visitors' phones reach."""

from __future__ import annotations

import html
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from landscape.errors import LandscapeError
from landscape.ui.booth.booth import Booth
from landscape.ui.page.panels import PHOTO_TYPES
from landscape.ui.page.widgets import STATIC
from landscape.ui.sentences import told
from landscape.ui.server.routes import PREFIX, PRIVATE

OPEN_PATHS = (f"{PREFIX}/pickup/", f"{PREFIX}/send/")
"""What visitors' phones reach."""
LARGEST_PHOTO = 100 * 2**20
"""Bytes that a phone may send."""
_GONE = "This video is gone: videos can be fetched for half an hour."


def booth_routes(booth: Booth, folder: Path) -> list[Route]:
    """Addresses of a booth.

    Args:
        booth: The booth.
        folder: Existing private folder for photos on their way in.
    """

    def state(request: Request) -> Response:
        return JSONResponse(booth.state(), headers=PRIVATE)

    def sample(request: Request) -> Response:
        path = booth.samples.get(request.path_params["name"])
        return _answer(lambda: booth.visit(path)) if path else Response(status_code=404)

    def mood(request: Request) -> Response:
        return _answer(lambda: booth.choose(request.path_params["name"]))

    def end(request: Request) -> Response:
        return _answer(booth.end)

    def clip(request: Request) -> Response:
        path = booth.clips.get(request.path_params["name"])
        return FileResponse(path, media_type="video/mp4") if path else Response(status_code=404)

    def photo(request: Request) -> Response:
        path = booth.samples.get(request.path_params["name"])
        return FileResponse(path) if path else Response(status_code=404)

    def pickup(request: Request) -> Response:
        name = request.path_params["name"]
        if booth.pickups.get(name) is None:
            return _page("sorry.html", 404, sentence=_GONE)
        return _page("fetch.html", name=name, minutes=str(booth.pickups.minutes_left(name)))

    def fetch(request: Request) -> Response:
        path = booth.pickups.get(request.path_params["name"])
        if path is None:
            return Response(_GONE, 404, PRIVATE, "text/plain")
        kind = "attachment" if "download" in request.query_params else "inline"
        return FileResponse(path, 200, PRIVATE, "video/mp4", filename="landscape.mp4", content_disposition_type=kind)

    def door(request: Request) -> Response:
        if not booth.is_open(request.path_params["door"]):
            return _page("sorry.html", 404, sentence="This code was used already: scan the one on the screen.")
        return _page("send.html", types=",".join(PHOTO_TYPES))

    async def send(request: Request) -> Response:
        suffix = Path(request.query_params.get("name", "")).suffix.lower()
        if suffix not in PHOTO_TYPES:
            return JSONResponse({"error": "Choose a JPEG, PNG, WebP, TIFF or HEIC photo."}, 400, PRIVATE)
        if not booth.is_open(request.path_params["door"]):
            return JSONResponse({"error": "Somebody else is at the screen: try again when it is free."}, 410, PRIVATE)
        with tempfile.TemporaryDirectory(dir=folder) as place:
            path = Path(place) / f"photo{suffix}"
            with path.open("wb") as file:
                async for block in request.stream():
                    file.write(block)
                    if file.tell() > LARGEST_PHOTO:
                        return JSONResponse({"error": "This photo is too large: choose another one."}, 413, PRIVATE)
            enter: Callable[[], Any] = lambda: booth.enter(request.path_params["door"], path)  # noqa: E731
            return await run_in_threadpool(_answer, enter)

    return [
        Route(f"{PREFIX}/booth", state),
        Route(f"{PREFIX}/booth/sample/{{name}}", sample, methods=["POST"]),
        Route(f"{PREFIX}/booth/mood/{{name}}", mood, methods=["POST"]),
        Route(f"{PREFIX}/booth/end", end, methods=["POST"]),
        Route(f"{PREFIX}/booth/clip/{{name}}.mp4", clip),
        Route(f"{PREFIX}/booth/photo/{{name}}.jpg", photo),
        Route(f"{PREFIX}/pickup/{{name}}", pickup),
        Route(f"{PREFIX}/pickup/{{name}}/landscape.mp4", fetch),
        Route(f"{PREFIX}/send/{{door}}", door),
        Route(f"{PREFIX}/send/{{door}}/photo", send, methods=["POST"]),
    ]


def _page(file: str, status: int = 200, **words: str) -> Response:
    """A small page for phones; ``{{word}}`` in it is replaced."""
    text = (STATIC / "phone" / file).read_text(encoding="utf-8")
    style = (STATIC / "phone" / "phone.css").read_text(encoding="utf-8")
    for word, value in words.items():
        text = text.replace(f"{{{{{word}}}}}", html.escape(value))
    return HTMLResponse(text.replace("/* style */", style), status, PRIVATE)


def _answer(work: Callable[[], Any]) -> Response:
    try:
        work()
        return JSONResponse({}, headers=PRIVATE)
    except LandscapeError as error:
        return JSONResponse({"error": told(error)}, 400, PRIVATE)
