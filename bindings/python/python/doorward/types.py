"""The configuration and the claims of a token, as dictionaries.

Written by `make header` from the description of the library: do not edit.
"""

from __future__ import annotations

from typing import Any, Literal

from typing_extensions import Required, TypedDict


class AuditConfig(TypedDict, total=False):
    """The audit log."""

    chain: bool | None
    """Whether the log is chained, so that `verify_events` shows what was changed in it or taken out of it.
    Default: what the store has; of a new one false.
    """
    retention_days: int | None
    """How long an event is kept. Default: what the store has; of a new one 400."""


class BackendConfig(TypedDict, total=False):
    """A named backend; what is not given is as the store has it. The defaults are those of a new one."""

    access_token_seconds: int | None
    """The life of an access token. Default: as in `default`."""
    allow_weak_secret: bool
    """Accept a `secret` of fewer than 32 bytes, which can be guessed from any token."""
    audience: str | list[str] | None
    """`aud` of its tokens. Default: the first audience, a colon and the backend's name."""
    refresh: bool | None
    """Whether its sessions can be refreshed; else they end with their access token. Default: true."""
    refresh_token_seconds: int | None
    """The life of a refresh token that is not used. Default: as in `default`."""
    secret: str | None
    """Makes it a compatibility backend: HS256 with this secret, `typ` JWT, no `kid`, `iss` not needed."""
    signing_algorithm: Literal["HS256", "ES256", "EdDSA", "RS256", "PS256"] | None
    """How its access tokens are signed. Default: as in `default`."""
    subject_claim: Literal["sub", "user_id"] | None
    """The claim that names the account. Default: `sub`."""


class IdTokenProviderConfigAutoRegister(TypedDict, total=False):
    """An object of the configuration."""

    roles: Required[list[str]]


class IdTokenProviderConfig(TypedDict, total=False):
    """A provider of ID tokens, and how far it is trusted."""

    issuer: Required[str]
    """`iss` of its tokens, to the letter. `{tenantid}` in it, as Microsoft Entra writes it for
    applications of many tenants, stands for the token's `tid`.
    """
    client_id: Required[str | list[str]]
    """What this service is called there: a text, or a list where its programs have several names. `aud`
    must be among them, and whoever else is in it, and `azp`, too.
    """
    algorithms: list[Literal["RS256", "PS256", "ES256", "EdDSA"]]
    """By which algorithms it signs: another is refused even where a key could be used with it. Default:
    RS256.
    """
    auto_register: bool | IdTokenProviderConfigAutoRegister
    """Whether somebody without an account gets one: `true` with `registration.default_roles`, or with
    these `roles`.
    """
    ca_file: str | None
    """A file with the certificates (PEM) of the authorities that may vouch for `jwks_uri`; it is read when
    the engine opens. Default: the public authorities.
    """
    jwks: dict[str, Any] | None
    """Its public keys, a JWK Set (RFC 7517)."""
    jwks_uri: str | None
    """Or where they are: https; http for a loopback host only. They are fetched when they are needed,
    kept, and fetched again every ten minutes, and for a key that is not among them at most every ten
    seconds.
    """
    link_verified_email: bool
    """Whether this provider's word that an address is verified counts here: then it opens the account that
    has verified the same address, and takes over one that never did. Only for a provider that verifies
    addresses itself.
    """
    tenants: list[str] | None
    """The tenants whose users may log in, where the issuer has `{tenantid}`. Default: all."""
    timeout_ms: int
    """How long fetching the keys may take."""


class BasicCredentials(TypedDict, total=False):
    """Name and password of this service (RFC 7617)."""

    username: Required[str]
    """The name, without a colon."""
    password: Required[str]
    """The password."""


class IntrospectionServiceConfig(TypedDict, total=False):
    """Another service that says whether a token is good (RFC 7662), and how to ask it."""

    url: Required[str]
    """Its endpoint: https; http for a loopback host only."""
    basic: BasicCredentials | None
    """Or its name and password (RFC 7617)."""
    bearer: str | None
    """The access token that this service authenticates with (RFC 6750)."""
    ca_file: str | None
    """A file with the certificates (PEM) of the authorities that may vouch for it; it is read when the
    engine opens. Default: the public authorities.
    """
    timeout_ms: int
    """How long the whole exchange may take."""


class LimitsConfig(TypedDict, total=False):
    """Bounds of memory and time."""

    request_bytes: int
    """The longest request."""
    store_connections: int
    """How many connections there are to the store at once; with SQLite, how many read."""
    store_timeout_ms: int
    """How long an operation waits for the store."""


class MailLinks(TypedDict, total=False):
    """What users follow: addresses of the host's pages. Each holds `{token}` once."""

    change_email: str | None
    """The page that calls `verify_email` for a new address."""
    reset_password: str | None
    """The page that calls `reset_password`."""
    verify_email: str | None
    """The page that calls `verify_email`."""


class SmtpConfig(TypedDict, total=False):
    """A server that takes mails (RFC 5321, RFC 6409)."""

    host: Required[str]
    """Its name or address."""
    allow_plaintext: bool
    """Allow `none` for a host that is not this machine."""
    ca_file: str | None
    """The certificate authorities to trust, PEM, instead of the public ones."""
    hello: str | None
    """How this client names itself (`EHLO`): a domain, or an address in brackets. Some servers want the
    name that its address has in DNS. Default: the domain of `from`.
    """
    password: str | None
    """The password to log in with."""
    port: int | None
    """Its port. Default: 465, with `starttls` 587, with `none` 25."""
    timeout_ms: int
    """How long each step of a conversation may take."""
    tls: Literal["implicit", "starttls", "none"]
    """How the connection is encrypted."""
    username: str | None
    """The name to log in with."""


class MailTemplate(TypedDict, total=False):
    """What a mail of a kind says in a language. Placeholders: `{service}`, `{username}`, and where there
    is a token `{link}`, or the token itself where no link is configured, and `{token}`.
    """

    subject: Required[str]
    """The subject, in one line."""
    text: Required[str]
    """The text. Paragraphs are separated by empty lines."""
    html: str | None
    """The HTML; values are escaped. Default: the paragraphs of the text."""
    text_without_link: str | None
    """The text instead where no link is configured for this kind: it holds the token. Default: `text`."""


class MailConfigTemplates(TypedDict, total=False):
    """Texts of the host's own: for a kind of mail, by language."""

    account_exists: dict[str, MailTemplate | None]
    change_email: dict[str, MailTemplate | None]
    email_change_requested: dict[str, MailTemplate | None]
    email_changed: dict[str, MailTemplate | None]
    password_changed: dict[str, MailTemplate | None]
    reset_password: dict[str, MailTemplate | None]
    verify_email: dict[str, MailTemplate | None]


MailConfig = TypedDict(
    "MailConfig",
    {
        "click_verifies": bool,
        "delivery": Literal["manual", "background"],
        "from": str | None,
        "links": MailLinks,
        "locale": str | None,
        "smtp": SmtpConfig | None,
        "templates": MailConfigTemplates,
    },
    total=False,
)
"""Mails to users. Without any of this they wait for the host to take them."""


class PasskeysConfig(TypedDict, total=False):
    """The relying party of WebAuthn."""

    rp_id: Required[str]
    """The domain that passkeys are for: that of the pages or one above it, such as `example.com`. A
    passkey works for the domain that it was made for, so this stays.
    """
    rp_name: Required[str]
    """What authenticators call this service."""
    origins: Required[list[str]]
    """The origins of the pages, as browsers write them: `https://login.example.com`;
    `http://localhost:8000` while one develops; `android:apk-key-hash:…` for an app. At least one.
    """
    login_name: Literal["username", "email"]
    """By what the page asks users who they are, where it does. For this kind of name `begin_passkey_login`
    answers with the account's passkeys; for the other it answers as for a name that nobody has, because
    the same passkeys for both would say which address belongs to which name.
    """


class PasswordConfig(TypedDict, total=False):
    """Cost of the password hash (Argon2id, RFC 9106) and the policy for new passwords."""

    blocklist: bool
    """Whether common passwords, sequences, repetitions and the account's own name are refused."""
    iterations: int
    """Passes over that memory."""
    max_bytes: int
    """The longest password, in bytes of UTF-8; a longer one is refused, never cut."""
    max_concurrent: int | None
    """How many hashes run at once in the process; each takes `memory_kib`. Its engines share the places,
    as many as one of them asks for at most. Default: the number of processors.
    """
    max_queued: int
    """How many more callers may wait; the next gets `hash_queue_full`."""
    memory_kib: int
    """Memory of one hash in KiB."""
    min_length: int
    """The shortest new password, in code points."""
    parallelism: int
    """Lanes."""
    pepper: bool | None
    """Whether the hashes of accounts are kept sealed under the secret key, so that a copy of the store
    alone gives nobody passwords to guess. When this changes, each hash follows at the next login.
    Default: what the store has; of a new one false.
    """
    temporary_seconds: int
    """How long a password is good that somebody else has set (`set_password`): until then its user
    replaces it.
    """


class RegistrationConfig(TypedDict, total=False):
    """Rules of `register`."""

    conceal_existing: bool
    """Answer alike whether or not an e-mail address has an account. An address then belongs to an account,
    for logging in with it and looking it up, only once it is verified.
    """
    default_roles: list[str]
    """The roles of an account that is registered without any."""
    require_email: bool
    """Whether an account needs an e-mail address."""


class RequestsConfigExclude(TypedDict, total=False):
    """An object of the configuration."""

    exact: str
    glob: str
    prefix: str
    regex: str


class RequestsConfig(TypedDict, total=False):
    """The rules of `authenticate_request`."""

    connections: list[str]
    """The kinds of connections that may ask; any other is refused, whatever it asks for."""
    cookie: str | None
    """The cookie that holds the token where neither the host nor the header gives one. Default: none."""
    exclude: list[str | RequestsConfigExclude]
    """Paths that need no authentication. A text is an exact path or, with `*` (within a segment) or `**`
    (across segments), a glob; `{"exact": …}`, `{"prefix": …}`, `{"glob": …}` and `{"regex": …}` say
    which. All match the whole path; what matches every path is refused.
    """
    exclude_http_methods: list[str]
    """Methods that need no authentication, in any case; `HEAD` is not implied by `GET`."""
    header: str
    """The field that the host reads `authorization` from."""
    origins: list[str] | None
    """The origins whose pages may send that cookie along (RFC 6454), where a request says by `origin`
    which page sent it. Default: that of `host` alone.
    """


class ThrottleConfig(TypedDict, total=False):
    """Failed logins: how many, within which time, and how long the door stays locked."""

    account_failures: int
    """Failures for one account before it is locked."""
    lock_max_seconds: int
    """The longest lock."""
    lock_seconds: int
    """The first lock; each further failure doubles it."""
    source_failures: int
    """Failures from one address (IPv6: one /64) before it is locked, but for devices that are known. So
    many registrations, and mails that are asked for, does it have, too.
    """
    window_seconds: int
    """The time after which failures are forgotten."""


class TotpConfig(TypedDict, total=False):
    """Codes of an authenticator app (RFC 6238). Who has one keeps the digits and the period of the day it
    was set up.
    """

    digits: int
    """How long a code is."""
    issuer: str | None
    """The name that the app shows for the service. Default: `issuer`, without its scheme where it is a
    URL.
    """
    period_seconds: int
    """How long a code is shown."""
    skew_steps: int
    """How many codes before and after the current one are good: clocks differ, and people need time to
    type.
    """


class Config(TypedDict, total=False):
    """What `doorward_open` reads."""

    access_token_seconds: int | None
    """The life of an access token. Default: what the store has; of a new one 900."""
    audience: str | list[str] | None
    """`aud` of every token: a text or a list. Default: what the store has; of a new one `doorward`."""
    audit: AuditConfig
    """The audit log: `events`."""
    backends: dict[str, BackendConfig | None] | None
    """Named backends beside the one that the keys above describe, which is called `default`: a token of
    one never passes in another. A name is 1 to 64 ASCII letters, digits, `-` and `_`. Default: those
    that the store has.
    """
    change_settings: bool
    """Whether the store takes over what this configuration gives of its settings (`issuer`, `audience`,
    `signing_algorithm`, the lifetimes, `backends`, `password.pepper`, `audit`) where it has others: for
    one deploy. Else a configuration that gives others is refused.
    """
    create: bool | None
    """Whether opening makes a store where none is. Default: yes, unless the key file is there, which says
    that the store was there, too, and is lost.
    """
    id_token_providers: dict[str, IdTokenProviderConfig | None]
    """Providers of ID tokens (OpenID Connect) that `login_with_id_token` accepts, by names of the host's
    own.
    """
    introspection_service: IntrospectionServiceConfig | None
    """Another service that `introspect_remote` asks about tokens (RFC 7662). Default: none."""
    issuer: str | None
    """`iss` of every token. Default: what the store has; of a new one `doorward`."""
    leeway_seconds: int
    """How far another machine's clock may be off when it made `iat`, `nbf` and `exp`."""
    limits: LimitsConfig
    """Bounds of memory and time."""
    mail: MailConfig
    """Mails to users."""
    migrate: bool
    """Whether opening makes the tables of a new store and brings the schema of an older one up to date.
    With `false` a store that lacks something is refused: `doorward migrate-schema` is the operator's,
    then. Default: true.
    """
    passkeys: PasskeysConfig | None
    """Passkeys: who asks for them, and on which pages. Default: none are made or accepted."""
    password: PasswordConfig
    """Hash cost and policy of passwords."""
    refresh_grace_seconds: int
    """How long after a refresh the token before the last still gets the answer that its first use got: two
    tabs, a lost reply. A deviation from RFC 9700 section 4.14.2 that `docs/security.md` explains.
    """
    refresh_token_seconds: int | None
    """The life of a refresh token that is not used. Default: what the store has; of a new one 2592000."""
    registration: RegistrationConfig
    """Rules of `register`."""
    requests: RequestsConfig
    """Rules of `authenticate_request`."""
    require_second_factor: bool | list[str]
    """Who must have a second factor: nobody (`false`), everybody (`true`), or whoever has one of these
    roles.
    """
    require_verified_email: bool
    """Whether an account may log in only once its address is verified."""
    secret_key: str | None
    """The secret that everything else is derived from, at least 32 bytes. At most one of `secret_key`,
    `secret_keys`, `secret_key_file` and `secret_key_files` is given. Default: a key file beside a
    SQLite file, `<db>.key`; a random key for a store in memory.
    """
    secret_key_file: str | None
    """A file with the secret; made with mode 0600 when a new store has none. White space around the
    secret, such as a newline at its end, is no part of it.
    """
    secret_key_files: list[str] | None
    """Files with several secrets, as `secret_keys`: the first is current. They are never made here."""
    secret_keys: list[str] | None
    """Several secrets: the first is current, the others still open what they sealed."""
    session_max_seconds: int | None
    """The life of a session, however often it is refreshed. Default: what the store has; of a new one
    7776000.
    """
    signing_algorithm: Literal["HS256", "ES256", "EdDSA", "RS256", "PS256"] | None
    """How access tokens are signed. Default: what the store has; of a new one `HS256`."""
    store: str
    """Where everything is kept: `sqlite:PATH`, `sqlite::memory:` or `postgres://…`. A path is relative to
    the current folder or begins with one `/`, and takes no parameters. Default `sqlite:doorward.db`.
    """
    throttle: ThrottleConfig
    """When too many failed logins lock the door."""
    totp: TotpConfig
    """Codes of an authenticator app."""


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

    iss: Required[str]
    """The issuer."""
    sub: Required[str]
    """The id of the account."""
    aud: Required[str | list[str]]
    """For whom the token is."""
    exp: Required[int | float]
    """When it expires."""
    account_epoch: int
    """In a token of an account without a session: how often everything that the account had was ended
    before.
    """
    amr: list[str]
    """By what they proved it (RFC 8176)."""
    auth_time: int | float
    """When the user proved who they are."""
    client_id: str
    """The backend that issued the token."""
    iat: int | float
    """When the token was issued, in Unix seconds."""
    jti: str
    """The id of the token."""
    nbf: int | float
    """When it begins."""
    provider: ProviderLogin
    """In a session that an identity provider opened: the provider, and what it says of the login."""
    roles: list[str]
    """The roles when the token was made (RFC 9068); `authorize` asks for those of now."""
    scope: str
    """The scopes, separated by spaces."""
    sid: str
    """The session."""
