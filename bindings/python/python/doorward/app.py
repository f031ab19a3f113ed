"""Registration, login and authentication: async, and independent of any web framework.

Calls that may wait run on a thread, off the event loop. `repo` names the accounts: an Engine, a
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
    """Create an account. Raises Conflict if the name or the address is taken.

    Give the client, because the engine limits the registrations of each. Only the host chooses roles and
    attributes: use `Engine.register` for them.
    """
    return await UserRepository(engine_of(repo)).create(user, client=client)


async def login_user(user: LoginRequest, repo: Repo = None, *, client: Client | None = None) -> LoginResponse:
    """Log in by password and open a session. Raises AuthError if the credentials are not valid.

    Give the client, because the engine counts its failures. `Engine.login` takes the backend, the scope and a
    second factor.
    """
    return await to_thread(engine_of(repo).login, **dict(user), client=client)


async def logout_user(
    token: str | None = None, *, everywhere: bool = False, repo: Repo = None
) -> LogoutResponse:
    """End the session of an access or refresh token, or every session of its user.

    Without a token nothing is revoked: the response only tells the client to discard its tokens.
    """
    engine = engine_of(repo)
    if token is None:
        return await to_thread(engine.logout, stateless=True, everywhere=everywhere)
    # A JWS contains dots; a refresh token contains none.
    if "." in token:
        return await to_thread(engine.logout, token=token, everywhere=everywhere)
    return await to_thread(engine.logout, refresh_token=token, everywhere=everywhere)


async def get_logged_in_user(token: str | None, repo: Repo = None) -> PublicUser:
    """Return the user of a live access token.

    Raises InvalidToken if the token is missing or not valid, and UserNotFound if its user no longer exists.
    """
    try:
        return (await to_thread(engine_of(repo).authenticate, token=token or "")).user
    except InvalidRequest as error:
        raise no_token(error) from None


async def introspect_token(token: str | None, repo: Repo = None) -> IntrospectResponse:
    """Check whether a token is valid now. An invalid token raises nothing.

    `reason`, which is not serialized, tells the host's logs why a token is not active; it is `unknown_user`
    if only the user is gone. AuthServiceUnavailable is raised if the store does not answer.
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
    """Return the user of a request, or None if the request needs no authentication.

    The host's policy gets the method in upper case and the path without its query. Only the result True skips
    authentication: a policy that fails does not, and the engine never skips a path that two parsers could
    understand differently. Raises InvalidToken if the raw token is missing or not valid.
    """
    try:
        verdict = await to_thread(
            engine_of(repo).authenticate_request,
            method=method,
            path=path,
            token=authorization_token or "",
            excluded=_is_excluded(should_skip_authentication, method.upper(), re.split("[?#]", path)[0]),
            # Only the policy decides what is excluded.
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
    """Return the failure for a text that cannot be a token, for example by its length."""
    invalid = InvalidToken("The token is not valid.")
    invalid.detail = error.detail or "malformed"
    return invalid
