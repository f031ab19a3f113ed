"""The responses to failures, and their descriptions for OpenAPI."""

from __future__ import annotations

from functools import cache
from typing import Any, cast

from fastapi.responses import JSONResponse, Response
from starlette.requests import HTTPConnection, Request
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketState

from doorward._doorward import describe
from doorward.exceptions import AuthError
from doorward.fastapi.bodies import Failure, NextStep

__all__ = ["answer_of", "failure_response", "failures"]


async def failure_response(request: Request, error: Exception) -> Response:
    """Respond to a failure with its status and the reasons that the user may know.

    An exception handler: `app.add_exception_handler(AuthError, failure_response)`. A WebSocket that is not
    accepted yet is refused; an open one is closed with 1008 (RFC 6455).
    """
    if not isinstance(error, AuthError):
        raise error
    # Handlers are called for both kinds, contrary to their declared type.
    connection = cast("HTTPConnection", request)
    if not isinstance(connection, WebSocket):
        return answer_of(error)
    is_waiting = connection.application_state is WebSocketState.CONNECTING
    if is_waiting and "websocket.http.response" in connection.scope.get("extensions", {}):
        await connection.send_denial_response(answer_of(error))
    elif connection.application_state is not WebSocketState.DISCONNECTED:
        await connection.close(1008, error.code)
    return _Answered()


class _Answered(Response):
    """Stands for the response to a WebSocket, which was sent already."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send nothing."""


MAILED = frozenset(
    {"accept_invitation", "check_mail_token", "login_with_mail_token", "reset_password", "verify_email"}
)
"""The operations that take a mailed token. If it is no longer valid, no session ends."""


def answer_of(error: AuthError) -> JSONResponse:
    """Return the response to a request that failed."""
    return JSONResponse(error.http_body, error.http_status, error.http_headers)


def failures(*operations: str, also: tuple[str, ...] = ()) -> dict[int | str, dict[str, Any]]:
    """Describe the failures of a route for OpenAPI: those of these operations, and these codes."""
    statuses, codes = _table()
    if MAILED.intersection(operations):
        statuses = {**statuses, "invalid_token": 400}
    reasons = ["invalid_request", *also, *(code for name in operations for code in codes[name])]
    described: dict[int | str, dict[str, Any]] = {}
    for status in sorted({statuses[code] for code in reasons}):
        named = dict.fromkeys(code for code in reasons if statuses[code] == status)
        steps = any(code.endswith("_required") for code in named)
        model: Any = Failure | NextStep if steps else Failure
        described[status] = {"model": model, "description": ", ".join(named)}
    return described


@cache
def _table() -> tuple[dict[str, int], dict[str, list[str]]]:
    """Return the HTTP status of each code, and the codes of each operation."""
    library = describe()
    http = {status["name"]: status["http_status"] for status in library["statuses"]}
    # A code with two statuses has the second for look-ups, and no route looks up users.
    statuses = {code["code"]: http[code["status"]] for code in reversed(library["codes"])}
    statuses["reauthentication_required"] = http["STEP_UP"]
    codes = {row["name"]: [failure["code"] for failure in row["failures"]] for row in library["operations"]}
    return statuses, codes
