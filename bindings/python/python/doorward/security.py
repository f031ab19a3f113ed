"""Tokens and password hashes, without accounts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from doorward.models.security import TokenPayload
from doorward.repository import Repo, engine_of

__all__ = ["create_access_token", "get_jwt_payload", "hash_password", "verify_password"]


def create_access_token(
    data: Mapping[str, Any], expires_delta: timedelta | None = None, *, repo: Repo = None
) -> str:
    """Issue an access token with the claims of `data`: `sub` and any of the host's own.

    Claims that the engine makes, and a lifetime of less than a second, are refused: InvalidRequest.
    """
    seconds = None if expires_delta is None else expires_delta // timedelta(seconds=1)
    return engine_of(repo).issue_token(claims=data, lifetime_seconds=seconds).token


def get_jwt_payload(token: str, *, repo: Repo = None) -> TokenPayload:
    """Verify an access token by signature and claims alone; JWTError says that it is not valid."""
    return TokenPayload.model_validate(engine_of(repo).verify(token))


def hash_password(password: str, *, repo: Repo = None) -> str:
    """Hash a password with Argon2id; the hash is a PHC string."""
    return engine_of(repo).hash_password(password=password).hash


def verify_password(password: str, hashed_password: str, *, repo: Repo = None) -> bool:
    """Tell whether the password is the one that was hashed; False also for what is no hash."""
    return engine_of(repo).verify_password(password=password, hash=hashed_password).valid
