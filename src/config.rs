//! The configuration of an engine: one JSON object, every key with a safe default, unknown keys
//! refused, values out of range never constructed. Environment variables are never read.

mod id_tokens;
mod settings;
mod values;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub(crate) use id_tokens::TENANT_ID;
pub use id_tokens::{
    AutoRegister, IdTokenAlgorithm, IdTokenAlgorithms, IdTokenProvider, KeySet, ProviderName, Tenant,
};
pub(crate) use settings::Backend;
use settings::{AccessTokenSeconds, RefreshTokenSeconds, RetentionDays, SessionMaxSeconds};
pub use settings::{Difference, Settings};
pub use values::{
    Audience, BasicUsername, BearerToken, Issuer, On, Origin, RpId, RpName, ServiceUrl, SigningAlgorithm,
    StoreUrl, Whole, Whom,
};

use crate::error::{Code, Error, Result};
use crate::json;
use crate::mail::Mail;
use crate::password::Secret;
use crate::requests::Requests;
use crate::secret_key;
use crate::totp::ServiceName;
use crate::user::Role;

/// What `doorward_open` reads.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Where everything is kept: `sqlite:PATH`, `sqlite::memory:` or `postgres://…`. A path is relative to the current
    /// folder or begins with one `/`, and takes no parameters. Default `sqlite:doorward.db`.
    pub store: StoreUrl,
    /// Whether opening makes a store where none is. Default: yes, unless the key file is there, which says that
    /// the store was there, too, and is lost.
    pub create: Option<bool>,
    /// Whether the store takes over what this configuration gives of its settings (`issuer`, `audience`,
    /// `signing_algorithm`, the lifetimes, `backends`, `password.pepper`, `audit`) where it has others: for one
    /// deploy. Else a configuration that gives others is refused.
    pub change_settings: bool,
    /// Whether opening makes the tables of a new store and brings the schema of an older one up to date. With `false`
    /// a store that lacks something is refused: `doorward migrate-schema` is the operator's, then. Default: true.
    pub migrate: On,
    /// Whether a SQLite file that this process may not write is opened all the same, for what only reads. The command
    /// does so; the configuration of a host cannot say it.
    #[serde(skip)]
    pub may_only_read: bool,
    /// The secret that everything else is derived from, at least 32 bytes. At most one of `secret_key`, `secret_keys`,
    /// `secret_key_file` and `secret_key_files` is given. Default: a key file beside a SQLite file, `<db>.key`; a
    /// random key for a store in memory.
    pub secret_key: Option<Secret>,
    /// Several secrets: the first is current, the others still open what they sealed.
    pub secret_keys: Option<Vec<Secret>>,
    /// A file with the secret; made with mode 0600 when a new store has none. White space around the secret, such as a
    /// newline at its end, is no part of it.
    pub secret_key_file: Option<PathBuf>,
    /// Files with several secrets, as `secret_keys`: the first is current. They are never made here.
    pub secret_key_files: Option<Vec<PathBuf>>,
    /// `iss` of every token. Default: what the store has; of a new one `doorward`.
    pub issuer: Option<Issuer>,
    /// `aud` of every token: a text or a list. Default: what the store has; of a new one `doorward`.
    pub audience: Option<Audience>,
    /// How access tokens are signed. Default: what the store has; of a new one `HS256`.
    pub signing_algorithm: Option<SigningAlgorithm>,
    /// The life of an access token. Default: what the store has; of a new one 900.
    pub access_token_seconds: Option<AccessTokenSeconds>,
    /// The life of a refresh token that is not used. Default: what the store has; of a new one 2592000.
    pub refresh_token_seconds: Option<RefreshTokenSeconds>,
    /// The life of a session, however often it is refreshed. Default: what the store has; of a new one 7776000.
    pub session_max_seconds: Option<SessionMaxSeconds>,
    /// How long after a refresh the token before the last still gets the answer that its first use got: two
    /// tabs, a lost reply. A deviation from RFC 9700 section 4.14.2 that `docs/security.md` explains.
    pub refresh_grace_seconds: Whole<0, 600, 30>,
    /// How far another machine's clock may be off when it made `iat`, `nbf` and `exp`.
    pub leeway_seconds: Whole<0, 600, 30>,
    /// Named backends beside the one that the keys above describe, which is called `default`: a token of one
    /// never passes in another. A name is 1 to 64 ASCII letters, digits, `-` and `_`. Default: those that the store has.
    pub backends: Option<BTreeMap<BackendName, BackendConfig>>,
    /// Another service that `introspect_remote` asks about tokens (RFC 7662). Default: none.
    #[serde(deserialize_with = "json::optional_object")]
    pub introspection_service: Option<IntrospectionService>,
    /// Providers of ID tokens (OpenID Connect) that `login_with_id_token` accepts, by names of the host's own.
    pub id_token_providers: BTreeMap<ProviderName, IdTokenProvider>,
    /// Hash cost and policy of passwords.
    #[serde(deserialize_with = "json::object")]
    pub password: PasswordPolicy,
    /// When too many failed logins lock the door.
    #[serde(deserialize_with = "json::object")]
    pub throttle: Throttle,
    /// Rules of `register`.
    #[serde(deserialize_with = "json::object")]
    pub registration: Registration,
    /// Whether an account may log in only once its address is verified.
    pub require_verified_email: bool,
    /// Who must have a second factor: nobody (`false`), everybody (`true`), or whoever has one of these roles.
    pub require_second_factor: Whom,
    /// Codes of an authenticator app.
    #[serde(deserialize_with = "json::object")]
    pub totp: Totp,
    /// Passkeys: who asks for them, and on which pages. Default: none are made or accepted.
    #[serde(deserialize_with = "json::optional_object")]
    pub passkeys: Option<Passkeys>,
    /// Mails to users.
    #[serde(deserialize_with = "json::object")]
    pub mail: Mail,
    /// The audit log: `events`.
    #[serde(deserialize_with = "json::object")]
    pub audit: Audit,
    /// Rules of `authenticate_request`.
    #[serde(deserialize_with = "json::object")]
    pub requests: Requests,
    /// Bounds of memory and time.
    #[serde(deserialize_with = "json::object")]
    pub limits: Limits,
}

impl Config {
    /// Whether addresses are verified: registering mails a link for it, or nobody enters before.
    pub(crate) fn verifies_addresses(&self) -> bool {
        self.mail.links.verify_email.is_some() || self.require_verified_email
    }

    /// Reads a configuration. Failures: `invalid_json`, `invalid_config` with the key in `field`,
    /// `feature_not_built`.
    pub fn parse(text: &str) -> Result<Config> {
        let config: Config = json::parse_without_nulls(text, Code::InvalidConfig)?;
        let sources = [
            config.secret_key.is_some(),
            config.secret_keys.is_some(),
            config.secret_key_file.is_some(),
            config.secret_key_files.is_some(),
        ];
        if sources.iter().filter(|given| **given).count() > 1 {
            let rule = "more than one of secret_key, secret_keys, secret_key_file, secret_key_files";
            return Err(Error::new(Code::InvalidConfig, rule));
        }
        if config.password.memory_kib.get() < 8 * config.password.parallelism.get() {
            let rule = "less than 8 KiB for each lane (RFC 9106 section 3.1)";
            return Err(Error::at(Code::InvalidConfig, "/password/memory_kib", rule));
        }
        if config.introspection_service.as_ref().is_some_and(|it| it.bearer.is_some() && it.basic.is_some()) {
            let rule = "both bearer and basic";
            return Err(Error::at(Code::InvalidConfig, "/introspection_service", rule));
        }
        if config.passkeys.as_ref().is_some_and(|passkeys| passkeys.origins.is_empty()) {
            return Err(Error::at(Code::InvalidConfig, "/passkeys/origins", "none"));
        }
        for (name, provider) in &config.id_token_providers {
            provider.check().map_err(|error| {
                let place = error.field.as_deref().unwrap_or_default();
                Error { field: Some(format!("/id_token_providers/{}{place}", name.as_str())), ..error }
            })?;
        }
        config.mail.check()?;
        Ok(config)
    }
}

impl Config {
    /// Gives none of the settings of the store, so that it is opened with those that it has.
    pub fn follow_store(&mut self) {
        self.issuer = None;
        self.audience = None;
        self.signing_algorithm = None;
        self.access_token_seconds = None;
        self.refresh_token_seconds = None;
        self.session_max_seconds = None;
        self.backends = None;
        self.audit.retention_days = None;
        self.audit.chain = None;
        self.password.pepper = None;
    }

    /// The file that the current secret key is in, where it is in one.
    pub fn key_file(&self) -> Option<PathBuf> {
        self.key_files().into_iter().next()
    }

    /// The files that the secret keys are in, where they are in files.
    pub fn key_files(&self) -> Vec<PathBuf> {
        secret_key::files(self).into_iter().map(|(_, path)| path).collect()
    }
}

/// A named backend; what is not given is as the store has it. The defaults are those of a new one.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct BackendConfig {
    /// `aud` of its tokens. Default: the first audience, a colon and the backend's name.
    pub audience: Option<Audience>,
    /// The life of an access token. Default: as in `default`.
    pub access_token_seconds: Option<AccessTokenSeconds>,
    /// The life of a refresh token that is not used. Default: as in `default`.
    pub refresh_token_seconds: Option<RefreshTokenSeconds>,
    /// How its access tokens are signed. Default: as in `default`.
    pub signing_algorithm: Option<SigningAlgorithm>,
    /// Makes it a compatibility backend: HS256 with this secret, `typ` JWT, no `kid`, `iss` not needed.
    pub secret: Option<Secret>,
    /// Accept a `secret` of fewer than 32 bytes, which can be guessed from any token.
    pub allow_weak_secret: bool,
    /// The claim that names the account. Default: `sub`.
    pub subject_claim: Option<SubjectClaim>,
    /// Whether its sessions can be refreshed; else they end with their access token. Default: true.
    pub refresh: Option<bool>,
}

/// Which claim names the account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SubjectClaim {
    /// `sub` (RFC 7519).
    #[default]
    Sub,
    /// `user_id`, as older versions of fastapi-users wrote.
    UserId,
}

/// The name of a backend: letters, digits, `-` and `_`; not `default`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct BackendName(String);

impl BackendName {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for BackendName {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<BackendName, &'static str> {
        let valid = is_name(text) && text != "default";
        if valid { Ok(BackendName(text.to_owned())) } else { Err(BACKEND_NAME) }
    }
}

const BACKEND_NAME: &str = "expected 1 to 64 of ASCII letters, digits, `-` and `_`; `default` is described by the keys beside `backends`";

crate::user::text_type!(BackendName, "minLength": 1, "maxLength": 64);

fn is_name(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    (1..=64).contains(&text.len()) && text.bytes().all(allowed)
}

/// Another service that says whether a token is good (RFC 7662), and how to ask it.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "IntrospectionServiceConfig")]
pub struct IntrospectionService {
    /// Its endpoint: https; http for a loopback host only.
    pub url: ServiceUrl,
    /// A file with the certificates (PEM) of the authorities that may vouch for it; it is read when the engine
    /// opens. Default: the public authorities.
    pub ca_file: Option<PathBuf>,
    /// The access token that this service authenticates with (RFC 6750).
    pub bearer: Option<BearerToken>,
    /// Or its name and password (RFC 7617).
    #[serde(default, deserialize_with = "json::optional_object")]
    pub basic: Option<BasicCredentials>,
    /// How long the whole exchange may take.
    #[serde(default)]
    pub timeout_ms: Whole<1, 60_000, 5_000>,
}

/// Name and password of this service (RFC 7617).
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BasicCredentials {
    /// The name, without a colon.
    pub username: BasicUsername,
    /// The password.
    pub password: Secret,
}

/// Cost of the password hash (Argon2id, RFC 9106) and the policy for new passwords.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(rename = "PasswordConfig")]
pub struct PasswordPolicy {
    /// Memory of one hash in KiB.
    pub memory_kib: Whole<8, 4_194_304, 19_456>,
    /// Passes over that memory.
    pub iterations: Whole<1, 64, 2>,
    /// Lanes.
    pub parallelism: Whole<1, 64, 1>,
    /// The shortest new password, in code points.
    pub min_length: Whole<8, 128, 8>,
    /// The longest password, in bytes of UTF-8; a longer one is refused, never cut.
    pub max_bytes: Whole<64, 4096, 1024>,
    /// Whether common passwords, sequences, repetitions and the account's own name are refused.
    pub blocklist: bool,
    /// Whether the hashes of accounts are kept sealed under the secret key, so that a copy of the store
    /// alone gives nobody passwords to guess. When this changes, each hash follows at the next login. Default: what the
    /// store has; of a new one false.
    pub pepper: Option<bool>,
    /// How long a password is good that somebody else has set (`set_password`): until then its user replaces it.
    pub temporary_seconds: Whole<60, 31_536_000, 604_800>,
    /// How many hashes run at once in the process; each takes `memory_kib`. Its engines share the places, as many as
    /// one of them asks for at most. Default: the number of processors.
    pub max_concurrent: Option<Whole<1, 1024, 1>>,
    /// How many more callers may wait; the next gets `hash_queue_full`.
    pub max_queued: Whole<0, 100_000, 256>,
}

impl Default for PasswordPolicy {
    fn default() -> PasswordPolicy {
        PasswordPolicy {
            memory_kib: Whole::default(),
            iterations: Whole::default(),
            parallelism: Whole::default(),
            min_length: Whole::default(),
            max_bytes: Whole::default(),
            blocklist: true,
            pepper: None,
            temporary_seconds: Whole::default(),
            max_concurrent: None,
            max_queued: Whole::default(),
        }
    }
}

/// Failed logins: how many, within which time, and how long the door stays locked.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(rename = "ThrottleConfig")]
pub struct Throttle {
    /// Failures for one account before it is locked.
    pub account_failures: Whole<1, 100, 10>,
    /// Failures from one address (IPv6: one /64) before it is locked, but for devices that are known. So many
    /// registrations, and mails that are asked for, does it have, too.
    pub source_failures: Whole<1, 1_000_000, 100>,
    /// The time after which failures are forgotten.
    pub window_seconds: Whole<1, 86_400, 900>,
    /// The first lock; each further failure doubles it.
    pub lock_seconds: Whole<1, 86_400, 60>,
    /// The longest lock.
    pub lock_max_seconds: Whole<1, 86_400, 3_600>,
}

/// Codes of an authenticator app (RFC 6238). Who has one keeps the digits and the period of the day it was set up.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(rename = "TotpConfig")]
pub struct Totp {
    /// The name that the app shows for the service. Default: `issuer`, without its scheme where it is a URL.
    pub issuer: Option<ServiceName>,
    /// How long a code is.
    pub digits: Whole<6, 8, 6>,
    /// How long a code is shown.
    pub period_seconds: Whole<15, 300, 30>,
    /// How many codes before and after the current one are good: clocks differ, and people need time to type.
    pub skew_steps: Whole<0, 10, 1>,
}

/// The audit log.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(rename = "AuditConfig")]
pub struct Audit {
    /// How long an event is kept. Default: what the store has; of a new one 400.
    pub retention_days: Option<RetentionDays>,
    /// Whether the log is chained, so that `verify_events` shows what was changed in it or taken out of it. Default: what
    /// the store has; of a new one false.
    pub chain: Option<bool>,
}

/// Rules of `register`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(rename = "RegistrationConfig")]
pub struct Registration {
    /// Answer alike whether or not an e-mail address has an account. An address then belongs to an
    /// account, for logging in with it and looking it up, only once it is verified.
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

/// The relying party of WebAuthn.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "PasskeysConfig")]
pub struct Passkeys {
    /// The domain that passkeys are for: that of the pages or one above it, such as `example.com`. A passkey works
    /// for the domain that it was made for, so this stays.
    pub rp_id: RpId,
    /// What authenticators call this service.
    pub rp_name: RpName,
    /// The origins of the pages, as browsers write them: `https://login.example.com`; `http://localhost:8000` while
    /// one develops; `android:apk-key-hash:…` for an app. At least one.
    #[schemars(length(min = 1))]
    pub origins: Vec<Origin>,
    /// By what the page asks users who they are, where it does. For this kind of name `begin_passkey_login` answers with
    /// the account's passkeys; for the other it answers as for a name that nobody has, because the same passkeys for
    /// both would say which address belongs to which name.
    #[serde(default)]
    pub login_name: LoginName,
}

/// A kind of name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "MailedLoginName")]
pub enum LoginName {
    /// The username.
    #[default]
    Username,
    /// The e-mail address.
    Email,
}

/// Bounds of memory and time.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(rename = "LimitsConfig")]
pub struct Limits {
    /// The longest request.
    pub request_bytes: Whole<1024, 67_108_864, 1_048_576>,
    /// How many connections there are to the store at once; with SQLite, how many read.
    pub store_connections: Whole<1, 256, 4>,
    /// How long an operation waits for the store.
    pub store_timeout_ms: Whole<1, 600_000, 5_000>,
}
