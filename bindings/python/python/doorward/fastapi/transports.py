"""The transports of a backend's tokens: headers and bodies, or cookies."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, Protocol, TypeAlias

from fastapi.openapi.models import HTTPBearer
from fastapi.openapi.models import SecurityBase as Description
from fastapi.responses import JSONResponse, Response
from fastapi.security import APIKeyCookie
from fastapi.security.base import SecurityBase
from starlette.requests import HTTPConnection

from doorward.asgi import cookie_name, cookies_of
from doorward.exceptions import ConfigError
from doorward.fastapi.bodies import CookieLogin, CookieRefresh
from doorward.models.app import (
    CompleteLoginResponse,
    FinishPasskeyLoginResponse,
    FinishProviderLoginResponse,
    LoginResponse,
    LoginWithIdTokenResponse,
    ReauthenticateResponse,
    RefreshResponse,
)

__all__ = ["NO_STORE", "Bearer", "Cookie", "Tokens", "Transport", "raw_token"]

Tokens: TypeAlias = (
    LoginResponse
    | CompleteLoginResponse
    | FinishPasskeyLoginResponse
    | FinishProviderLoginResponse
    | LoginWithIdTokenResponse
    | ReauthenticateResponse
    | RefreshResponse
)
"""The tokens that a transport carries."""

NO_STORE = {"cache-control": "no-store"}

MOST_OF_A_COOKIE = 4096
"""The bytes of name and value of a cookie that browsers keep (RFC 6265bis section 5.6)."""


class Transport(Protocol):
    """The transport of a backend's tokens."""

    login_answer: Any
    """The body of the response to a login, for OpenAPI."""

    refresh_answer: Any
    """The body of the response with the next tokens, for OpenAPI."""

    def scheme(self, backend: str) -> Callable[..., Any]:
        """Describe the transport for OpenAPI."""
        ...

    def access_token(self, request: HTTPConnection) -> dict[str, Any]:
        """Return the access token of a request as an argument of `authenticate_request`, if it has one.

        `authorization`: the header. `cookies`: the one cookie, which only pages of the own site may send.
        """
        ...

    def refresh_token(self, request: HTTPConnection, body: str | None) -> str | None:
        """Return the refresh token of a request with this refresh token in its body."""
        ...

    def answer(self, tokens: Tokens) -> Response:
        """Return the response that gives out the tokens."""
        ...

    def forget(self, response: Response) -> None:
        """Delete the tokens at the client, as far as the host can."""
        ...


class _Scheme(SecurityBase):
    """The scheme for OpenAPI only. The tokens are read elsewhere, because WebSockets have them, too."""

    def __init__(self, scheme_name: str, model: Description) -> None:
        self.scheme_name = scheme_name
        self.model = model

    async def __call__(self) -> None:
        """Do nothing."""


class Bearer:
    """Tokens travel in the `Authorization` header and in JSON bodies: for all clients except browsers."""

    login_answer: Any = LoginResponse
    refresh_answer: Any = RefreshResponse

    def scheme(self, backend: str) -> Callable[..., Any]:
        """Describe the transport for OpenAPI."""
        return _Scheme(backend, HTTPBearer())

    def access_token(self, request: HTTPConnection) -> dict[str, Any]:
        """Return the header."""
        headers = request.headers.getlist("authorization")
        return {"authorization": ", ".join(headers)} if headers else {}

    def refresh_token(self, request: HTTPConnection, body: str | None) -> str | None:
        """Return the refresh token of the body."""
        return body

    def answer(self, tokens: Tokens) -> Response:
        """Return the tokens in a body that no cache stores (RFC 6749 section 5.1)."""
        return JSONResponse(tokens.model_dump(exclude_none=True), headers=NO_STORE)

    def forget(self, response: Response) -> None:
        """Do nothing: such a client deletes its tokens itself."""


class Cookie:
    """Tokens travel in cookies that scripts cannot read and other sites cannot use: for browsers.

    No other host, and no connection without TLS, can set a cookie with the prefix `__Host-`.
    """

    login_answer: Any = CookieLogin
    refresh_answer: Any = CookieRefresh

    def __init__(self, name: str | None = None, *, secure: bool = True) -> None:
        """Take the name of the cookie; those of others have `-refresh`, `-trusted`, `-transaction` appended.

        `secure=False` is for tests and development without TLS: the name is then `doorward`.
        """
        self.name: str = cookie_name(name, "doorward", secure)
        self.refresh_name: str = f"{self.name}-refresh"
        self.trusted_name: str = f"{self.name}-trusted"
        self.transaction_name: str = f"{self.name}-transaction"
        self.secure = secure

    def scheme(self, backend: str) -> Callable[..., Any]:
        """Describe the transport for OpenAPI."""
        return _Scheme(backend, APIKeyCookie(name=self.name).model)

    def access_token(self, request: HTTPConnection) -> dict[str, Any]:
        """Return the cookie."""
        token = cookies_of(request.scope).get(self.name)
        return {} if token is None else {"cookies": {self.name: token}}

    def refresh_token(self, request: HTTPConnection, body: str | None) -> str | None:
        """Return the cookie of the refresh token."""
        return cookies_of(request.scope).get(self.refresh_name)

    def answer(self, tokens: Tokens) -> Response:
        """Return the tokens in cookies; the body contains none."""
        secrets = {"access_token", "refresh_token", "token_type", "trusted_device_token"}
        response = JSONResponse(tokens.model_dump(exclude_none=True, exclude=secrets), headers=NO_STORE)
        self.keep(response, tokens)
        return response

    def keep(self, response: Response, tokens: Tokens) -> None:
        """Set the cookies, which live as long as the tokens.

        Those of a session that is not to be persistent are gone when the browser is closed. A token
        that is too long for a cookie raises ConfigError.
        """
        passing = tokens.persistent is False
        self._set(response, self.name, tokens.access_token, None if passing else tokens.expires_in)
        refresh_token: str | None = getattr(tokens, "refresh_token", None)
        if refresh_token is not None:
            life = None if passing else getattr(tokens, "refresh_expires_in", None)
            self._set(response, self.refresh_name, refresh_token, life)
        trusted: str | None = getattr(tokens, "trusted_device_token", None)
        if trusted is not None:
            life = getattr(tokens, "trusted_device_expires_in", None)
            self._set(response, self.trusted_name, trusted, life)

    def trusted_device_token(self, request: HTTPConnection) -> str | None:
        """Return the token of a trusted device. Its cookie stays when the session ends."""
        return cookies_of(request.scope).get(self.trusted_name)

    def transaction(self, request: HTTPConnection) -> tuple[str, bool | None]:
        """Return the transaction of a login at a provider, and whether its user wants to stay logged in.

        The engine refuses an empty transaction.
        """
        transaction, _, wish = cookies_of(request.scope).get(self.transaction_name, "").partition(".")
        return transaction, {"true": True, "false": False}.get(wish)

    def keep_transaction(
        self, response: Response, transaction: str, persistent: bool | None = None, *, form_post: bool = False
    ) -> None:
        """Keep the transaction of a login at a provider for fifteen minutes; an empty one deletes the cookie.

        persistent: Whether the user wants to stay logged in, for the time when the browser comes back.
        form_post: Whether a page of the provider posts the form with which the browser comes back.
        """
        seconds = 900 if transaction else 0
        # A transaction is base64url, which has no dots.
        value = transaction if persistent is None else f"{transaction}.{str(persistent).lower()}"
        self._set(response, self.transaction_name, value, seconds, "none" if form_post else "lax")

    def forget(self, response: Response) -> None:
        """Delete the cookies."""
        for name in (self.name, self.refresh_name):
            self._set(response, name, "", 0)

    def _set(
        self,
        response: Response,
        name: str,
        value: str,
        max_age: int | None,
        samesite: Literal["lax", "none"] = "lax",
    ) -> None:
        if len(name) + len(value) > MOST_OF_A_COOKIE:
            # The browser would drop it and keep the cookie of an earlier session.
            error = ConfigError("The tokens do not fit in cookies.")
            error.detail = f"a token has {len(value)} bytes: too many claims or roles"
            raise error
        response.set_cookie(
            name, value, max_age, path="/", secure=self.secure, httponly=True, samesite=samesite
        )


def raw_token(access_token: dict[str, Any]) -> str:
    """Return the token itself.

    A text without a scheme, or with the wrong one, is a token that the engine does not know.
    """
    if "cookies" in access_token:
        return str(next(iter(access_token["cookies"].values())))
    for name in ("token", "api_key"):
        if name in access_token:
            return str(access_token[name])
    return str(access_token["authorization"]).partition(" ")[2].strip(" ")
