"""AuthenticationMiddleware for Litestar, and the models and functions for its routes.

    Litestar([...], middleware=[DefineMiddleware(AuthenticationMiddleware, exclude=["/health"], repo=engine)])

`request.user` is the user and `request.auth` the claims of the token, or the API key. The engine makes every
decision.

Functions that are not coroutines may wait: `await doorward.to_thread(verify_password, …)` runs them off the
event loop. `repo` is an Engine, a UserRepository, or nothing for the engine of `doorward.configure`.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from typing import Annotated, Any
from urllib.parse import unquote

from litestar.connection import ASGIConnection
from litestar.exceptions import HTTPException, NotAuthorizedException, PermissionDeniedException
from litestar.handlers import ASGIRouteHandler
from litestar.middleware.authentication import AuthenticationResult
from litestar.types import ASGIApp, Receive, Scope, Send
from pydantic import Field

from doorward.asgi import DeviceCookie, Exclude, Rules, authenticate
from doorward.exceptions import AuthError, InvalidRequest, InvalidToken, UserNotFound
from doorward.models.base import Model
from doorward.repository import Repo, User, engine_of
from doorward.security import hash_password
from doorward.threads import to_thread

__all__ = [
    "AuthenticationMiddleware",
    "ChangePasswordRequest",
    "DeviceCookie",
    "JwtUser",
    "LoginRequest",
    "ResetPasswordRequest",
    "TotpCodeRequest",
    "TotpConfiguredResponse",
    "TotpSetupResponse",
    "TwoFaRequiredResponse",
    "create_jwt",
    "generate_totp_secret",
    "get_user_by_name_or_mail",
    "hash_password",
    "totp_provisioning_uri",
    "verify_jwt",
    "verify_password",
    "verify_totp",
]


class _Positional(Model):
    """A model that also takes its members by position, as the dataclass that it replaces did."""

    def __init_subclass__(cls, *, kw_only: bool, **options: Any) -> None:
        """Take the arguments that type checkers read (PEP 681)."""
        super().__init_subclass__(**options)

    def __init__(self, *values: Any, **named: Any) -> None:
        """Take the members in their order, or by name."""
        names = list(type(self).model_fields)
        if len(values) > len(names):
            raise TypeError(f"{type(self).__name__} takes {len(names)} values, not {len(values)}")
        by_position = dict(zip(names, values, strict=False))
        if twice := by_position.keys() & named.keys():
            raise TypeError(f"{type(self).__name__} got {', '.join(sorted(twice))} twice")
        super().__init__(**by_position, **named)


class LoginRequest(_Positional, kw_only=False, extra="forbid"):
    """The body of a login route, for `Engine.login`."""

    name: str
    """The username or the e-mail address."""

    password: str = Field(repr=False)
    """The password."""

    two_fa_code: str | None = Field(default=None, repr=False)
    """The code of the authenticator app, if one is active."""

    webauthn_response: Annotated[dict[str, Any] | None, Field(repr=False)] = None
    """A passkey's response to `begin_passkey_login`, instead of the code."""


class TwoFaRequiredResponse(_Positional, kw_only=False):
    """The response of a login route if a second factor is required: the data of `StepUpRequired`."""

    user_id: str
    """The id of the user who logs in."""

    totp_supported: bool
    """Whether a code of an authenticator app is accepted."""

    webauthn_supported: bool
    """Whether a passkey is accepted."""

    challenge: str = Field(default="", repr=False)
    """For `Engine.complete_login`, with the code; empty for a client that sends the password again."""


class TotpSetupResponse(_Positional, kw_only=False):
    """The result of `Engine.setup_totp`, for an authenticator app."""

    secret: str = Field(repr=False)
    """The secret in base32."""

    otpauth_uri: str = Field(repr=False)
    """The secret as a URI."""


class TotpCodeRequest(_Positional, kw_only=False, extra="forbid"):
    """The body of a route that confirms or disables an app."""

    code: str = Field(repr=False)
    """The code that the app shows."""


class TotpConfiguredResponse(_Positional, kw_only=False):
    """Whether an app is active."""

    is_configured: bool
    """True only after the app is confirmed."""


class JwtUser(_Positional, kw_only=False):
    """The user of a token."""

    id: str
    """The account."""

    name: str
    """The account's present name; the token contains only the id."""

    email: str = ""
    """The account's present address, if it has one."""


class ChangePasswordRequest(_Positional, kw_only=False, extra="forbid"):
    """The body of a route on which users change their own password, for `change_password`."""

    old_password: str = Field(repr=False)
    """The present password."""

    new_password: str = Field(repr=False)
    """The new password."""


class ResetPasswordRequest(_Positional, kw_only=False, extra="forbid"):
    """The body of an administrator's route, for `set_password`. The path names the user."""

    new_password: str = Field(repr=False)
    """The password, to be changed at the next login."""


def generate_totp_secret(*, repo: Repo = None) -> str:
    """Make a secret for an authenticator app: 160 random bits in base32."""
    return engine_of(repo).generate_totp_secret().secret


def totp_provisioning_uri(secret: str, user_email: str, *, repo: Repo = None) -> str:
    """Return the `otpauth:` URI that an authenticator app reads."""
    return engine_of(repo).totp_provisioning_uri(secret=secret, email=user_email).otpauth_uri


def verify_totp(secret: str, code: str, *, repo: Repo = None) -> bool:
    """Check whether the code is valid now; it can be checked repeatedly."""
    return engine_of(repo).verify_totp(secret=secret, code=code).valid


def verify_password(password_hash: str, password: str, *, repo: Repo = None) -> bool:
    """Check whether the password belongs to the hash; a malformed hash gives False.

    The hash comes first, unlike in `doorward.security`.
    """
    return engine_of(repo).verify_password(password=password, hash=password_hash).valid


def create_jwt(user: JwtUser, validity_hours: int, *, repo: Repo = None) -> str:
    """Issue an access token for an account, valid for so many hours; less than one raises InvalidRequest."""
    claims = {"sub": user.id}
    return engine_of(repo).issue_token(claims=claims, lifetime_seconds=validity_hours * 3600).token


def verify_jwt(jwt_token: str, *, repo: Repo = None) -> JwtUser | None:
    """Return the user of a live token, or None for any other token.

    A token of a person who acts as the user gives None, too.
    If the store does not answer, AuthServiceUnavailable is raised.
    """
    with suppress(InvalidToken, UserNotFound, InvalidRequest):
        found = engine_of(repo).authenticate(token=jwt_token)
        if found.act is None:
            return JwtUser(id=found.user.id, name=found.user.username, email=found.user.email or "")
    return None


async def get_user_by_name_or_mail(db_session: Repo, query: str) -> User | None:
    """Return the account with this name or, if the text is an address, with this address, in any case."""
    with suppress(UserNotFound, InvalidRequest):
        return (await to_thread(engine_of(db_session).get_user, query=query)).user
    return None


class AuthenticationMiddleware:
    """Admits the requests that the engine admits; a route opts out with `exclude_from_auth=True`."""

    def __init__(
        self,
        app: ASGIApp,
        exclude: Exclude | None = None,
        exclude_from_auth_key: str = "exclude_from_auth",
        exclude_http_methods: Iterable[str] | None = None,
        scopes: Iterable[str] | None = None,
        *,
        repo: Repo = None,
        origins: Iterable[str] | None = None,
        backend: str | None = None,
    ) -> None:
        """Take the application, optional rules, and the backend that must have issued the tokens.

        An invalid rule raises InvalidRequest.

        exclude: The paths that need no authentication. A pattern matches whole paths; one that matches every
            path is refused.
        exclude_from_auth_key: The option by which a route opts out; only True does.
        exclude_http_methods: The methods that need no authentication; an empty list means none.
        scopes: The kinds of connections that are admitted; all others are refused.
        origins: The origins whose pages may send the cookie; default: those of the own host.
        """
        self.app = app
        self.exclude_opt_key = exclude_from_auth_key
        self._rules = Rules(repo, exclude, exclude_http_methods, scopes, origins=origins, backend=backend)

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
        """The kinds of connections that are admitted; all others are refused."""
        return set(self._rules.effective.get("connections", []))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Admit the request, or raise."""
        result = await self.authenticate_request(ASGIConnection(scope))
        scope["user"], scope["auth"] = result.user, result.auth
        await self.app(scope, receive, send)

    async def authenticate_request(
        self, connection: ASGIConnection[Any, Any, Any, Any]
    ) -> AuthenticationResult:
        """Return the user of a connection, or None if the rules require no authentication.

        NotAuthorizedException (401), PermissionDeniedException (403) and other HTTPExceptions carry the
        public part of the failure.
        """
        excluded = connection.route_handler.opt.get(self.exclude_opt_key) is True
        scope: Any = connection.scope
        try:
            verdict = await authenticate(scope, self._rules, path=_whole_path(scope), excluded=excluded)
        except AuthError as error:
            raise _refusal(error) from None
        return AuthenticationResult(user=verdict.user, auth=verdict.claims or verdict.api_key)


def _whole_path(scope: Any) -> str | None:
    """Return the path of the request, of which the router has left only the part below a mounted application.

    If the server does not report the whole path, an empty path is returned, which no rule excludes.
    """
    if not isinstance(scope["route_handler"], ASGIRouteHandler):
        return None
    raw_path: bytes = scope.get("raw_path") or b""
    root_path: str = scope.get("root_path") or ""
    path = unquote(raw_path.decode("latin-1"))
    # Litestar's router removes it in the same way, so the served path is the judged path.
    return path.split(root_path, maxsplit=1)[-1] if root_path else path


def _refusal(error: AuthError) -> HTTPException:
    classes = {401: NotAuthorizedException, 403: PermissionDeniedException}
    return classes.get(error.http_status, HTTPException)(
        detail=error.message,
        status_code=error.http_status,
        headers=error.http_headers,
        extra=error.http_body["error"],
    )
