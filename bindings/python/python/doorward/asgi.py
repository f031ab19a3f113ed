"""ASGI middleware: no request comes through but those that the engine lets pass.

The rules are those under `requests` in the engine's configuration, or the middleware's own. Either way the
engine judges by them; here a connection is only read for it.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping, Sequence
from contextlib import suppress
from ipaddress import ip_address
from typing import Any, cast

from doorward.engine import Engine
from doorward.exceptions import AuthError, NotAuthenticated
from doorward.models.app import AuthenticateRequestResponse, Client
from doorward.repository import Repo, engine_of
from doorward.threads import to_thread
from doorward.types import RequestsConfig

__all__ = ["AuthenticationMiddleware", "DeviceCookie", "Exclude", "Grants", "Rules", "authenticate"]

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
        origins: Iterable[str] | None = None,
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
        if origins is not None:
            given["origins"] = [origins] if isinstance(origins, str) else list(origins)
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


class Grants(dict[str, Any]):
    """The claims of a token, with the `scopes` that `starlette.authentication.requires` asks for."""

    def __init__(self, claims: Mapping[str, Any] | None) -> None:
        """Take the claims of whoever is there, or none."""
        super().__init__(claims or {})
        scope = self.get("scope", "")
        self.scopes: list[str] = [] if claims is None else ["authenticated", *scope.split()]
        """`authenticated`, and what the token's `scope` grants; nothing where nobody is there."""


class AuthenticationMiddleware:
    """Puts the user into `scope["user"]` and the claims into `scope["auth"]`, or answers with the failure.

    Where the rules say that nobody has to be there, the user is None and the claims are empty.
    """

    def __init__(
        self,
        app: App,
        repo: Repo = None,
        *,
        exclude: Exclude | None = None,
        exclude_http_methods: Iterable[str] | None = None,
        scopes: Iterable[str] | None = None,
        origins: Iterable[str] | None = None,
        backend: str | None = None,
    ) -> None:
        """Take the application, where accounts are, rules of its own, and whose tokens count.

        exclude: Paths that need no authentication.
        exclude_http_methods: Methods that need none.
        scopes: The kinds of connections that may ask; any other is refused.
        origins: The origins whose pages may send the cookie; without them, those of the own host.
        """
        self.app = app
        self.rules = Rules(repo, exclude, exclude_http_methods, scopes, origins=origins, backend=backend)

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
        await self.app({**scope, "user": verdict.user, "auth": Grants(verdict.claims)}, receive, send)


async def authenticate(
    scope: Scope, rules: Rules, *, path: str | None = None, excluded: bool = False
) -> AuthenticateRequestResponse:
    """Ask the engine about a connection.

    path: The whole path, decoded, where the router made another of that in the scope.
    excluded: What its route says.
    """
    header = rules.effective.get("header", "authorization")
    cookie = rules.effective.get("cookie")
    cookies = cookies_of(scope)
    whole: str = scope["path"] if path is None else path
    return await to_thread(
        rules.engine.authenticate_request,
        # The handshake of a WebSocket is a GET (RFC 6455 section 4.1).
        method=scope.get("method", "GET"),
        # Servers have decoded it: what would begin a query, or an escape, is part of the path.
        path=whole.replace("%", "%25").replace("?", "%3F").replace("#", "%23"),
        connection=scope["type"],
        # Several fields of one name are one list (RFC 9110 section 5.3), which is no token.
        authorization=", ".join(_values(scope, header)) or None,
        cookies={cookie: cookies[cookie]} if cookie is not None and cookie in cookies else None,
        origin=", ".join(_values(scope, "origin")) or None,
        host=", ".join(_values(scope, "host")) or None,
        excluded=excluded,
        **rules.arguments,
    )


class DeviceCookie:
    """Knows a browser again, by a cookie with a random name for it that lives for a year.

    The engine takes it as `client.device_id`: on a device where a user logged in before, wrong passwords that
    strangers send from elsewhere do not lock that user out.
    """

    SECONDS = 365 * 86_400

    def __init__(self, name: str | None = None, *, secure: bool = True) -> None:
        """Take the name of the cookie; `secure=False` is for tests and development without TLS."""
        self.name = cookie_name(name, "doorward-device", secure)
        self.secure = secure

    def client(self, scope: Mapping[str, Any]) -> Client:
        """Say from where a request comes: address, browser, device, which gets a name if it has none.

        A peer without an address, such as a Unix socket or a test client, has none.
        """
        host = scope["client"][0].partition("%")[0] if scope.get("client") else ""
        try:
            ip = str(ip_address(host))
        except ValueError:
            ip = None
        device = cookies_of(scope).get(self.name, "")
        return Client(
            ip=ip,
            user_agent=", ".join(_values(scope, "user-agent")) or None,
            device_id=device if _DEVICE.fullmatch(device) else secrets.token_urlsafe(16),
        )

    def header(self, client: Client) -> str:
        """Return the value of `Set-Cookie` that keeps the name: for whoever gave the right password."""
        secure = "; Secure" if self.secure else ""
        attributes = f"Max-Age={self.SECONDS}; Path=/; HttpOnly; SameSite=lax{secure}"
        return f"{self.name}={client.device_id}; {attributes}"


class VerificationCookie:
    """Keeps what `register` and `request_email_change` return for the browser that asked, for a week.

    The engine takes it as `verification`: beside a mailed token it proves whose account the token is for.
    """

    SECONDS = 7 * 86_400

    def __init__(self, name: str | None = None, *, secure: bool = True) -> None:
        """Take the name of the cookie; `secure=False` is for tests and development without TLS."""
        self.name = cookie_name(name, "doorward-verification", secure)
        self.secure = secure

    def read(self, scope: Mapping[str, Any]) -> str | None:
        """Return what a request brings, or nothing."""
        return cookies_of(scope).get(self.name) or None

    def header(self, verification: str | None) -> str:
        """Return the value of `Set-Cookie` that keeps it; without one, that forgets it."""
        secure = "; Secure" if self.secure else ""
        seconds = self.SECONDS if verification else 0
        attributes = f"Max-Age={seconds}; Path=/; HttpOnly; SameSite=lax{secure}"
        return f"{self.name}={verification or ''}; {attributes}"


_DEVICE = re.compile(r"[A-Za-z0-9_-]{22,128}")


def cookie_name(name: str | None, default: str, secure: bool) -> str:
    """Return the name of a cookie, whose prefix keeps other hosts from setting it where there is TLS.

    Browsers drop a cookie with such a prefix that is not Secure (RFC 6265bis section 4.1.3): a ValueError.
    """
    if name is None:
        return f"__Host-{default}" if secure else default
    if not secure and name.lower().startswith(("__host-", "__secure-")):
        raise ValueError(f"a cookie named {name} has to be secure")
    return name


def _values(scope: Mapping[str, Any], name: str) -> list[str]:
    return [
        value.decode("latin-1") for key, value in scope["headers"] if key.decode("latin-1") == name.lower()
    ]


def cookies_of(scope: Mapping[str, Any]) -> dict[str, str]:
    """Return the cookies of a connection.

    Only spaces and tabs around a pair are not part of it (RFC 6265 section 5.2). A browser sees no prefix in
    a name that begins with another kind of space, so other hosts can set it: without it, it would have one.
    """
    headers = _values(scope, "cookie")
    pairs = [pair.strip(" \t").partition("=") for header in headers for pair in header.split(";")]
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
