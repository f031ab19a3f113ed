"""doorward in FastAPI: routes that log in by named backends, and who is there as a dependency.

Every verdict is the engine's; here headers, cookies and bodies are taken apart and put together.

    auth = Authentication(engine, {"default": Bearer(), "browser": Cookie()})
    app.include_router(auth.router(), prefix="/auth")
    app.add_exception_handler(AuthError, failure_response)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from inspect import Parameter, Signature
from ipaddress import ip_address
from typing import Annotated, Any, Literal, Protocol, TypeAlias, overload
from urllib.parse import parse_qsl

from fastapi import APIRouter, Depends, Request
from fastapi.params import Depends as Dependency
from fastapi.responses import JSONResponse, Response
from fastapi.security import APIKeyCookie, HTTPBearer
from pydantic import ConfigDict, Field

from doorward.app import introspect_token
from doorward.engine import Engine
from doorward.exceptions import (
    AuthError,
    InvalidRequest,
    InvalidToken,
    NotAuthenticated,
    PermissionDenied,
    Status,
)
from doorward.models.app import (
    AuthenticateResponse,
    ChangePasswordResponse,
    CheckMailTokenResponse,
    Client,
    CompleteLoginRequest,
    CompleteLoginResponse,
    IdentityMixin,
    IntrospectResponse,
    JwksResponse,
    LoginResponse,
    LogoutResponse,
    PasswordMixin,
    PublicUser,
    RefreshResponse,
    RequestEmailChangeResponse,
    RequestEmailVerificationResponse,
    RequestPasswordResetResponse,
)
from doorward.models.base import Model
from doorward.repository import Repo, engine_of

__all__ = ["Authentication", "Bearer", "Cookie", "Tokens", "Transport", "failure_response"]

Tokens: TypeAlias = LoginResponse | CompleteLoginResponse | RefreshResponse
"""What a transport hands out."""


def failure_response(request: Request, error: Exception) -> JSONResponse:
    """Answer with a failure: its status, and of its reasons those that the user may know.

    An exception handler: `app.add_exception_handler(AuthError, failure_response)`.
    """
    if not isinstance(error, AuthError):
        raise error
    return JSONResponse(error.http_body, error.http_status, error.http_headers)


class Transport(Protocol):
    """How the tokens of a backend travel."""

    def scheme(self, backend: str) -> Callable[..., Any]:
        """Describe it for OpenAPI."""
        ...

    def access_token(self, request: Request) -> dict[str, str]:
        """Return the access token of a request as an argument of `authenticate`, or nothing."""
        ...

    def refresh_token(self, request: Request, body: str | None) -> str | None:
        """Return the refresh token of a request, whose body has this one."""
        ...

    def answer(self, tokens: Tokens) -> Response:
        """Hand out tokens."""
        ...

    def forget(self, response: Response) -> None:
        """Take the tokens back from the client, as far as the host can."""
        ...


class Bearer:
    """Tokens travel in the `Authorization` header and in JSON bodies: for everything but browsers."""

    def scheme(self, backend: str) -> Callable[..., Any]:
        """Describe it for OpenAPI."""
        return HTTPBearer(scheme_name=backend, auto_error=False)

    def access_token(self, request: Request) -> dict[str, str]:
        """Return the header."""
        headers = request.headers.getlist("authorization")
        return {"authorization": ", ".join(headers)} if headers else {}

    def refresh_token(self, request: Request, body: str | None) -> str | None:
        """Return the one of the body."""
        return body

    def answer(self, tokens: Tokens) -> Response:
        """Hand out tokens in a body that no cache keeps (RFC 6749 section 5.1)."""
        return JSONResponse(tokens.model_dump(exclude_none=True), headers=NO_STORE)

    def forget(self, response: Response) -> None:
        """Do nothing: such a client forgets by itself."""


class Cookie:
    """Tokens travel in cookies that scripts cannot read and other sites cannot use: for browsers.

    A name with the prefix `__Host-` is one that no other host, and nothing without TLS, can set.
    """

    def __init__(self, name: str = "__Host-doorward") -> None:
        """Take the name of the cookie; that of the refresh token is longer by `-refresh`."""
        self.name = name
        self.refresh_name = f"{name}-refresh"

    def scheme(self, backend: str) -> Callable[..., Any]:
        """Describe it for OpenAPI."""
        return APIKeyCookie(name=self.name, scheme_name=backend, auto_error=False)

    def access_token(self, request: Request) -> dict[str, str]:
        """Return the cookie."""
        token = request.cookies.get(self.name)
        return {} if token is None else {"token": token}

    def refresh_token(self, request: Request, body: str | None) -> str | None:
        """Return the cookie of the refresh token."""
        return request.cookies.get(self.refresh_name)

    def answer(self, tokens: Tokens) -> Response:
        """Hand out tokens in cookies that live as long as the tokens; the body has none."""
        rest = tokens.model_dump(exclude_none=True, exclude={"access_token", "refresh_token", "token_type"})
        response = JSONResponse(rest, headers=NO_STORE)
        self._set(response, self.name, tokens.access_token, tokens.expires_in)
        if tokens.refresh_token is not None:
            self._set(response, self.refresh_name, tokens.refresh_token, tokens.refresh_expires_in)
        return response

    def forget(self, response: Response) -> None:
        """Delete the cookies."""
        for name in (self.name, self.refresh_name):
            self._set(response, name, "", 0)

    def _set(self, response: Response, name: str, value: str, max_age: int | None) -> None:
        response.set_cookie(name, value, max_age, path="/", secure=True, httponly=True, samesite="lax")


NO_STORE = {"cache-control": "no-store"}


class Credentials(PasswordMixin):
    """What a client logs in with. Scopes are not for the client to choose."""

    model_config = ConfigDict(extra="forbid")
    username: str
    """The username or the e-mail address."""
    two_fa_code: Annotated[str | None, Field(repr=False)] = None
    """The code of the authenticator app, where one is set up; else the answer asks for it."""
    recovery_code: Annotated[str | None, Field(repr=False)] = None
    """A recovery code instead."""


class Registration(IdentityMixin, PasswordMixin):
    """What a client registers with. Roles are not for the client to choose."""

    model_config = ConfigDict(extra="forbid")
    locale: str | None = None
    """The language of mails (BCP 47)."""


class Address(Model):
    """To which address a mail is wanted."""

    model_config = ConfigDict(extra="forbid")
    email: str
    locale: str | None = None


class NewAddress(Model):
    """Which address is to be the account's."""

    model_config = ConfigDict(extra="forbid")
    new_email: str
    locale: str | None = None


class MailedToken(Model):
    """What was mailed."""

    model_config = ConfigDict(extra="forbid")
    token: Annotated[str, Field(repr=False)]


class ForgottenPassword(MailedToken):
    """The password instead of the one that was forgotten."""

    new_password: Annotated[str, Field(repr=False)]


class PasswordChange(Model):
    """The password as it is and as it shall be."""

    model_config = ConfigDict(extra="forbid")
    old_password: Annotated[str, Field(repr=False)]
    new_password: Annotated[str, Field(repr=False)]


class RefreshBody(Model):
    """A refresh token that does not travel in a cookie."""

    model_config = ConfigDict(extra="forbid")
    refresh_token: str | None = None


class LogoutBody(RefreshBody):
    """What to end."""

    everywhere: bool = False


def _check_backend(engine: Engine, name: str) -> None:
    """Raise ValueError where the engine has no such backend, rather than at the first request."""
    try:
        engine.verify(token="", backend=name)
    except InvalidToken:
        return
    except InvalidRequest as error:
        raise ValueError(f"the engine's configuration has no backend {name!r}") from error


class Authentication:
    """The backends of an application, each with the way its tokens travel.

    Backends are named as in the engine's configuration, which says how long their tokens live and how they
    are signed; the one that is always there is `default`. A request may hold tokens of several: they are
    tried in this order, and the first that is good decides.
    """

    def __init__(self, repo: Repo = None, backends: Mapping[str, Transport] | None = None) -> None:
        """Take where accounts are, and the backends; without them, `default` by Bearer."""
        self._repo = repo
        self.backends: Mapping[str, Transport] = dict(backends or {"default": Bearer()})
        names = [each.name for each in self.backends.values() if isinstance(each, Cookie)]
        if len(set(names)) < len(names):
            raise ValueError("two backends have cookies of one name")
        for name, transport in self.backends.items():
            if isinstance(transport, type):
                raise TypeError(f"the transport of {name!r} is a class: give {transport.__name__}()")
            if isinstance(repo, Engine):
                _check_backend(repo, name)

    @property
    def engine(self) -> Engine:
        """The engine."""
        return engine_of(self._repo)

    @overload
    def current_user(
        self,
        *,
        optional: Literal[False] = False,
        verified: bool = False,
        roles: AbstractSet[str] | None = None,
    ) -> Callable[..., PublicUser]: ...

    @overload
    def current_user(
        self, *, optional: Literal[True], verified: bool = False, roles: AbstractSet[str] | None = None
    ) -> Callable[..., PublicUser | None]: ...

    def current_user(
        self, *, optional: bool = False, verified: bool = False, roles: AbstractSet[str] | None = None
    ) -> Callable[..., PublicUser | None]:
        """Make a dependency: the user of the request, whose account is active and whose session is alive.

        `verified`: the address is verified. `roles`: the user has at least one of them. `optional`: None
        instead of a refusal.
        """
        return _CurrentUser(self, optional, verified, roles)

    def router(self, *, introspect: Sequence[Dependency] = (), fresh_seconds: int = 900) -> APIRouter:
        """Make the routes: logins, sessions, addresses, passwords, public keys.

        `/introspect` (RFC 7662) is for other services: it is there where `introspect` says, by dependencies,
        who may ask. Another address is for who logged in at most `fresh_seconds` ago: passwords are mailed
        to it.
        """
        router = APIRouter(tags=["authentication"])
        for name, transport in self.backends.items():
            self._add_login(router, name, transport)
        self._add_addresses(router, fresh_seconds)
        self._add_passwords(router)

        def refresh(request: Request, body: RefreshBody | None = None) -> Response:
            for transport in self.backends.values():
                token = transport.refresh_token(request, body.refresh_token if body else None)
                if token is None:
                    continue
                try:
                    return transport.answer(self.engine.refresh(refresh_token=token))
                except InvalidToken as error:
                    return _ended(request, transport, error)
            raise NotAuthenticated("Authentication is required.")

        def logout(request: Request, body: LogoutBody | None = None) -> Response:
            body = body or LogoutBody()
            done: LogoutResponse | None = None
            refusal: AuthError = NotAuthenticated("Authentication is required.")
            offered = [
                (transport, _proofs(request, transport, body.refresh_token))
                for transport in self.backends.values()
            ]
            # Each may be of another session; where two are of one, the second changes nothing.
            for access, refresh in dict.fromkeys(proof for _, proofs in offered for proof in proofs):
                try:
                    done = self.engine.logout(token=access, refresh_token=refresh, everywhere=body.everywhere)
                except InvalidToken as error:
                    refusal = error
            response = (
                JSONResponse(done.model_dump(), headers=NO_STORE)
                if done is not None
                else failure_response(request, refusal)
            )
            for transport, proofs in offered:
                if proofs:
                    transport.forget(response)
            return response

        def register(body: Registration) -> PublicUser:
            return self.engine.register(**dict(body)).user

        def jwks() -> JwksResponse:
            return self.engine.jwks()

        async def introspection(request: Request) -> IntrospectResponse:
            form = dict(parse_qsl((await request.body()).decode("utf-8", "replace")))
            if "token" not in form:
                raise InvalidRequest("A form with the field token is expected.")
            return await introspect_token(form["token"], self._repo)

        add = router.add_api_route
        add("/refresh", refresh, methods=["POST"], response_model=RefreshResponse)
        add("/logout", logout, methods=["POST"], response_model=LogoutResponse)
        add("/register", register, methods=["POST"], status_code=201)
        add("/jwks.json", jwks, methods=["GET"])
        if introspect:
            add(
                "/introspect",
                introspection,
                methods=["POST"],
                dependencies=introspect,
                response_model_exclude_none=True,
            )
        return router

    def _add_login(self, router: APIRouter, name: str, transport: Transport) -> None:
        def login(request: Request, body: Credentials) -> Response:
            return transport.answer(
                self.engine.login(
                    username=body.username,
                    password=body.password,
                    two_fa_code=body.two_fa_code,
                    recovery_code=body.recovery_code,
                    backend=name,
                    client=_client(request),
                )
            )

        path = f"/login/{name}"
        router.add_api_route(
            path, login, methods=["POST"], name=f"login {name}", response_model=LoginResponse
        )

    def _add_addresses(self, router: APIRouter, fresh_seconds: int) -> None:
        def request_email_verification(request: Request, body: Address) -> RequestEmailVerificationResponse:
            return self.engine.request_email_verification(
                email=body.email, locale=body.locale, client=_client(request)
            )

        def request_email_change(request: Request, body: NewAddress) -> RequestEmailChangeResponse:
            backend, found = self.authenticate(request)
            self.authorize(request, backend, max_age_seconds=fresh_seconds)
            return self.engine.request_email_change(
                user_id=found.user.id, new_email=body.new_email, locale=body.locale
            )

        def check_mail_token(body: MailedToken) -> CheckMailTokenResponse:
            return self.engine.check_mail_token(token=body.token)

        def verify_email(body: MailedToken) -> Response:
            self.engine.verify_email(token=body.token)
            return Response(status_code=204, headers=NO_STORE)

        add = router.add_api_route
        add("/request-email-verification", request_email_verification, methods=["POST"])
        add("/request-email-change", request_email_change, methods=["POST"])
        add("/check-mail-token", check_mail_token, methods=["POST"])
        add("/verify-email", verify_email, methods=["POST"], status_code=204)

    def _add_passwords(self, router: APIRouter) -> None:
        def complete_login(body: CompleteLoginRequest) -> Response:
            tokens = self.engine.complete_login(**body.model_dump(exclude_none=True))
            transport = self.backends.get(tokens.backend)
            if transport is None:
                # The challenge is of a login elsewhere.
                self.engine.revoke_session(session_id=tokens.session_id)
                raise NotAuthenticated("Authentication is required.")
            return transport.answer(tokens)

        def request_password_reset(request: Request, body: Address) -> RequestPasswordResetResponse:
            return self.engine.request_password_reset(
                email=body.email, locale=body.locale, client=_client(request)
            )

        def reset_password(body: ForgottenPassword) -> Response:
            self.engine.reset_password(token=body.token, new_password=body.new_password)
            return Response(status_code=204, headers=NO_STORE)

        def change_password(request: Request, body: PasswordChange) -> Response:
            backend, _ = self.authenticate(request)
            transport = self.backends[backend]
            done = self.engine.change_password(
                token=_raw(transport.access_token(request)),
                old_password=body.old_password,
                new_password=body.new_password,
                client=_client(request),
            )
            response = JSONResponse(done.model_dump(), headers=NO_STORE)
            transport.forget(response)
            return response

        add = router.add_api_route
        add("/complete-login", complete_login, methods=["POST"], response_model=LoginResponse)
        add("/request-password-reset", request_password_reset, methods=["POST"])
        add("/reset-password", reset_password, methods=["POST"], status_code=204)
        add("/change-password", change_password, methods=["POST"], response_model=ChangePasswordResponse)

    def authenticate(self, request: Request) -> tuple[str, AuthenticateResponse]:
        """Say who is there: the backend and what it knows. It waits: in a coroutine, run it on a thread."""
        refusal: AuthError | None = None
        for name, transport in self.backends.items():
            try:
                return name, self.engine.authenticate(backend=name, **transport.access_token(request))
            except NotAuthenticated as error:
                refusal = refusal or error
            except AuthError as error:
                if error.status is not Status.DENIED:
                    raise
                if refusal is None or isinstance(refusal, NotAuthenticated):
                    refusal = error
        raise refusal or NotAuthenticated("Authentication is required.")

    def authorize(
        self,
        request: Request,
        backend: str,
        *,
        require_verified_email: bool | None = None,
        roles: Sequence[str] | None = None,
        max_age_seconds: int | None = None,
    ) -> None:
        """Refuse with PermissionDenied who may not. It waits, as `authenticate` does."""
        response = self.engine.authorize(
            token=_raw(self.backends[backend].access_token(request)),
            backend=backend,
            require_verified_email=require_verified_email,
            roles=roles,
            max_age_seconds=max_age_seconds,
        )
        if not response.authorized:
            raise PermissionDenied("Permission denied.")


class _CurrentUser:
    """A dependency; its signature names the backends' schemes, so that OpenAPI shows them."""

    def __init__(
        self, auth: Authentication, optional: bool, verified: bool, roles: AbstractSet[str] | None
    ) -> None:
        self._auth = auth
        self._optional = optional
        self._verified = verified
        self._roles = roles
        request = Parameter("request", Parameter.POSITIONAL_OR_KEYWORD, annotation=Request)
        schemes = [
            Parameter(f"scheme_{index}", Parameter.KEYWORD_ONLY, default=Depends(transport.scheme(name)))
            for index, (name, transport) in enumerate(auth.backends.items())
        ]
        self.__signature__ = Signature([request, *schemes])

    def __call__(self, request: Request, **_: object) -> PublicUser | None:
        try:
            backend, found = self._auth.authenticate(request)
            if self._verified or self._roles is not None:
                roles = None if self._roles is None else list(self._roles)
                self._auth.authorize(request, backend, require_verified_email=self._verified, roles=roles)
        except AuthError as error:
            if self._optional and error.status in (Status.DENIED, Status.FORBIDDEN):
                return None
            raise
        return found.user


def _proofs(
    request: Request, transport: Transport, body: str | None
) -> list[tuple[str, None] | tuple[None, str]]:
    """The tokens of a request, each an access or a refresh token, which lives longer."""
    refresh_token, access_token = transport.refresh_token(request, body), transport.access_token(request)
    proofs: list[tuple[str, None] | tuple[None, str]] = []
    if refresh_token is not None:
        proofs.append((None, refresh_token))
    if access_token:
        proofs.append((_raw(access_token), None))
    return proofs


def _raw(access_token: dict[str, str]) -> str:
    """The token itself. What follows no scheme, or the wrong one, is none that the engine knows."""
    if "token" in access_token:
        return access_token["token"]
    return access_token["authorization"].partition(" ")[2].strip(" ")


def _ended(request: Request, transport: Transport, error: AuthError) -> Response:
    """The session is over: the client forgets it."""
    response = failure_response(request, error)
    transport.forget(response)
    return response


def _client(request: Request) -> Client:
    """From where a request comes; a peer without an address, such as a Unix socket, has none."""
    host = request.client.host.partition("%")[0] if request.client else ""
    try:
        ip = str(ip_address(host))
    except ValueError:
        ip = None
    return Client(ip=ip, user_agent=request.headers.get("user-agent"))
