"""The backend of fastapi-users, for applications and clients that migrate from it."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi.responses import JSONResponse, Response
from pydantic import Field

from doorward.fastapi.transports import NO_STORE, Bearer, Tokens
from doorward.models.base import Model
from doorward.types import BackendConfig

__all__ = ["JWTAuthentication", "JWTToken"]


class JWTToken(Model):
    """The response to a login."""

    token: Annotated[str, Field(repr=False)]


class JWTAuthentication(Bearer):
    """Bearer tokens in the format of fastapi-users: HS256 with this secret, `user_id`, its audience.

        jwt = JWTAuthentication(secret=SECRET, lifetime_seconds=3600)
        engine = Engine({"backends": {jwt.name: jwt.backend}})
        app.include_router(Authentication(engine, {jwt.name: jwt}).router(), prefix="/auth")

    `POST /auth/login/jwt` returns `{"token": "…"}`. Without refresh tokens, the session ends with the token.
    """

    login_answer: Any = JWTToken

    def __init__(
        self,
        secret: str,
        lifetime_seconds: int,
        name: str = "jwt",
        *,
        audience: str = "fastapi-users:auth",
        allow_weak_secret: bool = False,
    ) -> None:
        """Take the secret, of at least 32 bytes, the lifetime of a token, and the name of the backend."""
        self.name = name
        self.lifetime_seconds = lifetime_seconds
        self.backend: BackendConfig = {
            "secret": secret,
            "access_token_seconds": lifetime_seconds,
            "audience": audience,
            "subject_claim": "user_id",
            "refresh": False,
            "allow_weak_secret": allow_weak_secret,
        }

    def __repr__(self) -> str:
        """Name the backend; its secret is not shown."""
        return f"JWTAuthentication(name={self.name!r}, lifetime_seconds={self.lifetime_seconds})"

    def answer(self, tokens: Tokens) -> Response:
        """Return the token in a body that no cache stores."""
        return JSONResponse({"token": tokens.access_token}, headers=NO_STORE)
