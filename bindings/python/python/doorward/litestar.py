"""AuthenticationMiddleware for Litestar, and what its routes are made of.

    Litestar([...], middleware=[DefineMiddleware(AuthenticationMiddleware, exclude=["/health"], repo=engine)])

`request.user` is the user and `request.auth` the claims of the token. Every verdict is the engine's.

The functions that are not coroutines wait: `await doorward.to_thread(verify_password, …)` runs them off the
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
from pydantic import ConfigDict, Field

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
    """A model that takes its members by position, too, as the dataclass did that it stands for."""

    def __init_subclass__(cls, *, kw_only: bool, **options: Any) -> None:
        """Take what tells type checkers so (PEP 681)."""
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


class LoginRequest(_Positional, kw_only=False):
    """The body of a login route, for `Engine.login`."""

    model_config = ConfigDict(extra="forbid")

    name: str
    """The username or the e-mail address."""

    password: str = Field(repr=False)
    """The password."""

    two_fa_code: str | None = Field(default=None, repr=False)
    """The code of the authenticator app, where one is in force."""

    webauthn_response: Annotated[dict[str, Any] | None, Field(repr=False)] = None
    """What a passkey answered to `begin_passkey_login`, instead."""


class TwoFaRequiredResponse(_Positional, kw_only=False):
    """What a login route answers where a second factor is wanted: what `StepUpRequired` says."""

    user_id: str
    """Who wants to log in."""

    totp_supported: bool
    """Whether a code of an authenticator app will do."""

    webauthn_supported: bool
    """Whether a passkey will do."""

    challenge: str = Field(default="", repr=False)
    """For `Engine.complete_login`, with the code; empty for a client that sends the password again."""


class TotpSetupResponse(_Positional, kw_only=False):
    """What `Engine.setup_totp` gives to an authenticator app."""

    secret: str = Field(repr=False)
    """The secret in base32."""

    otpauth_uri: str = Field(repr=False)
    """The same as a URI."""


class TotpCodeRequest(_Positional, kw_only=False):
    """The body of a route that confirms or disables an app."""

    model_config = ConfigDict(extra="forbid")

    code: str = Field(repr=False)
    """What the app shows."""


class TotpConfiguredResponse(_Positional, kw_only=False):
    """Whether an app is in force."""

    is_configured: bool
    """True only when it is confirmed."""


class JwtUser(_Positional, kw_only=False):
    """The user of a token."""

    id: str
    """The account."""

    name: str
    """Its name, as it is now: the token holds the id alone."""

    email: str = ""
    """Its address, where it has one, as it is now."""


class ChangePasswordRequest(_Positional, kw_only=False):
    """The body of a route on which users change their own password, for `change_password`."""

    model_config = ConfigDict(extra="forbid")

    old_password: str = Field(repr=False)
    """The password as it is."""

    new_password: str = Field(repr=False)
    """The password as it shall be."""


class ResetPasswordRequest(_Positional, kw_only=False):
    """The body of an administrator's route, for `set_password`: the path says whose password it is."""

    model_config = ConfigDict(extra="forbid")

    new_password: str = Field(repr=False)
    """The password, to be changed at the next login."""


def generate_totp_secret(*, repo: Repo = None) -> str:
    """Make a secret for an authenticator app: 160 random bits in base32."""
    return engine_of(repo).generate_totp_secret().secret


def totp_provisioning_uri(secret: str, user_email: str, *, repo: Repo = None) -> str:
    """Return the `otpauth:` URI that an authenticator app reads."""
    return engine_of(repo).totp_provisioning_uri(secret=secret, email=user_email).otpauth_uri


def verify_totp(secret: str, code: str, *, repo: Repo = None) -> bool:
    """Tell whether the code is that of now; the same one as often as it is asked."""
    return engine_of(repo).verify_totp(secret=secret, code=code).valid


def verify_password(password_hash: str, password: str, *, repo: Repo = None) -> bool:
    """Tell whether the password is the one that was hashed; False also for what is no hash.

    The hash comes first, unlike in `doorward.security`.
    """
    return engine_of(repo).verify_password(password=password, hash=password_hash).valid


def create_jwt(user: JwtUser, validity_hours: int, *, repo: Repo = None) -> str:
    """Issue an access token for an account, good for so many hours; InvalidRequest for less than one."""
    claims = {"sub": user.id}
    return engine_of(repo).issue_token(claims=claims, lifetime_seconds=validity_hours * 3600).token


def verify_jwt(jwt_token: str, *, repo: Repo = None) -> JwtUser | None:
    """Return the user of a live token, or None for any other.

    When the store cannot answer, AuthServiceUnavailable is raised.
    """
    with suppress(InvalidToken, UserNotFound, InvalidRequest):
        user = engine_of(repo).authenticate(token=jwt_token).user
        return JwtUser(id=user.id, name=user.username, email=user.email or "")
    return None


async def get_user_by_name_or_mail(db_session: Repo, query: str) -> User | None:
    """Return the account with this name or, where the text is an address, with this address, in any case."""
    with suppress(UserNotFound, InvalidRequest):
        return (await to_thread(engine_of(db_session).get_user, query=query)).user
    return None


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
        origins: Iterable[str] | None = None,
        backend: str | None = None,
    ) -> None:
        """Take the application, rules of its own, and whose tokens count. A wrong rule is InvalidRequest.

        exclude: Paths that need no authentication; they match whole paths, and never every path.
        exclude_from_auth_key: The option by which a route opts out, with nothing but True.
        exclude_http_methods: Methods that need no authentication; an empty list: none.
        scopes: The kinds of connections that may ask; any other is refused.
        origins: The origins whose pages may send the cookie; without them, those of the own host.
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
        detail=error.message,
        status_code=error.http_status,
        headers=error.http_headers,
        extra=error.http_body["error"],
    )
