"""Tokens of another service, which is asked over HTTP (RFC 7662).

The opposite of `doorward.introspect_token`: the token is another service's, and a token that is not good
raises. Which service: the key `introspection_service` of the configuration.
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
    """Return what the configured service says of a token that is good now.

    InvalidToken says that the token is missing or not good, by the word of the service.
    AuthServiceUnavailable says that there is no verdict: the service cannot be reached in time, or its answer
    is none.
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
    """Return the user of a request by the word of the configured service, or None where it needs none.

    The host's policy is asked as by `doorward.authenticate_request`. InvalidToken says that the token is
    missing or not good; AuthServiceUnavailable that there is no verdict, or none that names a user.
    """
    try:
        return await app.authenticate_request(
            should_skip_authentication, method=method, path=path, authorization_token=None, repo=repo
        )
    except InvalidToken:
        # Without a token nobody passes but who needs none.
        return _user(await introspect_token(authorization_token or "", repo))


def _user(answer: Mapping[str, Any]) -> PublicUser:
    """The user of an answer: a member `user`, as of another doorward, or the members of RFC 7662."""
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
