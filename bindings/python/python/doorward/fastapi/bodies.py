"""The bodies of requests and responses: only the members that a client may choose, all in OpenAPI."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from doorward.models import IdentityMixin, PasswordMixin, PublicUser
from doorward.models.app import Act
from doorward.models.base import Model


class Body(Model, extra="forbid"):
    """A body. Unknown members are refused."""


def lifetime_of(persistent: bool | None) -> Any:
    """Return what the client may say of the session's life."""
    return None if persistent is None else {"persistent": persistent}


class Remembered(Body):
    """A login whose user says how long to stay logged in."""

    persistent: bool | None = None
    """Whether to stay logged in when the browser is closed; default: yes."""

    def given(self) -> dict[str, Any]:
        """Return the members as arguments of the operation."""
        return {**self.model_dump(exclude={"persistent"}), "lifetime": lifetime_of(self.persistent)}


class Credentials(Remembered, PasswordMixin):
    """The credentials of a login. Clients do not choose scopes."""

    username: str
    """The username or the e-mail address."""
    two_fa_code: Annotated[str | None, Field(repr=False)] = None
    """The code of the authenticator app, if the account has one; without it, the code is requested."""
    recovery_code: Annotated[str | None, Field(repr=False)] = None
    """A recovery code, instead of the code."""
    webauthn_response: Annotated[dict[str, Any] | None, Field(repr=False)] = None
    """A passkey's response to `begin-passkey-login`, instead of the code."""
    trusted_device_token: Annotated[str | None, Field(repr=False)] = None
    """The token of a trusted device, if tokens do not travel in cookies."""


class Completion(Body):
    """The next step of a login: the challenge, and the required proof."""

    challenge: Annotated[str | None, Field(repr=False)] = None
    """The challenge; default: the one that a login at a provider left in the browser."""
    mail_code: Annotated[str | None, Field(repr=False)] = None
    new_password: Annotated[str | None, Field(repr=False)] = None
    recovery_code: Annotated[str | None, Field(repr=False)] = None
    trust_device: bool | None = None
    """Whether the user trusts this device, which then needs no second factor for a time."""
    two_fa_code: Annotated[str | None, Field(repr=False)] = None
    """The code of the authenticator app, also of one that `setup-totp` made for this challenge."""
    webauthn_response: Annotated[dict[str, Any] | None, Field(repr=False)] = None
    webauthn_registration: Annotated[dict[str, Any] | None, Field(repr=False)] = None
    """The new passkey for which `begin-passkey-registration` made the options by this challenge."""


class Enrolment(Body):
    """What names the account, if no user is logged in."""

    challenge: Annotated[str | None, Field(repr=False)] = None
    """The challenge of a login that requires a second factor of a user who has none."""


class Proof(Body):
    """The proof of a logged-in user who authenticates again: exactly one member."""

    password: Annotated[str | None, Field(repr=False)] = None
    two_fa_code: Annotated[str | None, Field(repr=False)] = None
    webauthn_response: Annotated[dict[str, Any] | None, Field(repr=False)] = None


class ForeignIdToken(Remembered):
    """The ID token of another provider (OpenID Connect)."""

    id_token: Annotated[str, Field(repr=False)]
    provider: str | None = None
    """The provider's name in the configuration; not needed if there is only one."""
    nonce: Annotated[str | None, Field(repr=False)] = None
    """The nonce that was sent to the provider."""


class Registration(Body, IdentityMixin, PasswordMixin):
    """The registration of a user. Clients do not choose roles."""

    locale: str | None = None
    """The language of mails (BCP 47)."""


class Registered(PublicUser):
    """The account that was created."""

    verification: Annotated[str | None, Field(repr=False)] = None
    """Proves to `verify-email` that the account is this client's; browsers keep it in a cookie, too."""


class AccountProof(Body):
    """The account: username and password, or the challenge of `register`; default: the logged-in user."""

    username: str | None = None
    """The username or the e-mail address."""
    password: Annotated[str | None, Field(repr=False)] = None
    verification: Annotated[str | None, Field(repr=False)] = None
    """The `verification` that `register` or `request-email-change` returned."""

    def given(self) -> dict[str, str]:
        """Return the members that are given."""
        return self.model_dump(include={"username", "password", "verification"}, exclude_none=True)


class Verification(AccountProof):
    """The account that wants a verification mail."""

    email: str | None = None
    """An address alone. It names no account that has not verified it, so nothing is mailed."""
    locale: str | None = None


class Address(Body):
    """The address of a mail."""

    email: str
    locale: str | None = None


class MailedLogin(Remembered, Address):
    """The address that a code and a link go to. `persistent` is for the login by the code."""

    create: bool = False
    """Whether an account may be created; `mailed_login.create` of the configuration decides, too."""


class NewAddress(Body):
    """The new address of the account."""

    new_email: str
    locale: str | None = None


class MailedToken(Body):
    """A mailed token."""

    token: Annotated[str, Field(repr=False)]


class MailedLink(Remembered, MailedToken):
    """The token of a mailed link that logs in."""


class Acceptance(MailedToken):
    """The acceptance of an invitation, with a password or an ID token."""

    username: str | None = None
    """The name to log in with; default: a random one."""
    password: Annotated[str | None, Field(repr=False)] = None
    id_token: Annotated[str | None, Field(repr=False)] = None
    provider: str | None = None
    nonce: Annotated[str | None, Field(repr=False)] = None


class ProvenToken(AccountProof):
    """A mailed token, and a proof of the account."""

    token: Annotated[str, Field(repr=False)]


class ForgottenPassword(MailedToken):
    """The new password in place of the forgotten one."""

    new_password: Annotated[str, Field(repr=False)]


class PasswordChange(Body):
    """The present and the new password."""

    old_password: Annotated[str, Field(repr=False)]
    new_password: Annotated[str, Field(repr=False)]


class RefreshBody(Body):
    """A refresh token that does not travel in a cookie."""

    refresh_token: Annotated[str | None, Field(repr=False)] = None


class LogoutBody(RefreshBody):
    """The tokens or sessions to end."""

    everywhere: bool = False


class Code(Body):
    """A code of an authenticator app."""

    code: Annotated[str, Field(repr=False)]


class PasskeyLabel(Body):
    """The user's label for the passkey."""

    label: str | None = None
    challenge: Annotated[str | None, Field(repr=False)] = None
    """The challenge of a login that requires a second factor of a user who has none; without a label."""
    conditional: bool | None = None
    """Whether the browser makes the passkey without asking its user; without a challenge."""


class PasskeyUser(Body):
    """The user who wants to log in, if known."""

    username: str | None = None
    conditional: bool | None = None
    """Whether the page offers passkeys in its name field as it opens (autofill); not with `username`."""


class PasskeyAnswer(Body):
    """The browser's response."""

    challenge: Annotated[str, Field(repr=False)]
    response: Annotated[dict[str, Any], Field(repr=False)]


class PasskeyLogin(Remembered, PasskeyAnswer):
    """The browser's response that logs in."""


class PasskeyId(Body):
    """The passkey."""

    credential_id: str


class PasskeyName(PasskeyId):
    """The passkey, and its new label."""

    label: str


class Identity(Body):
    """A user of a provider, as `list-identities` has it."""

    issuer: str
    subject: str


class TrustedDeviceId(Body):
    """The trusted device; default: every one of the user."""

    trusted_device_id: str | None = None


class SessionId(Body):
    """The session."""

    session_id: str


class CookieRefresh(Model):
    """The response with the next tokens, if tokens travel in cookies."""

    expires_in: int
    """The life of the access token in seconds."""
    refresh_expires_in: int | None = None
    """The life of the refresh token in seconds."""
    persistent: bool | None = None
    """Whether the cookies stay when the browser is closed, if the login said so."""


class CookieLogin(CookieRefresh):
    """The response to a login, if tokens travel in cookies."""

    backend: str
    session_id: str
    user: PublicUser
    recovery_codes: Annotated[list[str] | None, Field(repr=False)] = None
    """If this login gave the account its first second factor; they are shown only now."""
    trusted_device_expires_in: int | None = None
    """How long the device is trusted, in seconds, if it is."""


class OwnSession(Model):
    """A session, for its user."""

    id: str
    backend: str
    label: str | None = None
    amr: list[str]
    """The methods by which its user was authenticated (RFC 8176)."""
    created_at: int
    refreshed_at: int
    expires_at: int
    act: Act | None = None
    """The person who acts as the user in this session, if it is not the user's own."""
    ip: str | None = None
    user_agent: str | None = None


class OwnSessions(Model):
    """The sessions of a user."""

    sessions: list[OwnSession]
    current: str | None = None
    """The id of the session of this request."""


class FailureReason(Model):
    """The reason of a failure."""

    code: str
    """The stable reason."""
    message: str
    """The text for the user."""
    http_status: int
    field: str | None = None
    """A JSON pointer to the part of the request that caused the failure."""
    reasons: list[str] | None = None
    """The reasons why a password is too weak."""
    retry_after_seconds: int | None = None


class Failure(Model):
    """The body of every failure."""

    error: FailureReason


class NextStep(Failure):
    """The response to a login that requires another step."""

    status: str
    """The required step: the code of the failure."""
    challenge: Annotated[str, Field(repr=False)]
    """For `complete-login`."""
    expires_in: int
    user_id: str
    totp_supported: bool | None = None
    webauthn_supported: bool | None = None
    recovery_codes_supported: bool | None = None
    webauthn_options: dict[str, Any] | None = None
