"""The pages of a user study: a question, its clips, and where answers go."""

from __future__ import annotations

import hashlib
import re
import secrets
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from landscape.errors import LandscapeError
from landscape.evaluation.study import CHOICES, Asked, Question, Study
from landscape.ui.page.widgets import STATIC
from landscape.ui.sentences import told
from landscape.ui.server.network import require_free, url_host
from landscape.ui.server.routes import PRIVATE

_ASSESSOR = re.compile(r"[A-Za-z0-9_-]{8,64}")
_LONGEST = 2000
"""Bytes of an answer."""
_TYPES = {".mp4": "video/mp4", ".webm": "video/webm"}


def study_app(study: Study) -> Starlette:
    """The pages of a study. What is played has a name that tells nothing of who made it."""
    secret = secrets.token_bytes(16)
    films = {_hidden(secret, question, index): path for question in study.questions.values()
             for index, path in enumerate(question.paths)}  # fmt: skip

    def page(request: Request) -> Response:
        text = (STATIC / "study.html").read_text(encoding="utf-8")
        for name in ("study.css", "study.js"):
            text = text.replace(f"/* {name} */", (STATIC / name).read_text(encoding="utf-8"))
        return HTMLResponse(text, headers=PRIVATE)

    def shown(asked: Asked | None) -> dict[str, Any]:
        if asked is None:
            return {"over": True}
        question = asked.question
        names = [_hidden(secret, question, index) for index in range(len(question.paths))]
        return {
            "over": False,
            "name": _hidden(secret, question, -1),
            "kind": question.kind,
            "films": [f"/film/{name}" for name in (names[::-1] if asked.mirrored else names)],
            "choices": CHOICES[question.kind],
            "number": asked.number + 1,
            "total": asked.total,
        }

    questions = {_hidden(secret, question, -1): question.name for question in study.questions.values()}

    async def ask(request: Request) -> Response:
        assessor = request.query_params.get("assessor", "")
        if not _ASSESSOR.fullmatch(assessor):
            return _sorry("Load the page again: it has lost its name.")
        return JSONResponse(shown(await run_in_threadpool(study.ask, assessor)), headers=PRIVATE)

    async def answer(request: Request) -> Response:
        body = await request.body()
        try:
            given = await request.json() if len(body) <= _LONGEST else {}
            assessor, name, choice = (str(given[key]) for key in ("assessor", "name", "choice"))
        except (ValueError, KeyError, TypeError):
            return _sorry("This is no answer: load the page again.")
        if not _ASSESSOR.fullmatch(assessor):
            return _sorry("Load the page again: it has lost its name.")
        try:
            await run_in_threadpool(study.answer, assessor, questions.get(name, ""), choice)
        except LandscapeError as error:
            return _sorry(told(error))
        return JSONResponse(shown(await run_in_threadpool(study.ask, assessor)), headers=PRIVATE)

    def film(request: Request) -> Response:
        path = films.get(request.path_params["name"])
        if path is None or not path.is_file():
            return Response(status_code=404)
        return FileResponse(path, 200, PRIVATE, _TYPES[path.suffix.lower()])

    return Starlette(
        routes=[
            Route("/", page),
            Route("/ask", ask),
            Route("/answer", answer, methods=["POST"]),
            Route("/film/{name}", film),
        ]
    )


def serve_study(study: Study, host: str, port: int) -> None:
    """Serve a study until it is interrupted.

    Raises:
        LandscapeError: If the port cannot be used.
    """
    import uvicorn

    require_free(host, port)
    uvicorn.run(study_app(study), host=host, port=port, log_level="warning")


def study_address(host: str, port: int) -> str:
    """Where a browser on this computer finds the study."""
    return f"http://{url_host('127.0.0.1' if host in ('0.0.0.0', '') else host)}:{port}"


def _hidden(secret: bytes, question: Question, index: int) -> str:
    """A name of a question, or of one of its clips, that tells nothing."""
    text = f"{question.name}\n{index}".encode()
    return hashlib.blake2b(text, key=secret, digest_size=12).hexdigest()


def _sorry(sentence: str) -> Response:
    return JSONResponse({"error": sentence}, 400, PRIVATE)
