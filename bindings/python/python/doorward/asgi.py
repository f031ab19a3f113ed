"""ASGI middleware: only requests that the engine admits reach the application.

The rules are those under `requests` in the engine's configuration, or the middleware's own. The engine
applies them; this module only reads the connection.
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
from doorward.models.app import ApiKey, AuthenticateRequestResponse, Client
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
    """The rules of a middleware. Rules that it was not given come from the engine's configuration."""

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
        """Let the engine parse the rules, so that an invalid one raises InvalidRequest before any request."""
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
            # Without any kind of connection, no request is admitted.
            with suppress(NotAuthenticated):
                self.engine.authenticate_request(
                    method="GET", path="/", connection=connection, excluded=True, **self.arguments
                )

    @property
    def engine(self) -> Engine:
        """The engine."""
        return engine_of(self.repo)

    @property
    def effective(self) -> RequestsConfig:
        """The rules in force, including defaults."""
        return self._own or self.engine.requests

    @property
    def arguments(self) -> dict[str, Any]:
        """The arguments of `authenticate_request` for these rules."""
        return {"rules": self._own, "backend": self.backend}


class Grants(dict[str, Any]):
    """The claims of a token, with the `scopes` that `starlette.authentication.requires` expects."""

    def __init__(self, claims: Mapping[str, Any] | None, api_key: ApiKey | None = None) -> None:
        """Take the claims of the authenticated user, or the API key, which has no claims, or none."""
        super().__init__(claims or {})
        self.api_key = api_key
        """The API key, if the request has one."""
        is_user = claims is not None or api_key is not None
        scopes: list[str] = self.get("scope", "").split() if api_key is None else api_key.scopes
        self.scopes: list[str] = ["authenticated", *scopes] if is_user else []
        """`authenticated` and the scopes of the token or API key; empty without a user."""


class AuthenticationMiddleware:
    """Puts the user into `scope["user"]` and the claims into `scope["auth"]`, or responds with the failure.

    If the rules require no authentication, the user is None and the claims are empty.
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
        """Take the application, the accounts, rules, and the backend that must have issued the tokens.

        exclude: The paths that need no authentication.
        exclude_http_methods: The methods that need no authentication.
        scopes: The kinds of connections that are admitted; all others are refused.
        origins: The origins whose pages may send the cookie; default: those of the own host.
        """
        self.app = app
        rules = Rules(repo, exclude, exclude_http_methods, scopes, origins=origins, backend=backend)
        self.rules: Rules = rules

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Admit the request, or respond with the failure."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        try:
            verdict = await authenticate(scope, self.rules)
        except AuthError as error:
            await _refuse(scope, send, error)
            return
        grants = Grants(verdict.claims, verdict.api_key)
        await self.app({**scope, "user": verdict.user, "auth": grants}, receive, send)


async def authenticate(
    scope: Scope, rules: Rules, *, path: str | None = None, excluded: bool = False
) -> AuthenticateRequestResponse:
    """Authenticate a connection by the engine.

    path: The whole decoded path, if the router has changed the path in the scope.
    excluded: Whether the route opted out of authentication.
    """
    question = question_of(scope, rules, scope["path"] if path is None else path, excluded)
    return await to_thread(rules.engine.authenticate_request, **question)


def question_of(scope: Mapping[str, Any], rules: Rules, path: str, excluded: bool = False) -> dict[str, Any]:
    """Return the arguments of `authenticate_request` for a connection."""
    header = rules.effective.get("header", "authorization")
    cookie = rules.effective.get("cookie")
    cookies = cookies_of(scope)
    return {
        # The handshake of a WebSocket is a GET (RFC 6455 section 4.1).
        "method": scope.get("method", "GET"),
        # Servers have decoded the path: a character that begins a query or an escape is part of it.
        "path": path.replace("%", "%25").replace("?", "%3F").replace("#", "%23"),
        "connection": scope["type"],
        # Several fields of one name form a list (RFC 9110 section 5.3), which is not a token.
        "authorization": ", ".join(_values(scope, header)) or None,
        "api_key": ", ".join(_values(scope, "x-api-key")) or None,
        "cookies": {cookie: cookies[cookie]} if cookie is not None and cookie in cookies else None,
        "origin": ", ".join(_values(scope, "origin")) or None,
        "host": ", ".join(_values(scope, "host")) or None,
        "excluded": excluded,
        "client": Client(ip=ip_of(scope)),
        **rules.arguments,
    }


def ip_of(scope: Mapping[str, Any]) -> str | None:
    """Return the address of the peer. A Unix socket and a test client have none."""
    host = scope["client"][0].partition("%")[0] if scope.get("client") else ""
    with suppress(ValueError):
        return str(ip_address(host))
    return None


class DeviceCookie:
    """Recognizes a browser by a cookie with a random id that lives for a year.

    The engine takes the id as `client.device_id`: on a device where a user logged in before, wrong passwords
    from elsewhere do not lock that user out.
    """

    SECONDS = 365 * 86_400

    def __init__(self, name: str | None = None, *, secure: bool = True) -> None:
        """Take the name of the cookie; `secure=False` is for tests and development without TLS."""
        self.name: str = cookie_name(name, "doorward-device", secure)
        self.secure = secure

    def client(self, scope: Mapping[str, Any]) -> Client:
        """Return the client of a request: its address, browser and device.

        A device without an id gets a new one. Peers without an address, such as a Unix
        socket or a test client, get none.
        """
        device = cookies_of(scope).get(self.name, "")
        return Client(
            ip=ip_of(scope),
            user_agent=", ".join(_values(scope, "user-agent")) or None,
            device_id=device if _DEVICE.fullmatch(device) else secrets.token_urlsafe(16),
        )

    def header(self, client: Client) -> str:
        """Return the value of `Set-Cookie` that keeps the id. Send it after the right password."""
        secure = "; Secure" if self.secure else ""
        attributes = f"Max-Age={self.SECONDS}; Path=/; HttpOnly; SameSite=lax{secure}"
        return f"{self.name}={client.device_id}; {attributes}"


class VerificationCookie:
    """Keeps a challenge in the browser: by default for a week that of `register` or `request_email_change`.

    The engine takes it as `verification`: together with a mailed token it proves that the account is the
    browser's.
    """

    SECONDS = 7 * 86_400

    def __init__(self, name: str | None = None, *, secure: bool = True) -> None:
        """Take the name of the cookie; `secure=False` is for tests and development without TLS."""
        self.name: str = cookie_name(name, "doorward-verification", secure)
        self.secure = secure

    def read(self, scope: Mapping[str, Any]) -> str | None:
        """Return the challenge of a request, if it has one."""
        return cookies_of(scope).get(self.name) or None

    def header(self, verification: str | None, seconds: int = SECONDS) -> str:
        """Return the value of `Set-Cookie` that keeps the challenge; without one, deletes the cookie."""
        secure = "; Secure" if self.secure else ""
        attributes = f"Max-Age={seconds if verification else 0}; Path=/; HttpOnly; SameSite=lax{secure}"
        return f"{self.name}={verification or ''}; {attributes}"


_DEVICE = re.compile(r"[A-Za-z0-9_-]{22,128}")


def cookie_name(name: str | None, default: str, secure: bool) -> str:
    """Return the name of a cookie. With TLS, its prefix prevents other hosts from setting the cookie.

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

    Only spaces and tabs around a pair are removed (RFC 6265 section 5.2). A browser sees no prefix in a name
    that begins with another kind of space, so other hosts can set such a cookie. If that space were removed,
    the name would have the prefix.
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
        # Closing a WebSocket before it is accepted refuses it.
        await send({"type": "websocket.close", "code": 1008})
        return
    else:
        raise error
    await send({"type": f"{kind}.start", "status": error.http_status, "headers": headers})
    await send({"type": f"{kind}.body", "body": body})
