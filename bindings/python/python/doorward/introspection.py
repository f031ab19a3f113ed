"""Tokens of another service, which is asked over HTTP (RFC 7662).

Unlike `doorward.introspect_token`, this checks tokens that another service issued, and an invalid token
raises InvalidToken. The key `introspection_service` of the configuration names the service.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, cast

from pydantic import ValidationError

from doorward import app
from doorward.exceptions import AuthServiceUnavailable, InvalidRequest, InvalidToken
from doorward.models import PublicUser
from doorward.repository import Repo, engine_of
from doorward.threads import to_thread

__all__ = ["authenticate_request", "introspect_token"]


async def introspect_token(token: str, repo: Repo = None) -> dict[str, Any]:
    """Return the configured service's answer about a valid token.

    Raises InvalidToken if the token is missing or the service says that it is not valid. Raises
    AuthServiceUnavailable if there is no verdict: the service does not answer in time, or its answer is
    malformed.
    """
    request = json.dumps({"token": token})
    try:
        answer: dict[str, Any] = await to_thread(engine_of(repo).call, "introspect_remote", request)
    except InvalidRequest as error:
        raise app.no_token(error) from None
    return answer


async def authenticate_request(
    should_skip_authentication: Callable[[str, str], bool],
    *,
    method: str,
    path: str,
    authorization_token: str | None,
    repo: Repo = None,
) -> PublicUser | None:
    """Return the user of a request by the configured service, or None if no authentication is needed.

    The host's policy is called as by `doorward.authenticate_request`. Raises InvalidToken if the token is
    missing or not valid, and AuthServiceUnavailable if there is no verdict, or one without a user.
    """
    try:
        return await app.authenticate_request(
            should_skip_authentication, method=method, path=path, authorization_token=None, repo=repo
        )
    except InvalidToken:
        # Without a token, only a request that needs no authentication passes.
        return _user(await introspect_token(authorization_token or "", repo))


def _user(answer: Mapping[str, Any]) -> PublicUser:
    """Return the user of an answer: its member `user`, or else by the members of RFC 7662."""
    user = answer.get("user")
    if not isinstance(user, Mapping):
        name = answer.get("username", answer.get("sub"))
        user = {
            "id": answer.get("sub", ""),
            "username": name,
            "email": answer.get("email"),
            "is_active": True,
        }
    try:
        return PublicUser.model_validate(cast("Mapping[str, Any]", user))
    except ValidationError:
        raise AuthServiceUnavailable("The service is not available right now.") from None
