"""Failures, as exceptions: one tree under AuthError.

Catch AuthError for everything that the engine can answer, or a subclass for one reason. `message` may be
shown to the end user; `detail` says why exactly and is for the host's logs alone. `str()` is the message, but
for a ConfigError, which says what to correct and where. None of them ever holds a secret.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from doorward.status import Status

__all__ = [
    "AuthError",
    "AuthServiceUnavailable",
    "ConfigError",
    "Conflict",
    "InternalError",
    "InvalidAuthorizationHeader",
    "InvalidRequest",
    "InvalidToken",
    "JWTError",
    "MisuseError",
    "NotAuthenticated",
    "PermissionDenied",
    "Status",
    "StepUpRequired",
    "TooManyAttempts",
    "UserNotFound",
]


class AuthError(Exception):
    """An operation failed; as itself: the credentials are not valid."""

    code: str = "invalid_credentials"
    """Why: the stable, fine-grained part of the contract."""

    status: Status = Status.DENIED
    """The class of the outcome."""

    http_status: int = 401
    """What a web host would answer with."""

    field: str | None = None
    """A JSON pointer to the field that is at fault."""

    retry_after_seconds: int | None = None
    """How long to wait before the next try."""

    reasons: Sequence[str] = ()
    """Why a password is too weak, in codes that may be shown."""

    detail: str | None = None
    """For the host's logs only: why exactly."""

    @property
    def message(self) -> str:
        """What the end user may be told."""
        return str(self)

    @property
    def retryable(self) -> bool:
        """Whether the same request may succeed later; it is no verdict then."""
        return self.status in (Status.UNAVAILABLE, Status.THROTTLED)

    def errors(self) -> list[dict[str, str]]:
        """The failure as data for the client: code, message and, where one is at fault, the field."""
        field = {} if self.field is None else {"field": self.field}
        return [{**field, "code": self.code, "message": self.message}]

    def json(self) -> str:
        """What `errors` says, as JSON."""
        return json.dumps(self.errors())

    @property
    def http_headers(self) -> dict[str, str]:
        """What a web host says in headers (RFC 9110, RFC 6750)."""
        headers = {"cache-control": "no-store"}
        if self.http_status == 401:
            errors = {
                "invalid_token": "invalid_token",
                # RFC 9470.
                "reauthentication_required": "insufficient_user_authentication",
            }
            error = errors.get(self.code)
            headers["www-authenticate"] = f'Bearer error="{error}"' if error else "Bearer"
        if self.retry_after_seconds is not None:
            headers["retry-after"] = str(self.retry_after_seconds)
        return headers

    @property
    def http_body(self) -> dict[str, Any]:
        """What a web host says as JSON: the failure as every language has it, without `detail`."""
        error: dict[str, Any] = {
            "code": self.code,
            "message": self.message,
            "http_status": self.http_status,
        }
        if self.field is not None:
            error["field"] = self.field
        if self.retry_after_seconds is not None:
            error["retry_after_seconds"] = self.retry_after_seconds
        if self.reasons:
            error["reasons"] = list(self.reasons)
        return {"error": error}

    def __repr__(self) -> str:
        """Name the reason, for logs."""
        detail = "" if self.detail is None else f", detail={self.detail!r}"
        return f"{type(self).__name__}(code={self.code!r}{detail})"


class InvalidToken(AuthError):
    """The token is missing, malformed, expired, revoked, or not for this engine."""

    code = "invalid_token"


JWTError = InvalidToken


class UserNotFound(AuthError):
    """The user does not exist: that of a valid token, or the one looked for."""

    code = "user_not_found"


class NotAuthenticated(AuthError):
    """Authentication is required and none was offered."""

    code = "not_authenticated"


class InvalidAuthorizationHeader(AuthError):
    """The header is not `Bearer <token>`."""

    code = "invalid_authorization_header"


class StepUpRequired(AuthError):
    """Not authenticated yet: `complete_login` takes the challenge with what `code` asks for.

    With `reauthentication_required` there is no challenge: who is logged in proves again who they are, by
    `reauthenticate`.
    """

    code = "second_factor_required"
    status = Status.STEP_UP

    challenge: str = ""
    """Proves what was proven so far. A secret, for one use."""

    expires_in: int = 0
    """How long the challenge is good for, in seconds."""

    user_id: str = ""
    """Who wants to log in."""

    totp_supported: bool = False
    """With `second_factor_required`: whether a code of an authenticator app will do, as `two_fa_code`."""

    webauthn_supported: bool = False
    """Whether a passkey will do, as `webauthn_response`."""

    recovery_codes_supported: bool = False
    """Whether a recovery code will do, as `recovery_code`."""

    webauthn_options: Mapping[str, Any] | None = None
    """With `webauthn_supported`: what the page's `PublicKeyCredential.parseRequestOptionsFromJSON` reads."""

    @property
    def http_body(self) -> dict[str, Any]:
        """What a web host says as JSON: the failure, and beside it what the next step needs."""
        if self.code == "reauthentication_required":
            return super().http_body
        names = ["challenge", "expires_in", "user_id"]
        if self.code == "second_factor_required":
            names += ["totp_supported", "webauthn_supported", "recovery_codes_supported"]
            names += ["webauthn_options"] if self.webauthn_options is not None else []
        step = {name: getattr(self, name) for name in names}
        return {**super().http_body, "status": self.code, **step}


class PermissionDenied(AuthError):
    """Authenticated, but not allowed."""

    code = "permission_denied"
    status = Status.FORBIDDEN
    http_status = 403


class InvalidRequest(AuthError):
    """The request breaks the operation's schema or a policy, such as that of passwords."""

    code = "invalid_request"
    status = Status.INVALID_REQUEST
    http_status = 400


class Conflict(AuthError):
    """It is taken, or already so."""

    code = "conflict"
    status = Status.CONFLICT
    http_status = 409


class TooManyAttempts(AuthError):
    """Too many attempts; `retry_after_seconds` says when to come back."""

    code = "too_many_attempts"
    status = Status.THROTTLED
    http_status = 429


class AuthServiceUnavailable(AuthError):
    """Store, hash queue, mail or remote service cannot answer now: no verdict, and a retry is safe."""

    code = "auth_service_unavailable"
    status = Status.UNAVAILABLE
    http_status = 503


class ConfigError(AuthError):
    """Bad configuration, unknown operation, feature not built in.

    `str()` is for who wrote the configuration: `unknown field: /acess_token_seconds`.
    """

    code = "invalid_config"
    status = Status.CONFIG
    http_status = 500

    @property
    def message(self) -> str:
        """What the end user may be told."""
        return super().__str__()

    def __str__(self) -> str:
        """Say what is wrong, and at which key."""
        if self.detail is None:
            return self.message
        if self.code != type(self).code:
            return f"{self.message} ({self.detail})"
        # The key is in the pointer, too.
        reason = re.sub(" field `.*`$", " field", self.detail)
        return reason if self.field is None else f"{reason}: {self.field}"


class MisuseError(AuthError):
    """The engine is closed, was opened before a fork, or was called from inside a hook."""

    code = "misuse"
    status = Status.MISUSE
    http_status = 500


class InternalError(AuthError):
    """A bug was contained; treat as denied."""

    code = "internal"
    status = Status.INTERNAL
    http_status = 500


_BY_CODE: dict[str, type[AuthError]] = {
    each.code: each for each in (InvalidToken, UserNotFound, NotAuthenticated, InvalidAuthorizationHeader)
}

_BY_STATUS: dict[Status, type[AuthError]] = {
    Status.DENIED: AuthError,
    Status.STEP_UP: StepUpRequired,
    Status.FORBIDDEN: PermissionDenied,
    Status.INVALID_REQUEST: InvalidRequest,
    Status.NOT_FOUND: UserNotFound,
    Status.CONFLICT: Conflict,
    Status.THROTTLED: TooManyAttempts,
    Status.UNAVAILABLE: AuthServiceUnavailable,
    Status.CONFIG: ConfigError,
    Status.MISUSE: MisuseError,
    Status.INTERNAL: InternalError,
}


def failure(
    code: str,
    status: int,
    message: str,
    http_status: int,
    field: str | None = None,
    retry_after_seconds: int | None = None,
    detail: str | None = None,
    reasons: Sequence[str] = (),
    step_up: str | None = None,
) -> AuthError:
    """Make the exception of a failure; the native module calls it."""
    error = (_BY_CODE.get(code) or _BY_STATUS[Status(status)])(message)
    error.code = code
    error.status = Status(status)
    error.http_status = http_status
    error.field = field
    error.retry_after_seconds = retry_after_seconds
    error.detail = detail
    error.reasons = tuple(reasons)
    if step_up is not None:
        step: dict[str, Any] = json.loads(step_up)
        vars(error).update((name, value) for name, value in step.items() if name != "status")
    return error
