"""AuthenticationMiddleware for Litestar.

    Litestar([...], middleware=[DefineMiddleware(AuthenticationMiddleware, repo=engine)])

`request.user` is the user and `request.auth` the claims of the token. The rules are the engine's, under
`requests` in its configuration.
"""

from __future__ import annotations

from typing import Any

from litestar.connection import ASGIConnection
from litestar.exceptions import HTTPException, NotAuthorizedException, PermissionDeniedException
from litestar.middleware.authentication import AuthenticationResult
from litestar.types import ASGIApp, Receive, Scope, Send

from doorward.asgi import authenticate
from doorward.exceptions import AuthError
from doorward.repository import Repo, engine_of

__all__ = ["AuthenticationMiddleware"]


class AuthenticationMiddleware:
    """Lets those requests pass that the engine lets pass; a route opts out with `exclude_from_auth=True`."""

    def __init__(
        self,
        app: ASGIApp,
        exclude_from_auth_key: str = "exclude_from_auth",
        *,
        repo: Repo = None,
        backend: str | None = None,
    ) -> None:
        """Take the application, the option by which a route opts out, and whose tokens count."""
        self.app = app
        self.exclude_opt_key = exclude_from_auth_key
        self._repo = repo
        self._backend = backend

    @property
    def exclude(self) -> list[Any]:
        """The patterns of paths that need no authentication."""
        return list(engine_of(self._repo).requests.get("exclude", []))

    @property
    def exclude_http_methods(self) -> list[str]:
        """The methods that need no authentication."""
        return engine_of(self._repo).requests.get("exclude_http_methods", [])

    @property
    def scopes(self) -> set[str]:
        """The kinds of connections that may ask; any other is refused."""
        return set(engine_of(self._repo).requests.get("connections", []))

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
            verdict = await authenticate(scope, self._repo, backend=self._backend, excluded=excluded)
        except AuthError as error:
            raise _refusal(error) from None
        return AuthenticationResult(user=verdict.user, auth=verdict.claims)


def _refusal(error: AuthError) -> HTTPException:
    classes = {401: NotAuthorizedException, 403: PermissionDeniedException}
    return classes.get(error.http_status, HTTPException)(
        detail=str(error),
        status_code=error.http_status,
        headers=error.http_headers,
        extra=error.http_body["error"],
    )
