"""Who may reach the app, and under which address phones find it."""

from __future__ import annotations

import ipaddress
import os
import re
import socket

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from landscape.errors import LandscapeError

ANY_ADDRESS = {"0.0.0.0": "127.0.0.1", "::": "::1"}
"""What stands for all addresses of this computer, and the one of them that it has for itself."""
_TARGETS = {
    socket.AF_INET: ("10.255.255.255", "192.168.255.255", "172.31.255.255"),
    socket.AF_INET6: ("fd00::1", "2001:db8::1"),
}
_ROOT_PATH = re.compile(r"(/[A-Za-z0-9._~-]+)+")


def plain_host(host: str) -> str:
    """An address to listen on as sockets take it: IPv6 addresses without the brackets that they have in a URL."""
    return host[1:-1] if host.startswith("[") and host.endswith("]") else host


def url_host(host: str) -> str:
    """An address as it stands in a URL: IPv6 addresses in brackets."""
    return f"[{host}]" if ":" in host else host


def require_root_path(path: str) -> str:
    """The path under which a proxy offers the app, with a slash at its beginning and none at its end; empty for none.

    Raises:
        LandscapeError: If it is no path.
    """
    plain = path.strip("/")
    if plain and _ROOT_PATH.fullmatch(f"/{plain}") is None:
        raise LandscapeError("Give --root-path as the path in the proxy's address, like /studio.")
    return f"/{plain}" if plain else ""


def local_address(host: str = "0.0.0.0") -> str | None:
    """This computer's address in the local network, or None where there is none.

    Nothing is sent: choosing a way to an address is enough to learn one's own.

    Args:
        host: ``0.0.0.0`` for an IPv4 address, ``::`` for one of IPv6.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for target in _TARGETS[family]:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
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
            address = ipaddress.ip_address(client)
            own = (getattr(address, "ipv4_mapped", None) or address).is_loopback
        except ValueError:
            own = False
        return own or str(scope.get("path", "")).startswith(self._open)


def require_free(host: str, port: int) -> None:
    """Make sure that a port can be listened on.

    Raises:
        LandscapeError: If it cannot.
    """
    if not 1 <= port <= 65535:
        raise LandscapeError("Choose a port between 1 and 65535.")
    for where in (host, "127.0.0.1"):  # Gradio looks there as well, whatever it listens on
        try:
            family, kind, protocol, _, address = socket.getaddrinfo(where, port, type=socket.SOCK_STREAM)[0]
            with socket.socket(family, kind, protocol) as probe:
                if os.name == "posix":  # elsewhere the option lets two programs share a port
                    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind(address)
        except socket.gaierror as error:
            raise LandscapeError(f"There is no address “{host}”: use 127.0.0.1, 0.0.0.0, ::1 or ::.") from error
        except OSError as error:
            raise LandscapeError(
                f"Port {port} of {where} cannot be used, perhaps by another program: choose one with --port."
            ) from error
