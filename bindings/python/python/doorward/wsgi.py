"""WSGI middleware: only requests that the engine admits reach the application. It suits Flask and others.

The rules are those of doorward.asgi; this module only reads the request.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from typing import Any

from doorward.asgi import DeviceCookie, Exclude, Rules, question_of
from doorward.exceptions import AuthError
from doorward.repository import Repo

__all__ = ["AuthenticationMiddleware", "DeviceCookie", "scope_of"]

Environ = dict[str, Any]
App = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]


class AuthenticationMiddleware:
    """Puts the user into `environ["doorward.user"]` and the claims into `environ["doorward.claims"]`.

    An API key has no claims: it is in `environ["doorward.api_key"]`. The middleware responds with the failure
    if there is neither a valid token nor a valid key. If the rules require no authentication, all are None.
    """

    def __init__(
        self,
        app: App,
        repo: Repo = None,
        *,
        exclude: Exclude | None = None,
        exclude_http_methods: Iterable[str] | None = None,
        origins: Iterable[str] | None = None,
        backend: str | None = None,
    ) -> None:
        """Take the application, the accounts, rules, and the backend that must have issued the tokens.

        exclude: The paths that need no authentication.
        exclude_http_methods: The methods that need no authentication.
        origins: The origins whose pages may send the cookie; default: those of the own host.
        """
        self.app = app
        self.rules: Rules = Rules(repo, exclude, exclude_http_methods, origins=origins, backend=backend)

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Admit the request, or respond with the failure."""
        scope = scope_of(environ)
        try:
            verdict = self.rules.engine.authenticate_request(**question_of(scope, self.rules, scope["path"]))
        except AuthError as error:
            headers = [*error.http_headers.items(), ("content-type", "application/json")]
            start_response(f"{error.http_status} {HTTPStatus(error.http_status).phrase}", headers)
            return [json.dumps(error.http_body).encode()]
        environ["doorward.user"] = verdict.user
        environ["doorward.claims"] = verdict.claims
        environ["doorward.api_key"] = verdict.api_key
        return self.app(environ, start_response)


def scope_of(environ: Mapping[str, Any]) -> dict[str, Any]:
    """Return a request as an ASGI scope, from which `DeviceCookie.client` reads the client."""
    # Servers decode the bytes of the path as Latin-1 (PEP 3333).
    path: str = environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")
    headers = {
        name[5:].replace("_", "-").lower(): str(value)
        for name, value in environ.items()
        if name.startswith("HTTP_")
    }
    return {
        "type": "http",
        "method": environ.get("REQUEST_METHOD", "GET"),
        "path": path.encode("latin-1", "replace").decode("utf-8", "replace"),
        "headers": [
            (name.encode("latin-1"), value.encode("latin-1", "replace")) for name, value in headers.items()
        ],
        "client": (environ.get("REMOTE_ADDR", ""), 0),
    }
