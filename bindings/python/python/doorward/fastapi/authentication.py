"""The backends of an application, and the authentication of its requests."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet
from inspect import Parameter, Signature
from typing import Any, Literal, overload

from fastapi import APIRouter, Depends
from fastapi.params import Depends as Dependency
from starlette.requests import HTTPConnection

from doorward.asgi import DeviceCookie, VerificationCookie, cookie_name, ip_of
from doorward.engine import Engine
from doorward.exceptions import (
    AuthError,
    InvalidRequest,
    NotAuthenticated,
    PermissionDenied,
    Status,
    StepUpRequired,
)
from doorward.fastapi.routes import Routes
from doorward.fastapi.transports import Bearer, Cookie, Transport, raw_token
from doorward.models import AuthenticateResponse, Client, PublicUser
from doorward.repository import Repo, engine_of

__all__ = ["Authentication"]


class Authentication:
    """The backends of an application, each with the transport of its tokens.

    Backends are named as in the engine's configuration, which sets the lifetimes and signatures of their
    tokens; `default` always exists. A request may contain tokens of several backends: they are tried in this
    order, and the first valid one decides.
    """

    def __init__(
        self,
        repo: Repo = None,
        backends: Mapping[str, Transport] | None = None,
        *,
        origins: Sequence[str] | None = None,
        device: DeviceCookie | None = None,
    ) -> None:
        """Take the accounts and the backends; default: `default` by Bearer.

        origins: The origins whose pages may send cookies; default: those of the configuration, or of the own
            host.
        device: The cookie that recognizes a browser; default: one that is as secure as those of the backends.
        """
        self.repo = repo
        self.backends: Mapping[str, Transport] = dict(backends or {"default": Bearer()})
        cookies = [each for each in self.backends.values() if isinstance(each, Cookie)]
        if len({each.name for each in cookies}) < len(cookies):
            raise ValueError("two backends have cookies of one name")
        for name, transport in self.backends.items():
            if isinstance(transport, type):
                raise TypeError(f"the transport of {name!r} is a class: give {transport.__name__}()")
            if isinstance(repo, Engine):
                _check_backend(repo, name)
        self._origins = None if origins is None else list(origins)
        secure = all(each.secure for each in cookies)
        self.device: DeviceCookie = device or DeviceCookie(secure=secure)
        self.verification: VerificationCookie = VerificationCookie(secure=secure)
        step = cookie_name(None, "doorward-challenge", secure)
        self.challenge: VerificationCookie = VerificationCookie(step, secure=secure)

    @property
    def engine(self) -> Engine:
        """The engine."""
        return engine_of(self.repo)

    @overload
    def current_user(
        self,
        *,
        optional: Literal[False] = False,
        verified: bool = False,
        roles: AbstractSet[str] | None = None,
        permissions: AbstractSet[str] | None = None,
        max_age_seconds: int | None = None,
    ) -> Callable[..., PublicUser]: ...

    @overload
    def current_user(
        self,
        *,
        optional: Literal[True],
        verified: bool = False,
        roles: AbstractSet[str] | None = None,
        permissions: AbstractSet[str] | None = None,
        max_age_seconds: int | None = None,
    ) -> Callable[..., PublicUser | None]: ...

    def current_user(
        self,
        *,
        optional: bool = False,
        verified: bool = False,
        roles: AbstractSet[str] | None = None,
        permissions: AbstractSet[str] | None = None,
        max_age_seconds: int | None = None,
    ) -> Callable[..., PublicUser | None]:
        """Make a dependency that returns the user of the request: an active account with a live session.

        `verified`: the address must be verified. `roles`: the user must have at least one of them.
        `permissions`: the user's roles must give all of them. `max_age_seconds`: the user must have
        authenticated at most so long ago. `optional`: return None instead of refusing the request. The
        dependency also serves WebSockets.
        """
        return _CurrentUser(
            self, optional, verified, roles=roles, permissions=permissions, max_age_seconds=max_age_seconds
        )

    @overload
    def current(
        self,
        *,
        optional: Literal[False] = False,
        verified: bool = False,
        roles: AbstractSet[str] | None = None,
        permissions: AbstractSet[str] | None = None,
        max_age_seconds: int | None = None,
    ) -> Callable[..., AuthenticateResponse]: ...

    @overload
    def current(
        self,
        *,
        optional: Literal[True],
        verified: bool = False,
        roles: AbstractSet[str] | None = None,
        permissions: AbstractSet[str] | None = None,
        max_age_seconds: int | None = None,
    ) -> Callable[..., AuthenticateResponse | None]: ...

    def current(
        self,
        *,
        optional: bool = False,
        verified: bool = False,
        roles: AbstractSet[str] | None = None,
        permissions: AbstractSet[str] | None = None,
        max_age_seconds: int | None = None,
    ) -> Callable[..., AuthenticateResponse | None]:
        """Make a dependency like `current_user` that returns the user, the session and the token's claims."""
        return _Current(
            self, optional, verified, roles=roles, permissions=permissions, max_age_seconds=max_age_seconds
        )

    def router(
        self,
        *,
        only: Collection[str] | None = None,
        without: Collection[str] = (),
        introspect: Sequence[Dependency] = (),
        fresh_seconds: int = 900,
        landing: str = "/",
    ) -> APIRouter:
        """Make the routes: logins, sessions, addresses, passwords, second factors, public keys.

        only: The operations that get routes, such as `login` and `logout`; default: all that the
            configuration supports, except `introspect`.
        without: The operations among them that get no route.
        introspect: The dependencies that admit a caller of `/introspect` (RFC 7662). The route is for other
            services, and exists only if this is given.
        fresh_seconds: The age of the authentication up to which a user may change the ways into the account
            (another address, factors, passkeys).
        landing: The page that a browser sees after a login at a provider. After a failure, `failure` behind
            the `#` is JSON with the failure's code.
        """
        return Routes(self, only, without, introspect, fresh_seconds, landing).router

    def authenticate(self, connection: HTTPConnection) -> tuple[str, AuthenticateResponse]:
        """Return the backend of a request, and the result of its authentication.

        This call waits: in a coroutine, run it on a thread. A WebSocket may call it repeatedly while it is
        open.
        """
        refusal: AuthError | None = None
        for name, transport in self.backends.items():
            try:
                verdict = self._ask(connection, name, self._credential(connection, transport))
            except NotAuthenticated as error:
                refusal = refusal or error
            except AuthError as error:
                # A client that is kept back at one backend may have a good credential of another.
                if error.status not in (Status.DENIED, Status.FORBIDDEN, Status.THROTTLED):
                    raise
                if refusal is None or isinstance(refusal, NotAuthenticated):
                    refusal = error
            else:
                return name, verdict
        raise refusal or NotAuthenticated("Authentication is required.")

    def authenticate_person(self, connection: HTTPConnection) -> tuple[str, AuthenticateResponse]:
        """Authenticate as `authenticate` does, but refuse API keys: for changes of the account itself."""
        backend, found = self.authenticate(connection)
        if found.credential == "api_key":
            raise PermissionDenied("Permission denied.")
        return backend, found

    def authorize(
        self,
        connection: HTTPConnection,
        backend: str,
        *,
        require_verified_email: bool | None = None,
        roles: Sequence[str] | None = None,
        permissions: Sequence[str] | None = None,
        max_age_seconds: int | None = None,
        amr: Sequence[str] | None = None,
        by_second_factor: bool | None = None,
    ) -> None:
        """Raise PermissionDenied if the user may not do this.

        This call waits, as `authenticate` does. If a new authentication would be enough, it raises
        StepUpRequired with `reauthentication_required`.
        """
        response = self.engine.authorize(
            token=self.token(connection, backend),
            backend=backend,
            require_verified_email=require_verified_email,
            roles=roles,
            permissions=permissions,
            max_age_seconds=max_age_seconds,
            amr=amr,
            by_second_factor=by_second_factor,
        )
        if response.reason == "reauthentication_required":
            raise _stale()
        if not response.authorized:
            raise PermissionDenied("Permission denied.")

    def token(self, connection: HTTPConnection, backend: str) -> str:
        """Return the access token of this backend, or the API key."""
        return raw_token(self._credential(connection, self.backends[backend]))

    def check_origin(self, connection: HTTPConnection) -> None:
        """Raise PermissionDenied if the request comes from a page that may not send cookies."""
        self._request(connection, {"origins": self._trusted()}, only_origin=True)

    def _credential(self, connection: HTTPConnection, transport: Transport) -> dict[str, Any]:
        """Return the credential that decides, as an argument of `authenticate_request`.

        The order is the engine's: `Authorization`, the API key, the cookie.
        """
        access_token = transport.access_token(connection)
        keys = connection.headers.getlist("x-api-key")
        # Other software uses the header, too.
        if "authorization" not in access_token and keys and keys[0].startswith("dw_"):
            return {"api_key": ", ".join(keys)}
        return access_token

    def _ask(
        self, connection: HTTPConnection, backend: str, access_token: dict[str, Any]
    ) -> AuthenticateResponse:
        rules: dict[str, Any] = {"exclude_http_methods": []}
        if "cookies" in access_token:
            rules["cookie"] = next(iter(access_token["cookies"]))
            rules["origins"] = self._trusted()
        verdict = self._request(connection, rules, backend=backend, **access_token)
        return AuthenticateResponse.model_validate(verdict)

    def _trusted(self) -> Any:
        return self.engine.requests.get("origins") if self._origins is None else self._origins

    def _request(self, connection: HTTPConnection, rules: dict[str, Any], **request: Any) -> Any:
        return self.engine.authenticate_request(
            method=connection.scope.get("method", "GET"),
            path="/",
            connection=connection.scope["type"],
            origin=", ".join(connection.headers.getlist("origin")) or None,
            host=connection.headers.get("host"),
            client=Client(ip=ip_of(connection.scope)),
            rules=rules,
            **request,
        )


def _check_backend(engine: Engine, name: str) -> None:
    """Raise ValueError if the engine has no such backend, rather than at the first request."""
    try:
        engine.authenticate_request(method="GET", path="/", backend=name, only_origin=True, rules={})
    except InvalidRequest as error:
        raise ValueError(f"the engine's configuration has no backend {name!r}") from error


def _stale() -> StepUpRequired:
    error = StepUpRequired("Prove again who you are.")
    error.code = "reauthentication_required"
    return error


class _Current:
    """A dependency. Its signature names the schemes of the backends, so that OpenAPI lists them."""

    def __init__(
        self,
        auth: Authentication,
        optional: bool,
        verified: bool,
        **conditions: AbstractSet[str] | int | None,
    ) -> None:
        self._auth = auth
        self._optional = optional
        self._conditions: dict[str, Any] = {
            name: list(condition) if isinstance(condition, AbstractSet) else condition
            for name, condition in {"require_verified_email": verified or None, **conditions}.items()
            if condition is not None
        }
        connection = Parameter("connection", Parameter.POSITIONAL_OR_KEYWORD, annotation=HTTPConnection)
        schemes = [
            Parameter(f"scheme_{index}", Parameter.KEYWORD_ONLY, default=Depends(transport.scheme(name)))
            for index, (name, transport) in enumerate(auth.backends.items())
        ]
        self.__signature__ = Signature([connection, *schemes])

    def __call__(self, connection: HTTPConnection, **_: object) -> AuthenticateResponse | None:
        try:
            backend, found = self._auth.authenticate(connection)
            if self._conditions:
                self._auth.authorize(connection, backend, **self._conditions)
        except AuthError as error:
            if self._optional and error.status in (Status.DENIED, Status.STEP_UP, Status.FORBIDDEN):
                return None
            raise
        return found


class _CurrentUser(_Current):
    def __call__(self, connection: HTTPConnection, **_: object) -> Any:
        found = super().__call__(connection)
        return None if found is None else found.user
