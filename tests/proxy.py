"""A small proxy that offers an app under a path, with WebSockets; run as ``python -m tests.proxy PORT TARGET PATH``.

Unlike the documented nginx it hands the path on to the app.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator

import httpx
import uvicorn
import websockets
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

OWN = {"content-length", "transfer-encoding", "connection", "content-encoding"}
"""Headers that each side writes itself."""


def proxy(target: str, path: str) -> Starlette:
    """The proxy.

    Args:
        target: Host and port of the app.
        path: The path, such as ``/studio``.
    """
    client = httpx.AsyncClient(base_url=f"http://{target}", timeout=None, trust_env=False)

    async def http(request: Request) -> Response:
        headers = [(name, value) for name, value in request.headers.items() if name not in OWN - {"content-length"}]
        passed = client.build_request(
            request.method, str(request.url.replace(scheme="", netloc="")), headers=headers, content=request.stream()
        )
        answer = await client.send(passed, stream=True)

        async def body() -> AsyncIterator[bytes]:
            try:
                async for block in answer.aiter_raw():
                    yield block
            finally:
                await answer.aclose()

        kept = {name: value for name, value in answer.headers.items() if name not in OWN - {"content-encoding"}}
        return StreamingResponse(body(), answer.status_code, kept)

    async def line(socket: WebSocket) -> None:
        await socket.accept()
        async with websockets.connect(f"ws://{target}{socket.url.path}", max_size=None, proxy=None) as other:

            async def down() -> None:
                async for message in other:
                    await (socket.send_text(message) if isinstance(message, str) else socket.send_bytes(message))

            falling = asyncio.create_task(down())
            with contextlib.suppress(WebSocketDisconnect, websockets.ConnectionClosed):
                while True:
                    await other.send(await socket.receive_text())
            falling.cancel()

    methods = ["GET", "HEAD", "POST", "PUT", "DELETE"]
    return Starlette(
        routes=[
            WebSocketRoute(f"{path}/{{rest:path}}", line),
            Route(path, http, methods=methods),
            Route(f"{path}/{{rest:path}}", http, methods=methods),
        ]
    )


if __name__ == "__main__":
    port, target, path = sys.argv[1:]
    uvicorn.run(proxy(target, path), host="127.0.0.1", port=int(port), log_level="warning", timeout_graceful_shutdown=1)
