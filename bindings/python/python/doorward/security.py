"""Tokens and password hashes, without accounts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from doorward.app import no_token
from doorward.exceptions import InvalidRequest
from doorward.models.security import TokenPayload
from doorward.repository import Repo, engine_of

__all__ = ["create_access_token", "get_jwt_payload", "hash_password", "verify_password"]


def create_access_token(
    data: Mapping[str, Any], expires_delta: timedelta | None = None, *, repo: Repo = None
) -> str:
    """Issue an access token with the claims of `data`: `sub` and the host's own claims.

    Claims that the engine makes, and a lifetime of less than a second, raise InvalidRequest.
    """
    seconds = None if expires_delta is None else expires_delta // timedelta(seconds=1)
    return engine_of(repo).issue_token(claims=data, lifetime_seconds=seconds).token


def get_jwt_payload(token: str, *, repo: Repo = None) -> TokenPayload:
    """Verify an access token by signature and claims alone. Raises JWTError if it is not valid."""
    try:
        claims = engine_of(repo).verify(token)
    except InvalidRequest as error:
        raise no_token(error) from None
    return TokenPayload.model_validate(claims)


def hash_password(password: str, *, repo: Repo = None) -> str:
    """Hash a password with Argon2id; the hash is a PHC string."""
    return engine_of(repo).hash_password(password=password).hash


def verify_password(
    plain_password: str | None = None,
    hashed_password: str | None = None,
    *,
    password: str | None = None,
    repo: Repo = None,
) -> bool:
    """Check whether the password belongs to the hash; a malformed hash gives False.

    The password comes first, or is given by name: `plain_password` or, as elsewhere here, `password`.
    """
    given = [each for each in (plain_password, password) if each is not None]
    if len(given) != 1 or hashed_password is None:
        raise TypeError("verify_password takes one password and hashed_password")
    return engine_of(repo).verify_password(password=given[0], hash=hashed_password).valid
