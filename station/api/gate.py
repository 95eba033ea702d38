"""The gate before the API: tokens, whole addresses, and a limit on the size of a body."""

import hmac
import re

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from station.api.problems import PLC_PREFIX, refusal

_BODY_LIMIT_BYTES = 65536
_PATH_TOKEN = "/t/"
_ORIGIN = re.compile(r"\Ahttps?://[^/]*", re.IGNORECASE)
OPEN_PATHS = ("/healthz", "/readyz")
"""Paths that need no token."""


class Gate:
    """Lets a request pass that carries the station's token, when it has one.

    The token comes as `Authorization: Bearer TOKEN`, as `X-Station-Token: TOKEN`, or, for controllers that can
    set no header, in the path: `/t/TOKEN/v1/plc/...`. Health is told to everybody.
    """

    def __init__(self, app: ASGIApp, token: str) -> None:
        self._app = app
        self._token = token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope, path_token = _without_path_token(_without_origin(scope))
        headers = Headers(scope=scope)
        if self._token and scope["path"] not in OPEN_PATHS and not self._knows(headers, path_token):
            told = "this station asks for its token: send Authorization: Bearer TOKEN, or X-Station-Token: TOKEN"
            answer = refusal(scope["path"], 401, told, {"WWW-Authenticate": "Bearer"})
            await answer(scope, receive, send)
            return
        if int(headers.get("content-length", "0")) > _BODY_LIMIT_BYTES:
            await refusal(scope["path"], 413, _too_large(), {"Connection": "close"})(scope, receive, send)
            return
        await self._app(scope, _limited(receive), send)

    def _knows(self, headers: Headers, path_token: str) -> bool:
        scheme, _, bearer = headers.get("authorization", "").partition(" ")
        offered = (bearer if scheme.lower() == "bearer" else "", headers.get("x-station-token", ""), path_token)
        return any(hmac.compare_digest(each.encode(), self._token.encode()) for each in offered)


def _without_origin(scope: Scope) -> Scope:
    """Return the scope of a request such as `GET http://station/v1/plc/next`, which RFC 9112, 3.2.2, has us accept."""
    return _with_path(scope, _ORIGIN.sub("", scope["path"]) or "/")


def _without_path_token(scope: Scope) -> tuple[Scope, str]:
    """Return the scope with the token's path prefix taken off, and that token, empty without one."""
    path: str = scope["path"]
    if not path.startswith(_PATH_TOKEN):
        return scope, ""
    token, _, rest = path.removeprefix(_PATH_TOKEN).partition("/")
    if not f"/{rest}".startswith(f"{PLC_PREFIX}/"):
        return scope, ""
    return _with_path(scope, f"/{rest}"), token


def _with_path(scope: Scope, path: str) -> Scope:
    return {**scope, "path": path, "raw_path": path.encode()}


def _limited(receive: Receive) -> Receive:
    """Return a `receive` that refuses bodies above the limit that did not announce their length."""
    received_bytes = 0

    async def receive_limited() -> Message:
        nonlocal received_bytes
        message = await receive()
        received_bytes += len(message.get("body", b""))
        if received_bytes > _BODY_LIMIT_BYTES:
            raise HTTPException(413, _too_large())
        return message

    return receive_limited


def _too_large() -> str:
    return f"a body may hold {_BODY_LIMIT_BYTES} bytes; send less"
