"""ASGI middleware: no request comes through but those that the engine lets pass.

The rules are the engine's, under `requests` in its configuration; here a connection is only read for it.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any

from doorward.exceptions import AuthError
from doorward.models.app import AuthenticateRequestResponse
from doorward.repository import Repo, engine_of

__all__ = ["AuthenticationMiddleware", "authenticate"]

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


class AuthenticationMiddleware:
    """Puts the user into `scope["user"]` and the claims into `scope["auth"]`, or answers with the failure.

    Both are None where the rules say that nobody has to be there.
    """

    def __init__(self, app: App, repo: Repo = None, *, backend: str | None = None) -> None:
        """Take the application, where accounts are, and whose tokens count."""
        self.app = app
        self._repo = repo
        self._backend = backend

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request pass, or answer it."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        try:
            verdict = await authenticate(scope, self._repo, backend=self._backend)
        except AuthError as error:
            await _refuse(scope, send, error)
            return
        await self.app({**scope, "user": verdict.user, "auth": verdict.claims}, receive, send)


async def authenticate(
    scope: Scope, repo: Repo = None, *, backend: str | None = None, excluded: bool = False
) -> AuthenticateRequestResponse:
    """Ask the engine about a connection. `excluded` is what its route says."""
    engine = engine_of(repo)
    rules = engine.requests
    header, cookie = rules.get("header", "authorization"), rules.get("cookie")
    cookies = _cookies(_values(scope, "cookie"))
    return await asyncio.to_thread(
        engine.authenticate_request,
        # The handshake of a WebSocket is a GET (RFC 6455 section 4.1).
        method=scope.get("method", "GET"),
        # Servers have decoded it: what would begin a query, or an escape, is part of the path.
        path=scope["path"].replace("%", "%25").replace("?", "%3F").replace("#", "%23"),
        connection=scope["type"],
        # Several fields of one name are one list (RFC 9110 section 5.3), which is no token.
        authorization=", ".join(_values(scope, header)) or None,
        cookies={cookie: cookies[cookie]} if cookie is not None and cookie in cookies else None,
        backend=backend,
        excluded=excluded,
    )


def _values(scope: Scope, name: str) -> list[str]:
    return [
        value.decode("latin-1") for key, value in scope["headers"] if key.decode("latin-1") == name.lower()
    ]


def _cookies(headers: Iterable[str]) -> dict[str, str]:
    pairs = [pair.strip().partition("=") for header in headers for pair in header.split(";")]
    return {name: value for name, _, value in pairs}


async def _refuse(scope: Scope, send: Send, error: AuthError) -> None:
    headers = [(name.encode(), value.encode()) for name, value in error.http_headers.items()]
    headers.append((b"content-type", b"application/json"))
    body = json.dumps(error.http_body).encode()
    if scope["type"] == "http":
        kind = "http.response"
    elif scope["type"] == "websocket" and "websocket.http.response" in scope.get("extensions", {}):
        kind = "websocket.http.response"
    elif scope["type"] == "websocket":
        # Before it is accepted, to close it is to refuse it.
        await send({"type": "websocket.close", "code": 1008})
        return
    else:
        raise error
    await send({"type": f"{kind}.start", "status": error.http_status, "headers": headers})
    await send({"type": f"{kind}.body", "body": body})
