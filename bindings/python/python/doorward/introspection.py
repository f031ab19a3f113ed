"""Tokens of another service, which is asked over HTTP (RFC 7662).

The opposite of `doorward.introspect_token`: the token is another service's, and a token that is not good
raises. Which service: the key `introspection_service` of the configuration.
"""

from __future__ import annotations

import json
from typing import Any

from doorward.app import no_token
from doorward.exceptions import InvalidRequest
from doorward.repository import Repo, engine_of
from doorward.threads import to_thread

__all__ = ["introspect_token"]


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
        raise no_token(error) from None
    return answer
