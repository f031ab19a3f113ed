//! The configuration of an engine: one JSON object. Every key has a safe default, unknown keys are refused,
//! and invalid values cannot be constructed. Environment variables are never read.
//!
//! A program in Rust builds a [`Config`] of these parts, or reads it from JSON with [`Config::parse`]. Every
//! setting can be read back from its member. `Debug` shows no secrets.
//!
//! ```
//! use doorward::Config;
//! use doorward::config::{Limits, Links, Mail, PasswordPolicy, Throttle};
//!
//! let links = Links::new().verify_email("https://example.com/verify?token={token}".parse()?);
//! let config = Config::new()
//!     .store("sqlite:app.db".parse()?)
//!     .issuer("https://example.com".parse()?)
//!     .password(PasswordPolicy::new().min_length(12_u64.try_into()?))
//!     .throttle(Throttle::new().account_failures(5_u64.try_into()?))
//!     .mail(Mail::new().from("Example <door@example.com>".parse()?).links(links));
//! assert_eq!(config.password.min_length.get(), 12);
//!
//! let parsed = Config::parse(r#"{"store": "sqlite:app.db", "password": {"min_length": 12}}"#).unwrap();
//! assert_eq!(parsed.password.min_length.get(), 12);
//! # Ok::<(), doorward::ParseError>(())
//! ```

mod id_tokens;
mod lists;
mod providers;
mod signing_algorithm;
mod values;

use crate::types::whole::{On, Seconds, Whole};
use std::collections::BTreeMap;
use std::path::Path;
use std::path::PathBuf;

use doorward_derive::Build;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub(crate) use id_tokens::TENANT_ID;
pub use id_tokens::{
    AutoRegister, IdTokenAlgorithm, IdTokenAlgorithms, IdTokenProvider, KeySet, ProviderName, Tenant,
};
pub use lists::{AppliesTo, Audience};
pub use providers::{ClientAuth, ExchangeBy, Pointer, Preset, ResponseMode, Userinfo};
pub use signing_algorithm::SigningAlgorithm;
pub use values::{
    AccessTokenSeconds, MaxSessionsPerUser, PasswordHistory, PasswordMaxAgeDays, RefreshTokenSeconds,
    RetentionDays, SessionMaxSeconds,
};
pub use values::{BackendName, BasicUsername, BearerToken, Issuer, RpId, RpName, StoreUrl};

pub use crate::mail::{Delivery, Hello, Link, Links, Mail, Mailbox, Smtp, SmtpHost, Template, Tls};
pub use crate::password::{BreachedLogin, PasswordPolicy};
pub use crate::requests::{Exclude, Name, Pattern, Requests};
pub use crate::totp::ServiceName;
pub use crate::types::url::{Origin, ServiceUrl};

use crate::error::{Code, Error, Result};
use crate::json;
use crate::types::secret::Secret;
use crate::types::user::{ADMIN, Permission, PublicUser, Role};

/// The configuration of an engine.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, Build)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Config {
    /// The store: `sqlite:PATH`, `sqlite::memory:` or `postgres://…`. A path is relative to the current
    /// folder or begins with one `/`, and takes no parameters. Default `sqlite:doorward.db`.
    pub store: StoreUrl,
    /// Whether opening creates a missing store. Default: yes, unless the key file exists, which means that
    /// there was a store and it is lost.
    pub create: Option<bool>,
    /// Whether this configuration may change the store's settings (`issuer`, `audience`, `signing_algorithm`,
    /// the lifetimes, `max_sessions_per_user`, `backends`, `password.pepper`, `audit`). Set it for one deployment. Without it, a
    /// configuration that differs from the store is refused.
    pub change_settings: bool,
    /// Whether opening creates the tables of a new store and upgrades an older schema. With `false` an
    /// outdated store is refused, and the operator runs `doorward migrate-schema`. Default: true.
    pub migrate: On,
    /// Whether to open a SQLite file without write permission, for operations that only read. Set by the
    /// command; a host's configuration cannot set it.
    #[serde(skip)]
    #[doc(hidden)]
    pub may_only_read: bool,
    /// The secret from which all keys are derived, at least 32 bytes. Give at most one of `secret_key`,
    /// `secret_keys`, `secret_key_file` and `secret_key_files`. Default: a key file beside a SQLite file,
    /// `<db>.key`; a random key for a store in memory.
    pub secret_key: Option<Secret>,
    /// Several secrets: the first is current, and the others still open what they sealed.
    pub secret_keys: Option<Vec<Secret>>,
    /// A file with the secret; created with mode 0600 for a new store if it is missing. White space around
    /// the secret, such as a newline at its end, is ignored.
    pub secret_key_file: Option<PathBuf>,
    /// Files with several secrets, as `secret_keys`: the first is current. They are never created.
    pub secret_key_files: Option<Vec<PathBuf>>,
    /// The `iss` of every token. Default: the store's; for a new store `doorward`.
    pub issuer: Option<Issuer>,
    /// The `aud` of every token: a text or a list. Default: the store's; for a new store `doorward`.
    pub audience: Option<Audience>,
    /// How access tokens are signed. Default: the store's; for a new store `HS256`.
    pub signing_algorithm: Option<SigningAlgorithm>,
    /// The lifetime of an access token. Default: the store's; for a new store 900.
    pub access_token_seconds: Option<AccessTokenSeconds>,
    /// The lifetime of an unused refresh token. Default: the store's; for a new store 2592000.
    pub refresh_token_seconds: Option<RefreshTokenSeconds>,
    /// The lifetime of a session, however often it is refreshed. Default: the store's; for a new store
    /// 7776000.
    pub session_max_seconds: Option<SessionMaxSeconds>,
    /// How many sessions a user may have at once: one more ends the least recently used. 0: any number. Default: the
    /// store's; for a new store 0.
    pub max_sessions_per_user: Option<MaxSessionsPerUser>,
    /// How long after a refresh the token before the last still returns the answer of its first use, for two
    /// tabs or a lost reply. `docs/security.md` explains this deviation from RFC 9700 section 4.14.2.
    pub refresh_grace_seconds: Seconds<0, 600, 30>,
    /// How far the clock of another machine may deviate that made `iat`, `nbf` and `exp`.
    pub leeway_seconds: Seconds<0, 600, 30>,
    /// Named backends besides `default`, which the keys above describe: a token of one backend is never
    /// accepted by another. A name is 1 to 64 ASCII letters, digits, `-` and `_`. Default: the store's
    /// backends.
    pub backends: Option<BTreeMap<BackendName, BackendConfig>>,
    /// Another service that `introspect_remote` asks about tokens (RFC 7662). Default: none.
    #[serde(deserialize_with = "crate::types::strict::optional_object")]
    pub introspection_service: Option<IntrospectionService>,
    /// The providers by which users log in (`begin_provider_login`, `login_with_id_token`), by names that the host
    /// chooses. Default: none.
    pub id_token_providers: BTreeMap<ProviderName, IdTokenProvider>,
    /// Cost of password hashes, and policy for passwords.
    #[serde(deserialize_with = "crate::types::strict::object")]
    pub password: PasswordPolicy,
    /// When failed logins lock an account or a source.
    #[serde(deserialize_with = "crate::types::strict::object")]
    pub throttle: Throttle,
    /// Rules of `register`.
    #[serde(deserialize_with = "crate::types::strict::object")]
    pub registration: Registration,
    /// Whether an account must verify its address before it can log in.
    pub require_verified_email: bool,
    /// The users who must have a second factor: none (`false`), all (`true`), or those with one of these roles.
    pub require_second_factor: AppliesTo,
    /// The permissions that each role gives, for `permissions` of `authorize`. Default: none gives any.
    pub roles: BTreeMap<Role, Vec<Permission>>,
    /// The same for the roles of members in their organization, for `authorize` with `organization_id`.
    pub organization_roles: BTreeMap<Role, Vec<Permission>>,
    /// Codes of an authenticator app.
    #[serde(deserialize_with = "crate::types::strict::object")]
    pub totp: Totp,
    /// Passkeys: the relying party and its pages. Default: none are made or accepted.
    #[serde(deserialize_with = "crate::types::strict::optional_object")]
    pub passkeys: Option<Passkeys>,
    /// Mails to users.
    #[serde(deserialize_with = "crate::types::strict::object")]
    pub mail: Mail,
    /// Logins by a mailed code or link. Default: none. The reader of a user's mails can then log in as the
    /// user, as far as no second factor is required.
    #[serde(deserialize_with = "crate::types::strict::optional_object")]
    pub mailed_login: Option<MailedLogin>,
    /// Devices on which logins need no second factor for a time. Default: none. On such a
    /// device the password alone logs in.
    #[serde(deserialize_with = "crate::types::strict::optional_object")]
    pub trusted_devices: Option<TrustedDevices>,
    /// The roles that may act as another user (`impersonate`). Default: none.
    #[serde(deserialize_with = "crate::types::strict::optional_object")]
    pub impersonation: Option<Impersonation>,
    /// The audit log: `events`.
    #[serde(deserialize_with = "crate::types::strict::object")]
    pub audit: Audit,
    /// Rules of `authenticate_request`.
    #[serde(deserialize_with = "crate::types::strict::object")]
    pub requests: Requests,
    /// Limits of memory and time.
    #[serde(deserialize_with = "crate::types::strict::object")]
    pub limits: Limits,
}

impl Config {
    /// Returns whether addresses are verified: registering mails a link, or a login requires it.
    pub(crate) fn verifies_addresses(&self) -> bool {
        self.mail.links.verify_email.is_some() || self.require_verified_email
    }

    /// Parses a configuration. Failures: `invalid_json`, `invalid_config` with the key in `field`,
    /// `feature_not_built`.
    pub fn parse(text: &str) -> Result<Config> {
        let config: Config = json::parse_without_nulls(text, Code::InvalidConfig)?;
        config.check()?;
        Ok(config)
    }

    /// Checks the rules between members.
    pub(crate) fn check(&self) -> Result<()> {
        let sources = [
            self.secret_key.is_some(),
            self.secret_keys.is_some(),
            self.secret_key_file.is_some(),
            self.secret_key_files.is_some(),
        ];
        if sources.iter().filter(|given| **given).count() > 1 {
            let rule = "more than one of secret_key, secret_keys, secret_key_file, secret_key_files";
            return Err(Error::new(Code::InvalidConfig, rule));
        }
        self.password.check()?;
        if self.introspection_service.as_ref().is_some_and(|it| it.bearer.is_some() && it.basic.is_some()) {
            let rule = "both bearer and basic";
            return Err(Error::at(Code::InvalidConfig, "/introspection_service", rule));
        }
        if self.passkeys.as_ref().is_some_and(|passkeys| passkeys.origins.is_empty()) {
            return Err(Error::at(Code::InvalidConfig, "/passkeys/origins", "none"));
        }
        if self.impersonation.as_ref().is_some_and(|impersonation| impersonation.roles.is_empty()) {
            return Err(Error::at(Code::InvalidConfig, "/impersonation/roles", "none"));
        }
        for (name, provider) in &self.id_token_providers {
            provider.check().map_err(|error| {
                let place = error.field.as_deref().unwrap_or_default();
                Error { field: Some(format!("/id_token_providers/{}{place}", name.as_str())), ..error }
            })?;
        }
        self.mail.check()
    }
}

impl Config {
    /// Removes all settings of the store, so that it is opened with its own.
    pub fn follow_store(&mut self) {
        self.issuer = None;
        self.audience = None;
        self.signing_algorithm = None;
        self.access_token_seconds = None;
        self.refresh_token_seconds = None;
        self.session_max_seconds = None;
        self.max_sessions_per_user = None;
        self.backends = None;
        self.audit.retention_days = None;
        self.audit.chain = None;
        self.password.pepper = None;
        self.password.history = None;
        self.password.max_age_days = None;
        if let Some(passkeys) = &mut self.passkeys {
            passkeys.second_factor = None;
        }
    }

    /// Returns the files of the secret keys, the current one first, each with its key of the configuration. Empty
    /// if the keys are not in files.
    pub(crate) fn named_key_files(&self) -> Vec<(String, PathBuf)> {
        let single = |path| vec![("/secret_key_file".to_owned(), path)];
        match (&self.secret_key_file, &self.secret_key_files, &self.store) {
            _ if self.secret_key.is_some() || self.secret_keys.is_some() => Vec::new(),
            (Some(path), ..) => single(path.clone()),
            (None, Some(paths), _) => {
                let each = paths.iter().enumerate();
                each.map(|(index, path)| (format!("/secret_key_files/{index}"), path.clone())).collect()
            }
            (None, None, StoreUrl::SqliteFile(path)) => single(beside(path)),
            (None, None, _) => Vec::new(),
        }
    }

    /// Returns the path of the current secret key, if it is in a file.
    pub fn key_file(&self) -> Option<PathBuf> {
        self.key_files().into_iter().next()
    }

    /// Returns the paths of the secret keys, if they are in files.
    pub fn key_files(&self) -> Vec<PathBuf> {
        self.named_key_files().into_iter().map(|(_, path)| path).collect()
    }
}

/// The claim that names the account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum SubjectClaim {
    /// `sub` (RFC 7519).
    #[default]
    Sub,
    /// `user_id`, as older versions of fastapi-users wrote it.
    UserId,
}

impl SubjectClaim {
    /// Returns the name of the claim.
    pub(crate) fn name(self) -> &'static str {
        match self {
            SubjectClaim::Sub => "sub",
            SubjectClaim::UserId => "user_id",
        }
    }
}

/// Another service that validates tokens (RFC 7662), and how to ask it.
#[derive(Clone, Debug, Deserialize, JsonSchema, Build)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "IntrospectionServiceConfig")]
#[non_exhaustive]
pub struct IntrospectionService {
    /// The URL of its endpoint: https; http only for a loopback host.
    pub url: ServiceUrl,
    /// A file with the certificates (PEM) of the authorities that may vouch for the service; read when the
    /// engine opens. Default: the public authorities.
    pub ca_file: Option<PathBuf>,
    /// The access token with which the engine authenticates itself to the service (RFC 6750).
    pub bearer: Option<BearerToken>,
    /// Or a name and password for the same (RFC 7617).
    #[serde(default, deserialize_with = "crate::types::strict::optional_object")]
    pub basic: Option<BasicCredentials>,
    /// The time limit of the whole exchange.
    #[serde(default)]
    pub timeout_ms: Whole<1, 60_000, 5_000>,
}

/// Name and password at the service (RFC 7617).
#[derive(Clone, Debug, Deserialize, JsonSchema, Build)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct BasicCredentials {
    /// The name, without a colon.
    pub username: BasicUsername,
    /// The password.
    pub password: Secret,
}

/// Failed logins: how many lock an account or a source, within which time, and for how long.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, Build)]
#[serde(deny_unknown_fields, default)]
#[schemars(rename = "ThrottleConfig")]
#[non_exhaustive]
pub struct Throttle {
    /// Failures for one account before it is locked.
    pub account_failures: Whole<1, 100, 10>,
    /// Failures from one IP address (IPv6: one /64) before it is locked, except for known devices.
    /// Registrations and requests for mails from one address are limited to the same number, and so are unknown
    /// API keys, in each process.
    pub source_failures: Whole<1, 1_000_000, 100>,
    /// The time after which failures are forgotten.
    pub window_seconds: Seconds<1, 86_400, 900>,
    /// The first lock; each further failure doubles it.
    pub lock_seconds: Seconds<1, 86_400, 60>,
    /// The longest lock.
    pub lock_max_seconds: Seconds<1, 86_400, 3_600>,
}

/// Codes of an authenticator app (RFC 6238). An app keeps the digits and the period with which it was set up.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, Build)]
#[serde(deny_unknown_fields, default)]
#[schemars(rename = "TotpConfig")]
#[non_exhaustive]
pub struct Totp {
    /// The service's name in the app. Default: `issuer`, without its scheme if it is a URL.
    pub issuer: Option<ServiceName>,
    /// The number of digits of a code.
    pub digits: Whole<6, 8, 6>,
    /// How long a code is shown.
    pub period_seconds: Seconds<15, 300, 30>,
    /// How many codes before and after the current one are accepted: clocks differ, and people need time to
    /// type.
    pub skew_steps: Whole<0, 10, 1>,
}

/// The audit log.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, Build)]
#[serde(deny_unknown_fields, default)]
#[schemars(rename = "AuditConfig")]
#[non_exhaustive]
pub struct Audit {
    /// How long an event is kept. Default: the store's; for a new store 400.
    pub retention_days: Option<RetentionDays>,
    /// Whether the log is chained, so that `verify_events` reveals changed and removed events. Default: the
    /// store's; for a new store false.
    pub chain: Option<bool>,
}

/// Rules of `register`.
#[derive(Clone, Debug, Deserialize, JsonSchema, Build)]
#[serde(deny_unknown_fields, default)]
#[schemars(rename = "RegistrationConfig")]
#[non_exhaustive]
pub struct Registration {
    /// Whether to answer alike whether or not an e-mail address has an account. An address then belongs to an
    /// account, for logins and look-ups, only once it is verified.
    pub conceal_existing: bool,
    /// The roles of an account that is registered without any.
    pub default_roles: Vec<Role>,
    /// Whether an account needs an e-mail address.
    pub require_email: bool,
}

impl Default for Registration {
    fn default() -> Registration {
        Registration { conceal_existing: false, default_roles: Vec::new(), require_email: true }
    }
}

/// Logins by a mailed code or link, to accounts whose address is verified.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, Build)]
#[serde(deny_unknown_fields, default)]
#[schemars(rename = "MailedLoginConfig")]
#[non_exhaustive]
pub struct MailedLogin {
    /// Whether such a login may create an account without a password, for an address that no account has
    /// verified (`create` of `request_login_code`).
    pub create: bool,
}

/// Devices that users trust when they give a second factor (`trust_device` of `complete_login`).
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, Build)]
#[serde(deny_unknown_fields, default)]
#[schemars(rename = "TrustedDevicesConfig")]
#[non_exhaustive]
pub struct TrustedDevices {
    /// How long a device is trusted.
    pub lifetime_seconds: Seconds<60, 7_776_000, 2_592_000>,
    /// Users with one of these roles give a second factor at every login.
    pub except_roles: Vec<Role>,
}

/// Acting as another user: `impersonate`.
#[derive(Clone, Debug, Deserialize, JsonSchema, Build)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ImpersonationConfig")]
#[non_exhaustive]
pub struct Impersonation {
    /// The roles that allow a person to act as another user. At least one.
    #[schemars(length(min = 1))]
    pub roles: Vec<Role>,
    /// No person acts as a user with one of these roles, with `admin`, or with a role that allows acting.
    #[serde(default)]
    pub protected_roles: Vec<Role>,
}

impl Impersonation {
    /// Returns whether a person may act as a user.
    pub(crate) fn permit(&self, actor: &PublicUser, user: &PublicUser) -> bool {
        self.allow(actor) && !user.is_service_account && !user.roles.iter().any(|role| self.protects(role))
    }

    /// Returns whether no person acts as a user with this role.
    pub(crate) fn protects(&self, role: &Role) -> bool {
        role.as_str() == ADMIN || self.roles.contains(role) || self.protected_roles.contains(role)
    }

    /// Returns whether a person may act as any other user.
    pub(crate) fn allow(&self, actor: &PublicUser) -> bool {
        actor.roles.iter().any(|role| self.roles.contains(role))
    }
}

/// The relying party of WebAuthn.
#[derive(Clone, Debug, Deserialize, JsonSchema, Build)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "PasskeysConfig")]
#[non_exhaustive]
pub struct Passkeys {
    /// The domain of the passkeys: that of the pages or a parent of it, such as `example.com`. Passkeys work
    /// only for the domain that they were made for, so it cannot change.
    pub rp_id: RpId,
    /// The service's name in authenticators.
    pub rp_name: RpName,
    /// The origins of the pages, as browsers write them: `https://login.example.com`; `http://localhost:8000`
    /// during development; `android:apk-key-hash:…` for an app. At least one.
    #[schemars(length(min = 1))]
    pub origins: Vec<Origin>,
    /// The kind of name that the page asks for, if it asks for one. For this kind `begin_passkey_login`
    /// returns the account's passkeys. For the other kind it answers as for an unknown name, because the same
    /// passkeys for both would reveal which address belongs to which name.
    #[serde(default)]
    pub login_name: LoginName,
    /// Whether an account with a passkey needs a second factor beside its password. Default: as in the store; `always`
    /// in a new one.
    pub second_factor: Option<PasskeyFactor>,
    /// Names of models of authenticators, by their AAGUID, for `list_passkeys`: a public list, or one of your own.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, String>")]
    pub authenticator_names: BTreeMap<Uuid, String>,
}

/// Whether passkeys make logins by password need a second factor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum PasskeyFactor {
    /// An account with a passkey needs a second factor beside its password.
    #[default]
    Always,
    /// A passkey is another way in beside the password. It is a second factor only of an account that has an
    /// authenticator app, or must have a second factor.
    Never,
}

/// A kind of name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "MailedLoginName")]
#[non_exhaustive]
pub enum LoginName {
    /// The username.
    #[default]
    Username,
    /// The e-mail address.
    Email,
}

/// Limits of memory and time.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, Build)]
#[serde(deny_unknown_fields, default)]
#[schemars(rename = "LimitsConfig")]
#[non_exhaustive]
pub struct Limits {
    /// The maximum size of a request.
    pub request_bytes: Whole<1024, 67_108_864, 1_048_576>,
    /// The number of connections to the store; with SQLite, the number of readers.
    pub store_connections: Whole<1, 256, 4>,
    /// How long an operation waits for the store.
    pub store_timeout_ms: Whole<1, 600_000, 5_000>,
    /// How many tokens that `verify` accepted are remembered, so that it need not verify their signatures again:
    /// 64 bytes of memory for each. 0: none.
    pub verified_tokens: Whole<0, 1_048_576, 4_096>,
}

/// A named backend. What is absent is as in the store; the defaults are those of a new store.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, Build)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct BackendConfig {
    /// The `aud` of its tokens. Default: the first audience, a colon and the backend's name.
    pub audience: Option<Audience>,
    /// The lifetime of an access token. Default: as in `default`.
    pub access_token_seconds: Option<AccessTokenSeconds>,
    /// The lifetime of an unused refresh token. Default: as in `default`.
    pub refresh_token_seconds: Option<RefreshTokenSeconds>,
    /// How its access tokens are signed. Default: as in `default`.
    pub signing_algorithm: Option<SigningAlgorithm>,
    /// Makes it a compatibility backend: HS256 with this secret, `typ` JWT, no `kid`, `iss` not needed.
    pub secret: Option<Secret>,
    /// Whether to accept a `secret` of fewer than 32 bytes, which can be guessed from any token.
    pub allow_weak_secret: bool,
    /// The claim that names the account. Default: `sub`.
    pub subject_claim: Option<SubjectClaim>,
    /// Whether its sessions can be refreshed; otherwise they end with their access token. Default: true.
    pub refresh: Option<bool>,
}

/// `<db>.key`
pub(crate) fn beside(database: &Path) -> PathBuf {
    let mut path = database.as_os_str().to_owned();
    path.push(".key");
    path.into()
}
