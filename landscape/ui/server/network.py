"""Who may reach the app, and under which address phones find it."""

from __future__ import annotations

import ipaddress
import socket

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send


def local_address() -> str | None:
    """This computer's address in the local network, or None where there is none.

    Nothing is sent: choosing a way to an address is enough to learn one's own.
    """
    for target in ("10.255.255.255", "192.168.255.255", "172.31.255.255"):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            try:
                probe.connect((target, 9))
                address = str(probe.getsockname()[0])
            except OSError:
                continue
        if not ipaddress.ip_address(address).is_loopback:
            return address
    return None


class VisitorsOnly:
    """Lets other computers reach some addresses only; this computer reaches all.

    Args:
        app: What is guarded.
        open_paths: Beginnings of the addresses that others may reach.
    """

    def __init__(self, app: ASGIApp, open_paths: tuple[str, ...]) -> None:
        self._app = app
        self._open = open_paths

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request or pass it on."""
        if scope["type"] in ("http", "websocket") and not self._allowed(scope):
            if scope["type"] == "http":
                await PlainTextResponse("This address is not for visitors.", 403)(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _allowed(self, scope: Scope) -> bool:
        client = (scope.get("client") or ("", 0))[0]
        try:
            own = ipaddress.ip_address(client).is_loopback
        except ValueError:
            own = False
        return own or str(scope.get("path", "")).startswith(self._open)
