"""Failures, as exceptions: one tree under AuthError.

Catch AuthError for every failure of the engine, or a subclass for one reason. `message` may be shown to the
end user; `detail` is the exact reason, for the host's logs only. `str()` is the message and the field that
caused the failure; for a ConfigError it is the mistake and its place. No exception contains a secret.
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
    """An operation failed. Not as a subclass: the credentials are not valid."""

    code: str = "invalid_credentials"
    """The stable, specific reason of the failure."""

    status: Status = Status.DENIED
    """The class of the outcome."""

    http_status: int = 401
    """The HTTP status of a web host's response."""

    field: str | None = None
    """A JSON pointer to the field that caused the failure."""

    retry_after_seconds: int | None = None
    """The time to wait before the next try."""

    reasons: Sequence[str] = ()
    """The reasons why a password is too weak, as codes that may be shown."""

    detail: str | None = None
    """The exact reason, for the host's logs only."""

    @property
    def message(self) -> str:
        """The text for the end user."""
        return super().__str__()

    @property
    def retryable(self) -> bool:
        """Whether the same request may succeed later. The failure is then no verdict."""
        return self.status in (Status.UNAVAILABLE, Status.THROTTLED)

    def errors(self) -> list[dict[str, str]]:
        """The failure as data for the client: code, message and, if a field caused it, the field."""
        field = {} if self.field is None else {"field": self.field}
        return [{**field, "code": self.code, "message": self.message}]

    def json(self) -> str:
        """The `errors`, as JSON."""
        return json.dumps(self.errors())

    @property
    def http_headers(self) -> dict[str, str]:
        """The headers of a web host's response (RFC 9110, RFC 6750)."""
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
        """The body of a web host's response: the failure in the form of all languages, without `detail`."""
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

    def __str__(self) -> str:
        """Return the message and, if a field caused the failure, its name."""
        return f"{self.message} ({self.field})" if self.field else self.message

    def __repr__(self) -> str:
        """Name the reason, for logs."""
        detail = "" if self.detail is None else f", detail={self.detail!r}"
        return f"{type(self).__name__}(code={self.code!r}{detail})"


class InvalidToken(AuthError):
    """The token is missing, malformed, expired, revoked, or not for this engine."""

    code = "invalid_token"


JWTError = InvalidToken


class UserNotFound(AuthError):
    """The user does not exist: the user of a valid token, or of a request."""

    code = "user_not_found"


class NotAuthenticated(AuthError):
    """Authentication is required, but the request has no proof."""

    code = "not_authenticated"


class InvalidAuthorizationHeader(AuthError):
    """The header is not `Bearer <token>`."""

    code = "invalid_authorization_header"


class StepUpRequired(AuthError):
    """Not authenticated yet: `complete_login` takes the challenge with the proof that `code` names.

    With `reauthentication_required` there is no challenge: the user has to authenticate again, by
    `reauthenticate`.
    """

    code = "second_factor_required"
    status = Status.STEP_UP

    challenge: str = ""
    """Proves the earlier steps of the login. It is a secret and can be used once."""

    expires_in: int = 0
    """The lifetime of the challenge in seconds."""

    user_id: str = ""
    """The id of the user who logs in."""

    totp_supported: bool = False
    """With `second_factor_required`: whether a code of an authenticator app is accepted, as `two_fa_code`."""

    webauthn_supported: bool = False
    """Whether a passkey is accepted, as `webauthn_response`."""

    recovery_codes_supported: bool = False
    """Whether a recovery code is accepted, as `recovery_code`."""

    webauthn_options: Mapping[str, Any] | None = None
    """With `webauthn_supported`: the argument of `PublicKeyCredential.parseRequestOptionsFromJSON`."""

    recovery_codes: Sequence[str] = ()
    """With `password_change_required`, if the account just got its first factor. They are shown only now."""

    @property
    def http_body(self) -> dict[str, Any]:
        """The body of a web host's response: the failure, and the data for the next step."""
        if self.code == "reauthentication_required":
            return super().http_body
        names = ["challenge", "expires_in", "user_id"]
        if self.code == "second_factor_required":
            names += ["totp_supported", "webauthn_supported", "recovery_codes_supported"]
            names += ["webauthn_options"] if self.webauthn_options is not None else []
        names += ["recovery_codes"] if self.recovery_codes else []
        step = {name: getattr(self, name) for name in names}
        return {**super().http_body, "status": self.code, **step}


class PermissionDenied(AuthError):
    """The user is authenticated, but not allowed to do this."""

    code = "permission_denied"
    status = Status.FORBIDDEN
    http_status = 403


class InvalidRequest(AuthError):
    """The request breaks the operation's schema or a policy, such as that of passwords."""

    code = "invalid_request"
    status = Status.INVALID_REQUEST
    http_status = 400


class Conflict(AuthError):
    """The name or address is taken, or the change is already made."""

    code = "conflict"
    status = Status.CONFLICT
    http_status = 409


class TooManyAttempts(AuthError):
    """Too many attempts; `retry_after_seconds` is the time to wait."""

    code = "too_many_attempts"
    status = Status.THROTTLED
    http_status = 429


class AuthServiceUnavailable(AuthError):
    """The store, the hash queue, the mail server or a remote service does not answer; a retry is safe."""

    code = "auth_service_unavailable"
    status = Status.UNAVAILABLE
    http_status = 503


class ConfigError(AuthError):
    """The configuration is invalid, the operation unknown, or the feature not built in.

    `str()` is for the author of the configuration: `unknown field: /acess_token_seconds; did you mean
    `access_token_seconds`?`
    """

    code = "invalid_config"
    status = Status.CONFIG
    http_status = 500

    def __str__(self) -> str:
        """Describe the mistake, and name the key."""
        if self.detail is None:
            return self.message
        if self.code != type(self).code:
            return f"{self.message} ({self.detail})"
        if not self.field:
            return self.detail
        # The pointer contains the key, too.
        reason, *proposal = self.detail.split("; did you mean ")
        reason = re.sub(" field `.*`$", " field", reason)
        return "; did you mean ".join([f"{reason}: {self.field}", *proposal])


class MisuseError(AuthError):
    """The engine is closed, was opened before a fork, or was called from inside a hook."""

    code = "misuse"
    status = Status.MISUSE
    http_status = 500


class InternalError(AuthError):
    """A bug was contained. Treat the request as denied."""

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
    """Make the exception of a failure. The native module calls it."""
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
