"""The models of requests and responses.

Written by `make header` from the description of the library: do not edit.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, SkipValidation

from doorward.models.base import Model
from doorward.models.common import ActiveStateMixin, IdentityMixin, PasswordMixin
from doorward.types import Claims

__all__ = [
    "AccountLock",
    "AccountStatus",
    "AcknowledgeMailRequest",
    "AcknowledgeMailResponse",
    "AuthenticateRequest",
    "AuthenticateRequestRequest",
    "AuthenticateRequestResponse",
    "AuthenticateResponse",
    "AuthorizeRequest",
    "AuthorizeResponse",
    "BackupRequest",
    "BackupResponse",
    "BeginPasskeyLoginRequest",
    "BeginPasskeyLoginResponse",
    "BeginPasskeyRegistrationRequest",
    "BeginPasskeyRegistrationResponse",
    "ChainProblem",
    "ChangePasswordRequest",
    "ChangePasswordResponse",
    "CheckMailTokenRequest",
    "CheckMailTokenResponse",
    "CheckPasswordRequest",
    "CheckPasswordResponse",
    "Client",
    "CompleteLoginRequest",
    "CompleteLoginResponse",
    "ConfirmTotpRequest",
    "ConfirmTotpResponse",
    "DeleteUserRequest",
    "DeleteUserResponse",
    "DeliverMailRequest",
    "DeliverMailResponse",
    "DisableTotpRequest",
    "DisableTotpResponse",
    "DoctorRequest",
    "DoctorResponse",
    "Event",
    "EventsRequest",
    "EventsResponse",
    "ExportUserRequest",
    "ExportUserResponse",
    "ExportedIdentity",
    "ExportedMail",
    "ExportedSecret",
    "ExportedSession",
    "ExportedTotp",
    "Finding",
    "FinishPasskeyLoginRequest",
    "FinishPasskeyLoginResponse",
    "FinishPasskeyRegistrationRequest",
    "FinishPasskeyRegistrationResponse",
    "FullChangePasswordRequest",
    "FullIntrospectRequest",
    "FullLoginRequest",
    "FullRegisterRequest",
    "GenerateRecoveryCodesRequest",
    "GenerateRecoveryCodesResponse",
    "GenerateTotpSecretRequest",
    "GenerateTotpSecretResponse",
    "GetUserRequest",
    "GetUserResponse",
    "HashPasswordRequest",
    "HashPasswordResponse",
    "HashQueueStats",
    "Identifiers",
    "ImportProblem",
    "ImportUsersRequest",
    "ImportUsersResponse",
    "ImportedUser",
    "IntrospectRemoteRequest",
    "IntrospectRemoteResponse",
    "IntrospectRequest",
    "IntrospectResponse",
    "IssueTokenRequest",
    "IssueTokenResponse",
    "JwksRequest",
    "JwksResponse",
    "Latency",
    "LatencyBucket",
    "ListKeysRequest",
    "ListKeysResponse",
    "ListPasskeysRequest",
    "ListPasskeysResponse",
    "ListSessionsRequest",
    "ListSessionsResponse",
    "ListUsersRequest",
    "ListUsersResponse",
    "LoginRequest",
    "LoginResponse",
    "LoginWithIdTokenRequest",
    "LoginWithIdTokenResponse",
    "LogoutRequest",
    "LogoutResponse",
    "Mail",
    "MaintainRequest",
    "MaintainResponse",
    "NeededBy",
    "OperationOutcome",
    "OperationStats",
    "Passkey",
    "PasswordStatus",
    "ProviderLogin",
    "Provisioning",
    "PurgedRows",
    "ReauthenticateRequest",
    "ReauthenticateResponse",
    "RecoveryCodesStatusRequest",
    "RecoveryCodesStatusResponse",
    "RefreshRequest",
    "RefreshResponse",
    "RegisterRequest",
    "RegisterResponse",
    "RemovePasskeyRequest",
    "RemovePasskeyResponse",
    "RequestEmailChangeRequest",
    "RequestEmailChangeResponse",
    "RequestEmailVerificationRequest",
    "RequestEmailVerificationResponse",
    "RequestPasswordResetRequest",
    "RequestPasswordResetResponse",
    "ResetPasswordRequest",
    "ResetPasswordResponse",
    "RetiredSecrets",
    "RevokeAllSessionsRequest",
    "RevokeAllSessionsResponse",
    "RevokeSessionRequest",
    "RevokeSessionResponse",
    "RevokeTokenRequest",
    "RevokeTokenResponse",
    "RevokeUserSessionsRequest",
    "RevokeUserSessionsResponse",
    "RevokedResponse",
    "RotateKeysRequest",
    "RotateKeysResponse",
    "SecondFactorStatus",
    "SecretKey",
    "SentResponse",
    "Session",
    "SetPasswordRequest",
    "SetPasswordResponse",
    "SetupTotpRequest",
    "SetupTotpResponse",
    "SigningKey",
    "StatsRequest",
    "StatsResponse",
    "StoreStats",
    "TakeMailRequest",
    "TakeMailResponse",
    "TotpProvisioningUriRequest",
    "TotpProvisioningUriResponse",
    "TotpStatusRequest",
    "TotpStatusResponse",
    "UpdateUserRequest",
    "UpdateUserResponse",
    "User",
    "UserResponse",
    "VerifiedBackup",
    "VerifyEmailRequest",
    "VerifyEmailResponse",
    "VerifyEventsRequest",
    "VerifyEventsResponse",
    "VerifyPasswordRequest",
    "VerifyPasswordResponse",
    "VerifyRequest",
    "VerifyTotpRequest",
    "VerifyTotpResponse",
    "WaitingMail",
]

OnConflict = Literal["fail", "skip"]

PasswordWeakness = Literal[
    "too_short",
    "too_long",
    "invalid_characters",
    "common",
    "repetition",
    "sequence",
    "date",
    "contains_username",
    "contains_email",
    "contains_issuer",
    "contains_user_input",
    "easily_guessed",
    "same_as_old",
]

SecretKeyState = Literal["current", "listed", "missing", "retired"]

EventKind = Literal[
    "registered",
    "logged_in",
    "login_failed",
    "step_up_required",
    "password_changed",
    "password_change_failed",
    "password_set",
    "passkey_counter_regressed",
    "throttled",
    "reauthenticated",
    "reauthentication_failed",
    "second_factor_added",
    "second_factor_removed",
    "second_factor_failed",
    "recovery_codes_generated",
    "recovery_code_used",
    "logged_out",
    "session_revoked",
    "sessions_revoked",
    "refresh_repeated",
    "refresh_token_reused",
    "user_updated",
    "user_deleted",
    "users_imported",
    "mail_requested",
    "mail_sent",
    "mail_failed",
    "email_verified",
    "email_changed",
    "password_reset",
    "identity_linked",
    "account_reclaimed",
    "token_issued",
    "token_revoked",
    "keys_rotated",
    "store_restored",
    "keys_retired",
    "settings_changed",
]

EventOrder = Literal["written", "oldest", "newest"]

FindingSeverity = Literal["problem", "advice", "ok"]


class Client(Model):
    """The other end of the connection."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)
    device_id: Annotated[str | None, Field(max_length=128, min_length=1, repr=False)] = None
    """What the host knows the device by: made at random. Where the account logged in before on this
    device, failures elsewhere do not lock its owner out.
    """
    ip: str | None = None
    """The address: failures are counted for it."""
    user_agent: str | None = None
    """The `User-Agent` header, shown with the session; cut after 512 characters."""


class RegisterRequest(IdentityMixin, PasswordMixin):
    """Creates an account."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)


class FullRegisterRequest(RegisterRequest):
    """Creates an account."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)
    actor: Annotated[str | None, Field(max_length=200, min_length=1)] = None
    """The name or id of the one who does this, as the host knows them, where it is not the user. The
    events of the call keep it.
    """
    attributes: dict[str, Any] | None = None
    """What else the host keeps with the account: at most 16 KiB."""
    client: Client | None = None
    """From where the user comes: too many registrations from one address of the network are refused."""
    locale: Annotated[str | None, Field(max_length=35, min_length=2)] = None
    """The language of mails to this user (BCP 47)."""
    roles: list[str] | None = None
    """The roles; default: `registration.default_roles`."""


class User(IdentityMixin, ActiveStateMixin):
    """What may be shown of an account. A password hash never leaves the store."""

    model_config = ConfigDict(use_attribute_docstrings=True)
    id: str = ""
    """The immutable id, `sub` in tokens."""
    email_verified: bool = False
    """Whether the address was proven to be the user's."""
    roles: list[str] = []
    """The roles, in alphabetical order."""
    attributes: dict[str, Any] = {}
    """What else the host keeps with the account."""
    created_at: int = 0
    """When the account was created, in Unix seconds."""
    locale: Annotated[str | None, Field(max_length=35, min_length=2)] = None
    """The language of mails to this user, where one was chosen."""


class RegisterResponse(Model):
    """An account that was created."""

    model_config = ConfigDict(use_attribute_docstrings=True)
    user: User
    """The account, without anything secret."""
    verification: Annotated[str | None, Field(repr=False)] = None
    """For `verify_email`: proves, beside the mailed token, that the account is that of the browser that
    registered it. A secret, good for a week; keep it in a cookie that scripts cannot read. Absent
    without an address.
    """


class GetUserRequest(Model):
    """Finds one account, by one of `id`, `username`, `email`, `query`."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)
    email: str | None = None
    """By e-mail address."""
    id: str | None = None
    """By id."""
    query: str | None = None
    """By name, else by e-mail address."""
    status: bool | None = None
    """Whether to tell how the account stands, for who administers; default: false."""
    username: str | None = None
    """By name."""


class AccountLock(Model):
    """A lock on an account."""

    model_config = ConfigDict(use_attribute_docstrings=True)
    of: str
    """What is locked: `account`, under every name; `username` or `email`, for logins with that name;
    `second_factor`, for codes of an authenticator app.
    """
    known_device: bool
    """Whether the lock holds on one of the account's known devices only. Otherwise it holds everywhere
    else.
    """
    failures: int
    """The number of failures in a row."""
    locked_until: int | None = None
    """When the lock ends. Absent for a lasting lock: after 100 failures in a row the account stays locked
    until an administrator unlocks it, its password is reset by mail, or, for codes of an app, another
    factor is proven.
    """


class WaitingMail(Model):
    """A mail that waits to be sent."""

    model_config = ConfigDict(use_attribute_docstrings=True)
    kind: str
    """The mail's kind."""
    created_at: int
    """When the mail was written."""
    attempts: int
    """The number of attempts to send it."""
    last_error: str | None = None
    """Why the last attempt failed, if one did."""


class PasswordStatus(Model):
    """The password of an account."""

    model_config = ConfigDict(use_attribute_docstrings=True)
    peppered: bool
    """Whether the hash is sealed under a secret key."""
    expires_at: int | None = None
    """When a temporary password expires. Absent for a password that the user chose."""
    parameters: str | None = None
    """The cost of the hash: `m=19456,t=2,p=1`. Absent if the hash cannot be read."""
    scheme: str | None = None
    """The scheme of the hash: `argon2id`, `bcrypt`, … Absent if the hash cannot be read."""


class SecondFactorStatus(Model):
    """The second factors of an account."""

    model_config = ConfigDict(use_attribute_docstrings=True)
    totp: bool
    """Whether an authenticator app is in force."""
    passkeys: int
    """The number of passkeys."""
    recovery_codes: int
    """The number of recovery codes left."""
    required: bool
    """Whether the account must have a second factor (`require_second_factor`)."""


class AccountStatus(Model):
    """The state of an account. For administrators only: do not show it to the user or a browser."""

    model_config = ConfigDict(use_attribute_docstrings=True)
    obstacles: list[str]
    """Why the right password, or the factor after it, would be refused now; empty if nothing about the
    account prevents a login. `locked`, `no_password`, `sealed_by_unknown_key`,
    `password_hash_too_costly`, `invalid_password_hash`, `inactive_user`, `temporary_password_expired`,
    `unverified_email`; `second_factor_missing`: the account must have a second factor and has none; for
    codes of an app: `second_factor_locked`, `retired_seed`, `app_sealed_by_unknown_key`. A locked
    source is not among them, because it belongs to no account.
    """
    found_by: list[str]
    """The names that find the account at login: `username`, and `email` if the account has claimed its
    address.
    """
    locks: list[AccountLock]
    """The locks that hold now."""
    must_change_password: bool
    """Whether the next login by password requires a new one."""
    was_verified: bool
    """Whether the account ever verified an address: its present one or an earlier one."""
    verification_required: bool
    """Whether a login needs a verified address (`require_verified_email`)."""
    second_factors: SecondFactorStatus
    """The second factors."""
    sessions: int
    """The number of live sessions."""
    identities: list[str]
    """The providers of the account's linked identities: their names in the configuration, or else their
    issuers.
    """
    mails: list[WaitingMail]
    """The mails to the user that wait to be sent, the oldest first."""
    last_login_at: int | None = None
    """The time of the last login, as far as sessions and the newest thousand events of the account tell."""
    password: PasswordStatus | None = None
    """The password, if the account has one."""


class GetUserResponse(Model):
    """An account that was found."""

    model_config = ConfigDict(use_attribute_docstrings=True)
    user: User
    """The account, without anything secret."""
    status: AccountStatus | None = None
    """How it stands, where that was asked for."""


class ListUsersRequest(Model):
    """Lists accounts in the order of their ids: that of their creation, to the millisecond."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)
    after: str | None = None
    """Only accounts after this id: `next` of the page before."""
    is_active: bool | None = None
    """Only active accounts, or only inactive ones."""
    limit: Annotated[int | None, Field(ge=1, le=1000)] = None
    """How many to return: 1 to 1000, default 100."""
    locked: bool | None = None
    """Only accounts that a lock keeps somebody out of now, after too many failures: `status` of `get_user`
    says which. The codes of every account are compared with the locks, 20,000 accounts in a call: a
    page may have fewer accounts than `limit`, or none, and a `next`.
    """
    role: Annotated[str | None, Field(max_length=64, min_length=1)] = None
    """Only accounts with this role."""
    skip: Annotated[int | None, Field(ge=0, le=1000000000)] = None
    """How many to pass over; not with `locked`."""


class ListUsersResponse(Model):
    """A page of accounts."""

    model_config = ConfigDict(use_attribute_docstrings=True)
    users: list[User]
    """The accounts."""
    next: str | None = None
    """Where the next page begins, when there may be one: give it as `after`."""


class UpdateUserRequest(Model):
    """Changes an account; what is not given stays."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)
    id: str
    """Which."""
    actor: Annotated[str | None, Field(max_length=200, min_length=1)] = None
    """The name or id of the one who does this, as the host knows them, where it is not the user. The
    events of the call keep it.
    """
    add_roles: list[str] | None = None
    """Roles to add to those that it has then; not with `roles`."""
    attributes: dict[str, Any] | None = None
    """The new attributes, instead of all it had."""
    email: Annotated[str | None, Field(max_length=254, min_length=3)] = None
    """The new address; it counts as not verified, unless it is the same to the letter, or `email_verified`
    says so.
    """
    email_verified: bool | None = None
    """Whether the address counts as verified: the caller checked it by other means. Password, sessions and
    factors stay, also those that somebody else set up: see `reclaim`. Refused if another account
    verified this address; an account that claims it without having verified it loses the claim.
    """
    is_active: bool | None = None
    """Whether the account may log in. An account that no longer may loses its sessions; one that may is
    also opened again after too many failed logins.
    """
    locale: Annotated[str | None, Field(max_length=35, min_length=2)] = None
    """The language of mails to this user."""
    must_change_password: bool | None = None
    """Whether the next login by password ends with a new one. Sessions stay."""
    reclaim: bool | None = None
    """With `email_verified`, of an account whose user never proved an address: takes away what opened it
    before, as its maker may have been somebody else: password, sessions, second factors, passkeys and
    identities. What a caller said by `email_verified` is no such proof. Default: false.
    """
    remove_roles: list[str] | None = None
    """Roles to take away, also of those that are added; not with `roles`."""
    roles: list[str] | None = None
    """The new roles, instead of all it had."""
    unlock: bool | None = None
    """Whether to open the account again that was closed after too many failures, by every name, on every
    device and for codes of an app. Whether it may log in stays as it is.
    """
    username: Annotated[str | None, Field(min_length=1)] = None
    """The new name."""


class UserResponse(Model):
    """An account."""

    model_config = ConfigDict(use_attribute_docstrings=True)
    user: User
    """The account, without anything secret."""


class DeleteUserRequest(Model):
    """Deletes an account and everything about it."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)
    id: str
    """Which."""
    actor: Annotated[str | None, Field(max_length=200, min_length=1)] = None
    """The name or id of the one who does this, as the host knows them, where it is not the user. The
    events of the call keep it.
    """


class DeleteUserResponse(Model):
    """Deleted."""

    model_config = ConfigDict(use_attribute_docstrings=True)
    deleted: bool
    """Always true."""


class ImportedUser(Model):
    """An account as another system kept it. What is wrong with it is a problem of its own, not of the
    request. An empty text stands for none, but for the username.
    """

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)
    username: str
    """The name to log in with."""
    attributes: dict[str, Any] | None = None
    """What else the host keeps with the account: at most 16 KiB."""
    email: str | None = None
    """The e-mail address; required unless `registration.require_email` is off."""
    email_verified: bool | None = None
    """Whether that system had proof that the address is the user's."""
    is_active: bool | None = None
    """Whether the account may log in; default: true."""
    locale: str | None = None
    """The language of mails to this user (BCP 47)."""
    must_change_password: bool | None = None
    """Whether the next login by password ends with a new one; default: false."""
    password_hash: Annotated[str | None, Field(repr=False)] = None
    """The hash as that system kept it. Without one the account has no password until one is set."""
    roles: list[str] | None = None
    """The roles; default: `registration.default_roles`."""


class ImportUsersRequest(Model):
    """Creates accounts with the password hashes that another system made."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)
    users: Annotated[list[ImportedUser], Field(max_length=10000)]
    """The accounts, in the order in which they are tried; at most 10,000."""
    actor: Annotated[str | None, Field(max_length=200, min_length=1)] = None
    """The name or id of the one who does this, as the host knows them, where it is not the user. The
    events of the call keep it.
    """
    dry_run: bool | None = None
    """Create nothing, only report."""
    on_conflict: OnConflict | None = None
    """What a problem with one account does to the others: `fail`, the default, imports nothing; `skip`
    imports the others.
    """


class ImportProblem(Model):
    """Why an account is not imported."""

    model_config = ConfigDict(use_attribute_docstrings=True)
    index: Annotated[int, Field(ge=0)]
    """Which: its place in `users`, counted from 0."""
    code: str
    """What is wrong: `invalid_username`, `username_taken` (in the store, by another account),
    `username_repeated` (in the request), `invalid_email`, `missing_email` (required, or said to be
    verified), `email_taken`, `email_repeated`, `invalid_password_hash`, `password_hash_too_costly`,
    `invalid_roles`, `invalid_attributes`, `invalid_locale`.
    """


class ImportUsersResponse(Model):
    """What was imported, or with `dry_run` would have been, and what was not."""

    model_config = ConfigDict(use_attribute_docstrings=True)
    imported: Annotated[int, Field(ge=0)]
    """Accounts that were created."""
    skipped: Annotated[int, Field(ge=0)]
    """Accounts that were passed over because of a problem."""
    present: Annotated[int, Field(ge=0)]
    """Accounts that are there already, with the same name, address, roles, attributes and language: they
    are passed over, and that is no problem. Passwords are not compared, for a login may have changed
    the hash.
    """
    problems: list[ImportProblem]
    """Every problem, by the order of the accounts."""
    hashes: dict[str, int]
    """How many hashes of each scheme the accounts have that are new and without a problem: what their
    logins will cost until they are upgraded.
    """


class ExportUserRequest(Model):
    """Reads everything that is kept on a person."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)
    id: str
    """Who."""
    after: str | None = None
    """Only sessions and events after this id: `next` of the page before."""


class Event(Model):
    """What happened."""

    model_config = ConfigDict(use_attribute_docstrings=True)
    id: str
    """Its id, ordered by time."""
    at: int
    """When it happened, in Unix seconds."""
    kind: str
    """What it was: one of the kinds that `kind` of the request names."""
    actor: str | None = None
    """Who did it, where it was not the account itself, as far as the host said."""
    detail: str | None = None
    """More, by kind: the reason, the backend, the names of the fields that were changed. For the host
    only.
    """
    ip: str | None = None
    """From where it came, as far as the host said; forgotten with the account."""
    session_id: str | None = None
    """Which session it concerns."""
    user_id: str | None = None
    """Whom it concerns, where there is or was such an account."""


class Identifiers(Model):
    """Canonical forms (RFC 8265 UsernameCaseMapped; the address folded, its domain as an A-label)."""

    model_config = ConfigDict(use_attribute_docstrings=True)
    username: str
    """Of the name."""
    email: str | None = None
    """Of the address, where the account has claimed it."""


class ExportedIdentity(Model):
    """Somebody as a provider of ID tokens knows them."""

    model_config = ConfigDict(use_attribute_docstrings=True)
    issuer: str
    """The provider: `iss`."""
    subject: str
    """What it calls them: `sub`."""
    created_at: int
    """Since when the account is theirs."""


class ExportedMail(Model):
    """A mail in the outbox."""

    model_config = ConfigDict(use_attribute_docstrings=True)
    kind: str
    """What it is about."""
    created_at: int
    """Since when it waits."""
    expires_at: int
    """Until when it is worth sending."""


class ExportedSecret(Model):
    """What is kept of a mailed token or a challenge that may be told."""

    model_config = ConfigDict(use_attribute_docstrings=True)
    purpose: str
    """What it is for."""
    created_at: int
    """When it was made."""
    expires_at: int
    """Until when it may be redeemed."""


class Passkey(Model):
    """A passkey as its user may see it."""

    model_config = ConfigDict(use_attribute_docstrings=True)
    id: str
    """The credential's id."""
    created_at: int
    """When it was made."""
    backup_eligible: bool
    """Whether it may be on several devices: it is synchronized."""
    backed_up: bool
    """Whether it is on several devices now, as far as is known."""
    transports: list[str]
    """How its authenticator is reached: `internal`, `hybrid`, `usb`, `nfc`, `ble`, …"""
    aaguid: str
    """The kind of authenticator, where it says so: nobody has verified it."""
    label: str | None = None
    """What its user calls it."""
    last_used_at: int | None = None
    """When it was used last."""


class ProviderLogin(Model):
    """A login with another provider: which, and what it says of how the user satisfied it, in its own
    words. Nothing is concluded from that here.
    """

    model_config = ConfigDict(use_attribute_docstrings=True)
    name: str
    """The provider's name in `id_token_providers`."""
    acr: str | None = None
    """The authentication context class (OpenID Connect Core section 2)."""
    amr: list[str] | None = None
    """The methods."""
    auth_time: int | None = None
    """When the user proved there who they are, in Unix seconds."""


class ExportedSession(Model):
    """A session as it is kept."""

    model_config = ConfigDict(use_attribute_docstrings=True)
    id: str
    """Its id: `sid` in tokens."""
    backend: str
    """For which backend it was opened."""
    amr: list[str]
    """By what its user proved who they are (RFC 8176)."""
    created_at: int
    """When it began."""
    refreshed_at: int
    """When it was refreshed last, or began."""
    expires_at: int
    """When it ends, or ended, unless it is refreshed or revoked."""
    device_id: Annotated[str | None, Field(repr=False)] = None
    """On which device it was opened."""
    ip: str | None = None
    """From where it was opened."""
    provider: ProviderLogin | None = None
    """Of a login with another provider, what that says of it."""
    revoked_at: int | None = None
    """When it was revoked."""
    scope: str | None = None
    """What its tokens may be used for."""
    user_agent: str | None = None
    """With what it was opened."""


class ExportedTotp(Model):
    """An authenticator app."""

    model_config = ConfigDict(use_attribute_docstrings=True)
    created_at: int
    """When it was set up."""
    confirmed_at: int | None = None
    """Since when it is in force."""


class ExportUserResponse(Model):
    """Everything that is kept on a person, without what is secret; of sessions and events a page."""

    model_config = ConfigDict(use_attribute_docstrings=True)
    user: User
    """The account."""
    identifiers: Identifiers
    """The forms under which the account's name and address are compared."""
    must_change_password: bool
    """Whether the next login by password ends with a new one."""
    identities: list[ExportedIdentity]
    """Who logs in to it by ID token."""
    mails: list[ExportedMail]
    """Mails that wait to be sent, without their content, which is the address and a token."""
    recovery_codes: int
    """How many recovery codes are left."""
    one_time_secrets: list[ExportedSecret]
    """Mailed tokens and challenges that may still be redeemed, or not yet forgotten."""
    passkeys: list[Passkey]
    """The passkeys."""
    known_devices: list[int]
    """Until when each device is known on which the user logged in; which it is, is not kept."""
    sessions: list[ExportedSession]
    """The sessions, those that are over and not yet forgotten included, the oldest first."""
    events: list[Event]
    """What the audit log tells about the account, the oldest first."""
    next: str | None = None
    """Where the next page of sessions and events begins, when there may be one: give it as `after`."""
    password_expires_at: int | None = None
    """Until when the password is good, where somebody else has set it."""
    password_scheme: str | None = None
    """The scheme of the password's hash, where there is a password. The hash itself stays in the store."""
    totp: ExportedTotp | None = None
    """The authenticator app, where one is set up, without its secret."""


class HashPasswordRequest(Model):
    """Hashes a password."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)
    password: Annotated[str, Field(repr=False)]
    """The password, not longer than `password.max_bytes`. The policy for new passwords is not applied."""


class HashPasswordResponse(Model):
    """A hash."""

    model_config = ConfigDict(use_attribute_docstrings=True)
    hash: Annotated[str, Field(repr=False)]
    """Argon2id in PHC string format."""


class VerifyPasswordRequest(Model):
    """Verifies a password against a hash."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)
    password: Annotated[str, Field(repr=False)]
    """The password."""
    hash: Annotated[str, Field(repr=False)]
    """The hash: Argon2 in PHC string format; bcrypt, scrypt or PBKDF2 in the forms of passlib, Django,
    Werkzeug and Firebase (docs/migrating.md).
    """


class VerifyPasswordResponse(Model):
    """What the verification found."""

    model_config = ConfigDict(use_attribute_docstrings=True)
    valid: bool
    """Whether the password is the one that was hashed. False for a malformed hash and for one whose cost
    is out of bounds.
    """
    needs_rehash: bool
    """Whether the hash should be made anew with the current cost."""


class CheckPasswordRequest(Model):
    """Judges a password that somebody may want to choose. Nothing is kept or counted."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)
    password: Annotated[str, Field(repr=False)]
    """The password."""
    user_inputs: Annotated[list[str] | None, Field(max_length=100)] = None
    """Words that an attacker would try first, such as the user's names: at most 100."""


class CheckPasswordResponse(Model):
    """What the policy says of a password."""

    model_config = ConfigDict(use_attribute_docstrings=True)
    acceptable: bool
    """Whether it may be chosen."""
    score: Annotated[int, Field(ge=0, le=255)]
    """How hard it is to guess, from 0 to 4 (zxcvbn): for a meter beside the field."""
    reasons: list[PasswordWeakness]
    """Why it may not be chosen; may be shown."""


class ChangePasswordRequest(Model):
    """Changes a password for somebody who knows the old one. `token` or `user_id` says whose."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)
    old_password: Annotated[str, Field(repr=False)]
    """The password as it is; wrong ones count as failed logins do."""
    new_password: Annotated[str, Field(repr=False)]
    """The password as it shall be."""


class FullChangePasswordRequest(ChangePasswordRequest):
    """Changes a password for somebody who knows the old one. `token` or `user_id` says whose."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)
    client: Client | None = None
    """From where the user comes, as far as the host knows."""
    token: Annotated[str | None, Field(repr=False)] = None
    """An access token of theirs, live."""
    user_id: str | None = None
    """Their id, where the host knows who it is."""


class ChangePasswordResponse(Model):
    """The password was changed. The tokens of all these sessions are dead, those of the caller included:
    log in again.
    """

    model_config = ConfigDict(use_attribute_docstrings=True)
    revoked_sessions: Annotated[int, Field(ge=0)]
    """How many sessions were ended."""


class SetPasswordRequest(Model):
    """Sets a password for somebody else, who need not know the old one: a privileged act. It ends every
    session and opens an account that was closed after too many failed logins.
    """

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)
    user_id: str
    """Whose."""
    new_password: Annotated[str, Field(repr=False)]
    """The password. It is not compared with the one before, of which the caller learns nothing."""
    actor: Annotated[str | None, Field(max_length=200, min_length=1)] = None
    """The name or id of the one who does this, as the host knows them, where it is not the user. The
    events of the call keep it.
    """
    temporary: bool | None = None
    """Whether it must be changed at the next login, within `password.temporary_seconds`; default: true, so
    that only its user knows the next.
    """


class LoginRequest(PasswordMixin):
    """Proves who one is and opens a session."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)
    username: str
    """The username or the e-mail address."""


class FullLoginRequest(LoginRequest):
    """Proves who one is and opens a session."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)
    backend: str | None = None
    """For which backend; default: `default`."""
    client: Client | None = None
    """From where the user comes, as far as the host knows."""
    recovery_code: Annotated[str | None, Field(repr=False)] = None
    """Or one of its recovery codes, which is used up."""
    scope: Annotated[str | None, Field(max_length=1024, min_length=1)] = None
    """What the access token may be used for, separated by spaces. The engine grants what the host asks: a
    host that passes on a client's wish decides first what it may have.
    """
    two_fa_code: Annotated[str | None, Field(repr=False)] = None
    """The code of the account's authenticator app. Where the account has no second factor it is not looked
    at.
    """
    webauthn_response: Annotated[dict[str, Any] | None, Field(repr=False)] = None
    """Or what one of its passkeys answers to a challenge of `begin_passkey_login`, which is spent: the
    credential's `toJSON()`.
    """


class LoginResponse(Model):
    """A session was opened. Keep both tokens secret."""

    model_config = ConfigDict(use_attribute_docstrings=True)
    access_token: Annotated[str, Field(repr=False)]
    """Proves who one is (RFC 9068); send it as `Authorization: Bearer …`."""
    token_type: str
    """Always `Bearer`."""
    expires_in: int
    """The life of the access token in seconds."""
    session_id: str
    """The session: `sid` in the token."""
    backend: str
    """The backend that the token is for."""
    user: User
    """Who logged in."""
    refresh_expires_in: int | None = None
    """The life of the refresh token in seconds."""
    refresh_token: Annotated[str | None, Field(repr=False)] = None
    """Gets the next access token; absent where the backend does not refresh."""


class CompleteLoginRequest(Model):
    """Takes the step that a login still wanted. One proof is given: the one that was asked for."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)
    challenge: Annotated[str, Field(repr=False)]
    """The challenge of that login. It is spent when this succeeds, and bears ten attempts."""
    new_password: Annotated[str | None, Field(repr=False)] = None
    """The next password, where the password must be changed."""
    recovery_code: Annotated[str | None, Field(repr=False)] = None
    """A recovery code, which is used up."""
    two_fa_code: Annotated[str | None, Field(repr=False)] = None
    """The code of the authenticator app."""
    webauthn_response: Annotated[dict[str, Any] | None, Field(repr=False)] = None
    """What `navigator.credentials.get` gave for the `webauthn_options` of that login: the credential's
    `toJSON()`.
    """


class LoginWithIdTokenRequest(Model):
    """Proves by an ID token who one is and opens a session."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)
    id_token: Annotated[str, Field(repr=False)]
    """The ID token (OpenID Connect Core section 2); not an access token."""
    backend: str | None = None
    """For which backend; default: `default`."""
    client: Client | None = None
    """From where the user comes, as far as the host knows."""
    nonce: Annotated[str | None, Field(repr=False)] = None
    """The value that the host sent with its authentication request, which the token must repeat: so that
    it answers this browser's request and no other.
    """
    provider: Annotated[str | None, Field(max_length=64, min_length=1)] = None
    """Which of `id_token_providers` issued it; may be left out where there is only one."""
    scope: Annotated[str | None, Field(max_length=1024, min_length=1)] = None
    """What the access token may be used for, separated by spaces. The engine grants what the host asks."""


class LoginWithIdTokenResponse(Model):
    """A session was opened. Keep both tokens secret."""

    model_config = ConfigDict(use_attribute_docstrings=True)
    access_token: Annotated[str, Field(repr=False)]
    """Proves who one is (RFC 9068); send it as `Authorization: Bearer …`."""
    token_type: str
    """Always `Bearer`."""
    expires_in: int
    """The life of the access token in seconds."""
    session_id: str
    """The session: `sid` in the token."""
    backend: str
    """The backend that the token is for."""
    user: User
    """Who logged in."""
    created: bool
    """Whether the account was made now."""
    refresh_expires_in: int | None = None
    """The life of the refresh token in seconds."""
    refresh_token: Annotated[str | None, Field(repr=False)] = None
    """Gets the next access token; absent where the backend does not refresh."""


class ReauthenticateRequest(Model):
    """Proves again who one is, before something that matters. One proof is given; which of them is enough,
    the host decides.
    """

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)
    token: Annotated[str, Field(repr=False)]
    """An access token of the session."""
    client: Client | None = None
    """From where the user comes, as far as the host knows."""
    password: Annotated[str | None, Field(repr=False)] = None
    """The password; wrong ones count as failed logins do."""
    two_fa_code: Annotated[str | None, Field(repr=False)] = None
    """Or the code of the authenticator app."""
    webauthn_response: Annotated[dict[str, Any] | None, Field(repr=False)] = None
    """Or what a passkey answers to a challenge of `begin_passkey_login`, which is spent: the credential's
    `toJSON()`. The authenticator must have verified its user.
    """


class ReauthenticateResponse(Model):
    """A token of the same session that says so."""

    model_config = ConfigDict(use_attribute_docstrings=True)
    access_token: Annotated[str, Field(repr=False)]
    """The access token, with `auth_time` of now. The one before stays good, with its own."""
    expires_in: int
    """Its life in seconds."""


class RefreshRequest(Model):
    """Gets the next tokens of a session."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)
    refresh_token: Annotated[str, Field(repr=False)]
    """The newest refresh token."""
    scope: Annotated[str | None, Field(max_length=1024, min_length=1)] = None
    """Fewer scopes than the session has, for this access token (RFC 6749 section 6)."""


class RefreshResponse(Model):
    """The next tokens; the refresh token that was given is spent."""

    model_config = ConfigDict(use_attribute_docstrings=True)
    access_token: Annotated[str, Field(repr=False)]
    """The next access token."""
    refresh_token: Annotated[str, Field(repr=False)]
    """The next refresh token: everybody who offered the same one gets the same one."""
    token_type: str
    """Always `Bearer`."""
    expires_in: int
    """The life of the access token in seconds."""
    refresh_expires_in: int
    """The life of the refresh token in seconds."""


class LogoutRequest(Model):
    """Ends a session. Either token will do."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)
    everywhere: bool | None = None
    """End every session of the user."""
    refresh_token: Annotated[str | None, Field(repr=False)] = None
    """The refresh token."""
    stateless: bool | None = None
    """Change nothing, only confirm: the client forgets its tokens, which stay valid until they expire."""
    token: Annotated[str | None, Field(repr=False)] = None
    """The access token."""


class LogoutResponse(Model):
    """Logged out."""

    model_config = ConfigDict(use_attribute_docstrings=True)
    message: str
    """Tells the client what to do."""


class ListSessionsRequest(Model):
    """Lists the sessions of a user that are alive."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)
    user_id: str
    """Whose."""


class Session(Model):
    """A session as its user may see it."""

    model_config = ConfigDict(use_attribute_docstrings=True)
    id: str
    """Its id: `sid` in tokens."""
    backend: str
    """The backend that its tokens are for."""
    created_at: int
    """When it began."""
    refreshed_at: int
    """When it was refreshed last, or began."""
    expires_at: int
    """When it ends unless it is refreshed."""
    amr: list[str]
    """By what its user proved who they are (RFC 8176)."""
    device_id: Annotated[str | None, Field(repr=False)] = None
    """On which device it was opened."""
    ip: str | None = None
    """From where it was opened."""
    provider: ProviderLogin | None = None
    """Of a login with another provider, what that says of it."""
    user_agent: str | None = None
    """With what it was opened."""


class ListSessionsResponse(Model):
    """Sessions, the oldest first."""

    model_config = ConfigDict(use_attribute_docstrings=True)
    sessions: list[Session]
    """The sessions."""


class RevokeSessionRequest(Model):
    """Ends one session."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)
    session_id: str
    """Which."""
    actor: Annotated[str | None, Field(max_length=200, min_length=1)] = None
    """The name or id of the one who does this, as the host knows them, where it is not the user. The
    events of the call keep it.
    """


class RevokedResponse(Model):
    """How many sessions were ended."""

    model_config = ConfigDict(use_attribute_docstrings=True)
    revoked: Annotated[int, Field(ge=0)]
    """Sessions that were alive until now."""


class RevokeUserSessionsRequest(Model):
    """Ends every session of a user."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)
    user_id: str
    """Whose."""
    actor: Annotated[str | None, Field(max_length=200, min_length=1)] = None
    """The name or id of the one who does this, as the host knows them, where it is not the user. The
    events of the call keep it.
    """
    except_session_id: str | None = None
    """The one to keep: that from which the user asks."""


class RevokeAllSessionsRequest(Model):
    """Ends every session of everybody."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)
    actor: Annotated[str | None, Field(max_length=200, min_length=1)] = None
    """The name or id of the one who does this, as the host knows them, where it is not the user. The
    events of the call keep it.
    """


class RevokeTokenRequest(Model):
    """Revokes a token: with its session, or by itself where it belongs to none (RFC 7009)."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)
    actor: Annotated[str | None, Field(max_length=200, min_length=1)] = None
    """The name or id of the one who does this, as the host knows them, where it is not the user. The
    events of the call keep it.
    """
    backend: str | None = None
    """The backend that issued the token of this `jti`; default: `default`."""
    jti: Annotated[str | None, Field(pattern="^[A-Za-z0-9_-]{22}$")] = None
    """Or the `jti` of a token of `issue_token`, as its answer and the event `token_issued` say it."""
    token: Annotated[str | None, Field(repr=False)] = None
    """An access or a refresh token."""
    token_type_hint: str | None = None
    """`access_token` or `refresh_token`; not needed, any text is accepted."""


class RevokeTokenResponse(Model):
    """It is done, or there was nothing to do."""

    model_config = ConfigDict(use_attribute_docstrings=True)


class VerifyRequest(Model):
    """Verifies an access token by signature and claims alone, without the store: a session that was
    revoked still passes until the token expires.
    """

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)
    token: Annotated[str, Field(repr=False)]
    """The access token."""
    backend: str | None = None
    """Whose token it must be; default: `default`."""


class AuthenticateRequest(Model):
    """Asks who is there, live: the account is active and the session alive."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)
    authorization: Annotated[str | None, Field(repr=False)] = None
    """Or the value of an `Authorization` header: `Bearer <token>` (RFC 6750)."""
    backend: str | None = None
    """Whose token it must be; default: `default`."""
    token: Annotated[str | None, Field(repr=False)] = None
    """The access token."""


class AuthenticateResponse(Model):
    """Who is there."""

    model_config = ConfigDict(use_attribute_docstrings=True)
    user: User
    """The account as it is now."""
    claims: Annotated[Claims, SkipValidation]
    """The token's claims."""
    session_id: str | None = None
    """The session, where the token belongs to one."""


class AuthenticateRequestRequest(Model):
    """Asks whether a request to the host may pass, by the rules under `requests` in the configuration. The
    token is `token`; without it that of `authorization`; without that the configured cookie.
    """

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)
    method: str
    """The method, in any case."""
    path: str
    """The path as the router sees it; a query is cut off. One that two readers could take for different
    paths is never skipped.
    """
    authorization: Annotated[str | None, Field(repr=False)] = None
    """The value of the `Authorization` header, or of the one that `requests.header` names: `Bearer
    <token>` (RFC 6750).
    """
    backend: str | None = None
    """Whose token it must be; default: `default`."""
    connection: str | None = None
    """The kind of the connection, as `requests.connections` names it; default: `http`."""
    cookies: Annotated[dict[str, str] | None, Field(repr=False)] = None
    """The cookies by their names."""
    excluded: Annotated[bool | None, Field(strict=True)] = None
    """Whether the route opted out of authentication."""
    host: str | None = None
    """The value of the `Host` field: host and port that the request was sent to. Its own pages may send
    the cookie, unless `requests.origins` says whose may.
    """
    origin: str | None = None
    """The value of the `Origin` field, where there is one: which page sent the request (RFC 6454). It
    decides whether the cookie counts.
    """
    rules: dict[str, Any] | None = None
    """Rules in the place of those of the configuration, in the same form. They are compiled once and kept
    while they are in use; at most 16 KiB.
    """
    token: Annotated[str | None, Field(repr=False)] = None
    """The access token, where the host has it already."""


class AuthenticateRequestResponse(Model):
    """The verdict: the request passes."""

    model_config = ConfigDict(use_attribute_docstrings=True)
    skipped: bool
    """Whether the request needs no authentication; nobody was asked for then, and nothing else is said."""
    claims: Annotated[Claims, SkipValidation] | None = None
    """The token's claims."""
    session_id: str | None = None
    """The session, where the token belongs to one."""
    user: User | None = None
    """The account as it is now."""


class IntrospectRequest(Model):
    """Asks about a token, live, for another service (RFC 7662)."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)
    token: Annotated[str, Field(repr=False)]
    """An access or a refresh token."""


class FullIntrospectRequest(IntrospectRequest):
    """Asks about a token, live, for another service (RFC 7662)."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)
    audience: str | None = None
    """The service that asks: a token for another audience is not active."""
    token_type_hint: str | None = None
    """`access_token` or `refresh_token`; not needed, any text is accepted."""


class IntrospectResponse(Model):
    """What is known of the token. When it is not active, nothing is disclosed but that."""

    model_config = ConfigDict(use_attribute_docstrings=True)
    active: bool
    """Whether the token is good now."""
    aud: list[str] | None = None
    """For whom the token is."""
    client_id: str | None = None
    """The backend that issued the token."""
    exp: int | None = None
    """When the token expires, in Unix seconds."""
    iat: int | None = None
    """When the token was issued."""
    iss: str | None = None
    """The issuer."""
    reason: Annotated[str | None, Field(exclude=True)] = None
    """For the host only, never to be passed on: why the token is not active."""
    scope: str | None = None
    """The scopes, separated by spaces."""
    sid: str | None = None
    """The session, where the token belongs to one."""
    sub: str | None = None
    """The id of the account."""
    token_type: str | None = None
    """`Bearer` or `refresh_token`."""
    user: User | None = None
    """The account as it is now."""


class IntrospectRemoteRequest(Model):
    """Asks the configured `introspection_service` about a token (RFC 7662)."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)
    token: Annotated[str, Field(repr=False)]
    """A token of the other service, as it stands."""
    token_type_hint: str | None = None
    """What kind of token it is, for the service: `access_token` or `refresh_token`."""


class IntrospectRemoteResponse(Model):
    """What the service says of a token that is good now (RFC 7662 section 2.2), as it says it; what is for
    its own host alone (`reason`) is left out.
    """

    model_config = ConfigDict(extra="allow", use_attribute_docstrings=True)
    active: Literal[True]
    """The token is good now."""


class AuthorizeRequest(Model):
    """Asks whether the bearer of a token may do something. Every condition that is given must hold."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)
    token: Annotated[str, Field(repr=False)]
    """The access token."""
    amr: list[str] | None = None
    """In the session of the token the user proved it by one of these methods (RFC 8176; `mfa`: by a factor
    beside another), and at most `max_age_seconds` ago, where that is given.
    """
    backend: str | None = None
    """Whose token it must be; default: `default`."""
    by_second_factor: bool | None = None
    """As `"amr": ["mfa"]`, if the account has a second factor: what to ask before a factor is added or
    taken away.
    """
    email: str | None = None
    """The account's address is this one; capitals do not matter. It must be verified, unless
    `require_verified_email` is false.
    """
    max_age_seconds: Annotated[int | None, Field(ge=0)] = None
    """The user proved who they are at most so long ago."""
    require_verified_email: bool | None = None
    """The account's address is verified; default: true where `email` is given."""
    roles: list[str] | None = None
    """The account has at least one of these roles; with an empty list nobody may."""
    scopes: list[str] | None = None
    """The token carries all of these scopes (RFC 6749 section 3.3)."""
    user_id: str | None = None
    """The account is this one."""


class AuthorizeResponse(Model):
    """The answer."""

    model_config = ConfigDict(use_attribute_docstrings=True)
    authorized: bool
    """Whether the bearer may."""
    reason: Annotated[str | None, Field(exclude=True)] = None
    """For the host only, never to be passed on: why not."""


class IssueTokenRequest(Model):
    """Issues an access token that belongs to no session. Where `sub` is no account's id, `verify` accepts
    the token, while the live questions (`authenticate`, `introspect`, `authorize`) know nobody by it.
    """

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)
    claims: dict[str, Any]
    """The claims: `sub`, a text, and any of the host's own. The claims that the engine makes (`iss`,
    `aud`, `exp`, `nbf`, `iat`, `jti`, `sid`, `client_id`, `auth_time`, `acr`, `amr`, `provider`, `cnf`,
    `act`, `account_epoch`) are refused.
    """
    actor: Annotated[str | None, Field(max_length=200, min_length=1)] = None
    """The name or id of the one who does this, as the host knows them, where it is not the user. The
    events of the call keep it.
    """
    backend: str | None = None
    """Who issues it; default: `default`."""
    lifetime_seconds: Annotated[int | None, Field(ge=1)] = None
    """The life of the token; default `access_token_seconds`, at most `session_max_seconds`."""


class IssueTokenResponse(Model):
    """A token."""

    model_config = ConfigDict(use_attribute_docstrings=True)
    token: Annotated[str, Field(repr=False)]
    """The access token."""
    expires_at: int
    """When it expires, in Unix seconds."""
    jti: str
    """Its id, by which `revoke_token` revokes it."""


class JwksRequest(Model):
    """Asks for the public keys."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)


class JwksResponse(Model):
    """A JWK Set (RFC 7517 section 5): publish it for services that verify on their own."""

    model_config = ConfigDict(use_attribute_docstrings=True)
    keys: list[dict[str, Any]]
    """The public keys of every backend; a backend that signs with an HMAC has none."""


class RotateKeysRequest(Model):
    """Makes a new signing key."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)
    actor: Annotated[str | None, Field(max_length=200, min_length=1)] = None
    """The name or id of the one who does this, as the host knows them, where it is not the user. The
    events of the call keep it.
    """
    backend: str | None = None
    """The backend whose key it is; default: `default`, and with `retire` all of them."""
    keep_totp: bool | None = None
    """Authenticator apps stay good: no copy of the store leaked. With `retire` and without `backend` only."""
    retire: Literal["now"] | None = None
    """`now`: something leaked. The signing keys of the backend verify nothing any more, at once. Without
    `backend` those of all backends, and with them goes everything that a leaked secret key opens
    together with a copy of the store: every secret key but the first of `secret_keys`, every session,
    mailed token and challenge, the mails that wait with a token, and the seeds of authenticator apps.
    The first must be the newest, and each of the others have been the first before: a list in the wrong
    order is refused.
    """


class RetiredSecrets(Model):
    """The keys that were retired, and what ended with them."""

    model_config = ConfigDict(use_attribute_docstrings=True)
    signing_keys: Annotated[int, Field(ge=0)]
    """The number of signing keys, including those that only verified."""
    secret_keys: Annotated[int, Field(ge=0)]
    """The number of secret keys: all that this process has, except the first."""
    sessions: Annotated[int, Field(ge=0)]
    """The number of sessions that ended."""
    one_time_secrets: Annotated[int, Field(ge=0)]
    """The number of mailed tokens and challenges that can no longer be redeemed."""
    mails: Annotated[int, Field(ge=0)]
    """The number of unsent mails with such a token, which are no longer sent."""
    totp_seeds: Annotated[int, Field(ge=0)]
    """The number of authenticator apps that have to be set up again."""


class RotateKeysResponse(Model):
    """The ring has turned."""

    model_config = ConfigDict(use_attribute_docstrings=True)
    kid: str
    """The key that signs from now on, of the backend or of `default`."""
    previous: str | None
    """The key that signed until now. It verifies until nothing that it signed is alive, or, where it was
    retired, nothing any more.
    """
    retired: RetiredSecrets | None = None
    """What was retired, if that was asked for."""


class ListKeysRequest(Model):
    """Asks for the keys."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)


class NeededBy(Model):
    """What needs an older secret key."""

    model_config = ConfigDict(use_attribute_docstrings=True)
    password_hashes: int
    """Password hashes that it sealed (`password.pepper`). Each is sealed anew at the next login."""
    totp_seeds: int
    """Seeds of authenticator apps that it sealed."""
    mails: int
    """Mails that wait."""
    recovery_codes: int
    """Recovery codes that were made under it."""
    sessions: int
    """Live sessions that were refreshed last while it was the current one. Without it their users log in
    again.
    """


class SecretKey(Model):
    """A secret key."""

    model_config = ConfigDict(use_attribute_docstrings=True)
    id: str
    """A name that tells nothing of it."""
    since: int
    """When it was first the current one, in Unix seconds."""
    state: SecretKeyState
    """What this process does with it."""
    needed_by: NeededBy | None = None
    """What needs it in the list, where it is not the current one. It may go once all of these are 0 and
    every process has the newer key first.
    """


class SigningKey(Model):
    """A key that signs access tokens, or only verifies them."""

    model_config = ConfigDict(use_attribute_docstrings=True)
    kid: str
    """Its id: `kid` in the header of the tokens that it signed."""
    backend: str
    """The name of its backend."""
    algorithm: str
    """`HS256` is secret; the others are in `jwks`, too."""
    created_at: int
    """When it was made, in Unix seconds."""
    expires_at: int | None = None
    """Until when it verifies, in Unix seconds; absent while it signs."""


class ListKeysResponse(Model):
    """The keys, without what is secret of them."""

    model_config = ConfigDict(use_attribute_docstrings=True)
    signing_keys: list[SigningKey]
    """The signing keys in the store; for each backend those that sign first. The fixed secret of a
    compatibility backend is not there.
    """
    secret_keys: list[SecretKey]
    """The secret keys that were ever the first, in the order in which they came; the last is the newest."""


class RequestEmailVerificationRequest(Model):
    """Asks for a mail that verifies the address of an account. One of `token`, `user_id`, `verification`,
    `username` with `password`, and `email` is given.
    """

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)
    actor: Annotated[str | None, Field(max_length=200, min_length=1)] = None
    """The name or id of the one who does this, as the host knows them, where it is not the user. The
    events of the call keep it.
    """
    client: Client | None = None
    """From where the user comes: too many mails from one address of the network are refused."""
    email: Annotated[str | None, Field(max_length=254, min_length=3)] = None
    """An address, which alone names no account that has yet to verify it: nothing is mailed, and the
    answer is the same whoever has it.
    """
    locale: Annotated[str | None, Field(max_length=35, min_length=2)] = None
    """The language of the mail. Default: that of the account."""
    password: Annotated[str | None, Field(repr=False)] = None
    """The password; wrong ones count as failed logins do."""
    token: Annotated[str | None, Field(repr=False)] = None
    """An access token of the account, live."""
    user_id: str | None = None
    """The account's id, where the host knows who asks."""
    username: str | None = None
    """The username or the address, where nobody can log in before the address is verified."""
    verification: Annotated[str | None, Field(repr=False)] = None
    """The challenge that `register` returned."""


class SentResponse(Model):
    """Answered alike whether or not there was anybody to send it to."""

    model_config = ConfigDict(use_attribute_docstrings=True)
    sent: bool
    """Always true."""


class RequestEmailChangeRequest(Model):
    """Asks for another address for an account."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)
    user_id: str
    """The account."""
    new_email: Annotated[str, Field(max_length=254, min_length=3)]
    """The address to be."""
    actor: Annotated[str | None, Field(max_length=200, min_length=1)] = None
    """The name or id of the one who does this, as the host knows them, where it is not the user. The
    events of the call keep it.
    """
    locale: Annotated[str | None, Field(max_length=35, min_length=2)] = None
    """The language of the mails. Default: that of the account."""


class RequestEmailChangeResponse(Model):
    """Answered alike whether or not the address is another account's."""

    model_config = ConfigDict(use_attribute_docstrings=True)
    sent: bool
    """Always true."""
    verification: Annotated[str, Field(repr=False)]
    """For `verify_email`: proves, beside the mailed token, that the account is that of the browser that
    asked. A secret, good for a week; keep it in a cookie that scripts cannot read.
    """


class RequestPasswordResetRequest(Model):
    """Asks for a mail with which a new password can be set."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)
    email: Annotated[str, Field(max_length=254, min_length=3)]
    """The address of the account."""
    actor: Annotated[str | None, Field(max_length=200, min_length=1)] = None
    """The name or id of the one who does this, as the host knows them, where it is not the user. The
    events of the call keep it.
    """
    client: Client | None = None
    """From where the user comes: too many mails from one address of the network are refused."""
    locale: Annotated[str | None, Field(max_length=35, min_length=2)] = None
    """The language of the mail. Default: that of the account."""


class ResetPasswordRequest(Model):
    """Sets a new password by a token that was mailed."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)
    token: Annotated[str, Field(repr=False)]
    """The token."""
    new_password: Annotated[str, Field(repr=False)]
    """The new password."""


class VerifyEmailRequest(Model):
    """Redeems a token that was mailed, with one proof of the account: `access_token`, `username` with
    `password`, `verification`, or `id_token`. Without a proof it is refused, unless
    `mail.click_verifies` is set and the account never verified an address.
    """

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)
    token: Annotated[str, Field(repr=False)]
    """The token, of either purpose."""
    access_token: Annotated[str | None, Field(repr=False)] = None
    """An access token of the account, live."""
    client: Client | None = None
    """From where the user comes, as far as the host knows."""
    id_token: Annotated[str | None, Field(repr=False)] = None
    """An ID token of an identity that opens the account, where nobody can log in before the address is
    verified.
    """
    nonce: Annotated[str | None, Field(repr=False)] = None
    """The nonce that the ID token must have."""
    password: Annotated[str | None, Field(repr=False)] = None
    """Its password; wrong ones count as failed logins do."""
    provider: Annotated[str | None, Field(max_length=64, min_length=1)] = None
    """The provider of the ID token; default: the only one."""
    username: str | None = None
    """The username or the address of the account."""
    verification: Annotated[str | None, Field(repr=False)] = None
    """The challenge that `register` or `request_email_change` returned for this address."""


class CheckMailTokenRequest(Model):
    """Looks at a token that was mailed."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)
    token: Annotated[str, Field(repr=False)]
    """The token."""


class CheckMailTokenResponse(Model):
    """It is good."""

    model_config = ConfigDict(use_attribute_docstrings=True)
    purpose: str
    """What for: `verify_email`, `reset_password` or `change_email`."""
    expires_at: int
    """Until when."""


class GenerateTotpSecretRequest(Model):
    """Asks for a secret."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)


class GenerateTotpSecretResponse(Model):
    """A secret, kept nowhere."""

    model_config = ConfigDict(use_attribute_docstrings=True)
    secret: Annotated[str, Field(max_length=256, min_length=16, repr=False)]
    """160 random bits in base32."""


class TotpProvisioningUriRequest(Model):
    """Asks how an authenticator app gets a secret."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)
    secret: Annotated[str, Field(max_length=256, min_length=16, repr=False)]
    """The secret in base32."""
    email: Annotated[str, Field(max_length=254, min_length=1)]
    """The address of the account, or another name that the app shows for it."""


class Provisioning(Model):
    """A URI that holds a seed, and its picture."""

    model_config = ConfigDict(use_attribute_docstrings=True)
    otpauth_uri: Annotated[str, Field(repr=False)]
    """`otpauth://totp/…`: what an authenticator app reads. A secret."""
    qr_svg: Annotated[str, Field(repr=False)]
    """The same as a QR code: an `<svg>` element that can stand in a page as it is. A secret."""


class VerifyTotpRequest(Model):
    """Verifies a code."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)
    secret: Annotated[str, Field(max_length=256, min_length=16, repr=False)]
    """The secret in base32."""
    code: Annotated[str, Field(repr=False)]
    """The code; spaces and hyphens in it are passed over."""


class VerifyTotpResponse(Model):
    """The answer."""

    model_config = ConfigDict(use_attribute_docstrings=True)
    valid: bool
    """Whether it is the code of now, or of `totp.skew_steps` steps before or after."""


class SetupTotpRequest(Model):
    """Sets up an authenticator app for an account. Whoever asks must be its user, who logged in just now:
    the app shuts out everybody else.
    """

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)
    user_id: str
    """Whose."""


class SetupTotpResponse(Model):
    """What the app needs. It is no factor before `confirm_totp`."""

    model_config = ConfigDict(use_attribute_docstrings=True)
    secret: Annotated[str, Field(max_length=256, min_length=16, repr=False)]
    """The secret in base32, for whoever cannot read the picture."""
    otpauth_uri: Annotated[str, Field(repr=False)]
    """`otpauth://totp/…`: what an authenticator app reads. A secret."""
    qr_svg: Annotated[str, Field(repr=False)]
    """The same as a QR code: an `<svg>` element that can stand in a page as it is. A secret."""


class ConfirmTotpRequest(Model):
    """Puts an authenticator app in force."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)
    user_id: str
    """Whose."""
    code: Annotated[str, Field(repr=False)]
    """The code that the app shows. It is used up: the first login needs the next one."""
    actor: Annotated[str | None, Field(max_length=200, min_length=1)] = None
    """The name or id of the one who does this, as the host knows them, where it is not the user. The
    events of the call keep it.
    """
    client: Client | None = None
    """From where the user comes, as far as the host knows: a known device has a count of its own."""


class ConfirmTotpResponse(Model):
    """It is in force, and every session has ended: log in again."""

    model_config = ConfigDict(use_attribute_docstrings=True)
    is_configured: bool
    """Always true."""
    recovery_codes: Annotated[list[str], Field(repr=False)]
    """Codes that open the account when the app is lost, each once. They are shown now and never again;
    none where the account has some from another factor.
    """


class TotpStatusRequest(Model):
    """Asks whether an account has an authenticator app."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)
    user_id: str
    """Whose."""


class TotpStatusResponse(Model):
    """Whether an app is in force."""

    model_config = ConfigDict(use_attribute_docstrings=True)
    is_configured: bool
    """Whether a login wants its code. One that is set up and not confirmed does not count."""


class DisableTotpRequest(Model):
    """Takes an authenticator app away."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)
    user_id: str
    """Whose."""
    code: Annotated[str, Field(repr=False)]
    """A code of the app, or, where it is lost, a recovery code. Not looked at where no app is in force."""
    actor: Annotated[str | None, Field(max_length=200, min_length=1)] = None
    """The name or id of the one who does this, as the host knows them, where it is not the user. The
    events of the call keep it.
    """
    client: Client | None = None
    """From where the user comes, as far as the host knows: a known device has a count of its own."""


class GenerateRecoveryCodesRequest(Model):
    """Replaces the recovery codes of an account. Whoever asks must be its user, who logged in just now."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)
    user_id: str
    """Whose."""
    actor: Annotated[str | None, Field(max_length=200, min_length=1)] = None
    """The name or id of the one who does this, as the host knows them, where it is not the user. The
    events of the call keep it.
    """


class GenerateRecoveryCodesResponse(Model):
    """The codes, shown now and never again. Every session has ended."""

    model_config = ConfigDict(use_attribute_docstrings=True)
    codes: Annotated[list[str], Field(repr=False)]
    """Ten codes, each good once."""


class RecoveryCodesStatusRequest(Model):
    """Asks how many recovery codes an account has left."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)
    user_id: str
    """Whose."""


class RecoveryCodesStatusResponse(Model):
    """How many are left."""

    model_config = ConfigDict(use_attribute_docstrings=True)
    remaining: int
    """Codes that were not used."""


class TakeMailRequest(Model):
    """Takes mails out of the outbox for a while, to send them."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)
    lease_seconds: Annotated[int | None, Field(ge=1, le=3600)] = None
    """For how long nobody else gets them: 1 to 3600 seconds, default 60. A mail that is not acknowledged
    by then is taken again.
    """
    limit: Annotated[int | None, Field(ge=1, le=100)] = None
    """How many at most: 1 to 100, default 10."""


class Mail(Model):
    """A mail to send."""

    model_config = ConfigDict(use_attribute_docstrings=True)
    id: str
    """Its id, for `acknowledge_mail`."""
    kind: str
    """What it is about: `verify_email`, `reset_password`, `change_email`, `email_change_requested`,
    `email_changed`, `account_exists`, `password_changed`.
    """
    to: Annotated[str, Field(max_length=254, min_length=3)]
    """To whom, as the address was given; its domain may be international."""
    locale: Annotated[str, Field(max_length=35, min_length=2)]
    """The language of the texts."""
    subject: str
    """The subject."""
    text: Annotated[str, Field(repr=False)]
    """The text."""
    html: Annotated[str, Field(repr=False)]
    """The same as HTML."""
    user_id: str
    """For whom it is."""
    created_at: int
    """When it was written."""
    expires_at: int
    """When it is no longer worth sending."""
    attempt: int
    """Which attempt this is, from 1."""
    from_: Annotated[str | None, Field(alias="from")] = None
    """From whom, where `mail.from` is given."""
    link: Annotated[str | None, Field(repr=False)] = None
    """The link with the token, where `mail.links` has one for this kind."""
    message_id: str | None = None
    """The value for `Message-ID`: the same at every attempt, so that a mail that was sent twice is shown
    once.
    """
    token: Annotated[str | None, Field(repr=False)] = None
    """The token, where there is one."""


class TakeMailResponse(Model):
    """Mails to send."""

    model_config = ConfigDict(use_attribute_docstrings=True)
    mails: list[Mail]
    """The mails, those first that wait for the longest time."""


class AcknowledgeMailRequest(Model):
    """Says what became of a mail."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)
    id: str
    """Which."""
    delivered: bool
    """Whether it was sent. One that was not is due again later: after a minute, then after twice as long
    each time, up to six hours.
    """
    error: Annotated[str | None, Field(pattern="^[a-z0-9_.-]{1,64}$")] = None
    """Why it was not, in a word: it is kept for the audit log, so it must not name anybody."""
    permanent: bool | None = None
    """Give it up: the address does not take mail."""


class AcknowledgeMailResponse(Model):
    """It is known."""

    model_config = ConfigDict(use_attribute_docstrings=True)
    acknowledged: bool
    """Whether the mail was still in the outbox."""


class DeliverMailRequest(Model):
    """Sends mails that are due."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)
    limit: Annotated[int | None, Field(ge=1, le=1000)] = None
    """How many at most: 1 to 1000, default 100."""


class DeliverMailResponse(Model):
    """What became of them."""

    model_config = ConfigDict(use_attribute_docstrings=True)
    delivered: Annotated[int, Field(ge=0)]
    """The server took so many."""
    deferred: Annotated[int, Field(ge=0)]
    """So many it did not take now: they are due again later."""
    refused: Annotated[int, Field(ge=0)]
    """So many it will never take: they are given up."""


class BeginPasskeyRegistrationRequest(Model):
    """Begins to make a passkey for an account. Whoever asks must be its user, who logged in just now: a
    passkey opens the account.
    """

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)
    user_id: str
    """Whose."""
    label: Annotated[str | None, Field(max_length=64, min_length=1)] = None
    """What its user calls it: 1 to 64 characters."""


class BeginPasskeyRegistrationResponse(Model):
    """What the page passes on, within five minutes."""

    model_config = ConfigDict(use_attribute_docstrings=True)
    challenge: Annotated[str, Field(repr=False)]
    """For `finish_passkey_registration`. It is spent when that succeeds, and replaced by that of a later
    begin.
    """
    options: dict[str, Any]
    """What `PublicKeyCredential.parseCreationOptionsFromJSON` reads, for `navigator.credentials.create`."""


class FinishPasskeyRegistrationRequest(Model):
    """Makes the passkey."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)
    challenge: Annotated[str, Field(repr=False)]
    """The challenge of `begin_passkey_registration`."""
    response: Annotated[dict[str, Any], Field(repr=False)]
    """What `navigator.credentials.create` gave: the credential's `toJSON()`."""
    actor: Annotated[str | None, Field(max_length=200, min_length=1)] = None
    """The name or id of the one who does this, as the host knows them, where it is not the user. The
    events of the call keep it.
    """


class FinishPasskeyRegistrationResponse(Model):
    """The passkey was made, and every session has ended: log in again."""

    model_config = ConfigDict(use_attribute_docstrings=True)
    credential: Passkey
    """The passkey."""
    recovery_codes: Annotated[list[str], Field(repr=False)]
    """Codes that stand in for a second factor that is lost, each once. They are shown now and never again;
    none where the account has some from another factor.
    """


class BeginPasskeyLoginRequest(Model):
    """Begins a login by passkey."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)
    backend: str | None = None
    """For which backend; default: `default`."""
    scope: Annotated[str | None, Field(max_length=1024, min_length=1)] = None
    """What the access token may be used for, as with `login`."""
    username: str | None = None
    """The username or the e-mail address. Without, the authenticator offers the accounts that it knows."""


class BeginPasskeyLoginResponse(Model):
    """What the page passes on, within five minutes."""

    model_config = ConfigDict(use_attribute_docstrings=True)
    challenge: Annotated[str, Field(repr=False)]
    """For `finish_passkey_login`. It is spent when that succeeds."""
    options: dict[str, Any]
    """What `PublicKeyCredential.parseRequestOptionsFromJSON` reads, for `navigator.credentials.get`."""


class FinishPasskeyLoginRequest(Model):
    """Logs in by a passkey alone."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)
    challenge: Annotated[str, Field(repr=False)]
    """The challenge of `begin_passkey_login`."""
    response: Annotated[dict[str, Any], Field(repr=False)]
    """What `navigator.credentials.get` gave: the credential's `toJSON()`."""
    client: Client | None = None
    """From where the user comes, as far as the host knows."""


class ListPasskeysRequest(Model):
    """Lists the passkeys of an account."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)
    user_id: str
    """Whose."""


class ListPasskeysResponse(Model):
    """Passkeys, the oldest first."""

    model_config = ConfigDict(use_attribute_docstrings=True)
    passkeys: list[Passkey]
    """The passkeys."""


class RemovePasskeyRequest(Model):
    """Takes a passkey away. Whoever asks must be its user, who logged in just now."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)
    user_id: str
    """Whose."""
    credential_id: str
    """Which: its `id`."""
    actor: Annotated[str | None, Field(max_length=200, min_length=1)] = None
    """The name or id of the one who does this, as the host knows them, where it is not the user. The
    events of the call keep it.
    """


class RemovePasskeyResponse(Model):
    """It is gone; if there was one, every session has ended."""

    model_config = ConfigDict(use_attribute_docstrings=True)
    removed: bool
    """Whether the account had it until now."""


class EventsRequest(Model):
    """Reads the audit log."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)
    actor: Annotated[str | None, Field(max_length=200, min_length=1)] = None
    """Only what this actor did."""
    after: str | None = None
    """Only what comes after this event, in the order that is asked for: `next` of the page before, or
    `resume` of an earlier answer. Of an event that the log does not have any more, everything that is
    left comes after it.
    """
    ip: str | None = None
    """Only what came from this address, as the host gave it."""
    kind: EventKind | None = None
    """Only this kind."""
    limit: Annotated[int | None, Field(ge=1, le=1000)] = None
    """How many to return: 1 to 1000, default 100."""
    order: EventOrder | None = None
    """In which order: `written` (default), in which every event comes after those that were there before
    it, whatever clocks say; `oldest` or `newest` first, by time.
    """
    since: int | None = None
    """Only what happened at this time or later, in Unix seconds."""
    until: int | None = None
    """Only what happened at this time or before, in Unix seconds."""
    user_id: str | None = None
    """Only what concerns this account, which may be gone."""


class EventsResponse(Model):
    """A page of the audit log."""

    model_config = ConfigDict(use_attribute_docstrings=True)
    events: list[Event]
    """The events."""
    next: str | None = None
    """Where the next page begins, when there may be one: give it as `after`."""
    resume: str | None = None
    """How far the log was read in the order `written`: given as `after`, it brings exactly what came into
    the log later. Absent while the log is empty.
    """


class VerifyEventsRequest(Model):
    """Verifies the chain over the audit log: that nothing was changed in it, taken out of it or added to
    it.
    """

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)
    head: Annotated[str | None, Field(pattern="^[0-9]+:[A-Za-z0-9_-]{43}$")] = None
    """A head that an earlier call answered and that was kept elsewhere. The log up to it must be
    unchanged. This shows a change even if its author has the secret key.
    """


class ChainProblem(Model):
    """A flaw at one place of the log."""

    model_config = ConfigDict(use_attribute_docstrings=True)
    reason: str
    """The kind of flaw: `changed` (the event is not as written), `missing` (it was removed before its
    time), `added` (it is not part of the chain), `broken` (events before it were removed or moved),
    `unlisted` (it has no place in the log, and followers of the log do not see it), `head` (the chain
    does not end as the sealed head says: its end was removed, or another secret key sealed it),
    `other_head` (the request's head is part neither of this chain nor of its expired events),
    `no_chain` (no chain is kept).
    """
    event_id: str | None = None
    """The event's id."""
    position: int | None = None
    """The event's place in the log."""


class VerifyEventsResponse(Model):
    """What the chain shows."""

    model_config = ConfigDict(use_attribute_docstrings=True)
    intact: bool
    """Whether everything is as it was written."""
    events: Annotated[int, Field(ge=0)]
    """How many events were verified."""
    problems: list[ChainProblem]
    """What is wrong, at most a hundred of it."""
    head: Annotated[str | None, Field(pattern="^[0-9]+:[A-Za-z0-9_-]{43}$")] = None
    """The head of the chain, where there is one: keep it elsewhere."""
    since: int | None = None
    """When the first of them happened."""


class MaintainRequest(Model):
    """Purges what is past its time. Ordinary writes do a little of it; a job that calls this now and then
    does the rest.
    """

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)
    budget_ms: Annotated[int | None, Field(ge=1, le=60000)] = None
    """When to stop, in milliseconds: 1 to 60000, default 1000. The batch that runs then is finished."""


class PurgedRows(Model):
    """How many of each kind were purged."""

    model_config = ConfigDict(use_attribute_docstrings=True)
    sessions: Annotated[int, Field(ge=0)]
    """Sessions that ended a day ago or more."""
    throttles: Annotated[int, Field(ge=0)]
    """Counts of failed attempts."""
    one_time_secrets: Annotated[int, Field(ge=0)]
    """One-time secrets that nobody redeemed."""
    spent_challenges: Annotated[int, Field(ge=0)]
    """Challenges of logins by passkey that were redeemed."""
    known_devices: Annotated[int, Field(ge=0)]
    """Devices on which nobody logged in for a long time."""
    mails: Annotated[int, Field(ge=0)]
    """Mails that could not be sent in time."""
    keys: Annotated[int, Field(ge=0)]
    """Signing keys that verify nothing any more."""
    revoked_tokens: Annotated[int, Field(ge=0)]
    """Revoked tokens that have expired by themselves."""
    events: Annotated[int, Field(ge=0)]
    """Events older than `audit.retention_days` of the store."""


class MaintainResponse(Model):
    """What was purged."""

    model_config = ConfigDict(use_attribute_docstrings=True)
    purged: PurgedRows
    """How many of each kind."""
    complete: bool
    """Whether nothing is left; else call again."""


class BackupRequest(Model):
    """Copies the store into a file, while it is in use."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)
    path: str
    """The file to make, with mode 0600. None may have this name."""
    verify: bool | None = None
    """Whether the copy is opened and looked through before it has its name: every page, row and index, and
    that the secret key is its own. It takes about as long as the copy. Default: false.
    """


class VerifiedBackup(Model):
    """What a copy holds."""

    model_config = ConfigDict(use_attribute_docstrings=True)
    users: int
    """Accounts."""
    sessions: int
    """Sessions that are alive."""
    events: int
    """Events of the audit log."""


class BackupResponse(Model):
    """The copy is on the disk."""

    model_config = ConfigDict(use_attribute_docstrings=True)
    bytes: Annotated[int, Field(ge=0)]
    """How long the file is."""
    verified: VerifiedBackup | None = None
    """What the copy holds, where it was verified."""


class StatsRequest(Model):
    """Asks for the figures since the engine was opened."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)
    store: bool | None = None
    """Whether to tell those of the store, too, which takes a few reads of it; default: false."""


class HashQueueStats(Model):
    """The places where passwords are hashed, now."""

    model_config = ConfigDict(use_attribute_docstrings=True)
    slots: Annotated[int, Field(ge=0)]
    """How many hashes may run at once."""
    busy: Annotated[int, Field(ge=0)]
    """How many run."""
    waiting: Annotated[int, Field(ge=0)]
    """How many callers wait for one."""


class LatencyBucket(Model):
    """The calls of about one duration: each bucket reaches twice as far as the one before it."""

    model_config = ConfigDict(use_attribute_docstrings=True)
    count: Annotated[int, Field(ge=0)]
    """How many."""
    up_to_seconds: float | None = None
    """Calls in this bucket took no longer; absent for the last one."""


class Latency(Model):
    """How long calls took."""

    model_config = ConfigDict(use_attribute_docstrings=True)
    count: Annotated[int, Field(ge=0)]
    """How many calls were timed: all of them, but of `verify` about one in 16."""
    sum_seconds: float
    """How long they took together."""
    buckets: list[LatencyBucket]
    """Their histogram."""


class OperationOutcome(Model):
    """How many calls ended like this."""

    model_config = ConfigDict(use_attribute_docstrings=True)
    status: str
    """The name of the status."""
    count: Annotated[int, Field(ge=0)]
    """How many."""


class OperationStats(Model):
    """The figures of an operation."""

    model_config = ConfigDict(use_attribute_docstrings=True)
    operation: str
    """Which."""
    outcomes: list[OperationOutcome]
    """How its calls ended."""
    latency: Latency
    """How long they took."""


class StoreStats(Model):
    """What a store holds."""

    model_config = ConfigDict(use_attribute_docstrings=True)
    active_accounts: int
    """How many accounts may log in."""
    disabled_accounts: int
    """How many may not."""
    sessions: int
    """How many sessions are alive: not revoked, and not past their time."""
    events: int
    """How many events the audit log has."""
    mails: int
    """How many mails wait to be sent."""
    keys: int
    """How many signing keys there are, those that only verify included."""
    bytes: Annotated[int, Field(ge=0)]
    """What the store takes: the SQLite file, or the tables on the server with their indexes."""
    estimated: list[str]
    """Which of the counts are what a PostgreSQL server expects: those of more than 100,000. The others
    were counted.
    """
    free_bytes: Annotated[int | None, Field(ge=0)] = None
    """What is free on the disk of the SQLite file."""
    log_bytes: Annotated[int | None, Field(ge=0)] = None
    """The length of the SQLite file's write-ahead log."""
    oldest_mail_at: int | None = None
    """Since when the oldest of them waits."""


class StatsResponse(Model):
    """The figures of this engine, since it was opened."""

    model_config = ConfigDict(use_attribute_docstrings=True)
    operations: list[OperationStats]
    """The operations that were called, in the order of the reference."""
    hash_queue: HashQueueStats
    """The places where passwords are hashed."""
    prometheus: str
    """All of this in the text format of Prometheus: what a scraper is answered, as `text/plain;
    version=0.0.4`.
    """
    store: StoreStats | None = None
    """What the store holds, where that was asked for: the same for every engine on it."""


class DoctorRequest(Model):
    """Asks for a judgement of the running configuration on this machine."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)
    integrity: bool | None = None
    """Whether a SQLite file is looked through to its end, however long that takes: every page, row and
    index. Default: for two seconds.
    """


class Finding(Model):
    """What was found."""

    model_config = ConfigDict(use_attribute_docstrings=True)
    severity: FindingSeverity
    """`problem`: change it; `advice`: think about it; `ok`."""
    check: str
    """What was looked at."""
    message: str
    """What was found and what to do, for people."""
    field: str | None = None
    """The key of the configuration to change, as a JSON pointer."""


class DoctorResponse(Model):
    """The judgement."""

    model_config = ConfigDict(use_attribute_docstrings=True)
    findings: list[Finding]
    """What was looked at, always in the same order."""
    version: str
    """The version of the library."""
    hash_milliseconds: float | None = None
    """How long one password hash takes on this machine; absent when none could be made."""


UpdateUserResponse = UserResponse
SetPasswordResponse = UserResponse
CompleteLoginResponse = LoginResponse
RevokeSessionResponse = RevokedResponse
RevokeUserSessionsResponse = RevokedResponse
RevokeAllSessionsResponse = RevokedResponse
RequestEmailVerificationResponse = SentResponse
RequestPasswordResetResponse = SentResponse
ResetPasswordResponse = UserResponse
VerifyEmailResponse = UserResponse
TotpProvisioningUriResponse = Provisioning
DisableTotpResponse = TotpStatusResponse
FinishPasskeyLoginResponse = LoginResponse
