"""ASGI middleware: no request comes through but those that the engine lets pass.

The rules are those under `requests` in the engine's configuration, or the middleware's own. Either way the
engine judges by them; here a connection is only read for it.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping, Sequence
from contextlib import suppress
from typing import Any, cast

from doorward.engine import Engine
from doorward.exceptions import AuthError, NotAuthenticated
from doorward.models.app import AuthenticateRequestResponse
from doorward.repository import Repo, engine_of
from doorward.types import RequestsConfig

__all__ = ["AuthenticationMiddleware", "Exclude", "Rules", "authenticate"]

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


Pattern = str | Mapping[str, str]
Exclude = Pattern | Sequence[Pattern]
"""A path or a glob, `{"prefix": …}`, `{"glob": …}`, `{"regex": …}`, or several; all match whole paths."""


class Rules:
    """The rules of a middleware: what it was not given is as the engine's configuration has it."""

    def __init__(
        self,
        repo: Repo = None,
        exclude: Exclude | None = None,
        exclude_http_methods: Iterable[str] | None = None,
        scopes: Iterable[str] | None = None,
        *,
        backend: str | None = None,
    ) -> None:
        """Have the engine read them: a wrong one fails here, as InvalidRequest, before any request."""
        self.repo = repo
        self.backend = backend
        self._own: RequestsConfig | None = None
        given: dict[str, Any] = {}
        if exclude is not None:
            given["exclude"] = [exclude] if isinstance(exclude, (str, Mapping)) else list(exclude)
        if exclude_http_methods is not None:
            # A text is a sequence of texts, too: of its letters.
            one = isinstance(exclude_http_methods, str)
            given["exclude_http_methods"] = [exclude_http_methods] if one else list(exclude_http_methods)
        if scopes is not None:
            given["connections"] = sorted(scopes)
        if given:
            self._own = cast("RequestsConfig", {**self.engine.requests, **given})
        if given or backend is not None:
            connection = next(iter(self.effective.get("connections", [])), None)
            # Who lists no kind of connection wants nothing to pass.
            with suppress(NotAuthenticated):
                self.engine.authenticate_request(
                    method="GET", path="/", connection=connection, excluded=True, **self.arguments
                )

    @property
    def engine(self) -> Engine:
        """Who judges."""
        return engine_of(self.repo)

    @property
    def effective(self) -> RequestsConfig:
        """The rules as they are, defaults included."""
        return self._own or self.engine.requests

    @property
    def arguments(self) -> dict[str, Any]:
        """What `authenticate_request` has to know of them."""
        return {"rules": self._own, "backend": self.backend}


class AuthenticationMiddleware:
    """Puts the user into `scope["user"]` and the claims into `scope["auth"]`, or answers with the failure.

    Both are None where the rules say that nobody has to be there.
    """

    def __init__(
        self,
        app: App,
        repo: Repo = None,
        *,
        exclude: Exclude | None = None,
        exclude_http_methods: Iterable[str] | None = None,
        scopes: Iterable[str] | None = None,
        backend: str | None = None,
    ) -> None:
        """Take the application, where accounts are, rules of its own, and whose tokens count.

        exclude: Paths that need no authentication.
        exclude_http_methods: Methods that need none.
        scopes: The kinds of connections that may ask; any other is refused.
        """
        self.app = app
        self.rules = Rules(repo, exclude, exclude_http_methods, scopes, backend=backend)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request pass, or answer it."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        try:
            verdict = await authenticate(scope, self.rules)
        except AuthError as error:
            await _refuse(scope, send, error)
            return
        await self.app({**scope, "user": verdict.user, "auth": verdict.claims}, receive, send)


async def authenticate(
    scope: Scope, rules: Rules, *, path: str | None = None, excluded: bool = False
) -> AuthenticateRequestResponse:
    """Ask the engine about a connection.

    path: The whole path, decoded, where the router made another of that in the scope.
    excluded: What its route says.
    """
    header = rules.effective.get("header", "authorization")
    cookie = rules.effective.get("cookie")
    cookies = _cookies(_values(scope, "cookie"))
    whole: str = scope["path"] if path is None else path
    return await asyncio.to_thread(
        rules.engine.authenticate_request,
        # The handshake of a WebSocket is a GET (RFC 6455 section 4.1).
        method=scope.get("method", "GET"),
        # Servers have decoded it: what would begin a query, or an escape, is part of the path.
        path=whole.replace("%", "%25").replace("?", "%3F").replace("#", "%23"),
        connection=scope["type"],
        # Several fields of one name are one list (RFC 9110 section 5.3), which is no token.
        authorization=", ".join(_values(scope, header)) or None,
        cookies={cookie: cookies[cookie]} if cookie is not None and cookie in cookies else None,
        excluded=excluded,
        **rules.arguments,
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
