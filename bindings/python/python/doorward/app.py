"""Registration, login and the question who is there: async, and free of any web framework.

What can wait runs on a thread, off the event loop. `repo` says where accounts are: an Engine, a
UserRepository, or nothing for the engine of `doorward.configure`.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable

from doorward.exceptions import InvalidRequest, InvalidToken
from doorward.models.app import (
    IntrospectResponse,
    LoginRequest,
    LoginResponse,
    LogoutResponse,
    PublicUser,
    RegisterRequest,
)
from doorward.repository import Repo, UserRepository, engine_of

__all__ = [
    "authenticate_request",
    "get_logged_in_user",
    "introspect_token",
    "login_user",
    "logout_user",
    "register_user",
]


async def register_user(user: RegisterRequest, repo: Repo = None) -> PublicUser:
    """Create an account. Conflict says that the name or the address is taken."""
    return await UserRepository(engine_of(repo)).create(user)


async def login_user(user: LoginRequest, repo: Repo = None) -> LoginResponse:
    """Log in by password and open a session. AuthError says that the credentials are not valid."""
    return await asyncio.to_thread(engine_of(repo).login, **dict(user))


async def logout_user(
    token: str | None = None, *, everywhere: bool = False, repo: Repo = None
) -> LogoutResponse:
    """End the session of an access or refresh token, or every session of its user.

    Without a token nothing is revoked: the answer only tells the client to discard its tokens.
    """
    engine = engine_of(repo)
    if token is None:
        return await asyncio.to_thread(engine.logout, stateless=True, everywhere=everywhere)
    # A JWS has dots; a refresh token has none.
    if "." in token:
        return await asyncio.to_thread(engine.logout, token=token, everywhere=everywhere)
    return await asyncio.to_thread(engine.logout, refresh_token=token, everywhere=everywhere)


async def get_logged_in_user(token: str | None, repo: Repo = None) -> PublicUser:
    """Return the user of a live access token.

    InvalidToken says that it is missing or not valid, UserNotFound that its user is gone.
    """
    try:
        return (await asyncio.to_thread(engine_of(repo).authenticate, token=token or "")).user
    except InvalidRequest as error:
        raise no_token(error) from None


async def introspect_token(token: str | None, repo: Repo = None) -> IntrospectResponse:
    """Tell whether a token is good now. It never fails for a reason of the token.

    `reason`, which is not serialized, says for the host's logs why a token is not active: `unknown_user`
    where only the user is gone. When the store cannot answer, AuthServiceUnavailable is raised.
    """
    try:
        return await asyncio.to_thread(engine_of(repo).introspect, token=token or "")
    except InvalidRequest as error:
        return IntrospectResponse(active=False, reason=no_token(error).detail)


async def authenticate_request(
    should_skip_authentication: Callable[[str, str], bool],
    *,
    method: str,
    path: str,
    authorization_token: str | None,
    repo: Repo = None,
) -> PublicUser | None:
    """Return the user of a request, or None where it needs none.

    The host's policy is asked with the method in upper case and the path in its normal form. Only the answer
    True skips: a policy that fails, and a path that two readers could take for different ones, do not.
    InvalidToken says that the raw token is missing or not valid.
    """
    if _is_skipped(should_skip_authentication, method.upper(), path):
        return None
    return await get_logged_in_user(authorization_token, repo)


def _is_skipped(policy: Callable[[str, str], bool], method: str, path: str) -> bool:
    normal = re.sub("/{2,}", "/", path if path.startswith("/") else f"/{path}")
    if _AMBIGUOUS.search(normal):
        return False
    try:
        return policy(method, normal) is True
    except Exception:
        return False


# What one reader resolves and another takes as it stands (RFC 3986 section 6.2.2): dot segments,
# backslashes, control characters, and escapes of anything but what needs them, bytes beyond ASCII.
_AMBIGUOUS = re.compile(r"/\.{1,2}(?:/|$)|[\\\x00-\x1f\x7f]|%(?![89A-Fa-f][0-9A-Fa-f])")


def no_token(error: InvalidRequest) -> InvalidToken:
    """What is not even a text of a request's length is no token."""
    invalid = InvalidToken("The token is not valid.")
    invalid.detail = error.detail or "malformed"
    return invalid
