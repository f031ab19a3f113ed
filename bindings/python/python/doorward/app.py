"""Registration, login and the question who is there: async, and free of any web framework.

What can wait runs on a thread, off the event loop. `repo` says where accounts are: an Engine, a
UserRepository, or nothing for the engine of `doorward.configure`.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from doorward.exceptions import InvalidRequest, InvalidToken
from doorward.models import (
    Client,
    IntrospectResponse,
    LoginRequest,
    LoginResponse,
    LogoutResponse,
    PublicUser,
    RegisterRequest,
)
from doorward.repository import Repo, UserRepository, engine_of
from doorward.threads import to_thread

__all__ = [
    "authenticate_request",
    "get_logged_in_user",
    "introspect_token",
    "login_user",
    "logout_user",
    "register_user",
]


async def register_user(
    user: RegisterRequest, repo: Repo = None, *, client: Client | None = None
) -> PublicUser:
    """Create an account. Conflict says that the name or the address is taken.

    Give the client, whose registrations are counted. Roles and attributes are the host's to give:
    `Engine.register` takes them.
    """
    return await UserRepository(engine_of(repo)).create(user, client=client)


async def login_user(user: LoginRequest, repo: Repo = None, *, client: Client | None = None) -> LoginResponse:
    """Log in by password and open a session. AuthError says that the credentials are not valid.

    Give the client, whose failures are counted. `Engine.login` takes the backend, the scope and a second
    factor.
    """
    return await to_thread(engine_of(repo).login, **dict(user), client=client)


async def logout_user(
    token: str | None = None, *, everywhere: bool = False, repo: Repo = None
) -> LogoutResponse:
    """End the session of an access or refresh token, or every session of its user.

    Without a token nothing is revoked: the answer only tells the client to discard its tokens.
    """
    engine = engine_of(repo)
    if token is None:
        return await to_thread(engine.logout, stateless=True, everywhere=everywhere)
    # A JWS has dots; a refresh token has none.
    if "." in token:
        return await to_thread(engine.logout, token=token, everywhere=everywhere)
    return await to_thread(engine.logout, refresh_token=token, everywhere=everywhere)


async def get_logged_in_user(token: str | None, repo: Repo = None) -> PublicUser:
    """Return the user of a live access token.

    InvalidToken says that it is missing or not valid, UserNotFound that its user is gone.
    """
    try:
        return (await to_thread(engine_of(repo).authenticate, token=token or "")).user
    except InvalidRequest as error:
        raise no_token(error) from None


async def introspect_token(token: str | None, repo: Repo = None) -> IntrospectResponse:
    """Tell whether a token is good now. It never fails for a reason of the token.

    `reason`, which is not serialized, says for the host's logs why a token is not active: `unknown_user`
    where only the user is gone. When the store cannot answer, AuthServiceUnavailable is raised.
    """
    try:
        return await to_thread(engine_of(repo).introspect, token=token or "")
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

    The host's policy is asked with the method in upper case and the path without its query. Only the answer
    True skips: a policy that fails does not, and a path that two readers could take for different ones is
    never skipped, by the engine's judgement. InvalidToken says that the raw token is missing or not valid.
    """
    try:
        verdict = await to_thread(
            engine_of(repo).authenticate_request,
            method=method,
            path=path,
            token=authorization_token or "",
            excluded=_is_excluded(should_skip_authentication, method.upper(), re.split("[?#]", path)[0]),
            # The policy alone says what is excluded.
            rules={"exclude_http_methods": []},
        )
    except InvalidRequest as error:
        raise no_token(error) from None
    return verdict.user


def _is_excluded(policy: Callable[[str, str], bool], method: str, path: str) -> bool:
    try:
        return policy(method, path) is True
    except Exception:
        return False


def no_token(error: InvalidRequest) -> InvalidToken:
    """What is not even a text of a request's length is no token."""
    invalid = InvalidToken("The token is not valid.")
    invalid.detail = error.detail or "malformed"
    return invalid
