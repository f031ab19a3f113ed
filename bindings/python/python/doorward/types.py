"""The configuration and the claims of a token, as dictionaries.

Written by `make header` from the description of the library: do not edit.
"""

from __future__ import annotations

from typing import Any, Literal

from typing_extensions import Required, TypedDict


class AuditConfig(TypedDict, total=False):
    """The audit log."""

    chain: bool | None
    """Whether the log is chained, so that `verify_events` reveals changed and removed events. Default: the
    store's; for a new store false.
    """
    retention_days: int | None
    """How long an event is kept. Default: the store's; for a new store 400. From 1 to 36500."""


class BackendConfig(TypedDict, total=False):
    """A named backend. What is absent is as in the store; the defaults are those of a new store."""

    access_token_seconds: int | None
    """The lifetime of an access token. Default: as in `default`. From 1 to 2592000."""
    allow_weak_secret: bool
    """Whether to accept a `secret` of fewer than 32 bytes, which can be guessed from any token."""
    audience: str | list[str] | None
    """The `aud` of its tokens. Default: the first audience, a colon and the backend's name."""
    refresh: bool | None
    """Whether its sessions can be refreshed; otherwise they end with their access token. Default: true."""
    refresh_token_seconds: int | None
    """The lifetime of an unused refresh token. Default: as in `default`. From 1 to 31536000."""
    secret: str | None
    """Makes it a compatibility backend: HS256 with this secret, `typ` JWT, no `kid`, `iss` not needed."""
    signing_algorithm: Literal["HS256", "ES256", "EdDSA", "RS256", "PS256"] | None
    """How its access tokens are signed. Default: as in `default`."""
    subject_claim: Literal["sub", "user_id"] | None
    """The claim that names the account. Default: `sub`."""


class IdTokenProviderConfigAutoRegister(TypedDict, total=False):
    """An object of the configuration."""

    roles: Required[list[str]]


class UserinfoConfig(TypedDict, total=False):
    """Where the response of a provider without ID tokens has what is needed."""

    subject: Required[str]
    """The user's id, a text or an integer. The provider must never give it to another user: a name that
    can be changed is not fit for it.
    """
    email: str | None
    """The address."""
    email_verified: str | None
    """Whether the address is verified. Default: it is not."""
    emails_endpoint: str | None
    """The URL of a list of addresses, each with `email`, `primary` and `verified`, as GitHub has it. The
    primary one is taken instead of `email`.
    """
    username: str | None
    """The user's name."""


class IdTokenProviderConfig(TypedDict, total=False):
    """A provider by which users log in, and how far it is trusted."""

    client_id: Required[str | list[str]]
    """The client id of this service at the provider: a text, or a list if several programs have ids. Every
    member of `aud`, and `azp`, must be in it.
    """
    algorithms: list[Literal["RS256", "PS256", "ES256", "EdDSA"]]
    """The algorithms with which the provider signs: others are refused even if a key supports them.
    Default: RS256.
    """
    authorization_endpoint: str | None
    """Where the user logs in (RFC 6749 section 3.1). Give it together with `token_endpoint`. Default: as
    the provider's metadata says.
    """
    auto_register: bool | IdTokenProviderConfigAutoRegister
    """Whether an unknown user gets an account: `true` with `registration.default_roles`, or with these
    `roles`.
    """
    ca_file: str | None
    """A file with the certificates (PEM) of the authorities that may vouch for the provider's hosts; read
    when the engine opens. Default: the public authorities.
    """
    client_auth: (
        Literal["client_secret_basic", "client_secret_post", "private_key_jwt", "signed_secret", "none"]
        | None
    )
    """How this service authenticates itself to the provider. Default: `client_secret_basic` with a secret,
    `private_key_jwt` with a key, `none` without either.
    """
    client_key: str | None
    """Or the private key of this service (PKCS #8 in PEM): P-256, Ed25519 or RSA. The provider knows its
    public half.
    """
    client_key_id: str | None
    """The name of `client_key` at the provider: the `kid` of what it signs."""
    client_key_issuer: str | None
    """With `signed_secret`: the `iss` of the secret, Apple's id of the team."""
    client_secret: str | None
    """The secret of this service at the provider, for `begin_provider_login`."""
    email_verified_claim: str | None
    """The claim of ID tokens and of `userinfo_endpoint` that says that the address is verified. Default:
    `email_verified`.
    """
    exchange: Literal["engine", "host"]
    """The sender of the requests to the provider."""
    issuer: str | None
    """The `iss` of its tokens, exactly. `{tenantid}` in it, as Microsoft Entra writes it for applications
    of many tenants, stands for the token's `tid`. Required without `preset`.
    """
    jwks: dict[str, Any] | None
    """The provider's public keys, a JWK Set (RFC 7517)."""
    jwks_uri: str | None
    """Or their URL: https; http only for a loopback host. The keys are fetched when they are needed,
    cached, and fetched again every ten minutes; for an unknown key at most every ten seconds. Default:
    as the provider's metadata says, which are found below the issuer (OpenID Connect Discovery).
    """
    link_verified_email: bool
    """Whether to trust this provider that an address is verified: its token then opens the account that
    has verified the same address, and takes over an account that never did. Only for a provider that
    verifies addresses itself.
    """
    preset: Literal["apple", "github", "gitlab", "google", "keycloak", "microsoft"] | None
    """A known provider, for what is not given here: its issuer, and where and how it is asked. The
    endpoints of the known provider are not used for another `issuer`.
    """
    requires_iss: bool | None
    """Whether the provider names itself in each response (`iss`, RFC 9207), so that a response without
    `iss` is refused. Default: as the provider's metadata says; `false` if `authorization_endpoint` is
    given.
    """
    response_mode: Literal["query", "form_post"] | None
    """How the provider sends the browser back. Default: with a query."""
    scope: str | None
    """What the user is asked to permit, separated by spaces. Default: `openid email profile`."""
    tenants: list[str] | None
    """The tenants that may log in users, for an issuer with `{tenantid}`. Default: all."""
    timeout_ms: int
    """The time limit for all exchanges of one call with the provider together. From 1 to 60000. Default:
    5000.
    """
    token_endpoint: str | None
    """Where codes are exchanged (RFC 6749 section 3.2)."""
    userinfo: UserinfoConfig | None
    """For a provider without ID tokens (OAuth 2.0 only): where the response of `userinfo_endpoint` has
    what is needed.
    """
    userinfo_endpoint: str | None
    """Where data about the user is read: if the ID token has no address, and for a provider without ID
    tokens. Default: as the provider's metadata says; none if `authorization_endpoint` is given.
    """


class ImpersonationConfig(TypedDict, total=False):
    """Acting as another user: `impersonate`."""

    roles: Required[list[str]]
    """The roles that allow a person to act as another user. At least one."""
    protected_roles: list[str]
    """No person acts as a user with one of these roles, with `admin`, or with a role that allows acting."""


class BasicCredentials(TypedDict, total=False):
    """Name and password at the service (RFC 7617)."""

    username: Required[str]
    """The name, without a colon."""
    password: Required[str]
    """The password."""


class IntrospectionServiceConfig(TypedDict, total=False):
    """Another service that validates tokens (RFC 7662), and how to ask it."""

    url: Required[str]
    """The URL of its endpoint: https; http only for a loopback host."""
    basic: BasicCredentials | None
    """Or a name and password for the same (RFC 7617)."""
    bearer: str | None
    """The access token with which the engine authenticates itself to the service (RFC 6750)."""
    ca_file: str | None
    """A file with the certificates (PEM) of the authorities that may vouch for the service; read when the
    engine opens. Default: the public authorities.
    """
    timeout_ms: int
    """The time limit of the whole exchange. From 1 to 60000. Default: 5000."""


class LimitsConfig(TypedDict, total=False):
    """Limits of memory and time."""

    request_bytes: int
    """The maximum size of a request. From 1024 to 67108864. Default: 1048576."""
    store_connections: int
    """The number of connections to the store; with SQLite, the number of readers. From 1 to 256. Default:
    4.
    """
    store_timeout_ms: int
    """How long an operation waits for the store. From 1 to 600000. Default: 5000."""
    verified_tokens: int
    """How many tokens that `verify` accepted are remembered, so that it need not verify their signatures
    again: 64 bytes of memory for each. 0: none. From 0 to 1048576. Default: 4096.
    """


class MailLinks(TypedDict, total=False):
    """The pages that users open from mails: URLs of the host, each with `{token}` once."""

    change_email: str | None
    """The page that calls `verify_email` for a new address."""
    invitation: str | None
    """The page that calls `accept_invitation`."""
    login: str | None
    """The page that calls `login_with_mail_token`. Without it, a mail that logs in has the code alone."""
    reset_password: str | None
    """The page that calls `reset_password`."""
    verify_email: str | None
    """The page that calls `verify_email`."""


class MailConfigNotices(TypedDict, total=False):
    """Whether each kind of notice is written. Default: all of them."""

    account_changed: bool
    account_deleted: bool
    account_exists: bool
    account_locked: bool
    api_key_created: bool
    api_key_widened: bool
    change_email: bool
    device_trusted: bool
    email_change_requested: bool
    email_changed: bool
    identity_linked: bool
    impersonated: bool
    invitation: bool
    login: bool
    member_added: bool
    member_invitation: bool
    member_removed: bool
    new_device: bool
    password_changed: bool
    recovery_code_used: bool
    recovery_codes_generated: bool
    reset_password: bool
    second_factor_added: bool
    second_factor_removed: bool
    verify_email: bool


class SmtpConfig(TypedDict, total=False):
    """A mail server (RFC 5321, RFC 6409)."""

    host: Required[str]
    """The server's name or address."""
    allow_plaintext: bool
    """Whether to allow `none` for a host that is not this machine."""
    ca_file: str | None
    """A file with the certificates (PEM) of the authorities to trust, instead of the public ones."""
    hello: str | None
    """The name that this client gives (`EHLO`): a domain, or an address in brackets. Some servers require
    the name that its address has in DNS. Default: the domain of `from`.
    """
    password: str | None
    """The password to log in with."""
    port: int | None
    """The server's port. Default: 465, with `starttls` 587, with `none` 25. From 1 to 65535."""
    timeout_ms: int
    """The time limit for each step of the conversation. From 100 to 60000. Default: 10000."""
    tls: Literal["implicit", "starttls", "none"]
    """The encryption of the connection."""
    username: str | None
    """The name to log in with."""


class MailTemplate(TypedDict, total=False):
    """The text of one kind of mail in one language. Placeholders: `{service}`, `{username}`; for a mail
    with a token also `{token}` and `{link}`, which is the token itself if no link is configured; for
    `login` also `{code}`, for `member_invitation`, `member_added` and `member_removed` also
    `{organization}`.
    """

    subject: Required[str]
    """The subject, on one line."""
    text: Required[str]
    """The text. Paragraphs are separated by empty lines."""
    html: str | None
    """The HTML; values are escaped. Default: the paragraphs of the text."""
    text_without_link: str | None
    """The text if no link is configured for this kind; it contains the token. Default: `text`."""


class MailConfigTemplates(TypedDict, total=False):
    """The host's own texts: by kind of mail, then by language."""

    account_changed: dict[str, MailTemplate | None]
    account_deleted: dict[str, MailTemplate | None]
    account_exists: dict[str, MailTemplate | None]
    account_locked: dict[str, MailTemplate | None]
    api_key_created: dict[str, MailTemplate | None]
    api_key_widened: dict[str, MailTemplate | None]
    change_email: dict[str, MailTemplate | None]
    device_trusted: dict[str, MailTemplate | None]
    email_change_requested: dict[str, MailTemplate | None]
    email_changed: dict[str, MailTemplate | None]
    identity_linked: dict[str, MailTemplate | None]
    impersonated: dict[str, MailTemplate | None]
    invitation: dict[str, MailTemplate | None]
    login: dict[str, MailTemplate | None]
    member_added: dict[str, MailTemplate | None]
    member_invitation: dict[str, MailTemplate | None]
    member_removed: dict[str, MailTemplate | None]
    new_device: dict[str, MailTemplate | None]
    password_changed: dict[str, MailTemplate | None]
    recovery_code_used: dict[str, MailTemplate | None]
    recovery_codes_generated: dict[str, MailTemplate | None]
    reset_password: dict[str, MailTemplate | None]
    second_factor_added: dict[str, MailTemplate | None]
    second_factor_removed: dict[str, MailTemplate | None]
    verify_email: dict[str, MailTemplate | None]


MailConfig = TypedDict(
    "MailConfig",
    {
        "click_verifies": bool,
        "delivery": Literal["manual", "background"],
        "from": str | None,
        "links": MailLinks,
        "locale": str | None,
        "notices": MailConfigNotices,
        "smtp": SmtpConfig | None,
        "templates": MailConfigTemplates,
    },
    total=False,
)
"""Mails to users. By default they wait for the host to take them."""


class MailedLoginConfig(TypedDict, total=False):
    """Logins by a mailed code or link, to accounts whose address is verified."""

    create: bool
    """Whether such a login may create an account without a password, for an address that no account has
    verified (`create` of `request_login_code`).
    """


class PasskeysConfig(TypedDict, total=False):
    """The relying party of WebAuthn."""

    rp_id: Required[str]
    """The domain of the passkeys: that of the pages or a parent of it, such as `example.com`. Passkeys
    work only for the domain that they were made for, so it cannot change.
    """
    rp_name: Required[str]
    """The service's name in authenticators."""
    origins: Required[list[str]]
    """The origins of the pages, as browsers write them: `https://login.example.com`;
    `http://localhost:8000` during development; `android:apk-key-hash:…` for an app. At least one.
    """
    authenticator_names: dict[str, str | None]
    """Names of models of authenticators, by their AAGUID, for `list_passkeys`: a public list, or one of
    your own.
    """
    login_name: Literal["username", "email"]
    """The kind of name that the page asks for, if it asks for one. For this kind `begin_passkey_login`
    returns the account's passkeys. For the other kind it answers as for an unknown name, because the
    same passkeys for both would reveal which address belongs to which name.
    """
    second_factor: Literal["always", "never"] | None
    """Whether an account with a passkey needs a second factor beside its password. Default: as in the
    store; `always` in a new one.
    """


class PasswordConfig(TypedDict, total=False):
    """Cost of the password hash (Argon2id, RFC 9106) and the policy for new passwords."""

    blocklist: bool
    """Whether common passwords, sequences, repetitions and the account's own name are refused. Default:
    true.
    """
    breached: str | None
    """A file of passwords that leaked, made by `doorward breached build`: none of them may be chosen. It
    is opened with the engine. Default: none.
    """
    breached_login: Literal["ignore", "record", "change"]
    """What a login does by a password that is in that file."""
    context_words: list[str]
    """Words that an attacker would try first, such as names of the service, at most 100: no password may
    be little more than one of them. The account's names and the issuer are such words in any case.
    """
    history: int | None
    """How many passwords of an account, the present one included, its user may not choose again. Their
    hashes are kept, and each is one more hash for every new password. Default: the store's; for a new
    store 0. From 0 to 24.
    """
    iterations: int
    """The number of passes over that memory. From 1 to 64. Default: 2."""
    max_age_days: int | None
    """After how many days a login by password requires a new one; 0: never. Default: the store's; for a
    new store 0. From 0 to 3650.
    """
    max_bytes: int
    """The maximum length of a password, in bytes of UTF-8; a longer one is refused, never truncated. From
    64 to 4096. Default: 1024.
    """
    max_concurrent: int | None
    """How many hashes run at once in the process; each takes `memory_kib`. Engines of one process share
    these places, as many as the largest request among them. Default: the number of processors. From 1
    to 1024.
    """
    max_queued: int
    """How many more callers may wait; further ones get `hash_queue_full`. From 0 to 100000. Default: 256."""
    memory_kib: int
    """The memory of one hash in KiB. From 8 to 4194304. Default: 19456."""
    min_length: int
    """The minimum length of a new password, in code points. From 8 to 128. Default: 8."""
    parallelism: int
    """The number of lanes. From 1 to 64. Default: 1."""
    pepper: bool | None
    """Whether password hashes are sealed under the secret key, so that a copy of the store alone does not
    allow guessing. After a change, each hash follows at the next login. Default: the store's; for a new
    store false.
    """
    temporary_seconds: int
    """The lifetime of a temporary password (`set_password`), within which the user has to replace it. From
    60 to 31536000. Default: 604800.
    """


class RegistrationConfig(TypedDict, total=False):
    """Rules of `register`."""

    conceal_existing: bool
    """Whether to answer alike whether or not an e-mail address has an account. An address then belongs to
    an account, for logins and look-ups, only once it is verified.
    """
    default_roles: list[str]
    """The roles of an account that is registered without any."""
    require_email: bool
    """Whether an account needs an e-mail address. Default: true."""


class RequestsConfigExclude(TypedDict, total=False):
    """An object of the configuration."""

    exact: str
    glob: str
    prefix: str
    regex: str


class RequestsConfig(TypedDict, total=False):
    """The rules of `authenticate_request`."""

    connections: list[str]
    """The kinds of connection that may send requests; any other is refused for every path. Default:
    `http`, `websocket`.
    """
    cookie: str | None
    """The cookie that holds the token, if neither the host nor the header gives one. Default: none."""
    exclude: list[str | RequestsConfigExclude]
    """The paths that need no authentication. A text is an exact path or, with `*` (within a segment) or
    `**` (across segments), a glob; `{"exact": …}`, `{"prefix": …}`, `{"glob": …}` and `{"regex": …}`
    state the kind. All match the whole path; a pattern that matches every path is refused.
    """
    exclude_http_methods: list[str]
    """The methods that need no authentication, in any case; `GET` does not imply `HEAD`. Default:
    `OPTIONS`.
    """
    header: str
    """The header from which the host reads `authorization`. Default: `authorization`."""
    origins: list[str] | None
    """The origins whose pages may send the cookie (RFC 6454), if a request names its page's `origin`.
    Default: only that of `host`.
    """


class ThrottleConfig(TypedDict, total=False):
    """Failed logins: how many lock an account or a source, within which time, and for how long."""

    account_failures: int
    """Failures for one account before it is locked. From 1 to 100. Default: 10."""
    lock_max_seconds: int
    """The longest lock. From 1 to 86400. Default: 3600."""
    lock_seconds: int
    """The first lock; each further failure doubles it. From 1 to 86400. Default: 60."""
    source_failures: int
    """Failures from one IP address (IPv6: one /64) before it is locked, except for known devices.
    Registrations and requests for mails from one address are limited to the same number, and so are
    unknown API keys, in each process. From 1 to 1000000. Default: 100.
    """
    window_seconds: int
    """The time after which failures are forgotten. From 1 to 86400. Default: 900."""


class TotpConfig(TypedDict, total=False):
    """Codes of an authenticator app (RFC 6238). An app keeps the digits and the period with which it was
    set up.
    """

    digits: int
    """The number of digits of a code. From 6 to 8. Default: 6."""
    issuer: str | None
    """The service's name in the app. Default: `issuer`, without its scheme if it is a URL."""
    period_seconds: int
    """How long a code is shown. From 15 to 300. Default: 30."""
    skew_steps: int
    """How many codes before and after the current one are accepted: clocks differ, and people need time to
    type. From 0 to 10. Default: 1.
    """


class TrustedDevicesConfig(TypedDict, total=False):
    """Devices that users trust when they give a second factor (`trust_device` of `complete_login`)."""

    except_roles: list[str]
    """Users with one of these roles give a second factor at every login."""
    lifetime_seconds: int
    """How long a device is trusted. From 60 to 7776000. Default: 2592000."""


class Config(TypedDict, total=False):
    """The configuration of an engine."""

    access_token_seconds: int | None
    """The lifetime of an access token. Default: the store's; for a new store 900. From 1 to 2592000."""
    audience: str | list[str] | None
    """The `aud` of every token: a text or a list. Default: the store's; for a new store `doorward`."""
    audit: AuditConfig
    """The audit log: `events`."""
    backends: dict[str, BackendConfig | None] | None
    """Named backends besides `default`, which the keys above describe: a token of one backend is never
    accepted by another. A name is 1 to 64 ASCII letters, digits, `-` and `_`. Default: the store's
    backends.
    """
    change_settings: bool
    """Whether this configuration may change the store's settings (`issuer`, `audience`,
    `signing_algorithm`, the lifetimes, `max_sessions_per_user`, `backends`, `password.pepper`,
    `audit`). Set it for one deployment. Without it, a configuration that differs from the store is
    refused.
    """
    create: bool | None
    """Whether opening creates a missing store. Default: yes, unless the key file exists, which means that
    there was a store and it is lost.
    """
    id_token_providers: dict[str, IdTokenProviderConfig | None]
    """The providers by which users log in (`begin_provider_login`, `login_with_id_token`), by names that
    the host chooses. Default: none.
    """
    impersonation: ImpersonationConfig | None
    """The roles that may act as another user (`impersonate`). Default: none."""
    introspection_service: IntrospectionServiceConfig | None
    """Another service that `introspect_remote` asks about tokens (RFC 7662). Default: none."""
    issuer: str | None
    """The `iss` of every token. Default: the store's; for a new store `doorward`."""
    leeway_seconds: int
    """How far the clock of another machine may deviate that made `iat`, `nbf` and `exp`. From 0 to 600.
    Default: 30.
    """
    limits: LimitsConfig
    """Limits of memory and time."""
    mail: MailConfig
    """Mails to users."""
    mailed_login: MailedLoginConfig | None
    """Logins by a mailed code or link. Default: none. The reader of a user's mails can then log in as the
    user, as far as no second factor is required.
    """
    max_sessions_per_user: int | None
    """How many sessions a user may have at once: one more ends the least recently used. 0: any number.
    Default: the store's; for a new store 0. From 0 to 1000.
    """
    migrate: bool
    """Whether opening creates the tables of a new store and upgrades an older schema. With `false` an
    outdated store is refused, and the operator runs `doorward migrate-schema`. Default: true.
    """
    organization_roles: dict[str, list[str] | None]
    """The same for the roles of members in their organization, for `authorize` with `organization_id`."""
    passkeys: PasskeysConfig | None
    """Passkeys: the relying party and its pages. Default: none are made or accepted."""
    password: PasswordConfig
    """Cost of password hashes, and policy for passwords."""
    refresh_grace_seconds: int
    """How long after a refresh the token before the last still returns the answer of its first use, for
    two tabs or a lost reply. `docs/security.md` explains this deviation from RFC 9700 section 4.14.2.
    From 0 to 600. Default: 30.
    """
    refresh_token_seconds: int | None
    """The lifetime of an unused refresh token. Default: the store's; for a new store 2592000. From 1 to
    31536000.
    """
    registration: RegistrationConfig
    """Rules of `register`."""
    requests: RequestsConfig
    """Rules of `authenticate_request`."""
    require_second_factor: bool | list[str]
    """The users who must have a second factor: none (`false`), all (`true`), or those with one of these
    roles.
    """
    require_verified_email: bool
    """Whether an account must verify its address before it can log in."""
    roles: dict[str, list[str] | None]
    """The permissions that each role gives, for `permissions` of `authorize`. Default: none gives any."""
    secret_key: str | None
    """The secret from which all keys are derived, at least 32 bytes. Give at most one of `secret_key`,
    `secret_keys`, `secret_key_file` and `secret_key_files`. Default: a key file beside a SQLite file,
    `<db>.key`; a random key for a store in memory.
    """
    secret_key_file: str | None
    """A file with the secret; created with mode 0600 for a new store if it is missing. White space around
    the secret, such as a newline at its end, is ignored.
    """
    secret_key_files: list[str] | None
    """Files with several secrets, as `secret_keys`: the first is current. They are never created."""
    secret_keys: list[str] | None
    """Several secrets: the first is current, and the others still open what they sealed."""
    session_max_seconds: int | None
    """The lifetime of a session, however often it is refreshed. Default: the store's; for a new store
    7776000. From 1 to 315360000.
    """
    signing_algorithm: Literal["HS256", "ES256", "EdDSA", "RS256", "PS256"] | None
    """How access tokens are signed. Default: the store's; for a new store `HS256`."""
    store: str
    """The store: `sqlite:PATH`, `sqlite::memory:` or `postgres://…`. A path is relative to the current
    folder or begins with one `/`, and takes no parameters. Default `sqlite:doorward.db`.
    """
    throttle: ThrottleConfig
    """When failed logins lock an account or a source."""
    totp: TotpConfig
    """Codes of an authenticator app."""
    trusted_devices: TrustedDevicesConfig | None
    """Devices on which logins need no second factor for a time. Default: none. On such a device the
    password alone logs in.
    """


class Act(TypedDict, total=False):
    """The person who acts in a session as its user (RFC 8693 section 4.1)."""

    sub: Required[str]
    """The id of the person's own account."""


class ProviderLogin(TypedDict, total=False):
    """A login at an identity provider, and what the provider says about it. The engine concludes nothing
    from it.
    """

    name: Required[str]
    """The provider's name in `id_token_providers`."""
    acr: str
    """The authentication context class (OpenID Connect Core section 2)."""
    amr: list[str]
    """The authentication methods (RFC 8176)."""
    auth_time: int
    """When the user authenticated at the provider, in Unix seconds."""


class Claims(TypedDict, total=False):
    """The claims of a verified token (RFC 7519, RFC 9068)."""

    aud: Required[str | list[str]]
    """The token's audience."""
    exp: Required[int | float]
    """When the token expires."""
    account_epoch: int
    """In a token without a session: the account's epoch, which every revocation of all its sessions
    raises.
    """
    act: Act
    """The person who acts as the user, if another one does (RFC 8693 section 4.1)."""
    amr: list[str]
    """The methods by which the user authenticated (RFC 8176)."""
    auth_time: int | float
    """When the user authenticated."""
    client_id: str
    """The backend that issued the token."""
    iat: int | float
    """When the token was issued, in Unix seconds."""
    iss: str
    """The issuer. Only tokens of another library (`backends.*.secret`) may lack it."""
    jti: str
    """The id of the token."""
    nbf: int | float
    """When the token becomes valid."""
    org_id: str
    """The organization of the session, if the login was for one."""
    org_roles: list[str]
    """The roles in that organization when the token was issued; `authorize` checks the present ones."""
    provider: ProviderLogin
    """In a session that an identity provider opened: the provider, and what it says of the login."""
    roles: list[str]
    """The roles when the token was issued (RFC 9068); `authorize` checks the present ones."""
    scope: str
    """The scopes, separated by spaces."""
    sid: str
    """The session's id."""
    sub: str
    """The id of the account, or the subject that `issue_token` was given. Absent if the backend has
    `subject_claim` `user_id`.
    """
    user_id: str
    """The same as `sub`, if the backend has `subject_claim` `user_id`."""
