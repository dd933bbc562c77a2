"""The app's own addresses beside Gradio's: a visitor's clips, for pages that come and go."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

from landscape.errors import LandscapeError
from landscape.output.formats import FORMATS
from landscape.scene.files import SUFFIX
from landscape.ui.sentences import told
from landscape.ui.visitors.exports import Exports
from landscape.ui.visitors.sessions import SessionStore

PREFIX = "/landscape"
SESSION_HEADER = "x-landscape-session"
PRIVATE = {"Cache-Control": "private, no-store", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}
_TYPES = {form.suffix: form.media_type for form in FORMATS.values()} | {
    ".json": "application/json",
    SUFFIX: "application/zip",
}


def clip_routes(store: SessionStore, exports: Exports) -> list[Route]:
    """Addresses of a visitor's clips.

    * ``GET /landscape/clips``: what the page shows of them
    * ``POST /landscape/clips/NAME/stop``, ``keep`` or ``remove``
    * ``GET /landscape/file/NAME/FILE``: a written file; parts of it as players ask for them

    The first two want the session in the header :data:`SESSION_HEADER`, which no other site can send.

    Args:
        store: The sessions.
        exports: The clips.
    """
    actions: dict[str, Callable[[str, str], None]] = {
        "stop": exports.stop,
        "keep": exports.keep,
        "remove": exports.remove,
    }

    def listing(request: Request) -> Response:
        return _answer(lambda: exports.listing(_session(request)))

    def act(request: Request) -> Response:
        action = actions.get(request.path_params["action"])
        if action is None:
            return Response(status_code=404)
        return _answer(lambda: action(_session(request), request.path_params["name"]))

    def file(request: Request) -> Response:
        path = store.file(request.path_params["name"])
        if path is None or path.name != request.path_params["file"] or not path.is_file():
            return Response("This file is gone: files are deleted after an hour.", 404, PRIVATE, "text/plain")
        kind = "attachment" if "download" in request.query_params else "inline"
        return FileResponse(
            path, 200, PRIVATE, _TYPES.get(path.suffix.lower()), filename=path.name, content_disposition_type=kind
        )

    return [
        Route(f"{PREFIX}/clips", listing),
        Route(f"{PREFIX}/clips/{{name}}/{{action}}", act, methods=["POST"]),
        Route(f"{PREFIX}/file/{{name}}/{{file}}", file),
    ]


def _session(request: Request) -> str:
    return request.headers.get(SESSION_HEADER, "")


def _answer(work: Callable[[], Any]) -> Response:
    try:
        return JSONResponse(work(), headers=PRIVATE)
    except LandscapeError as error:
        return JSONResponse({"error": told(error)}, 410, PRIVATE)
