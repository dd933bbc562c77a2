"""The address of the live line."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading

from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from landscape.errors import LandscapeError
from landscape.ui.live.line import LiveLine
from landscape.ui.live.messages import ENDED
from landscape.ui.visitors.engine import Engine
from landscape.ui.visitors.sessions import SessionStore

logger = logging.getLogger(__name__)

PATH = "/landscape/live"
_PATIENCE = 20.0
"""Seconds for the page to say which session it belongs to."""


def live_route(store: SessionStore, engine: Engine) -> WebSocketRoute:
    """The live line as a route; the page's first message is the session's identifier, which nobody can guess."""

    async def line(socket: WebSocket) -> None:
        await socket.accept()
        try:
            identifier = await asyncio.wait_for(_heard(socket), _PATIENCE)
            session = store.get(identifier)
        except (LandscapeError, asyncio.TimeoutError):
            await socket.close(ENDED)
            return
        except WebSocketDisconnect:
            return
        loop, outbox = asyncio.get_running_loop(), asyncio.Queue[str | bytes]()

        def send(message: str | bytes) -> None:
            with contextlib.suppress(RuntimeError):  # the server has ended
                loop.call_soon_threadsafe(outbox.put_nowait, message)

        live = LiveLine(session, engine, send)
        threading.Thread(target=live.run, name="landscape-live", daemon=True).start()
        posting = asyncio.create_task(_post(socket, outbox))
        try:
            while True:
                live.receive(await _heard(socket))
                with contextlib.suppress(LandscapeError):
                    store.get(identifier)  # whoever looks on uses the session
        except (WebSocketDisconnect, RuntimeError):
            logger.debug("a page has left")
        finally:
            posting.cancel()
            live.close()

    return WebSocketRoute(PATH, line)


async def _heard(socket: WebSocket) -> str:
    """The next message as text; one of bytes, which no page of ours sends, is none that can be understood.

    Raises:
        WebSocketDisconnect: If the page has left.
    """
    message = await socket.receive()
    if message["type"] == "websocket.disconnect":
        raise WebSocketDisconnect(message.get("code", 1000))
    return message.get("text") or ""


async def _post(socket: WebSocket, outbox: asyncio.Queue[str | bytes]) -> None:
    while True:
        message = await outbox.get()
        if isinstance(message, bytes):
            await socket.send_bytes(message)
        else:
            await socket.send_text(message)
