"""Lets in only what comes from the studio's own page, and says to the browser what the page may do."""

import base64
import hmac
from collections.abc import Iterable
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from vidstyle.studio.config import LOOPBACK

# Everything comes from this server, nothing else is ever asked; measured in the browser by tests/studio.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:; "
    "connect-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
# Reports are pages of their own inside the page: styles and pictures are inside them, scripts never run.
REPORT_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data: 'self'; media-src 'self'; sandbox"
OURS = "x-vidstyle"  # a header that no other site's form can set


class Guard:
    """Checks host, origin and password of every request, and adds the headers of every answer.

    Convention: a request that changes something must carry the header `OURS`, and no other site's Origin.
    """

    def __init__(self, app: ASGIApp, *, names: Iterable[str] = (), user: str = "", password: str = "") -> None:
        self._app = app
        self._names = {*LOOPBACK, *(name.lower() for name in names)}
        told = base64.b64encode(f"{user}:{password}".encode()).decode()
        self._expected = f"Basic {told}" if user else ""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a refusal, or let the request through."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                _add_headers(MutableHeaders(scope=message))
            await send(message)

        refusal = self._refusal(scope["method"], Headers(scope=scope))
        await (refusal or self._app)(scope, receive, with_headers)

    def _refusal(self, method: str, headers: Headers) -> Response | None:
        host = headers.get("host", "")
        if _name(host) not in self._names:
            # A name that an attacker's DNS points here would otherwise make his page one of ours.
            return _say(421, f"this studio is not called {host!r}; open it by the address that it printed")
        if self._expected and not hmac.compare_digest(headers.get("authorization", ""), self._expected):
            challenge = {"WWW-Authenticate": 'Basic realm="vidstyle studio", charset="UTF-8"'}
            return _say(401, "user and password are needed; ask whoever runs this studio", challenge)
        if method in ("GET", "HEAD"):
            return None
        origin = headers.get("origin")
        if OURS not in headers or (origin is not None and urlsplit(origin).netloc != host):
            return _say(403, "only the studio's own page may do this; open it and try again")
        return None


def _add_headers(headers: MutableHeaders) -> None:
    headers.setdefault("Content-Security-Policy", POLICY)
    headers.setdefault("Cache-Control", "no-store")
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Referrer-Policy"] = "no-referrer"
    headers["Cross-Origin-Opener-Policy"] = "same-origin"
    headers["Cross-Origin-Resource-Policy"] = "same-origin"


def _name(host: str) -> str:
    """A Host header without its port; empty where it is none."""
    try:
        return (urlsplit(f"//{host}").hostname or "").lower()
    except ValueError:
        return ""


def _say(status: int, sentence: str, headers: dict[str, str] | None = None) -> Response:
    return JSONResponse({"error": sentence}, status, headers)
