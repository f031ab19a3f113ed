"""AuthenticationMiddleware for Litestar.

    Litestar([...], middleware=[DefineMiddleware(AuthenticationMiddleware, exclude=["/health"], repo=engine)])

`request.user` is the user and `request.auth` the claims of the token. Every verdict is the engine's.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import unquote

from litestar.connection import ASGIConnection
from litestar.exceptions import HTTPException, NotAuthorizedException, PermissionDeniedException
from litestar.handlers import ASGIRouteHandler
from litestar.middleware.authentication import AuthenticationResult
from litestar.types import ASGIApp, Receive, Scope, Send
from pydantic import Field

from doorward.asgi import Exclude, Rules, authenticate
from doorward.exceptions import AuthError
from doorward.models.app import ChangePasswordRequest
from doorward.models.base import Model
from doorward.repository import Repo

__all__ = ["AuthenticationMiddleware", "ChangePasswordRequest", "ResetPasswordRequest"]


class ResetPasswordRequest(Model):
    """The body of an administrator's route, for `set_password`: the path says whose password it is."""

    new_password: str = Field(repr=False)
    """The password, to be changed at the next login."""


class AuthenticationMiddleware:
    """Lets those requests pass that the engine lets pass; a route opts out with `exclude_from_auth=True`."""

    def __init__(
        self,
        app: ASGIApp,
        exclude: Exclude | None = None,
        exclude_from_auth_key: str = "exclude_from_auth",
        exclude_http_methods: Iterable[str] | None = None,
        scopes: Iterable[str] | None = None,
        *,
        repo: Repo = None,
        backend: str | None = None,
    ) -> None:
        """Take the application, rules of its own, and whose tokens count. A wrong rule is InvalidRequest.

        exclude: Paths that need no authentication; they match whole paths, and never every path.
        exclude_from_auth_key: The option by which a route opts out, with nothing but True.
        exclude_http_methods: Methods that need no authentication; an empty list: none.
        scopes: The kinds of connections that may ask; any other is refused.
        """
        self.app = app
        self.exclude_opt_key = exclude_from_auth_key
        self._rules = Rules(repo, exclude, exclude_http_methods, scopes, backend=backend)

    @property
    def exclude(self) -> list[Any]:
        """The patterns of paths that need no authentication."""
        return list(self._rules.effective.get("exclude", []))

    @property
    def exclude_http_methods(self) -> list[str]:
        """The methods that need no authentication."""
        return list(self._rules.effective.get("exclude_http_methods", []))

    @property
    def scopes(self) -> set[str]:
        """The kinds of connections that may ask; any other is refused."""
        return set(self._rules.effective.get("connections", []))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request pass, or raise."""
        result = await self.authenticate_request(ASGIConnection(scope))
        scope["user"], scope["auth"] = result.user, result.auth
        await self.app(scope, receive, send)

    async def authenticate_request(
        self, connection: ASGIConnection[Any, Any, Any, Any]
    ) -> AuthenticationResult:
        """Say who is there: nobody, where the rules say that nobody has to be.

        NotAuthorizedException (401), PermissionDeniedException (403) and other HTTPExceptions carry what the
        user may know of the failure.
        """
        excluded = connection.route_handler.opt.get(self.exclude_opt_key) is True
        scope: Any = connection.scope
        try:
            verdict = await authenticate(scope, self._rules, path=_whole_path(scope), excluded=excluded)
        except AuthError as error:
            raise _refusal(error) from None
        return AuthenticationResult(user=verdict.user, auth=verdict.claims)


def _whole_path(scope: Any) -> str | None:
    """Return the path of the request where the router has left only what is below a mounted application.

    Where the server does not tell it, that is no path, for which nothing is skipped.
    """
    if not isinstance(scope["route_handler"], ASGIRouteHandler):
        return None
    raw_path: bytes = scope.get("raw_path") or b""
    root_path: str = scope.get("root_path") or ""
    path = unquote(raw_path.decode("latin-1"))
    # As Litestar's router takes it off: what it serves is what is judged.
    return path.split(root_path, maxsplit=1)[-1] if root_path else path


def _refusal(error: AuthError) -> HTTPException:
    classes = {401: NotAuthorizedException, 403: PermissionDeniedException}
    return classes.get(error.http_status, HTTPException)(
        detail=str(error),
        status_code=error.http_status,
        headers=error.http_headers,
        extra=error.http_body["error"],
    )
