"""The models of requests and responses.

Written by `make header` from the description of the library: do not edit.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, SkipValidation

from doorward.models.base import Model
from doorward.models.common import ActiveStateMixin, IdentityMixin, PasswordMixin
from doorward.types import Claims

__all__ = [
    "AcceptInvitationRequest",
    "AcceptInvitationResponse",
    "AccountLock",
    "AccountStatus",
    "AcknowledgeMailRequest",
    "AcknowledgeMailResponse",
    "Act",
    "AddMemberRequest",
    "AddMemberResponse",
    "ApiKey",
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
    "BeginProviderLoginRequest",
    "BeginProviderLoginResponse",
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
    "CreateApiKeyRequest",
    "CreateApiKeyResponse",
    "CreateOrganizationRequest",
    "CreateOrganizationResponse",
    "CreateServiceAccountRequest",
    "CreateServiceAccountResponse",
    "DeleteOrganizationRequest",
    "DeleteOrganizationResponse",
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
    "ExportUsersRequest",
    "ExportUsersResponse",
    "ExportedIdentity",
    "ExportedMail",
    "ExportedMembership",
    "ExportedSecret",
    "ExportedSession",
    "ExportedTotp",
    "Finding",
    "FinishPasskeyLoginRequest",
    "FinishPasskeyLoginResponse",
    "FinishPasskeyRegistrationRequest",
    "FinishPasskeyRegistrationResponse",
    "FinishProviderLoginRequest",
    "FinishProviderLoginResponse",
    "FullChangePasswordRequest",
    "FullIntrospectRequest",
    "FullLoginRequest",
    "FullRegisterRequest",
    "GenerateRecoveryCodesRequest",
    "GenerateRecoveryCodesResponse",
    "GenerateTotpSecretRequest",
    "GenerateTotpSecretResponse",
    "GetOrganizationRequest",
    "GetOrganizationResponse",
    "GetUserRequest",
    "GetUserResponse",
    "HashPasswordRequest",
    "HashPasswordResponse",
    "HashQueueStats",
    "Identifiers",
    "ImpersonateRequest",
    "ImpersonateResponse",
    "ImportCheck",
    "ImportProblem",
    "ImportUsersRequest",
    "ImportUsersResponse",
    "ImportedIdentity",
    "ImportedPasskey",
    "ImportedTotp",
    "ImportedUser",
    "IntrospectRemoteRequest",
    "IntrospectRemoteResponse",
    "IntrospectRequest",
    "IntrospectResponse",
    "Invitation",
    "InviteMemberRequest",
    "InviteMemberResponse",
    "InviteUserRequest",
    "InviteUserResponse",
    "IssueTokenRequest",
    "IssueTokenResponse",
    "JwksRequest",
    "JwksResponse",
    "Latency",
    "LatencyBucket",
    "LinkedIdentity",
    "ListApiKeysRequest",
    "ListApiKeysResponse",
    "ListIdentitiesRequest",
    "ListIdentitiesResponse",
    "ListInvitationsRequest",
    "ListInvitationsResponse",
    "ListKeysRequest",
    "ListKeysResponse",
    "ListMembersRequest",
    "ListMembersResponse",
    "ListOrganizationsRequest",
    "ListOrganizationsResponse",
    "ListPasskeysRequest",
    "ListPasskeysResponse",
    "ListSessionsRequest",
    "ListSessionsResponse",
    "ListTrustedDevicesRequest",
    "ListTrustedDevicesResponse",
    "ListUsersRequest",
    "ListUsersResponse",
    "LockUserRequest",
    "LockUserResponse",
    "LoginRequest",
    "LoginResponse",
    "LoginWithIdTokenRequest",
    "LoginWithIdTokenResponse",
    "LoginWithMailTokenRequest",
    "LoginWithMailTokenResponse",
    "LogoutRequest",
    "LogoutResponse",
    "Mail",
    "MaintainRequest",
    "MaintainResponse",
    "Member",
    "MemberResponse",
    "MergeAttributesRequest",
    "MergeAttributesResponse",
    "NeededBy",
    "NextProviderRequestRequest",
    "NextProviderRequestResponse",
    "OperationOutcome",
    "OperationStats",
    "Organization",
    "OrganizationResponse",
    "OrganizationRoles",
    "Passkey",
    "PasskeySignalsRequest",
    "PasskeySignalsResponse",
    "PasswordStatus",
    "PortableIdentity",
    "PortablePasskey",
    "PortableTotp",
    "PortableUser",
    "ProviderCondition",
    "ProviderLogin",
    "ProviderRequest",
    "ProviderRequestHeader",
    "ProviderResponse",
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
    "RelatedOriginsRequest",
    "RelatedOriginsResponse",
    "RemoveMemberRequest",
    "RemoveMemberResponse",
    "RemovePasskeyRequest",
    "RemovePasskeyResponse",
    "RemoveSecondFactorsRequest",
    "RemoveSecondFactorsResponse",
    "RequestEmailChangeRequest",
    "RequestEmailChangeResponse",
    "RequestEmailVerificationRequest",
    "RequestEmailVerificationResponse",
    "RequestLoginCodeRequest",
    "RequestLoginCodeResponse",
    "RequestPasswordResetRequest",
    "RequestPasswordResetResponse",
    "ResetPasswordRequest",
    "ResetPasswordResponse",
    "RetiredSecrets",
    "RevokeAllSessionsRequest",
    "RevokeAllSessionsResponse",
    "RevokeApiKeyRequest",
    "RevokeApiKeyResponse",
    "RevokeInvitationRequest",
    "RevokeInvitationResponse",
    "RevokeSessionRequest",
    "RevokeSessionResponse",
    "RevokeTokenRequest",
    "RevokeTokenResponse",
    "RevokeTrustedDeviceRequest",
    "RevokeTrustedDeviceResponse",
    "RevokeUserSessionsRequest",
    "RevokeUserSessionsResponse",
    "RevokedResponse",
    "RotateKeysRequest",
    "RotateKeysResponse",
    "SearchUsersRequest",
    "SearchUsersResponse",
    "SecondFactorStatus",
    "SecretKey",
    "SentResponse",
    "Session",
    "SessionLifetime",
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
    "TrustedDevice",
    "UnlinkIdentityRequest",
    "UnlinkIdentityResponse",
    "UpdateApiKeyRequest",
    "UpdateApiKeyResponse",
    "UpdateMemberRequest",
    "UpdateMemberResponse",
    "UpdateOrganizationRequest",
    "UpdateOrganizationResponse",
    "UpdatePasskeyRequest",
    "UpdatePasskeyResponse",
    "UpdateSessionRequest",
    "UpdateSessionResponse",
    "UpdateUserRequest",
    "UpdateUserResponse",
    "User",
    "UserFilters",
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

UserOrder = Literal["oldest", "newest", "username"]

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
    "breached",
    "same_as_old",
    "used_before",
]

ProviderPrompt = Literal["none", "login", "consent", "select_account"]

CredentialKind = Literal["session", "token", "api_key"]

SecretKeyState = Literal["current", "listed", "missing", "retired"]

FactorKind = Literal["totp", "passkeys", "recovery_codes"]

PasskeyHint = Literal["security-key", "client-device", "hybrid"]

EventKind = Literal[
    "registered",
    "invited",
    "logged_in",
    "impersonated",
    "login_failed",
    "step_up_required",
    "password_changed",
    "password_change_failed",
    "password_set",
    "password_breached",
    "passkey_renamed",
    "passkey_counter_regressed",
    "throttled",
    "reauthenticated",
    "reauthentication_failed",
    "second_factor_added",
    "second_factor_removed",
    "second_factors_removed",
    "second_factor_failed",
    "recovery_codes_generated",
    "recovery_code_used",
    "device_trusted",
    "trusted_device_used",
    "trusted_device_revoked",
    "logged_out",
    "session_updated",
    "session_revoked",
    "sessions_revoked",
    "refresh_repeated",
    "refresh_token_reused",
    "user_updated",
    "account_locked",
    "user_deleted",
    "users_imported",
    "users_exported",
    "mail_requested",
    "mail_sent",
    "mail_failed",
    "email_verified",
    "email_changed",
    "password_reset",
    "identity_linked",
    "identity_unlinked",
    "account_reclaimed",
    "token_issued",
    "token_revoked",
    "service_account_created",
    "api_key_created",
    "api_key_updated",
    "api_key_revoked",
    "organization_created",
    "organization_updated",
    "organization_deleted",
    "member_added",
    "member_updated",
    "member_removed",
    "member_invited",
    "invitation_revoked",
    "keys_rotated",
    "store_restored",
    "keys_retired",
    "settings_changed",
]

EventOrder = Literal["written", "oldest", "newest"]

FindingSeverity = Literal["problem", "advice", "ok"]


class Client(Model, extra="forbid"):
    """The client's connection, where known."""

    device_id: Annotated[str | None, Field(max_length=128, min_length=1, repr=False)] = None
    """A random id by which the host knows the device. On a device where the account logged in before,
    failures elsewhere do not lock the user out.
    """
    ip: str | None = None
    """The client's IP address; failures are counted for it."""
    user_agent: str | None = None
    """The `User-Agent` header, shown with the session; truncated after 512 characters."""


class RegisterRequest(IdentityMixin, PasswordMixin, extra="forbid"):
    """Creates an account."""


class FullRegisterRequest(RegisterRequest, extra="forbid"):
    """Creates an account."""

    actor: Annotated[str | None, Field(max_length=200, min_length=1)] = None
    """The name or id of the person who makes this call, as the host knows them, if it is not the user. The
    call's events record it.
    """
    attributes: dict[str, Any] | None = None
    """Other data that the host keeps with the account: at most 16 KiB."""
    client: Client | None = None
    """The client's connection: too many registrations from one network address are refused."""
    locale: Annotated[str | None, Field(max_length=35, min_length=2)] = None
    """The language of mails to this user (BCP 47)."""
    roles: list[str] | None = None
    """The roles; default: `registration.default_roles`."""


class User(IdentityMixin, ActiveStateMixin):
    """The public data of an account. A password hash never leaves the store."""

    id: str = ""
    """The immutable id, `sub` in tokens."""
    email_verified: bool = False
    """Whether the user proved that the address is theirs."""
    roles: list[str] = []
    """The roles, in alphabetical order."""
    attributes: dict[str, Any] = {}
    """Other data that the host keeps with the account."""
    created_at: int = 0
    """When the account was created, in Unix seconds."""
    external_id: Annotated[str | None, Field(max_length=255, min_length=1)] = None
    """The host's own id of the account, if it has one."""
    is_service_account: bool | None = None
    """True for an account of `create_service_account`, which has API keys and cannot log in; otherwise
    absent.
    """
    locale: Annotated[str | None, Field(max_length=35, min_length=2)] = None
    """The language of mails to this user, if one was chosen."""


class RegisterResponse(Model):
    """The new account."""

    user: User
    """The account."""
    verification: Annotated[str | None, Field(repr=False)] = None
    """A challenge for `verify_email`: it proves, together with the mailed token, that the account belongs
    to the browser that registered it. It is valid for a week; keep it in a cookie that scripts cannot
    read. Absent without an address.
    """


class GetUserRequest(Model, extra="forbid"):
    """Finds one account. Give exactly one of `id`, `username`, `email`, `external_id`, `query`."""

    email: str | None = None
    """The account's e-mail address."""
    external_id: str | None = None
    """The host's own id of the account, to the letter."""
    id: str | None = None
    """The account's id."""
    query: str | None = None
    """The account's username or else its e-mail address."""
    status: bool | None = None
    """Whether to return the account's state, for administrators; default: false."""
    username: str | None = None
    """The account's username."""


class AccountLock(Model):
    """A lock that keeps guesses away from an account."""

    of: str
    """The locked thing: `account` (logins by any name), `username` or `email` (logins by that name),
    `second_factor` (codes of an authenticator app), `mail_code` (mailed codes; a mailed link is not
    locked).
    """
    known_device: bool
    """Whether the lock applies only to one of the devices on which the account logged in before. Otherwise
    it applies only to all other devices.
    """
    failures: int
    """The number of consecutive failures."""
    locked_until: int | None = None
    """When the lock ends. Absent if it lasts: after 100 consecutive failures, until an administrator
    unlocks the account, its password is reset by mail, or, for codes of an app, the user proves another
    factor.
    """


class WaitingMail(Model):
    """A mail that waits to be sent."""

    kind: str
    """The kind of mail."""
    created_at: int
    """When the mail was written."""
    attempts: int
    """The number of attempts to send the mail."""
    last_error: str | None = None
    """Why the last attempt failed, if one did."""


class PasswordStatus(Model):
    """The state of a password."""

    peppered: bool
    """Whether a secret key seals the hash."""
    expires_at: int | None = None
    """When the password expires, if an administrator set it."""
    parameters: str | None = None
    """The cost of its hash: `m=19456,t=2,p=1`. Absent if the hash cannot be read."""
    scheme: str | None = None
    """The scheme of its hash: `argon2id`, `bcrypt`, … Absent if the hash cannot be read."""


class SecondFactorStatus(Model):
    """The second factors of an account."""

    totp: bool
    """Whether an authenticator app is active."""
    passkeys: int
    """The number of passkeys."""
    recovery_codes: int
    """The number of unused recovery codes."""
    required: bool
    """Whether the account must have a second factor (`require_second_factor`)."""


class AccountStatus(Model):
    """The state of an account, for administrators: do not pass it on to the user or a browser."""

    obstacles: list[str]
    """The reasons why the right password, or the factor after it, would be refused now; empty if the
    account itself gives none: `locked`, `no_password`, `sealed_by_unknown_key`,
    `password_hash_too_costly`, `invalid_password_hash`, `inactive_user`, `temporary_password_expired`,
    `unverified_email`; `second_factor_missing` (the account must have a second factor and has none);
    for codes of an app `second_factor_locked`, `retired_seed`, `app_sealed_by_unknown_key`. A locked
    source is not listed, because it belongs to no account.
    """
    found_by: list[str]
    """The names by which a login finds the account: `username`, and `email` if the account has claimed its
    address.
    """
    locks: list[AccountLock]
    """The locks in force."""
    must_change_password: bool
    """Whether the next login by password requires a new password."""
    was_verified: bool
    """Whether the account ever verified an address, the present one or an earlier one."""
    has_proven: bool
    """Whether the user ever proved an address, by a mail or an ID token, not by an administrator's word.
    Until then, an administrator may reclaim the account (`reclaim` of `update_user`).
    """
    verification_required: bool
    """Whether a login requires a verified address (`require_verified_email`)."""
    second_factors: SecondFactorStatus
    """The second factors."""
    sessions: int
    """The number of live sessions."""
    identities: list[str]
    """The providers whose ID tokens log in to the account: their names in the configuration, or else their
    issuers.
    """
    mails: list[WaitingMail]
    """The mails to the user that wait to be sent, the oldest first."""
    last_login_at: int | None = None
    """When a session was last opened, as far as sessions and the newest thousand events of the account
    show.
    """
    password: PasswordStatus | None = None
    """The password; absent if the account has none."""


class GetUserResponse(Model):
    """The account."""

    user: User
    """The account."""
    status: AccountStatus | None = None
    """The account's state, if it was asked for."""


class ListUsersRequest(Model, extra="forbid"):
    """Lists accounts in the order of their ids, which is that of their creation, to the millisecond."""

    after: str | None = None
    """Only accounts after this id: `next` of the previous page."""
    is_active: bool | None = None
    """Only active accounts, or only inactive ones."""
    is_service_account: bool | None = None
    """Only service accounts, or only accounts of people."""
    limit: Annotated[int | None, Field(ge=1, le=1000)] = None
    """The most to return: 1 to 1000, default 100."""
    locked: bool | None = None
    """Only accounts that a lock keeps a user out of now (see `status` of `get_user`). One call compares up
    to 20,000 accounts with the locks, so a page may have fewer accounts than `limit`, or none, and
    still a `next`.
    """
    role: Annotated[str | None, Field(max_length=64, min_length=1)] = None
    """Only accounts with this role."""
    skip: Annotated[int | None, Field(ge=0, le=1000000000)] = None
    """The number of accounts to skip; not with `locked`."""


class ListUsersResponse(Model):
    """A page of accounts."""

    users: list[User]
    """The accounts."""
    next: str | None = None
    """The id to give as `after` for the next page; absent if there is none."""


class UserFilters(Model, extra="forbid"):
    """Conditions of a search."""

    created_since: int | None = None
    """Only accounts that were created at this time or later, in Unix seconds."""
    created_until: int | None = None
    """Only accounts that were created at this time or earlier, in Unix seconds."""
    email_verified: bool | None = None
    """Only accounts with a verified address, or only those without one."""
    has_second_factor: bool | None = None
    """Only accounts that have an authenticator app or a passkey, or only those without both."""
    is_active: bool | None = None
    """Only active accounts, or only inactive ones."""
    is_service_account: bool | None = None
    """Only service accounts, or only accounts of people."""
    role: Annotated[str | None, Field(max_length=64, min_length=1)] = None
    """Only accounts with this role."""


class SearchUsersRequest(Model, extra="forbid"):
    """Searches accounts: for administrators. Everything that is given must be true of an account."""

    after: str | None = None
    """Only accounts after this place: `next` of the previous page, with the same `text`, `filters` and
    `order`.
    """
    filters: UserFilters | None = None
    """Further conditions."""
    limit: Annotated[int | None, Field(ge=1, le=1000)] = None
    """The most to return: 1 to 1000, default 100."""
    order: UserOrder | None = None
    """The order: `oldest` (default) or `newest` first, by creation; or `username`, by its canonical form."""
    text: Annotated[str | None, Field(max_length=255)] = None
    """How the username, the e-mail address that the account has claimed, or the external id begins; at
    most 255 bytes. Names and addresses are compared by their canonical form, external ids to the
    letter. An empty text is none.
    """


class SearchUsersResponse(Model):
    """A page of the accounts found."""

    users: list[User]
    """The accounts. A page may have fewer than `limit`, or none, and still a `next`: if few accounts of
    many are wanted, one call looks at up to 20,000, and at up to 20,000 that each index finds for the
    text.
    """
    next: str | None = None
    """The place to give as `after` for the next page; absent if there is none."""


class UpdateUserRequest(Model, extra="forbid"):
    """Changes an account. Members that are absent stay as they are."""

    id: str
    """The user's id."""
    actor: Annotated[str | None, Field(max_length=200, min_length=1)] = None
    """The name or id of the person who makes this call, as the host knows them, if it is not the user. The
    call's events record it.
    """
    add_roles: list[str] | None = None
    """Roles to add; not with `roles`."""
    attributes: dict[str, Any] | None = None
    """The new attributes, which replace the old ones; `merge_attributes` changes single ones."""
    email: Annotated[str | None, Field(max_length=254, min_length=3)] = None
    """The new address. It counts as unverified, unless it is the same to the letter or `email_verified` is
    true.
    """
    email_verified: bool | None = None
    """Whether the address counts as verified, because the caller checked it by other means. False makes
    tokens void that were mailed before. Password, sessions and factors stay, even if another person set
    them up: see `reclaim`. Refused if another account verified this address; an account that claims it
    unverified loses the claim.
    """
    external_id: str | None = None
    """The host's own id of the account, which no other account has: 1 to 255 bytes without control
    characters, compared to the letter. An empty text removes it.
    """
    is_active: bool | None = None
    """Whether the account may log in. Setting it to false ends the account's sessions; setting it to true
    also unlocks an account that failed logins had locked.
    """
    locale: Annotated[str | None, Field(max_length=35, min_length=2)] = None
    """The language of mails to this user."""
    must_change_password: bool | None = None
    """Whether the next login by password requires a new password. Sessions stay."""
    reclaim: bool | None = None
    """With `email_verified`, for an account whose user never proved an address: removes everything that
    opened it before, because another person may have made it: password, sessions, second factors,
    passkeys and identities. An earlier `email_verified` by a caller is not such a proof. Default:
    false.
    """
    remove_roles: list[str] | None = None
    """Roles to remove, also from those added; not with `roles`."""
    roles: list[str] | None = None
    """The new roles, which replace the old ones."""
    unlock: bool | None = None
    """Whether to unlock an account that failures had locked, for every name, on every device and for codes
    of an app. Whether it may log in stays as it is.
    """
    username: Annotated[str | None, Field(min_length=1)] = None
    """The new name."""


class UserResponse(Model):
    """An account."""

    user: User
    """The account."""


class MergeAttributesRequest(Model, extra="forbid"):
    """Changes single attributes of an account. The others stay, also if another caller changes them at the
    same time.
    """

    user_id: str
    """The user's id."""
    patch: dict[str, Any]
    """The changes, as a JSON Merge Patch (RFC 7396): a member that is `null` is removed, an object is
    merged into the one that is there, and any other value, also a list, replaces what is there. The
    result has at most 16 KiB.
    """
    actor: Annotated[str | None, Field(max_length=200, min_length=1)] = None
    """The name or id of the person who makes this call, as the host knows them, if it is not the user. The
    call's events record it.
    """


class LockUserRequest(Model, extra="forbid"):
    """Locks an account: a privileged act. `update_user` with `is_active` opens it again."""

    user_id: str
    """The user's id."""
    reason: Annotated[str, Field(max_length=200, min_length=1)]
    """Why, for the audit log."""
    actor: Annotated[str | None, Field(max_length=200, min_length=1)] = None
    """The name or id of the person who makes this call, as the host knows them, if it is not the user. The
    call's events record it.
    """


class LockUserResponse(Model):
    """The account is locked."""

    user: User
    """The account."""
    revoked_sessions: Annotated[int, Field(ge=0)]
    """The number of sessions that ended."""


class DeleteUserRequest(Model, extra="forbid"):
    """Deletes an account and everything about it."""

    id: str
    """The user's id."""
    actor: Annotated[str | None, Field(max_length=200, min_length=1)] = None
    """The name or id of the person who makes this call, as the host knows them, if it is not the user. The
    call's events record it.
    """


class DeleteUserResponse(Model):
    """The account was deleted."""

    deleted: bool
    """Always true."""


class ImportCheck(Model, extra="forbid"):
    """A password that an account is known to have."""

    password: Annotated[str, Field(repr=False)]
    """The password. It is compared with the hash, and not kept."""


class ImportedIdentity(Model, extra="forbid"):
    """A user of an identity provider."""

    subject: str
    """The user's id at the provider: `sub` of its ID tokens."""
    created_at: int | None = None
    """When the identity was linked to the account. Default: now."""
    issuer: str | None = None
    """The provider's issuer: `iss` of its ID tokens."""
    provider: str | None = None
    """The provider's name in `id_token_providers`. Give it or `issuer`."""
    unlinked_at: int | None = None
    """When the identity was unlinked. It opens no account, and its address does not link it again."""


class ImportedPasskey(Model, extra="forbid"):
    """A passkey of another system, for the same `passkeys.rp_id`."""

    id: str
    """The credential's id."""
    public_key: str
    """The public key, for ES256, EdDSA or RS256: a COSE_Key or a SubjectPublicKeyInfo (DER), in base64url
    without padding.
    """
    aaguid: str | None = None
    """The model of authenticator, a UUID. Default: unknown."""
    backed_up: bool | None = None
    """Whether the passkey is on several devices. Default: false."""
    backup_eligible: bool | None = None
    """Whether the passkey may be on several devices. Default: what the authenticator says at the first
    use.
    """
    created_at: int | None = None
    """When the passkey was registered. Default: now."""
    label: str | None = None
    """The user's name for the passkey: 1 to 64 characters."""
    last_used_at: int | None = None
    """When the passkey was last used."""
    sign_count: int | None = None
    """The last value of the authenticator's counter. Default: 0."""
    transports: list[str] | None = None
    """The transports that reach its authenticator."""
    user_handle: str | None = None
    """The user handle that the other system gave to the authenticator. Default: the bytes of the user's
    id.
    """
    user_verified: bool | None = None
    """Whether the authenticator verified its user before. Without it the passkey is only a second factor.
    Default: false.
    """


class ImportedTotp(Model, extra="forbid"):
    """An authenticator app (RFC 6238) of another system. Codes that it showed until the import are used
    up.
    """

    algorithm: str | None = None
    """The hash: only `SHA1`, which every app supports. Default: what the URI says, or else `SHA1`."""
    created_at: int | None = None
    """When the app was set up. Default: now."""
    digits: int | None = None
    """The number of digits of a code: 6 to 8. Default: what the URI says, or else 6."""
    otpauth_uri: Annotated[str | None, Field(repr=False)] = None
    """The URI by which the app was set up: `otpauth://totp/…`."""
    period_seconds: int | None = None
    """How long a code is shown: 15 to 300 seconds. Default: what the URI says, or else 30."""
    secret: Annotated[str | None, Field(repr=False)] = None
    """The secret in base32. Give it or `otpauth_uri`."""


class ImportedUser(Model, extra="forbid"):
    """An account of another system. A fault in it is reported as a problem of the account and does not
    refuse the request. An empty `id`, `username`, `email`, `password_hash`, `locale` or `external_id`
    means none.
    """

    attributes: dict[str, Any] | None = None
    """Other data that the host keeps with the account: at most 16 KiB."""
    check: ImportCheck | None = None
    """A password to compare with the hash, in a dry run, too. An import has at most 20 of them."""
    created_at: int | None = None
    """When the account was created, in Unix seconds. Default: now."""
    email: str | None = None
    """The e-mail address."""
    email_claimed: bool | None = None
    """Whether no other account may claim the address before it verified it. Default: true, unless
    `registration.conceal_existing` is on. A verified address is always claimed.
    """
    email_proven: bool | None = None
    """Whether the user proved an address to an engine of this kind, so that a reset by mail leaves
    identities alone. Default: false.
    """
    email_verified: bool | None = None
    """Whether the other system had proof that the address belongs to the user."""
    email_was_verified: bool | None = None
    """Whether an address of the account was verified before, though `email_verified` is false. Default:
    false.
    """
    external_id: str | None = None
    """The host's own id of the account, which no other account has: 1 to 255 bytes without control
    characters.
    """
    id: str | None = None
    """The id, which becomes `sub`: a UUID of any version, in lower case with hyphens. Default: a new one."""
    identities: list[ImportedIdentity] | None = None
    """The users of identity providers that log in to the account."""
    is_active: bool | None = None
    """Whether the account may log in; default: true."""
    is_service_account: bool | None = None
    """Whether the account is a program's, without an address and a way to log in; default: false."""
    locale: str | None = None
    """The language of mails to this user (BCP 47)."""
    must_change_password: bool | None = None
    """Whether the next login by password requires a new password; default: false."""
    passkeys: list[ImportedPasskey] | None = None
    """The passkeys."""
    password_expires_at: int | None = None
    """When the password expires; it must be changed before then."""
    password_hash: Annotated[str | None, Field(repr=False)] = None
    """The hash of the other system. Without it the account has no password until one is set."""
    password_set_at: int | None = None
    """When the password was set. Default: now."""
    past_password_hashes: Annotated[list[str] | None, Field(repr=False)] = None
    """The hashes of earlier passwords that may not be chosen again (`password.history`), the newest first."""
    recovery_code_hashes: Annotated[list[str] | None, Field(repr=False)] = None
    """The same of an export of an engine with this secret key, for the same `id`."""
    recovery_codes: Annotated[list[str] | None, Field(repr=False)] = None
    """Recovery codes as the user has them: each 8 or more ASCII letters and digits, and with spaces and
    hyphens at most 64. The store keeps only keyed codes of them.
    """
    roles: list[str] | None = None
    """The roles; default: `registration.default_roles`, and none for a service account."""
    tokens_revoked_at: int | None = None
    """When all tokens of the account were last revoked: what a backend issued until then opens nothing.
    Default: when an account of this store with the same `id` was deleted, if the log still says so.
    """
    totp: ImportedTotp | None = None
    """The authenticator app."""
    username: str | None = None
    """The name to log in with. Default: an invented one, for an account with an address."""


class ImportUsersRequest(Model, extra="forbid"):
    """Creates accounts with the password hashes of another system."""

    users: Annotated[list[ImportedUser], Field(max_length=10000)]
    """The accounts, in the order in which they are tried; at most 10,000."""
    actor: Annotated[str | None, Field(max_length=200, min_length=1)] = None
    """The name or id of the person who makes this call, as the host knows them, if it is not the user. The
    call's events record it.
    """
    dry_run: bool | None = None
    """Whether to create nothing and only report."""
    on_conflict: OnConflict | None = None
    """The effect of a problem with one account on the others: `fail`, the default, imports nothing; `skip`
    imports the others.
    """


class ImportProblem(Model):
    """A reason why an account cannot be imported."""

    index: Annotated[int, Field(ge=0)]
    """The account's place in `users`, counted from 0."""
    code: str
    """The problem: `invalid_id`, `id_taken` (in the store), `id_repeated` (in the request),
    `missing_username` (and no address that could stand for it), `invalid_username`, `username_taken`,
    `username_repeated`, `invalid_email`, `missing_email` (but said to be verified), `email_taken`,
    `email_repeated`, `email_not_verified` (but the account has a second factor or an identity),
    `invalid_password_hash`, `password_hash_too_costly`, `password_mismatch` (of `check`),
    `invalid_roles`, `invalid_attributes`, `invalid_locale`, `invalid_time`, `invalid_external_id`,
    `external_id_taken`, `external_id_repeated`, `invalid_totp`, `invalid_recovery_codes`,
    `recovery_codes_taken`, `recovery_codes_repeated`, `invalid_identities`, `identity_taken`,
    `identity_repeated`, `invalid_passkeys`, `passkey_taken`, `passkey_repeated`,
    `invalid_service_account`.
    """
    reason: str | None = None
    """What was expected, or what a password hash that is refused seems to be, where the code alone does
    not say it. It quotes nothing of the account but the cost of a hash.
    """


class ImportUsersResponse(Model):
    """The result of the import; with `dry_run`, the result that it would have."""

    imported: Annotated[int, Field(ge=0)]
    """The number of accounts created."""
    skipped: Annotated[int, Field(ge=0)]
    """The number of accounts not imported because of a problem."""
    present: Annotated[int, Field(ge=0)]
    """The number of accounts that exist already with the same name, kind, address, roles, attributes,
    language and external id, and the same id if one is given. They are left alone and are not problems.
    Passwords and second factors are not compared, because their users may have changed them.
    """
    problems: list[ImportProblem]
    """The problems, in the order of the accounts."""
    hashes: dict[str, int]
    """The number of hashes by scheme among the new accounts without problems. Until they are upgraded,
    they decide what logins cost.
    """


class ExportUsersRequest(Model, extra="forbid"):
    """Reads accounts for a move to another engine or another system, in the order of their ids."""

    actor: Annotated[str | None, Field(max_length=200, min_length=1)] = None
    """The name or id of the person who makes this call, as the host knows them, if it is not the user. The
    call's events record it.
    """
    after: str | None = None
    """Only accounts after this id: `next` of the previous page."""
    limit: Annotated[int | None, Field(ge=1, le=1000)] = None
    """The most to return: 1 to 1000, default 100."""
    with_factors: bool | None = None
    """Whether to return second factors with their secrets, passkeys and identities; default: false."""
    with_hashes: bool | None = None
    """Whether to return the hashes of passwords; default: false."""


class PortableIdentity(Model):
    """A user of an identity provider."""

    issuer: str
    """The provider's issuer: `iss`."""
    subject: str
    """The user's id at the provider: `sub`."""
    created_at: int
    """When the identity was linked to the account."""
    unlinked_at: int | None = None
    """When the identity was unlinked."""


class PortablePasskey(Model):
    """A passkey with its public key."""

    id: str
    """The credential's id."""
    public_key: str
    """The public key: a COSE_Key."""
    sign_count: Annotated[int, Field(ge=0)]
    """The last value of the authenticator's counter."""
    user_verified: bool
    """Whether the authenticator verified its user before."""
    backed_up: bool
    """Whether the passkey is on several devices."""
    transports: list[str]
    """The transports that reach its authenticator."""
    aaguid: str
    """The model of authenticator."""
    created_at: int
    """When the passkey was registered."""
    backup_eligible: bool | None = None
    """Whether the passkey may be on several devices, if known."""
    label: str | None = None
    """The user's name for the passkey."""
    last_used_at: int | None = None
    """When the passkey was last used."""
    user_handle: str | None = None
    """The user handle, if it is not the bytes of the user's id."""


class PortableTotp(Model):
    """An authenticator app with its secret."""

    secret: Annotated[str, Field(max_length=256, min_length=16, repr=False)]
    """The secret in base32."""
    digits: int
    """The number of digits of a code."""
    period_seconds: int
    """How long a code is shown."""
    created_at: int
    """When the app was set up."""


class PortableUser(IdentityMixin, ActiveStateMixin):
    """An account in the form of `import_users`. What is absent is as an import has it by default."""

    id: str = ""
    """The immutable id, `sub` in tokens."""
    email_verified: bool = False
    """Whether the user proved that the address is theirs."""
    roles: list[str] = []
    """The roles, in alphabetical order."""
    attributes: dict[str, Any] = {}
    """Other data that the host keeps with the account."""
    created_at: int = 0
    """When the account was created, in Unix seconds."""
    email_claimed: bool | None = None
    """False if the address is not claimed: another account may have it."""
    email_proven: bool | None = None
    """Whether the user proved an address."""
    email_was_verified: bool | None = None
    """Whether an address was verified before, though the present one is not."""
    external_id: Annotated[str | None, Field(max_length=255, min_length=1)] = None
    """The host's own id of the account, if it has one."""
    identities: list[PortableIdentity] | None = None
    """The users of identity providers that log in to the account, or did."""
    is_service_account: bool | None = None
    """True for an account of `create_service_account`, which has API keys and cannot log in; otherwise
    absent.
    """
    locale: Annotated[str | None, Field(max_length=35, min_length=2)] = None
    """The language of mails to this user, if one was chosen."""
    must_change_password: bool | None = None
    """Whether the next login by password requires a new password."""
    passkeys: list[PortablePasskey] | None = None
    """The passkeys."""
    password_expires_at: int | None = None
    """When the password expires."""
    password_hash: Annotated[str | None, Field(repr=False)] = None
    """The hash of the password, without the pepper. Absent if no secret key opens it."""
    password_set_at: int | None = None
    """When the password was set."""
    past_password_hashes: Annotated[list[str] | None, Field(repr=False)] = None
    """The hashes of earlier passwords, the newest first."""
    recovery_code_hashes: Annotated[list[str] | None, Field(repr=False)] = None
    """What the store keeps of the recovery codes. Only an engine with the same secret key can verify them."""
    tokens_revoked_at: int | None = None
    """When all tokens of the account were last revoked."""
    totp: PortableTotp | None = None
    """The authenticator app. Absent if no secret key opens its secret."""


class ExportUsersResponse(Model):
    """A page of accounts."""

    users: list[PortableUser]
    """The accounts. Those that wait for the reader of an invitation are left out."""
    next: str | None = None
    """The id to give as `after` for the next page; absent if there is none."""


class ExportUserRequest(Model, extra="forbid"):
    """Reads everything that the store keeps about a person."""

    id: str
    """The user's id."""
    after: str | None = None
    """Only sessions and events after this id: `next` of the previous page."""


class ApiKey(Model):
    """An API key, without the key itself."""

    id: str
    """The key's id."""
    user_id: str
    """The id of its account."""
    name: str
    """The owner's name for the key."""
    beginning: str
    """The first characters of the key, by which its owner recognizes it."""
    backend: str
    """The backend that the key is for."""
    scopes: list[str]
    """The scopes."""
    created_at: int
    """When the key was created."""
    expires_at: int | None = None
    """When the key expires; absent if it does not."""
    last_used_at: int | None = None
    """When the key was last used, to the minute; absent if it never was."""
    roles: list[str] | None = None
    """The roles of its account that the key has; absent if it has all of them."""


class Event(Model):
    """An event of the audit log."""

    id: str
    """The event's id; ids are ordered by time."""
    at: int
    """When the event happened, in Unix seconds."""
    kind: str
    """The kind of event."""
    actor: str | None = None
    """The actor that the host named, if it was not the account itself."""
    detail: str | None = None
    """Details, by kind: the reason, the backend, the names of the changed fields. They are for the host
    only.
    """
    ip: str | None = None
    """The client's IP address, if the host gave it; forgotten with the account."""
    session_id: str | None = None
    """The session's id."""
    user_id: str | None = None
    """The account's id, if the event concerns an account."""


class Identifiers(Model):
    """Canonical forms (RFC 8265 UsernameCaseMapped; the address folded, its domain as an A-label)."""

    username: str
    """The form of the username."""
    email: str | None = None
    """The form of the address, if the account has claimed it."""


class ExportedIdentity(Model):
    """An identity at a provider of ID tokens."""

    issuer: str
    """The provider's issuer: `iss`."""
    subject: str
    """The user's id at the provider: `sub`."""
    created_at: int
    """When the identity was linked to the account."""


class Invitation(Model):
    """An invitation to an organization."""

    id: str
    """The invitation's id."""
    organization_id: str
    """The organization's id."""
    email: Annotated[str, Field(max_length=254, min_length=3)]
    """The address as it was given."""
    roles: list[str]
    """The roles that the member gets in the organization, in alphabetical order."""
    created_at: int
    """When the invitation was made."""
    expires_at: int
    """When the invitation expires."""
    invited_by: str | None = None
    """The member who invites, if the request named one."""


class ExportedMail(Model):
    """A mail in the outbox."""

    kind: str
    """The kind of mail."""
    created_at: int
    """When the mail was written."""
    expires_at: int
    """When the mail is no longer worth sending."""


class ExportedSecret(Model):
    """A mailed token or a challenge, without the secret."""

    purpose: str
    """The secret's purpose."""
    created_at: int
    """When the secret was made."""
    expires_at: int
    """When the secret expires."""


class ExportedMembership(Model):
    """The membership in an organization."""

    organization_id: str
    """The organization's id."""
    name: str
    """The organization's name."""
    roles: list[str]
    """The roles in the organization, in alphabetical order."""
    created_at: int
    """When the account became a member."""


class Passkey(Model):
    """A passkey, for its user's own list."""

    id: str
    """The credential's id."""
    created_at: int
    """When the passkey was registered."""
    backup_eligible: bool
    """Whether the passkey may be on several devices, because it is synchronized."""
    backed_up: bool
    """Whether the passkey is on several devices now, as far as known."""
    transports: list[str]
    """The transports that reach its authenticator: `internal`, `hybrid`, `usb`, `nfc`, `ble`, …"""
    aaguid: str
    """The model of authenticator, if it tells; not verified."""
    authenticator: str | None = None
    """The name of that model in `passkeys.authenticator_names`."""
    label: str | None = None
    """The user's name for the passkey."""
    last_used_at: int | None = None
    """When the passkey was last used."""


class ExportedTotp(Model):
    """An authenticator app."""

    created_at: int
    """When the app was set up."""
    confirmed_at: int | None = None
    """When the app was activated."""


class Act(Model):
    """The person who acts in a session as its user (RFC 8693 section 4.1)."""

    sub: str
    """The id of the person's own account."""


class ProviderLogin(Model):
    """A login at an identity provider, and what the provider says about it. The engine concludes nothing
    from it.
    """

    name: str
    """The provider's name in `id_token_providers`."""
    acr: str | None = None
    """The authentication context class (OpenID Connect Core section 2)."""
    amr: list[str] | None = None
    """The authentication methods (RFC 8176)."""
    auth_time: int | None = None
    """When the user authenticated at the provider, in Unix seconds."""


class ExportedSession(Model):
    """A session as the store keeps it."""

    id: str
    """The session's id: `sid` in tokens."""
    backend: str
    """The backend that its tokens are for."""
    amr: list[str]
    """The methods by which the user authenticated (RFC 8176)."""
    created_at: int
    """When the session was opened."""
    refreshed_at: int
    """When the session was last refreshed, or else opened."""
    expires_at: int
    """When the session ends or ended, unless it is refreshed or revoked."""
    act: Act | None = None
    """The person who acts or acted as the user in this session, if it is not the user's own."""
    claims: dict[str, Any] | None = None
    """The host's own claims in its tokens. Left out if no secret key opens them: one that sealed them was
    removed.
    """
    device_id: Annotated[str | None, Field(repr=False)] = None
    """The device that opened the session."""
    idle_seconds: int | None = None
    """The longest time without a refresh, if the login gave a shorter one than the backend's."""
    ip: str | None = None
    """The IP address that opened the session."""
    label: str | None = None
    """The label, if the session has one."""
    organization_id: str | None = None
    """The organization that the session is in, if the login was for one."""
    persistent: bool | None = None
    """Whether the session outlasts the browser, if the login said so."""
    provider: ProviderLogin | None = None
    """The login at an identity provider that opened the session, if one did."""
    revoked_at: int | None = None
    """When the session was revoked."""
    scope: str | None = None
    """The scopes of its tokens."""
    user_agent: str | None = None
    """The `User-Agent` that opened the session."""


class TrustedDevice(Model):
    """A device that its user trusts, for the user's own list."""

    id: str
    """The device's id."""
    created_at: int
    """When the device was trusted."""
    expires_at: int
    """When the trust ends."""
    last_used_at: int | None = None
    """When the device last took the place of a second factor."""
    user_agent: str | None = None
    """The `User-Agent` of the login that trusted it."""


class ExportUserResponse(Model):
    """Everything that the store keeps about a person, without secrets; one page of sessions and events."""

    user: User
    """The account."""
    identifiers: Identifiers
    """The canonical forms by which the account's name and address are compared."""
    must_change_password: bool
    """Whether the next login by password requires a new password."""
    past_passwords: Annotated[int, Field(ge=0)]
    """The number of earlier passwords of which the store keeps the hashes (`password.history`)."""
    identities: list[ExportedIdentity]
    """The identities of ID token providers that log in to the account."""
    mails: list[ExportedMail]
    """The mails that wait to be sent, without their content (the address and a token)."""
    recovery_codes: int
    """The number of unused recovery codes."""
    one_time_secrets: list[ExportedSecret]
    """The mailed tokens and challenges that can still be redeemed or are not yet forgotten."""
    passkeys: list[Passkey]
    """The passkeys."""
    api_keys: list[ApiKey]
    """The API keys, without the keys themselves, with those that expired and are not yet forgotten."""
    organizations: list[ExportedMembership]
    """The organizations of which the user is a member."""
    invitations: list[Invitation]
    """The invitations to organizations, with those that expired and are not yet forgotten."""
    trusted_devices: list[TrustedDevice]
    """The devices that the user trusts, with those that expired and are not yet forgotten."""
    known_devices: list[int]
    """When each known device of the user will be forgotten. The store does not keep which device it is."""
    sessions: list[ExportedSession]
    """The sessions, the oldest first, with those that ended and are not yet forgotten."""
    events: list[Event]
    """The account's events in the audit log, the oldest first."""
    next: str | None = None
    """The id to give as `after` for the next page of sessions and events; absent if there is none."""
    password_expires_at: int | None = None
    """When the password expires, if an administrator set it."""
    password_scheme: str | None = None
    """The scheme of the password's hash, if there is a password. The hash stays in the store."""
    password_set_at: int | None = None
    """When the password was set."""
    pending_totp: ExportedTotp | None = None
    """The authenticator app that is set up and not confirmed, without its secret."""
    totp: ExportedTotp | None = None
    """The authenticator app without its secret, if one is in use."""


class HashPasswordRequest(Model, extra="forbid"):
    """Hashes a password."""

    password: Annotated[str, Field(repr=False)]
    """The password, not longer than `password.max_bytes`. The policy for new passwords does not apply."""


class HashPasswordResponse(Model):
    """A password hash."""

    hash: Annotated[str, Field(repr=False)]
    """Argon2id in PHC string format."""


class VerifyPasswordRequest(Model, extra="forbid"):
    """Verifies a password against a hash."""

    password: Annotated[str, Field(repr=False)]
    """The password."""
    hash: Annotated[str, Field(repr=False)]
    """The hash: Argon2, bcrypt, scrypt, PBKDF2 or an older one in the form of the system that made it
    (docs/imports.md).
    """


class VerifyPasswordResponse(Model):
    """The result of the verification."""

    valid: bool
    """Whether the hash is of this password. False for a malformed hash and for one whose cost is out of
    bounds.
    """
    needs_rehash: bool
    """Whether the password should be hashed again with the present cost."""


class CheckPasswordRequest(Model, extra="forbid"):
    """Judges a password that a user may choose. The engine keeps and counts nothing."""

    password: Annotated[str, Field(repr=False)]
    """The password."""
    user_inputs: Annotated[list[str] | None, Field(max_length=100)] = None
    """Words that an attacker would try first, such as the user's names: at most 100."""


class CheckPasswordResponse(Model):
    """The policy's verdict on a password."""

    acceptable: bool
    """Whether the password may be chosen."""
    score: Annotated[int, Field(ge=0, le=255)]
    """How hard the password is to guess, from 0 to 4 (zxcvbn): for a meter beside the field."""
    reasons: list[PasswordWeakness]
    """Why the password may not be chosen; they may be shown to the user."""


class ChangePasswordRequest(Model, extra="forbid"):
    """Changes a password for a user who knows the old one. `token` or `user_id` names the user."""

    old_password: Annotated[str, Field(repr=False)]
    """The present password; a wrong one counts as a failed login."""
    new_password: Annotated[str, Field(repr=False)]
    """The new password."""


class FullChangePasswordRequest(ChangePasswordRequest, extra="forbid"):
    """Changes a password for a user who knows the old one. `token` or `user_id` names the user."""

    backend: str | None = None
    """The backend that `token` is for; default: `default`."""
    client: Client | None = None
    """The client's connection, where known."""
    token: Annotated[str | None, Field(repr=False)] = None
    """A live access token of the user."""
    user_id: str | None = None
    """The user's id, if the host has authenticated the user."""


class ChangePasswordResponse(Model):
    """The password was changed and every session ended, the caller's included: log in again."""

    revoked_sessions: Annotated[int, Field(ge=0)]
    """The number of sessions that ended."""


class SetPasswordRequest(Model, extra="forbid"):
    """Sets a user's password without the old one: a privileged act. It ends every session and unlocks an
    account that failed logins had locked.
    """

    user_id: str
    """The user's id."""
    new_password: Annotated[str, Field(repr=False)]
    """The new password. It is not compared with the present and earlier ones, so the caller learns nothing
    about these.
    """
    actor: Annotated[str | None, Field(max_length=200, min_length=1)] = None
    """The name or id of the person who makes this call, as the host knows them, if it is not the user. The
    call's events record it.
    """
    temporary: bool | None = None
    """Whether the user must change it at the next login, within `password.temporary_seconds`; default:
    true, so that only the user knows the next password.
    """


class SessionLifetime(Model, extra="forbid"):
    """The life of a session, if it is to be shorter than the configuration allows. ``` use
    doorward::{LoginRequest, SessionLifetime}; let on_a_shared_computer =
    SessionLifetime::new().absolute_seconds(3600).persistent(false); let request =
    LoginRequest::new("ada", "eight wise words").lifetime(on_a_shared_computer); ```
    """

    absolute_seconds: Annotated[int | None, Field(ge=1)] = None
    """When the session ends, however often it is refreshed: at most after `session_max_seconds`. Default:
    then.
    """
    idle_seconds: Annotated[int | None, Field(ge=1)] = None
    """How long an unused refresh token is valid: at most as long as the backend's
    (`refresh_token_seconds`). Default: as long.
    """
    persistent: bool | None = None
    """Whether the user stays logged in when the browser is closed. The engine keeps it and repeats it in
    each response with tokens of the session; with `false` the host sets cookies without `Max-Age`.
    """


class LoginRequest(PasswordMixin, extra="forbid"):
    """Authenticates a user by password and opens a session."""

    username: str
    """The username or the e-mail address."""


class FullLoginRequest(LoginRequest, extra="forbid"):
    """Authenticates a user by password and opens a session."""

    backend: str | None = None
    """The backend that the session's tokens are for; default: `default`."""
    claims: dict[str, Any] | None = None
    """The host's own claims in the session's access tokens: at most 4 KiB of JSON. Claims of the engine
    are refused.
    """
    client: Client | None = None
    """The client's connection, where known."""
    label: Annotated[str | None, Field(max_length=100, min_length=1)] = None
    """A label for the session in the user's list, such as the name of the device."""
    lifetime: SessionLifetime | None = None
    """A shorter life of the session than the configuration gives it."""
    organization_id: str | None = None
    """The organization that the session is in. Its user must be a member: otherwise the right proof is
    refused with `permission_denied`. The tokens have `org_id` and `org_roles`.
    """
    recovery_code: Annotated[str | None, Field(repr=False)] = None
    """A recovery code instead, which is used up."""
    scope: Annotated[str | None, Field(max_length=1024, min_length=1)] = None
    """The scopes of the access token, separated by spaces. The engine grants what the host asks for: a
    host that passes on a client's wish decides first what the client may have.
    """
    trusted_device_token: Annotated[str | None, Field(repr=False)] = None
    """The token of a trusted device, which `complete_login` returned. If it is valid, no second factor is
    required, and the tokens' `amr` names none. An invalid token is ignored.
    """
    two_fa_code: Annotated[str | None, Field(repr=False)] = None
    """The code of the account's authenticator app. Ignored if the account has no second factor."""
    webauthn_response: Annotated[dict[str, Any] | None, Field(repr=False)] = None
    """A passkey's answer to a challenge of `begin_passkey_login` instead, which is spent: the credential's
    `toJSON()`.
    """


class LoginResponse(Model):
    """An opened session. Keep both tokens secret."""

    access_token: Annotated[str, Field(repr=False)]
    """The access token (RFC 9068); send it as `Authorization: Bearer …`."""
    token_type: str
    """Always `Bearer`."""
    expires_in: int
    """The life of the access token in seconds."""
    session_id: str
    """The session's id: `sid` in the token."""
    backend: str
    """The backend that the token is for."""
    user: User
    """The user who logged in."""
    organization_id: str | None = None
    """The organization that the session is in, if the login was for one."""
    persistent: bool | None = None
    """Whether the user stays logged in when the browser is closed, if the login's `lifetime` said so."""
    recovery_codes: Annotated[list[str] | None, Field(repr=False)] = None
    """If this login gave the account its first second factor: the recovery codes. They are shown only now."""
    refresh_expires_in: int | None = None
    """The life of the refresh token in seconds."""
    refresh_token: Annotated[str | None, Field(repr=False)] = None
    """The refresh token, which gets the next access token; absent if the backend does not refresh."""
    trusted_device_expires_in: int | None = None
    """The life of that token in seconds."""
    trusted_device_token: Annotated[str | None, Field(repr=False)] = None
    """With `trust_device`: the token for `trusted_device_token` of `login`, for a cookie that scripts
    cannot read. Absent if the user may trust no device.
    """


class CompleteLoginRequest(Model, extra="forbid"):
    """Takes the next step of a login. Give the one proof that the login asked for."""

    challenge: Annotated[str, Field(repr=False)]
    """The login's challenge. It can be used once and allows ten attempts."""
    mail_code: Annotated[str | None, Field(repr=False)] = None
    """The mailed code, if the challenge is of `request_login_code`. It allows five attempts, and refuses
    every wrong or spent code alike.
    """
    new_password: Annotated[str | None, Field(repr=False)] = None
    """The new password, if the password must be changed."""
    recovery_code: Annotated[str | None, Field(repr=False)] = None
    """A recovery code, which is used up."""
    trust_device: bool | None = None
    """Whether the user trusts this device: the response then has a token that takes the place of the
    second factor in later logins by password on it. Only beside a second factor; needs
    `trusted_devices`. Ignored if the login began without a password.
    """
    two_fa_code: Annotated[str | None, Field(repr=False)] = None
    """The code of the authenticator app, also of one that `setup_totp` made for this challenge."""
    webauthn_registration: Annotated[dict[str, Any] | None, Field(repr=False)] = None
    """The answer of `navigator.credentials.create` to what `begin_passkey_registration` made for this
    challenge: the credential's `toJSON()`.
    """
    webauthn_response: Annotated[dict[str, Any] | None, Field(repr=False)] = None
    """The answer of `navigator.credentials.get` to the login's `webauthn_options`: the credential's
    `toJSON()`.
    """


class LoginWithIdTokenRequest(Model, extra="forbid"):
    """Authenticates a user by an ID token and opens a session."""

    id_token: Annotated[str, Field(repr=False)]
    """The ID token (OpenID Connect Core section 2); not an access token."""
    backend: str | None = None
    """The backend that the session's tokens are for; default: `default`."""
    claims: dict[str, Any] | None = None
    """The host's own claims in the session's access tokens: at most 4 KiB of JSON. Claims of the engine
    are refused.
    """
    client: Client | None = None
    """The client's connection, where known."""
    label: Annotated[str | None, Field(max_length=100, min_length=1)] = None
    """A label for the session in the user's list, such as the name of the device."""
    lifetime: SessionLifetime | None = None
    """A shorter life of the session than the configuration gives it."""
    nonce: Annotated[str | None, Field(repr=False)] = None
    """The nonce that the host sent with its authentication request. The token must repeat it, so that it
    answers this browser's request and no other.
    """
    organization_id: str | None = None
    """The organization that the session is in, as in `login`."""
    provider: Annotated[str | None, Field(max_length=64, min_length=1)] = None
    """The name of the issuer in `id_token_providers`; optional if there is only one."""
    scope: Annotated[str | None, Field(max_length=1024, min_length=1)] = None
    """The scopes of the access token, separated by spaces. The engine grants what the host asks for."""


class LoginWithIdTokenResponse(Model):
    """An opened session. Keep both tokens secret."""

    access_token: Annotated[str, Field(repr=False)]
    """The access token (RFC 9068); send it as `Authorization: Bearer …`."""
    token_type: str
    """Always `Bearer`."""
    expires_in: int
    """The life of the access token in seconds."""
    session_id: str
    """The session's id: `sid` in the token."""
    backend: str
    """The backend that the token is for."""
    user: User
    """The user who logged in."""
    created: bool
    """Whether this login created the account."""
    organization_id: str | None = None
    """The organization that the session is in, if the login was for one."""
    persistent: bool | None = None
    """Whether the user stays logged in when the browser is closed, if the login's `lifetime` said so."""
    recovery_codes: Annotated[list[str] | None, Field(repr=False)] = None
    """If this login gave the account its first second factor: the recovery codes. They are shown only now."""
    refresh_expires_in: int | None = None
    """The life of the refresh token in seconds."""
    refresh_token: Annotated[str | None, Field(repr=False)] = None
    """The refresh token, which gets the next access token; absent if the backend does not refresh."""
    trusted_device_expires_in: int | None = None
    """The life of that token in seconds."""
    trusted_device_token: Annotated[str | None, Field(repr=False)] = None
    """With `trust_device`: the token for `trusted_device_token` of `login`, for a cookie that scripts
    cannot read. Absent if the user may trust no device.
    """


class BeginProviderLoginRequest(Model, extra="forbid"):
    """Begins a login at a provider."""

    redirect_uri: Annotated[str, Field(max_length=2048)]
    """The URL of this service to which the provider sends the browser back; the provider must know it. Use
    another one for each provider.
    """
    acr_values: Annotated[str | None, Field(max_length=1024, min_length=1)] = None
    """The authentication context classes that are wished for, separated by spaces. The provider may ignore
    them: see `provider` of `authorize`.
    """
    backend: str | None = None
    """The backend that the session's tokens are for, and `user_token` too; default: `default`."""
    login_hint: str | None = None
    """The name that the user probably logs in with."""
    max_age_seconds: Annotated[int | None, Field(ge=0)] = None
    """How long ago the user may have authenticated at the provider. The ID token must prove it."""
    organization_id: str | None = None
    """The organization that the session is in, as in `login`; not for linking."""
    prompt: ProviderPrompt | None = None
    """What the provider asks the user for (`prompt` of OpenID Connect Core section 3.1.2.1). Like
    `acr_values` and `max_age_seconds`, only for a provider with ID tokens.
    """
    provider: Annotated[str | None, Field(max_length=64, min_length=1)] = None
    """The name of the provider in `id_token_providers`; optional if there is only one."""
    scope: Annotated[str | None, Field(max_length=1024, min_length=1)] = None
    """The scopes of the access token, as in `login`."""
    user_token: Annotated[str | None, Field(repr=False)] = None
    """An access token of the account to which the identity is linked. Without it the identity logs in. Its
    user must have authenticated in the last fifteen minutes (`reauthenticate`), by a second factor if a
    login demands one.
    """


class BeginProviderLoginResponse(Model):
    """A login that begins; finish it within fifteen minutes."""

    authorization_url: Annotated[str, Field(repr=False)]
    """The URL to which to send the browser."""
    transaction: Annotated[str, Field(repr=False)]
    """The transaction for `finish_provider_login`. Keep it in this browser, in a cookie that scripts
    cannot read, and nowhere else. A login that succeeds spends it.
    """
    state: Annotated[str, Field(repr=False)]
    """The `state` with which the browser comes back, by which the host finds the transaction if the
    browser has several.
    """


class ProviderResponse(Model, extra="forbid"):
    """The response of a provider."""

    status: Annotated[int, Field(ge=0, le=65535)]
    """The HTTP status."""
    body: Annotated[str, Field(repr=False)]
    """The body, as text."""


class NextProviderRequestRequest(Model, extra="forbid"):
    """Asks for the next request to a provider."""

    transaction: Annotated[str, Field(repr=False)]
    """The transaction of `begin_provider_login`."""
    query: Annotated[str, Field(repr=False)]
    """The query of the URL with which the browser came back, or the form that it posted, unchanged."""
    redirect_uri: Annotated[str, Field(max_length=2048)]
    """The URL at which the browser really came back, without its query. Another one than that of
    `begin_provider_login` is refused.
    """
    received: list[ProviderResponse] | None = None
    """The responses so far, in the order of the requests: from the provider itself, never through a
    browser.
    """


class ProviderRequestHeader(Model):
    """A header of a request."""

    name: str
    """The name."""
    value: Annotated[str, Field(repr=False)]
    """The value."""


class ProviderRequest(Model):
    """An HTTP request to a provider."""

    method: str
    """The method: `GET` or `POST`."""
    url: str
    """The URL: https; http only for a loopback host."""
    headers: list[ProviderRequestHeader]
    """The headers."""
    body: Annotated[str | None, Field(repr=False)] = None
    """The body, if there is one: a form, as the header `content-type` says."""


class NextProviderRequestResponse(Model):
    """The next request."""

    send: ProviderRequest | None = None
    """The request to send, without following redirects. Absent if `finish_provider_login` needs no more."""


class FinishProviderLoginRequest(Model, extra="forbid"):
    """Finishes a login at a provider."""

    transaction: Annotated[str, Field(repr=False)]
    """The transaction of `begin_provider_login`, from the browser that came back."""
    query: Annotated[str, Field(repr=False)]
    """The query of the URL with which the browser came back, or the form that it posted, unchanged."""
    redirect_uri: Annotated[str, Field(max_length=2048)]
    """The URL at which the browser really came back, without its query. Another one than that of
    `begin_provider_login` is refused.
    """
    claims: dict[str, Any] | None = None
    """The host's own claims in the session's access tokens: at most 4 KiB of JSON. Claims of the engine
    are refused. A login that began with `user_token` opens no session: its session keeps what it has,
    whatever is given here and in the next two.
    """
    client: Client | None = None
    """The client's connection, where known."""
    label: Annotated[str | None, Field(max_length=100, min_length=1)] = None
    """A label for the session in the user's list, such as the name of the device."""
    lifetime: SessionLifetime | None = None
    """A shorter life of the session than the configuration gives it."""
    received: list[ProviderResponse] | None = None
    """If the host sends the requests (`exchange`): the responses, in the order of the requests. They open
    any account, so they must come from the provider itself, never through a browser.
    """
    user_token: Annotated[str | None, Field(repr=False)] = None
    """The access token of this browser's user, if there is one. A login that began with `user_token` needs
    one of the same session; others ignore it.
    """


class FinishProviderLoginResponse(Model):
    """An opened session, or that of `user_token`. Keep the tokens secret."""

    access_token: Annotated[str, Field(repr=False)]
    """The access token (RFC 9068); send it as `Authorization: Bearer …`."""
    token_type: str
    """Always `Bearer`."""
    expires_in: int
    """The life of the access token in seconds."""
    session_id: str
    """The session's id: `sid` in the token."""
    backend: str
    """The backend that the token is for."""
    user: User
    """The user who logged in."""
    created: bool
    """Whether this login created the account."""
    linked: bool
    """Whether the identity was linked to the account of `user_token`. Then the session is the one of that
    token, with a new access token and no other refresh token.
    """
    organization_id: str | None = None
    """The organization that the session is in, if the login was for one."""
    persistent: bool | None = None
    """Whether the user stays logged in when the browser is closed, if the login's `lifetime` said so."""
    recovery_codes: Annotated[list[str] | None, Field(repr=False)] = None
    """If this login gave the account its first second factor: the recovery codes. They are shown only now."""
    refresh_expires_in: int | None = None
    """The life of the refresh token in seconds."""
    refresh_token: Annotated[str | None, Field(repr=False)] = None
    """The refresh token, which gets the next access token; absent if the backend does not refresh."""
    trusted_device_expires_in: int | None = None
    """The life of that token in seconds."""
    trusted_device_token: Annotated[str | None, Field(repr=False)] = None
    """With `trust_device`: the token for `trusted_device_token` of `login`, for a cookie that scripts
    cannot read. Absent if the user may trust no device.
    """


class ListIdentitiesRequest(Model, extra="forbid"):
    """Lists the identities that open an account."""

    user_id: str
    """The user's id."""


class LinkedIdentity(Model):
    """A user of a provider who is let into an account."""

    issuer: str
    """The provider's issuer: `iss`."""
    subject: str
    """The user's id at the provider: `sub`."""
    created_at: int
    """When the identity was linked to the account."""
    provider: str | None = None
    """The provider's name in `id_token_providers`; absent if it is not configured any more."""


class ListIdentitiesResponse(Model):
    """Identities, the oldest first."""

    identities: list[LinkedIdentity]
    """The identities."""


class UnlinkIdentityRequest(Model, extra="forbid"):
    """Unlinks an identity from an account. The host must have authenticated its user just now."""

    user_id: str
    """The user's id."""
    issuer: str
    """The provider's issuer, as `list_identities` has it."""
    subject: str
    """The user's id at the provider."""
    actor: Annotated[str | None, Field(max_length=200, min_length=1)] = None
    """The name or id of the person who makes this call, as the host knows them, if it is not the user. The
    call's events record it.
    """


class UnlinkIdentityResponse(Model):
    """The identity opens the account no more. If it did before, every session has ended."""

    unlinked: bool
    """Whether the identity was linked to the account."""


class ReauthenticateRequest(Model, extra="forbid"):
    """Authenticates the user of a session again, before an important act. Give one proof; the host decides
    which are enough.
    """

    token: Annotated[str, Field(repr=False)]
    """An access token of the session."""
    backend: str | None = None
    """The backend that `token` is for; default: `default`."""
    client: Client | None = None
    """The client's connection, where known."""
    password: Annotated[str | None, Field(repr=False)] = None
    """The password; a wrong one counts as a failed login."""
    two_fa_code: Annotated[str | None, Field(repr=False)] = None
    """The code of the authenticator app instead."""
    webauthn_response: Annotated[dict[str, Any] | None, Field(repr=False)] = None
    """A passkey's answer to a challenge of `begin_passkey_login` instead, which is spent: the credential's
    `toJSON()`. The authenticator must have verified its user.
    """


class ReauthenticateResponse(Model):
    """A fresh access token of the same session."""

    access_token: Annotated[str, Field(repr=False)]
    """The access token, whose `auth_time` is now. The previous token stays valid, with its own
    `auth_time`.
    """
    expires_in: int
    """The token's lifetime in seconds."""
    persistent: bool | None = None
    """Whether the user stays logged in when the browser is closed, if the login's `lifetime` said so."""


class ImpersonateRequest(Model, extra="forbid"):
    """Opens a session in which the user of a token acts as another user."""

    actor_token: Annotated[str, Field(repr=False)]
    """An access token of the person who is to act, from a session of their own. The person must have
    authenticated in the last 15 minutes, by a second factor if their logins need one
    (`reauthenticate`).
    """
    user_id: str
    """The id of the user that the person acts as."""
    reason: Annotated[str, Field(max_length=200, min_length=1)]
    """Why, for the audit log."""
    actor_backend: str | None = None
    """The backend that `actor_token` is for; default: `default`."""
    backend: str | None = None
    """The backend that the session's tokens are for; default: `default`."""
    client: Client | None = None
    """The connection of the person's client, where known."""
    lifetime_seconds: Annotated[int | None, Field(ge=1, le=3600)] = None
    """When the session ends, however often it is refreshed; default 900."""
    scope: Annotated[str | None, Field(max_length=1024, min_length=1)] = None
    """The scopes of the access token, separated by spaces. The engine grants what the host asks for."""


class RefreshRequest(Model, extra="forbid"):
    """Gets the next tokens of a session."""

    refresh_token: Annotated[str, Field(repr=False)]
    """The newest refresh token."""
    scope: Annotated[str | None, Field(max_length=1024, min_length=1)] = None
    """Fewer scopes than the session has, for this access token (RFC 6749 section 6)."""


class RefreshResponse(Model):
    """The next tokens. The refresh token that was given is spent."""

    access_token: Annotated[str, Field(repr=False)]
    """The next access token."""
    refresh_token: Annotated[str, Field(repr=False)]
    """The next refresh token. All callers that offer the same token get the same next one."""
    token_type: str
    """Always `Bearer`."""
    expires_in: int
    """The life of the access token in seconds."""
    refresh_expires_in: int
    """The life of the refresh token in seconds."""
    persistent: bool | None = None
    """Whether the user stays logged in when the browser is closed, if the login's `lifetime` said so."""


class LogoutRequest(Model, extra="forbid"):
    """Ends a session. Give either token."""

    everywhere: bool | None = None
    """Whether to end every session of the user."""
    refresh_token: Annotated[str | None, Field(repr=False)] = None
    """The refresh token."""
    stateless: bool | None = None
    """Whether to change nothing and only confirm. The client then forgets its tokens, which stay valid
    until they expire.
    """
    token: Annotated[str | None, Field(repr=False)] = None
    """The access token."""


class LogoutResponse(Model):
    """The session ended."""

    message: str
    """The next step for the client."""


class ListSessionsRequest(Model, extra="forbid"):
    """Lists the live sessions of a user."""

    user_id: str
    """The user's id."""
    current_session_id: str | None = None
    """The session from which the user asks, if one does: `session_id` of `authenticate`."""


class Session(Model):
    """A session, for its user's own list."""

    id: str
    """The session's id: `sid` in tokens."""
    current: bool
    """Whether it is the session of `current_session_id`."""
    backend: str
    """The backend that its tokens are for."""
    created_at: int
    """When the session was opened."""
    refreshed_at: int
    """When the session was last refreshed, or else opened."""
    expires_at: int
    """When the session ends unless it is refreshed."""
    amr: list[str]
    """The methods by which the user authenticated (RFC 8176)."""
    act: Act | None = None
    """The person who acts as the user in this session, if it is not the user's own (`impersonate`)."""
    device_id: Annotated[str | None, Field(repr=False)] = None
    """The device that opened the session."""
    ip: str | None = None
    """The IP address that opened the session. Left out, as the next two, where another person acts as the
    user.
    """
    label: str | None = None
    """The label, if the session has one."""
    organization_id: str | None = None
    """The organization that the session is in, if the login was for one."""
    provider: ProviderLogin | None = None
    """The login at an identity provider that opened the session, if one did."""
    user_agent: str | None = None
    """The `User-Agent` that opened the session."""


class ListSessionsResponse(Model):
    """Sessions, the oldest first."""

    sessions: list[Session]
    """The sessions."""


class UpdateSessionRequest(Model, extra="forbid"):
    """Changes a session. Members that are absent stay as they are; at least one of `label` and `claims` is
    needed.
    """

    actor: Annotated[str | None, Field(max_length=200, min_length=1)] = None
    """The name or id of the person who makes this call, as the host knows them, if it is not the user. The
    call's events record it.
    """
    backend: str | None = None
    """The backend that `token` is for; default: `default`."""
    claims: dict[str, Any] | None = None
    """The new claims of the host, which replace all the old ones: `{}` removes them. The session's next
    access token has them; tokens that were issued before keep theirs.
    """
    label: str | None = None
    """The new label, as of a login; empty: none."""
    session_id: str | None = None
    """The session's id instead."""
    token: Annotated[str | None, Field(repr=False)] = None
    """An access token of the session."""
    user_id: str | None = None
    """With `session_id`: the account that must have the session. Give it if the id comes from a client."""


class UpdateSessionResponse(Model):
    """The session after its change."""

    session: Session
    """The session."""


class RevokeSessionRequest(Model, extra="forbid"):
    """Ends one session."""

    session_id: str
    """The session's id."""
    actor: Annotated[str | None, Field(max_length=200, min_length=1)] = None
    """The name or id of the person who makes this call, as the host knows them, if it is not the user. The
    call's events record it.
    """


class RevokedResponse(Model):
    """The number of sessions that ended."""

    revoked: Annotated[int, Field(ge=0)]
    """The number of live sessions that ended."""


class RevokeUserSessionsRequest(Model, extra="forbid"):
    """Ends every session of a user."""

    user_id: str
    """The user's id."""
    actor: Annotated[str | None, Field(max_length=200, min_length=1)] = None
    """The name or id of the person who makes this call, as the host knows them, if it is not the user. The
    call's events record it.
    """
    except_session_id: str | None = None
    """The session to keep: the one that the user asks from."""


class RevokeAllSessionsRequest(Model, extra="forbid"):
    """Ends every session of every user."""

    actor: Annotated[str | None, Field(max_length=200, min_length=1)] = None
    """The name or id of the person who makes this call, as the host knows them, if it is not the user. The
    call's events record it.
    """


class RevokeTokenRequest(Model, extra="forbid"):
    """Revokes a token with its session, or by itself if it belongs to none (RFC 7009)."""

    actor: Annotated[str | None, Field(max_length=200, min_length=1)] = None
    """The name or id of the person who makes this call, as the host knows them, if it is not the user. The
    call's events record it.
    """
    backend: str | None = None
    """The backend that issued the token of this `jti`; default: `default`."""
    jti: Annotated[str | None, Field(pattern="^[A-Za-z0-9_-]{22}$")] = None
    """The `jti` of a token of `issue_token` instead, from its answer or the event `token_issued`."""
    token: Annotated[str | None, Field(repr=False)] = None
    """An access or a refresh token."""
    token_type_hint: str | None = None
    """`access_token` or `refresh_token`; optional, and any text is accepted."""


class RevokeTokenResponse(Model):
    """The token is revoked, or there was nothing to revoke."""


class VerifyRequest(Model, extra="forbid"):
    """Verifies an access token by signature and claims alone, without the store: a session that was
    revoked still passes until the token expires.
    """

    token: Annotated[str, Field(repr=False)]
    """The access token."""
    backend: str | None = None
    """The backend that must have issued the token; default: `default`."""


class AuthenticateRequest(Model, extra="forbid"):
    """Identifies the user of a live access token or API key: the account is active, and the session has
    not ended or the key was not revoked.
    """

    authorization: Annotated[str | None, Field(repr=False)] = None
    """The value of an `Authorization` header instead: `Bearer <token>` (RFC 6750)."""
    backend: str | None = None
    """The backend that must have issued the token, or that the API key is for; default: `default`."""
    client: Client | None = None
    """The client's connection, where known: too many unknown API keys from one network address are
    refused.
    """
    token: Annotated[str | None, Field(repr=False)] = None
    """The access token or API key."""


class OrganizationRoles(Model):
    """An organization, and the roles of a member there."""

    id: str
    """The organization's id."""
    roles: list[str]
    """The user's roles in it, in alphabetical order."""


class AuthenticateResponse(Model):
    """The user of a live token or API key."""

    user: User
    """The account as it is now. With an API key that has fewer roles, these are its `roles`."""
    credential: CredentialKind
    """The kind of the credential."""
    act: Act | None = None
    """The person who acts as the user, if another one does (RFC 8693 section 4.1). The host lets that
    person change no password, factor, address or API key.
    """
    api_key: ApiKey | None = None
    """The API key, without the key itself, if the credential is one."""
    claims: Annotated[Claims, SkipValidation] | None = None
    """The token's claims; absent for an API key."""
    organization: OrganizationRoles | None = None
    """The organization that the session is in, if the login was for one, and the user's roles there now."""
    session_id: str | None = None
    """The session's id, if the token belongs to a session."""


class IntrospectRequest(Model, extra="forbid"):
    """Checks a token or API key for another service (RFC 7662), as of now."""

    token: Annotated[str, Field(repr=False)]
    """An access token, a refresh token or an API key."""


class FullIntrospectRequest(IntrospectRequest, extra="forbid"):
    """Checks a token or API key for another service (RFC 7662), as of now."""

    audience: str | None = None
    """The service that asks: a token for another audience is not active."""
    token_type_hint: str | None = None
    """`access_token` or `refresh_token`; optional, and any text is accepted."""


class IntrospectResponse(Model):
    """The token's state. An inactive token discloses nothing else."""

    active: bool
    """Whether the token is valid now."""
    act: Act | None = None
    """The person who acts as the user, if another one does (RFC 8693 section 4.1)."""
    api_key: ApiKey | None = None
    """The API key, without the key itself, if it is one."""
    aud: list[str] | None = None
    """The token's audience."""
    client_id: str | None = None
    """The backend that issued the token, or that the API key is for."""
    exp: int | None = None
    """When the token expires, in Unix seconds; absent for an API key that does not."""
    iat: int | None = None
    """When the token was issued."""
    iss: str | None = None
    """The issuer."""
    org_id: str | None = None
    """The organization that the session is in, if the login was for one."""
    org_roles: list[str] | None = None
    """The user's roles in that organization now."""
    reason: Annotated[str | None, Field(exclude=True)] = None
    """Why the token is not active. It is for the host only: do not pass it on."""
    scope: str | None = None
    """The scopes, separated by spaces."""
    sid: str | None = None
    """The session's id, if the token belongs to a session."""
    sub: str | None = None
    """The id of the account."""
    token_type: str | None = None
    """`Bearer`, `refresh_token` or `api_key`."""
    user: User | None = None
    """The account as it is now. With an API key that has fewer roles, these are its `roles`."""


class IssueTokenRequest(Model, extra="forbid"):
    """Issues an access token that belongs to no session. If `sub` is not the id of an account, `verify`
    accepts the token, but the live checks (`authenticate`, `introspect`, `authorize`) do not.
    """

    claims: dict[str, Any]
    """The claims: `sub`, a text, and any of the host's own. The claims that the engine makes (`iss`,
    `aud`, `exp`, `nbf`, `iat`, `jti`, `sid`, `client_id`, `auth_time`, `acr`, `amr`, `provider`, `cnf`,
    `org_id`, `org_roles`, `act`, `account_epoch`) are refused.
    """
    actor: Annotated[str | None, Field(max_length=200, min_length=1)] = None
    """The name or id of the person who makes this call, as the host knows them, if it is not the user. The
    call's events record it.
    """
    backend: str | None = None
    """The backend that issues the token; default: `default`."""
    lifetime_seconds: Annotated[int | None, Field(ge=1)] = None
    """The token's lifetime; default `access_token_seconds`, at most `session_max_seconds`."""


class IssueTokenResponse(Model):
    """An access token."""

    token: Annotated[str, Field(repr=False)]
    """The access token."""
    expires_at: int
    """When the token expires, in Unix seconds."""
    jti: str
    """The token's id, by which `revoke_token` revokes it."""


class AuthenticateRequestRequest(Model, extra="forbid"):
    """Decides whether a request to the host may pass, by the rules under `requests` in the configuration.
    The engine takes the token from `token`, else from `authorization`, else an API key from `api_key`,
    else a token from the configured cookie.
    """

    method: str
    """The HTTP method, in any case."""
    path: str
    """The path as the router sees it; a query is cut off. A path that two readers could take for different
    paths is never skipped.
    """
    api_key: Annotated[str | None, Field(repr=False)] = None
    """The value of the `X-API-Key` header. It counts if there is no `token` and no `authorization`, and if
    it begins with `dw_`: other software uses this header, too.
    """
    authorization: Annotated[str | None, Field(repr=False)] = None
    """The value of the `Authorization` header, or of the header that `requests.header` names: `Bearer
    <token>` (RFC 6750), where the token may be an API key.
    """
    backend: str | None = None
    """The backend that must have issued the token, or that the API key is for; default: `default`."""
    client: Client | None = None
    """The client's connection, where known: too many unknown API keys from one network address are
    refused.
    """
    connection: str | None = None
    """The kind of connection, as `requests.connections` names it; default: `http`."""
    cookies: Annotated[dict[str, str] | None, Field(repr=False)] = None
    """The cookies by name."""
    excluded: Annotated[bool | None, Field(strict=True)] = None
    """Whether the route opted out of authentication."""
    host: str | None = None
    """The value of the `Host` header: the host and port that the request was sent to. Pages of this host
    may send the cookie, unless `requests.origins` lists others.
    """
    only_origin: Annotated[bool | None, Field(strict=True)] = None
    """Whether to check only that the page that sent the request may send cookies. The response is then
    `skipped`.
    """
    origin: str | None = None
    """The value of the `Origin` header, if there is one: the page that sent the request (RFC 6454). It
    decides whether the cookie counts.
    """
    rules: dict[str, Any] | None = None
    """Rules that replace those of the configuration, in the same form. The engine compiles them once and
    keeps them while they are in use; at most 16 KiB.
    """
    token: Annotated[str | None, Field(repr=False)] = None
    """The access token or API key, if the host has it already."""


class AuthenticateRequestResponse(Model):
    """The request may pass."""

    skipped: bool
    """Whether the request needs no authentication; the other members are then absent."""
    act: Act | None = None
    """The person who acts as the user, if another one does (RFC 8693 section 4.1). The host lets that
    person change no password, factor, address or API key.
    """
    api_key: ApiKey | None = None
    """The API key, without the key itself, if the credential is one."""
    claims: Annotated[Claims, SkipValidation] | None = None
    """The token's claims; absent for an API key."""
    credential: CredentialKind | None = None
    """The kind of the credential."""
    organization: OrganizationRoles | None = None
    """The organization that the session is in, if the login was for one, and the user's roles there now."""
    session_id: str | None = None
    """The session's id, if the token belongs to a session."""
    user: User | None = None
    """The account as it is now. With an API key that has fewer roles, these are its `roles`."""


class IntrospectRemoteRequest(Model, extra="forbid"):
    """Asks the configured `introspection_service` about a token (RFC 7662)."""

    token: Annotated[str, Field(repr=False)]
    """A token of the other service."""
    token_type_hint: str | None = None
    """The kind of token, for the service: `access_token` or `refresh_token`."""


class IntrospectRemoteResponse(Model, extra="allow"):
    """The service's own answer about a valid token (RFC 7662 section 2.2), without `reason`, which is for
    its host only.
    """

    active: Literal[True]
    """Always true: the token is valid now."""


class ProviderCondition(Model, extra="forbid"):
    """A login at a provider. All conditions that are given must hold. Only a provider that is trusted with
    them should be asked for `acr` and `amr`.
    """

    acr: list[str] | None = None
    """The authentication context class is one of these (OpenID Connect Core section 2)."""
    amr: list[str] | None = None
    """The user authenticated there by all of these methods (RFC 8176)."""
    max_age_seconds: Annotated[int | None, Field(ge=0)] = None
    """The user authenticated there at most this many seconds ago."""
    name: Annotated[str | None, Field(max_length=64, min_length=1)] = None
    """The provider's name in `id_token_providers`."""


class AuthorizeRequest(Model, extra="forbid"):
    """Checks whether the bearer of a token or API key may do something. All conditions that are given must
    hold.
    """

    token: Annotated[str, Field(repr=False)]
    """The access token or API key."""
    amr: list[str] | None = None
    """The user authenticated in the token's session by one of these methods (RFC 8176; `mfa`: by a factor
    beside another), at most `max_age_seconds` ago if that is given.
    """
    backend: str | None = None
    """The backend that must have issued the token, or that the API key is for; default: `default`."""
    by_second_factor: bool | None = None
    """If the account has a second factor, the same as `"amr": ["mfa"]`: the condition for adding or
    removing a factor. An API key never meets it.
    """
    email: str | None = None
    """The account has this address, in any case of letters. It must be verified, unless
    `require_verified_email` is false.
    """
    max_age_seconds: Annotated[int | None, Field(ge=0)] = None
    """The user authenticated at most this many seconds ago. An API key is no such proof."""
    organization_id: str | None = None
    """The account is a member of this organization, and the token is of no session in another. `roles` and
    `permissions` are then those in the organization.
    """
    permissions: list[str] | None = None
    """The roles of the account give all of these permissions (`roles` of the configuration, in an
    organization `organization_roles`), and those of an API key give them, too.
    """
    provider: ProviderCondition | None = None
    """The token's session was opened by a login at a provider of which this holds, in the provider's
    words.
    """
    require_verified_email: bool | None = None
    """The account's address is verified; default: true if `email` is given."""
    roles: list[str] | None = None
    """The account has at least one of these roles, and an API key has it, too. An empty list admits no
    user.
    """
    scopes: list[str] | None = None
    """The token or API key carries all of these scopes (RFC 6749 section 3.3)."""
    user_id: str | None = None
    """The account has this id."""


class AuthorizeResponse(Model):
    """The verdict."""

    authorized: bool
    """Whether the bearer may."""
    reason: Annotated[str | None, Field(exclude=True)] = None
    """Why not. It is for the host only: do not pass it on."""


class CreateServiceAccountRequest(Model, extra="forbid"):
    """Creates an account for a program. It has no password, address or second factor, and nothing can give
    it one.
    """

    name: Annotated[str, Field(min_length=1)]
    """The name, a username that no account has."""
    roles: list[str]
    """The roles."""
    actor: Annotated[str | None, Field(max_length=200, min_length=1)] = None
    """The name or id of the person who makes this call, as the host knows them, if it is not the user. The
    call's events record it.
    """


class CreateApiKeyRequest(Model, extra="forbid"):
    """Creates an API key of a person's account or of a service account. Give exactly one of `user_id` and
    `service_account_id`. The host must have authenticated the person just now, because a key opens the
    account.
    """

    name: Annotated[str, Field(max_length=64, min_length=1)]
    """The owner's name for the key: 1 to 64 characters."""
    actor: Annotated[str | None, Field(max_length=200, min_length=1)] = None
    """The name or id of the person who makes this call, as the host knows them, if it is not the user. The
    call's events record it.
    """
    backend: str | None = None
    """The backend that the key is for; default: `default`."""
    expires_at: int | None = None
    """When the key expires, in Unix seconds; default: never."""
    roles: list[str] | None = None
    """The roles of its account that the key has; default: those that the account has at the time of each
    use.
    """
    scopes: list[str] | None = None
    """The scopes of the key; default: none."""
    service_account_id: str | None = None
    """The id of a service account."""
    user_id: str | None = None
    """The id of a person's account."""


class CreateApiKeyResponse(Model):
    """The new key."""

    key: Annotated[str, Field(repr=False)]
    """The key itself. It is shown only now: the store keeps a code of it."""
    api_key: ApiKey
    """The key as lists show it."""


class ListApiKeysRequest(Model, extra="forbid"):
    """Lists the API keys of an account."""

    user_id: str
    """The id of a person's account or of a service account."""


class ListApiKeysResponse(Model):
    """The keys that have not expired, the oldest first."""

    api_keys: list[ApiKey]
    """The keys."""


class UpdateApiKeyRequest(Model, extra="forbid"):
    """Changes an API key. Members that are absent stay as they are."""

    api_key_id: str
    """The key's id."""
    actor: Annotated[str | None, Field(max_length=200, min_length=1)] = None
    """The name or id of the person who makes this call, as the host knows them, if it is not the user. The
    call's events record it.
    """
    expires_at: int | None = None
    """When the key expires, in Unix seconds."""
    name: Annotated[str | None, Field(max_length=64, min_length=1)] = None
    """The new name."""
    roles: list[str] | None = None
    """The new roles, which replace the old ones."""
    scopes: list[str] | None = None
    """The new scopes, which replace the old ones."""
    user_id: str | None = None
    """The account that must have the key. Give it if the id comes from a client."""


class UpdateApiKeyResponse(Model):
    """The key after its change."""

    api_key: ApiKey
    """The key."""


class RevokeApiKeyRequest(Model, extra="forbid"):
    """Revokes an API key."""

    api_key_id: str
    """The key's id."""
    actor: Annotated[str | None, Field(max_length=200, min_length=1)] = None
    """The name or id of the person who makes this call, as the host knows them, if it is not the user. The
    call's events record it.
    """
    user_id: str | None = None
    """The account that must have the key. Give it if the id comes from a client."""


class RevokeApiKeyResponse(Model):
    """No account has the key any more."""

    revoked: bool
    """Whether the account had the key."""


class CreateOrganizationRequest(Model, extra="forbid"):
    """Creates an organization with its first owner."""

    name: Annotated[str, Field(max_length=100, min_length=1)]
    """The name for people: 1 to 100 characters. Several organizations may have the same."""
    owner_id: str
    """The account that becomes the first member, with the role `owner`: an active account of a person."""
    actor: Annotated[str | None, Field(max_length=200, min_length=1)] = None
    """The name or id of the person who makes this call, as the host knows them, if it is not the user. The
    call's events record it.
    """
    attributes: dict[str, Any] | None = None
    """Other data that the host keeps with the organization: at most 16 KiB."""


class Organization(Model):
    """An organization."""

    id: str
    """The organization's id."""
    name: str
    """The name for people."""
    attributes: dict[str, Any]
    """Other data that the host keeps with the organization."""
    created_at: int
    """When the organization was created, in Unix seconds."""
    roles: list[str] | None = None
    """In a list of one account's organizations: the account's roles there, in alphabetical order."""


class OrganizationResponse(Model):
    """An organization."""

    organization: Organization
    """The organization."""


class GetOrganizationRequest(Model, extra="forbid"):
    """Finds an organization."""

    organization_id: str
    """The organization's id."""


class ListOrganizationsRequest(Model, extra="forbid"):
    """Lists organizations in the order of their ids, which is that of their creation, to the millisecond."""

    after: str | None = None
    """Only organizations after this id: `next` of the previous page."""
    limit: Annotated[int | None, Field(ge=1, le=1000)] = None
    """The most to return: 1 to 1000, default 100."""
    user_id: str | None = None
    """Only those of which this account is a member."""


class ListOrganizationsResponse(Model):
    """A page of organizations."""

    organizations: list[Organization]
    """The organizations."""
    next: str | None = None
    """The id to give as `after` for the next page; absent if there is none."""


class UpdateOrganizationRequest(Model, extra="forbid"):
    """Changes an organization. Members that are absent stay as they are."""

    organization_id: str
    """The organization's id."""
    actor: Annotated[str | None, Field(max_length=200, min_length=1)] = None
    """The name or id of the person who makes this call, as the host knows them, if it is not the user. The
    call's events record it.
    """
    attributes: dict[str, Any] | None = None
    """The new attributes, which replace the old ones."""
    name: Annotated[str | None, Field(max_length=100, min_length=1)] = None
    """The new name."""


class DeleteOrganizationRequest(Model, extra="forbid"):
    """Deletes an organization and its memberships. The accounts of its members stay."""

    organization_id: str
    """The organization's id."""
    actor: Annotated[str | None, Field(max_length=200, min_length=1)] = None
    """The name or id of the person who makes this call, as the host knows them, if it is not the user. The
    call's events record it.
    """


class DeleteOrganizationResponse(Model):
    """The organization was deleted."""

    deleted: bool
    """Always true."""


class AddMemberRequest(Model, extra="forbid"):
    """Makes an account a member of an organization, without asking its user, who gets a mail."""

    organization_id: str
    """The organization's id."""
    user_id: str
    """The account's id."""
    actor: Annotated[str | None, Field(max_length=200, min_length=1)] = None
    """The name or id of the person who makes this call, as the host knows them, if it is not the user. The
    call's events record it.
    """
    roles: list[str] | None = None
    """The roles in the organization; default: none."""


class Member(Model):
    """A member of an organization."""

    user: User
    """The account. Its `roles` are those outside of the organization."""
    roles: list[str]
    """The roles in the organization, in alphabetical order."""
    created_at: int
    """When the account became a member."""


class MemberResponse(Model):
    """A member of an organization."""

    member: Member
    """The member."""


class UpdateMemberRequest(Model, extra="forbid"):
    """Changes the roles of a member."""

    organization_id: str
    """The organization's id."""
    user_id: str
    """The account's id."""
    roles: list[str]
    """The new roles in the organization, which replace the old ones."""
    actor: Annotated[str | None, Field(max_length=200, min_length=1)] = None
    """The name or id of the person who makes this call, as the host knows them, if it is not the user. The
    call's events record it.
    """


class RemoveMemberRequest(Model, extra="forbid"):
    """Removes a member from an organization. The account stays."""

    organization_id: str
    """The organization's id."""
    user_id: str
    """The account's id."""
    actor: Annotated[str | None, Field(max_length=200, min_length=1)] = None
    """The name or id of the person who makes this call, as the host knows them, if it is not the user. The
    call's events record it.
    """


class RemoveMemberResponse(Model):
    """The account is no member any more."""

    removed: bool
    """Whether the account was a member."""


class ListMembersRequest(Model, extra="forbid"):
    """Lists the members of an organization in the order of their accounts' ids."""

    organization_id: str
    """The organization's id."""
    after: str | None = None
    """Only members after this account: `next` of the previous page."""
    limit: Annotated[int | None, Field(ge=1, le=1000)] = None
    """The most to return: 1 to 1000, default 100."""


class ListMembersResponse(Model):
    """A page of members."""

    members: list[Member]
    """The members."""
    next: str | None = None
    """The id to give as `after` for the next page; absent if there is none."""


class InviteMemberRequest(Model, extra="forbid"):
    """Invites the reader of an address to an organization."""

    organization_id: str
    """The organization's id."""
    email: Annotated[str, Field(max_length=254, min_length=3)]
    """The address. It does not matter whether an account has it."""
    actor: Annotated[str | None, Field(max_length=200, min_length=1)] = None
    """The name or id of the person who makes this call, as the host knows them, if it is not the user. The
    call's events record it.
    """
    invited_by: str | None = None
    """The member who invites. The invitation is withdrawn when that member is removed, loses a role or is
    locked.
    """
    locale: Annotated[str | None, Field(max_length=35, min_length=2)] = None
    """The language of the mail. Default: that of the account."""
    roles: list[str] | None = None
    """The roles in the organization; default: none."""


class InviteMemberResponse(Model):
    """The invitation, the same whether or not an account has the address."""

    invitation: Invitation
    """The invitation."""


class ListInvitationsRequest(Model, extra="forbid"):
    """Lists the invitations to an organization that were not accepted yet, in the order of their ids."""

    organization_id: str
    """The organization's id."""
    after: str | None = None
    """Only invitations after this id: `next` of the previous page."""
    limit: Annotated[int | None, Field(ge=1, le=1000)] = None
    """The most to return: 1 to 1000, default 100."""


class ListInvitationsResponse(Model):
    """A page of invitations."""

    invitations: list[Invitation]
    """The invitations."""
    next: str | None = None
    """The id to give as `after` for the next page; absent if there is none."""


class RevokeInvitationRequest(Model, extra="forbid"):
    """Revokes an invitation to an organization."""

    organization_id: str
    """The organization's id."""
    invitation_id: str
    """The invitation's id."""
    actor: Annotated[str | None, Field(max_length=200, min_length=1)] = None
    """The name or id of the person who makes this call, as the host knows them, if it is not the user. The
    call's events record it.
    """


class RevokeInvitationResponse(Model):
    """The invitation can be accepted no more."""

    revoked: bool
    """Whether the organization had the invitation."""


class JwksRequest(Model, extra="forbid"):
    """Returns the public keys."""


class JwksResponse(Model):
    """A JWK Set (RFC 7517 section 5). Publish it for services that verify tokens themselves."""

    keys: list[dict[str, Any]]
    """The public keys of every backend; a backend that signs with an HMAC has none."""


class RotateKeysRequest(Model, extra="forbid"):
    """Makes a new signing key."""

    actor: Annotated[str | None, Field(max_length=200, min_length=1)] = None
    """The name or id of the person who makes this call, as the host knows them, if it is not the user. The
    call's events record it.
    """
    backend: str | None = None
    """The backend whose key is replaced; default: `default`, or with `retire` all of them."""
    keep_totp: bool | None = None
    """Whether authenticator apps stay valid, because no copy of the store leaked. Only with `retire` and
    without `backend`.
    """
    retire: Literal["now"] | None = None
    """`now`, after a leak: the signing keys of the backend stop verifying at once. Without `backend` this
    applies to all backends, and also retires everything that a leaked secret key opens together with a
    copy of the store: every secret key but the first of `secret_keys`, every session, mailed token and
    challenge, the waiting mails with a token, and the seeds of authenticator apps. The first key must
    be the newest, and each of the others must have been the first before: a list in the wrong order is
    refused.
    """


class RetiredSecrets(Model):
    """The retired keys, and the data that ended with them."""

    signing_keys: Annotated[int, Field(ge=0)]
    """The number of signing keys: all that signed or verified."""
    secret_keys: Annotated[int, Field(ge=0)]
    """The number of secret keys: all that this process was given, except the first."""
    sessions: Annotated[int, Field(ge=0)]
    """The number of sessions that ended."""
    one_time_secrets: Annotated[int, Field(ge=0)]
    """The number of mailed tokens and challenges that can no longer be redeemed."""
    mails: Annotated[int, Field(ge=0)]
    """The number of mails with such a token, which are no longer sent."""
    totp_seeds: Annotated[int, Field(ge=0)]
    """The number of authenticator apps whose codes no longer work."""


class RotateKeysResponse(Model):
    """The new signing key."""

    kid: str
    """The id of the new signing key, of the backend or of `default`."""
    previous: str | None
    """The id of the previous signing key. It verifies until everything that it signed has expired, or, if
    it was retired, nothing any more.
    """
    retired: RetiredSecrets | None = None
    """The retired keys, if keys were to be retired."""


class ListKeysRequest(Model, extra="forbid"):
    """Lists the keys."""


class NeededBy(Model):
    """The data that needs an older secret key."""

    password_hashes: int
    """The number of password hashes that it sealed (`password.pepper`). The next login seals each anew."""
    totp_seeds: int
    """The number of authenticator seeds that it sealed."""
    mails: int
    """The number of waiting mails."""
    recovery_codes: int
    """The number of recovery codes made under it."""
    api_keys: int
    """The number of API keys whose code was made under it. The next use of each makes the code anew."""
    sessions: int
    """The number of live sessions that were last refreshed while it was current, or have claims that it
    sealed. Without the key their users must log in again.
    """


class SecretKey(Model):
    """A secret key."""

    id: str
    """The key's id, which tells nothing about the key."""
    since: int
    """When the key first became current, in Unix seconds."""
    state: SecretKeyState
    """The use of the key in this process."""
    needed_by: NeededBy | None = None
    """The data that needs the key in the list, if it is not the current one. The key may be removed once
    all of these are 0 and the newer key is first in every process.
    """


class SigningKey(Model):
    """A key that signs access tokens or only verifies them."""

    kid: str
    """The key's id: `kid` in the header of the tokens that it signed."""
    backend: str
    """The backend's name."""
    algorithm: str
    """The algorithm. `jwks` does not publish `HS256` keys."""
    created_at: int
    """When the key was made, in Unix seconds."""
    expires_at: int | None = None
    """When the key stops verifying, in Unix seconds; absent while it signs."""


class ListKeysResponse(Model):
    """The keys, without their secrets."""

    signing_keys: list[SigningKey]
    """The signing keys in the store; for each backend the signing one first. The fixed secret of a
    compatibility backend is not listed.
    """
    secret_keys: list[SecretKey]
    """The secret keys that were ever the first of the list, in order of their first use; the last is the
    newest.
    """


class RequestEmailVerificationRequest(Model, extra="forbid"):
    """Requests a mail that verifies the address of an account. Give one of `token`, `user_id`,
    `verification`, `username` with `password`, and `email`.
    """

    actor: Annotated[str | None, Field(max_length=200, min_length=1)] = None
    """The name or id of the person who makes this call, as the host knows them, if it is not the user. The
    call's events record it.
    """
    backend: str | None = None
    """The backend that `token` is for; default: `default`."""
    client: Client | None = None
    """The client's connection: too many mails for one network address are refused."""
    email: Annotated[str | None, Field(max_length=254, min_length=3)] = None
    """An address. By itself it names no account with an unverified address: nothing is mailed, and the
    answer is the same for every address.
    """
    locale: Annotated[str | None, Field(max_length=35, min_length=2)] = None
    """The language of the mail. Default: that of the account."""
    password: Annotated[str | None, Field(repr=False)] = None
    """The password; a wrong one counts as a failed login."""
    token: Annotated[str | None, Field(repr=False)] = None
    """A live access token of the account."""
    user_id: str | None = None
    """The account's id, if the host has authenticated the user."""
    username: str | None = None
    """The username or the address, for users who cannot log in before the address is verified."""
    verification: Annotated[str | None, Field(repr=False)] = None
    """The challenge that `register` returned."""


class SentResponse(Model):
    """The same answer whether or not a mail was sent."""

    sent: bool
    """Always true."""


class RequestEmailChangeRequest(Model, extra="forbid"):
    """Requests another address for an account. `token` or `user_id` names the account."""

    new_email: Annotated[str, Field(max_length=254, min_length=3)]
    """The new address."""
    actor: Annotated[str | None, Field(max_length=200, min_length=1)] = None
    """The name or id of the person who makes this call, as the host knows them, if it is not the user. The
    call's events record it.
    """
    backend: str | None = None
    """The backend that `token` is for; default: `default`."""
    locale: Annotated[str | None, Field(max_length=35, min_length=2)] = None
    """The language of the mails. Default: that of the account."""
    token: Annotated[str | None, Field(repr=False)] = None
    """A live access token of the user. A person who acts as the user is refused."""
    user_id: str | None = None
    """The account's id, if the host has authenticated the user."""


class RequestEmailChangeResponse(Model):
    """The same answer whether or not another account has the address."""

    sent: bool
    """Always true."""
    verification: Annotated[str, Field(repr=False)]
    """A challenge for `verify_email`: it proves, together with the mailed token, that the account belongs
    to the browser that asked. It is valid for a week; keep it in a cookie that scripts cannot read.
    """


class RequestPasswordResetRequest(Model, extra="forbid"):
    """Requests a mail with a token that sets a new password."""

    email: Annotated[str, Field(max_length=254, min_length=3)]
    """The address of the account."""
    actor: Annotated[str | None, Field(max_length=200, min_length=1)] = None
    """The name or id of the person who makes this call, as the host knows them, if it is not the user. The
    call's events record it.
    """
    client: Client | None = None
    """The client's connection: too many mails for one network address are refused."""
    locale: Annotated[str | None, Field(max_length=35, min_length=2)] = None
    """The language of the mail. Default: that of the account."""


class ResetPasswordRequest(Model, extra="forbid"):
    """Sets a new password by a mailed token."""

    token: Annotated[str, Field(repr=False)]
    """The mailed token."""
    new_password: Annotated[str, Field(repr=False)]
    """The new password."""


class RequestLoginCodeRequest(Model, extra="forbid"):
    """Requests a mail with a code and a link that log in."""

    email: Annotated[str, Field(max_length=254, min_length=3)]
    """The address. Only an account that has verified it gets a mail."""
    backend: str | None = None
    """The backend that the session's tokens are for; default: `default`."""
    claims: dict[str, Any] | None = None
    """The host's own claims in the session's access tokens: at most 4 KiB of JSON. Claims of the engine
    are refused. `scope`, `organization_id` and these three are for the session that the code opens, in
    the browser that asks. Another person may open the link, so `login_with_mail_token` has its own.
    """
    client: Client | None = None
    """The client's connection: too many mails for one network address are refused. Pass it on, so that a
    stranger elsewhere cannot use up the mails of a user.
    """
    create: bool | None = None
    """Whether an account may be created for the address; needs `mailed_login.create`. It has no password,
    and it is found by its address once the mail was used.
    """
    label: Annotated[str | None, Field(max_length=100, min_length=1)] = None
    """A label for the session in the user's list, such as the name of the device."""
    lifetime: SessionLifetime | None = None
    """A shorter life of the session than the configuration gives it."""
    locale: Annotated[str | None, Field(max_length=35, min_length=2)] = None
    """The language of the mail. Default: that of the account."""
    organization_id: str | None = None
    """The organization that the session is in, as in `login`."""
    scope: Annotated[str | None, Field(max_length=1024, min_length=1)] = None
    """The scopes of the access token, separated by spaces. The engine grants what the host asks for."""


class RequestLoginCodeResponse(Model):
    """The same answer whether or not a mail was sent."""

    challenge: Annotated[str, Field(repr=False)]
    """The challenge for `complete_login`, which ties the mailed code to the browser that asked: keep it in
    a cookie that scripts cannot read.
    """
    expires_in: int
    """How long the code and the link are valid, in seconds."""


class LoginWithMailTokenRequest(Model, extra="forbid"):
    """Logs in by a mailed link."""

    token: Annotated[str, Field(repr=False)]
    """The token of the link."""
    claims: dict[str, Any] | None = None
    """The host's own claims in the session's access tokens: at most 4 KiB of JSON. Claims of the engine
    are refused.
    """
    client: Client | None = None
    """The connection of the client that opened the link, where known."""
    label: Annotated[str | None, Field(max_length=100, min_length=1)] = None
    """A label for the session in the user's list, such as the name of the device."""
    lifetime: SessionLifetime | None = None
    """A shorter life of the session than the configuration gives it."""
    organization_id: str | None = None
    """The organization that the session is in, as in `login`."""
    scope: Annotated[str | None, Field(max_length=1024, min_length=1)] = None
    """The scopes of the access token, separated by spaces. The engine grants what the host asks for."""


class InviteUserRequest(Model, extra="forbid"):
    """Invites a person, who chooses a name and a password."""

    email: Annotated[str, Field(max_length=254, min_length=3)]
    """The address, which no account may have verified."""
    actor: Annotated[str | None, Field(max_length=200, min_length=1)] = None
    """The name or id of the person who makes this call, as the host knows them, if it is not the user. The
    call's events record it.
    """
    attributes: dict[str, Any] | None = None
    """Other data that the host keeps with the account: at most 16 KiB."""
    external_id: Annotated[str | None, Field(max_length=255, min_length=1)] = None
    """The host's own id of the account, which no other account has."""
    locale: Annotated[str | None, Field(max_length=35, min_length=2)] = None
    """The language of mails to this user (BCP 47)."""
    roles: list[str] | None = None
    """The roles; default: `registration.default_roles`."""


class InviteUserResponse(Model):
    """The account of an invitation."""

    user: User
    """The account, which waits for its user. Delete it to withdraw the invitation."""
    expires_at: int
    """When the invitation expires."""


class AcceptInvitationRequest(Model, extra="forbid"):
    """Accepts an invitation. Give one of `password`, `webauthn_registration` and `id_token`; with
    `mailed_login` none is needed. An account that is in use accepts an invitation to an organization by
    its `access_token` alone.
    """

    token: Annotated[str, Field(repr=False)]
    """The mailed token."""
    access_token: Annotated[str | None, Field(repr=False)] = None
    """A live access token of an account that has verified the address: for an invitation to an
    organization.
    """
    backend: str | None = None
    """The backend that `access_token` is for; default: `default`."""
    id_token: Annotated[str | None, Field(repr=False)] = None
    """An ID token of the identity that is to open the account."""
    nonce: Annotated[str | None, Field(repr=False)] = None
    """The nonce that the ID token must repeat."""
    password: Annotated[str | None, Field(repr=False)] = None
    """The password."""
    provider: Annotated[str | None, Field(max_length=64, min_length=1)] = None
    """The provider of the ID token; default: the only one."""
    username: Annotated[str | None, Field(min_length=1)] = None
    """The name to log in with. Default: a random one."""
    webauthn_registration: Annotated[dict[str, Any] | None, Field(repr=False)] = None
    """The passkey that is to open the account: the answer of `navigator.credentials.create` to what
    `begin_passkey_registration` made for this invitation. The authenticator must have verified its
    user.
    """


class AcceptInvitationResponse(Model):
    """The account, which can be logged in to from now on."""

    user: User
    """The account."""
    recovery_codes: Annotated[list[str], Field(repr=False)]
    """With a passkey: codes that replace it where it is a second factor; each can be used once. They are
    shown only now.
    """
    organization_id: str | None = None
    """The organization of which the account is a member now, if the invitation was to one."""


class VerifyEmailRequest(Model, extra="forbid"):
    """Redeems a mailed token, with one proof of the account: `access_token`, `username` with `password`,
    `verification`, or `id_token`. Without a proof the request is refused, unless `mail.click_verifies`
    is set and the account never verified an address.
    """

    token: Annotated[str, Field(repr=False)]
    """The mailed token, of either purpose."""
    access_token: Annotated[str | None, Field(repr=False)] = None
    """A live access token of the account."""
    backend: str | None = None
    """The backend that `access_token` is for; default: `default`."""
    client: Client | None = None
    """The client's connection, where known."""
    id_token: Annotated[str | None, Field(repr=False)] = None
    """An ID token of an identity that opens the account, for users who cannot log in before the address is
    verified.
    """
    nonce: Annotated[str | None, Field(repr=False)] = None
    """The nonce that the ID token must repeat."""
    password: Annotated[str | None, Field(repr=False)] = None
    """The account's password; a wrong one counts as a failed login."""
    provider: Annotated[str | None, Field(max_length=64, min_length=1)] = None
    """The provider of the ID token; default: the only one."""
    username: str | None = None
    """The username or the address of the account."""
    verification: Annotated[str | None, Field(repr=False)] = None
    """The challenge that `register` or `request_email_change` returned for this address."""


class CheckMailTokenRequest(Model, extra="forbid"):
    """Tells what a mailed token is for, without redeeming it."""

    token: Annotated[str, Field(repr=False)]
    """The mailed token."""


class CheckMailTokenResponse(Model):
    """A token that can be redeemed."""

    purpose: str
    """The token's purpose: `verify_email`, `reset_password`, `change_email`, `login`, `invitation`, or
    `membership`: an invitation to an organization, for an account that logs in and accepts it with
    `access_token`.
    """
    expires_at: int
    """When the token expires."""


class TakeMailRequest(Model, extra="forbid"):
    """Takes mails out of the outbox on a lease, to send them."""

    lease_seconds: Annotated[int | None, Field(ge=1, le=3600)] = None
    """How long the mails are leased to the caller: 1 to 3600 seconds, default 60. A mail that is not
    acknowledged by then can be taken again.
    """
    limit: Annotated[int | None, Field(ge=1, le=100)] = None
    """The most mails to take: 1 to 100, default 10."""


class Mail(Model):
    """A mail to send."""

    id: str
    """The mail's id, for `acknowledge_mail`."""
    kind: str
    """The kind of mail: `verify_email`, `reset_password`, `change_email`, `login`, `invitation`,
    `email_change_requested`, `email_changed`, `account_exists`, `password_changed`.
    """
    to: Annotated[str, Field(max_length=254, min_length=3)]
    """The recipient's address as it was given; its domain may be international."""
    locale: Annotated[str, Field(max_length=35, min_length=2)]
    """The language of the texts."""
    subject: str
    """The subject."""
    text: Annotated[str, Field(repr=False)]
    """The text."""
    html: Annotated[str, Field(repr=False)]
    """The text as HTML."""
    user_id: str
    """The recipient's user id."""
    created_at: int
    """When the mail was written."""
    expires_at: int
    """When the mail is no longer worth sending."""
    attempt: int
    """The number of this attempt, from 1."""
    code: Annotated[str | None, Field(repr=False)] = None
    """The code, if the mail has one."""
    from_: Annotated[str | None, Field(alias="from")] = None
    """The sender, if `mail.from` is configured."""
    link: Annotated[str | None, Field(repr=False)] = None
    """The link with the token, if `mail.links` has one for this kind."""
    message_id: str | None = None
    """The value of `Message-ID`, the same at every attempt, so that a mail sent twice is shown once."""
    token: Annotated[str | None, Field(repr=False)] = None
    """The token, if the mail has one."""


class TakeMailResponse(Model):
    """Mails to send."""

    mails: list[Mail]
    """The mails, the longest waiting first."""


class AcknowledgeMailRequest(Model, extra="forbid"):
    """Reports whether a mail that was taken was sent."""

    id: str
    """The mail's id."""
    delivered: bool
    """Whether the mail was sent. A mail that was not is due again later: after a minute, then after twice
    as long each time, up to six hours.
    """
    error: Annotated[str | None, Field(pattern="^[a-z0-9_.-]{1,64}$")] = None
    """Why the mail was not sent, in one word. The audit log keeps it, so it must not identify a person."""
    permanent: bool | None = None
    """Whether to give the mail up, because the address takes no mail."""


class AcknowledgeMailResponse(Model):
    """The result of the acknowledgement."""

    acknowledged: bool
    """Whether the mail was still in the outbox."""


class DeliverMailRequest(Model, extra="forbid"):
    """Sends the mails that are due."""

    limit: Annotated[int | None, Field(ge=1, le=1000)] = None
    """The most mails to send: 1 to 1000, default 100."""


class DeliverMailResponse(Model):
    """The outcome for the mails that were due."""

    delivered: Annotated[int, Field(ge=0)]
    """The number of mails that the server took."""
    deferred: Annotated[int, Field(ge=0)]
    """The number of mails that the server did not take now. They are due again later."""
    refused: Annotated[int, Field(ge=0)]
    """The number of mails that the server will never take. They are given up."""


class GenerateTotpSecretRequest(Model, extra="forbid"):
    """Makes a secret for an authenticator app."""


class GenerateTotpSecretResponse(Model):
    """A secret. The engine does not keep it."""

    secret: Annotated[str, Field(max_length=256, min_length=16, repr=False)]
    """160 random bits in base32."""


class TotpProvisioningUriRequest(Model, extra="forbid"):
    """Writes a secret as a URI and a QR code for an authenticator app."""

    secret: Annotated[str, Field(max_length=256, min_length=16, repr=False)]
    """The secret in base32."""
    email: Annotated[str, Field(max_length=254, min_length=1)]
    """The address of the account, or another name that the app shows for it."""


class Provisioning(Model):
    """An authenticator app's secret as a URI and as a picture."""

    otpauth_uri: Annotated[str, Field(repr=False)]
    """The URI that an authenticator app reads: `otpauth://totp/…`."""
    qr_svg: Annotated[str, Field(repr=False)]
    """The URI as a QR code: an `<svg>` element that can be put into a page as it is."""


class VerifyTotpRequest(Model, extra="forbid"):
    """Verifies a code by a secret."""

    secret: Annotated[str, Field(max_length=256, min_length=16, repr=False)]
    """The secret in base32."""
    code: Annotated[str, Field(repr=False)]
    """The code; spaces and hyphens are ignored."""


class VerifyTotpResponse(Model):
    """The verdict."""

    valid: bool
    """Whether the code is the present one, or one of `totp.skew_steps` steps before or after."""


class SetupTotpRequest(Model, extra="forbid"):
    """Sets up an authenticator app for an account. `user_id` or `challenge` names the account. With
    `user_id` the host must have authenticated its user just now, because the app shuts out all other
    users.
    """

    challenge: Annotated[str | None, Field(repr=False)] = None
    """The challenge of a login, if the account must have a second factor and has none. `complete_login`
    takes the app's code.
    """
    user_id: str | None = None
    """The user's id; or else give `challenge`."""


class SetupTotpResponse(Model):
    """The app's secret. The app is not a factor until `confirm_totp` or, by a challenge, `complete_login`."""

    secret: Annotated[str, Field(max_length=256, min_length=16, repr=False)]
    """The secret in base32, for users who cannot scan the picture."""
    otpauth_uri: Annotated[str, Field(repr=False)]
    """The URI that an authenticator app reads: `otpauth://totp/…`."""
    qr_svg: Annotated[str, Field(repr=False)]
    """The URI as a QR code: an `<svg>` element that can be put into a page as it is."""


class ConfirmTotpRequest(Model, extra="forbid"):
    """Activates an authenticator app."""

    user_id: str
    """The user's id."""
    code: Annotated[str, Field(repr=False)]
    """The code that the app shows. It is used up: the first login needs the next code."""
    actor: Annotated[str | None, Field(max_length=200, min_length=1)] = None
    """The name or id of the person who makes this call, as the host knows them, if it is not the user. The
    call's events record it.
    """
    client: Client | None = None
    """The client's connection, where known; failures on a known device are counted separately."""


class ConfirmTotpResponse(Model):
    """The app is active and every session has ended: log in again."""

    is_configured: bool
    """Always true."""
    recovery_codes: Annotated[list[str], Field(repr=False)]
    """Codes that open the account if the app is lost; each can be used once. They are shown only now.
    Empty if the account has codes already.
    """


class TotpStatusRequest(Model, extra="forbid"):
    """Tells whether an authenticator app is active."""

    user_id: str
    """The user's id."""


class TotpStatusResponse(Model):
    """The state of an authenticator app."""

    is_configured: bool
    """Whether a login requires the app's code. An app that is set up but not confirmed does not count."""


class DisableTotpRequest(Model, extra="forbid"):
    """Removes an authenticator app."""

    user_id: str
    """The user's id."""
    code: Annotated[str, Field(repr=False)]
    """A code of the app or, if it is lost, a recovery code. Ignored if no app is active."""
    actor: Annotated[str | None, Field(max_length=200, min_length=1)] = None
    """The name or id of the person who makes this call, as the host knows them, if it is not the user. The
    call's events record it.
    """
    client: Client | None = None
    """The client's connection, where known; failures on a known device are counted separately."""


class GenerateRecoveryCodesRequest(Model, extra="forbid"):
    """Replaces the recovery codes of an account: for its user, by a `token` whose session gave a second
    factor in the last fifteen minutes (`reauthenticate`); or by `user_id` and `reason`, for a
    privileged caller.
    """

    actor: Annotated[str | None, Field(max_length=200, min_length=1)] = None
    """The name or id of the person who makes this call, as the host knows them, if it is not the user. The
    call's events record it.
    """
    backend: str | None = None
    """The backend that `token` is for; default: `default`."""
    reason: Annotated[str | None, Field(max_length=200, min_length=1)] = None
    """With `user_id`: why, for the audit log."""
    token: Annotated[str | None, Field(repr=False)] = None
    """A live access token of the user."""
    user_id: str | None = None
    """The user's id, if a privileged caller acts without the user."""


class GenerateRecoveryCodesResponse(Model):
    """New recovery codes, shown only now. Every session has ended."""

    codes: Annotated[list[str], Field(repr=False)]
    """Ten codes; each can be used once."""


class RecoveryCodesStatusRequest(Model, extra="forbid"):
    """Counts the unused recovery codes of an account."""

    user_id: str
    """The user's id."""


class RecoveryCodesStatusResponse(Model):
    """The number of unused recovery codes."""

    remaining: int
    """The number of unused codes."""


class RemoveSecondFactorsRequest(Model, extra="forbid"):
    """Removes the second factors of an account without a proof of its user: a privileged act. Verify who
    asks by other means before.
    """

    user_id: str
    """The user's id."""
    reason: Annotated[str, Field(max_length=200, min_length=1)]
    """Why, for the audit log."""
    actor: Annotated[str | None, Field(max_length=200, min_length=1)] = None
    """The name or id of the person who makes this call, as the host knows them, if it is not the user. The
    call's events record it.
    """
    factors: list[FactorKind] | None = None
    """The factors to remove; default: all of them. The recovery codes go with the last other factor."""


class RemoveSecondFactorsResponse(Model):
    """What was removed. If that was anything, every session has ended."""

    totp: bool
    """Whether an authenticator app was removed."""
    passkeys: int
    """The number of passkeys that were removed."""
    recovery_codes: int
    """The number of recovery codes that were removed."""
    revoked_sessions: Annotated[int, Field(ge=0)]
    """The number of sessions that ended."""


class ListTrustedDevicesRequest(Model, extra="forbid"):
    """Lists the devices on which a user needs no second factor."""

    user_id: str
    """The user's id."""


class ListTrustedDevicesResponse(Model):
    """Trusted devices, the oldest first."""

    trusted_devices: list[TrustedDevice]
    """The devices."""


class RevokeTrustedDeviceRequest(Model, extra="forbid"):
    """Revokes the trust in a device of a user, or in all of them."""

    user_id: str
    """The user's id."""
    actor: Annotated[str | None, Field(max_length=200, min_length=1)] = None
    """The name or id of the person who makes this call, as the host knows them, if it is not the user. The
    call's events record it.
    """
    trusted_device_id: str | None = None
    """The device's id; default: every device of the user."""


class RevokeTrustedDeviceResponse(Model):
    """The next login on these devices needs a second factor. Sessions continue."""

    revoked: Annotated[int, Field(ge=0)]
    """The number of devices."""


class BeginPasskeyRegistrationRequest(Model, extra="forbid"):
    """Begins to register a passkey for an account: that of `token`, `user_id`, `challenge` or
    `invitation`. With `user_id` the host must have authenticated its user just now, because a passkey
    opens the account.
    """

    backend: str | None = None
    """The backend that `token` is for; default: `default`."""
    challenge: Annotated[str | None, Field(repr=False)] = None
    """The challenge of a login, if the account must have a second factor and has none. `complete_login`
    takes the answer as `webauthn_registration`.
    """
    conditional: bool | None = None
    """With `token`: whether the browser makes the passkey without asking its user (conditional creation).
    It needs an account that has a second factor, or `passkeys.second_factor` `never`. Default: false.
    """
    hints: list[PasskeyHint] | None = None
    """The kinds of authenticator that the page expects, the likeliest first."""
    invitation: Annotated[str | None, Field(repr=False)] = None
    """The mailed token of an invitation. `accept_invitation` then takes the answer as
    `webauthn_registration`.
    """
    keep_session: bool | None = None
    """With `token`: whether its session continues when the passkey is made. Default: false."""
    label: Annotated[str | None, Field(max_length=64, min_length=1)] = None
    """The user's name for the passkey: 1 to 64 characters; not with `challenge` and `invitation`."""
    token: Annotated[str | None, Field(repr=False)] = None
    """A live access token of the user. The user must have authenticated in the last 15 minutes, by a
    second factor if the account's logins need one (`reauthenticate`).
    """
    user_id: str | None = None
    """The user's id."""


class BeginPasskeyRegistrationResponse(Model):
    """A ceremony that begins; finish it within five minutes, or as long as `challenge` or `invitation` is
    valid.
    """

    challenge: Annotated[str, Field(repr=False)]
    """The challenge for `finish_passkey_registration`. A registration that succeeds spends it; another
    call of this operation replaces it. With `challenge` or `invitation` it is the same, for
    `complete_login` or `accept_invitation`.
    """
    options: Annotated[dict[str, Any], Field(repr=False)]
    """The options for `navigator.credentials.create`, as
    `PublicKeyCredential.parseCreationOptionsFromJSON` reads them.
    """
    mediation: str | None = None
    """With `conditional`: `conditional`, to be passed to `navigator.credentials.create` beside the
    options.
    """


class FinishPasskeyRegistrationRequest(Model, extra="forbid"):
    """Registers a passkey."""

    challenge: Annotated[str, Field(repr=False)]
    """The challenge of `begin_passkey_registration`."""
    response: Annotated[dict[str, Any], Field(repr=False)]
    """The answer of `navigator.credentials.create`: the credential's `toJSON()`."""
    actor: Annotated[str | None, Field(max_length=200, min_length=1)] = None
    """The name or id of the person who makes this call, as the host knows them, if it is not the user. The
    call's events record it.
    """


class FinishPasskeyRegistrationResponse(Model):
    """The passkey was registered. Every session has ended, except that of the token with `keep_session`."""

    credential: Passkey
    """The passkey."""
    recovery_codes: Annotated[list[str], Field(repr=False)]
    """Codes that replace a lost second factor; each can be used once. They are shown only now. Empty if
    the account has codes already.
    """


class BeginPasskeyLoginRequest(Model, extra="forbid"):
    """Begins a login by passkey."""

    backend: str | None = None
    """The backend that the session's tokens are for; default: `default`."""
    conditional: bool | None = None
    """Whether the passkeys are offered in a form as the page opens (autofill), so that the ceremony has an
    hour; not with `username`. The answer is taken by `finish_passkey_login` only. Default: false.
    """
    hints: list[PasskeyHint] | None = None
    """The kinds of authenticator that the page expects, the likeliest first."""
    organization_id: str | None = None
    """The organization that the session is in, as in `login`."""
    scope: Annotated[str | None, Field(max_length=1024, min_length=1)] = None
    """The scopes of the access token, as in `login`."""
    username: str | None = None
    """The username or the e-mail address. Without it the authenticator offers the accounts that it knows."""


class BeginPasskeyLoginResponse(Model):
    """A ceremony that begins; finish it within five minutes, or an hour with `conditional`."""

    challenge: Annotated[str, Field(repr=False)]
    """The challenge for `finish_passkey_login`. A login that succeeds spends it."""
    options: Annotated[dict[str, Any], Field(repr=False)]
    """The options for `navigator.credentials.get`, as `PublicKeyCredential.parseRequestOptionsFromJSON`
    reads them.
    """
    mediation: str | None = None
    """With `conditional`: `conditional`, to be passed to `navigator.credentials.get` beside the options."""


class FinishPasskeyLoginRequest(Model, extra="forbid"):
    """Logs in by a passkey alone."""

    challenge: Annotated[str, Field(repr=False)]
    """The challenge of `begin_passkey_login`."""
    response: Annotated[dict[str, Any], Field(repr=False)]
    """The answer of `navigator.credentials.get`: the credential's `toJSON()`."""
    claims: dict[str, Any] | None = None
    """The host's own claims in the session's access tokens: at most 4 KiB of JSON. Claims of the engine
    are refused.
    """
    client: Client | None = None
    """The client's connection, where known."""
    label: Annotated[str | None, Field(max_length=100, min_length=1)] = None
    """A label for the session in the user's list, such as the name of the device."""
    lifetime: SessionLifetime | None = None
    """A shorter life of the session than the configuration gives it."""


class ListPasskeysRequest(Model, extra="forbid"):
    """Lists the passkeys of an account."""

    user_id: str
    """The user's id."""


class ListPasskeysResponse(Model):
    """Passkeys, the oldest first."""

    passkeys: list[Passkey]
    """The passkeys."""


class UpdatePasskeyRequest(Model, extra="forbid"):
    """Gives a passkey another name."""

    user_id: str
    """The user's id."""
    credential_id: str
    """The credential's id."""
    label: Annotated[str, Field(max_length=64, min_length=1)]
    """The user's name for the passkey: 1 to 64 characters."""
    actor: Annotated[str | None, Field(max_length=200, min_length=1)] = None
    """The name or id of the person who makes this call, as the host knows them, if it is not the user. The
    call's events record it.
    """


class UpdatePasskeyResponse(Model):
    """The passkey with its new name."""

    credential: Passkey
    """The passkey."""


class PasskeySignalsRequest(Model, extra="forbid"):
    """Asks what the page tells the authenticator of the user who is logged in, so that it forgets passkeys
    that are gone: after a login, or a change of the account.
    """

    user_id: str
    """The user's id."""


class PasskeySignalsResponse(Model):
    """The arguments for the methods of `PublicKeyCredential`."""

    all_accepted_credentials: dict[str, Any]
    """For `signalAllAcceptedCredentials`."""
    current_user_details: dict[str, Any]
    """For `signalCurrentUserDetails`."""


class RelatedOriginsRequest(Model, extra="forbid"):
    """Asks for the origins that may use the passkeys."""


class RelatedOriginsResponse(Model):
    """The document for `https://<rp_id>/.well-known/webauthn`."""

    origins: list[str]
    """The origins of web pages in `passkeys.origins`."""


class RemovePasskeyRequest(Model, extra="forbid"):
    """Removes a passkey. The host must have authenticated its user just now."""

    user_id: str
    """The user's id."""
    credential_id: str
    """The credential's id."""
    actor: Annotated[str | None, Field(max_length=200, min_length=1)] = None
    """The name or id of the person who makes this call, as the host knows them, if it is not the user. The
    call's events record it.
    """


class RemovePasskeyResponse(Model):
    """The passkey is gone. If it existed, every session has ended."""

    removed: bool
    """Whether the account had the passkey."""


class EventsRequest(Model, extra="forbid"):
    """Reads the audit log."""

    actor: Annotated[str | None, Field(max_length=200, min_length=1)] = None
    """Only what this actor did."""
    after: str | None = None
    """Only events after the one with this id, in the order asked for: `next` of the previous page, or
    `resume` of an earlier answer. If that event was purged, all events that remain come after it.
    """
    ip: str | None = None
    """Only events of this IP address, as the host gave it."""
    kind: EventKind | None = None
    """Only events of this kind."""
    limit: Annotated[int | None, Field(ge=1, le=1000)] = None
    """The most to return: 1 to 1000, default 100."""
    order: EventOrder | None = None
    """The order: `written` (default), in which an event comes after all events that were written before
    it, by any clock; `oldest` or `newest` first, by time.
    """
    since: int | None = None
    """Only events at this time or later, in Unix seconds."""
    until: int | None = None
    """Only events at this time or earlier, in Unix seconds."""
    user_id: str | None = None
    """Only events that concern this account, which may be deleted."""


class EventsResponse(Model):
    """A page of the audit log."""

    events: list[Event]
    """The events."""
    next: str | None = None
    """The id to give as `after` for the next page; absent if there is none."""
    resume: str | None = None
    """How far the log was read in the order `written`. Given as `after`, it returns exactly the events
    written later. Absent if the log is empty.
    """


class VerifyEventsRequest(Model, extra="forbid"):
    """Verifies the chain over the audit log: no event was changed, removed or added."""

    head: Annotated[str | None, Field(pattern="^[0-9]+:[A-Za-z0-9_-]{43}$")] = None
    """A head that an earlier call returned and that the host kept elsewhere. The log up to it must be
    unchanged. This shows a change even if its author has the secret key.
    """


class ChainProblem(Model):
    """A problem at one place of the log."""

    reason: str
    """The problem: `changed` (the event differs from what was written), `missing` (the event disappeared
    before its time), `added` (the event does not belong to the chain), `broken` (earlier events were
    removed or moved), `unlisted` (the event has no place in the log, so readers that follow the log do
    not see it), `head` (the chain does not end where the sealed head says: its end or the head was
    removed, the head is an older one, or another secret key sealed it; no further events are linked),
    `other_head` (the head in the request belongs neither to this chain nor to a part that was purged),
    `no_chain` (the log has no chain).
    """
    event_id: str | None = None
    """The event's id."""
    position: int | None = None
    """The event's place in the log."""


class VerifyEventsResponse(Model):
    """The result of the verification."""

    intact: bool
    """Whether the log is as it was written."""
    events: Annotated[int, Field(ge=0)]
    """The number of verified events."""
    problems: list[ChainProblem]
    """The problems, at most a hundred."""
    head: Annotated[str | None, Field(pattern="^[0-9]+:[A-Za-z0-9_-]{43}$")] = None
    """The head of the chain, if there is a chain: keep it elsewhere."""
    since: int | None = None
    """When the first verified event happened."""


class StatsRequest(Model, extra="forbid"):
    """Returns figures since the engine was opened."""

    store: bool | None = None
    """Whether to include the store's figures, which takes a few reads; default: false."""


class HashQueueStats(Model):
    """The queue for password hashes, now."""

    slots: Annotated[int, Field(ge=0)]
    """The number of hashes that may run at once."""
    busy: Annotated[int, Field(ge=0)]
    """The number of hashes that run."""
    waiting: Annotated[int, Field(ge=0)]
    """The number of callers that wait."""


class LatencyBucket(Model):
    """The calls of about one duration. Each bucket reaches twice as far as the previous one."""

    count: Annotated[int, Field(ge=0)]
    """The number of calls."""
    up_to_seconds: float | None = None
    """The longest duration in this bucket; absent for the last one."""


class Latency(Model):
    """The durations of calls."""

    count: Annotated[int, Field(ge=0)]
    """The number of timed calls: all of them, but about one in 16 for `verify`."""
    sum_seconds: float
    """The sum of the durations."""
    buckets: list[LatencyBucket]
    """A histogram."""


class OperationOutcome(Model):
    """The number of calls with one outcome."""

    status: str
    """The name of the status."""
    count: Annotated[int, Field(ge=0)]
    """The number of calls."""


class OperationStats(Model):
    """The figures of one operation."""

    operation: str
    """The operation's name."""
    outcomes: list[OperationOutcome]
    """The outcomes of its calls."""
    latency: Latency
    """The durations of its calls."""


class StoreStats(Model):
    """The figures of a store."""

    active_accounts: int
    """The number of accounts that may log in."""
    disabled_accounts: int
    """The number of accounts that may not log in."""
    sessions: int
    """The number of live sessions: neither revoked nor expired, nor those in which a person may no longer
    act as the user.
    """
    events: int
    """The number of events in the audit log."""
    mails: int
    """The number of mails that wait to be sent."""
    keys: int
    """The number of signing keys, with those that only verify."""
    bytes: Annotated[int, Field(ge=0)]
    """The size of the SQLite file, or of the tables on the server with their indexes."""
    estimated: list[str]
    """The counts that a PostgreSQL server estimates: those above 100,000. The others are exact."""
    free_bytes: Annotated[int | None, Field(ge=0)] = None
    """The free space on the disk of the SQLite file."""
    log_bytes: Annotated[int | None, Field(ge=0)] = None
    """The length of the SQLite file's write-ahead log."""
    oldest_mail_at: int | None = None
    """When the oldest waiting mail was written."""


class StatsResponse(Model):
    """The figures of this engine since it was opened."""

    operations: list[OperationStats]
    """The operations that were called, in the order of the reference."""
    hash_queue: HashQueueStats
    """The queue for password hashes."""
    prometheus: str
    """All figures in the text format of Prometheus: answer a scraper with it, as `text/plain;
    version=0.0.4`.
    """
    store: StoreStats | None = None
    """The store's figures, if they were asked for: the same for every engine on the store."""


class DoctorRequest(Model, extra="forbid"):
    """Checks the running configuration on this machine."""

    integrity: bool | None = None
    """Whether to check every page, row and index of a SQLite file, however long that takes. Default: check
    for two seconds.
    """


class Finding(Model):
    """A finding."""

    severity: FindingSeverity
    """`problem`: change it; `advice`: think about it; `ok`."""
    check: str
    """The name of the check."""
    message: str
    """The finding and what to do about it, for people."""
    field: str | None = None
    """The key of the configuration to change, as a JSON pointer."""


class DoctorResponse(Model):
    """The result of the checks."""

    findings: list[Finding]
    """The findings, always in the same order."""
    version: str
    """The version of the library."""
    hash_milliseconds: float | None = None
    """How long a password hash takes on this machine; absent if none could be made."""


class MaintainRequest(Model, extra="forbid"):
    """Purges expired data. Ordinary writes do a little of it; a scheduled job that calls this operation
    does the rest.
    """

    budget_ms: Annotated[int | None, Field(ge=1, le=60000)] = None
    """The time to spend, in milliseconds: 1 to 60000, default 1000. The engine finishes the batch that
    runs when the time is up.
    """


class PurgedRows(Model):
    """The number of purged rows by kind."""

    sessions: Annotated[int, Field(ge=0)]
    """Sessions that ended a day ago or more."""
    throttles: Annotated[int, Field(ge=0)]
    """Counts of failed attempts."""
    one_time_secrets: Annotated[int, Field(ge=0)]
    """One-time secrets that expired unused."""
    spent_challenges: Annotated[int, Field(ge=0)]
    """Used challenges of logins by passkey."""
    known_devices: Annotated[int, Field(ge=0)]
    """Devices without a login for a long time."""
    mails: Annotated[int, Field(ge=0)]
    """Mails that could not be sent in time."""
    trusted_devices: Annotated[int, Field(ge=0)]
    """Trusted devices that have expired."""
    api_keys: Annotated[int, Field(ge=0)]
    """API keys that expired a day ago or more."""
    keys: Annotated[int, Field(ge=0)]
    """Signing keys that no longer verify anything."""
    revoked_tokens: Annotated[int, Field(ge=0)]
    """Revoked tokens that have expired."""
    waiting_accounts: Annotated[int, Field(ge=0)]
    """Accounts of invitations and of logins by mail that waited for their owner in vain."""
    invitations: Annotated[int, Field(ge=0)]
    """Invitations to organizations that have expired."""
    events: Annotated[int, Field(ge=0)]
    """Events older than `audit.retention_days` of the store."""


class MaintainResponse(Model):
    """The result of a purge."""

    purged: PurgedRows
    """The number of purged rows by kind."""
    complete: bool
    """Whether nothing is left; if false, call again."""


class BackupRequest(Model, extra="forbid"):
    """Copies the store into a file, while it is in use."""

    path: str
    """The path of the file to make, with mode 0600. No file may have this name."""
    verify: bool | None = None
    """Whether to verify the copy before it gets its name: every page, row and index, and that the secret
    key opens it. This takes about as long as the copy. Default: false.
    """


class VerifiedBackup(Model):
    """The contents of a copy."""

    users: int
    """The number of accounts."""
    sessions: int
    """The number of live sessions."""
    events: int
    """The number of events in the audit log."""


class BackupResponse(Model):
    """A copy on the disk."""

    bytes: Annotated[int, Field(ge=0)]
    """The length of the file."""
    verified: VerifiedBackup | None = None
    """The contents of the copy, if it was verified."""


UpdateUserResponse = UserResponse
MergeAttributesResponse = UserResponse
SetPasswordResponse = UserResponse
CompleteLoginResponse = LoginResponse
ImpersonateResponse = LoginResponse
RevokeSessionResponse = RevokedResponse
RevokeUserSessionsResponse = RevokedResponse
RevokeAllSessionsResponse = RevokedResponse
CreateServiceAccountResponse = UserResponse
CreateOrganizationResponse = OrganizationResponse
GetOrganizationResponse = OrganizationResponse
UpdateOrganizationResponse = OrganizationResponse
AddMemberResponse = MemberResponse
UpdateMemberResponse = MemberResponse
RequestEmailVerificationResponse = SentResponse
RequestPasswordResetResponse = SentResponse
ResetPasswordResponse = UserResponse
LoginWithMailTokenResponse = LoginResponse
VerifyEmailResponse = UserResponse
TotpProvisioningUriResponse = Provisioning
DisableTotpResponse = TotpStatusResponse
FinishPasskeyLoginResponse = LoginResponse
