"""What the routes read and answer: no more than a client may choose, no less than OpenAPI should know."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import ConfigDict, Field

from doorward.models import IdentityMixin, PasswordMixin, PublicUser
from doorward.models.base import Model


class Body(Model):
    """A body; what it has beyond its fields is refused."""

    model_config = ConfigDict(extra="forbid")


class Credentials(Body, PasswordMixin):
    """What a client logs in with. Scopes are not for the client to choose."""

    username: str
    """The username or the e-mail address."""
    two_fa_code: Annotated[str | None, Field(repr=False)] = None
    """The code of the authenticator app, where one is set up; else the answer asks for it."""
    recovery_code: Annotated[str | None, Field(repr=False)] = None
    """A recovery code instead."""
    webauthn_response: Annotated[dict[str, Any] | None, Field(repr=False)] = None
    """What a passkey answered to `begin-passkey-login`, instead."""


class Completion(Body):
    """The step that a login still wanted: the challenge, and what was asked for."""

    challenge: Annotated[str, Field(repr=False)]
    new_password: Annotated[str | None, Field(repr=False)] = None
    recovery_code: Annotated[str | None, Field(repr=False)] = None
    two_fa_code: Annotated[str | None, Field(repr=False)] = None
    webauthn_response: Annotated[dict[str, Any] | None, Field(repr=False)] = None


class Proof(Body):
    """What a user who is logged in proves anew who they are with: one of these."""

    password: Annotated[str | None, Field(repr=False)] = None
    two_fa_code: Annotated[str | None, Field(repr=False)] = None
    webauthn_response: Annotated[dict[str, Any] | None, Field(repr=False)] = None


class ForeignIdToken(Body):
    """The ID token of another provider (OpenID Connect)."""

    id_token: Annotated[str, Field(repr=False)]
    provider: str | None = None
    """Its name in the configuration; not needed where there is one."""
    nonce: Annotated[str | None, Field(repr=False)] = None
    """The nonce that was sent to the provider."""


class Registration(Body, IdentityMixin, PasswordMixin):
    """What a client registers with. Roles are not for the client to choose."""

    locale: str | None = None
    """The language of mails (BCP 47)."""


class Registered(PublicUser):
    """The account that was created."""

    verification: Annotated[str | None, Field(repr=False)] = None
    """Proves to `verify-email` that the account is this client's; browsers keep it in a cookie, too."""


class AccountProof(Body):
    """Whose account it is: username and password, or what `register` answered; else whoever is logged in."""

    username: str | None = None
    """The username or the e-mail address."""
    password: Annotated[str | None, Field(repr=False)] = None
    verification: Annotated[str | None, Field(repr=False)] = None
    """The `verification` that `register` or `request-email-change` answered."""

    def given(self) -> dict[str, str]:
        """Return what is given."""
        return self.model_dump(include={"username", "password", "verification"}, exclude_none=True)


class Verification(AccountProof):
    """Which account wants a mail that verifies its address."""

    email: str | None = None
    """An address alone: it names no account that has yet to verify it, and nothing is mailed."""
    locale: str | None = None


class Address(Body):
    """To which address a mail is wanted."""

    email: str
    locale: str | None = None


class NewAddress(Body):
    """Which address is to be the account's."""

    new_email: str
    locale: str | None = None


class MailedToken(Body):
    """What was mailed."""

    token: Annotated[str, Field(repr=False)]


class ProvenToken(AccountProof):
    """What was mailed, and whose account it is for."""

    token: Annotated[str, Field(repr=False)]


class ForgottenPassword(MailedToken):
    """The password instead of the one that was forgotten."""

    new_password: Annotated[str, Field(repr=False)]


class PasswordChange(Body):
    """The password as it is and as it shall be."""

    old_password: Annotated[str, Field(repr=False)]
    new_password: Annotated[str, Field(repr=False)]


class RefreshBody(Body):
    """A refresh token that does not travel in a cookie."""

    refresh_token: Annotated[str | None, Field(repr=False)] = None


class LogoutBody(RefreshBody):
    """What to end."""

    everywhere: bool = False


class Code(Body):
    """What an authenticator app shows."""

    code: Annotated[str, Field(repr=False)]


class PasskeyLabel(Body):
    """What the user calls the passkey."""

    label: str | None = None


class PasskeyUser(Body):
    """Who wants to log in, where that is known."""

    username: str | None = None


class PasskeyAnswer(Body):
    """What the browser answered."""

    challenge: Annotated[str, Field(repr=False)]
    response: Annotated[dict[str, Any], Field(repr=False)]


class PasskeyId(Body):
    """Which passkey."""

    credential_id: str


class SessionId(Body):
    """Which session."""

    session_id: str


class CookieRefresh(Model):
    """What the next tokens come with where they travel in cookies."""

    expires_in: int
    """The life of the access token in seconds."""
    refresh_expires_in: int | None = None
    """The life of the refresh token in seconds."""


class CookieLogin(CookieRefresh):
    """What a login answers where tokens travel in cookies."""

    backend: str
    session_id: str
    user: PublicUser


class OwnSession(Model):
    """A session as its user may see it."""

    id: str
    backend: str
    amr: list[str]
    """By what its user proved who they are (RFC 8176)."""
    created_at: int
    refreshed_at: int
    expires_at: int
    ip: str | None = None
    user_agent: str | None = None


class OwnSessions(Model):
    """The sessions of a user."""

    sessions: list[OwnSession]
    current: str | None = None
    """Which of them asks."""


class FailureReason(Model):
    """Why."""

    code: str
    """The stable reason."""
    message: str
    """What may be shown to the user."""
    http_status: int
    field: str | None = None
    """A JSON pointer to what is at fault in the request."""
    reasons: list[str] | None = None
    """Why a password is too weak."""
    retry_after_seconds: int | None = None


class Failure(Model):
    """What every failure answers."""

    error: FailureReason


class NextStep(Failure):
    """What a login that takes another step answers."""

    status: str
    """What is asked for: the code of the failure."""
    challenge: str
    """For `complete-login`."""
    expires_in: int
    user_id: str
    totp_supported: bool | None = None
    webauthn_supported: bool | None = None
    recovery_codes_supported: bool | None = None
    webauthn_options: dict[str, Any] | None = None
